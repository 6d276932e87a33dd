"""`holdfast scans`: publish, list, diff, trend, resend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import CHECK_FAILED, emit, installation
from holdfast.domain.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.bootstrap.scans import Delivery
    from holdfast.systems.scans.model import Scan, ScanDiff

LISTS = ("new", "reopened", "unknown")
TABLES = ("athena", "glue", "quicksight")
LEVELS = ("critical", "high", "medium", "low", "info")


class FailOn(click.ParamType[tuple[str, str]]):
    """LIST or LIST:SEVERITY, such as `new:high`; without severity any finding of the list counts."""

    name = "list[:severity]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The list and the severity in small letters. Raises: BadParameter for other words."""
        if isinstance(value, tuple):
            return value
        kind, _, severity = str(value).casefold().partition(":")
        if kind not in LISTS or (severity or LEVELS[-1]) not in LEVELS:
            self.fail(
                f"{value!r} is not LIST[:SEVERITY] of {', '.join(LISTS)} and {', '.join(LEVELS)}", param, ctx
            )
        return kind, severity or LEVELS[-1]


store_option = click.option(
    "--store", default="", metavar="FOLDER|S3URL", help="Where published scans are (default: the bucket set)."
)
project_option = click.option("--project", default="", help="Only scans of this project.")
branch_option = click.option("--branch", default="", help="Only scans of this branch.")


@click.group()
@shared_options
def scans() -> None:
    """Publish results of ASH (automated-security-helper) to S3, and see what changed between scans."""


@scans.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where local copies go (default: `reports` beside each file, as ASH has it).",
)
@shared_options
@pass_invocation
def publish(invocation: Invocation, files: tuple[Path, ...], reports: Path | None) -> int:
    """Publish ash_aggregated_results.json of one or more scans: a local copy first, then each object once.

    What cannot be sent now waits and is sent by `holdfast scans resend`.
    """
    from holdfast.delivery.cli.scan_screens import show_deliveries

    with installation(invocation) as home:
        made, failed = list["Delivery"](), list[HoldfastError]()
        for file in files:
            try:
                made.append(home.scans.publish(file, reports=reports))
            except HoldfastError as error:
                if len(files) > 1:
                    click.echo(f"{file}: {error}", err=True)
                failed.append(error)
        if made or len(files) > 1:
            show_deliveries(home, made, as_json=invocation.json)
        return _came_to(home, made, failed)


@scans.command()
@shared_options
@pass_invocation
def resend(invocation: Invocation) -> int:
    """Send every scan that waits; each is delivered once. Settings of today win over those it was started with."""
    from holdfast.delivery.cli.scan_screens import show_deliveries

    with installation(invocation) as home:
        waiting, made, failed = home.scans.waiting(), list["Delivery"](), list[HoldfastError]()
        for place, run in enumerate(waiting):
            try:
                made.append(home.scans.delivery(home.runs.resume(run.id)))
            except HoldfastError as error:
                failed.append(error)
                if error.ends_run:  # the next would meet it too
                    error.add_note(f"{len(waiting) - place} scans wait: `holdfast scans resend`.")
                    break
        if made or not failed:
            show_deliveries(home, made, as_json=invocation.json)
        return _came_to(home, made, failed)


def _came_to(home: Installation, made: Sequence[Delivery], failed: Sequence[HoldfastError]) -> int:
    """The worst exit code. Raises: the first error."""
    if failed:
        raise failed[0]
    return max((home.scans.exit_code(each) for each in made), default=0)


@scans.command(name="list")
@store_option
@project_option
@branch_option
@click.option("--limit", default=0, show_default="all", help="The newest so many.")
@shared_options
@pass_invocation
def list_(invocation: Invocation, store: str, project: str, branch: str, limit: int) -> int:
    """Published scans, newest first, and how many wait to be sent."""
    from holdfast.delivery.cli.scan_screens import manifests_json, show_manifests

    with installation(invocation) as home:
        found = home.scans.published(store, project, branch).manifests(limit)[::-1]
        if invocation.json:
            emit(manifests_json(found))
        else:
            show_manifests(found, len(home.scans.waiting()))
    return 0


