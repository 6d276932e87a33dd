"""Two places: what the first refuses goes to the second, copies are kept, and a repair heals either from the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.domain.errors import AccessDenied, HoldfastError, SettingsError, VaultDamaged, VaultError
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.errors import CannotDelete, StoreError, StoreFull
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.places import TwoPlaces, refuse_overlap
from holdfast.kernel.vault.vault import Vault
from tests.simulators.failing_store import FailingStore
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import TINY, FixedClock, company, contents_of, new_vault, open_vault, take


class Place(MemoryStore):
    """A place with a name that takes so many more objects, and none at all while it is down."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self._location = location
        self.takes = 1_000_000
        self.down = False
        self.refusal: type[HoldfastError] = StoreFull
        self.asked = 0

    @property
    def location(self) -> str:
        return self._location

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        self._reach("put", name)
        if self.takes <= 0 and self.refusal is AccessDenied:
            raise AccessDenied("s3:PutObject", f"{self.location}/{name}", "no")
        if self.takes <= 0:
            raise StoreFull("put", name, self.location, "no space left")
        self.takes -= 1
        super().put(name, data, replace=replace)

    def get(self, name: str) -> bytes:
        self._reach("get", name)
        return super().get(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        self._reach("get", name)
        return super().get(name)[start : start + length]

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self._reach("list", prefix)
        return iter(list(super().list(prefix)))

    def delete(self, name: str) -> None:
        self._reach("delete", name)
        super().delete(name)

    def _reach(self, operation: str, name: str) -> None:
        self.asked += 1
        if self.down:
            raise StoreError(operation, name, self.location, "no answer")


class Pair:
    """A vault in two places that a test can break, each process with a view of its own."""

    def __init__(self, folder: Path, *, copy: bool) -> None:
        self.first, self.second = Place("first"), Place("second")
        self.told: list[str] = []
        self._folder, self._copy = folder, copy
        new_vault(self.store(), folder, TINY)

    def store(self) -> TwoPlaces:
        return TwoPlaces(self.first, self.second, copy=self._copy, tell=self.told.append)

    def vault(self) -> Vault:
        return open_vault(self.store(), self._folder, TINY)

    def vault_to_repair(self) -> Vault:
        return Vault.open_to_repair(self.store(), KeyFile(self._folder / "vault.key"), FixedClock())

    def first_alone(self) -> Vault:
        return open_vault(self.first, self._folder, TINY)


@pytest.fixture
def copied(tmp_path: Path) -> Pair:
    return Pair(tmp_path, copy=True)


@pytest.fixture
def falling_back(tmp_path: Path) -> Pair:
    return Pair(tmp_path, copy=False)


def flip(place: Place, name: str) -> None:
    data = place.objects[name]
    place.objects[name] = data[:-1] + bytes([data[-1] ^ 1])


def test_a_copy_is_the_same_objects_in_both_places(copied: Pair) -> None:
    info = take(copied.vault(), company(5))
    assert copied.first.objects == copied.second.objects
    assert copied.vault().lacking(info) == ()
    assert copied.told == []


def test_falling_back_keeps_nothing_but_what_opens_the_vault_in_a_second_place_that_is_not_needed(
    falling_back: Pair,
) -> None:
    info = take(falling_back.vault(), company(5))
    assert list(falling_back.second.objects) == ["vault.json"]
    assert falling_back.vault().lacking(info) == ()


@pytest.mark.parametrize("refusal", [StoreFull, AccessDenied])
@pytest.mark.parametrize("takes", [0, 3])
def test_what_the_first_place_refuses_goes_to_the_second_and_can_be_read(
    falling_back: Pair, takes: int, refusal: type[HoldfastError]
) -> None:
    before = take(falling_back.vault(), company(3))
    falling_back.first.takes, falling_back.first.refusal = takes, refusal
    vault = falling_back.vault()
    info = take(vault, company(9, "Director"), after=1)
    alone = sorted(falling_back.second.objects.keys() - falling_back.first.objects.keys())
    assert f"snapshots/{info.id.lower()}" in alone
    [lack] = vault.lacking(info)
    assert (lack.location, sorted(lack.names)) == ("first", alone)
    assert ("no space left" if refusal is StoreFull else "s3:PutObject") in lack.reason
    [told] = falling_back.told
    assert told.startswith("The vault's first place does not take what is written")
    again = falling_back.vault()
    assert contents_of(again.read(info)) == company(9, "Director")
    assert again.verify(info).sound
    assert [found.id for found in falling_back.first_alone().snapshots()] == [before.id]


def test_a_first_place_that_is_gone_is_asked_once_for_each_kind_of_work(falling_back: Pair) -> None:
    take(falling_back.vault(), company(3))
    falling_back.first.down, falling_back.first.asked = True, 0
    vault = falling_back.vault()
    info = take(vault, company(30), after=1)
    assert falling_back.first.asked == 1
    assert [found.id for found in vault.snapshots()] == [info.id]
    falling_back.first.down = False
    assert len(falling_back.vault().snapshots()) == 2


def test_a_second_place_that_fails_never_fails_a_backup_and_is_filled_by_a_repair(copied: Pair) -> None:
    copied.second.takes = 2
    vault = copied.vault()
    info = take(vault, company(5))
    [lack] = vault.lacking(info)
    assert lack.location == "second"
    assert "no space left" in lack.reason
    assert copied.first_alone().verify(info).sound
    found = copied.vault().check()
    assert {problem.message for problem in found.problems} == {"the object is missing (in second)"}
    copied.second.takes = 1_000
    repaired = copied.vault().repair()
    assert {(healed.location, healed.source) for healed in repaired.healed} == {("second", "first")}
    assert copied.first.objects == copied.second.objects
    assert copied.vault().check(read_data=True).problems == ()


def test_both_places_full_is_the_first_one_s_error_and_breaks_nothing(copied: Pair) -> None:
    before = take(copied.vault(), company(5))
    copied.first.takes, copied.second.takes = 1, 2
    with pytest.raises(StoreFull, match="first is full"):
        take(copied.vault(), company(40), after=1)
    assert [found.id for found in copied.vault().snapshots()] == [before.id]
    assert copied.vault().check(read_data=True).problems == ()


def test_an_empty_folder_where_a_disk_should_be_mounted_is_not_written_to(falling_back: Pair) -> None:
    falling_back.first.objects.clear()
    vault = falling_back.vault()
    info = take(vault, company(3))
    assert falling_back.first.objects == {}
    assert "does not hold this vault" in falling_back.told[0]
    assert vault.lacking(info)[0].location == "first"


def test_a_second_place_with_another_vault_in_it_is_not_written_to(copied: Pair, tmp_path: Path) -> None:
    copied.second.objects.clear()
    new_vault(copied.second, tmp_path / "other")
    before = dict(copied.second.objects)
    info = take(copied.vault(), company(3))
    assert copied.second.objects == before
    assert "vault.json is another one" in copied.told[0]
    assert copied.vault().verify(info).sound
    with pytest.raises(VaultError, match="The keys are of vault"):
        copied.vault().repair()


def test_what_is_missing_in_one_place_is_not_called_missing_while_the_other_is_silent(copied: Pair) -> None:
    info = take(copied.vault(), company(3))
    del copied.first.objects[next(name for name in copied.first.objects if name.startswith("packs/"))]
    assert copied.vault().verify(info).sound
    copied.second.down = True
    with pytest.raises(StoreError, match="no answer"):
        copied.vault().verify(info)


def test_nothing_is_deleted_while_a_copy_would_outlive_it(copied: Pair) -> None:
    info = take(copied.vault(), company(3))
    copied.second.down = True
    with pytest.raises(CannotDelete, match="second would keep its copy") as caught:
        copied.vault().delete(info)
    assert "HOLDFAST_VAULT_REPLICA" in caught.value.advice
    with pytest.raises(CannotDelete):
        copied.store().require_both()
    copied.second.down = False
    assert [found.id for found in copied.vault().snapshots()] == [info.id]
    copied.store().require_both()
    copied.vault().delete(info)
    mark = f"snapshots/{info.id.lower()}.deleted"
    assert mark in copied.first.objects
    assert mark in copied.second.objects
    assert copied.vault().snapshots() == []


def test_a_snapshot_that_lies_in_the_second_place_alone_is_not_deleted_while_the_first_is_gone(
    copied: Pair,
) -> None:
    copied.first.down = True
    info = take(copied.vault(), company(3))
    lacking = copied.vault().lacking(info)
    assert [(lack.location, lack.seen) for lack in lacking] == [("first", False)]
    with pytest.raises(CannotDelete, match="first would keep its copy"):
        copied.vault().delete(info)
    copied.first.down = False
    assert [found.id for found in copied.vault().snapshots()] == [info.id]


@pytest.mark.parametrize("emptied", ["first", "second"])
def test_a_place_that_lost_everything_is_filled_from_the_other(copied: Pair, emptied: str) -> None:
    take(copied.vault(), company(5))
    take(copied.vault(), company(5, "Director"), after=1)
    whole = dict(copied.first.objects)
    getattr(copied, emptied).objects.clear()
    assert not copied.vault().check().sound
    preview = copied.vault().repair(dry_run=True)
    assert getattr(copied, emptied).objects == {}
    assert {healed.name for healed in preview.healed} == set(whole)
    repaired = copied.vault().repair()
    assert repaired.healed == preview.healed
    assert getattr(copied, emptied).objects == whole
    assert copied.vault().check(read_data=True).problems == ()


def test_any_object_that_is_wrong_in_either_place_is_healed_from_the_other(copied: Pair) -> None:
    take(copied.vault(), company(4))
    take(copied.vault(), company(4, "Director"), after=1)
    whole = dict(copied.first.objects)
    harms: list[Callable[[Place, str], object]] = [
        flip,
        lambda place, name: place.objects.pop(name),
        lambda place, name: place.objects.update({name: b""}),
    ]
    for number, name in enumerate(whole):
        place = copied.first if number % 2 else copied.second
        harms[number % 3](place, name)
    found = copied.vault_to_repair().check(read_data=True)
    assert len(found.problems) >= len(whole)
    repaired = copied.vault_to_repair().repair()
    assert {healed.name for healed in repaired.healed} == set(whole)
    assert (repaired.left.problems, repaired.unreadable) == ((), ())
    assert copied.first.objects == copied.second.objects == whole
    assert copied.vault().check(read_data=True).problems == ()


def test_a_key_header_from_before_a_change_of_keys_is_found_and_replaced(copied: Pair) -> None:
    for place, header in ((copied.first, b"new"), (copied.second, b"old")):
        place.objects["keys/header"] = header
    assert [(each.where, each.message) for each in copied.vault().check().problems] == [
        ("keys/header", "it is not the same in both places")
    ]
    copied.vault().repair()
    assert copied.second.objects["keys/header"] == b"new"
    assert copied.vault().check().problems == ()


def test_what_fell_back_is_brought_home(falling_back: Pair) -> None:
    falling_back.first.takes = 5  # the lease, both packs, the index, and what announces the manifest
    info = take(falling_back.vault(), company(9))
    found = falling_back.vault().check(read_data=True)
    assert [problem.where for problem in found.problems] == [f"snapshots/{info.id.lower()}"]
    assert found.garbage == ()
    falling_back.first.takes = 1_000
    falling_back.vault().repair()
    assert falling_back.first_alone().verify(info).sound
    assert falling_back.vault().check(read_data=True).problems == ()


def damaged_alone(folder: Path) -> tuple[Place, Vault, list[str]]:
    """A vault in one place with three snapshots, of which the second alone has a damaged pack."""
    place = Place("only")
    vault = new_vault(place, folder, TINY)
    infos = [take(vault, company(6))]
    before = set(place.objects)
    infos.append(take(vault, company(6, "Director"), after=1))
    fresh = sorted(name for name in place.objects.keys() - before if name.startswith("packs/"))
    infos.append(take(vault, company(6, "Captain"), after=2))
    flip(place, fresh[0])
    return place, open_vault(place, folder, TINY), [info.id for info in infos]


def test_without_a_second_place_the_loss_is_named_and_the_rest_stays_sound(tmp_path: Path) -> None:
    place, vault, ids = damaged_alone(tmp_path)
    before = dict(place.objects)
    found = vault.repair()
    assert found.healed == ()
    assert place.objects == before
    assert found.unreadable == (ids[1],)
    lost = [problem.where for problem in found.left.problems if problem.level == "records"]
    assert lost
    assert all(f"snapshot {ids[1]}, " in where and "person-000" in where for where in lost)
    vault.drop(ids[1])
    assert open_vault(place, tmp_path).check(read_data=True).problems == ()
    assert contents_of(vault.read(vault.resolve(ids[2]))) == company(6, "Captain")


def test_a_lost_configuration_is_made_anew_from_the_keys_and_only_from_the_right_ones(tmp_path: Path) -> None:
    place = Place("only")
    take(new_vault(place, tmp_path, TINY), company(3))
    new_vault(MemoryStore(), tmp_path / "other")
    for harm in (lambda: flip(place, "vault.json"), lambda: place.objects.pop("vault.json")):
        harm()
        with pytest.raises(VaultDamaged):
            Vault.open_to_repair(place, KeyFile(tmp_path / "other" / "vault.key"), FixedClock())
        vault = Vault.open_to_repair(place, KeyFile(tmp_path / "vault.key"), FixedClock())
        found = vault.repair()
        assert [healed.name for healed in found.healed] == ["vault.json"]
        assert found.left.problems == ()
        assert open_vault(place, tmp_path).check(read_data=True).problems == ()


def test_a_key_file_in_the_second_place_is_refused(tmp_path: Path) -> None:
    second = Place(str(tmp_path / "copy"))
    with pytest.raises(VaultError, match="is inside the vault"):
        new_vault(TwoPlaces(Place("first"), second, copy=True, tell=print), tmp_path / "copy")


@pytest.mark.parametrize("second", ["/vault", "/vault/copy", "/"])
def test_places_in_one_another_are_refused(second: str) -> None:
    refuse_overlap("/vault", "/vault-copy")
    with pytest.raises(SettingsError, match="lie in one another"):
        refuse_overlap("/vault", second.rstrip("/"))


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize("dying", ["first", "second"])
@pytest.mark.parametrize("how", [{}, {"full": True}], ids=["dies", "fills up"])
def test_whenever_a_place_dies_the_backup_is_sealed_and_comes_home(
    tmp_path: Path, copy: bool, dying: str, how: dict[str, bool]
) -> None:
    def pair(first: ObjectStore, second: ObjectStore) -> TwoPlaces:
        return TwoPlaces(first, second, copy=copy, tell=lambda _: None)

    start: tuple[dict[str, bytes], dict[str, bytes]] = ({}, {})
    take(new_vault(pair(*map(MemoryStore, start)), tmp_path, TINY), company(3))
    operations, through = 0, False
    while not through:
        first, second = dict(start[0]), dict(start[1])
        places: dict[str, ObjectStore] = {"first": MemoryStore(first), "second": MemoryStore(second)}
        places[dying] = FailingStore(first if dying == "first" else second, operations, **how)
        try:
            info = take(open_vault(pair(**places), tmp_path, TINY), company(3, "Director"), after=1)
        except StoreError:
            # What is read to build upon lies in the first place alone: the next attempt builds on nothing.
            assert (copy, dying, how.get("full")) == (False, "first", None)
            info = take(open_vault(pair(**places), tmp_path, TINY), company(3, "Director"), after=1)
        alive = pair(MemoryStore(first), MemoryStore(second))
        again = open_vault(alive, tmp_path, TINY)
        assert contents_of(again.read(info)) == company(3, "Director"), operations
        repaired = again.repair()
        assert (repaired.left.problems, repaired.unreadable) == ((), ()), operations
        assert again.lacking(info) == ()
        assert open_vault(MemoryStore(first), tmp_path).check(read_data=True).problems == ()
        through = not repaired.healed
        operations += 1
        assert operations < 100
    assert operations > (3 if dying == "first" else 0)
