"""`holdfast vault stats`: what the vault's bytes are, what they save, and how they grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import emit, installation

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.kernel.ports import OldVersions
    from holdfast.kernel.vault.stats import Growth, KindSize, Stats

LISTED = 40
LEVELS = "▁▂▃▄▅▆▇█"
COLUMNS = 60


@click.command()
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg",
    help="Also draw the growth as an SVG.",
)
@shared_options
@pass_invocation
def stats(invocation: Invocation, picture: Path | None) -> int:
    """How many bytes there are, of what, what sharing and compression save, and when the place is full."""
    from holdfast.kernel.vault.settings import parse_size

    with installation(invocation) as home:
        capacity = home.settings.vault.capacity
        found = home.vault.stats(parse_size(capacity) if capacity else None)
        classes, versions = _beside(home)
        if picture:
            _draw(found.growth, picture)
        if invocation.json:
            emit({"stats": found, "storage_classes": classes, "old_versions": versions})
        else:
            with home.progress.paused():
                _show(found, classes, versions)
    return 0


def _beside(home: Installation) -> tuple[Sequence[KindSize], OldVersions | None]:
    """Storage classes and old versions of a vault in S3; None for versions that may not be listed."""
    from holdfast.kernel.vault.stats import sizes

    if home.bucket is None:
        return (), None
    classes = sizes((found.storage_class, found.size) for found in home.bucket.classes(""))
    return classes, old_versions(home)


def old_versions(home: Installation) -> OldVersions | None:
    """What the vault's bucket keeps beside its objects; None for a folder, and where it may not be listed."""
    from holdfast.domain.errors import AccessDenied

    try:
        return home.bucket.old_versions() if home.bucket else None
    except AccessDenied as error:
        click.echo(f"Old versions are not counted: {error}", err=True)
        return None


def versions_line(versions: OldVersions) -> str:
    """What old versions there are, in a sentence."""
    from holdfast.kernel.showing import byte_size

    marks = f"{versions.delete_markers:,} marks of deletion"
    return (
        f"{versions.objects:,} old versions ({byte_size(versions.bytes)}) and {marks} lie beside the objects"
    )


def _draw(growth: Growth, picture: Path) -> None:
    from holdfast.kernel.durable import write_whole, writing
    from holdfast.kernel.vault.growth_picture import growth_svg

    with writing(picture):
        write_whole(picture, growth_svg(growth).encode(), replace=True)


def _show(found: Stats, classes: Sequence[KindSize], versions: OldVersions | None) -> None:
    from holdfast.delivery.cli.screen import Screen, name, number
    from holdfast.kernel.showing import byte_size
    from holdfast.kernel.vault.growth_picture import growth_line

    screen = Screen()
    screen.line(f"{found.objects:,} objects, {byte_size(found.bytes)}")
    heads = ("what", number("objects"), number("size"))
    screen.table(heads, ([part.kind, f"{part.objects:,}", byte_size(part.bytes)] for part in found.kinds))
    if classes:
        screen.heading("Storage classes")
        screen.table(heads, ([part.kind, f"{part.objects:,}", byte_size(part.bytes)] for part in classes))
    if versions and (versions.objects or versions.delete_markers):
        screen.line(f"{versions_line(versions)}; a lifecycle rule of the bucket can remove them.")
    screen.heading("What is saved")
    screen.facts(
        [
            ("Shared", _times(found.shared, "as much without what backups share")),
            ("Compressed", _times(found.compressed, "as much uncompressed, by a sample of blocks")),
            ("To prune", f"{byte_size(found.freed)} that no backup needs"),
        ]
    )
    screen.heading(f"Backups ({len(found.snapshots):,})")
    rows = (
        [part.id, f"{part.records:,}", byte_size(part.added), byte_size(part.needs), byte_size(part.alone)]
        for part in found.snapshots[:LISTED]
    )
    numbers = (number("records"), number("added"), number("needs"), number("alone"))
    screen.table((name("id"), *numbers), rows)
    if len(found.snapshots) > LISTED:
        screen.line(f"  ... and {len(found.snapshots) - LISTED:,} more")
    screen.heading("Growth")
    if found.growth.points:
        screen.line(f"  {sparkline(found.growth)}")
    screen.line(growth_line(found.growth))


def _times(ratio: float | None, told: str) -> str:
    return f"{ratio:.1f} times {told}" if ratio else ""


def sparkline(growth: Growth) -> str:
    """Stored bytes as a row of bars, from the first backup to the last, equal times apart."""
    first, last = growth.points[0][0], growth.points[-1][0]
    columns = min(COLUMNS, len(growth.points))
    most = max(size for _, size in growth.points) or 1
    bars = []
    for column in range(columns):
        until = first + (last - first) * (column + 1) / columns
        size = next(size for at, size in reversed(growth.points) if at <= until)
        bars.append(LEVELS[min(len(LEVELS) - 1, size * len(LEVELS) // most)])
    return "".join(bars)
