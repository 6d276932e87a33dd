"""What every command is told besides its own options: where settings are, how to print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

_Decorated = TypeVar("_Decorated", bound="Callable[..., object] | click.Command")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The shared options of one command line; given before or after the subcommand, the later one wins."""

    config: Path | None = None
    json: bool = False
    progress: bool = True
    verbose: int = 0
    output_dir: Path | None = None
    debug: bool = False


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def _note(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Put a given option into the Invocation of this command and of every group above it."""
    name = parameter.name or ""
    if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        return
    known = context.find_object(Invocation) or Invocation()
    changed = replace(known, **{name: value})  # type: ignore[arg-type]  # click has parsed the value
    at: click.Context | None = context
    while at is not None:
        at.obj = changed
        at = at.parent


def _flag(*names: str, **more: object) -> click.Option:
    return click.Option(names, expose_value=False, callback=_note, **more)  # type: ignore[arg-type]


def shared_parameters() -> tuple[click.Option, ...]:
    """The options every command takes, freshly made, in the order help shows them."""
    folder = click.Path(path_type=Path, file_okay=False)
    settings = click.Path(path_type=Path, dir_okay=False)
    return (
        _flag(
            "--config", type=settings, help="Settings file (default: holdfast.toml, in the working folder)."
        ),
        _flag("--output-dir", type=folder, help="Where reports and other evidence are written."),
        _flag("--json", is_flag=True, help="Print the result as JSON; errors too, on stderr."),
        _flag("--progress/--no-progress", default=True, help="Show progress on a terminal (default: yes)."),
        _flag("-v", "--verbose", count=True, help="Say more; twice for every call made."),
        _flag("--debug", is_flag=True, help="Show a traceback for expected errors too."),
    )


def shared_options(decorated: _Decorated) -> _Decorated:
    """The same command or function, taking the options of `shared_parameters`.

    Works above `@click.command` (on the command) and below it (on the function). The command
    reads what was given through `@pass_invocation`.
    """
    if isinstance(decorated, click.Command):
        decorated.params.extend(shared_parameters())
        return decorated
    # click keeps the options of a not yet made command here, in reverse order.
    waiting: list[click.Parameter] = getattr(decorated, "__click_params__", [])
    waiting[:0] = reversed(shared_parameters())
    decorated.__click_params__ = waiting  # type: ignore[attr-defined]  # click's own attribute
    return decorated


format_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), help="How to print; default is a table."
)


def _reveal(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from holdfast.kernel.showing import revealed

        context.with_resource(revealed())


personal_option = click.option(
    "--show-personal",
    is_flag=True,
    expose_value=False,
    callback=_reveal,
    help="Show personal values, such as mail addresses, instead of ***; the audit trail says so.",
)
