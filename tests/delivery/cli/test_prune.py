"""Pruning through the command line."""

from __future__ import annotations

from pathlib import Path

from tests.simulators.desk import Desk


def test_what_was_deleted_is_pruned_after_a_look_at_what_would_go(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    desk = Desk(tmp_path / "desk")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("first")
    first = desk.run("vault", "save", "--json", str(tree)).json["snapshot"]
    (tree / "file").write_text("second")
    assert desk.run("vault", "save", "--json", str(tree)).code == 0
    deleted = desk.run("backups", "delete", str(first), "--yes")
    assert "until `holdfast vault prune`" in deleted.out
    assert "Would remove" in desk.run("vault", "prune", "--dry-run").out
    done = desk.run("vault", "prune", "--json").json
    assert (done["erased"], done["epoch_destroyed"], done["waiting"]) == (True, 1, [])
    again = desk.run("vault", "prune")
    assert again.out.splitlines() == [
        "Removed 0 objects (0 bytes).",
        "Nothing that was deleted is left to erase.",
    ]
    assert desk.run("vault", "check", "--read-data").code == 0
