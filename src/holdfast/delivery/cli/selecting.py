"""What of a system a command is about: its resources as words, single records, and a restore's other options."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.restoring import Where, where_options
from holdfast.domain.changes import ConflictStrategy

if TYPE_CHECKING:
    from holdfast.kernel.restore import RestoreRequest


@dataclass(frozen=True, slots=True)
class Selection:
    """How a system's records are named on a command line.

    `types` are its record types in dependency order, `words` those by the word of the resource that they are part
    of. `key` gives the natural key of a record from its type and its name as reports show it.
    """

    system: str
    types: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    key: Callable[[str, str], str]

    def types_of(self, words: Iterable[str]) -> tuple[str, ...]:
        """The record types of some words, each once, in dependency order."""
        wanted = {name for word in words for name in self.words[word]}
        return tuple(name for name in self.types if name in wanted)


class ResourceList(click.ParamType[tuple[str, ...]]):
    """A comma-separated list of resource words, as the record types they stand for."""

    def __init__(self, selection: Selection) -> None:
        self.name = ",".join(selection.words) + "|all"
        self._selection = selection

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The record types, each once. Raises: BadParameter naming an unknown word."""
        if isinstance(value, tuple):
            return value
        known = self._selection.words
        words = [word.strip().replace("-", "_") for word in str(value).split(",") if word.strip()]
        chosen = [*known] if words == ["all"] else words
        unknown = [word for word in chosen if word not in known]
        if unknown or not chosen:
            told = f"{', '.join(unknown) or 'nothing'} is no resource; known: {', '.join(known)}, all"
            self.fail(told, param, ctx)
        return self._selection.types_of(chosen)


class RecordName(click.ParamType[tuple[str, str]]):
    """TYPE:NAME of one record; the parts of a composite name are separated by ` / `."""

    name = "type:name"

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The record type and the natural key. Raises: BadParameter for another shape."""
        if isinstance(value, tuple):
            return value
        kind, colon, name = str(value).partition(":")
        if not colon or kind not in self._selection.types:
            known = ", ".join(self._selection.types)
            self.fail(f"{value!r} is not TYPE:NAME with a type of {known}", param, ctx)
        return kind, self._selection.key(kind, name)


def resources_option(selection: Selection) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a command `--resources`."""
    return click.option(
        "--resources",
        type=ResourceList(selection),
        default="all",
        show_default=True,
        help="Which resources, comma separated.",
    )


def restore_options(selection: Selection) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a command the options that restore and preview share, which it gets as one argument `request`."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def wrapped(*given: object, **options: object) -> int:
            asked = {name: options.pop(name) for name in _ASKED}
            return command(*given, request=_request(**asked), **options)  # type: ignore[arg-type]  # click parsed them

        taking = where_options(selection.system)(wrapped)
        for option in reversed(_options(selection)):
            taking = option(taking)
        return taking

    return decorate


_ASKED = ("backup_id", "resources", "only", "conflict_strategy", "delete_extra", "allow_lockout", "where")


def _options(selection: Selection) -> tuple[Callable[[Callable[..., int]], Callable[..., int]], ...]:
    strategy = click.Choice([strategy.value for strategy in ConflictStrategy])
    return (
        click.argument("backup_id", metavar="BACKUP"),
        resources_option(selection),
        click.option(
            "--only", type=RecordName(selection), multiple=True, help="Only this record; may be repeated."
        ),
        click.option(
            "--conflict-strategy",
            type=strategy,
            default="overwrite",
            show_default=True,
            help="What to do with a record that differs from the backup's.",
        ),
        click.option("--delete-extra", is_flag=True, help="Delete records that the backup does not have."),
        click.option("--allow-lockout", is_flag=True, help="Go on though it removes your own access."),
    )


def _request(
    backup_id: str,
    resources: tuple[str, ...],
    only: tuple[tuple[str, str], ...],
    conflict_strategy: str,
    delete_extra: bool,
    allow_lockout: bool,
    where: Where,
) -> RestoreRequest:
    from holdfast.delivery.cli.prompting import refuse_prompt_without_terminal
    from holdfast.kernel.restore import RestoreRequest

    if conflict_strategy == ConflictStrategy.PROMPT:
        refuse_prompt_without_terminal()  # before anything is read, not at the first conflict
    types = tuple(dict.fromkeys(name for name, _ in only)) or resources
    return RestoreRequest(
        snapshot=backup_id,
        types=types,
        strategy=ConflictStrategy(conflict_strategy),
        keys=only,
        delete_extra=delete_extra,
        allow_lockout=allow_lockout,
        mapping=where.mapping,
        target=where.target,
    )
