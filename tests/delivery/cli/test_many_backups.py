"""Many backups on the command line: listed by filters, and one thing followed through them."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SourceIdentity
from tests.simulators.desk import Desk
from tests.simulators.quiet import SilentProgress
from tests.systems.identity_center.small_company import ACCOUNT, ALL_TYPES, assigned, group, member, user

HERE = SourceIdentity("identity_center", "111111111111", "eu-central-1", "arn:here", "me")
THERE = SourceIdentity("identity_center", "222222222222", "us-east-1", "arn:there", "me")


class Shelf:
    """A desk whose vault gets backups without any service."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.ids: dict[int, str] = {}
        """The backups by the day at which they were taken."""
        self.home = Installation(load(None, {}, folder), SilentProgress())
        self.home.ensure_default_vault()

    def put(
        self,
        day: int,
        *records: Record,
        kind: str = "full",
        source: SourceIdentity = HERE,
        incomplete: Sequence[str] = (),
        **labels: str,
    ) -> str:
        """The id of a backup taken at nine o'clock of that day of November."""
        writer = self.home.vault.begin("identity_center")
        for name in ALL_TYPES:
            held = sorted((each for each in records if each.type == name), key=lambda each: each.key)
            writer.add_section(name, held, complete=name not in incomplete)
        taken = datetime(2026, 11, day, 9, 0, tzinfo=UTC)
        sealed = writer.seal(kind=kind, taken_at=taken, source=source, run="r", labels=tuple(labels.items()))
        self.ids[day] = sealed.id
        return sealed.id

    def listed(self, *words: str) -> list[int]:
        """The days of the backups listed."""
        answer = self.desk.run("backups", "list", "--json", *words)
        assert answer.code == 0, answer
        return [int(each["taken_at"][8:10]) for each in answer.json]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    made = Shelf(tmp_path_factory.mktemp("shelf"))
    made.put(1, user("alice", Title="Engineer"), group("Ops"), team="red")
    made.put(2, user("bob"), kind="incremental", source=THERE, team="blue")
    made.put(3, user("alice", Title="Boss"), group("Ops"), kind="incremental", team="red", year="1")
    made.put(4, user("alice", Title="Boss"), kind="safety")
    made.put(5, group("Ops"), kind="full", incomplete=("user",))
    held = assigned(ACCOUNT, "Reader", "GROUP", "Ops")
    made.put(6, user("alice", Title="Boss"), group("Ops"), member("Ops", "alice"), held)
    return made


