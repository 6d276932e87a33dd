"""Pages with opaque tokens: sealed, tied to the request that got them, and robust against vanished items."""

from __future__ import annotations

import base64
import hashlib
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from holdfast.sandbox.wire import ApiRefusal, Call

Item = TypeVar("Item")
_PAGING_MEMBERS = frozenset({"NextToken", "MaxResults"})
_SEAL = 16
_UNKNOWN_TOKEN = {"organizations": "InvalidInputException", "quicksight": "InvalidNextTokenException"}


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Up to one page of items, and the token for the next page where there is one."""

    items: tuple[Item, ...]
    token: str | None

    def answer(self, name: str, shown: Callable[[Item], object]) -> dict[str, object]:
        """The page as a list answer: the items under `name`, and NextToken only if more follow."""
        body: dict[str, object] = {name: [shown(each) for each in self.items]}
        if self.token is not None:
            body["NextToken"] = self.token
        return body


class Pager:
    """Cuts ordered items into pages. A token holds the last item's position, sealed."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def page(
        self, call: Call, items: Iterable[Item], position: Callable[[Item], int], most: int
    ) -> Page[Item]:
        """The page that the call asks for; `items` ascend by `position`, `most` is the service's page size.

        Raises: ApiRefusal when the token was altered, was made up, or belongs to another request.
        """
        ordered = list(items)
        token = call.parameters.find("NextToken")
        after = self._open(call, token) if token else 0
        start = bisect_right(ordered, after, key=position) if token else 0
        size = min(call.parameters.number("MaxResults", most), most)
        if call.conduct.page_size is not None:
            # A service may send fewer than it is asked for, even none, and still have more to send.
            size = min(size, call.conduct.page_size)
        chosen = tuple(ordered[start : start + size])
        more = start + size < len(ordered)
        return Page(chosen, self._seal(call, position(chosen[-1]) if chosen else after) if more else None)

    def _seal(self, call: Call, position: int) -> str:
        plain = position.to_bytes(8, "big")
        seal = self._digest(plain + self._request(call))
        hidden = bytes(a ^ b for a, b in zip(plain, self._digest(seal), strict=False))
        return base64.b64encode(seal + hidden).decode()

    def _open(self, call: Call, token: str) -> int:
        try:
            sealed = base64.b64decode(token, validate=True)
        except ValueError:
            sealed = b""
        seal, hidden = sealed[:_SEAL], sealed[_SEAL:]
        plain = bytes(a ^ b for a, b in zip(hidden, self._digest(seal), strict=False))
        if len(hidden) != 8 or self._digest(plain + self._request(call)) != seal:
            raise ApiRefusal(
                _UNKNOWN_TOKEN.get(call.service, "ValidationException"),
                "The NextToken is not valid for this request.",
            )
        return int.from_bytes(plain, "big")

    def _request(self, call: Call) -> bytes:
        asked = {name: value for name, value in call.parameters.values.items() if name not in _PAGING_MEMBERS}
        return msgspec.json.encode([call.service, call.operation, asked], order="deterministic")

    def _digest(self, message: bytes) -> bytes:
        return hashlib.blake2b(message, key=self._key, digest_size=_SEAL).digest()
