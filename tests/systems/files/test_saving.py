"""Trees while others work in them: what changes, vanishes or is too deep is named, and the rest goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.domain.outcomes import OutcomeKind
from holdfast.kernel.vault.chunks import Chunking, Piece, Read
from holdfast.kernel.vault.vault import Vault
from holdfast.systems.files.extracting import Extraction
from holdfast.systems.files.model import escaped, key_of, unescaped
from holdfast.systems.files.saving import Before, Draft, Saver
from holdfast.systems.files.walking import Choice, Found, walk
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.quiet import SilentProgress
from tests.simulators.small_vault import SOURCE, START, new_vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return new_vault(MemoryStore(), tmp_path)


def found_in(top: Path, choice: Choice | None = None) -> Iterator[Found]:
    return walk([os.fsencode(top)], choice or Choice())


def drafts(vault: Vault, found: Iterator[Found], chunking: Chunking | None = None) -> dict[str, Draft]:
    chunks = vault.begin("files").chunks
    chunks.chunking = chunking or chunks.chunking
    return {
        draft.key.rpartition("/")[2]: draft
        for draft in Saver(chunks, Before(()), SilentProgress()).save(found)
    }


class BusyFile(Chunking):
    """Cuts like any other, while somebody appends to the file that is read."""

    def __init__(self, vault: Vault, path: Path) -> None:
        super().__init__(vault.seals.keys)
        self._path = path

    def pieces(self, read: Read, expected: int = 0) -> Iterator[Piece]:
        yield from super().pieces(read, expected)
        with self._path.open("a") as file:
            file.write("more")


def test_a_file_that_changes_while_it_is_read_is_kept_as_torn_and_named(vault: Vault, tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "log").write_text("line\n")
    draft = drafts(vault, found_in(top), BusyFile(vault, top / "log"))["log"]
    assert (draft.outcome.kind, draft.outcome.code) == (OutcomeKind.FAILED, "changed-while-read")
    assert draft.entry is not None
    assert (draft.entry.torn, draft.entry.size, len(draft.chunks)) == (True, 5, 1)
    assert not draft.entry.is_as((top / "log").stat())


def test_what_vanishes_between_listing_and_reading_is_named(vault: Vault, tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "folder").mkdir(parents=True)
    (top / "gone").touch()
    (top / "stays").write_text("here")

    def vanishing() -> Iterator[Found]:
        for found in found_in(top):
            if found.key.endswith("folder"):
                shutil.rmtree(top / "folder")
            if found.name == b"gone":
                (top / "gone").unlink()
            yield found

    came = drafts(vault, vanishing())
    ended = {key: draft.outcome.reason for key, draft in came.items() if draft.outcome.reason}
    missing = "it could not be read: No such file or directory"
    assert ended == {"gone": missing, "": missing}
    assert came["stays"].outcome.kind is OutcomeKind.DONE


def test_paths_come_in_the_order_of_keys_however_roots_are_given(tmp_path: Path) -> None:
    for name in ("a/x", "a/y/z", "a.d/x", "a0/x", "b"):
        path = tmp_path / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    top = tmp_path / "top"
    whole = [found.key for found in found_in(top)]
    assert whole == sorted(whole)
    assert [key.removeprefix(key_of(os.fsencode(top))) for key in whole] == [
        "", "/a", "/a.d", "/a.d/x", "/a/x", "/a/y", "/a/y/z", "/a0", "/a0/x", "/b",
    ]  # fmt: skip
    roots = [os.fsencode(top / name) for name in ("b", "a", "a/y", "a.d", "nothing")]
    parts = list(walk(roots, Choice()))
    assert [found.key.rpartition("top")[2] for found in parts] == [
        "/a", "/a.d", "/a.d/x", "/a/x", "/a/y", "/a/y/z", "/b", "/nothing",
    ]  # fmt: skip
    assert parts[-1].problem == "No such file or directory"


def test_a_path_longer_than_any_call_takes_comes_back(vault: Vault, tmp_path: Path) -> None:
    name, depth = "d" * 200, 30  # 6,000 bytes; a call takes 4,096
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    with os.fdopen(os.open("deep", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
        file.write("down here")
    os.close(here)
    writer = vault.begin("files")
    came = list(Saver(writer.chunks, Before(()), SilentProgress()).save(found_in(top)))
    assert {draft.outcome.kind for draft in came} == {OutcomeKind.DONE}
    writer.add_section("file", filter(None, (draft.record() for draft in came)), chunked=True)
    view = vault.read(writer.seal(kind="full", taken_at=START, source=SOURCE, run="r"))
    target = tmp_path / "out"
    ended = list(Extraction(view.chunks, target, overwrite=False).run(view.records("file")))
    assert {item.outcome.kind for item in ended} == {OutcomeKind.DONE}
    back = list(Saver(vault.begin("files").chunks, Before(()), SilentProgress()).save(found_in(target)))
    assert back[-1].key.endswith(came[-1].key)
    assert back[-1].chunks == came[-1].chunks


@pytest.mark.parametrize(
    "name", [b"plain", b"back\\slash", b"\xff\xfe", b"\\xff", b"tab\tnew\nline", "zoë".encode()]
)
def test_every_name_has_a_key_of_its_own_and_comes_back(name: bytes) -> None:
    assert unescaped(escaped(name)) == name


def test_excluded_names_and_paths_are_not_gone_into(tmp_path: Path) -> None:
    for path in ("src/app.py", "src/__pycache__/app.pyc", "build/out", "docs/build"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    choice = Choice(("__pycache__", f"{tmp_path}/build"))
    names = [found.key.removeprefix(key_of(os.fsencode(tmp_path))) for found in found_in(tmp_path, choice)]
    assert names == ["", "/docs", "/docs/build", "/src", "/src/app.py"]
