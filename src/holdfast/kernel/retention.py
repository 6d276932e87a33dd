"""Which snapshots are worth keeping: the rules of grandfather, father and son, each decision explained.

Pure: snapshots and a policy in, decisions out. `docs/decisions/0022-what-retention-keeps.md` says why the
rules are these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import groupby, islice
from typing import TypeAlias

import msgspec

from holdfast.domain.snapshots import IMPORTED_KIND, SAFETY_KIND, SnapshotInfo
from holdfast.kernel.settings import setting
from holdfast.kernel.span import parse_span, parse_zone

NOTHING = "no rule keeps it"
Group: TypeAlias = tuple[str, str, str, str, str]
"""System, account, region, instance, and `imported` of what a file brought.

What is backed up in turn is judged together. A file may say any time: what it brought stands for no backup.
"""


def _check_within(text: str) -> None:
    if text:
        parse_span(text)


def _check_zone(name: str) -> None:
    parse_zone(name)


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """Which backups `backups prune` keeps: those that any rule keeps. Without any rule nothing is ever deleted."""

    keep_last: int = setting(0, "Keep so many of the newest backups of each instance.", least=0)
    keep_daily: int = setting(0, "Keep the last backup of so many days that have one.", least=0)
    keep_weekly: int = setting(0, "The same of ISO weeks, Monday to Sunday.", least=0)
    keep_monthly: int = setting(0, "The same of months.", least=0)
    keep_yearly: int = setting(0, "The same of years.", least=0)
    keep_within: str = setting(
        "",
        "Keep everything so long before the newest backup, such as 14d or 1y6m (y, m, w, d, h).",
        check=_check_within,
    )
    time_zone: str = setting(
        "UTC",
        "IANA time zone whose days, weeks, months and years count, such as Europe/Berlin.",
        check=_check_zone,
    )
    auto_cleanup: bool = setting(False, "Prune after each complete backup.")

    @property
    def rules(self) -> tuple[tuple[str, str], ...]:
        """The rules that are set, each as its name and what it is set to."""
        set_to = ((item.name, str(getattr(self, item.name) or "")) for item in fields(self))
        return tuple((name, value) for name, value in set_to if name.startswith("keep_") and value)

    def with_rules(self, given: Mapping[str, int | str | None]) -> RetentionSettings:
        """The same with other values for what is given; None gives nothing."""
        chosen = {name: value for name, value in given.items() if value is not None}
        return replace(self, **chosen)  # type: ignore[arg-type]  # the caller names fields


_policies = msgspec.json.Decoder(RetentionSettings)


RECORDED = "retention_policy"
"""The label under which a backup keeps a policy of its own, as JSON."""


def recorded_policy(labels: Iterable[tuple[str, str]], settings: RetentionSettings) -> RetentionSettings:
    """The policy that was recorded with a backup, in the settings' time zone; the settings where there is none."""
    stored = dict(labels).get(RECORDED)
    if stored is None:
        return settings
    return replace(_policies.decode(stored), time_zone=settings.time_zone)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a snapshot; `reasons` are all rules that keep it, in words."""

    snapshot: SnapshotInfo
    reasons: tuple[str, ...]

    @property
    def keep(self) -> bool:
        """Whether it stays."""
        return bool(self.reasons)

    @property
    def told(self) -> str:
        """The reasons as one text."""
        return "; ".join(self.reasons) or NOTHING


def decide(
    snapshots: Iterable[SnapshotInfo], policy: RetentionSettings, needed: Mapping[str, str] | None = None
) -> tuple[Decision, ...]:
    """A decision for each snapshot, group by group, newest first.

    A snapshot stays if any rule keeps it. Of each record type the last complete snapshot always stays, and so
    does the newest one.
    `needed` says of single snapshots, by id, why they must stay whatever the rules say. Where no rule is
    set, all stay.
    """
    made: list[Decision] = []
    for _, found in groupby(sorted(snapshots, key=group_of), key=group_of):
        members = sorted(found, key=lambda info: (info.taken_at, info.id), reverse=True)
        kept: dict[str, list[str]] = {info.id: [] for info in members}
        for info, reason in _reasons(members, policy, needed or {}):
            kept[info.id].append(reason)
        made += [Decision(info, tuple(kept[info.id])) for info in members]
    return tuple(made)


def group_of(info: SnapshotInfo) -> Group:
    """What the snapshot is of."""
    source = info.source
    brought = IMPORTED_KIND if info.kind == IMPORTED_KIND else ""
    return info.system, source.account, source.region, source.instance, brought


def _reasons(
    members: Sequence[SnapshotInfo], policy: RetentionSettings, needed: Mapping[str, str]
) -> Iterator[tuple[SnapshotInfo, str]]:
    """Each snapshot of a group (newest first) with a reason to keep it, a pair for each reason."""
    ordinary = _ordinary(members)
    if not policy.rules:
        yield from ((info, "no rule is set") for info in members)
    yield from _last_good(ordinary)
    yield from ((info, "the newest one, though partial") for info in ordinary[:1] if not info.complete)
    yield from ((info, needed[info.id]) for info in members if info.id in needed)
    yield from _last(ordinary, policy.keep_last)
    zone = parse_zone(policy.time_zone)
    days = {info.id: info.taken_at.astimezone(zone).date() for info in ordinary}
    for rule, count, period_of in _periods(policy):
        named = [(period_of(days[info.id]), info) for info in ordinary]
        yield from _of_periods(named, rule, count)
    if policy.keep_within and members:
        oldest = parse_span(policy.keep_within).before((ordinary or members)[0].taken_at, zone)
        within = (info for info in members if info.taken_at >= oldest)
        yield from ((info, f"within {policy.keep_within} of the newest") for info in within)


def _periods(policy: RetentionSettings) -> tuple[tuple[str, int, Callable[[date], str]], ...]:
    """Rule, how many of its periods, and the name of the period that a day lies in."""
    return (
        ("daily", policy.keep_daily, lambda day: f"{day:%Y-%m-%d}"),
        ("weekly", policy.keep_weekly, lambda day: "{}-W{:02}".format(*day.isocalendar())),
        ("monthly", policy.keep_monthly, lambda day: f"{day:%Y-%m}"),
        ("yearly", policy.keep_yearly, lambda day: f"{day:%Y}"),
    )


def _worth(info: SnapshotInfo) -> tuple[bool, int]:
    """What makes a snapshot the better one of a period: complete first, then how many types it has."""
    return info.complete, sum(section.captured for section in info.sections)


def _of_periods(
    named: Sequence[tuple[str, SnapshotInfo]], rule: str, count: int
) -> Iterator[tuple[SnapshotInfo, str]]:
    """The best snapshot of each of the newest `count` periods that have any; `named` has the period of each."""
    periods = groupby(named, key=lambda pair: pair[0])
    for place, (name, pairs) in enumerate(islice(periods, min(count, len(named))), 1):
        found = [info for _, info in pairs]
        best = max(found, key=_worth)  # of equals the first, which is the newest
        better = "the widest" if best.complete == found[0].complete else "the last complete"
        which = "the last" if best is found[0] else better
        lacks = "" if best.complete else ", none of which is complete"
        yield best, f"{which} of {name}{lacks}, {ordinal(place)} of {count} {rule}"


def _last(ordinary: Sequence[SnapshotInfo], count: int) -> Iterator[tuple[SnapshotInfo, str]]:
    """The newest ones; partial ones count only where there are too few that are complete."""
    for place, info in enumerate(sorted(ordinary, key=lambda info: not info.complete)[:count], 1):
        yield info, f"{ordinal(place)} of the last {count}"


def last_good(snapshots: Iterable[SnapshotInfo]) -> dict[str, str]:
    """The snapshots, by id, that are the last complete one of their group or of a record type, in words."""
    listed = sorted(_ordinary(snapshots), key=lambda info: (group_of(info), info.taken_at), reverse=True)
    groups = groupby(listed, key=group_of)
    return {info.id: told for _, members in groups for info, told in _last_good(list(members))}


def _ordinary(snapshots: Iterable[SnapshotInfo]) -> list[SnapshotInfo]:
    """Without what restores put aside: that is the state which somebody wanted to be rid of."""
    return [info for info in snapshots if info.kind != SAFETY_KIND]


def _last_good(ordinary: Sequence[SnapshotInfo]) -> Iterator[tuple[SnapshotInfo, str]]:
    """Of each record type the newest snapshot that is complete, so that none loses its only good copy."""
    last: dict[str, SnapshotInfo] = {}
    for info in (info for info in ordinary if info.complete):
        for section in info.sections:
            if section.captured:
                last.setdefault(section.type, info)
    for info in dict.fromkeys(last.values()):
        types = [name for name, held in last.items() if held is info]
        yield info, "the last complete one" + (f" of {', '.join(types)}" if len(types) < len(last) else "")


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`, `22nd`."""
    teens = 10 < number % 100 < 14
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
