"""One asset, asked for by its name or its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from holdfast.domain.errors import NotFound, UsageError
from holdfast.domain.records import Record, RecordView, join_key, show_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.systems.quicksight.model import ASSET_KINDS, DATA_SET, REFRESH_SCHEDULE

_PARTS = " / "


def key_of(view: RecordView, type_name: str, asked: str) -> str:
    """The natural key of the record that has this id or name; names of assets are not unique, ids are.

    The parts of a composite key stand with ` / ` between them, as reports show them; a refresh schedule's
    dataset may be named. Raises: NotFound; UsageError with the ids of all that have the name.
    """
    if view.find(type_name, asked) is not None:
        return asked
    if type_name == REFRESH_SCHEDULE:
        data_set, _, schedule = asked.rpartition(_PARTS)
        return join_key(key_of(view, DATA_SET, data_set), schedule)
    if type_name not in ASSET_KINDS:
        return join_key(*asked.split(_PARTS, 2))
    named = list(_named(view, type_name, asked))
    if not named:
        raise NotFound(type_name, asked, "Look at the spelling and the case; names and ids are known.")
    if len(named) > 1:
        raise UsageError(
            f"{len(named)} records of type {type_name} are called {asked}.",
            f"Give the id of one of them: {', '.join(map(show_key, named))}.",
        )
    return named[0]


def called(record: Record) -> str:
    """An asset's name, which its id does not tell; empty for what has none."""
    if record.type not in ASSET_KINDS:
        return ""
    name = _name_of(record)
    return name if isinstance(name, str) else ""


def _named(view: RecordView, type_name: str, name: str) -> Iterator[str]:
    spelled = name.encode()
    for record in view.records(type_name):
        # Most records are told by their bytes not to hold the name; a name with escapes is looked for in all.
        if (spelled in record.body or b"\\" in record.body) and _name_of(record) == name:
            yield record.key


def _name_of(record: Record) -> Plain:
    return cast("Mapping[str, Plain]", plain(record.body)["Definition"]).get("name")