@scans.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@store_option
@project_option
@branch_option
@click.option(
    "--fail-on",
    type=FailOn(),
    multiple=True,
    help="Exit 5 for such findings: `new:high`, `reopened`, `unknown`.",
)
@shared_options
@pass_invocation
def diff(
    invocation: Invocation,
    before: str,
    after: str,
    store: str,
    project: str,
    branch: str,
    fail_on: tuple[tuple[str, str], ...],
) -> int:
    """What changed from scan A to scan B: new, fixed, unchanged, reopened, suppressed, unknown.

    A and B are result files, or published scans: an id, a prefix of one, `latest`, `previous`. A finding
    of a scanner that did not run in B is unknown, not fixed.
    """
    from holdfast.delivery.cli.scan_screens import diff_json, show_diff
    from holdfast.systems.scans.comparison import compare

    with installation(invocation) as home:
        where = (store, project, branch)
        first, history = _scan(home, before, where, with_history=True)
        second, _ = _scan(home, after, where)
        found = compare(first, second, history)
        if invocation.json:
            emit(diff_json(found))
        else:
            show_diff(found, second)
    return CHECK_FAILED if any(_fails(found, *rule) for rule in fail_on) else 0


@scans.command()
@store_option
@project_option
@branch_option
@click.option("--limit", default=30, show_default=True, help="The newest so many scans.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with a chart.")
@shared_options
@pass_invocation
def trend(
    invocation: Invocation, store: str, project: str, branch: str, limit: int, html: Path | None
) -> int:
    """Open findings scan by scan, with what was new and fixed; a scan that did not look is never clean."""
    from holdfast.delivery.cli.scan_screens import show_trend, trend_json, trend_page
    from holdfast.systems.scans.trend import trend as rows_of

    with installation(invocation) as home:
        published = home.scans.published(store, project, branch)
        rows = rows_of(published.scan(manifest) for manifest in published.manifests(limit))
        if html is not None:
            html.write_text(trend_page(rows), encoding="utf-8")
        if invocation.json:
            emit(trend_json(rows))
        else:
            show_trend(rows)
            if html is not None:
                click.echo(f"Wrote {html}.")
    return 0


@scans.command()
@click.option(
    "--format",
    "kind",
    type=click.Choice(TABLES),
    default=TABLES[0],
    show_default=True,
    help="Statements for Athena, a table for Glue's catalogue, or a manifest for QuickSight.",
)
@click.option("--database", default="default", show_default=True, help="Athena's database.")
@click.option("--table", default="scan_findings", show_default=True, help="The table's name.")
@shared_options
@pass_invocation
def ddl(invocation: Invocation, kind: str, database: str, table: str) -> int:
    """Print what lets Athena, Glue or QuickSight read the published findings; nothing is called."""
    import msgspec

    from holdfast.systems.scans.tables import definition

    with installation(invocation) as home:
        text = definition(kind, home.scans.settings, database, table)
    if invocation.json and kind == "athena":
        emit(msgspec.json.encode({"statements": text.rstrip(";\n").split(";\n")}))
    else:
        click.echo(text.rstrip("\n"))
    return 0


def _scan(
    home: Installation, reference: str, where: tuple[str, str, str], *, with_history: bool = False
) -> tuple[Scan, Sequence[Scan]]:
    """The scan of a file or a reference; with its published predecessors where asked for."""
    file = Path(reference)
    if file.is_file() or file.suffix == ".json":
        return home.scans.read_result(file), ()
    published = home.scans.published(*where)
    scan = published.scan(published.resolve(reference))
    return scan, published.history(scan) if with_history else ()


def _fails(found: ScanDiff, kind: str, threshold: str) -> bool:
    from holdfast.systems.scans.severity import at_least

    return any(at_least(finding.severity, threshold) for finding in getattr(found, kind))
