"""`holdfast backups delete`, `prune` and `tier`: what goes, what stays and why, and what lies colder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import emit, installation
from holdfast.kernel.vault.settings import ARCHIVES, AT_ONCE

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.snapshots import SnapshotInfo
    from holdfast.kernel.cleanup import Cleaned
    from holdfast.kernel.retention import Decision, RetentionSettings
    from holdfast.kernel.span import Span
    from holdfast.kernel.vault.prune import Pruned

COUNT = click.IntRange(min=0)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


@click.command()
@click.argument("backup_ids", metavar="BACKUP...", nargs=-1, required=True)
@click.option(
    "--force", is_flag=True, help="Also the last complete backup, and what an unfinished run needs."
)
@dry_run_option
@yes_option
@shared_options
@pass_invocation
def delete(invocation: Invocation, backup_ids: tuple[str, ...], force: bool, dry_run: bool, yes: bool) -> int:
    """Take backups out of the vault. What other backups share stays."""
    from holdfast.delivery.cli.prompting import confirm

    with installation(invocation) as home:
        found = {info.id: info for info in map(home.vault.resolve, backup_ids)}
        chosen = sorted(found.values(), key=lambda info: info.taken_at)
        if not force:
            _refuse_protected(home, chosen)
        if not dry_run and not yes:
            confirm(home.progress, f"Delete {_named(chosen)}?")
        cleaned = home.cleanup.delete([] if dry_run else chosen, "", home.progress)
        if invocation.json:
            emit([_deletion(info, cleaned) for info in chosen])
        elif dry_run:
            click.echo(f"Would delete {_named(chosen)}.")
        else:
            _tell(cleaned)
    return 0


@click.command()
@click.option("--keep-last", type=COUNT, help="Keep so many of the newest.")
@click.option("--keep-daily", type=COUNT, help="Keep the last of so many days that have one.")
@click.option("--keep-weekly", type=COUNT, help="The same of ISO weeks.")
@click.option("--keep-monthly", type=COUNT, help="The same of months.")
@click.option("--keep-yearly", type=COUNT, help="The same of years.")
@click.option(
    "--keep-within", metavar="SPAN", help="Keep everything so long before the newest, as 14d or 1y6m."
)
@click.option("--time-zone", metavar="ZONE", help="Whose days count, as Europe/Berlin.")
@click.option("--system", default="", help="Only backups of this system.")
@dry_run_option
@yes_option
@shared_options
@pass_invocation
def prune(invocation: Invocation, /, system: str, dry_run: bool, yes: bool, **given: int | str | None) -> int:
    """Delete the backups that no rule of retention keeps, and say of each which rules keep it.

    Rules are those of `[retention]` in the settings; an option replaces one of them. Any rule keeps. The last
    complete backup always stays, and so does what an unfinished run needs. Then it does what `holdfast vault
    prune` does, so that what was deleted can be read by nobody.
    """
    from holdfast.delivery.cli.prompting import confirm

    with installation(invocation) as home:
        policy = _policy(home.settings.retention, given)
        decisions = home.cleanup.decide(policy, system.replace("-", "_"))
        doomed = [made.snapshot for made in decisions if not made.keep]
        freed = home.vault.usage().freed([info.id for info in doomed])
        if not invocation.json:
            _explain(home, decisions, policy, freed)
        if doomed and not dry_run and not yes:
            confirm(home.progress, f"Delete {len(doomed)} of {len(decisions)} backups?")
        cleaned = home.cleanup.delete([] if dry_run else doomed, _because(policy), home.progress)
        if invocation.json:
            pruned = None if dry_run else home.cleanup.prune(home.progress)
            emit(
                {
                    "dry_run": dry_run,
                    "policy": policy,
                    "decisions": [_decision(made) for made in decisions],
                    "only_those_need_bytes": freed,
                    "deleted": cleaned.deleted,
                    "locked": cleaned.locked,
                    "pruned": pruned,
                }
            )
        elif not dry_run:
            _tell_pruned(cleaned, home.cleanup.prune(home.progress))
    return 0


@click.command()
@click.option("--older-than", default="90d", show_default=True, metavar="SPAN", help="As 90d, 8w, 6m or 1y.")
@click.option(
    "--storage-class",
    type=click.Choice((*AT_ONCE, *ARCHIVES)),
    default="STANDARD_IA",
    show_default=True,
    help="Where to.",
)
@click.option(
    "--allow-archive", is_flag=True, help="Also a class that must be asked hours before it is read."
)
@dry_run_option
@shared_options
@pass_invocation
def tier(
    invocation: Invocation, older_than: str, storage_class: str, allow_archive: bool, dry_run: bool
) -> int:
    """Move what only old backups need to a colder S3 storage class. Indexes and manifests stay where they are.

    What a backup younger than --older-than needs, or the next backup will read, is not moved. Colder classes
    charge a minimum time for each object and for each read; both are told.
    """
    from holdfast.delivery.cli.retention_screens import show_tiering
    from holdfast.domain.errors import Refused
    from holdfast.kernel.span import parse_zone
    from holdfast.kernel.vault.tiering import carry_out, chosen_class, plan_tiering

    with installation(invocation) as home:
        into, bucket = chosen_class(storage_class, allow_archive=allow_archive), home.bucket
        if bucket is None:
            raise Refused(
                f"the vault is the folder {home.vault.location}, and only S3 has storage classes",
                "Use a vault in S3, or leave tiering to the file system.",
            )
        zone = parse_zone(home.settings.retention.time_zone)
        moment = _span(older_than).before(home.clock.now(), zone)
        found = plan_tiering(home.vault.usage(), bucket, moment, into)
        if not dry_run and found.moves:
            found = carry_out(found, bucket, home.progress)
            home.audit.append(
                "packs moved", home.vault.location, {"class": into.name, "packs": len(found.moves)}
            )
        if invocation.json:
            emit({"dry_run": dry_run, "older_than": moment, "bytes": found.bytes, "tiering": found})
        else:
            with home.progress.paused():
                show_tiering(found, moment, dry_run=dry_run)
    return 0


def _policy(settings: RetentionSettings, given: Mapping[str, int | str | None]) -> RetentionSettings:
    """The settings with the options' rules in place of theirs. Raises: UsageError for a span or zone that is none."""
    from holdfast.domain.errors import UsageError
    from holdfast.kernel.span import parse_span, parse_zone

    policy = settings.with_rules(given)
    try:
        parse_zone(policy.time_zone)
        if policy.keep_within:
            parse_span(policy.keep_within)
    except ValueError as problem:
        raise UsageError(f"--keep-within or --time-zone {problem}.") from problem
    return policy


