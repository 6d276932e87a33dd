"""The `holdfast` command: a table of subcommands, each imported only when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from holdfast.delivery.cli.invocation import shared_options


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a subcommand lives: `name` is both its module in this folder and the command object in it."""

    name: str
    help: str

    def load(self) -> click.Command:
        """The command object of the module, imported now."""
        command = getattr(import_module(f"holdfast.delivery.cli.{self.name}"), self.name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.name} is not a click command")
        return command


COMMANDS: dict[str, Entry] = {
    "demo": Entry("demo", "Tell the whole story on a sample company, on this machine alone."),
    "init": Entry("init", "Write a settings file to start from."),
    "sandbox": Entry("sandbox", "Run stand-ins for the services, with a sample company in them."),
    "identity-center": Entry("identity_center", "Back up, compare and restore AWS IAM Identity Center."),
    "quicksight": Entry("quicksight", "Back up, compare and restore Amazon QuickSight."),
    "scans": Entry("scans", "Publish security scans to S3, and see what changed between them."),
    "backups": Entry("backups", "List, verify, rehearse, prune and tier what was backed up."),
    "vault": Entry(
        "vault", "Make, check and measure the encrypted store; save files in it and get them out."
    ),
    "doctor": Entry("doctor", "Check settings, vault, credentials and every permission needed."),
    "runs": Entry("runs", "See, resume and undo what was run."),
    "audit": Entry("audit", "Who did what to what, and the proof that it is all there."),
}


class LazyGroup(click.Group):
    """A group that knows its subcommands by `COMMANDS` and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The named command; None when there is none."""
        return COMMANDS[cmd_name].load() if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The subcommands with the table's help lines, so that help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Completions from the table for names, from click for options."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        found = ((name, entry) for name, entry in COMMANDS.items() if name.startswith(incomplete))
        return [CompletionItem(name, help=entry.help) for name, entry in found]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@shared_options
@click.version_option(package_name="holdfast", message="%(prog)s %(version)s")
def root() -> None:
    """Keep custody of data that lives in services other people run.

    Capture it, prove the capture complete, keep it encrypted and versioned, change it under a
    journal, put it back.
    """
