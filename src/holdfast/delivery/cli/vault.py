"""`holdfast vault`: init, check, repair, prune, rotate-key; others from modules of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.files import diff, extract, ls, save
from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import VAULT_DAMAGED, emit, installation
from holdfast.delivery.cli.vault_stats import old_versions, stats, versions_line

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.kernel.vault.repair import Repair
    from holdfast.kernel.vault.vault import Vault

LISTED = 20


@click.group()
@shared_options
def vault() -> None:
    """Make, check, repair and measure the encrypted store; save files in it and get them out."""


for command in (save, extract, ls, diff, stats):
    vault.add_command(command)


@vault.command()
@shared_options
@pass_invocation
def init(invocation: Invocation) -> int:
    """Make the vault and its key where the settings say; refused where there is anything already."""
    with installation(invocation) as home:
        made, replica = home.create_vault(), home.settings.vault.replica
        if invocation.json:
            emit(made_json(made, home.settings.file))
            return 0
        click.echo(f"Made the vault {made.location}{' and its second place' if replica else ''}.")
        click.echo(
            f"Its secrets: {made.key_location}. Keep a copy somewhere safe: nothing can be read without them."
        )
        if not made.can_erase:
            click.echo("With a passphrase, deleted backups stay readable in old copies of the vault.")
    return 0


@vault.command()
@click.option("--read-data", is_flag=True, help="Read every byte of every backup, not only what is there.")
@shared_options
@pass_invocation
def check(invocation: Invocation, read_data: bool) -> int:
    """Account for every object of the vault; exit 20 and name what is damaged or missing."""
    from holdfast.delivery.cli.rendering import show_verification

    with installation(invocation) as home:
        found = home.vault.check(read_data=read_data, progress=home.progress)
        if invocation.json:
            emit(found)
        else:
            with home.progress.paused():
                show_verification(found)
            if found.problems and home.settings.vault.replica:
                click.echo("`holdfast vault repair` heals what one of the two places still has.")
            for left in found.garbage[:LISTED]:
                click.echo(f"  unused: {left.name} ({left.size:,} bytes)")
            if len(found.garbage) > LISTED:
                click.echo(f"  ... and {len(found.garbage) - LISTED:,} more unused objects")
            if found.garbage:
                click.echo("No backup needs what is unused; `holdfast vault prune` removes it.")
            versions = old_versions(home)
            if versions and versions.objects:
                click.echo(f"{versions_line(versions)}; nobody reads them.")
        return 0 if found.sound else VAULT_DAMAGED


@vault.command()
@click.option("--dry-run", is_flag=True, help="Say what would go; write and delete nothing.")
@shared_options
@pass_invocation
def prune(invocation: Invocation, dry_run: bool) -> int:
    """Remove what no backup needs, so that nobody can read it any more, not even in an old copy of the vault.

    It deletes no backup: `holdfast backups delete` does, or by rules `holdfast backups prune`.
    """
    from holdfast.delivery.cli.rendering import show_pruned

    with installation(invocation) as home:
        done = home.cleanup.prune(home.progress, dry_run=dry_run)
        if invocation.json:
            emit(done)
        else:
            with home.progress.paused():
                show_pruned(done, dry_run=dry_run)
    return 0


@vault.command(name="rotate-key")
@click.option(
    "--kms-key", default="", metavar="KEY", help="Seal the key file under this AWS KMS key from now on."
)
@click.option(
    "--new-passphrase-env", default="", metavar="NAME",
    help="Protect the vault with the passphrase in this environment variable from now on.",
)  # fmt: skip
@click.option("--key-file", "plain", is_flag=True, help="Keep the keys in a plain key file from now on.")
@shared_options
@pass_invocation
def rotate_key(invocation: Invocation, kms_key: str, new_passphrase_env: str, plain: bool) -> int:
    """New keys for all that is stored from now on; the secrets are sealed anew, under an alias's present key.

    What is stored already stays as it is and can be read. Keep a copy of the new key file: the old one
    does not open what is stored from now on, but it still opens what was stored before.
    """
    from holdfast.bootstrap.keys import Wanted, rotate_keys

    with installation(invocation) as home:
        done = rotate_keys(
            home.settings, home.store, home.key_service, Wanted(new_passphrase_env, kms_key, plain)
        )
        home.audit.append("vault keys rotated", "vault", {"vault": done.id, "epoch": str(done.epoch)})
        if invocation.json:
            emit(done)
            return 0
        click.echo(f"New data is sealed under epoch {done.epoch}; the secrets: {done.key_location}.")
        if done.can_erase:
            click.echo(
                "Keep a copy of the new key file somewhere safe, and copy it to every machine that uses it."
            )
        else:
            click.echo("With a passphrase, deleted backups stay readable in old copies of the vault.")
        for line in done.settings:
            click.echo(f"You must now set, under [vault] in {home.settings.file or 'the settings'}: {line}")
    return 0


@vault.command()
@click.option("--dry-run", is_flag=True, help="Say what would be healed and what is lost; change nothing.")
@click.option(
    "--drop-unreadable", is_flag=True, help="Take the backups that cannot be read whole out of the vault."
)
@click.option("--yes", is_flag=True, help="Do not ask before that.")
@shared_options
@pass_invocation
def repair(invocation: Invocation, dry_run: bool, drop_unreadable: bool, yes: bool) -> int:
    """Read everything and heal it from the vault's second place; exit 20 and name what is lost.

    What is missing or wrong in one place is written anew there where the other place has it right. Without a
    second place nothing can be healed, and the command names the records that are lost.
    """
    from holdfast.delivery.cli.rendering import show_repair

    with installation(invocation) as home:
        found = home.vault_to_repair().repair(dry_run=dry_run, progress=home.progress)
        if found.healed and not dry_run:
            home.audit.append("vault repaired", "vault", {"healed": len(found.healed)})
        if not invocation.json:
            with home.progress.paused():
                show_repair(found)
        if drop_unreadable and found.unreadable and not dry_run:
            found = _drop(home, found, ask=not yes)
        if invocation.json:
            emit(found)
        sound = home.vault.check(read_data=True).sound if found.dropped else found.left.sound
        return 0 if sound else VAULT_DAMAGED


def _drop(home: Installation, found: Repair, *, ask: bool) -> Repair:
    """The repair with its unreadable backups taken out of the vault."""
    from holdfast.delivery.cli.prompting import confirm

    if ask:
        confirm(home.progress, f"Drop {len(found.unreadable)} backups that cannot be read whole?")
    for snapshot in found.unreadable:
        home.cleanup.drop(snapshot)
        click.echo(f"Dropped {snapshot}.", err=True)
    return replace(found, dropped=found.unreadable)


def made_json(made: Vault, file: Path | None) -> Mapping[str, object]:
    """A new vault as a JSON object, with the settings file that names it."""
    return {
        "id": made.id,
        "location": made.location,
        "key_location": made.key_location,
        "can_erase": made.can_erase,
        "settings": str(file) if file else None,
    }
