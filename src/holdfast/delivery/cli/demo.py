"""`holdfast demo`: the whole story on a sample company, on this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options

if TYPE_CHECKING:
    from holdfast.delivery.demonstration.story import Story

CHAPTERS = ("identity-center", "quicksight", "scans")


@click.command()
@click.argument("system", type=click.Choice(["all", *CHAPTERS]), default="all")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".holdfast/demo"),
    show_default=True,
    help="Where vault, ledger and reports of the demo go; emptied first if an earlier demo made it.",
)
@shared_options
@pass_invocation
def demo(invocation: Invocation, system: str, folder: Path) -> int:
    """Back up, lose, restore, prove; publish and compare scans: on a sandbox, no AWS account needed.

    SYSTEM is one chapter of the story; without it all are told.
    """
    from holdfast.delivery.cli.progress import progress_for
    from holdfast.delivery.demonstration import identity_center, quicksight, scans
    from holdfast.delivery.demonstration.story import RATE, Stopped, Story, fresh_folder
    from holdfast.domain.errors import Interrupted

    try:
        with progress_for(invocation) as progress:

            def say(line: str) -> None:
                with progress.paused():
                    click.echo(line, err=invocation.json)

            story, place = Story(say), fresh_folder(folder)
            for name, chapter in zip(CHAPTERS, (identity_center, quicksight, scans), strict=True):
                if system in ("all", name):
                    chapter.tell(story, place, progress)
    except (Interrupted, KeyboardInterrupt) as stop:
        raise Stopped(str(folder)) from stop
    click.echo(_last_screen(story, folder, RATE), err=invocation.json)
    return 0


def _last_screen(story: Story, folder: Path, rate: float) -> str:
    """What happened, and where the evidence lies."""
    seconds = sum(step.seconds for step in story.told)
    width = max(len(step.title) for step in story.told)
    lines = ["", click.style("What happened", bold=True)]
    lines += [f"  {step.title:<{width}}  {step.outcome}" for step in story.told]
    lines += [
        "",
        click.style("Where the evidence lies", bold=True),
        f"  reports   {folder / 'reports'}  (a folder for each run: report.html, report.txt, manifest.json)",
        f"  vault     {folder / 'vault'}  (encrypted; key {folder / 'vault.key'})",
        f"  ledger    {folder / 'data' / 'ledger.sqlite'}  (every change, with its old value and its outcome)",
        "",
        f"Tiny sample company at {rate:.0f} requests/s (the real service allows 20), all in {seconds:.0f} s.",
        f"Look around: holdfast --config {folder / 'holdfast.toml'} runs list",
    ]
    return "\n".join(lines)
