"""A prune keeps the chunks that some snapshot needs, and what was in others can be read by nobody."""

from __future__ import annotations

from pathlib import Path

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.records import Record
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.names import VOID, pruned_name
from tests.kernel.vault.described_reader import DescribedVault, checked_line
from tests.kernel.vault.test_chunks import SMALL_PACKS, keep, noise, read_back
from tests.kernel.vault.test_prune import both_keys
from tests.kernel.vault.thief import Thief
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import SOURCE, START, new_vault, open_vault

BOTH, OLD, NEW = (noise(name, 700_000) for name in ("both", "old", "new"))


def test_chunks_of_deleted_snapshots_are_erased_and_shared_ones_stay(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, SMALL_PACKS)
    first, _ = keep(vault, {"a": BOTH, "b": OLD})
    second, refs = keep(vault, {"a": BOTH, "c": NEW}, after=1)
    third, others = keep(vault, {"a": BOTH, "c": NEW, "d": b"small"}, after=2)
    copy, old = dict(store.objects), vault.seals.keys
    vault.delete(first)
    done = vault.prune()
    assert done.erased
    assert done.bytes_freed > 700_000
    again = open_vault(store, tmp_path)
    assert read_back(again, second, refs) == {"a": BOTH, "c": NEW}
    assert read_back(again, third, others) == {"a": BOTH, "c": NEW, "d": b"small"}
    checked = again.check(read_data=True)
    assert (checked.problems, checked.garbage) == ((), ())
    archive = {name: [data] for name, data in (copy | store.objects).items()}
    keys = KeyFile(tmp_path / "vault.key").load(store)
    read = Thief(archive, keys, both_keys(old, keys)).chunks()
    assert len(b"".join(read)) == len(BOTH) + len(NEW) + len(b"small")
    assert not any(chunk in OLD for chunk in read)
    before = dict(store.objects)
    assert again.prune().objects_removed == 0
    assert store.objects == before


def test_chunks_are_kept_and_found_by_the_next_snapshot_after_a_prune(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, SMALL_PACKS)
    first, _ = keep(vault, {"a": BOTH, "b": OLD})
    keep(vault, {"a": BOTH}, after=1)
    vault.delete(first)
    vault.prune()
    packs = {name for name in store.objects if name.startswith("packs/")}
    third, refs = keep(open_vault(store, tmp_path, SMALL_PACKS), {"a": BOTH, "x": b"more"}, after=2)
    added = {name for name in store.objects if name.startswith("packs/")} - packs
    assert sum(len(store.objects[name]) for name in added) < 2_000
    assert read_back(vault, third, refs) == {"a": BOTH, "x": b"more"}


def test_the_description_suffices_to_find_and_read_chunks_and_what_prunes_rewrote(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "vault")
    vault = new_vault(store, tmp_path, SMALL_PACKS)
    first, _ = keep(vault, {"a": BOTH, "b": OLD})
    second, refs = keep(vault, {"a": BOTH, "c": NEW, "e": b""}, after=1)
    vault.delete(first)
    vault.prune()
    body = f'{{"chunks":{list(refs["c"].chunks)},"kind":"file","size":{len(NEW)}}}'.replace("'", '"')
    writer = open_vault(store, tmp_path, SMALL_PACKS).begin("reports")
    writer.add_section("file", [Record("file", "x/y", body.encode())], chunked=True)
    third = writer.seal(kind="full", taken_at=START.replace(hour=20), source=SOURCE, run="run-2")
    store.put(pruned_name(7), VOID)  # a prune that was called off
    described = DescribedVault(tmp_path / "vault", checked_line((tmp_path / "vault.key").read_bytes()))
    current = described.current()
    assert list(current) == [second.id.lower(), third.id.lower()]
    generations = [path.rpartition(".g")[2].isdigit() for path in current.values()]
    assert generations == [True, False]
    report = "report"
    assert described.streams(current[second.id.lower()]) == {
        (report, "a", "pdf"): BOTH,
        (report, "c", "pdf"): NEW,
        (report, "e", "pdf"): b"",
    }
    assert described.streams(current[third.id.lower()]) == {("file", "x/y", ""): NEW}
