"""The few calls that storing people needs of DynamoDB, in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.systems.quicksight.storing.items import Attributes

KeySchema = tuple[tuple[str, str, str], ...]
"""Name, role (HASH or RANGE) and type (S, N or B) of each key attribute, the partition key first."""


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as DescribeTable tells of it; `items` and `size` (bytes) are some six hours old."""

    active: bool
    keys: KeySchema
    items: int = 0
    size: int = 0


class TableGateway(Protocol):
    """DynamoDB in one account and region.

    Every call raises: AccessDenied; TableMissing; StorageQuota; RemoteUnavailable; RemoteError; what ends a run.
    """

    def describe(self, table: str) -> TableState | None:
        """The table; None where there is none."""

    def create(self, table: str, keys: KeySchema) -> None:
        """Begin to make an on-demand table. Raises: TableTaken."""

    def expire_by(self, table: str, attribute: str) -> None:
        """Have items deleted at the time that an attribute holds, unless that is so already."""

    def protect(self, table: str) -> None:
        """Turn point-in-time recovery on, unless it is on already."""

    def write(self, table: str, items: Sequence[Attributes]) -> Sequence[Attributes]:
        """Write at most 25 items; those that the service did not get to are given back."""

    def read(self, table: str, keys: Sequence[Mapping[str, str]]) -> Sequence[Attributes]:
        """The items under these keys, as far as there are any, read consistently."""

    def query(self, table: str, partition: str, value: str) -> Iterator[Attributes]:
        """Every item of a partition, read consistently."""

    def tables(self) -> int:
        """How many tables the account has in the region."""
