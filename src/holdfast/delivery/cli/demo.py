"""`holdfast demo`: the whole story on a sample company, on this machine alone."""

from __future__ import annotations

from pathlib import Path

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options


@click.command()
@click.argument("system", type=click.Choice(["identity-center"]), default="identity-center")
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
    """Back up, lose, restore, prove: on a sandbox with a sample company, no AWS account needed."""
    from holdfast.delivery.cli.rendering import progress_for
    from holdfast.delivery.demonstration import identity_center
    from holdfast.delivery.demonstration.story import Story, fresh_folder

    story = Story(lambda line: click.echo(line, err=invocation.json))
    with progress_for(invocation) as progress:
        identity_center.tell(story, fresh_folder(folder), progress)
    click.echo(last_screen(story, folder, identity_center.RATE))
    return 0
