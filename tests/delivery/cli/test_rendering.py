"""Screens say what happened in words, fit the width, and let no name act on the terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from holdfast.delivery.cli.rendering import (
    show_differences,
    show_preview,
    show_snapshot,
    show_snapshots,
    show_verification,
    snapshots_json,
)
from holdfast.delivery.cli.run_screen import show_report
from holdfast.delivery.cli.screen import Screen, name, number
from holdfast.domain.changes import Change, Decision, FieldDifference
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import join_key
from holdfast.domain.runs import RunState
from holdfast.domain.snapshots import SectionSummary
from holdfast.kernel.compare import Difference, DifferenceKind
from holdfast.kernel.preview import preview_of
from holdfast.kernel.vault.verification import LevelCount, Problem, Verification
from tests.simulators import sample_run

LEVELS = (LevelCount("vault", 0, 0), LevelCount("pack", 3, 1), LevelCount("record", 120_000, 0))


class Shown:
    """A terminal of a given width whose text can be read back."""

    def __init__(self, width: int = 100, colour: bool = False) -> None:
        self._out = io.StringIO()
        self.screen = Screen(
            Console(file=self._out, width=width, highlight=False, force_terminal=True, no_color=not colour)
        )

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._out.getvalue().splitlines()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def _plain(text: str) -> str:
    """The text without the bold and dim that remain without colour."""
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        text = text.replace(code, "")
    return text


@pytest.mark.parametrize("width", [80, 100])
def test_a_report_fits_the_terminal(width: int) -> None:
    shown = Shown(width)
    show_report(sample_run.report(), "/reports/run", shown.screen)

    assert max(len(_plain(line)) for line in shown.lines) <= width


def test_a_report_tells_state_failures_and_next_commands_in_words() -> None:
    shown = Shown()
    show_report(sample_run.report(RunState.INTERRUPTED), "/reports/run", shown.screen)
    text = _plain(shown.text)

    assert "restore of identity_center: interrupted in 3 min 05 s" in text
    assert "impossible: create assignment 444455556666 / ReadOnly / GROUP / Admins" in text
    assert f"holdfast runs resume {sample_run.RUN_ID}" in text
    assert "/reports/run" in text


def test_no_colour_means_no_colour_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    show_report(sample_run.report(), screen=Screen(Console(file=out, force_terminal=True, width=100)))

    assert "\x1b[31m" not in out.getvalue()
    assert "\x1b[33m" not in out.getvalue()


def test_markup_in_a_name_is_shown_not_obeyed() -> None:
    shown = Shown()
    show_differences(
        [Difference(DifferenceKind.ADDED, "group", "[red]Ops[/red]\x1b[2J")], "a", "b", shown.screen
    )

    assert "+ added group [red]Ops[/red]\\x1b[2J" in shown.text


def test_snapshot_ids_stay_whole_on_a_narrow_terminal() -> None:
    shown = Shown(80)
    show_snapshots([sample_run.snapshot(), sample_run.snapshot(kind="incremental")], shown.screen)

    assert len([line for line in shown.lines if "20261119T020000.000Z-00c0ffee" in line]) == 2
    assert max(map(len, map(_plain, shown.lines))) <= 80


def test_backups_of_several_systems_say_of_which() -> None:
    shown = Shown(80)
    show_snapshots(
        [sample_run.snapshot(), sample_run.snapshot(system="files", kind="incremental")], shown.screen
    )

    assert [_plain(line).split()[1:3] for line in shown.lines[2:]] == [
        ["identity_center", "2"],  # of 3 types: it is not called full
        ["files", "incremental"],
    ]
    assert max(map(len, map(_plain, shown.lines))) <= 80


def test_a_snapshot_with_an_incomplete_part_is_called_partial() -> None:
    section = SectionSummary("user", 7, True, False, "3 users could not be read")
    shown = Shown()
    show_snapshots([sample_run.snapshot(sections=(section,))], shown.screen)
    show_snapshot(sample_run.snapshot(sections=(section,)), shown.screen)

    assert shown.text.count("PARTIAL") == 3
    assert "3 users could not be read" in shown.text


def test_no_backups_names_the_command_that_takes_one() -> None:
    shown = Shown()
    show_snapshots([], shown.screen)

    assert "holdfast identity-center backup" in shown.text


def test_snapshots_as_json_say_whether_they_are_complete() -> None:
    listed = json.loads(snapshots_json([sample_run.snapshot()]))

    assert [(one["id"], one["complete"]) for one in listed] == [("20261119T020000.000Z-00c0ffee", True)]


def test_a_preview_shows_counts_conflicts_and_what_cannot_return() -> None:
    ledger = sample_run.ledger()
    decisions: list[Decision] = [
        *(e.change for e in ledger.entries),
        *ledger.conflict_rows,
        *ledger.finding_rows,
    ]
    shown = Shown()
    show_preview(preview_of(decisions, lambda changes: 1234.0, 420), shown.screen)
    text = _plain(shown.text)

    assert "4 changes, about 20 min 34 s, 420 calls" in text
    assert "~ update group Admins" in text
    assert "Conflicts (2)" in text
    assert "Password and MFA devices do not come back." in text
    assert "Director" not in text
    assert shown.lines[-1] == "Nothing has been changed."


def test_advice_that_several_findings_share_is_said_once_below_them() -> None:
    def waiting(name: str, advice: str) -> Finding:
        return Finding(Severity.ERROR, "principal-awaited", "user", name, "Not there yet.", advice)

    shown = Shown()
    shown.screen.findings(
        "Warnings", [waiting("ada", "Wait."), waiting("bob", "Wait."), waiting("eve", "Go.")]
    )

    assert _plain(shown.text).splitlines()[-5:] == [
        "  error: user ada: Not there yet.",
        "  error: user bob: Not there yet.",
        "    -> Wait.",
        "  error: user eve: Not there yet.",
        "    -> Go.",
    ]


def test_an_empty_preview_says_that_nothing_would_change() -> None:
    shown = Shown()
    show_preview(preview_of([], lambda changes: 0.0), shown.screen)

    assert shown.lines[0] == "Nothing would change: the service already is as the backup has it."


def test_differences_are_counted_and_listed_with_their_fields() -> None:
    changed = Difference(
        DifferenceKind.CHANGED, "group", "Admins", (FieldDifference("Description", "old", ""),)
    )
    shown = Shown()
    show_differences(
        [changed, Difference(DifferenceKind.ADDED, "user", "bob")], "latest", "live", shown.screen
    )

    assert shown.lines == [
        "From latest to live: 1 added, 1 changed.",
        "  ~ changed group Admins",
        "      Description: old -> (none)",
        "  + added user bob",
    ]


def test_of_documents_only_the_leaves_that_differ_are_shown() -> None:
    fields = (
        FieldDifference("Members", '["a","b"]', '["b","c"]'),
        FieldDifference("Permissions", '{"anna":["read"],"bert":["read"]}', '{"anna":["read","write"]}'),
        FieldDifference(
            "Definition", '{"sheets":[{"name":"Old","x":1}]}', '{"sheets":[{"name":"New","x":1}]}'
        ),
    )
    shown = Shown()
    changed = Difference(DifferenceKind.CHANGED, "folder", "4711", fields, called="Sales")
    show_differences([changed], "latest", "live", shown.screen)

    assert shown.lines[1:] == [
        "  ~ changed folder Sales (4711)",
        "      Members: - a",
        "      Members: + c",
        "      Permissions anna: + write",
        "      Permissions bert: - read",
        "      Definition sheets[1] name: Old -> New",
    ]


def test_a_preview_names_what_has_an_id_for_a_key() -> None:
    plan = [
        Change("dashboard", "4711", None, b"{}", 0, "d"),
        Change("dashboard.tag", join_key("4711", "team"), None, b"{}", 1, "d"),
        Change("user", "ann", None, b"{}", 1, "u"),
    ]
    shown = Shown()
    found = preview_of(plan, lambda changes: 1.0)
    show_preview(replace(found, names={("dashboard", "4711"): "Sales overview"}), shown.screen)

    for line in (
        "  + create dashboard Sales overview (4711)",
        "  + create dashboard.tag Sales overview (4711) / team",
        "  + create user ann",
    ):
        assert line in shown.lines


def test_a_damaged_backup_names_level_and_place() -> None:
    shown = Shown()
    damage = Verification(LEVELS, (Problem("pack", "packs/ab", "digest differs"),), (), 0)
    show_verification(damage, shown.screen)
    text = _plain(shown.text)

    assert "pack          3      1  DAMAGED" in text
    assert "record  120,000      0  ok" in text
    assert "vault" not in text
    assert "pack packs/ab: digest differs" in text


def test_a_table_that_fits_looks_as_one_that_is_folded() -> None:
    heads = (name("id"), "who", number("records"), "state")
    rows = [["a-1", "Zoë 渋谷", "1", "failed"], ["a-22", "", "12,345", "complete"], ["b", "x" * 20, "", "ok"]]
    fitting, folded = Shown(60), Shown(60)
    fitting.screen.table(heads, rows)
    folded.screen.table(heads, [*rows, ["c", "y" * 60, "", ""]])

    assert [_plain(line) for line in fitting.lines] == [
        "id    who                   records  state",
        "\u2500" * 45,
        "a-1   Zoë 渋谷                    1  failed",
        "a-22                         12,345  complete",
        "b     xxxxxxxxxxxxxxxxxxxx           ok",
    ]
    assert len(folded.lines) == 7
    assert max(len(_plain(line)) for line in folded.lines) <= 60