def test_a_listing_opens_no_ledger_and_loads_nothing_that_takes_long(shelf: Shelf) -> None:
    code = (
        "import sys; from holdfast.delivery.cli import main; main(['backups', 'list']); "
        "print({'alembic', 'boto3', 'botocore', 'obstore', 'sqlalchemy'} & set(sys.modules), file=sys.stderr)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=shelf.desk.folder,
        env=shelf.desk.variables({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (shelf.ids[6] in shown.stdout, shown.stderr) == (True, "set()\n")
    assert not (shelf.desk.folder / ".holdfast" / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ((), [6, 5, 3, 2, 1]),
        (("--all",), [6, 5, 4, 3, 2, 1]),
        (("--kind", "safety"), [4]),
        (("--kind", "incremental"), [3, 2]),
        (("--kind", "incremental", "--kind", "safety"), [4, 3, 2]),
        (("--since", "2026-11-03"), [6, 5, 3]),
        (("--until", "2026-11-02"), [2, 1]),
        (("--since", "2026-11-02T09:00:01Z", "--until", "2026-11-05T08:00:00Z"), [3]),
        (("--account", "222222222222"), [2]),
        (("--region", "eu-central-1"), [6, 5, 3, 1]),
        (("--instance", "arn:there"), [2]),
        (("--complete",), [6, 3, 2, 1]),
        (("--incomplete",), [5]),
        (("--label", "team=red"), [3, 1]),
        (("--label", "team=red", "--label", "year=1"), [3]),
        (("--label", "team="), []),
        (("--limit", "2"), [6, 5]),
        (("--kind", "full", "--limit", "1", "--until", "2026-11-04"), [1]),
        (("--system", "scans"), []),
        (("--system", "identity-center", "--limit", "1"), [6]),
    ],
)
def test_backups_are_listed_by_filters(shelf: Shelf, words: tuple[str, ...], days: list[int]) -> None:
    assert shelf.listed(*words) == days


def test_filters_that_nothing_passes_are_not_called_an_empty_vault(shelf: Shelf) -> None:
    for words in (("--account", "333333333333"), ("--system", "scans")):
        answer = shelf.desk.run("backups", "list", *words)
        assert answer.out == "None of 6 backups passes these filters; `--all` shows safety snapshots too.\n"


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--label", "team"), ("--limit", "0")])
def test_a_filter_that_makes_no_sense_is_a_usage_error(shelf: Shelf, words: tuple[str, str]) -> None:
    answer = shelf.desk.run("backups", "list", *words)
    assert answer.code == 2
    assert words[0] in answer.err


def test_one_user_is_followed_through_the_backups_of_the_newest_one_s_instance(shelf: Shelf) -> None:
    answer = shelf.desk.run("identity-center", "history", "user:Alice")
    assert answer.code == 0, answer
    lines = [line.rstrip() for line in answer.out.splitlines()]
    assert lines[0] == "user alice in 5 backups:"
    assert [line for line in lines if line.startswith("  ")] == [
        "  + first seen user: alice",
        "  ~ changed user: alice",
        "      Title: *** -> ***",
        "  ? not known user: not read whole: that something is absent here means nothing",
        "  + gained membership: Ops",
        f"  + gained assignment: {ACCOUNT} / Reader, through group Ops",
    ]
    assert [line[:16] for line in lines if "UTC" in line] == [
        "2026-11-01 09:00",
        "2026-11-03 09:00",
        "2026-11-05 09:00",
        "2026-11-06 09:00",
    ]


def test_of_two_instances_in_one_vault_those_of_the_newest_backup_answer_for_a_date(shelf: Shelf) -> None:
    asked = ("identity-center", "access", "--format", "json", "--at")
    answer = shelf.desk.run(*asked, "2026-11-02")
    assert answer.json["as_of"]["id"] == shelf.ids[1], answer
    assert "Only backups of arn:here count here" in answer.err
    assert shelf.desk.run(*asked, shelf.ids[2]).json["as_of"]["id"] == shelf.ids[2]


def test_a_review_of_two_instances_says_so(shelf: Shelf) -> None:
    sides = (shelf.ids[2], shelf.ids[6])
    answer = shelf.desk.run("identity-center", "review", *sides, "--html", "review.html")
    said = f"{sides[0]} is of arn:there and {sides[1]} of arn:here, which is another instance"
    assert said in answer.err
    assert said in (shelf.desk.folder / "review.html").read_text()


def test_a_safety_snapshot_of_another_instance_takes_no_history_away(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(1, user("alice"))
    shelf.put(2, user("bob"), kind="safety", source=THERE)
    answer = shelf.desk.run("identity-center", "history", "user:alice")
    assert "first seen user: alice" in answer.out, answer


def test_what_a_file_brought_is_no_part_of_a_history(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(1, user("alice"))
    shelf.put(2, user("bob"), kind="imported")
    shelf.put(3, user("alice"))
    answer = shelf.desk.run("identity-center", "history", "user:alice")
    assert "user alice in 2 backups:" in answer.out, answer
    assert "gone" not in answer.out


def test_a_history_can_be_limited_to_a_time_and_read_by_programs(shelf: Shelf) -> None:
    words = ("identity-center", "history", "group:Ops", "--since", "2026-11-02")
    found = shelf.desk.run(*words, "--json").json
    assert (found["type"], found["key"], found["backups"]) == ("group", "Ops", 5)
    assert [(each["at"][:10], each["kind"], each["type"], each["name"]) for each in found["events"]] == [
        ("2026-11-04", "gone", "group", "Ops"),
        ("2026-11-05", "back", "group", "Ops"),
        ("2026-11-06", "gained", "membership", "alice"),
        ("2026-11-06", "gained", "assignment", f"{ACCOUNT} / Reader"),
    ]
    until = shelf.desk.run(*words, "--until", "2026-11-04", "--json").json
    assert [each["kind"] for each in until["events"]] == ["gone"]


def test_a_history_as_csv_has_a_row_for_each_event_and_field(shelf: Shelf) -> None:
    answer = shelf.desk.run(
        "identity-center", "history", "user:alice", "--until", "2026-11-03", "--format", "csv"
    )
    rows = list(csv.reader(io.StringIO(answer.out.removeprefix("\ufeff"))))
    assert [row[0:1] + row[2:] for row in rows] == [
        ["time", "event", "type", "name", "through_group", "field", "old", "new"],
        ["2026-11-01T09:00:00.000Z", "first seen", "user", "alice", "", "", "", ""],
        ["2026-11-03T09:00:00.000Z", "changed", "user", "alice", "", "Title", "***", "***"],
    ]


def test_what_no_backup_ever_held_is_named(shelf: Shelf) -> None:
    answer = shelf.desk.run("identity-center", "history", "permission-set:Nothing", "--json")
    assert answer.code == 2
    assert answer.error["message"] == "There is no permission set Nothing in any of 5 backups."
    assert shelf.desk.run("identity-center", "history", "role:Nothing").code == 2
