"""From a command line to an installation, and from a finished run to a screen and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.runs import Run

PARTIAL, CHECK_FAILED, VAULT_DAMAGED = 3, 5, 20
"""Exit codes of commands that end well and found something."""


@contextmanager
def installation(invocation: Invocation) -> Iterator[Installation]:
    """The installation that the command line names; runs that were cut off are named on stderr first."""
    from holdfast.bootstrap import open_installation
    from holdfast.delivery.cli.progress import progress_for
    from holdfast.delivery.cli.prompting import TerminalChooser
    from holdfast.kernel.showing import are_revealed

    with progress_for(invocation) as progress, _talking(invocation.verbose):
        home = open_installation(
            invocation.config, progress, choose=TerminalChooser(progress), reports_dir=invocation.output_dir
        )
        for run in home.recover_abandoned():
            click.echo(_cut_off(run), err=True)
        if are_revealed():
            home.audit.append(
                "personal values shown", "", {"command": click.get_current_context().command_path}
            )
        yield home


def _cut_off(run: Run) -> str:
    """What is said of a run whose process went away."""
    from holdfast.domain.runs import RunState

    if run.state is not RunState.INTERRUPTED:
        return f"Run {run.id} ({run.kind}) was cut off when its work was done; its evidence is written now."
    told = f"Run {run.id} ({run.kind}) was cut off; its evidence is written."
    if run.kind == "drill":
        return f"{told} Its sandbox is gone: start the drill again."
    return f"{told} Go on with `holdfast runs resume {run.id}`."


@contextmanager
def _talking(verbose: int) -> Iterator[None]:
    """With -v what happens is logged on stderr, with -vv every call too."""
    if not verbose:
        yield
        return
    import logging

    logger, handler = logging.getLogger("holdfast"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s %(facts)s", defaults={"facts": ""}))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def conclude(home: Installation, run: Run, invocation: Invocation) -> int:
    """Show what a run came to and where its evidence lies; its exit code."""
    report = home.runs.report(run)
    if invocation.json:
        emit(report.to_json())
    else:
        from holdfast.delivery.cli.run_screen import show_report

        with home.progress.paused():
            show_report(report, home.runs.evidence_folder(run))
    return report.exit_code


def emit(result: object) -> None:
    """The result as one line of JSON on stdout; bytes are JSON already."""
    import msgspec

    print_bytes([result if isinstance(result, bytes) else msgspec.json.encode(result), b"\n"])


def print_bytes(chunks: Iterable[bytes]) -> None:
    """The bytes as they are on stdout."""
    sys.stdout.buffer.writelines(chunks)
    sys.stdout.buffer.flush()
