"""Blobs by content-defined chunks: cut alike however they come, kept once, found damaged, named by who needs them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from hashlib import shake_256
from pathlib import Path

import pytest

from holdfast.domain.errors import Refused, VaultDamaged
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.canonical import Plain, canonical
from holdfast.kernel.vault.chunks import LEAST, MOST, BlobRef, Chunking, chunks_of
from holdfast.kernel.vault.errors import StoreFull
from holdfast.kernel.vault.key_set import Epoch, KeySet
from holdfast.kernel.vault.packs import Packing
from holdfast.kernel.vault.vault import Vault
from tests.simulators.failing_store import FailingStore
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import SOURCE, START, new_vault, open_vault

SYSTEM = "reports"
KEYS = KeySet(bytes(16), bytes(range(32)), (Epoch(1, bytes(32), bytes(32)),))
SMALL_PACKS = Packing(chunk_pack_bytes=1 << 20)


def noise(name: str, size: int) -> bytes:
    return shake_256(name.encode()).digest(size)


def record(name: str, ref: BlobRef) -> Record:
    kept: Plain = {"chunks": list(ref.chunks), "digest": ref.digest, "size": ref.size}
    return Record("report", name, canonical({"blobs": {"pdf": kept}}))


def keep(vault: Vault, blobs: Mapping[str, bytes], after: int = 0) -> tuple[SnapshotInfo, dict[str, BlobRef]]:
    """A snapshot whose records keep these blobs."""
    writer = vault.begin(SYSTEM)
    refs = {name: writer.put_blob(io.BytesIO(data).read) for name, data in sorted(blobs.items())}
    writer.add_section("report", [record(*each) for each in refs.items()], chunked=True)
    taken = START + timedelta(hours=after)
    return writer.seal(kind="full", taken_at=taken, source=SOURCE, run="run-1"), refs


def read_back(vault: Vault, info: SnapshotInfo, refs: Mapping[str, BlobRef]) -> dict[str, bytes]:
    view = vault.read(info)
    return {name: b"".join(view.open_blob(ref)) for name, ref in refs.items()}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(store: MemoryStore, tmp_path: Path) -> Vault:
    return new_vault(store, tmp_path, SMALL_PACKS)


def packs_of_chunks(store: MemoryStore) -> list[str]:
    return [name for name, data in store.objects.items() if data[:5] == b"HFV\x01C"]


def test_cuts_depend_on_contents_and_keys_alone() -> None:
    data = noise("a stream", 9 << 20)
    chunking = Chunking(KEYS)
    at_once = [len(piece) for piece in chunking.pieces(io.BytesIO(data).read)]
    pipe = io.BytesIO(data)
    drop_by_drop = [bytes(piece) for piece in chunking.pieces(lambda count: pipe.read(min(count, 70_001)))]
    assert b"".join(drop_by_drop) == data
    assert [len(piece) for piece in drop_by_drop] == at_once
    assert all(LEAST < size <= MOST for size in at_once[:-1])
    others = Chunking(KeySet(bytes(16), bytes(32), KEYS.epochs))
    assert [len(piece) for piece in others.pieces(io.BytesIO(data).read)] != at_once
    # Written down when the format was made: other cuts would store everything anew.
    assert at_once[:4] == [615532, 627962, 1342872, 654558]


def test_a_short_or_empty_stream_is_one_chunk_or_none() -> None:
    chunking = Chunking(KEYS)
    assert [bytes(piece) for piece in chunking.pieces(io.BytesIO(b"abc").read, 3)] == [b"abc"]
    assert list(chunking.pieces(io.BytesIO(b"").read)) == []


def test_blobs_are_read_as_they_were_kept(vault: Vault, store: MemoryStore, tmp_path: Path) -> None:
    blobs = {"a": noise("a", 3 << 20), "b": b"", "c": bytes(5 << 20), "d": b"little"}
    info, refs = keep(vault, blobs)
    again = open_vault(store, tmp_path)
    assert read_back(again, info, refs) == blobs
    assert (refs["d"].size, refs["d"].digest) == (
        6,
        "180ca01b95f0dfdd36fbb600e51cf6e46c8ef468de56b017847886fefaf7b6f9",
    )
    (section,) = info.sections
    assert section.count == 4
    found = again.check(read_data=True)
    assert (found.problems, found.garbage) == ((), ())
    assert again.check().problems == ()
    body = record("d", refs["d"]).body
    assert [chunk.hex() for chunk in chunks_of(body)] == list(refs["d"].chunks)


def test_what_the_vault_has_is_not_stored_again(vault: Vault, store: MemoryStore, tmp_path: Path) -> None:
    data = noise("a", 12 << 20)
    first, _ = keep(vault, {"a": data})
    shifted = noise("put in front", 5000) + data
    second, refs = keep(
        open_vault(store, tmp_path, SMALL_PACKS), {"a": data, "copy": data, "longer": shifted}, 1
    )
    assert first.stored_bytes > 12 << 20
    # Two whole copies would be 24 MiB. Cuts follow a random key, and meet again after a chunk or a few.
    assert second.stored_bytes < 8 << 20
    vault = open_vault(store, tmp_path)
    vault.delete(first)
    assert read_back(vault, second, refs) == {"a": data, "copy": data, "longer": shifted}
    assert vault.verify(second).problems == ()


def test_damage_names_the_records_that_need_it_and_the_next_snapshot_stores_it_again(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    blobs = {name: noise(name, 1 << 20) for name in "abc"}
    info, refs = keep(vault, blobs)
    assert len(packs_of_chunks(store)) == 3
    (lost,) = [pack for pack in packs_of_chunks(store) if needs(vault, store, info, refs, pack) == {"b"}]
    whole = store.objects.pop(lost)
    fresh = open_vault(store, tmp_path, SMALL_PACKS)
    for found in (fresh.check(), fresh.check(read_data=True), fresh.verify(info)):
        assert [problem.where for problem in found.problems] == [f"snapshot {info.id}, report b"]
        assert lost in found.problems[0].message
    with pytest.raises(VaultDamaged):
        read_back(fresh, info, refs)
    healed, again = keep(fresh, blobs, 1)
    assert fresh.verify(healed).problems == ()
    assert read_back(fresh, healed, again) == blobs
    store.objects[lost] = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
    found = open_vault(store, tmp_path).verify(info)
    assert [problem.where for problem in found.problems] == [f"snapshot {info.id}, report b"]


def needs(
    vault: Vault, store: MemoryStore, info: SnapshotInfo, refs: Mapping[str, BlobRef], pack: str
) -> set[str]:
    """Which blobs lie in a pack."""
    chunks = vault.read(info).chunks
    return {
        name
        for name, ref in refs.items()
        if any(chunks.pack_of(bytes.fromhex(each)).ref.name == pack for each in ref.chunks)
    }


def test_a_snapshot_of_many_generations_needs_few_indexes(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    blobs: dict[str, bytes] = {}
    for hour in range(20):
        blobs[f"{hour:02d}"] = noise(f"hour {hour}", 1000)
        info, refs = keep(vault, blobs, hour)
    fresh = open_vault(store, tmp_path)
    for older in fresh.snapshots(SYSTEM)[1:]:
        fresh.delete(older)
    needed = {name for name in store.objects if name.startswith("indexes/")} - {
        each.name for each in fresh.check().garbage
    }
    assert len(needed) <= 16
    assert read_back(fresh, info, refs) == blobs


def test_a_chunk_that_the_vault_lacks_seals_nothing(vault: Vault) -> None:
    writer = vault.begin(SYSTEM)
    unknown = BlobRef(("00" * 16,), "", 3)
    with pytest.raises(Refused, match="report a names a chunk"):
        writer.add_section("report", [record("a", unknown)], chunked=True)
    assert vault.snapshots(SYSTEM) == []


@pytest.mark.parametrize("puts", [0, 1])
def test_a_full_store_ends_the_writing_and_seals_nothing(tmp_path: Path, puts: int) -> None:
    objects: dict[str, bytes] = {}
    new_vault(MemoryStore(objects), tmp_path)
    full = open_vault(FailingStore(objects, puts, full=True), tmp_path, Packing(chunk_pack_bytes=100_000))
    with pytest.raises(StoreFull):
        keep(full, {"a": noise("a", 4 << 20)})
    assert open_vault(MemoryStore(objects), tmp_path).snapshots(SYSTEM) == []
