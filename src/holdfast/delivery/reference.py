"""Write docs/reference from the code: `python -m holdfast.delivery.reference [FOLDER]`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import Field, fields
from importlib import import_module
from inspect import cleandoc
from pathlib import Path

import click

from holdfast.config import FILE_NAMES, SECTIONS
from holdfast.delivery.cli.invocation import shared_parameters
from holdfast.delivery.cli.root import root
from holdfast.domain.errors import HoldfastError
from holdfast.kernel.needs import Action
from holdfast.kernel.runs.manifest import manifest_schema
from holdfast.systems.identity_center.needs import table as identity_center
from holdfast.systems.identity_center.needs.action import Place
from holdfast.systems.identity_center.needs.policy import policy
from holdfast.systems.quicksight.needs import table as quicksight
from holdfast.systems.quicksight.needs.policy import needed, place_of
from holdfast.systems.quicksight.needs.policy import policy as quicksight_policy
from holdfast.systems.quicksight.needs.table import BACKUP, RESTORE
from holdfast.systems.quicksight.settings import QuickSightSettings

_SOURCES = Path(__file__).parents[1]
_DECLARES_A_CODE = re.compile(r"^\s+code: ClassVar\[str\] = ", re.MULTILINE)
_GENERATED = "<!-- Written by `make reference`; edit the code instead. -->"
_EXIT_CODES = (
    (0, "complete", "nothing"),
    (1, "a bug in Holdfast", "report it; the run is on record"),
    (2, "the command line makes no sense as given", "correct it"),
    (3, "partial: finished, some items failed", "read the report, mend what it names, run the command again"),
    (4, "refused by a rule; nothing was changed", "read the sentence: it names the rule and the way on"),
    (5, "a check failed", "look at what was found"),
    (10, "settings, or a folder of this machine", "correct what is named"),
    (11, "credentials or permission", "sign in again, or allow the action named"),
    (20, "the vault", "read what is named; back up again once it is mended"),
    (30, "the service", "resume the run when the service answers"),
    (75, "busy, or stopped early", "wait or make room, then resume the run"),
    (130, "interrupted", "resume the run"),
    (141, "nobody read the output any more", "nothing"),
)
_EXIT_NOTE = """\
A script that takes backups should treat everything but 0 as worth a look, and 3 as a backup that exists but lacks what
the report names. `holdfast runs resume latest` resumes the newest run."""

_PERMISSIONS_NOTE = """\
`holdfast doctor --print-policy backup` and `restore` print these policies, with the instance and the partition of the
settings filled in; `holdfast doctor` says which actions the credentials in use lack. Resource types are those of AWS's
Service Authorization Reference. `sts:GetCallerIdentity` needs no permission."""

_QUICKSIGHT_NOTE = """\
A restore takes a safety snapshot first and stores it in the vault alone, so it needs nothing of S3 and DynamoDB. Export
and import jobs ask for more in the caller's name than Holdfast calls: that is listed with them. With `tags`, `kms_key`,
`table_days` or `point_in_time_recovery` set, the printed policy has the actions that these take, the key's only through
S3. The bucket, the tables and the regions of the settings are filled in."""

_NAMES = ", ".join(f"`{name}`" for name in FILE_NAMES)
_SETTINGS_HEAD = f"""\
# Settings

{_GENERATED}

Read from `--config FILE`, else the file that `HOLDFAST_CONFIG` names, else the first of
{_NAMES} in the working folder; without any, the defaults below. Relative paths start at the file's folder.

