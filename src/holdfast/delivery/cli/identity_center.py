"""`holdfast identity-center`: back up, preview, restore and compare."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from holdfast.api_models import ResourceType
from holdfast.api_records import SELECTED, record_types
from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import conclude, emit, installation
from holdfast.domain.changes import ConflictStrategy
from holdfast.domain.errors import UsageError

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.records import RecordView
    from holdfast.kernel.restore import RestoreRequest

SYSTEM = "identity_center"
PARTIAL, CHECK_FAILED = 3, 5
_APPLICATION_ASSIGNMENT = re.compile(r"(?P<application>.+?) / (?P<kind>USER|GROUP) / (?P<principal>.+)")


class ResourceList(click.ParamType[tuple[str, ...]]):
    """A comma-separated list of resource words, as the record types they stand for."""

    name = ",".join(SELECTED) + "|all"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The record types, each once. Raises: BadParameter naming an unknown word."""
        if isinstance(value, tuple):
            return value
        words = [word.strip().replace("-", "_") for word in str(value).split(",") if word.strip()]
        chosen = [str(word) for word in SELECTED] if words == ["all"] else words
        unknown = [word for word in chosen if word not in SELECTED]
        if unknown or not chosen:
            self.fail(
                f"{', '.join(unknown) or 'nothing'} is no resource; known: {', '.join(SELECTED)}, all",
                param,
                ctx,
            )
        return record_types(ResourceType(word) for word in chosen)


