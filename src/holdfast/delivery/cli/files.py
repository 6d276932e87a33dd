"""`holdfast vault save`, `extract`, `ls`, `diff`: files and folders of this machine in the vault."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.backups import Label
from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import CHECK_FAILED, PARTIAL, conclude, emit, installation
from holdfast.domain.errors import UsageError

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.outcomes import Item
    from holdfast.domain.records import Record
    from holdfast.systems.files.system import SavePreview, SaveRequest

STDIN = b"-"
LISTED = 40


@click.command()
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=bytes),
)
@click.option(
    "--exclude",
    "excluded",
    metavar="GLOB",
    multiple=True,
    help="Leave out names, or paths where it holds a slash; may be repeated.",
)
@click.option(
    "--label", "labels", type=Label(), multiple=True, help="NAME=VALUE to find it by; may be repeated."
)
@click.option("--name", default="", help="What standard input (PATH `-`) is called in the vault.")
@click.option("--dry-run", is_flag=True, help="Only say what would be read.")
@shared_options
@pass_invocation
def save(
    invocation: Invocation,
    paths: tuple[bytes, ...],
    excluded: tuple[str, ...],
    labels: tuple[tuple[str, str], ...],
    name: str,
    dry_run: bool,
) -> int:
    """Keep files and folders in the vault; contents that it has already are not stored again.

    Exit code 3 when something could not be read, or changed while it was read; it is named.
    """
    request = _request(paths, excluded, labels, name)
    with installation(invocation) as home:
        if dry_run:
            _show_preview(home.saving().preview(request), invocation)
            return 0
        if request.stream:
            home.stream = sys.stdin.buffer.read
        return conclude(home, home.runs.launch("save", "files", request), invocation)


def _request(
    paths: Sequence[bytes], excluded: tuple[str, ...], labels: tuple[tuple[str, str], ...], name: str
) -> SaveRequest:
    """Raises: UsageError for standard input without a name or with other paths."""
    import getpass
    import socket

    from holdfast.systems.files.model import key_of
    from holdfast.systems.files.system import SaveRequest

    if (STDIN in paths) != bool(name) or (name and len(paths) > 1):
        raise UsageError(
            "Standard input is saved alone and under a name.",
            "For example: pg_dump db | holdfast vault save - --name db.sql",
        )
    stream = key_of(os.fsencode(name))
    keys = () if stream else tuple(sorted({key_of(_absolute(path)) for path in paths}))
    return SaveRequest(keys, socket.gethostname(), getpass.getuser(), excluded, labels, stream)


def _absolute(path: bytes) -> bytes:
    """The path from the root, with the links on the way to it resolved; a link itself stays one."""
    folder, _, name = os.path.abspath(path).rpartition(b"/")  # noqa: PTH100  # pathlib has no paths of bytes
    return os.path.realpath(folder or b"/").rstrip(b"/") + b"/" + name


def _show_preview(found: SavePreview, invocation: Invocation) -> None:
    from holdfast.kernel.showing import byte_size

    if invocation.json:
        emit(found)
        return
    click.echo(
        f"{found.paths:,} paths with {byte_size(found.bytes)}; {found.files_to_read:,} new or changed files with "
        f"{byte_size(found.bytes_to_read)} would be read."
    )
    _show_items(found.skipped)


def _show_items(items: Sequence[Item]) -> None:
    from holdfast.kernel.showing import visible

    for item in items[:LISTED]:
        click.echo(f"  {item.outcome.kind}: {visible(item.key)}: {item.outcome.reason}")
    if len(items) > LISTED:
        click.echo(f"  ... and {len(items) - LISTED:,} more; --json lists all.")
    for advice in dict.fromkeys(item.outcome.advice for item in items):
        click.echo(f"  {advice}")


@click.command()
@click.argument("snapshot")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=bytes))
@click.option(
    "--target",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into; nothing is written outside of it.",
)
@click.option("--overwrite", is_flag=True, help="Replace files and links that are there.")
@shared_options
@pass_invocation
def extract(
    invocation: Invocation, snapshot: str, paths: tuple[bytes, ...], target: Path, overwrite: bool
) -> int:
    """Write what was saved, all or some paths, below a folder. SNAPSHOT: id, prefix, date or `latest`.

    Exit code 3 when something could not be written; it is named.
    """
    from holdfast.systems.files.extracting import Extraction, chosen
    from holdfast.systems.files.model import SYSTEM

    with installation(invocation) as home:
        info = home.vault.resolve(snapshot, SYSTEM)
        view = home.vault.read(info)
        home.progress.stage("Extracting files", sum(section.count for section in info.sections))
        extraction = Extraction(view.chunks, target, overwrite=overwrite)
        count, told = _outcomes(home, extraction.run(chosen(view, _keys(paths))))
        home.audit.append("files extracted", SYSTEM, {"snapshot": info.id, "target": str(target.resolve())})
        failed = [item for item in told if item.outcome.kind != "done"]
        if invocation.json:
            emit({"snapshot": info.id, "done": count - len(failed), "failed": len(failed), "outcomes": told})
        else:
            with home.progress.paused():
                click.echo(f"Extracted {count - len(failed):,} of {count:,} paths to {target}.")
                _show_items(told)
    return PARTIAL if failed else 0


def _keys(paths: Iterable[bytes]) -> list[tuple[str, str]]:
    """Each path as `ls` prints it, and as `save` takes it: from the working folder, links on the way resolved."""
    from holdfast.systems.files.model import key_of

    return [(key_of(path), key_of(_absolute(path))) for path in paths]


def _outcomes(home: Installation, items: Iterable[Item]) -> tuple[int, list[Item]]:
    """How many there were, and those that there is something to say of."""
    count, told = 0, list["Item"]()
    for item in items:
        count += 1
        home.progress.advance(note=item.key)
        if item.outcome.reason:
            told.append(item)
    return count, told


@click.command()
@click.argument("snapshot")
@click.argument("other")
@click.option("--exit-code", is_flag=True, help="Exit 5 when anything differs.")
@shared_options
@pass_invocation
def diff(invocation: Invocation, snapshot: str, other: str, exit_code: bool) -> int:
    """Compare two snapshots of files. Exit 3 when one of them was not read whole."""
    from holdfast.delivery.cli.rendering import show_differences
    from holdfast.kernel.compare import DifferenceKind, compare
    from holdfast.systems.files.model import FILE, SYSTEM
    from holdfast.systems.files.system import files_system

    with installation(invocation) as home:
        left, right = (home.vault.read(home.vault.resolve(each, SYSTEM)) for each in (snapshot, other))
        found = list(compare(files_system(), left, right, (FILE.name,)))
        if invocation.json:
            emit(found)
        else:
            with home.progress.paused():
                show_differences(found, left.info.id, right.info.id)
    if any(part.kind is DifferenceKind.UNKNOWN for part in found):
        return PARTIAL
    return CHECK_FAILED if found and exit_code else 0


@click.command()
@click.argument("snapshot")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=bytes))
@shared_options
@pass_invocation
def ls(invocation: Invocation, snapshot: str, paths: tuple[bytes, ...]) -> int:
    """List what was saved: mode, bytes, time of change in UTC, path. SNAPSHOT: id, prefix, date or `latest`."""
    from holdfast.systems.files.extracting import chosen
    from holdfast.systems.files.model import SYSTEM, entry_of

    with installation(invocation) as home:
        records = chosen(home.vault.read(home.vault.resolve(snapshot, SYSTEM)), _keys(paths))
        if invocation.json:
            emit([{"path": record.key, "entry": entry_of(record)} for record in records])
        else:
            with home.progress.paused():
                for line in _lines(records):
                    click.echo(line)
    return 0


def _lines(records: Iterable[Record]) -> Iterator[str]:
    import stat
    from datetime import UTC, datetime

    from holdfast.kernel.showing import visible
    from holdfast.systems.files.model import entry_of

    types = {"dir": stat.S_IFDIR, "file": stat.S_IFREG, "symlink": stat.S_IFLNK}
    for record in records:
        entry = entry_of(record)
        changed = datetime.fromtimestamp(entry.mtime // 10**9, UTC)
        lead = (
            f"{stat.filemode(types[entry.kind] | entry.mode)} {entry.size:>15,} {changed:%Y-%m-%d %H:%M:%S}"
        )
        more = f" -> {visible(entry.target)}" if entry.target else " (torn)" if entry.torn else ""
        yield f"{lead} {visible(record.key)}{more}"
