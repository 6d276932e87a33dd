"""`holdfast init`: a settings file, a vault and its key."""

from __future__ import annotations

from pathlib import Path

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import emit
from holdfast.delivery.cli.vault import made_json
from holdfast.domain.errors import HoldfastError, Refused, UsageError


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
@click.option(
    "--kms-key",
    default="",
    metavar="KEY",
    help="Seal the key file under this AWS KMS key: ARN, id or alias/NAME.",
)
@shared_options
@pass_invocation
def init(invocation: Invocation, location: str, passphrase_env: str, kms_key: str) -> int:
    """Write a settings file to start from, with every setting explained, and make the vault and its key."""
    from holdfast.config import example
    from holdfast.kernel.durable import write_whole

    file = invocation.config or Path("holdfast.toml")
    if file.exists():
        raise Refused(
            f"{file} is there already and was left as it is",
            f"Edit it, or name another with --config. {_go_on(file)}",
        )
    if passphrase_env and kms_key:
        raise UsageError("A KMS key seals a key file, not a passphrase.", "Give one of the two options.")
    chosen: dict[tuple[str, str], str | float] = {("vault", "location"): location}
    if passphrase_env:
        chosen["vault", "passphrase_env"] = passphrase_env
    if kms_key:
        chosen["vault", "kms_key"] = kms_key
    write_whole(file, example(chosen).encode())
    click.echo(f"Wrote {file}.", err=invocation.json)
    from holdfast.bootstrap import open_installation
    from holdfast.delivery.cli.progress import progress_for

    with progress_for(invocation) as progress:
        try:
            made = open_installation(file, progress).create_vault()
        except HoldfastError as error:
            error.add_note(_go_on(file))
            raise
    if invocation.json:
        emit(made_json(made, file))
        return 0
    click.echo(f"Made the vault {made.location}; its secrets: {made.key_location}.")
    what = "passphrase" if passphrase_env else "key file"
    click.echo(f"Keep a copy of the {what} somewhere else: without it nobody can read the backups.")
    if not made.can_erase:
        click.echo("With a passphrase, deleted backups stay readable in old copies of the vault.")
    return 0


def _go_on(file: Path) -> str:
    option = "" if file == Path("holdfast.toml") else f" --config {file}"
    return f"`holdfast vault init{option}` makes the vault that {file} names, where there is none yet."
