"""Files and folders through the command line: saved, listed, extracted, and nothing outside of the target."""

from __future__ import annotations

import io
import os
import socket
import sys
from hashlib import shake_256
from pathlib import Path

import pytest

from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SourceIdentity
from holdfast.systems.files.model import Entry, record_of
from tests.simulators.desk import Answer, Desk
from tests.simulators.quiet import SilentProgress

TIME = 1_700_000_000_123_456_789


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "desk").mkdir()
    return Desk(tmp_path / "desk")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with what is odd in trees."""
    top = tmp_path / "tree"
    (top / "a").mkdir(parents=True)
    (top / "a" / "b").write_text("inside")
    (top / "a.txt").write_text("sorts between a and a/b")
    (top / "empty").touch()
    (top / "locked").write_bytes(b"x" * 300_000)
    (top / "locked").chmod(0o400)
    (top / "link").symlink_to("a/b")
    (top / "dangling").symlink_to(os.fsdecode(b"/no/\xffwhere"))
    os.link(top / "a.txt", top / "hard")
    (top / os.fsdecode(b"not-\xff-utf8\\x")).write_text("odd")
    with (top / "sparse").open("wb") as file:
        file.truncate(16 << 20)
        file.write(shake_256(b"head").digest(700_000))
    for name in ("a/b", "a.txt", "a"):
        os.utime(top / name, ns=(TIME, TIME))
    return top


def saved(desk: Desk, *words: str) -> Answer:
    return desk.run("vault", "save", "--json", *words)


def portrait(top: Path) -> dict[bytes, tuple[int, int, bytes]]:
    """Of every path below: mode, time of change, and contents or where it leads."""
    found: dict[bytes, tuple[int, int, bytes]] = {}
    for path in top.rglob("*"):
        status, contents = path.lstat(), b""
        if path.is_symlink():
            contents = os.fsencode(path.readlink())
        elif path.is_file():
            contents = path.read_bytes()
        found[os.fsencode(path.relative_to(top))] = (status.st_mode, status.st_mtime_ns, contents)
    return found


def test_a_tree_comes_back_as_it_was(desk: Desk, tree: Path, tmp_path: Path) -> None:
    assert saved(desk, str(tree)).code == 0
    extracted = desk.run("vault", "extract", "latest", "--target", str(tmp_path / "out"))
    assert extracted.code == 0, extracted
    back = tmp_path / "out" / str(tree).lstrip("/")
    assert portrait(back) == portrait(tree)
    assert (back / "sparse").stat().st_blocks * 512 < 8 << 20
    assert desk.run("backups", "verify", "latest").code == 0
    assert desk.run("vault", "check", "--read-data").code == 0
    (listed,) = desk.run("backups", "list", "--system", "files", "--json").json
    assert listed["complete"]


def test_what_is_listed_and_extracted_can_be_chosen(desk: Desk, tree: Path, tmp_path: Path) -> None:
    saved(desk, str(tree), "--exclude", "spar*", "--exclude", f"{tree}/a/*", "--label", "team=ops")
    top = str(tree).lstrip("/")
    listed = [each["path"].removeprefix(top) for each in desk.run("vault", "ls", "latest", "--json").json]
    odd = r"/not-\xff-utf8\\x"
    assert listed == ["", "/a", "/a.txt", "/dangling", "/empty", "/hard", "/link", "/locked", odd]
    assert "-r--------         300,000 " in desk.run("vault", "ls", "latest", str(tree / "locked")).out
    target = tmp_path / "out"
    assert (
        desk.run("vault", "extract", "latest", str(tree / "a"), top + "/empty", "--target", str(target)).code
        == 0
    )
    assert sorted(portrait(target / top)) == [b"a", b"empty"]
    assert str(tree / "a.txt").lstrip("/") in desk.run("vault", "ls", "latest", "../tree").out
    drilled = desk.run("backups", "drill", "latest", "--json")
    assert (drilled.code, drilled.error["code"], desk.run("runs", "list").out.count("drill")) == (
        2,
        "not-found",
        0,
    )
    exported = desk.run("backups", "export", "latest", "--to", str(tmp_path / "files.json"), "--json")
    assert (exported.code, exported.error["code"]) == (4, "not-exportable")
    missing = desk.run("vault", "extract", "latest", "/no/such", "--target", str(target), "--json")
    assert (missing.code, missing.error["code"]) == (2, "not-found")


def test_what_is_unchanged_is_not_read_again(desk: Desk, tree: Path) -> None:
    def told(answer: Answer) -> str:
        (message,) = [each["message"] for each in answer.json["findings"] if each["code"] == "saved"]
        return str(message)

    first = saved(desk, str(tree))
    status = (tree / "a.txt").stat()
    (tree / "a.txt").write_text("sorts between b and a/b")  # as long as before, and its time is put back
    os.utime(tree / "a.txt", ns=(status.st_mtime_ns, status.st_mtime_ns))
    preview = desk.run("vault", "save", "--dry-run", "--json", str(tree)).json
    second = saved(desk, str(tree))
    older = first.json["snapshot"]
    differs = desk.run("vault", "diff", older, "latest", "--json", "--exit-code")
    assert differs.code == 5
    assert {
        each["key"].rpartition("/")[2]: [field["name"] for field in each["fields"]] for each in differs.json
    } == {
        "a.txt": ["contents"],
        "hard": ["contents"],
    }
    assert "0 files unchanged" in told(first)
    # It and the other name of the same file.
    assert (preview["files_to_read"], preview["bytes_to_read"]) == (2, 46)
    assert told(second).startswith("11 paths; 46 bytes read, 5 files unchanged and not read")
    assert saved(desk, str(tree / "a")).json["state"] == "complete"
    assert "7 files unchanged" in told(saved(desk, str(tree)))


def test_special_files_and_holdfasts_own_folder_are_skipped_with_a_reason(desk: Desk, tree: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tree / "socket"))
    os.mkfifo(tree / "pipe")
    try:
        answer = saved(desk, str(tree), str(desk.folder))
    finally:
        server.close()
    assert answer.code == 0
    assert sorted((each["count"], each["reason"]) for each in answer.json["left_out"]) == [
        (1, "Holdfast's own: its vault, or what it keeps beside it"),
        (1, "it is a pipe, which has no contents to keep"),
        (1, "it is a socket, which has no contents to keep"),
    ]
    assert (answer.json["state"], answer.json["sums_up"]) == ("complete", True)


def test_standard_input_is_saved_under_a_name(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = shake_256(b"dump").digest(2 << 20)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(dump)))
    assert saved(desk, "-", "--name", "db/dump.sql").code == 0
    assert desk.run("vault", "extract", "latest", "--target", str(tmp_path / "out")).code == 0
    assert (tmp_path / "out" / "db" / "dump.sql").read_bytes() == dump
    refused = saved(desk, "-")
    assert (refused.code, refused.error["code"]) == (2, "usage")


def file_in(home: Installation, *records: Record) -> None:
    """A snapshot with these records, as somebody with the keys could make it."""
    home.ensure_default_vault()
    writer = home.vault.begin("files")
    writer.add_section("file", sorted(records, key=lambda each: each.key), chunked=True)
    source = SourceIdentity("files", "", "", "elsewhere", "mallory")
    writer.seal(kind="full", taken_at=home.clock.now(), source=source, run="r")


def empty(key: str, **more: str) -> Record:
    kind = "symlink" if more else "file"
    return record_of(key, Entry(gid=0, kind=kind, mode=0o644, mtime=TIME, uid=0, **more))  # type: ignore[arg-type]


def test_nothing_is_written_outside_of_the_target(desk: Desk, tmp_path: Path) -> None:
    home = Installation(load(None, {}, desk.folder), SilentProgress())
    outside, target = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    target.mkdir()
    (target / "there").symlink_to(outside)
    evil = ["../evil", "a/../../evil", "/evil", r"x\x2f..\x2f..\x2fevil", "", "link/evil", "there/evil", ".."]
    file_in(home, *map(empty, evil), empty("link", target=str(outside)), empty("sound"))
    answer = desk.run("vault", "extract", "latest", "--target", str(target), "--json")
    assert (answer.code, answer.json["failed"], answer.json["done"]) == (3, len(evil), 2)
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "evil").exists()
    assert (target / "sound").is_file()


def test_what_is_there_is_replaced_only_when_asked(desk: Desk, tree: Path, tmp_path: Path) -> None:
    saved(desk, str(tree))
    place = tmp_path / "out" / str(tree).lstrip("/")
    place.mkdir(parents=True)
    (tmp_path / "precious").write_text("precious")
    (place / "a.txt").symlink_to(tmp_path / "precious")
    (place / "empty").write_text("mine")
    refused = desk.run("vault", "extract", "latest", "--target", str(tmp_path / "out"), "--json")
    keys = [each["key"].rpartition("/")[2] for each in refused.json["outcomes"]]
    assert (refused.code, keys) == (3, ["a.txt", "empty"])
    assert (place / "empty").read_text() == "mine"
    again = desk.run("vault", "extract", "latest", "--target", str(tmp_path / "out"), "--overwrite")
    assert again.code == 0, again
    assert portrait(place) == portrait(tree)
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_damaged_chunk_costs_the_files_that_need_it_alone(desk: Desk, tree: Path, tmp_path: Path) -> None:
    saved(desk, str(tree / "a"))
    saved(desk, str(tree))
    packs = desk.folder.glob(".holdfast/vault/packs/*/*")
    newest = max(
        (each for each in packs if each.read_bytes()[3:5] == b"\x01C"), key=lambda each: each.stat().st_size
    )
    newest.unlink()
    answer = desk.run("vault", "extract", "latest", "--target", str(tmp_path / "out"), "--json")
    assert answer.code == 3
    back = tmp_path / "out" / str(tree).lstrip("/")
    assert (back / "a" / "b").read_text() == "inside"
    assert not (back / "sparse").exists() and not list(back.glob(".holdfast*"))
    check = desk.run("vault", "check", "--json")
    named = {each["where"].rpartition("/")[2] for each in check.json["problems"]}
    assert (check.code, "sparse" in named, "b" in named) == (20, True, False)


def test_a_save_says_what_the_second_place_lacks(desk: Desk, tree: Path) -> None:
    assert saved(desk, str(tree / "a")).code == 0
    desk.environment["HOLDFAST_VAULT_REPLICA"] = "not-mounted"
    report = saved(desk, str(tree / "a")).json
    assert any(
        "objects of snapshot" in each["message"] and "are not in" in each["message"]
        for each in report["findings"]
    )
