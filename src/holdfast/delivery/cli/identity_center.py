"""`holdfast identity-center`: back up, preview, restore and compare."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import click

from holdfast.api_records import SELECTED, record_types
from holdfast.delivery.cli.access import access, review
from holdfast.delivery.cli.history import history
from holdfast.delivery.cli.invocation import Invocation, pass_invocation, personal_option, shared_options
from holdfast.delivery.cli.moments import When
from holdfast.delivery.cli.opening import conclude, installation
from holdfast.delivery.cli.restoring import Where, differences_of, preview_of, where_options
from holdfast.delivery.cli.selecting import Selection, resources_option, restore_options
from holdfast.systems.identity_center.model import SYSTEM

if TYPE_CHECKING:
    from holdfast.kernel.restore import RestoreRequest

LONGEST_WAIT = 240
"""Minutes; a restore holds its instance for six hours at most, and has its changes still to make."""
_APPLICATION_ASSIGNMENT = re.compile(r"(?P<application>.+?) / (?P<kind>USER|GROUP) / (?P<principal>.+)")


def _natural_key(kind: str, name: str) -> str:
    """The key of a record as reports show its name; user names differ not by case, other names may hold ` / `."""
    from holdfast.domain.records import join_key

    if kind == "user":
        return name.casefold()
    if kind == "membership":
        group, _, user = name.rpartition(" / ")
        return join_key(group, user.casefold())
    if kind == "application_assignment" and (found := _APPLICATION_ASSIGNMENT.fullmatch(name)):
        principal = found["principal"].casefold() if found["kind"] == "USER" else found["principal"]
        return join_key(found["application"], found["kind"], principal)
    if kind == "assignment":
        parts = name.split(" / ", 3)
        return join_key(*parts[:3], *(part.casefold() if parts[2] == "USER" else part for part in parts[3:]))
    return name


SELECTION = Selection(
    SYSTEM,
    record_types(SELECTED),
    {str(word): record_types([word]) for word in SELECTED},
    _natural_key,
)


@click.group(name="identity-center")
@shared_options
def identity_center() -> None:
    """Back up, compare and restore AWS IAM Identity Center."""


identity_center.add_command(access)
identity_center.add_command(review)
identity_center.add_command(history)


@identity_center.command()
@click.option(
    "--type",
    "kind",
    type=click.Choice(["full", "incremental"]),
    default="full",
    show_default=True,
    help="Incremental says what changed since an earlier backup; both are complete to read.",
)
@click.option(
    "--since", type=When(), help="Incremental: compare with the newest backup at or before this moment."
)
@resources_option(SELECTION)
@shared_options
@pass_invocation
def backup(invocation: Invocation, kind: str, since: datetime | None, resources: tuple[str, ...]) -> int:
    """Capture, prove complete, encrypt, seal, read back.

    An incremental backup reads everything too and is complete to read; it saves stored bytes, not
    calls, and says what changed since the backup it was compared with.
    """
    from holdfast.kernel.backup import BackupRequest

    with installation(invocation) as home:
        request = BackupRequest(kind, resources, since.isoformat() if since else "")
        return conclude(home, home.runs.launch("backup", SYSTEM, request), invocation)


@identity_center.command()
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


@identity_center.command()
@restore_options(SELECTION)
@click.option(
    "--wait-for-principals",
    "wait_minutes",
    type=click.IntRange(0, LONGEST_WAIT),
    default=0,
    metavar="MINUTES",
    help="Wait so long for users and groups that the identity source brings, before planning.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; print the same as `preview`.")
@shared_options
@pass_invocation
def restore(invocation: Invocation, request: RestoreRequest, wait_minutes: int, dry_run: bool) -> int:
    """Put a backup back: keep what is there now, plan, apply under the journal, read back.

    BACKUP is an id, a prefix of one, a date, or `latest`. `holdfast runs rollback` undoes the run.
    With a mapping and a target it is restored into another account or region.
    """
    from msgspec.structs import replace

    with installation(invocation) as home:
        if dry_run:
            return preview_of(home, SYSTEM, request, invocation)
        request = replace(request, wait_minutes=wait_minutes)
        return conclude(home, home.runs.launch("restore", SYSTEM, request), invocation)


@identity_center.command()
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
