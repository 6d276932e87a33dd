"""`holdfast runs`: list, show, resume, rollback, report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import conclude, emit, installation

if TYPE_CHECKING:
    from holdfast.domain.runs import Run

STATES = ("running", "complete", "partial", "refused", "failed", "interrupted")


@click.group()
@shared_options
def runs() -> None:
    """See, resume and undo what was run. RUN is an id, a prefix of one, or `latest`."""


@runs.command(name="list")
@click.option("--system", default="", help="Only runs of this system.")
@click.option("--state", type=click.Choice(STATES), help="Only runs that stand so.")
@click.option("--limit", type=click.IntRange(0), default=0, show_default="all", help="The newest so many.")
@shared_options
@pass_invocation
def list_(invocation: Invocation, system: str, state: str | None, limit: int) -> int:
    """Every run, newest first."""
    from holdfast.domain.runs import RunState

    with installation(invocation) as home:
        wanted = RunState(state) if state else None
        found = home.ledger.runs(system=system, state=wanted, limit=limit)
        if invocation.json:
            emit([_run_json(run) for run in found])
        else:
            _show_runs(found)
    return 0


@runs.command()
@click.argument("run_id", metavar="RUN")
@shared_options
@pass_invocation
def show(invocation: Invocation, run_id: str) -> int:
    """What a run did, item by item and change by change, and what to do next."""
    with installation(invocation) as home:
        conclude(home, home.ledger.run(run_id), invocation)
    return 0


@runs.command()
@click.argument("run_id", metavar="RUN", default="latest")
@shared_options
@pass_invocation
def resume(invocation: Invocation, run_id: str) -> int:
    """Go on with a run that was cut off or failed; what it has done already is not done again."""
    with installation(invocation) as home:
        return conclude(home, home.runs.resume(run_id), invocation)


@runs.command()
@click.argument("run_id", metavar="RUN")
@shared_options
@pass_invocation
def rollback(invocation: Invocation, run_id: str) -> int:
    """Undo what a run changed, only where it still stands as the run left it. The rollback is a run, too."""
    with installation(invocation) as home:
        return conclude(home, home.runs.roll_back(run_id), invocation)


@runs.command()
@click.argument("run_id", metavar="RUN", default="latest")
@shared_options
@pass_invocation
def report(invocation: Invocation, run_id: str) -> int:
    """Write a run's evidence again from the ledger, for example into another `--output-dir`."""
    with installation(invocation) as home:
        run = home.ledger.run(run_id)
        home.runs.write_evidence(run)
        conclude(home, run, invocation)
    return 0


def _run_json(run: Run) -> dict[str, object]:
    """A run with `arguments` and `error` as the objects they are."""
    import msgspec

    from holdfast.kernel.showing import masked_bytes

    arguments, error = msgspec.Raw(masked_bytes(run.arguments)), msgspec.Raw(run.error or b"null")
    return {**msgspec.to_builtins(run), "arguments": arguments, "error": error}


def _show_runs(found: Sequence[Run]) -> None:
    from holdfast.delivery.cli.screen import Screen, name, number
    from holdfast.kernel.showing import duration

    screen = Screen()
    if not found:
        screen.line("Nothing was run yet.")
        return
    rows = (
        [
            run.id,
            run.system,
            run.kind,
            run.state.value,
            f"{run.started_at:%Y-%m-%d %H:%M}",
            duration((run.finished_at - run.started_at).total_seconds()) if run.finished_at else "",
            run.undoes,
        ]
        for run in found
    )
    heads = (name("id"), "system", "kind", "state", name("started (UTC)"), number("took"), name("undoes"))
    if screen.narrow:
        # An id must stay whole to be of use; it begins with the time, and `runs show` gives the rest.
        kept = [0, *([1] if len({run.system for run in found}) > 1 else []), 2, 3, 5]
        screen.table([heads[place] for place in kept], ([row[place] for place in kept] for row in rows))
        return
    screen.table(heads, rows)
