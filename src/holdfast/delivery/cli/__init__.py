"""The command line. `main` is the only place that shows errors."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.root import root
from holdfast.domain.errors import HoldfastError

__all__ = ["Invocation", "main", "pass_invocation", "shared_options"]

PROGRAM = "holdfast"
INTERRUPTED = 130
READER_GONE = 141  # what shells report for a program that SIGPIPE ended
_COMPLETE = "_HOLDFAST_COMPLETE"


@dataclass(frozen=True, slots=True)
class _Shown:
    """An error as the user sees it."""

    code: str
    message: str
    advice: str
    exit_code: int
    facts: dict[str, str]

    def print(self, as_json: bool) -> int:
        """Write it to stderr; its exit code."""
        if as_json:
            import json

            fields = {name: getattr(self, name) for name in self.__slots__}
            click.echo(json.dumps({"error": fields}, ensure_ascii=False), err=True)
            return self.exit_code
        click.echo(f"Error: {self.message}", err=True)
        if self.advice:
            click.echo(self.advice, err=True)
        return self.exit_code


def main(arguments: Sequence[str] | None = None, command: click.Command = root) -> int:
    """The exit code of one command line (default: this process's own).

    A command returns its exit code; None is 0. An exception that is neither Holdfast's nor
    click's is a bug and passes through.
    """
    if arguments is None:
        # Service managers and containers stop a program by SIGTERM: a run ends by it as by Ctrl-C, resumable.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # A Ctrl-C that arrives just before the main thread starts to wait for a lock does not end that wait:
        # a tick every second does, and Python then sees the Ctrl-C.
        signal.signal(signal.SIGALRM, lambda number, frame: None)
        signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
        atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # else the last tick ends the process
        # Captures and scans make objects by the hundred thousand and keep them: looking for garbage every 700
        # of them, as Python does, costs a tenth of the run and finds none.
        gc.set_threshold(100_000, 20, 100)
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Read from the words themselves: an error met while parsing is shown in the form asked for, too.
    options = words[: words.index("--")] if "--" in words else words
    as_json = "--json" in options
    try:
        return _run(command, words)
    except HoldfastError as error:
        if "--debug" in options:
            raise
        # Notes say what to run next about the run that met the error.
        advice = "\n".join([*filter(None, [error.advice]), *getattr(error, "__notes__", [])])
        return _Shown(error.code, str(error), advice, error.exit_code, error.facts()).print(as_json)
    except click.ClickException as error:
        return _show_click(error, as_json)
    except (KeyboardInterrupt, click.Abort) as stop:
        declined = isinstance(stop, click.Abort)  # at a question
        advice = "" if declined else "What it had done until then stands; the command can be given again."
        return _Shown("interrupted", "Interrupted.", advice, INTERRUPTED, {}).print(as_json)
    except BrokenPipeError:
        # Nobody reads any more; without this Python complains once more while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE


def _run(command: click.Command, words: list[str]) -> int:
    instruction = os.environ.get(_COMPLETE)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(command, {}, PROGRAM, _COMPLETE, instruction)
    try:
        with command.make_context(PROGRAM, words, obj=Invocation()) as context:
            outcome = command.invoke(context)
    except click.exceptions.Exit as leaving:
        outcome = leaving.exit_code
    sys.stdout.flush()
    return outcome if isinstance(outcome, int) else 0


def _show_click(error: click.ClickException, as_json: bool) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    context = error.ctx if isinstance(error, click.UsageError) else None
    advice = f"`{context.command_path} --help` shows what it takes." if context else ""
    return _Shown("usage", error.format_message(), advice, error.exit_code, {}).print(as_json)
