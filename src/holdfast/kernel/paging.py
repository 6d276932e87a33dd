"""Listings that a service gives page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from holdfast.domain.errors import RemoteError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing and the token of the next, empty on the last."""

    items: tuple[T, ...]
    next_token: str = ""


def every(page_after: Callable[[str], Page[T]]) -> Iterator[T]:
    """The items of all pages. Raises: what a call raises; RemoteError for a page that is offered twice."""
    token = ""
    while True:
        page = page_after(token)
        yield from page.items
        if not page.next_token:
            return
        if page.next_token == token:
            raise RemoteError("a listing", "RepeatedToken", "the same page was offered twice")
        token = page.next_token
