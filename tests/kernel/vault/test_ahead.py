"""Work in threads keeps order, hands on what is raised, and goes on in a forked process."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.held import HELD_BYTES, HeldPacks
from holdfast.kernel.vault.packs import Packing
from holdfast.kernel.vault.vault import Vault
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import SYSTEM, TINY, company, contents_of, new_vault, open_vault, take, user


def test_results_come_in_the_order_of_the_items() -> None:
    gates = [threading.Event() for _ in range(3)]

    def work(number: int) -> int:
        if number < 2:
            gates[number + 1].wait(10)  # each waits for the one after it
        gates[number].set()
        return number * 10

    assert list(ahead(work, range(3))) == [0, 10, 20]


def test_no_more_is_begun_than_was_allowed() -> None:
    drawn = []

    def items() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    results = ahead(str, items(), most=3)
    assert next(results) == "0"
    assert len(drawn) == 4


def test_what_the_work_or_the_items_raise_reaches_the_caller() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("no third item")

    with pytest.raises(ValueError, match="no third item"):
        list(ahead(str, items()))
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda number: 1 // number, [1, 0, 1]))


def test_a_forked_process_has_threads_of_its_own() -> None:
    assert list(ahead(str, [1, 2])) == ["1", "2"]
    child = os.fork()
    if not child:
        os._exit(0 if list(ahead(str, [1, 2])) == ["1", "2"] else 1)
    assert os.waitpid(child, 0)[1] == 0


class CountingStore(MemoryStore):
    """Notes what is read of packs."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(objects)
        self.got: list[str] = []
        self.asked: list[str] = []
        self.ranged = 0

    def get(self, name: str) -> bytes:
        self.asked.append(name)
        if name.startswith("packs/"):
            self.got.append(name)
        return super().get(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        self.ranged += length
        return self.objects[name][start : start + length]


def counted(objects: dict[str, bytes], folder: Path, packing: Packing = TINY) -> tuple[CountingStore, Vault]:
    store = CountingStore(objects)
    return store, open_vault(store, folder, packing)


def test_a_new_snapshot_reads_each_pack_of_the_one_before_once(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    take(new_vault(MemoryStore(objects), tmp_path, TINY), company(40))
    packs = sorted(name for name in objects if name.startswith("packs/"))
    store, vault = counted(objects, tmp_path)
    take(vault, company(40, "Director"), after=1)
    assert len(packs) > 4
    assert (sorted(store.got), store.ranged) == (packs, 0)
    assert len(store.asked) == len(packs) + 3  # and configuration, manifest and index


def test_verification_reads_each_pack_once(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    info = take(new_vault(MemoryStore(objects), tmp_path, TINY), company(40))
    store, vault = counted(objects, tmp_path)
    assert vault.verify(info).sound
    assert sorted(store.got) == sorted(name for name in objects if name.startswith("packs/"))
    assert store.ranged == 0


def test_held_packs_stay_within_their_room_and_other_objects_are_not_held() -> None:
    inner = CountingStore(
        {"packs/a": b"a" * (HELD_BYTES - 1), "packs/b": b"bb", "packs/c": b"c", "other": b"o"}
    )
    store = HeldPacks(inner)
    for name in ("packs/a", "packs/b", "packs/c", "other") * 2:
        assert store.get(name) == inner.objects[name]
    assert store.get_range("packs/c", 0, 1) == b"c"
    assert store.get_range("packs/b", 1, 1) == b"b"
    assert inner.asked == ["packs/a", "packs/b", "packs/c", "other", "packs/b", "other"]
    assert inner.ranged == 1


def test_two_snapshots_are_compared_without_reading_all_that_they_share(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    packing = Packing(block_bytes=1000, pack_bytes=8000)
    vault = new_vault(MemoryStore(objects), tmp_path, packing)
    people = company(4000)
    take(vault, people)
    now = [*people["user"]]
    now[7], now[9] = user(now[7].key, "Director"), user(now[9].key, "Analyst")
    del now[2000]
    now.append(user("person-9999"))
    take(vault, {**people, "user": now}, after=1)
    store, vault = counted(objects, tmp_path, packing)
    newest, oldest = (vault.read(info) for info in vault.snapshots())
    was = people["user"]
    assert list(newest.unequal(oldest, "user")) == [
        (was[7], user(was[7].key, "Director")),
        (was[9], user(was[9].key, "Analyst")),
        (was[2000], None),
        (None, user("person-9999")),
    ]
    assert list(newest.unequal(oldest, "assignment")) == []
    assert store.got == []
    assert store.ranged < sum(len(data) for data in objects.values()) / 4


def test_snapshots_that_share_nothing_or_removed_and_came_back_compare_right(tmp_path: Path) -> None:
    vault = new_vault(MemoryStore(), tmp_path, TINY)
    states = [company(30), company(20), company(30, "Director"), company(30)]
    infos = [take(vault, state, after=hour) for hour, state in enumerate(states)]
    views = [vault.read(info) for info in infos]
    for before, old in zip(views, states, strict=True):
        for now, new in zip(views, states, strict=True):
            was, became = ({record.key: record for record in state["user"]} for state in (old, new))
            expected = [
                (was.get(key), became.get(key))
                for key in sorted(was | became)
                if was.get(key) != became.get(key)
            ]
            assert list(now.unequal(before, "user")) == expected


def test_a_section_reads_back_through_threads_as_it_was_stored(tmp_path: Path) -> None:
    vault = new_vault(MemoryStore(), tmp_path, Packing(block_bytes=4000, pack_bytes=50_000))
    info = take(vault, company(3000))
    assert contents_of(vault.read(info)) == company(3000)
    assert vault.begin(SYSTEM).damage == ()
