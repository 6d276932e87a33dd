"""`holdfast backups export` and `import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import PARTIAL, conclude, emit, installation

if TYPE_CHECKING:
    from holdfast.bootstrap.exchange import Exported, Looked

REFUSED = 4
profile_option = click.option("--profile", default="", help="AWS profile that reaches the bucket.")
role_option = click.option("--role-arn", default="", help="Role to assume for the bucket.")
passphrase_option = click.option(
    "--passphrase-env", metavar="NAME", help="Variable that holds the passphrase."
)


@click.command()
@click.argument("backup_id", metavar="BACKUP")
@click.option("--to", "location", required=True, help="Path, or s3://bucket/key; a folder for plain CSV.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json", "yaml", "csv"]),
    default="json",
    help="How it is written (default: json); csv is a table for each type.",
)
@click.option("--compression", type=click.Choice(["gzip", "zip"]), help="Needed for CSV in one file: zip.")
@click.option("--encrypt", is_flag=True, help="Write a file of age; no byte of it lies anywhere unencrypted.")
@click.option(
    "--recipient", "recipients", multiple=True, help="Public key (age1...) that may read it; may be repeated."
)
@passphrase_option
@click.option("--without-personal", is_flag=True, help="Leave out names, addresses and the like.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@profile_option
@role_option
@shared_options
@pass_invocation
def export(
    invocation: Invocation,
    backup_id: str,
    location: str,
    format_: str,
    compression: str | None,
    encrypt: bool,
    recipients: tuple[str, ...],
    passphrase_env: str | None,
    without_personal: bool,
    overwrite: bool,
    profile: str,
    role_arn: str,
) -> int:
    """Write a backup as a file for other tools, or for another Holdfast. BACKUP: id, prefix, date or `latest`."""
    from holdfast.adapters.age import Locks
    from holdfast.adapters.exchange_places import kind_of
    from holdfast.bootstrap.exchange import ExportOrder
    from holdfast.domain.errors import UsageError
    from holdfast.kernel.exchange.exporting import Shape

    if (recipients or passphrase_env) and not encrypt:
        raise UsageError("Keys are given, but not --encrypt.", "Add --encrypt, or leave the keys out.")
    locks = Locks(recipients, _secret(passphrase_env)) if encrypt else None
    order = ExportOrder(
        shape=Shape(format_, compression or "", encrypt),
        kind=kind_of(location),
        location=location,
        credentials=_named(profile=profile, role_arn=role_arn),
        locks=locks,
        personal=not without_personal,
        overwrite=overwrite,
    )
    with installation(invocation) as home:
        exported = home.exchange.export(backup_id, order)
        with home.progress.paused():
            _show_exported(exported, encrypt, invocation.json)
    return 0


@click.command(name="import")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", "json", "yaml", "csv", "awsideman"]),
    default="auto",
    help="What the file is (default: told from it); awsideman's backups must be named.",
)
@click.option("--dry-run", is_flag=True, help="Examine the file and list every problem; write nothing.")
@click.option("--edited", is_flag=True, help="Take a file that was changed after it was exported.")
@click.option(
    "--identity",
    "identities",
    type=click.Path(path_type=Path),
    multiple=True,
    help="File with private keys of age.",
)
@passphrase_option
@profile_option
@role_option
@click.option("--user", "username", default="", help="User name for an https address.")
@click.option("--password-env", metavar="NAME", help="Variable that holds the password for the address.")
@click.option("--token-env", metavar="NAME", help="Variable that holds a bearer token for the address.")
@shared_options
@pass_invocation
def import_(
    invocation: Invocation,
    source: str,
    format_: str,
    dry_run: bool,
    edited: bool,
    identities: tuple[Path, ...],
    passphrase_env: str | None,
    profile: str,
    role_arn: str,
    username: str,
    password_env: str | None,
    token_env: str | None,
) -> int:
    """Take a file in as a backup of its own. SOURCE: path, s3://bucket/key or https address."""
    from holdfast.adapters.age import Keys
    from holdfast.adapters.exchange_places import kind_of
    from holdfast.bootstrap.exchange import ImportOrder

    credentials = _named(
        profile=profile,
        role_arn=role_arn,
        username=username,
        password=_secret(password_env),
        token=_secret(token_env),
    )
    keys = Keys(_private_keys(identities), _secret(passphrase_env))
    order = ImportOrder(kind_of(source), source, format_, credentials, keys, edited)
    with installation(invocation) as home:
        if not dry_run:
            return conclude(home, home.exchange.bring_in(order), invocation)
        with home.exchange.look(order) as looked:
            return _show_looked(looked, edited, invocation.json)


