"""A prune keeps the chunks that some snapshot needs, and what was in others can be read by nobody."""

from __future__ import annotations

from pathlib import Path

from holdfast.kernel.vault.key_file import KeyFile
from tests.kernel.vault.test_chunks import SMALL_PACKS, keep, noise, read_back
from tests.kernel.vault.test_prune import both_keys
from tests.kernel.vault.thief import Thief
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import new_vault, open_vault

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
