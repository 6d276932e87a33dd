"""What a restore decides about users and groups, and about what connects them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision, FieldDifference
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, split_key
from holdfast.systems.identity_center.mapping import group_from, user_from
from holdfast.systems.identity_center.model import APPLICATION, GROUP, MEMBERSHIP, USER
from holdfast.systems.identity_center.restore.closure import references
from holdfast.systems.identity_center.restore.comparison import Comparison, Pair
from holdfast.systems.identity_center.restore.conflicts import differences, merged
from holdfast.systems.identity_center.restore.facets import facets_of, meaning
from holdfast.systems.identity_center.restore.order import make_change


@dataclass(slots=True)
class _Tally:
    """What is counted while users or groups stream by, for one finding each."""

    created: int = 0
    owned_elsewhere: int = 0


def principals(comparison: Comparison, type_name: str) -> Iterator[Decision]:
    """Creations and updates of users or of groups, with what cannot come back."""
    tally = _Tally()
    for pair in comparison.pairs(type_name):
        for decision in _principal(comparison, pair):
            yield decision
            if isinstance(decision, Change) and pair.backup is not None:
                tally.created += decision.before is None
                tally.owned_elsewhere += _owned_elsewhere(pair.backup)
        if pair.backup is not None and pair.live is None:
            yield from _lost_status(pair.backup)
    yield from _tally_findings(type_name, tally)


def _principal(comparison: Comparison, pair: Pair) -> Iterator[Change | Conflict]:
    if pair.backup is None:
        return
    if pair.live is None:
        facet = facets_of(pair.backup)[0]
        yield make_change(facet.type, facet.key, None, facet.value)
    elif comparison.to_decide(pair):
        yield from _existing(comparison, pair.backup, pair.live)


def _existing(comparison: Comparison, backup: Record, live: Record) -> Iterator[Change | Conflict]:
    fields = differences(backup, live)
    extra = comparison.extra_members(backup.key) if backup.type == GROUP else 0
    if extra:
        fields += (FieldDifference("members", "none beyond these", f"{extra} more"),)
    if not fields:
        return
    conflict = comparison.conflict(backup.type, backup.key, fields)
    yield conflict
    before, after = facets_of(live)[0], facets_of(backup)[0].value
    if conflict.resolution is ConflictStrategy.MERGE:
        after = merged(before.type, after, before.value)
    if conflict.resolution is not ConflictStrategy.SKIP and meaning(before.type, before.value) != meaning(
        before.type, after
    ):
        yield make_change(before.type, before.key, before.value, after)


def _lost_status(backup: Record) -> Iterator[Finding]:
    if backup.type == USER and user_from(backup).attributes.get("UserStatus") == "DISABLED":
        yield Finding(
            Severity.WARNING,
            "cannot-return",
            USER,
            backup.key,
            "The user was disabled; no API disables a user, so it comes back enabled.",
            "Disable the user in the console after the restore, or leave it out of the scope.",
        )


def _owned_elsewhere(backup: Record) -> bool:
    if backup.type == USER:
        return bool(user_from(backup).attributes.get("ExternalIds"))
    return bool(group_from(backup).external_ids)


def _tally_findings(type_name: str, tally: _Tally) -> Iterator[Finding]:
    if tally.created and type_name == USER:
        yield Finding(
            Severity.NOTE,
            "cannot-return",
            USER,
            "",
            f"{tally.created} users are created anew: new ids, no password, no MFA devices, no sessions.",
            "Have each of them sent a password invitation and register MFA again.",
        )
    if tally.created and type_name == GROUP:
        yield Finding(
            Severity.NOTE,
            "cannot-return",
            GROUP,
            "",
            f"{tally.created} groups are created anew: new group ids.",
        )
    if tally.owned_elsewhere:
        yield Finding(
            Severity.WARNING,
            "owned-by-identity-source",
            type_name,
            "",
            f"{tally.owned_elsewhere} of the {type_name}s to be changed came from an identity source; "
            "their external ids cannot be written and its next synchronisation may undo the change.",
            "With SCIM or Active Directory restore permission sets and assignments only, "
            "and let the identity source bring the people back.",
        )


def new_links(comparison: Comparison, type_name: str) -> Iterator[Decision]:
    """Memberships or assignments, of either kind, of the backup that are missing."""
    for pair in comparison.pairs(type_name):
        if pair.backup is not None and pair.live is None:
            named = references(type_name, pair.key)
            dangling = next((name for name in named if not comparison.exists_after(*name)), None)
            if dangling and dangling[0] == APPLICATION and comparison.wanted.find(*dangling):
                continue  # it cannot be created; the finding that says so counts its assignments
            if dangling:
                yield _missing_reference(type_name, pair.key, dangling)
            else:
                yield make_change(type_name, pair.key, None, facets_of(pair.backup)[0].value)


def surplus_memberships(comparison: Comparison) -> Iterator[Change]:
    """Removals of members that the backup lacks, from the groups whose conflict was decided so."""
    for pair in comparison.extra_memberships():
        group = split_key(pair.key)[0]
        backup, live = comparison.wanted.find(GROUP, group), comparison.present.find(GROUP, group)
        if backup is None or live is None or pair.live is None:
            continue
        fields = (*differences(backup, live), FieldDifference("members", "none beyond these", ""))
        if comparison.conflict(GROUP, group, fields).resolution is ConflictStrategy.OVERWRITE:
            yield make_change(MEMBERSHIP, pair.key, facets_of(pair.live)[0].value, None)


def _missing_reference(type_name: str, key: str, reference: tuple[str, str]) -> Finding:
    """That something names what neither the backup nor the service has."""
    kind, name = reference
    return Finding(
        Severity.ERROR,
        f"{kind.replace('_', '-')}-missing",
        type_name,
        key,
        f"The {kind.replace('_', ' ')} {name} is neither in the backup nor in the service.",
        f"Create it, take a backup that holds it, or restore without {type_name.replace('_', ' ')}s.",
    )
