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
@click.option(
    "--passphrase-env",
    default="",
    metavar="NAME",
    help="Protect the vault with the passphrase in this environment variable instead of a key file.",
)
@shared_options
@pass_invocation
def init(invocation: Invocation, location: str, passphrase_env: str) -> int:
    """Write a settings file to start from, with every setting explained, and make the vault and its key."""
    from holdfast.config import example

    file = invocation.config or Path("holdfast.toml")
    if file.exists():
        raise Refused(
            f"{file} is there already and was left as it is", "Edit it, or name another with --config."
        )
    chosen: dict[tuple[str, str], str | float] = {("vault", "location"): location}
    if passphrase_env:
        chosen["vault", "passphrase_env"] = passphrase_env
    file.write_text(example(chosen), encoding="utf-8")
    click.echo(f"Wrote {file}.")
    from holdfast.bootstrap import open_installation
    from holdfast.delivery.cli.progress import progress_for

    with progress_for(invocation) as progress:
        home = open_installation(file, progress)
        made = home.create_vault()
        what = "passphrase" if passphrase_env else "key file"
        click.echo(f"Made the vault {made.location}; its secrets: {made.key_location}.")
        click.echo(f"Keep a copy of the {what} somewhere else: without it nobody can read the backups.")
        if not made.can_erase:
            click.echo("With a passphrase, deleted backups stay readable in old copies of the vault.")
    return 0