def _span(text: str) -> Span:
    from holdfast.domain.errors import UsageError
    from holdfast.kernel.span import parse_span

    try:
        return parse_span(text)
    except ValueError as problem:
        raise UsageError(f"--older-than {problem}.") from problem


def _refuse_protected(home: Installation, chosen: Sequence[SnapshotInfo]) -> None:
    from holdfast.domain.errors import Refused

    protected = home.cleanup.protected(chosen)
    if protected:
        told = "; ".join(f"{snapshot} is {reason}" for snapshot, reason in protected.items())
        raise Refused(
            told, "Nothing was deleted. Take another backup first, or give --force to delete it all the same."
        )


def _named(chosen: Sequence[SnapshotInfo]) -> str:
    told = [f"{info.id} of {info.system}, taken {info.taken_at:%Y-%m-%d %H:%M} UTC" for info in chosen]
    return f"backup {told[0]}" if len(told) == 1 else f"{len(told)} backups: {'; '.join(told)}"


def _deletion(info: SnapshotInfo, cleaned: Cleaned) -> Mapping[str, object]:
    import msgspec

    until = next((held.until for held in cleaned.locked if held.id == info.id), None)
    outcome = {"complete": info.complete, "deleted": info.id in cleaned.deleted, "locked_until": until}
    return {**msgspec.to_builtins(info), **outcome}


def _decision(made: Decision) -> Mapping[str, object]:
    info = made.snapshot
    source = {"system": info.system, "account": info.source.account, "instance": info.source.instance}
    state = {"taken_at": info.taken_at, "kind": info.kind, "complete": info.complete}
    return {"id": info.id, **source, **state, "keep": made.keep, "reasons": made.reasons}


def _because(policy: RetentionSettings) -> str:
    return "no rule keeps it: " + ", ".join(f"{name} = {value}" for name, value in policy.rules)


def _explain(
    home: Installation, decisions: Sequence[Decision], policy: RetentionSettings, freed: int
) -> None:
    from holdfast.delivery.cli.retention_screens import show_decisions

    with home.progress.paused():
        show_decisions(decisions, policy, freed)


def _tell(cleaned: Cleaned) -> None:
    for gone in cleaned.deleted:
        click.echo(f"Deleted {gone}. Its bytes stay, encrypted, until `holdfast vault prune` takes them out.")
    for held in cleaned.locked:
        click.echo(f"{held}.")


def _tell_pruned(cleaned: Cleaned, pruned: Pruned) -> None:
    from holdfast.delivery.cli.rendering import show_pruned

    click.echo(f"Deleted {len(cleaned.deleted):,} backups.")
    for held in cleaned.locked:
        click.echo(f"{held}.")
    show_pruned(pruned, dry_run=False)
