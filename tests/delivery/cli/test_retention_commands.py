"""`backups prune`, `backups delete` and `vault stats` as they are typed, on a vault in a folder."""

from __future__ import annotations

import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.domain.snapshots import SnapshotInfo
from tests.simulators.desk import Desk
from tests.simulators.old_backups import put_backup, users
from tests.simulators.quiet import SilentProgress

DAYS = ("2026-10-30", "2026-10-31", "2026-11-18", "2026-11-19", "2026-11-20")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def taken(desk: Desk) -> list[SnapshotInfo]:
    """Backups of five days, oldest first; the last is partial."""
    home = Installation(load(None, {}, desk.folder), SilentProgress())
    home.ensure_default_vault()
    return [
        put_backup(home, day, users(200, f"Title of {day}"[: 9 + place]), complete=day != DAYS[-1])
        for place, day in enumerate(DAYS)
    ]


def listed(desk: Desk) -> list[str]:
    return [found["id"] for found in desk.run("backups", "list", "--json").json]


def test_a_dry_run_explains_each_backup_and_deletes_nothing(desk: Desk, taken: list[SnapshotInfo]) -> None:
    answer = desk.run("backups", "prune", "--dry-run", "--keep-daily", "2", "--keep-monthly", "2")
    assert answer.code == 0
    rows = [line.split(maxsplit=4) for line in answer.out.splitlines() if line.startswith("202")]
    complete = "the last complete one; the last of 2026-11-19, 2nd of 2 daily"
    assert [(row[0], " ".join(row[4:]).strip()) for row in rows] == [
        (
            taken[4].id,
            "partial  keep    the newest one, though partial; the last of 2026-11-20, none of which is complete, 1st of 2 daily",
        ),
        (
            taken[3].id,
            f"keep    {complete}; the last complete of 2026-11, 1st of 2 monthly",
        ),
        (taken[2].id, "DELETE  no rule keeps it"),
        (taken[1].id, "keep    the last of 2026-10, 2nd of 2 monthly"),
        (taken[0].id, "DELETE  no rule keeps it"),
    ]
    assert "3 of 5 backups stay, 2 go" in answer.out
    assert len(listed(desk)) == 5


def test_a_prune_goes_by_the_settings_and_options_replace_single_rules(
    desk: Desk, taken: list[SnapshotInfo]
) -> None:
    desk.write("holdfast.toml", '[retention]\nkeep_last = 3\nkeep_monthly = 2\ntime_zone = "Europe/Berlin"\n')
    dry = desk.run("backups", "prune", "--dry-run", "--json", "--keep-last", "0").json
    assert (dry["policy"]["keep_last"], dry["policy"]["time_zone"]) == (0, "Europe/Berlin")
    done = desk.run("backups", "prune", "--yes", "--json").json
    assert done["deleted"] == [taken[0].id]
    assert [made["id"] for made in done["decisions"] if not made["keep"]] == done["deleted"]
    assert listed(desk) == [info.id for info in reversed(taken[1:])]
    audited = [
        entry for entry in desk.run("audit", "list", "--json").json if entry["action"] == "backup deleted"
    ]
    assert "keep_last = 3" in str(audited[0]["detail"])
    assert desk.run("vault", "check", "--read-data").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("prune", "--yes"), 4, "no rule says which backups to keep"),
        (("prune", "--keep-last", "1"), 4, "needs a terminal"),
        (("prune", "--keep-within", "soon"), 2, "must be a span such as 90d"),
        (("prune", "--keep-last", "1", "--time-zone", "Mars/Olympus"), 2, "must be a time zone"),
        (("delete", DAYS[3], "--yes"), 4, "is the last complete one"),
        (("tier",), 4, "only S3 has storage classes"),
        (("tier", "--older-than", "long"), 4, "only S3 has storage classes"),
        (("tier", "--storage-class", "GLACIER"), 4, "cannot be read before S3 was asked for it"),
    ],
)
def test_what_is_refused_says_why_and_deletes_nothing(
    desk: Desk, taken: list[SnapshotInfo], words: tuple[str, ...], code: int, said: str
) -> None:
    answer = desk.run("backups", *words)
    assert (answer.code, said in answer.err) == (code, True), answer
    assert len(listed(desk)) == 5


def test_several_are_deleted_at_once_the_last_good_one_by_force(
    desk: Desk, taken: list[SnapshotInfo]
) -> None:
    names = [taken[0].id, DAYS[1], taken[0].id]
    assert f"Would delete 2 backups: {taken[0].id}" in desk.run("backups", "delete", *names, "--dry-run").out
    deleted = desk.run("backups", "delete", *names, "--yes", "--json").json
    assert [(found["id"], found["deleted"]) for found in deleted] == [
        (taken[0].id, True),
        (taken[1].id, True),
    ]
    assert desk.run("backups", "delete", DAYS[3], "--yes", "--force").code == 0
    assert listed(desk) == [taken[4].id, taken[2].id]


def test_stats_tell_bytes_by_kind_what_is_saved_and_when_the_place_is_full(
    desk: Desk, taken: list[SnapshotInfo]
) -> None:
    found = desk.run("vault", "stats", "--json", HOLDFAST_VAULT_CAPACITY="10MB").json["stats"]
    files = [path for path in (desk.folder / ".holdfast" / "vault").rglob("*") if path.is_file()]
    assert sum(part["bytes"] for part in found["kinds"]) == sum(path.stat().st_size for path in files)
    assert {part["kind"]: part["objects"] for part in found["kinds"]} == {
        "manifests": 5,
        "packs of records": 5,
        "indexes": 5,
        "configuration": 1,
    }
    assert [part["added"] for part in found["snapshots"]] == [info.stored_bytes for info in reversed(taken)]
    assert (found["freed"], found["compressed"] > 2) == (0, True)
    assert found["growth"]["per_month"] > 0
    assert found["growth"]["full_at"] > "2027"
    assert desk.run("backups", "delete", *DAYS[3:], "--yes", "--force").code == 0
    after = desk.run("vault", "stats", "--json").json["stats"]
    kinds = {part["kind"]: part["bytes"] for part in after["kinds"]}
    assert after["freed"] == kinds["unused"] > 0


def test_the_growth_is_drawn_as_a_private_picture(desk: Desk, taken: list[SnapshotInfo]) -> None:
    answer = desk.run("vault", "stats", "--picture", "growth.svg", HOLDFAST_VAULT_CAPACITY="20KB")
    assert "in 30 days; 19.5 KiB reached on" in answer.out
    picture = desk.folder / "growth.svg"
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    drawn = ET.fromstring(picture.read_text())
    titles = [found.text for found in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert [title.split(":")[0] for title in titles[1:] if title] == list(DAYS)
    refused = desk.run("vault", "stats", "--picture", "no/such/folder.svg")
    assert (refused.code, "cannot be written" in refused.err) == (10, True)


def test_stats_of_an_empty_vault_say_so(desk: Desk) -> None:
    assert desk.run("vault", "init").code == 0
    answer = desk.run("vault", "stats", "--picture", "none.svg")
    assert (answer.code, "Growth can be told once" in answer.out) == (0, True)
    assert "No backups yet" in (desk.folder / "none.svg").read_text()
