"""A backup goes to another installation as a file, and from there under a mapping to another organization."""

from __future__ import annotations

from pathlib import Path

import msgspec
from pyrage import x25519

from holdfast.sandbox.server import SandboxServer
from tests.delivery.elsewhere.conftest import MAPPING, NEW
from tests.simulators.desk import Desk


def test_what_was_exported_is_imported_and_restored_elsewhere(
    desk: Desk, new: SandboxServer, tmp_path: Path
) -> None:
    file, key = tmp_path / "shop.yaml.age", x25519.Identity.generate()
    told = ("--format", "yaml", "--encrypt", "--recipient", str(key.to_public()), "--to", str(file))
    exported = desk.run("backups", "export", "latest", *told, "--json")
    assert exported.code == 0, exported
    assert (exported.json["encrypted"], exported.json["records"]["user"]) == (True, 2)

    (tmp_path / "there").mkdir()
    there = Desk(tmp_path / "there", new.env())
    there.write("mapping.toml", MAPPING)
    identity = there.write("key.txt", f"# a comment, as age-keygen writes\n{key}\n")
    assert there.run("backups", "import", str(file), "--json").error["exit_code"] == 11
    looked = there.run("backups", "import", str(file), "--identity", str(identity), "--dry-run", "--json")
    assert (looked.code, looked.json["importable"], looked.json["records"]["user"]) == (0, True, 2)
    imported = there.run("backups", "import", str(file), "--identity", str(identity), "--json")
    assert imported.code == 0, imported
    words = (
        "identity-center",
        "restore",
        imported.json["snapshot"],
        "--mapping",
        "mapping.toml",
        "--json",
    )
    restored = there.run(*words)
    assert restored.code == 0, restored
    assert msgspec.structs.replace(new.dump(), stale=()) == NEW


def test_a_file_that_cannot_be_imported_is_explained(tmp_path: Path) -> None:
    here = Desk(tmp_path)
    file = here.write("broken.json", '{"format": "holdfast-export/1", "metadata": {}}')
    looked = here.run("backups", "import", str(file), "--dry-run")
    assert looked.code == 4
    assert "line 1: Object missing required field `system`" in looked.out
    assert "Nothing was written." in looked.out
    refused = here.run("backups", "import", str(file), "--json")
    assert (refused.code, refused.error["code"]) == (4, "not-importable")
    assert here.run("backups", "import", str(file), "--passphrase-env", "NONE").code == 2
    assert not list(tmp_path.glob("**/snapshots/*"))
