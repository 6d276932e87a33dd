"""`holdfast sandbox`: a stand-in for IAM Identity Center with a sample company, for any AWS client."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options

if TYPE_CHECKING:
    from holdfast.sandbox.engine import Status
    from holdfast.sandbox.process import Running

_state_dir = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".holdfast/sandbox"),
    show_default=True,
    help="Folder with the state file and the log of a running sandbox.",
)


@click.group()
@shared_options
def sandbox() -> None:
    """Run strict stand-ins for IAM Identity Center and QuickSight with a sample company."""


@sandbox.command()
@click.option("--detach", is_flag=True, help="Return once it serves; stop it with `holdfast sandbox stop`.")
@click.option(
    "--scale",
    type=click.Choice(["empty", "tiny", "small", "medium", "large"]),
    default="tiny",
    show_default=True,
    help="Size of the sample company: 0, about 40, 200, 5,000 or 50,000 users.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another number gives another company.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Requests a second for Identity Center, as AWS's 20. Default: no limit.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 finds a free port."
)
@click.option(
    "--account",
    metavar="ID",
    help="Management account; another one has its own instance and members. Default: 123456789012.",
)
@click.option("--region", help="Home region of the instance. Default: us-east-1.")
@click.option("--enforce-iam", is_flag=True, help="Refuse what the IAM policies of a caller do not allow.")
@_state_dir
@shared_options
@pass_invocation
def start(
    invocation: Invocation,
    detach: bool,
    scale: str,
    seed: int,
    rate: float | None,
    port: int,
    account: str | None,
    region: str | None,
    enforce_iam: bool,
    state_dir: Path,
) -> None:
    """Start a sandbox on 127.0.0.1."""
    from holdfast.sandbox import process
    from holdfast.sandbox.engine import Setup
    from holdfast.sandbox.portrait import HOME_REGION, MANAGEMENT_ACCOUNT

    if account is not None and not re.fullmatch(r"\d{12}", account):
        raise click.BadParameter("an account id has 12 digits.", param_hint="--account")
    setup = Setup(
        scale=scale,
        seed=seed,
        rate=rate,
        account=account or MANAGEMENT_ACCOUNT,
        region=region or HOME_REGION,
        enforce_iam=enforce_iam,
    )
    tell = _emit if invocation.json else _tell
    if not detach:
        process.serve(setup, port, state_dir, ready=tell)
        return
    tell(process.start_detached(setup, port, state_dir))


@sandbox.command()
@_state_dir
@shared_options
@pass_invocation
def stop(invocation: Invocation, state_dir: Path) -> None:
    """Stop the running sandbox; what it held is gone."""
    from holdfast.sandbox import process

    running = process.stop(state_dir)
    if invocation.json:
        _emit(running)
        return
    click.echo(f"The sandbox at {running.url} (process {running.pid}) is stopped.")


@sandbox.command()
@_state_dir
@shared_options
@pass_invocation
def status(invocation: Invocation, state_dir: Path) -> None:
    """Show requests per operation, throttles given and changes applied."""
    import msgspec

    from holdfast.sandbox import process

    found = process.status(state_dir)
    click.echo(msgspec.json.encode(found).decode() if invocation.json else _summary(found))


@sandbox.command()
@_state_dir
@shared_options
@pass_invocation
def env(invocation: Invocation, state_dir: Path) -> None:
    """Print the environment of the running sandbox, for `eval`."""
    from holdfast.sandbox import process

    if invocation.json:
        import json

        click.echo(json.dumps(process.variables(state_dir)))
        return
    click.echo(process.env(state_dir))


def _emit(running: Running) -> None:
    import msgspec

    click.echo(msgspec.json.encode({**msgspec.to_builtins(running), "url": running.url}).decode())


def _tell(running: Running) -> None:
    click.echo(f"The sandbox serves at {running.url} (process {running.pid}).")
    click.echo('Point AWS clients at it with: eval "$(holdfast sandbox env)"')


def _summary(found: Status) -> str:
    rate = "no limit" if found.rate is None else f"{found.rate:g} requests/s"
    held = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in found.objects.items())
    lines = [
        f"{found.url} (process {found.pid}), up {found.uptime:.0f} s",
        f"{found.scale}, seed {found.seed}, {rate}",
        f"account {found.management_account}, {found.region}{', IAM enforced' if found.enforce_iam else ''}",
        f"holds {held}",
        f"{found.requests_total} requests, {found.throttled_total} throttled, {found.changes_total} changes",
        f"at most {found.outstanding_peak} asynchronous requests at once",
    ]
    lines += [f"  {number:7} {name}" for name, number in found.requests.items()]
    return "\n".join(lines)
