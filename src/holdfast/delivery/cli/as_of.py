"""From a date, a backup's id or `live` to what can be read, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from holdfast.systems.identity_center.model import SYSTEM

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.records import RecordView
    from holdfast.domain.snapshots import SnapshotInfo
    from holdfast.systems.identity_center.access.moments import AsOf

LIVE = "live"


def as_of(home: Installation, ref: str, needed: Sequence[str]) -> tuple[RecordView, AsOf]:
    """What answers for a date, a moment, `latest`, a backup's id or `live`; stderr says which.

    For a moment it is the newest backup at or before it that has all that is needed; an id is
    taken as it is. Raises: NotFound; UsageError for an ambiguous prefix; VaultDamaged; StoreError.
    """
    view, found = _live(home, needed) if ref == LIVE else _sealed(home, ref, needed)
    click.echo(f"As of {found.id}, {_taken(found)}.", err=True)
    for info in found.passed_over:
        click.echo(f"Passed over, because not whole: {info}", err=True)
    if found.gaps:
        told = (
            f"Not whole in {found.id}: {'; '.join(found.gaps)}. That something is not listed proves nothing."
        )
        click.echo(told, err=True)
    return view, found


def _taken(found: AsOf) -> str:
    from holdfast.kernel.ids import timestamp

    return f"taken {timestamp(found.taken_at)}"


def _live(home: Installation, needed: Sequence[str]) -> tuple[RecordView, AsOf]:
    from holdfast.kernel.views import MemoryView
    from holdfast.systems.identity_center.access.moments import AsOf

    source = home.system(SYSTEM).source()
    whose, parts = source.identity(), list(source.capture(needed, home.progress))
    gaps = tuple(f"{part.type} ({part.reason})" for part in parts if not part.complete)
    return MemoryView(parts), AsOf(LIVE, home.clock.now(), "", whose.account, whose.instance, gaps)


def _sealed(home: Installation, ref: str, needed: Sequence[str]) -> tuple[RecordView, AsOf]:
    from holdfast.systems.identity_center.access.moments import AsOf, gaps

    info, passed_over = _snapshot(home, ref, needed)
    if info.during:
        click.echo(f"{', '.join(info.during)} changed the service while {info.id} was taken.", err=True)
    told = tuple(f"{newer.id}: {'; '.join(gaps(newer, needed))}" for newer in passed_over)
    source = info.source
    standing = AsOf(
        info.id, info.taken_at, info.root, source.account, source.instance, gaps(info, needed), told
    )
    return home.vault.read(info), standing


def _snapshot(
    home: Installation, ref: str, needed: Sequence[str]
) -> tuple[SnapshotInfo, tuple[SnapshotInfo, ...]]:
    from holdfast.domain.errors import NotFound
    from holdfast.domain.snapshots import BY_ID_ALONE
    from holdfast.kernel.vault.catalogue import LATEST, parse_moment
    from holdfast.systems.identity_center.access.moments import newest_whole, of_one_instance

    moment = parse_moment(ref)
    if moment is None and ref != LATEST:
        return home.vault.resolve(ref, SYSTEM), ()
    stored = home.vault.snapshots(SYSTEM)
    found = of_one_instance(stored)
    if len({info.source.instance for info in stored if info.kind not in BY_ID_ALONE}) > 1:
        told = f"Only backups of {found[0].source.instance} count here; name another instance's by their ids."
        click.echo(told, err=True)
    chosen, passed_over = newest_whole(found, moment, needed)
    if chosen is None:
        oldest = f" The oldest backup is {found[-1].id}." if found else ""
        held = [f"{name.replace('_', ' ')}s" for name in needed]
        kind = f"backup of {', '.join(held[:-1])} and {held[-1]} at or before"
        raise NotFound(kind, ref, f"`holdfast backups list` shows what there is.{oldest}")
    return chosen, passed_over
