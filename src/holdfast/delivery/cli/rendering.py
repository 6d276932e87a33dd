"""Results as screens: backups, previews, differences, verifications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from holdfast.delivery.cli.leaves import leaf_lines, readable
from holdfast.delivery.cli.screen import STYLES, Column, Screen, name, number
from holdfast.domain.snapshots import SectionSummary, SnapshotInfo
from holdfast.kernel.ids import timestamp
from holdfast.kernel.showing import byte_size, counted, duration, visible, visible_key

if TYPE_CHECKING:
    from holdfast.domain.changes import Change
    from holdfast.kernel.compare import Difference
    from holdfast.kernel.preview import Preview
    from holdfast.kernel.vault.prune import Pruned
    from holdfast.kernel.vault.repair import Repair
    from holdfast.kernel.vault.verification import LevelCount, Verification

Cell = TypeVar("Cell")

LISTED = 40
"""Rows of changes, conflicts and differences a screen shows; `--json` gives more."""


def snapshots_json(found: Iterable[SnapshotInfo]) -> bytes:
    """A JSON array of snapshots, each with `complete` beside its fields."""
    return msgspec.json.encode([{**msgspec.to_builtins(info), "complete": info.complete} for info in found])


def show_snapshots(found: Sequence[SnapshotInfo], screen: Screen | None = None) -> None:
    """A line for each backup."""
    screen = screen or Screen()
    if not found:
        screen.line(
            "There are no backups yet. `holdfast identity-center backup` or `quicksight backup` takes the first."
        )
        return
    heads: tuple[str | Column, ...] = (
        name("id"),
        "system",
        "kind",
        name("taken (UTC)"),
        "account",
        number("records"),
        number("stored"),
        "state",
    )
    rows = [_snapshot_row(info) for info in found]
    left_out = _left_out(found, screen)
    screen.table(_without(heads, left_out), [list(_without(row, left_out)) for row in rows])


def _left_out(found: Sequence[SnapshotInfo], screen: Screen) -> set[int]:
    """The places of columns that say nothing here or have no room: the id begins with the time."""
    if screen.cramped:
        return {1, 3, 4, 6}
    if len({info.system for info in found}) > 1:
        return {3, 4, 6} if screen.narrow else {3}
    one_account = len({info.source.account for info in found}) == 1
    return {1} | ({3} if screen.narrow else set()) | ({4} if screen.narrow and one_account else set())


def _without(cells: Sequence[Cell], left_out: set[int]) -> tuple[Cell, ...]:
    return tuple(cell for place, cell in enumerate(cells) if place not in left_out)


def _snapshot_row(info: SnapshotInfo) -> list[str]:
    records = sum(section.count for section in info.sections)
    return [
        info.id,
        info.system,
        _kind(info),
        f"{info.taken_at:%Y-%m-%d %H:%M}",
        info.source.account,
        f"{records:,}",
        byte_size(info.stored_bytes),
        "complete" if info.complete else "PARTIAL",
    ]


def _kind(info: SnapshotInfo) -> str:
    """The kind of a backup, or how many of the types it holds where not all were asked for."""
    held = sum(section.captured for section in info.sections)
    every = len(info.sections)
    return info.kind if held == every or info.kind != "full" else f"{held} of {every} types"


def show_snapshot(info: SnapshotInfo, screen: Screen | None = None) -> None:
    """All that is known of one backup without reading its records."""
    screen = screen or Screen()
    source = info.source
    where = (source.system, source.account and f"account {source.account}", source.region)
    screen.facts(
        [
            ("Backup", info.id),
            ("Kind", info.kind + (f", compared with {info.parent}" if info.parent else "")),
            ("State", "complete" if info.complete else "PARTIAL: not everything could be read"),
            ("Taken", timestamp(info.taken_at)),
            ("Source", ", ".join(filter(None, where))),
            ("Instance", source.instance),
            ("Principal", source.principal),
            ("Run", info.run),
            ("Stored", f"{byte_size(info.stored_bytes)} added to the vault"),
            ("During", ", ".join(info.during) and f"{', '.join(info.during)} changed the service meanwhile"),
            ("Labels", ", ".join(f"{label}={value}" for label, value in info.labels)),
        ]
    )
    screen.heading("Contents")
    heads = ("type", number("records"), "state", "why", "digest")
    rows = (
        [section.type, f"{section.count:,}" if section.captured else "", *_section_state(section)]
        for section in info.sections
    )
    screen.table(heads, rows)


def _section_state(section: SectionSummary) -> list[str]:
    state = "left out" if not section.captured else "complete" if section.complete else "PARTIAL"
    return [state, section.reason, section.digest[:12]]


def show_preview(found: Preview, screen: Screen | None = None) -> None:
    """What a restore would do: counts, changes, conflicts, warnings, what cannot return, how long."""
    screen = screen or Screen()
    if not found.changes_total and found.awaited:
        screen.line("Nothing would change before what is awaited has come.")
    elif not found.changes_total:
        screen.line("Nothing would change: the service already is as the backup has it.")
    else:
        screen.line(
            f"{counted(found.changes_total, 'change')}, about {duration(found.estimated_seconds)}"
            + _calls(found)
        )
        screen.heading("Changes by type and verb")
        counts = ([part.type, part.verb, f"{part.count:,}"] for part in found.changes_summary)
        screen.table(("type", "verb", number("changes")), counts)
        screen.heading("Changes in order")
        for change in found.changes[:LISTED]:
            screen.line(f"  {_change_line(change, found)}")
        _rest(screen, found.changes_total - LISTED)
    _conflicts(screen, found)
    if found.awaited:
        awaited = ", ".join(counted(count, kind) for kind, count in found.awaited.items())
        screen.line(f"Awaited from the identity source, so not planned: {awaited}.", STYLES["warning"])
    screen.findings("Warnings", found.warnings[:LISTED], len(found.warnings))
    screen.findings("Cannot return", found.cannot_return)
    screen.line("Nothing has been changed.")


def _calls(found: Preview) -> str:
    return f", {found.calls:,} calls" if found.calls else ""


def _change_line(change: Change, found: Preview) -> str:
    sign = {"create": "+", "update": "~", "delete": "-"}[change.verb]
    note = f" ({visible(change.note)})" if change.note else ""
    return f"{sign} {change.verb} {change.type} {found.shown_key(change.type, change.key)}{note}"


def _conflicts(screen: Screen, found: Preview) -> None:
    if not found.conflicts:
        return
    screen.heading(f"Conflicts ({found.conflicts_total:,})")
    heads = ("which", "field", "backup", "live", "decided")
    rows = (
        [
            f"{conflict.type} {found.shown_key(conflict.type, conflict.key)}",
            part.name,
            readable(part.backup),
            readable(part.live),
            conflict.resolution,
        ]
        for conflict in found.conflicts[:LISTED]
        for part in conflict.fields
    )
    screen.table(heads, rows)
    _rest(screen, found.conflicts_total - LISTED)


def show_differences(
    found: Sequence[Difference], left: str, right: str, screen: Screen | None = None
) -> None:
    """What differs between two sides: counts, then record by record with the fields."""
    screen = screen or Screen()
    if not found:
        screen.line(f"{left} and {right} hold the same.")
        return
    counts = Counter(str(part.kind) for part in found)
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
    screen.line(f"From {left} to {right}: {told}.")
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for part in found[:LISTED]:
        reason = f": {visible(part.reason)}" if part.reason else ""
        key = f"{visible(part.called)} ({visible_key(part.key)})" if part.called else visible_key(part.key)
        what = " ".join(filter(None, (part.kind, part.type, key)))
        screen.line(f"  {signs.get(part.kind, '?')} {what}{reason}")
        for item in part.fields:
            for line in leaf_lines(item):
                screen.line(f"      {line}")
    _rest(screen, len(found) - LISTED)


def show_verification(found: Verification, screen: Screen | None = None) -> None:
    """Level by level how much was checked and what is wrong, then every damaged place."""
    screen = screen or Screen()
    heads = ("level", number("checked"), number("wrong"), "verdict")
    met = [level for level in found.levels if level.checked or level.problems]
    screen.table(heads, (_level_row(level) for level in met))
    for problem in found.problems[:LISTED]:
        screen.line(f"  {problem.level} {problem.where}: {problem.message}", STYLES["damaged"])
    _rest(screen, len(found.problems) - LISTED)
    if found.problems:
        screen.line("DAMAGED: see above.")
    elif any(level.level == "types" and level.checked for level in found.levels):
        screen.line("Everything that was read is as it was written.")
    else:
        screen.line("Every object that backups need is there. Their records were not read: see --read-data.")


def show_repair(found: Repair, screen: Screen | None = None) -> None:
    """What was healed and from where, what is left damaged, and the backups that cannot be read whole."""
    screen = screen or Screen()
    verb = "Would heal" if found.dry_run else "Healed"
    for healed in found.healed[:LISTED]:
        what = f"{healed.name} in {healed.location} ({healed.problem}), from {healed.source}"
        screen.line(f"  {verb.lower()}: {what}")
    _rest(screen, len(found.healed) - LISTED)
    screen.line(f"{verb} {counted(len(found.healed), 'object')}.")
    show_verification(found.left, screen)
    if found.unreadable:
        screen.line("These backups cannot be read whole:")
        for snapshot in found.unreadable:
            screen.line(f"  {snapshot}", STYLES["damaged"])
        screen.line(
            "`holdfast vault repair --drop-unreadable` takes them out of the vault; all others are sound."
        )


def show_pruned(done: Pruned, *, dry_run: bool, screen: Screen | None = None) -> None:
    """What a prune did, or would do, what it left, and whether that is erased."""
    screen = screen or Screen()
    would = "Would remove" if dry_run else "Removed"
    screen.line(f"{would} {counted(done.objects_removed, 'object')} ({done.bytes_freed:,} bytes).")
    if done.packs_rewritten:
        again = "Would write" if dry_run else "Wrote"
        screen.line(f"{again} {counted(done.packs_rewritten, 'pack')} anew ({done.bytes_rewritten:,} bytes).")
    for held in done.waiting[:LISTED]:
        screen.line(f"  the rest waits for {held}")
    _rest(screen, len(done.waiting) - LISTED)
    if done.erasure:
        screen.line(done.erasure)


def _level_row(level: LevelCount) -> list[str]:
    verdict = "DAMAGED" if level.problems else "ok"
    return [level.level, f"{level.checked:,}", f"{level.problems:,}", verdict]


def _rest(screen: Screen, rest: int) -> None:
    if rest > 0:
        screen.line(f"  ... and {rest:,} more")
