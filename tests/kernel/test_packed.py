"""Packed records are the records that were packed."""

from __future__ import annotations

from holdfast.domain.records import Record
from holdfast.kernel.packed import BLOCK, PackedRecords

RECORDS = [
    Record("user", f"user-{number:05d}", b'{"a":1}', b"p" if number % 3 else b"", 1 + number % 2)
    for number in range(2 * BLOCK + 7)
]


def test_they_come_back_in_order_as_often_as_they_are_asked_for() -> None:
    packed = PackedRecords(iter(RECORDS))
    assert len(packed) == 2 * BLOCK + 7
    assert list(packed) == list(packed) == RECORDS


def test_single_ones_and_slices_are_those_of_a_list() -> None:
    packed = PackedRecords(RECORDS)
    assert [packed[at] for at in (0, BLOCK - 1, BLOCK, -1)] == [
        RECORDS[at] for at in (0, BLOCK - 1, BLOCK, -1)
    ]
    assert packed[BLOCK - 1 : BLOCK + 1] == RECORDS[BLOCK - 1 : BLOCK + 1]


def test_none_are_none() -> None:
    assert (len(PackedRecords([])), list(PackedRecords([]))) == (0, [])
