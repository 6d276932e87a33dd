"""What a restore decides about users and groups, and about what connects them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision, FieldDifference
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, split_key
from holdfast.kernel.preview import AWAITED, CANNOT_RETURN
from holdfast.kernel.side_by_side import Pair
from holdfast.systems.identity_center.model import APPLICATION, GROUP, MEMBERSHIP, USER
from holdfast.systems.identity_center.records.mapping import has_external_ids, user_from
from holdfast.systems.identity_center.records.references import references
from holdfast.systems.identity_center.restore.comparison import Comparison
from holdfast.systems.identity_center.restore.conflicts import differences, merged
from holdfast.systems.identity_center.restore.facets import facets_of, meaning
from holdfast.systems.identity_center.restore.order import make_change

LEFT = "left-to-identity-source"
"""Code of findings on what differs and is the identity source's to change."""
_SYNCHRONISE = (
    "Start the synchronisation of the identity source (SCIM provisioning, or the AD sync scope), then run the "
    "same command again; `--wait-for-principals` waits for it."
)


@dataclass(slots=True)
class _Tally:
    """What is counted while users or groups stream by, for one finding each."""

    created: int = 0
    without_ids: int = 0
    left: int = 0


def principals(comparison: Comparison, type_name: str) -> Iterator[Decision]:
    """Creations and updates of users or of groups, with what cannot come back."""
    tally = _Tally()
    for pair in comparison.pairs(type_name):
        if comparison.awaited(type_name, pair.key):
            yield from _of_identity_source(comparison, pair, tally)
            continue
        for decision in _principal(comparison, pair):
            yield decision
            if isinstance(decision, Change) and decision.before is None and pair.backup is not None:
                tally.created += 1
                tally.without_ids += has_external_ids(pair.backup)
        if pair.backup is not None and pair.live is None:
            yield from _lost_status(pair.backup)
    yield from _tally_findings(type_name, tally)


def _of_identity_source(comparison: Comparison, pair: Pair, tally: _Tally) -> Iterator[Finding]:
    """Nothing is planned: what is missing is awaited, what differs is left as it is."""
    if pair.backup is None:
        return
    if pair.live is None:
        message = f"The {pair.backup.type} comes from the identity source and is not there yet."
        yield _awaited(pair.backup.type, pair.key, message)
    elif comparison.to_decide(pair):
        tally.left += bool(differences(pair.backup, pair.live))


def _awaited(type_name: str, key: str, message: str, advice: str = _SYNCHRONISE) -> Finding:
    return Finding(Severity.ERROR, AWAITED, type_name, key, message, advice)


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
            CANNOT_RETURN,
            USER,
            backup.key,
            "The user was disabled; no API disables a user, so it comes back enabled.",
            "Disable the user in the console after the restore, or leave it out of the scope.",
        )


def _are(count: int, what: str) -> str:
    return f"1 {what} is" if count == 1 else f"{count} {what}s are"


def _tally_findings(type_name: str, tally: _Tally) -> Iterator[Finding]:
    if tally.created and type_name == USER:
        yield Finding(
            Severity.NOTE,
            CANNOT_RETURN,
            USER,
            "",
            f"{_are(tally.created, USER)} created anew: new ids, no password, no MFA devices, no sessions.",
            "Have each of them sent a password invitation and register MFA again.",
        )
    if tally.created and type_name == GROUP:
        yield Finding(
            Severity.NOTE,
            CANNOT_RETURN,
            GROUP,
            "",
            f"{_are(tally.created, GROUP)} created anew: new group ids.",
        )
    if tally.without_ids:
        yield Finding(
            Severity.NOTE,
            CANNOT_RETURN,
            type_name,
            "",
            f"{tally.without_ids} {type_name}s come back without their external ids, which no API writes.",
        )
    if tally.left:
        yield Finding(
            Severity.WARNING,
            LEFT,
            type_name,
            "",
            f"{_are(tally.left, type_name)} left to the identity source, though different from the backup.",
            "Change them there. Where the built-in directory is the source now, set `identity_source` to identity_center.",
        )


def new_memberships(comparison: Comparison) -> Iterator[Decision]:
    """Memberships of the backup that are missing; those of an identity source's groups are counted by group."""
    foreign: Counter[str] = Counter()
    for decision in new_links(comparison, MEMBERSHIP):
        group = split_key(decision.key)[0]
        if comparison.awaited(GROUP, group):
            foreign[group] += 1
        else:
            yield decision
    for group, count in foreign.items():
        # A group that is not there yet is told of itself; its members come with it.
        if comparison.present.find(GROUP, group) is not None:
            message = (
                f"{_are(count, 'member')} missing; the group comes from the identity source, which adds them."
            )
            yield _awaited(GROUP, group, message)


def new_links(comparison: Comparison, type_name: str) -> Iterator[Change | Finding]:
    """Memberships or assignments, of either kind, of the backup that are missing."""
    for pair in comparison.pairs(type_name):
        if pair.backup is not None and pair.live is None:
            named = references(type_name, pair.key)
            dangling = next((name for name in named if not comparison.exists_after(*name)), None)
            if dangling and dangling[0] == APPLICATION and comparison.wanted.find(*dangling):
                continue  # it cannot be created; the finding that says so counts its assignments
            if dangling and comparison.awaited(*dangling):
                message = (
                    f"It waits for the {' '.join(dangling)}, which the identity source has not brought yet."
                )
                told = comparison.wanted.find(*dangling) is not None  # then its own finding has the advice
                yield _awaited(type_name, pair.key, message, "" if told else _SYNCHRONISE)
            elif dangling:
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
