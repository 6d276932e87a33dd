"""`holdfast identity-center access` and `review`: who could reach what on a date, and what changed since."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.as_of import LIVE, as_of
from holdfast.delivery.cli.invocation import Invocation, format_option, pass_invocation, shared_options
from holdfast.delivery.cli.opening import CHECK_FAILED, PARTIAL, installation, print_bytes
from holdfast.domain.errors import Refused, UsageError

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.delivery.cli.access_screens import Answered
    from holdfast.domain.records import RecordView
    from holdfast.systems.identity_center.access.moments import AsOf
    from holdfast.systems.identity_center.access.paths import Question

_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--user", default="", help="Only this user; case does not matter.")
@click.option("--group", default="", help="Only what goes through this group.")
@click.option("--account", default="", help="Only this account, by id or name.")
@click.option("--permission-set", default="", help="Only this permission set.")
@click.option("--application", default="", help="Who could use this application, instead of an account.")
@click.option("--at", default="latest", show_default=True, help="A date, a moment, or a backup's id.")
@click.option("--live", is_flag=True, help="As it is now, read from the service.")
@format_option
@click.option("--output", type=_file, help="Write CSV or JSON to this file, for its owner alone.")
@shared_options
@pass_invocation
def access(
    invocation: Invocation,
    user: str,
    group: str,
    account: str,
    permission_set: str,
    application: str,
    at: str,
    live: bool,
    form: str | None,
    output: Path | None,
) -> int:
    """Who could reach which account with what, or use an application, and by which path: a row for each.

    All that is given must hold; nothing given means everybody. A date stands for its end in UTC. Exit 3
    when the backup is not whole, so that what is not listed proves nothing.
    """
    from holdfast.systems.identity_center.access.paths import Question

    if live and at != "latest":
        raise UsageError("--at and --live ask for two different times.", "Give one of them.")
    if application and (account or permission_set):
        raise UsageError("An application is in no account.", "Ask for --application with --user or --group.")
    form = _form(form, output, invocation)
    with installation(invocation) as home:
        ref = LIVE if live else at
        question = Question(user, group, account, permission_set)
        answered = (
            _to_an_application(home, ref, application, question)
            if application
            else _to_accounts(home, ref, question)
        )
        if form == "table":
            with home.progress.paused():
                answered.show()
        else:
            _hand_out(answered.json() if form == "json" else answered.csv(mark=output is not None), output)
        return PARTIAL if answered.as_of.gaps else 0


def _to_accounts(home: Installation, ref: str, question: Question) -> Answered:
    from holdfast.delivery.cli.access_screens import AccountsAnswered
    from holdfast.systems.identity_center.access.entitlements import NEEDED, read_entitlements
    from holdfast.systems.identity_center.access.paths import answer

    view, found = as_of(home, ref, NEEDED)
    return AccountsAnswered(found, question, answer(read_entitlements(view), question))


def _to_an_application(home: Installation, ref: str, application: str, question: Question) -> Answered:
    from holdfast.delivery.cli.access_screens import ApplicationsAnswered
    from holdfast.systems.identity_center.access.applications import NEEDED, answer_for_application

    view, found = as_of(home, ref, NEEDED)
    user, group = question.user, question.group
    asked = {"application": application, "user": user, "group": group}
    return ApplicationsAnswered(found, asked, answer_for_application(view, application, user, group))


@click.command()
@click.argument("old", metavar="FROM")
@click.argument("new", metavar="TO|live")
@click.option("--html", type=_file, help="Write a page to read, print and sign, for its owner alone.")
@format_option
@click.option("--exit-code", is_flag=True, help="Exit 5 when anything changed.")
@shared_options
@pass_invocation
def review(
    invocation: Invocation, old: str, new: str, html: Path | None, form: str | None, exit_code: bool
) -> int:
    """Who gained and who lost what between two dates or backups, by which path and why.

    A path that changed is told apart from a loss, and so are permission sets that mean something else
    now. Exit 3 when a backup is not whole.
    """
    from holdfast.delivery.cli.review_screens import review_csv, review_json, show_review
    from holdfast.systems.identity_center.access.review import review as compare
    from holdfast.systems.identity_center.access.review_page import review_page

    form = _form(form, None, invocation)
    with installation(invocation) as home:
        (before, was), (after, now) = _side(home, old), _side(home, new)
        _check_sides(was, now)
        found = compare(before, after)
        if html:
            _hand_out([review_page(found, was, now, getpass.getuser()).encode()], html)
        if form == "json":
            _hand_out([review_json(found, was, now), b"\n"], None)
        elif form == "csv":
            _hand_out(review_csv(found, mark=False), None)
        else:
            with home.progress.paused():
                show_review(found)
    if was.gaps or now.gaps:
        return PARTIAL
    return CHECK_FAILED if exit_code and (found.turns or found.contents) else 0


def _side(home: Installation, ref: str) -> tuple[RecordView, AsOf]:
    """One side of a review. Raises: Refused for a backup that leaves out what access rests on."""
    from holdfast.systems.identity_center.access.entitlements import NEEDED

    view, found = as_of(home, ref, NEEDED)
    missing = [name for name in NEEDED if name not in view.types]
    if missing:
        raise Refused(
            f"backup {found.id} leaves out {', '.join(missing)}, so a review would call all of it lost or gained.",
            "Name another backup, or a date: then one that has everything is found.",
        )
    return view, found


def _check_sides(old: AsOf, new: AsOf) -> None:
    from holdfast.systems.identity_center.access.moments import other_instance

    if new.taken_at < old.taken_at:
        raise UsageError(f"FROM ({old.id}) is newer than TO ({new.id}).", "Give the earlier one first.")
    if new.id == old.id:
        click.echo("FROM and TO are the same backup: none was taken in between.", err=True)
    if told := other_instance(old, new):
        click.echo(told, err=True)


def _form(form: str | None, output: Path | None, invocation: Invocation) -> str:
    """The format asked for, else the one of the file's name, else a table. Raises: UsageError."""
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    chosen = form or ("json" if invocation.json else suffix if suffix in ("csv", "json") else "table")
    if output and chosen == "table":
        raise UsageError("A table is for the screen, not for a file.", "Add --format csv or --format json.")
    return chosen


def _hand_out(chunks: Iterable[bytes], output: Path | None) -> None:
    """To the file, or to stdout."""
    if output:
        from holdfast.adapters.evidence_files import write_private

        write_private(output.absolute(), chunks)
        click.echo(f"Written to {output}.", err=True)
    else:
        print_bytes(chunks)
