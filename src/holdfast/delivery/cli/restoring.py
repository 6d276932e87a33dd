"""What restore, preview and diff share: the mapping, the target, and how a preview and a diff are shown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from holdfast.delivery.cli.invocation import Invocation
from holdfast.delivery.cli.opening import CHECK_FAILED, PARTIAL, emit

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.records import RecordView
    from holdfast.kernel.destination import Destination
    from holdfast.kernel.restore import RestoreRequest
    from holdfast.kernel.system import System

_TARGET = {
    "profile": "AWS profile that leads to the target.",
    "role": "Role to assume for the target, an ARN.",
    "external_id": "External id with which the role is assumed.",
    "region": "Region of the target.",
    "instance": "ARN of the target's instance; needed only where the account sees several.",
    "endpoint": "Address of a stand-in for the target, such as a second sandbox.",
    "identity_region": "Region of the target's users and groups.",
    "account": "Refuse unless the target's instance belongs to this account.",
}
NOT_OF = {"identity_center": {"identity_region"}, "quicksight": {"instance"}}
"""Parts of a target that a system does not have."""
_OPTION_NAMES = {"role": "role-arn", "instance": "instance-arn", "endpoint": "endpoint-url"}


mapping_option = click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File that says what accounts, names, policies and regions of the backup are in the target.",
)


@dataclass(frozen=True, slots=True)
class Where:
    """The mapping as canonical JSON, empty for none, and the service that is meant."""

    mapping: str
    target: Destination


def where_options(system: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a command `--mapping` and the `--target-` options, which it gets as one argument `where`."""
    parts = [name for name in _TARGET if name not in NOT_OF[system]]

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def wrapped(*given: object, mapping: Path | None, **options: object) -> int:
            from holdfast.bootstrap.mapping_file import read_mapping_file
            from holdfast.kernel.destination import Destination

            named = {name: cast("str", options.pop(f"target_{name}")) for name in parts}
            read = read_mapping_file(mapping, system) if mapping else ""
            return command(*given, where=Where(read, Destination(**named)), **options)

        for name in reversed(parts):
            spelled = _OPTION_NAMES.get(name, name.replace("_", "-"))
            option = click.option(f"--target-{spelled}", f"target_{name}", default="", help=_TARGET[name])
            wrapped = option(wrapped)
        return mapping_option(wrapped)

    return decorate


def preview_of(home: Installation, system: str, request: RestoreRequest, invocation: Invocation) -> int:
    """Show what a restore would do now; the exit code."""
    from holdfast.delivery.cli.rendering import show_preview

    restore = home.restore(system, request.target, request.mapping)
    found = restore.preview(request, home.choose, home.progress)
    if invocation.json:
        emit(found.to_json())
    else:
        with home.progress.paused():
            show_preview(found)
    return 0


def differences_of(
    home: Installation,
    system: str,
    backup_id: str,
    other: str,
    resources: tuple[str, ...],
    where: Where,
    invocation: Invocation,
    *,
    exit_code: bool,
) -> int:
    """Show how a backup differs from another one or from what is live; the exit code, which tells it if `exit_code`."""
    from holdfast.delivery.cli.rendering import show_differences
    from holdfast.kernel.compare import DifferenceKind, compare

    info = home.vault.resolve(backup_id, system)
    left = _translated(home.system(system), home.vault.read(info), where)
    if other != "live":
        other = home.vault.resolve(other, system).id
    right = _other_view(home, system, other, resources, where)
    types = [name for name in resources if name in left.types and name in right.types]
    found = list(compare(home.system(system), left, right, types))
    if invocation.json:
        emit(found)
    else:
        with home.progress.paused():
            show_differences(found, info.id, other)
    for view, name in ((left, info.id), (right, other)):
        _say_left_out([kind for kind in resources if kind not in view.types], name, invocation)
    if any(part.kind is DifferenceKind.UNKNOWN for part in found):
        return PARTIAL
    return CHECK_FAILED if found and exit_code else 0


def _translated(system: System, view: RecordView, where: Where) -> RecordView:
    from holdfast.kernel.restore import refuse_errors, translation_findings

    translated = system.translated(view, where.mapping)
    for finding in refuse_errors(translation_findings(translated)):
        click.echo(f"{finding.message} {finding.advice}", err=True)
    return translated


def _say_left_out(missing: list[str], backup: str, invocation: Invocation) -> None:
    if missing:
        told = f"Not compared, because {backup} leaves it out: {', '.join(missing)}."
        click.echo(told, err=invocation.json)


def _other_view(
    home: Installation, system: str, other: str, resources: tuple[str, ...], where: Where
) -> RecordView:
    from holdfast.kernel.views import MemoryView

    if other != "live":
        return home.vault.read(home.vault.resolve(other, system))
    source = home.system(system, where.target).source()
    if where.target.account:
        where.target.refuse_other(source.identity())
    parts = list(source.capture(resources, home.progress))
    for part in parts:
        if not part.complete:
            click.echo(f"Not read whole: {part.type}: {part.reason}", err=True)
    return MemoryView(parts)
