"""All decisions of a restore: what is created, changed and removed, in which order, and what prevents it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from holdfast.domain.changes import Change, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import RecordView
from holdfast.kernel.choosing import asking_once
from holdfast.kernel.system import PlanOptions
from holdfast.systems.identity_center.model import (
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    RECORD_TYPES,
    USER,
)
from holdfast.systems.identity_center.restore.applications import SETTINGS, settings
from holdfast.systems.identity_center.restore.comparison import Comparison
from holdfast.systems.identity_center.restore.deletions import deletions
from holdfast.systems.identity_center.restore.lockout import read_operator, refuse_lockout
from holdfast.systems.identity_center.restore.permissions import permission_sets
from holdfast.systems.identity_center.restore.principals import new_links, new_memberships, principals
from holdfast.systems.identity_center.settings import IdentitySource


def plan(
    wanted: RecordView,
    present: RecordView,
    options: PlanOptions,
    source: IdentitySource = IdentitySource.AUTO,
) -> Iterator[Decision]:
    """Changes in rank order with the conflicts and findings met on the way; nothing when both sides agree.

    Pure: the same views and options give the same decisions. Give it the scope as it was asked for.
    The lock-out guard looks at the whole plan before the first decision is handed out.
    Raises: Refused for a lock-out, and for PROMPT without anybody to ask.
    """
    asked = replace(options, choose=asking_once(options.choose))
    operator = None if options.allow_lockout else read_operator(options.operator)
    if operator is not None:
        refuse_lockout(_decisions(Comparison(wanted, present, asked, source)), present, operator)
    yield from _decisions(Comparison(wanted, present, asked, source))


def _decisions(comparison: Comparison) -> Iterator[Decision]:
    yield from _left_aside(comparison)
    yield from principals(comparison, USER)
    yield from principals(comparison, GROUP)
    yield from new_memberships(comparison)
    yield from _by_rank(permission_sets(comparison), *(settings(comparison, name) for name in SETTINGS))
    yield from new_links(comparison, ASSIGNMENT)
    yield from new_links(comparison, APPLICATION_ASSIGNMENT)
    yield from deletions(comparison)


def _by_rank(*decisions: Iterator[Decision]) -> Iterator[Decision]:
    """Conflicts and findings as they come, then the changes in rank order; held in memory, as each part is."""
    changes: list[Change] = []
    for decision in chain(*decisions):
        if isinstance(decision, Change):
            changes.append(decision)
        else:
            yield decision
    yield from sorted(changes, key=lambda change: change.rank)


def _left_aside(comparison: Comparison) -> Iterator[Finding]:
    """The types for which nothing, or not everything, can be planned."""
    for kind in RECORD_TYPES:
        if kind.name not in comparison.reach.needed.types:
            continue
        asked = kind.name in comparison.reach.asked.types
        severity = Severity.ERROR if asked else Severity.WARNING
        if kind.name not in comparison.wanted.types:
            message = f"The backup does not hold {kind.title}: they were left out when it was taken."
            yield Finding(
                Severity.WARNING, "left-out", kind.name, "", message, "Choose a backup that holds them."
            )
        elif not comparison.present.is_complete(kind.name):
            message = f"Nothing is planned for {kind.title}: those in the service could not all be read."
            yield Finding(
                severity, "unreadable", kind.name, "", message, f"Allow reading {kind.title} and plan again."
            )
        elif asked and not comparison.wanted.is_complete(kind.name):
            message = (
                f"The backup lacks some of the {kind.title}; what it has is restored and nothing is removed."
            )
            yield Finding(Severity.WARNING, "incomplete", kind.name, "", message)
