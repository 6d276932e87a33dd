"""What a restore does not bring back, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.kernel.preview import CANNOT_BE_MADE, CANNOT_RETURN
from holdfast.kernel.showing import counted
from holdfast.systems.quicksight.model import (
    ANALYSIS,
    DATA_SET,
    DATA_SOURCE,
    NOT_IN_BUNDLES,
    REFRESH_SCHEDULE,
    USER,
)
from holdfast.systems.quicksight.records.assets import asset_of
from holdfast.systems.quicksight.restore.facets import Facet
from holdfast.systems.quicksight.restore.overrides import Overrides

WITHOUT_CREDENTIALS = frozenset({"ATHENA", "S3", "S3_TABLES", "AWS_IOT_ANALYTICS", "TIMESTREAM"})
"""Types of data source that QuickSight reaches by its own role, without a user name and password."""
_GONE_WITH = {
    USER: "as new ones, who must be given a password where QuickSight has it",
    DATA_SOURCE: "without their credentials",
    DATA_SET: "without their data in SPICE",
}
IAM, QUICKSIGHT, IDENTITY_CENTER = "IAM", "QUICKSIGHT", "IAM_IDENTITY_CENTER"


def cannot_be_made(record: Record) -> str:
    """Why no call makes a record that is missing; empty where one does."""
    if record.type == DATA_SOURCE:
        kind = str(asset_of(record).member.get("type", ""))
        return f"no bundle carries data sources of type {kind}" if kind in NOT_IN_BUNDLES else ""
    return ""


@dataclass(slots=True)
class Returns:
    """Counts what is created, so that what does not come back with it is told once for each kind."""

    overrides: Overrides
    created: Counter[str] = field(default_factory=Counter)
    users: dict[str, list[str]] = field(default_factory=dict)
    without_credentials: list[str] = field(default_factory=list)
    spice: int = 0

    def note(self, record: Record, facet: Facet) -> None:
        """That a record is created with this value."""
        value = plain(facet.value)
        self.created[record.type] += 1
        if record.type == USER:
            self.users.setdefault(str(value.get("IdentityType", "")), []).append(_name(record.key))
        if record.type == DATA_SOURCE and _lacks_credentials(record.key, value, self.overrides):
            self.without_credentials.append(record.key)
        self.spice += record.type == DATA_SET and value.get("importMode") == "SPICE"

    def findings(self) -> Iterator[Finding]:
        """What does not come back, one finding for each kind of it."""
        yield from self._of_users()
        if self.without_credentials:
            yield _lost(
                DATA_SOURCE,
                f"{_are(self.without_credentials, 'data source')} made without credentials, which no "
                f"backup holds: {_some(self.without_credentials)}.",
                "Name a secret of Secrets Manager for each in the mapping, or enter them afterwards.",
            )
        if self.spice:
            message = (
                f"{counted(self.spice, 'dataset')} in SPICE come{'s' * (self.spice == 1)} back without data."
            )
            yield _lost(DATA_SET, message, "Start a refresh of each, or wait for its schedule.")
        if self.created[REFRESH_SCHEDULE]:
            message = (
                "A schedule cannot begin in the past: each begins at the time given, else a day from now."
            )
            yield _lost(REFRESH_SCHEDULE, message, "Set the beginning in the mapping.", Severity.NOTE)
        if self.created[ANALYSIS]:
            message = "Bookmarks, alerts and subscriptions of people are in no backup."
            yield _lost(ANALYSIS, message, severity=Severity.NOTE)

    def _of_users(self) -> Iterator[Finding]:
        invited = self.users.get(QUICKSIGHT, [])
        if invited:
            yield _lost(
                USER,
                f"{_are(invited, 'user')} registered anew and must set a password: {_some(invited)}.",
                "QuickSight sends no mail: send each the link that the run's report gives under To do.",
            )
        awaited = self.users.get(IDENTITY_CENTER, [])
        if awaited:
            yield _lost(
                USER,
                f"{_are(awaited, 'user')} of Identity Center: {_some(awaited)}.",
                "They can be registered once Identity Center has them: restore that first.",
            )


def after_deletion(counts: Mapping[str, int]) -> Iterator[Finding]:
    """What not even a rollback brings back of what is deleted; `counts` are the deletions by type."""
    for type_name, lost in _GONE_WITH.items():
        if counts.get(type_name):
            what = counted(counts[type_name], type_name.replace("_", " "))
            message = f"{what} will be deleted; a rollback makes them again {lost}."
            yield _lost(type_name, message)


def replaced_credentials(record: Record, overrides: Overrides) -> Finding | None:
    """That an existing data source gets other credentials, which takes the present ones away."""
    if record.type != DATA_SOURCE or record.key not in overrides.secrets:
        return None
    message = (
        "The secret of the mapping takes the place of its present credentials; no rollback gives these back."
    )
    return _lost(DATA_SOURCE, message, key=record.key)


def unlike(record: Record, live: Record) -> Finding | None:
    """That a user cannot become the backup's, because how it signs in is fixed when it is registered."""
    ours, theirs = (plain(side.body).get("IdentityType") for side in (record, live))
    if record.type != USER or ours == theirs:
        return None
    message = f"The user signs in by {theirs}, in the backup by {ours}; no call changes that."
    return _lost(USER, message, "Delete the user and restore it.", key=record.key)


def not_made(record: Record, reason: str) -> Finding:
    """That nothing makes a record that is missing."""
    message = f"It is not made: {reason}."
    advice = "Make it by hand under the same id, then restore again."
    return Finding(Severity.WARNING, CANNOT_BE_MADE, record.type, record.key, message, advice)


def described(record: Record) -> Finding:
    """That an asset was kept though no bundle could be made of it."""
    message = "No bundle could be made of it, so its definition was read by single calls; importing may fail."
    return Finding(Severity.WARNING, "described", record.type, record.key, message)


def _lost(
    type_name: str, message: str, advice: str = "", severity: Severity = Severity.WARNING, key: str = ""
) -> Finding:
    return Finding(severity, CANNOT_RETURN, type_name, key, message, advice)


def _lacks_credentials(key: str, member: Mapping[str, Plain], overrides: Overrides) -> bool:
    return member.get("type") not in WITHOUT_CREDENTIALS and key not in overrides.secrets


def _name(key: str) -> str:
    return split_key(key)[-1]


def _are(found: list[str], what: str) -> str:
    return f"{counted(len(found), what)} {'is' if len(found) == 1 else 'are'}"


def _some(found: list[str], most: int = 20) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
