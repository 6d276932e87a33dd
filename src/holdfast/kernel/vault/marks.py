"""What the marks hold that make a prune count and a snapshot gone."""

from __future__ import annotations

import msgspec


class PruneMark(msgspec.Struct, frozen=True, tag_field="holdfast_prune", tag=1):
    """What makes a prune count: its number, and the epoch that all it wrote is sealed under."""

    number: int
    epoch: int


class DeletedMark(msgspec.Struct, frozen=True, tag_field="holdfast_deleted", tag=1):
    """What takes a snapshot out of the vault: its id, in small letters."""

    snapshot: str


prune_marks = msgspec.json.Decoder(PruneMark)
deleted_marks = msgspec.json.Decoder(DeletedMark)