class RecordName(click.ParamType[tuple[str, str]]):
    """TYPE:NAME of one record; the parts of a composite name are separated by ` / `."""

    name = "type:name"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The record type and the natural key. Raises: BadParameter for another shape."""
        if isinstance(value, tuple):
            return value
        kind, colon, name = str(value).partition(":")
        known = tuple(dict.fromkeys(name for names in SELECTED.values() for name in names))
        if not colon or kind not in known:
            self.fail(f"{value!r} is not TYPE:NAME with a type of {', '.join(known)}", param, ctx)
        return kind, _natural_key(kind, name)


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


resources_option = click.option(
    "--resources",
    type=ResourceList(),
    default="all",
    show_default=True,
    help="Which resources, comma separated.",
)


@click.group(name="identity-center")
@shared_options
def identity_center() -> None:
    """Back up, compare and restore AWS IAM Identity Center."""


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
    "--since", default="", help="Incremental: compare with the newest backup at or before this moment."
)
@resources_option
@shared_options
@pass_invocation
def backup(invocation: Invocation, kind: str, since: str, resources: tuple[str, ...]) -> int:
    """Capture, prove complete, encrypt, seal, read back.

    An incremental backup reads everything too and is complete to read; it saves stored bytes, not
    calls, and says what changed since the backup it was compared with.
    """
    from holdfast.kernel.backup import BackupRequest

    with installation(invocation) as home:
        request = BackupRequest(kind, resources, _moment(since))
        return conclude(home, home.runs.launch("backup", SYSTEM, request), invocation)


def restore_options(command: click.decorators.FC) -> click.decorators.FC:
    """The options that restore and preview share."""
    strategy = click.Choice([strategy.value for strategy in ConflictStrategy])
    for option in reversed(
        (
            click.argument("backup_id", metavar="BACKUP"),
            resources_option,
            click.option(
                "--only", type=RecordName(), multiple=True, help="Only this record; may be repeated."
            ),
            click.option(
                "--conflict-strategy",
                type=strategy,
                default="overwrite",
                show_default=True,
                help="What to do with a record that differs from the backup's.",
            ),
            click.option(
                "--delete-extra", is_flag=True, help="Delete records that the backup does not have."
            ),
            click.option("--allow-lockout", is_flag=True, help="Go on though it removes your own access."),
        )
    ):
        command = option(command)
    return command


@identity_center.command()
@restore_options
@shared_options
@pass_invocation
def preview(
    invocation: Invocation,
    backup_id: str,
    resources: tuple[str, ...],
    only: tuple[tuple[str, str], ...],
    conflict_strategy: str,
    delete_extra: bool,
    allow_lockout: bool,
) -> int:
    """Show what a restore would do now: counts, conflicts, warnings, duration, what cannot return.

    BACKUP is an id, a prefix of one, a date, or `latest`.
    """
    request = _request(backup_id, resources, only, conflict_strategy, delete_extra, allow_lockout)
    with installation(invocation) as home:
        return _preview(home, request, invocation)


@identity_center.command()
@restore_options
@click.option("--dry-run", is_flag=True, help="Change nothing; print the same as `preview`.")
@shared_options
@pass_invocation
def restore(
    invocation: Invocation,
    backup_id: str,
    resources: tuple[str, ...],
    only: tuple[tuple[str, str], ...],
    conflict_strategy: str,
    delete_extra: bool,
    allow_lockout: bool,
    dry_run: bool,
) -> int:
    """Put a backup back: keep what is there now, plan, apply under the journal, read back.

    BACKUP is an id, a prefix of one, a date, or `latest`. `holdfast runs rollback` undoes the run.
    """
    request = _request(backup_id, resources, only, conflict_strategy, delete_extra, allow_lockout)
    with installation(invocation) as home:
        if dry_run:
            return _preview(home, request, invocation)
        return conclude(home, home.runs.launch("restore", SYSTEM, request), invocation)


@identity_center.command()
@click.argument("backup_id", metavar="BACKUP")
@click.argument("other", metavar="[OTHER|live]", default="live")
@resources_option
@click.option("--exit-code", is_flag=True, help="Exit 5 when anything differs.")
@shared_options
@pass_invocation
def diff(
    invocation: Invocation, backup_id: str, other: str, resources: tuple[str, ...], exit_code: bool
) -> int:
    """Compare a backup with another one, or with what is live now (the default).

    Exit 3 when a part could not be compared because one side was not read whole.
    """
    from holdfast.delivery.cli.rendering import show_differences
    from holdfast.kernel.compare import DifferenceKind, compare

    with installation(invocation) as home:
        left = home.vault.read(home.vault.resolve(backup_id, SYSTEM))
        if other != "live":
            other = home.vault.resolve(other, SYSTEM).id
        right = _other_view(home, other, resources)
        types = [name for name in resources if name in left.types and name in right.types]
        found = list(compare(home.system(SYSTEM), left, right, types))
        if invocation.json:
            emit(found)
        else:
            with home.progress.paused():
                show_differences(found, left.info.id, other)
        for view, name in ((left, left.info.id), (right, other)):
            _say_left_out([kind for kind in resources if kind not in view.types], name, invocation)
        if any(part.kind is DifferenceKind.UNKNOWN for part in found):
            return PARTIAL
        return CHECK_FAILED if found and exit_code else 0


def _say_left_out(missing: list[str], backup: str, invocation: Invocation) -> None:
    if missing:
        told = f"Not compared, because {backup} leaves it out: {', '.join(missing)}."
        click.echo(told, err=invocation.json)


def _other_view(home: Installation, other: str, resources: tuple[str, ...]) -> RecordView:
    from holdfast.kernel.views import MemoryView

    if other != "live":
        return home.vault.read(home.vault.resolve(other, SYSTEM))
    parts = list(home.system(SYSTEM).source().capture(resources, home.progress))
    for part in parts:
        if not part.complete:
            click.echo(f"Not read whole: {part.type}: {part.reason}", err=True)
    return MemoryView(parts)


def _preview(home: Installation, request: RestoreRequest, invocation: Invocation) -> int:
    from holdfast.delivery.cli.rendering import show_preview

    found = home.restore(SYSTEM).preview(request, home.choose, home.progress)
    if invocation.json:
        emit(found.to_json())
    else:
        with home.progress.paused():
            show_preview(found)
    return 0


def _request(
    backup_id: str,
    resources: tuple[str, ...],
    only: tuple[tuple[str, str], ...],
    conflict_strategy: str,
    delete_extra: bool,
    allow_lockout: bool,
) -> RestoreRequest:
    from holdfast.delivery.cli.prompting import refuse_prompt_without_terminal
    from holdfast.kernel.restore import RestoreRequest

    if conflict_strategy == ConflictStrategy.PROMPT:
        refuse_prompt_without_terminal()  # before anything is read, not at the first conflict
    types = tuple(dict.fromkeys(name for name, _ in only)) or resources
    return RestoreRequest(
        snapshot=backup_id,
        types=types,
        strategy=ConflictStrategy(conflict_strategy),
        keys=only,
        delete_extra=delete_extra,
        allow_lockout=allow_lockout,
    )


def _moment(text: str) -> str:
    """An RFC 3339 moment in UTC. Raises: UsageError for anything else."""
    from datetime import UTC, datetime

    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since {text!r} is no date or time.", "Write 2026-11-20 or 2026-11-20T09:00:00Z."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
