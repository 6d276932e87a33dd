"""From a date, a backup's id or `live` to what can be read, and what is to be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from holdfast.systems.identity_center.model import SYSTEM

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.records import RecordView
    from holdfast.domain.snapshots import SnapshotInfo
    from holdfast.systems.identity_center.access.moments import AsOf

LIVE = "live"


def as_of(home: Installation, ref: str) -> tuple[RecordView, AsOf]:
    """What answers for a date, a moment, `latest`, a backup's id or `live`; stderr says which.

    For a moment it is the newest backup at or before it that has all that access rests on; an id is
    taken as it is. Raises: NotFound; UsageError for an ambiguous prefix; VaultDamaged; StoreError.
    """
    view, found = _live(home) if ref == LIVE else _sealed(home, ref)
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


def _live(home: Installation) -> tuple[RecordView, AsOf]:
    from holdfast.kernel.views import MemoryView
    from holdfast.systems.identity_center.access.entitlements import NEEDED
    from holdfast.systems.identity_center.access.moments import AsOf

    source = home.system(SYSTEM).source()
    whose, parts = source.identity(), list(source.capture(NEEDED, home.progress))
    gaps = tuple(f"{part.type} ({part.reason})" for part in parts if not part.complete)
    return MemoryView(parts), AsOf(LIVE, home.clock.now(), "", whose.account, whose.instance, gaps)


def _sealed(home: Installation, ref: str) -> tuple[RecordView, AsOf]:
    from holdfast.systems.identity_center.access.moments import AsOf, gaps

    info, passed_over = _snapshot(home, ref)
    if info.during:
        click.echo(f"{', '.join(info.during)} changed the service while {info.id} was taken.", err=True)
    told = tuple(f"{newer.id}: {'; '.join(gaps(newer))}" for newer in passed_over)
    source = info.source
    standing = AsOf(info.id, info.taken_at, info.root, source.account, source.instance, gaps(info), told)
    return home.vault.read(info), standing


def _snapshot(home: Installation, ref: str) -> tuple[SnapshotInfo, tuple[SnapshotInfo, ...]]:
    from holdfast.domain.errors import NotFound
    from holdfast.kernel.vault.catalogue import LATEST, parse_moment
    from holdfast.systems.identity_center.access.moments import newest_whole

    moment = parse_moment(ref)
    if moment is None and ref != LATEST:
        return home.vault.resolve(ref, SYSTEM), ()
    found = home.vault.snapshots(SYSTEM)
    chosen, passed_over = newest_whole(found, moment)
    if chosen is None:
        oldest = f" The oldest backup is {found[-1].id}." if found else ""
        kind = "backup of users, groups, memberships, permission sets and assignments at or before"
        raise NotFound(kind, ref, f"`holdfast backups list` shows what there is.{oldest}")
    return chosen, passed_over
