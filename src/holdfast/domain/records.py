"""A record: one typed thing with a natural key and canonical bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

SEPARATOR = "\x1f"


def join_key(*parts: str) -> str:
    """One natural key made of several names, for example group and user; sorts part by part."""
    return SEPARATOR.join(parts)


def split_key(key: str) -> tuple[str, ...]:
    """The names that `join_key` put together."""
    return tuple(key.split(SEPARATOR))


def show_key(key: str) -> str:
    """A natural key as people read it: its parts with ` / ` between them."""
    return " / ".join(split_key(key))


class Record(NamedTuple):
    """One thing of a service as it was captured.

    `body` and `personal` are canonical JSON objects (UTF-8, sorted keys, no floats, absent differs
    from null). `personal` holds the fields that name or locate a person, which the vault keeps under
    a key of their own; it is empty where the type has none. `schema` is the version of the type's
    fields, so that readers accept every older one. A tuple, since millions are made: a frozen dataclass takes
    five times as long.
    """

    type: str
    key: str
    body: bytes
    personal: bytes = b""
    schema: int = 1

    @property
    def digest(self) -> str:
        """SHA-256 in hex over type, key, schema, body and personal part, each with its length before it."""
        hasher = hashlib.sha256()
        for part in (
            self.type.encode(),
            self.key.encode(),
            str(self.schema).encode(),
            self.body,
            self.personal,
        ):
            hasher.update(len(part).to_bytes(8, "big") + part)
        return hasher.hexdigest()


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of record that a system keeps, and the kinds that must exist before it."""

    name: str
    title: str
    requires: tuple[str, ...] = ()


class RecordView(Protocol):
    """Records to read by type: a snapshot in the vault, or what a live service has now."""

    @property
    def types(self) -> tuple[str, ...]:
        """The types that were captured, in the order they were stored."""

    def is_complete(self, type_name: str) -> bool:
        """Whether every item of the type's inventory was read; False also for a type that was left out."""

    def records(self, type_name: str) -> Iterator[Record]:
        """All records of a type in key order; nothing for a type that was not captured."""

    def keys(self, type_name: str) -> Iterator[str]:
        """The keys of `records`; a view that can give them without reading the rest does."""
        return (record.key for record in self.records(type_name))

    def find(self, type_name: str, key: str) -> Record | None:
        """One record by its natural key."""
