"""A prune takes away what no snapshot sees, for good, and nothing else, wherever it is cut off."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import Busy, VaultDamaged, VaultError
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.errors import SnapshotGone, StoreError
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.key_set import KeySet
from holdfast.kernel.vault.passphrase import Passphrase
from holdfast.kernel.vault.vault import Vault
from tests.kernel.vault.described_reader import DescribedVault
from tests.kernel.vault.thief import Thief, Version
from tests.simulators.many_hands import Ending, Killed, Place, Process
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import (
    TINY,
    FixedClock,
    company,
    contents_of,
    new_vault,
    open_vault,
    take,
    user,
)

LEASE_LIFE = 700
AFTERWARDS = (Ending.KILLED_AFTER, Ending.LOST, Ending.REFUSED)

Contents = dict[str, list[Record]]


def changed(people: Contents, at: int, title: str) -> Contents:
    name = people["user"][at].key
    return people | {"user": [*people["user"][:at], user(name, title), *people["user"][at + 1 :]]}


def without(people: Contents, at: int) -> Contents:
    return people | {"user": people["user"][:at] + people["user"][at + 1 :]}


def versions(*contents: Contents) -> set[Version]:
    return {
        (record.type, record.key, record.body, record.personal)
        for people in contents
        for records in people.values()
        for record in records
    }


FIRST = company(14)
SECOND = changed(without(FIRST, 9), 3, "Director")
THIRD = changed(changed(SECOND, 3, "Chairman"), 5, "Auditor")


def both_keys(old: KeySet, new: KeySet) -> KeySet:
    return msgspec.structs.replace(new, epochs=(*old.epochs, *new.epochs))


def three(vault: Vault) -> list[SnapshotInfo]:
    return [take(vault, people, after=hour) for hour, people in enumerate((FIRST, SECOND, THIRD))]


def pruning(vault: Vault) -> None:
    vault.prune()


def backing_up(vault: Vault) -> None:
    take(vault, changed(THIRD, 1, "Newcomer"), after=9)


def test_of_deleted_snapshots_nothing_can_be_read_from_a_copy_of_the_whole_old_store(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    one, two, three_ = three(vault)
    copy, old = dict(store.objects), vault.seals.keys
    assert (
        versions(FIRST, SECOND, THIRD) <= Thief({n: [data] for n, data in copy.items()}, old, old).versions()
    )
    vault.delete(one)
    vault.delete(three_)
    done = vault.prune()
    assert (done.erased, done.epoch_destroyed, done.waiting) == (True, 1, ())
    keys = KeyFile(tmp_path / "vault.key").load(store)
    archive = {name: [data] for name, data in (copy | store.objects).items()}
    assert Thief(archive, keys, both_keys(old, keys)).versions() == versions(SECOND)
    with pytest.raises(VaultError, match="epoch 1"):
        open_vault(MemoryStore(copy), tmp_path).snapshots()
    again = open_vault(store, tmp_path)
    left = again.snapshots()
    assert [(info.id, info.root, info.sections) for info in left] == [(two.id, two.root, two.sections)]
    assert contents_of(again.read(left[0])) == SECOND
    assert again.check(read_data=True).problems == ()


@pytest.mark.parametrize("deleted", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2), ()])
def test_whatever_is_deleted_the_rest_reads_as_it_was_sealed(
    tmp_path: Path, deleted: tuple[int, ...]
) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    taken = three(vault)
    for number in deleted:
        vault.delete(taken[number])
    foreseen = vault.prune(dry_run=True)
    done = vault.prune()
    assert foreseen.objects_removed == done.objects_removed
    assert (done.objects_removed > 0) == bool(deleted)
    again = open_vault(store, tmp_path)
    kept = [info for number, info in enumerate(taken) if number not in deleted]
    assert [info.id for info in again.snapshots()] == [info.id for info in reversed(kept)]
    assert [info.root for info in again.snapshots()] == [info.root for info in reversed(kept)]
    for info in kept:
        assert contents_of(again.read(info)) == (FIRST, SECOND, THIRD)[taken.index(info)]
    checked = again.check(read_data=True)
    assert (checked.problems, checked.garbage) == ((), ())


def test_a_prune_of_a_tidy_vault_does_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    first = three(vault)[0]
    before = dict(store.objects)
    assert vault.prune().objects_removed == 0
    assert store.objects == before
    vault.delete(first)
    vault.prune()
    before, key = dict(store.objects), (tmp_path / "vault.key").read_bytes()
    done = vault.prune()
    assert (done.objects_removed, done.packs_rewritten, done.epoch_destroyed) == (0, 0, None)
    assert (store.objects, (tmp_path / "vault.key").read_bytes()) == (before, key)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    vault.delete(three(vault)[0])
    before, key = dict(store.objects), (tmp_path / "vault.key").read_bytes()
    assert vault.prune(dry_run=True).packs_rewritten > 0
    assert (store.objects, (tmp_path / "vault.key").read_bytes()) == (before, key)


def test_layers_that_two_snapshots_share_keep_what_either_sees(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    base = take(vault, FIRST)
    others = [vault.begin("identity_center") for _ in range(2)]  # both build on the first
    people = [changed(changed(FIRST, 2, "Both"), 4, "One"), without(changed(FIRST, 2, "Too"), 6)]
    taken = []
    for hour, (writer, contents) in enumerate(zip(others, people, strict=True), 1):
        for name, records in contents.items():
            writer.add_section(name, records)
        taken.append(
            writer.seal(
                kind="full", taken_at=base.taken_at.replace(hour=9 + hour), source=base.source, run="r"
            )
        )
    copy, old = dict(store.objects), vault.seals.keys
    vault.delete(base)
    assert vault.prune().erased
    again = open_vault(store, tmp_path)
    assert [contents_of(again.read(info)) for info in taken] == people
    keys = KeyFile(tmp_path / "vault.key").load(store)
    found = Thief(
        {name: [data] for name, data in (copy | store.objects).items()}, keys, both_keys(old, keys)
    ).versions()
    assert {version for version in found if version[2]} == versions(*people)
    assert again.prune().packs_rewritten == 0


def test_a_vault_with_a_passphrase_is_tidied_but_claims_no_erasure() -> None:
    store = MemoryStore()
    vault = Vault.create(store, Passphrase("correct horse"), FixedClock(), TINY)
    one, two, _ = three(vault)
    vault.delete(one)
    done = vault.prune()
    assert (done.erased, done.epoch_destroyed) == (False, None)
    assert "Only a key file can be made to forget" in done.erasure
    assert done.objects_removed > 0
    assert contents_of(vault.read(vault.resolve(two.id))) == SECOND
    assert vault.check(read_data=True).problems == ()


def test_a_damaged_manifest_stops_the_prune_and_nothing_is_deleted(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    one, two, _ = three(vault)
    vault.delete(one)
    store.objects[f"snapshots/{two.id.lower()}"] = b"cut short"
    before = set(store.objects)
    with pytest.raises(VaultDamaged, match=two.id.lower()) as caught:
        open_vault(store, tmp_path).prune()
    assert caught.value.exit_code == 20
    assert set(store.objects) == before


def test_a_missing_pack_stops_the_prune_and_is_named(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    vault.delete(three(vault)[0])
    name = next(name for name in store.objects if name.startswith("packs/"))
    del store.objects[name]
    with pytest.raises(VaultDamaged, match=name):
        vault.prune()


def test_an_older_copy_of_the_key_file_is_refused_by_readers_and_writers(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    taken = three(vault)
    old = tmp_path / "elsewhere"
    old.mkdir()
    (old / "vault.key").write_bytes((tmp_path / "vault.key").read_bytes())
    (old / "vault.key").chmod(0o600)
    for info in taken:
        vault.delete(info)
    vault.prune()
    for use in (
        lambda: open_vault(store, old).begin("identity_center"),
        lambda: open_vault(store, old).snapshots(),
    ):
        with pytest.raises(VaultError, match="older copy") as caught:
            use()
        assert "machine that ran the prune" in caught.value.advice


def test_a_reader_goes_on_where_a_prune_has_put_what_it_reads(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    one, two, three_ = three(vault)
    reader, found, before = (open_vault(store, tmp_path).read(info) for info in (two, two, three_))
    records = reader.records("user")
    read = [next(records)]
    vault.delete(one)
    vault.prune()
    assert read + list(records) == SECOND["user"]
    assert found.find("user", "person-0003") == SECOND["user"][3]
    assert list(before.keys("assignment")) == [record.key for record in THIRD["assignment"]]


def test_a_reader_of_what_was_deleted_and_pruned_is_told_so(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, TINY)
    one = three(vault)[0]
    reader = open_vault(store, tmp_path).read(one)
    vault.delete(one)
    vault.prune()
    with pytest.raises(SnapshotGone, match="was deleted meanwhile"):
        list(reader.records("user"))
    with pytest.raises(SnapshotGone):
        next(open_vault(store, tmp_path).read(one).records("user"))
    assert vault.resolve("latest").id != one.id


def test_what_a_living_writer_may_still_name_waits_for_it(tmp_path: Path) -> None:
    place = Place()
    vault = place.vault()
    one, two, _ = three(vault)
    writer = place.vault().begin("identity_center")
    vault.delete(one)
    done = vault.prune()
    assert (done.objects_removed, done.erased, len(done.waiting)) == (0, False, 1)
    assert "writers at work" in done.erasure
    for name, records in THIRD.items():
        writer.add_section(name, records)
    sealed = writer.seal(kind="full", taken_at=two.taken_at.replace(hour=20), source=two.source, run="r")
    again = place.vault()
    assert contents_of(again.read(sealed)) == THIRD
    done = again.prune()
    assert (done.erased, done.waiting) == (True, ())
    assert again.check(read_data=True).garbage == ()
    assert contents_of(place.vault().read(sealed)) == THIRD


def test_a_writer_that_was_away_for_longer_than_its_lease_lives_seals_nothing() -> None:
    place = Place()
    vault = place.vault()
    one = three(vault)[0]
    writer = place.vault().begin("identity_center")
    for name, records in THIRD.items():
        writer.add_section(name, records)
    place.pass_time(LEASE_LIFE)
    vault.delete(one)
    assert vault.prune().erased
    with pytest.raises(Busy, match="nothing was sealed") as caught:
        writer.seal(kind="full", taken_at=one.taken_at, source=one.source, run="r")
    assert (caught.value.exit_code, "runs resume" in caught.value.advice) == (75, True)
    assert len(place.vault().snapshots()) == 2
    assert place.vault().check(read_data=True).problems == ()


def test_two_prunes_do_not_work_at_once_and_a_dead_one_is_passed_over() -> None:
    place = Place()
    vault = place.vault()
    vault.delete(three(vault)[0])
    first = Process(place, "prune", pruning)
    for _ in range(20):
        first.step()
    with pytest.raises(Busy, match="Another prune"):
        vault.prune()
    place.pass_time(LEASE_LIFE)
    assert vault.prune().erased
    first.finish()
    assert isinstance(first.error, Busy)
    assert place.vault().check(read_data=True).problems == ()


def deleted_first() -> tuple[Place, list[SnapshotInfo]]:
    place = Place()
    taken = three(place.vault())
    place.vault().delete(taken[0])
    return place, taken


def stepped(process: Process, calls: int) -> Process:
    for _ in range(calls):
        process.step()
    return process


def assert_whole(place: Place, two: SnapshotInfo, three_: SnapshotInfo) -> None:
    vault = place.vault()
    assert [info.id for info in vault.snapshots()] == [three_.id, two.id]
    assert contents_of(vault.read(vault.resolve(two.id))) == SECOND
    assert contents_of(vault.read(vault.resolve(three_.id))) == THIRD
    assert vault.check(read_data=True).problems == ()


@pytest.mark.parametrize("calls", [8, 12, 14, 18])
def test_a_writer_whose_lease_runs_out_while_a_prune_is_at_work_seals_nothing_broken(calls: int) -> None:
    start, (_, two, three_) = deleted_first()
    writer = stepped(Process(start, "write", backing_up), 5)
    prune = stepped(Process(start, "prune", pruning), calls)
    start.pass_time(LEASE_LIFE)
    prune.finish()
    assert prune.error is None
    writer.finish()
    assert isinstance(writer.error, Busy)
    assert_whole(start, two, three_)


@pytest.mark.parametrize("late", [13, 16, 17, 20])
@pytest.mark.parametrize("calls", [8, 10, 15, 17, 21])
def test_a_prune_that_was_taken_for_dead_and_comes_back_harms_nothing(late: int, calls: int) -> None:
    place, (_, two, three_) = deleted_first()
    first = stepped(Process(place, "prune", pruning), late)
    place.pass_time(LEASE_LIFE)
    second = stepped(Process(place, "prune", pruning), calls)
    first.finish()
    second.finish()
    assert isinstance(first.error, Busy | None)
    assert second.error is None
    assert_whole(place, two, three_)


def swept(work: Callable[[Vault], None], ending: Ending) -> int:
    """Cut the work off at each of its store calls in turn; the number of calls."""
    start, (_, two, three_) = deleted_first()
    calls = 0
    while True:
        place = start.copy()
        process = Process(place, "work", work)
        for _ in range(calls):
            process.step()
        process.step(ending)
        through = process.ended and not process.error
        process.finish()
        assert process.error is None or isinstance(process.error, Killed | StoreError)
        place.pass_time(LEASE_LIFE)
        again = place.vault()
        assert contents_of(again.read(again.resolve(two.id))) == SECOND
        assert contents_of(again.read(again.resolve(three_.id))) == THIRD
        again.prune()
        assert again.prune().erased
        seen = [contents_of(again.read(info)) for info in place.vault().snapshots()]
        found = Thief(place.archive, place.ring.load(place.store), place.ring.once()).versions()
        assert {version for version in found if version[2]} <= versions(*seen)
        checked = place.vault().check(read_data=True)
        assert (checked.problems, checked.garbage) == ((), ())
        if through:
            return calls
        calls += 1


@pytest.mark.parametrize(
    "ending", [Ending.KILLED, *(pytest.param(ending, marks=pytest.mark.soak) for ending in AFTERWARDS)]
)
def test_a_prune_cut_off_at_any_store_call_loses_nothing_and_the_next_ends_its_work(ending: Ending) -> None:
    assert swept(pruning, ending) > 30


@pytest.mark.parametrize("ending", [Ending.KILLED, Ending.LOST, Ending.TORN])
def test_a_backup_cut_off_at_any_store_call_loses_nothing_and_its_garbage_goes(ending: Ending) -> None:
    assert swept(backing_up, ending) > 6


def test_the_description_suffices_to_read_a_pruned_vault_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    store = FolderStore(folder)
    vault = new_vault(store, tmp_path, TINY)
    one, two, _ = three(vault)
    vault.delete(one)
    left = folder / "snapshots" / ".unfinished-0123456789abcdef"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    assert vault.prune().erased
    assert not left.exists()
    described = DescribedVault(folder, (tmp_path / "vault.key").read_bytes().split(b"\n")[0])
    found = described.read(f"snapshots/{two.id.lower()}.g00000002")
    assert [row[0] for row in found["user"]] == [record.key for record in SECOND["user"]]
    assert open_vault(store, tmp_path).check(read_data=True).garbage == ()
