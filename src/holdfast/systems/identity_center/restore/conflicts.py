"""What differs between backup and live, and how far the backup's side can be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from holdfast.domain.changes import Change, FieldDifference
from holdfast.domain.records import SEPARATOR, Record
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.showing import concealed
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    GROUP,
    INSTANCE,
    PERMISSION_SET,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.restore.facet import Facet
from holdfast.systems.identity_center.restore.facets import facets_of, meaning

_SHOWN = 120
_COMPOSITE = (PERMISSION_SET, APPLICATION, TRUSTED_TOKEN_ISSUER, INSTANCE)
FIXED = {
    APPLICATION: ("Provider", "Visibility"),
    TRUSTED_TOKEN_ISSUER: ("IssuerUrl", "TrustedTokenIssuerType"),
}
"""Fields of a facet that are set when it is created and by no call after that."""


def differences(backup: Record, live: Record) -> tuple[FieldDifference, ...]:
    """The fields that a restore would change, in name order; personal values are hidden."""
    if backup.type in _COMPOSITE:
        return tuple(_facet_differences(backup, live))
    before, after = facets_of(live)[0], facets_of(backup)[0]
    if meaning(before.type, before.value) == meaning(after.type, after.value):
        return ()
    hidden = {*plain(backup.personal), *plain(live.personal)}
    return tuple(_field_differences(after, before, hidden))


def _field_differences(backup: Facet, live: Facet, hidden: set[str]) -> Iterator[FieldDifference]:
    ours, theirs = _meant_fields(backup), _meant_fields(live)
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            shown = (_shown(ours.get(name)), _shown(theirs.get(name)))
            yield FieldDifference(name, *(map(concealed, shown) if name in hidden else shown))


def _meant_fields(facet: Facet) -> dict[str, Plain]:
    return plain(meaning(facet.type, facet.value) or b"")


def _facet_differences(backup: Record, live: Record) -> Iterator[FieldDifference]:
    ours = {(facet.type, facet.key): facet for facet in facets_of(backup)}
    theirs = {(facet.type, facet.key): facet for facet in facets_of(live)}
    base = (backup.type, backup.key)
    yield from _field_differences(ours.pop(base), theirs.pop(base), set())
    for name in sorted({*ours, *theirs}):
        before, after = theirs.get(name), ours.get(name)
        if _meant(before) != _meant(after):
            title = _facet_title(name[0], name[1].removeprefix(backup.key))
            yield FieldDifference(title, _facet_shown(after), _facet_shown(before))


def _meant(facet: Facet | None) -> bytes | None:
    return None if facet is None else meaning(facet.type, facet.value)


def _facet_title(type_name: str, detail: str) -> str:
    title = type_name.partition(".")[2].replace("_", " ")
    return f"{title} {detail.strip(SEPARATOR)}".strip()


def _facet_shown(facet: Facet | None) -> str:
    if facet is None:
        return "absent"
    values = plain(facet.value).values()
    return _shown(" ".join(v if isinstance(v, str) else canonical(v).decode() for v in values))


def _shown(value: Plain) -> str:
    if value is None:
        return "absent"
    shown = value if isinstance(value, str) else canonical(value).decode()
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."


def merged(facet_type: str, backup: bytes, live: bytes) -> bytes:
    """The live value with the backup's fields over it: nothing is emptied, the backup wins where it can be set."""
    if facet_type not in (USER, GROUP, ACCESS_CONTROL_ATTRIBUTES, *_COMPOSITE):
        return backup
    theirs = plain(live)
    fixed = {name: theirs[name] for name in FIXED.get(facet_type, ()) if name in theirs}
    return canonical({**_laid_over(theirs, plain(backup)), **fixed})


def settable(facet_type: str, backup: bytes, live: bytes) -> bytes:
    """The backup's value as far as the API can set it: no call empties a description or changes what is fixed."""
    if facet_type not in _COMPOSITE:
        return backup
    ours, theirs = plain(backup), plain(live)
    return merged(facet_type, backup, canonical({k: v for k, v in theirs.items() if k not in replaced(ours)}))


def within_reach(change: Change) -> Change:
    """The change as far as the API can make it; a rollback may want a text empty again that a run filled."""
    if change.before is None or change.after is None:
        return change
    return replace(change, after=settable(change.type, change.after, change.before))


def replaced(backup: Mapping[str, Plain]) -> tuple[str, ...]:
    """Fields of a live application that go when the backup's are set: its sign-in options are set as a whole."""
    return ("ApplicationUrl",) if "Origin" in backup else ()


def _laid_over(below: Mapping[str, Plain], above: Mapping[str, Plain]) -> dict[str, Plain]:
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        result[name] = _laid_over(under, value) if both else value  # type: ignore[arg-type]
    return result
