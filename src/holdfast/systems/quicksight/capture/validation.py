"""The drawn "Validate Asset Dependencies": what assets refer to and is not there, and what refers back to itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from holdfast.domain.outcomes import Finding, Item, Severity
from holdfast.domain.records import Record, show_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.kernel.system import Part
from holdfast.systems.quicksight.capture.findings import UPLOADED
from holdfast.systems.quicksight.model import ASSET_KINDS
from holdfast.systems.quicksight.records.dependencies import Name, asset_named, dependencies

_ARNS = re.compile(rb'"(arn:[a-z-]+:quicksight:[^"\\]+)"')


def find_faults(parts: Sequence[Part], instance: str) -> list[Finding]:
    """References to assets that are not in the capture, and circles; an export goes on with both.

    `instance` is the ARN of this QuickSight: what lies elsewhere cannot be told of.
    """
    assets = [part for part in parts if part.type in ASSET_KINDS]
    known = {part.type: {record.key for record in part.records} for part in assets}
    unread = {(item.type, item.key): item for part in assets for item in part.failures}
    findings: list[Finding] = []
    graph: dict[Name, list[Name]] = {}
    for part in assets:
        for record in part.records:
            names = named_here(record, instance)
            graph[record.type, record.key] = [name for name in names if name[0] == record.type]
            if any(_is_doubtful(name, known, unread) for name in names):
                findings += _doubts(record, known, unread)
    return [*findings, *map(_circle, circles(graph))]


def named_here(record: Record, instance: str) -> list[Name]:
    """The assets of this QuickSight that a record's ARNs name, itself not among them."""
    arns = {found.decode() for found in _ARNS.findall(record.body)}
    named = (asset_named(arn) for arn in sorted(arns) if arn.startswith(f"{instance}:"))
    return [name for name in named if name and name != (record.type, record.key)]


def circles(graph: Mapping[Name, Iterable[Name]]) -> Iterator[Sequence[Name]]:
    """Circles of references, each from a name back to it, until none is left when one link of each is cut."""
    links = {name: set(others) for name, others in graph.items()}
    while True:
        try:
            TopologicalSorter(links).prepare()
        except CycleError as error:
            circle: Sequence[Name] = error.args[1]
            yield circle
            links[circle[1]].discard(circle[0])
        else:
            return


def _is_doubtful(name: Name, known: Mapping[str, set[str]], unread: Mapping[Name, Item]) -> bool:
    """Whether something is not in the capture though its type was asked for, or is an uploaded file without its data."""
    file = name in unread and unread[name].outcome.code == UPLOADED
    return file or (name[0] in known and name[1] not in known[name[0]])


def _doubts(record: Record, known: Mapping[str, set[str]], unread: Mapping[Name, Item]) -> Iterator[Finding]:
    for name in dependencies(record, loose=False):
        item = unread.get(name)
        if not _is_doubtful(name, known, unread):
            continue
        code, why = "missing-dependency", ", which is not there."
        if item is not None:
            code = "depends-on-file" if item.outcome.code == UPLOADED else "depends-on-unread"
            why = f": {item.outcome.reason}"
        message = f"The {_called(record)} depends on {name[0].replace('_', ' ')} {show_key(name[1])}{why}"
        advice = "A restore of it needs that to be there."
        yield Finding(Severity.WARNING, code, record.type, record.key, message, advice)


def _called(record: Record) -> str:
    definition = plain(record.body).get("Definition")
    name: Plain = definition.get("name") if isinstance(definition, Mapping) else None
    kind = record.type.replace("_", " ")
    return f"{kind} {name} ({show_key(record.key)})" if name else f"{kind} {show_key(record.key)}"


def _circle(circle: Sequence[Name]) -> Finding:
    told = " -> ".join(f"{kind.replace('_', ' ')} {show_key(key)}" for kind, key in reversed(circle))
    message = f"A circle of dependencies: {told}. The export goes on; no order of a restore satisfies it."
    return Finding(Severity.WARNING, "circular-dependency", circle[0][0], circle[0][1], message)
