"""Where prunes, second places, keys and damage meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from holdfast.domain.errors import Busy, VaultDamaged
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.places import TwoPlaces
from holdfast.kernel.vault.rotation import rotate
from holdfast.kernel.vault.vault import Vault
from tests.kernel.vault.test_places import Pair, Place
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import (
    SOURCE,
    START,
    SYSTEM,
    TINY,
    FixedClock,
    company,
    new_vault,
    open_vault,
    take,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(store: MemoryStore, tmp_path: Path) -> Vault:
    return new_vault(store, tmp_path, TINY)


def prune_one_of_two(vault: Vault) -> str:
    """The name of the mark that the prune left; one snapshot stays."""
    first = take(vault, company(3))
    take(vault, company(9, "Director"), after=1)
    vault.delete(first)
    vault.prune()
    return "snapshots/pruned.00000002"


def test_a_lost_mark_of_a_prune_is_told_and_never_taken_for_an_empty_vault(
    store: MemoryStore, vault: Vault, tmp_path: Path
) -> None:
    mark = prune_one_of_two(vault)
    del store.objects[mark]
    before = dict(store.objects)
    calls: list[Callable[[Vault], object]] = [Vault.snapshots, Vault.prune, Vault.check]
    for call in calls:
        with pytest.raises(VaultDamaged, match=mark):
            call(open_vault(store, tmp_path))
    assert store.objects == before


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_lost_mark_is_made_anew_from_the_manifests_that_it_made_count(
    store: MemoryStore, vault: Vault, tmp_path: Path, dry_run: bool
) -> None:
    mark = prune_one_of_two(vault)
    was = store.objects.pop(mark)
    repair = Vault.open_to_repair(store, KeyFile(tmp_path / "vault.key"), FixedClock()).repair(
        dry_run=dry_run
    )
    assert [healed.name for healed in repair.healed] == [mark]
    assert (repair.left.problems, repair.unreadable) == ((), ())
    assert store.objects.get(mark) == (None if dry_run else was)


def test_a_mark_that_the_second_place_lacks_is_found_and_healed(tmp_path: Path) -> None:
    pair = Pair(tmp_path, copy=True)
    mark = prune_one_of_two(pair.vault())
    del pair.second.objects[mark]
    [problem] = pair.vault().check().problems
    assert (problem.where, problem.message) == (mark, "the object is missing (in second)")
    pair.vault_to_repair().repair()
    assert pair.second.objects == pair.first.objects


def test_what_is_no_record_of_a_prune_does_not_stop_one(store: MemoryStore, vault: Vault) -> None:
    store.objects["condemned/.ds_store"] = b"a file of somebody else"
    prune_one_of_two(vault)
    assert len(vault.snapshots()) == 1


@pytest.mark.parametrize("name", ["leases/prune.99999999", "snapshots/pruned.99999999", "condemned/99999999"])
def test_a_number_that_no_prune_can_have_stops_it_before_the_keys_bear_it(
    store: MemoryStore, vault: Vault, name: str
) -> None:
    take(vault, company(3))
    store.objects[name] = b"given up by a prune of the vault\n"
    with pytest.raises(VaultDamaged, match="99999999"):
        vault.prune()
    del store.objects[name]
    prune_one_of_two(vault)


def test_a_damaged_record_of_a_prune_does_not_stop_the_next_one(
    store: MemoryStore, vault: Vault, tmp_path: Path
) -> None:
    first = take(vault, company(3))
    kept = take(vault, company(9, "Director"), after=1)
    writer = open_vault(store, tmp_path).begin(SYSTEM)
    vault.delete(first)
    [waiting] = vault.prune().waiting
    store.objects["condemned/00000002"] = b"half of it"
    assert vault.prune().waiting == (waiting,)
    writer._lease.release()
    assert vault.prune().erased
    assert vault.verify(kept).sound
    assert vault.check().garbage == ()


class TimedPlace(Place):
    """A place by a clock that the test sets."""

    def __init__(self, location: str, times: list[datetime]) -> None:
        super().__init__(location)
        self._now = lambda: times[-1]


@pytest.mark.parametrize("away", [False, True])
def test_a_writer_that_fell_back_and_a_prune_that_did_not_cannot_pass_each_other(
    tmp_path: Path, away: bool
) -> None:
    times = [START]
    first, second = TimedPlace("first", times), TimedPlace("second", times)

    def opened() -> Vault:
        return open_vault(TwoPlaces(first, second, copy=False, tell=print), tmp_path, TINY)

    new_vault(TwoPlaces(first, second, copy=False, tell=print), tmp_path, TINY)
    opened().delete(take(opened(), company(3)))
    writer = opened().begin(SYSTEM)
    first.takes = 0
    writer.add_section("user", company(9)["user"])
    times.append(START + timedelta(minutes=9))
    if not away:
        writer._lease.renew()
    times.append(START + timedelta(minutes=11))
    first.takes = 1_000_000
    assert opened().prune().erased == away
    if away:
        with pytest.raises(Busy):
            writer.seal(kind="full", taken_at=START, source=SOURCE, run="run-2")
        assert opened().snapshots() == []
    else:
        info = writer.seal(kind="full", taken_at=START, source=SOURCE, run="run-2")
        assert opened().verify(info).sound


def test_a_mark_of_a_deletion_that_others_made_erases_nothing(
    store: MemoryStore, vault: Vault, tmp_path: Path
) -> None:
    infos = [take(vault, company(count), after=count) for count in (3, 5, 9)]
    names = [f"snapshots/{info.id.lower()}.deleted" for info in infos]
    vault.delete(infos[2])
    for forged in (b"", store.objects[names[2]]):
        store.objects[names[0]] = forged
        with pytest.raises(VaultDamaged, match=names[0]):
            vault.prune()
        assert [problem.where for problem in vault.check().problems] == [names[0]]
    del store.objects[names[0]]
    assert open_vault(store, tmp_path).prune().erased
    assert [info.id for info in vault.snapshots()] == [infos[1].id, infos[0].id]


def test_who_has_the_first_place_alone_cannot_void_what_is_in_the_second(tmp_path: Path) -> None:
    pair = Pair(tmp_path, copy=True)
    info = take(pair.vault(), company(3))
    name = f"snapshots/{info.id.lower()}"
    pair.first.objects[name] = b"given up by a prune of the vault\n"
    with pytest.raises(VaultDamaged, match=name):
        pair.vault().prune()
    pair.vault_to_repair().repair()
    assert pair.first.objects == pair.second.objects
    assert pair.vault().verify(info).sound


@pytest.mark.parametrize("copied", [True, False])
def test_a_mark_that_no_prune_of_this_number_made_hides_and_deletes_nothing(
    store: MemoryStore, vault: Vault, tmp_path: Path, copied: bool
) -> None:
    mark = prune_one_of_two(vault)
    for _ in range(3):
        rotate(store, KeyFile(tmp_path / "vault.key"), KeyFile(tmp_path / "vault.key"))
    false = "snapshots/pruned.00000004"
    store.objects[false] = store.objects[mark] if copied else b"anything"
    before = dict(store.objects)
    calls: list[Callable[[Vault], object]] = [Vault.snapshots, Vault.prune, Vault.check]
    for call in calls:
        with pytest.raises(VaultDamaged, match=false):
            call(open_vault(store, tmp_path))
    assert store.objects == before
    del store.objects[false]
    assert mark in store.objects
    assert len(open_vault(store, tmp_path).snapshots()) == 1


def test_a_second_place_from_before_a_prune_does_not_bring_back_what_that_deleted(tmp_path: Path) -> None:
    pair = Pair(tmp_path, copy=True)
    prune_one_of_two(pair.vault())
    kept = take(pair.vault(), company(4), after=2)
    before = dict(pair.second.objects)
    [gone] = [info for info in pair.vault().snapshots() if info.id != kept.id]
    pair.vault().delete(gone)
    pair.vault().prune()
    pair.second.objects.clear()
    pair.second.objects.update(before)
    assert [info.id for info in pair.vault().snapshots()] == [kept.id]
    repair = pair.vault_to_repair().repair()
    assert (repair.left.problems, repair.unreadable) == ((), ())
    pair.vault().prune()
    # An older mark says nothing beside a newer one, and goes with the next that is made.
    assert pair.second.objects.keys() - pair.first.objects.keys() <= {"snapshots/pruned.00000002"}
    assert pair.first.objects.keys() <= pair.second.objects.keys()