def _named(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _secret(variable: str | None) -> str:
    """The value of a variable that must be set. Raises: UsageError."""
    from holdfast.domain.errors import UsageError

    if variable and not os.environ.get(variable):
        raise UsageError(f"The variable {variable} is not set, or empty.", "Set it, or leave the option out.")
    return os.environ[variable] if variable else ""


def _private_keys(files: tuple[Path, ...]) -> tuple[str, ...]:
    """The keys in files as `age-keygen` writes them. Raises: NotFound."""
    from holdfast.domain.errors import NotFound

    keys: list[str] = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise NotFound(
                "file of private keys", str(file), "Name the file that `age-keygen -o` made."
            ) from error
        keys += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return tuple(keys)


def _show_exported(exported: Exported, encrypted: bool, as_json: bool) -> None:
    from holdfast.kernel.exchange.layout import LEFT_OUT
    from holdfast.kernel.showing import byte_size

    written, sections = (
        exported.written,
        [part for part in exported.outgoing.sections if part.summary.captured],
    )
    without = exported.outgoing.metadata.personal == LEFT_OUT
    if as_json:
        emit(
            {
                "backup": exported.snapshot.id,
                "location": exported.location,
                "files": written.files,
                "bytes": written.size,
                "sha256": written.digest,
                "encrypted": encrypted,
                "personal_fields": not without,
                "records": {part.type: part.summary.count for part in sections},
                "incomplete": [part.type for part in sections if not part.summary.complete],
            }
        )
        return
    count = sum(part.summary.count for part in sections)
    click.echo(
        f"Wrote {count:,} records of {exported.snapshot.id} to {exported.location} ({byte_size(written.size)})."
    )
    click.echo(f"SHA-256 {written.digest}" + (f" of {written.files[-1]}" if len(written.files) > 1 else ""))
    for part in sections:
        if not part.summary.complete:
            click.echo(f"  {part.type} is incomplete: {part.summary.reason}")
    if not encrypted:
        hint = "" if without else " with names and addresses"
        click.echo(f"It is not encrypted: whoever has it reads who may do what{hint}.")


def _show_looked(looked: Looked, edited: bool, as_json: bool) -> int:
    """Print what an examination found; 0, 3 for a file that lacks something, 4 for one that cannot be imported."""
    examined = looked.held.examined if looked.held else None
    refused = examined is None or examined.problems or (examined.edited and not edited)
    parts = examined.sections if examined else {}
    lacking = [name for name, part in parts.items() if part.captured and not part.complete]
    if as_json:
        found = {"source": looked.location, "sha256": looked.digest, "importable": not refused}
        records = {name: part.count for name, part in parts.items() if part.captured}
        emit({**found, "records": records, "incomplete": lacking, "findings": looked.findings})
    else:
        for finding in looked.findings:
            click.echo(f"{finding.severity.value}: {finding.message}")
        if examined and examined.more:
            click.echo(f"... and {examined.more:,} more")
        for name in lacking:
            click.echo(f"{name} is incomplete: {parts[name].reason}")
        count = sum(part.count for part in parts.values())
        told = "cannot be imported" if refused else f"can be imported: {count:,} records"
        click.echo(f"{looked.location} {told}. Nothing was written.")
    return REFUSED if refused else PARTIAL if lacking else 0
