"""The Backup Validator: whether the parts of a capture fit together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from holdfast.domain.outcomes import Finding, OutcomeKind, Severity
from holdfast.domain.records import Record, show_key
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.capture.parts import ORPHAN
from holdfast.systems.identity_center.records.references import LINKS, references

RECAPTURE = "Take the backup again; if this stays, report it with the run's evidence."


def find_faults(parts: Sequence[Part]) -> list[Finding]:
    """Keys out of order or double, references to nothing, and orphans that the service itself holds."""
    by_type = {part.type: part for part in parts}
    findings: list[Finding] = []
    for part in parts:
        findings += _order(part)
        findings += _orphans(part)
    findings += _dangling(by_type)
    return findings


def _order(part: Part) -> Iterator[Finding]:
    """A part that is not sorted and unique would be stored so that records cannot be found."""
    keys = (record.key for record in part.records)
    for before, after in pairwise(keys):
        if before >= after:
            fault = "double" if before == after else "out of order"
            message = f"The {part.type} {show_key(after)} is {fault}."
            yield Finding(Severity.ERROR, "key-order", part.type, after, message, RECAPTURE)


def _orphans(part: Part) -> Iterator[Finding]:
    for item in part.failures:
        if item.outcome.kind is OutcomeKind.IMPOSSIBLE and item.outcome.code == ORPHAN:
            yield Finding(
                Severity.WARNING, ORPHAN, item.type, item.key, item.outcome.reason, item.outcome.advice
            )


def _dangling(by_type: dict[str, Part]) -> Iterator[Finding]:
    """References into types that were captured whole; into others nothing can be said."""
    keys = {
        name: {record.key for record in part.records}
        for name, part in by_type.items()
        if part.complete and name not in LINKS
    }
    for name in LINKS:
        for record in by_type[name].records if name in by_type else ():
            for type_name, key in references(name, record.key):
                if type_name in keys and key not in keys[type_name]:
                    yield _dangles(record, type_name, key)


def _dangles(record: Record, type_name: str, key: str) -> Finding:
    message = f"The {record.type} {show_key(record.key)} refers to {type_name} {key}, which was not captured."
    return Finding(Severity.ERROR, "dangling-reference", record.type, record.key, message, RECAPTURE)