The environment variable wins over the file. Every problem of the file and the variables is reported at once, with exit
code 10. `holdfast init` writes a file with all of this in it.
"""
_SETTINGS_TABLE = "| setting | default | meaning | variable |\n| --- | --- | --- | --- |"


def commands_page() -> str:
    """Every command with its options, as Markdown."""
    head = ["# Commands", _GENERATED, "Options that every command takes, before or after its name:"]
    parts = [*head, _options(list(shared_parameters()))]
    for path, command in walk(root, "holdfast"):
        parts += _command(path, command)
    return "\n\n".join(parts) + "\n"


def errors_page() -> str:
    """Every error with its code, exit code, sentence and advice, as Markdown."""
    rows = [
        f"| `{error.code}` | {error.exit_code} | {_cell(error.sentence)} | {_cell(error.next_step)} |"
        for error in sorted(error_types(), key=lambda error: (error.exit_code, error.code))
    ]
    table = "\n".join(
        ["| code | exit code | what is said | what to do |", "| --- | --- | --- | --- |", *rows]
    )
    note = "Words in braces are filled in with the facts; `--json` prints those under `facts`."
    more = "What each exit code means is on [its own page](exit-codes.md)."
    return "\n\n".join(["# Errors", _GENERATED, note, table, more]) + "\n"


def exit_codes_page() -> str:
    """Every exit code with its meaning and the errors that end with it, as Markdown."""
    codes: dict[int, list[str]] = {}
    for error in sorted(error_types(), key=lambda error: error.code):
        codes.setdefault(error.exit_code, []).append(f"`{error.code}`")
    rows = [
        f"| {code} | {meaning} | {next_step} | {', '.join(codes.get(code, []))} |"
        for code, meaning, next_step in _EXIT_CODES
    ]
    head = "| exit code | meaning | what to do | errors |\n| --- | --- | --- | --- |"
    return "\n\n".join(["# Exit codes", _GENERATED, "\n".join([head, *rows]), _EXIT_NOTE]) + "\n"


def settings_page() -> str:
    """Every setting with its default, meaning, limits and variable, as Markdown."""
    parts = [_SETTINGS_HEAD]
    for section, cls in SECTIONS.items():
        rows = [_setting(section, item) for item in fields(cls)]
        parts.append("\n".join([f"## [{section}]\n", _SETTINGS_TABLE, *rows]) + "\n")
    return "\n".join(parts)


def permissions_page() -> str:
    """Every IAM action that a system needs, with the policies that allow them, as Markdown."""
    parts = [
        "# Permissions",
        _GENERATED,
        _PERMISSIONS_NOTE,
        "## Identity Center",
        _actions(identity_center.ACTIONS),
    ]
    for work in (BACKUP, RESTORE):
        document = policy(identity_center.actions_for(work), Place())
        parts += [f"### Policy for a {work}", f"<!-- policy: {work} -->\n```json\n{document}\n```"]
    parts += ["## QuickSight", _QUICKSIGHT_NOTE, _actions(quicksight.ACTIONS)]
    settings = QuickSightSettings()
    for work in (BACKUP, RESTORE):
        document = quicksight_policy(needed(work, settings), place_of(settings, "", ""))
        parts += [f"### Policy for a {work} of QuickSight", f"```json\n{document}\n```"]
    return "\n\n".join(parts) + "\n"


def _actions(actions: Iterable[Action]) -> str:
    rows = [
        f"| `{action.name}` | {_works(action)} | {action.purpose} "
        f"| {'yes' if action.required else f'no: {action.without}'} | {_resources(action)} |"
        for action in actions
    ]
    return "\n".join(["| action | for | to | needed | resources |", "| --- | --- | --- | --- | --- |", *rows])


def _works(action: Action) -> str:
    stores = action.service in ("s3", "dynamodb", "kms")
    return "backup" if stores else "backup, restore" if action.backup else "restore"


def error_types() -> list[type[HoldfastError]]:
    """Every error class with a code of its own. Imports the modules that declare one, and no other."""
    for source in sorted(_SOURCES.rglob("*.py")):
        if _DECLARES_A_CODE.search(source.read_text(encoding="utf-8")):
            import_module(".".join(("holdfast", *source.relative_to(_SOURCES).with_suffix("").parts)))
    return [error for error in _family(HoldfastError) if "code" in vars(error) and error is not HoldfastError]


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, each with the words that call it, in the order of `--help`."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from walk(below, f"{path} {name}")


def _family(error: type[HoldfastError]) -> Iterator[type[HoldfastError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


def _command(path: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    shared = {parameter.name for parameter in shared_parameters()}
    own = [parameter for parameter in command.params if parameter.name not in shared]
    text = cleandoc(command.help or "").replace("\b\n", "")
    parts = [f"## {path}", text, f"```\n{usage}\n```", _options(own)]
    return [part for part in parts if part]


def _options(parameters: list[click.Parameter]) -> str:
    context = click.Context(click.Command("holdfast"))
    records = [parameter.get_help_record(context) for parameter in parameters]
    rows = [
        f"| `{names.replace('|', chr(92) + '|')}` | {_cell(text)} |" for names, text in filter(None, records)
    ]
    return "\n".join(["| option | meaning |", "| --- | --- |", *rows]) if rows else ""


def _setting(section: str, item: Field[object]) -> str:
    default = str(item.default) if isinstance(item.default, Path) else item.default
    meaning = _cell(item.metadata["help"]) + _limits(item)
    variable = f"HOLDFAST_{section}_{item.name}".upper()
    return f"| `{item.name}` | `{json.dumps(default)}` | {meaning} | `{variable}` |"


def _resources(action: Action) -> str:
    return ", ".join(f"`{resource.partition('}:')[2] or resource}`" for resource in action.resources)


def _limits(item: Field[object]) -> str:
    least, most = item.metadata.get("least"), item.metadata.get("most")
    if least is None and most is None:
        return ""
    ends = [
        f"at least {least:g}" if least is not None else "",
        f"at most {most:g}" if most is not None else "",
    ]
    return f" ({', '.join(filter(None, ends))})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: list[str]) -> None:
    """Write the pages into the named folder (default: docs/reference)."""
    folder = Path(arguments[0] if arguments else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")
    (folder / "errors.md").write_text(errors_page(), encoding="utf-8")
    (folder / "exit-codes.md").write_text(exit_codes_page(), encoding="utf-8")
    (folder / "permissions.md").write_text(permissions_page(), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")
    (folder / "manifest.schema.json").write_bytes(manifest_schema())


if __name__ == "__main__":
    main(sys.argv[1:])
