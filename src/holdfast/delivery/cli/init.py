"""`holdfast init`: a settings file, a vault and its key."""

from __future__ import annotations

from pathlib import Path

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.domain.errors import Refused


@click.command()
@click.option(
    "--vault",
    "location",
    default=".holdfast/vault",
    show_default=True,
    help="A folder or s3://bucket/prefix.",
)
@shared_options
@pass_invocation
def init(invocation: Invocation, location: str) -> int:
    """Write a settings file to start from, with every setting explained, and make the vault and its key."""
    from holdfast.config import example

    file = invocation.config or Path("holdfast.toml")
    if file.exists():
        raise Refused(
            f"{file} is there already and was left as it is", "Edit it, or name another with --config."
        )
    file.write_text(example({("vault", "location"): location}), encoding="utf-8")
    click.echo(f"Wrote {file}.")
    from holdfast.bootstrap import open_installation
    from holdfast.delivery.cli.rendering import progress_for

    with progress_for(invocation) as progress:
        home = open_installation(file, progress)
        home.create_vault()
        click.echo(f"Made the vault {home.store.location} and its key {home.settings.vault.key_file}.")
        click.echo("Keep a copy of the key file somewhere else: without it nobody can read the backups.")
    return 0
