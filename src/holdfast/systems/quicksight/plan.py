"""All decisions of a restore: what is created, changed and removed, in which order, and what prevents it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter

from holdfast.domain.changes import Change, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import RecordView
from holdfast.kernel.choosing import asking_once
from holdfast.kernel.system import PlanOptions
from holdfast.systems.quicksight.model import RECORD_TYPES, USER
from holdfast.systems.quicksight.restore.comparison import Comparison
from holdfast.systems.quicksight.restore.deciding import Deciding
from holdfast.systems.quicksight.restore.deletions import deletions
from holdfast.systems.quicksight.restore.facets import is_detail
from holdfast.systems.quicksight.restore.lockout import refuse_lockout
from holdfast.systems.quicksight.restore.order import LEVELS
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides
from holdfast.systems.quicksight.restore.returns import Returns

_by_rank = attrgetter("rank")


def plan(
    wanted: RecordView, present: RecordView, options: PlanOptions, overrides: Overrides = NONE
) -> Iterator[Decision]:
    """Changes in rank order with the conflicts and findings met on the way; nothing when both sides agree.

    Pure: the same views and options give the same decisions. Give it the scope as it was asked for.
    The lock-out guard looks at what happens to users before the first decision is handed out.
    Raises: Refused for a lock-out, and for PROMPT without anybody to ask.
    """
    asked = replace(options, choose=asking_once(options.choose))
    if options.operator and not options.allow_lockout:
        comparison = Comparison(wanted, present, asked, overrides)
        refuse_lockout(_of_users(comparison), present, options.operator)
    yield from _decisions(Comparison(wanted, present, asked, overrides))


def _of_users(comparison: Comparison) -> Iterator[Decision]:
    deciding = Deciding(comparison)
    yield from deciding.decisions(USER)
    yield from deletions(comparison, deciding)


def _decisions(comparison: Comparison) -> Iterator[Decision]:
    """Assets stream type by type; their permissions, tags and folder members, which are small, wait for the end."""
    deciding, returns = Deciding(comparison), Returns(comparison.overrides)
    later: list[Change] = []
    yield from _left_aside(comparison)
    for kind in RECORD_TYPES:
        levelled: list[Change] = []
        for decision in deciding.decisions(kind.name, returns):
            if not isinstance(decision, Change):
                yield decision
            elif is_detail(decision.type):
                later.append(decision)
            elif decision.rank % LEVELS:
                levelled.append(decision)
            else:
                yield decision
        yield from sorted(levelled, key=_by_rank)
    yield from returns.findings()
    yield from _ranked(deletions(comparison, deciding), later)


def _ranked(decisions: Iterable[Decision], later: list[Change]) -> Iterator[Decision]:
    for decision in decisions:
        if isinstance(decision, Change):
            later.append(decision)
        else:
            yield decision
    yield from sorted(later, key=lambda change: (change.rank, change.type, change.key))


def _left_aside(comparison: Comparison) -> Iterator[Finding]:
    """The types for which nothing, or not everything, can be planned."""
    for kind in RECORD_TYPES:
        if kind.name not in comparison.reach.needed.types:
            continue
        if kind.name not in comparison.wanted.types:
            message = f"The backup does not hold {kind.title}: they were left out when it was taken."
            advice = "Choose a backup that holds them."
            yield Finding(Severity.WARNING, "left-out", kind.name, "", message, advice)
        elif not comparison.comparable(kind.name):
            asked = kind.name in comparison.reach.asked.types
            message = f"Nothing is planned for {kind.title}: those in the service could not be read."
            severity = Severity.ERROR if asked else Severity.WARNING
            advice = f"Allow reading {kind.title} and plan again."
            yield Finding(severity, "unreadable", kind.name, "", message, advice)
        elif not comparison.present.is_complete(kind.name):
            message = f"Some {kind.title} in the service could not be read; none of these is overwritten."
            yield Finding(Severity.WARNING, "partly-unreadable", kind.name, "", message)
