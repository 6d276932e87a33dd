"""`holdfast doctor`: what stands in the way, and the permissions that are needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import emit

if TYPE_CHECKING:
    from holdfast.kernel.checks import Check

WORK = click.Choice(["backup", "restore"])


@click.command()
@click.option("--system", default="identity-center", show_default=True, help="Which system to look at.")
@click.option(
    "--for", "work", type=WORK, default="restore", show_default=True,
    help="What the credentials must allow; a restore needs all that a backup needs, too.",
)  # fmt: skip
@click.option(
    "--print-policy", "policy_for", type=WORK, help="Print the least-privilege IAM policy for it and stop."
)
@shared_options
@pass_invocation
def doctor(invocation: Invocation, system: str, work: str, policy_for: str | None) -> int:
    """Check settings, vault, credentials, instance and every permission needed; nothing is changed.

    Actions that read are tried with a harmless call; those that change, and those that there is nothing to try on,
    are put to IAM's simulation. Exit 11: a needed permission or the credentials are missing; 5: something else is
    wrong; 3: something could not be told; 0: all is well.
    """
    from holdfast.bootstrap import examination, open_installation
    from holdfast.delivery.cli.progress import progress_for
    from holdfast.kernel.checks import exit_code

    name = system.replace("-", "_")
    with progress_for(invocation) as progress:
        # Not by `installation`, which ends runs that were cut off: a doctor changes nothing.
        home = open_installation(invocation.config, progress, reports_dir=invocation.output_dir)
        if policy_for:
            sys.stdout.write(examination.policy(home, name, policy_for) + "\n")
            return 0
        checks = list(examination.examine(home, name, work))
    code = exit_code(checks)
    if invocation.json:
        emit({"system": name, "for": work, "exit_code": code, "checks": checks})
    else:
        _show(checks, work, all_of_them=invocation.verbose > 0)
    return code


def _show(checks: Sequence[Check], work: str, *, all_of_them: bool) -> None:
    """A line for each check, actions that are allowed as one number; then what is to be done."""
    from holdfast.delivery.cli.screen import STYLES, Screen, name
    from holdfast.kernel.checks import Verdict

    screen = Screen()
    actions = [check for check in checks if check.topic == "action"]
    listed = checks if all_of_them else [check for check in checks if check not in actions]
    rows = ([check.topic, check.name, _word(check), check.reason] for check in listed)
    screen.table(("what", name("which"), name("verdict"), "seen"), rows)
    found: dict[tuple[str, str], list[str]] = {}
    for check in actions:
        if check.verdict is not Verdict.OK:
            found.setdefault((_word(check), check.reason), []).append(check.name)
    allowed = len(actions) - sum(map(len, found.values()))
    if actions:
        screen.line(f"{allowed} of {len(actions)} actions for a {work} are allowed.")
    for (word, reason), names in found.items():
        screen.line(f"  {word}: {', '.join(names)}", STYLES["warning"])
        screen.line(f"    {reason}")
    steps = dict.fromkeys(check.advice for check in checks if check.advice and check.needed)
    if steps:
        screen.heading("Next steps")
        for step in steps:
            screen.line(f"  {step}", STYLES["warning"])


def _word(check: Check) -> str:
    return check.verdict if check.needed or check.verdict == "ok" else f"{check.verdict}, optional"
