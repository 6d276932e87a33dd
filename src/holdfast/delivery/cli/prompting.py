"""What a person at a terminal decides: deletions and conflicts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from holdfast.domain.errors import Refused
from holdfast.domain.records import show_key

if TYPE_CHECKING:
    from holdfast.domain.changes import Conflict, ConflictStrategy
    from holdfast.kernel.ports import Progress


def require_terminal(what: str, remedy: str) -> None:
    """Return where a person can be asked. Raises: Refused elsewhere."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise Refused(f"{what}, and there is none", remedy)


def confirm(progress: Progress, question: str) -> None:
    """Return when a person at the terminal agrees to a deletion. Raises: Refused where there is none; Abort."""
    require_terminal("the question before a deletion needs a terminal", "Give --yes where nobody can answer.")
    with progress.paused():
        click.confirm(question, abort=True, err=True)


def refuse_prompt_without_terminal() -> None:
    """Return where conflicts can be decided by asking. Raises: Refused elsewhere."""
    require_terminal(
        "the conflict strategy `prompt` needs a terminal",
        "Choose --conflict-strategy overwrite, skip or merge; `preview` lists the conflicts.",
    )


_ANSWERS = {
    "o": "overwrite",
    "s": "skip",
    "m": "merge",
}


class TerminalChooser:
    """Asks for each conflict; a capital letter answers all that follow."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._for_all: ConflictStrategy | None = None

    def __call__(self, conflict: Conflict) -> ConflictStrategy:
        """What the person chose. Raises: Refused where there is no terminal to ask at."""
        from holdfast.domain.changes import ConflictStrategy

        if self._for_all:
            return self._for_all
        refuse_prompt_without_terminal()
        with self._progress.paused():
            answer = _ask(conflict)
        chosen = ConflictStrategy(_ANSWERS[answer.lower()])
        if answer.isupper():
            self._for_all = chosen
        return chosen


def _ask(conflict: Conflict) -> str:
    click.echo(f"\n{conflict.type} {show_key(conflict.key)} differs:", err=True)
    for field in conflict.fields:
        click.echo(f"  {field.name}: backup {field.backup!r}, now {field.live!r}", err=True)
    choices = click.Choice([*_ANSWERS, *(letter.upper() for letter in _ANSWERS)])
    question = "[o]verwrite, [s]kip, [m]erge; a capital letter for all that follow"
    return str(click.prompt(question, type=choices, show_choices=False, err=True))
