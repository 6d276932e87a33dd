"""Client tokens: a repeated request with the token of an earlier one gets the earlier one's answer."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Json


class ClientTokens:
    """The requests that came with a token, and what they were answered."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[dict[str, Json], Answer]] = {}

    def once(self, call: Call, create: Callable[[], Answer]) -> Answer:
        """What `create` answers, or answered when the same request came with the same token before.

        Raises: ApiRefusal (IdempotentParameterMismatch) when the token came with other parameters.
        """
        token = call.parameters.find("ClientToken")
        if token is None:
            return create()
        asked, key = dict(call.parameters.values), (call.operation, token)
        if key not in self._known:
            self._known[key] = (asked, create())
        before, answer = self._known[key]
        if before != asked:
            raise ApiRefusal(
                "IdempotentParameterMismatch", f"ClientToken {token} was used with other parameters before."
            )
        return answer
