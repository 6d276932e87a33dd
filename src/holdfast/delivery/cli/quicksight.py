"""`holdfast quicksight`: back up, preview, restore and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, personal_option, shared_options
from holdfast.delivery.cli.opening import conclude, emit, installation
from holdfast.delivery.cli.restoring import Where, differences_of, preview_of, where_options
from holdfast.delivery.cli.selecting import Selection, resources_option, restore_options
from holdfast.domain.records import join_key
from holdfast.systems.quicksight.model import (
    GROUP,
    IDENTITIES,
    MEMBERSHIP,
    RECORD_TYPES,
    SYSTEM,
    USER,
)

if TYPE_CHECKING:
    from holdfast.domain.snapshots import SourceIdentity
    from holdfast.kernel.backup import BackupRequest
    from holdfast.kernel.restore import RestoreRequest

TYPES = tuple(kind.name for kind in RECORD_TYPES)
MODES = {
    "full": TYPES,
    "users-only": IDENTITIES,
    "assets-only": tuple(name for name in TYPES if name not in IDENTITIES),
}
DEFAULT = "default"
"""The namespace that is meant where none is named."""


def _key(kind: str, name: str) -> str:
    """The key of a record as reports show its name; who has no namespace is of the default one, assets may be named."""
    if kind in (USER, GROUP):
        namespace, slash, rest = name.partition(" / ")
        return join_key(namespace, rest) if slash else join_key(DEFAULT, name)
    if kind == MEMBERSHIP:
        front, _, user = name.rpartition(" / ")
        namespace, slash, group = front.partition(" / ")
        return join_key(namespace, group, user) if slash else join_key(DEFAULT, front, user)
    return name


SELECTION = Selection(
    SYSTEM,
    tuple(kind.name for kind in RECORD_TYPES),
    {
        kind.title.lower().replace(" ", "_"): (GROUP, MEMBERSHIP) if kind.name == GROUP else (kind.name,)
        for kind in RECORD_TYPES
    },
    _key,
)


@click.group(name="quicksight")
@shared_options
def quicksight() -> None:
    """Back up, compare and restore Amazon QuickSight."""


@quicksight.command()
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    default="full",
    show_default=True,
    help="Users and groups go to DynamoDB, assets as bundles to S3, all to the vault.",
)
@click.option(
    "--include-file-datasets",
    is_flag=True,
    help="List uploaded files as impossible, with their definition, instead of leaving them out.",
)
@click.option("--dry-run", is_flag=True, help="Check settings and credentials, say what would be done, stop.")
@shared_options
@pass_invocation
def backup(invocation: Invocation, mode: str, include_file_datasets: bool, dry_run: bool) -> int:
    """Capture, export bundles, prove complete, encrypt, seal, store in DynamoDB and S3, read back.

    What cannot be exported is named with the reason, and the rest goes on: exit 3. When the network goes, exit 75 and
    `holdfast runs resume` finishes.
    """
    from holdfast.bootstrap.quicksight import FILE_DATASETS
    from holdfast.kernel.backup import FULL, BackupRequest

    options = (FILE_DATASETS,) if include_file_datasets else ()
    request = BackupRequest(FULL, MODES[mode], options=options)
    with installation(invocation) as home:
        if dry_run:
            _show_dry_run(home.runs.validate(SYSTEM, request), mode, request, invocation)
            return 0
        return conclude(home, home.runs.launch("backup", SYSTEM, request), invocation)


def _show_dry_run(found: SourceIdentity, mode: str, request: BackupRequest, invocation: Invocation) -> None:
    if invocation.json:
        emit({"dry_run": True, "mode": mode, "types": request.types, "source": found})
        return
    click.echo(f"Settings and credentials are valid: {found.principal} in {found.account} {found.region}.")
    titles = (kind.title for kind in RECORD_TYPES if kind.name in request.types)
    click.echo(f"A backup ({mode}) would read {', '.join(titles)}. Nothing was changed.")


@quicksight.command()
@restore_options(SELECTION)
@personal_option
@shared_options
@pass_invocation
def preview(invocation: Invocation, request: RestoreRequest) -> int:
    """Show what a restore would do now: counts, conflicts, warnings, duration, what cannot return.

    BACKUP is an id, a prefix of one, a date, or `latest`. With a mapping, records have the target's names.
    """
    with installation(invocation) as home:
        return preview_of(home, SYSTEM, request, invocation)


@quicksight.command()
@restore_options(SELECTION)
@click.option("--dry-run", is_flag=True, help="Change nothing; print the same as `preview`.")
@shared_options
@pass_invocation
def restore(invocation: Invocation, request: RestoreRequest, dry_run: bool) -> int:
    """Put a backup back: keep what is there now, plan, apply under the journal, read back.

    BACKUP is an id, a prefix of one, a date, or `latest`. `holdfast runs rollback` undoes the run.
    With a mapping and a target it is restored into another account, region or namespace.
    """
    with installation(invocation) as home:
        if dry_run:
            return preview_of(home, SYSTEM, request, invocation)
        return conclude(home, home.runs.launch("restore", SYSTEM, request), invocation)


@quicksight.command()
@click.argument("backup_id", metavar="BACKUP")
@click.argument("other", metavar="[OTHER|live]", default="live")
@resources_option(SELECTION)
@where_options(SYSTEM)
@click.option("--exit-code", is_flag=True, help="Exit 5 when anything differs.")
@personal_option
@shared_options
@pass_invocation
def diff(
    invocation: Invocation,
    backup_id: str,
    other: str,
    resources: tuple[str, ...],
    exit_code: bool,
    where: Where,
) -> int:
    """Compare a backup with another one, or with what is live now (the default).

    A mapping gives BACKUP's records the target's names before they are compared; the target is what
    is live. Exit 3 when a part could not be compared because one side was not read whole.
    """
    with installation(invocation) as home:
        return differences_of(
            home, SYSTEM, backup_id, other, resources, where, invocation, exit_code=exit_code
        )
