"""Sending operations of one service with our errors."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.domain.errors import RemoteError
from holdfast.kernel.answers import Answer
from holdfast.kernel.ports import PacedSession


class Service:
    """One AWS service behind a paced session: reads, and writes that say whether a repeat is harmless."""

    def __init__(self, session: PacedSession, name: str, iam_prefix: str) -> None:
        self._session, self._name, self._iam_prefix = session, name, iam_prefix

    @property
    def region(self) -> str:
        """The region that the calls go to."""
        return self._session.region

    def send(self, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True) -> Answer:
        """The answer to one operation; empty values are left out.

        Raises: RemoteError with the service's own code, and whatever the session raises.
        """
        # Systems may know the vendor's exceptions but must not load them before the first call.
        from botocore.exceptions import ClientError

        given = {name: value for name, value in parameters.items() if value not in ("", None)}
        try:
            return self._session.call(self._name, operation, given, repeatable=repeatable)
        except ClientError as cause:
            error = cause.response.get("Error", {})
            raise RemoteError(
                operation=f"{self._iam_prefix}:{operation}",
                error=str(error.get("Code", "")).rsplit("#", 1)[-1],
                service_said=str(error.get("Message", "")),
            ) from cause
