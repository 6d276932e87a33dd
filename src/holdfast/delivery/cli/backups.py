"""`holdfast backups`: list, show, verify, drill; and from modules of their own export, import, delete, prune, tier."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from holdfast.delivery.cli.exchange import export, import_
from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.moments import since_option, until_option
from holdfast.delivery.cli.opening import VAULT_DAMAGED, conclude, emit, installation
from holdfast.delivery.cli.pruning import delete, prune, tier
from holdfast.delivery.cli.restoring import mapping_option


class Label(click.ParamType[tuple[str, str]]):
    """NAME=VALUE of a label."""

    name = "name=value"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Name and value. Raises: BadParameter for another shape."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not name or not equals:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, text


@click.group()
@shared_options
def backups() -> None:
    """List, check, rehearse and delete what was backed up."""


backups.add_command(export)
backups.add_command(import_)


@backups.command(name="list")
@click.option("--system", default="", help="Only backups of this system.")
@click.option("--all", "everything", is_flag=True, help="Also the safety snapshots that restores take.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(["full", "incremental", "safety", "imported"]),
    multiple=True,
    help="Only of this kind; may be repeated.",
)
@since_option
@until_option
@click.option("--account", default="", help="Only of this account.")
@click.option("--region", default="", help="Only of this region.")
@click.option("--instance", default="", help="Only of the instance with this ARN.")
@click.option("--complete/--incomplete", default=None, help="Only those read whole, or only the others.")
@click.option("--label", "labels", type=Label(), multiple=True, help="Only with this label; may be repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many, the newest.")
@shared_options
@pass_invocation
def list_(
    invocation: Invocation,
    system: str,
    everything: bool,
    kinds: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    account: str,
    region: str,
    instance: str,
    complete: bool | None,
    labels: tuple[tuple[str, str], ...],
    limit: int | None,
) -> int:
    """Backups that pass every filter given, newest first."""
    from holdfast.delivery.cli.rendering import show_snapshots, snapshots_json
    from holdfast.domain.snapshots import SnapshotFilter

    asked = SnapshotFilter(kinds, everything, since, until, account, region, instance, complete, labels)
    with installation(invocation) as home:
        kept = home.vault.snapshots()
        named = system.replace("-", "_")
        found = [info for info in kept if named in ("", info.system) and asked.passes(info)][:limit]
        if invocation.json:
            emit(snapshots_json(found))
        elif kept and not found:
            click.echo(
                f"None of {len(kept):,} backups passes these filters; `--all` shows safety snapshots too."
            )
        else:
            show_snapshots(found)
    return 0


@backups.command()
@click.argument("backup_id", metavar="BACKUP")
@shared_options
@pass_invocation
def show(invocation: Invocation, backup_id: str) -> int:
    """What one backup holds, what was left out, and when it was taken. BACKUP: id, prefix, date or `latest`."""
    from holdfast.delivery.cli.rendering import show_snapshot, snapshots_json

    with installation(invocation) as home:
        info = home.vault.resolve(backup_id)
        if invocation.json:
            emit(snapshots_json([info]))
        else:
            show_snapshot(info)
    return 0


@backups.command()
@click.argument("backup_id", metavar="BACKUP")
@shared_options
@pass_invocation
def verify(invocation: Invocation, backup_id: str) -> int:
    """Read back every byte that a backup reaches; exit 20 and name what is damaged."""
    from holdfast.delivery.cli.rendering import show_verification

    with installation(invocation) as home:
        found = home.vault.verify(home.vault.resolve(backup_id), home.progress)
        if invocation.json:
            emit(found)
        else:
            with home.progress.paused():
                show_verification(found)
        return VAULT_DAMAGED if found.problems else 0


@backups.command()
@click.argument("backup_id", metavar="BACKUP")
@mapping_option
@shared_options
@pass_invocation
def drill(invocation: Invocation, backup_id: str, mapping: Path | None) -> int:
    """Restore a backup into an empty sandbox and compare it, record by record, under a mapping where one is given."""
    from holdfast.bootstrap.mapping_file import read_mapping_file
    from holdfast.bootstrap.registry import SYSTEMS
    from holdfast.kernel.drill import DrillRequest

    with installation(invocation) as home:
        info = home.vault.resolve(backup_id, *SYSTEMS)  # files have no sandbox to be restored into
        request = DrillRequest(info.id, read_mapping_file(mapping, info.system) if mapping else "")
        run = home.runs.launch("drill", info.system, request)
        return conclude(home, run, invocation)


for command in (delete, prune, tier):
    backups.add_command(command)
