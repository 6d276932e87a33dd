"""Writers, prunes, deleters and readers of one vault, as processes that a test lets go on one store call at a time.

Each has its own thread and its own view of the shared store; it waits before each call that others can
notice, until the test says how that call ends. The store's clock goes by the test; nobody has another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from copy import copy
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from holdfast.domain.errors import HoldfastError
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.errors import StoreError
from holdfast.kernel.vault.key_set import Epoch, KeySet, check_successor, new_key_set
from holdfast.kernel.vault.vault import Vault
from tests.simulators.object_store_memory import BEGINNING, MemoryStore
from tests.simulators.small_vault import TINY, FixedClock


class Killed(BaseException):
    """The process is gone."""


class Ending(StrEnum):
    """How a call to the store ends."""

    DONE = "done"
    REFUSED = "refused"
    """It has no effect, and an error is the answer."""
    LOST = "lost"
    """It has its effect, but an error is the answer."""
    KILLED = "killed"
    """The process is gone before the call."""
    KILLED_AFTER = "killed after"
    """The process is gone before the answer."""
    TORN = "torn"
    """The process is gone, and half of what it was about to store is there, where nothing counts on it."""


class MemoryRing:
    """A key file in memory, that all processes of one machine share."""

    kind = "key file"
    can_erase = True
    location = "a key file in memory"

    def __init__(self) -> None:
        self.keys: KeySet | None = None
        self.ever: dict[int, Epoch] = {}
        """All epochs that ever were, as a test may remember them."""

    def create(self, store: ObjectStore) -> KeySet:
        self._keep(new_key_set())
        return self.load(store)

    def load(self, store: ObjectStore) -> KeySet:
        assert self.keys
        return self.keys

    def replace(self, store: ObjectStore, keys: KeySet) -> None:
        check_successor(self.load(store), keys)
        self._keep(keys)

    def once(self) -> KeySet:
        """The secrets with all epochs that ever were."""
        assert self.keys
        return msgspec.structs.replace(self.keys, epochs=tuple(self.ever.values()))

    def _keep(self, keys: KeySet) -> None:
        self.keys = keys
        self.ever |= {epoch.number: epoch for epoch in keys.epochs}

    def adopt(self, store: ObjectStore, keys: KeySet) -> None:
        raise NotImplementedError

    def discard(self, store: ObjectStore) -> None:
        raise NotImplementedError

    def check(self, store: ObjectStore) -> None:
        self.load(store)


class Place:
    """A store and a key ring that several processes use; it remembers every byte that ever lay in the store."""

    def __init__(self) -> None:
        self.time = BEGINNING
        self.store = MemoryStore(now=lambda: self.time)
        self.ring = MemoryRing()
        self.archive: dict[str, set[bytes]] = {}
        Vault.create(self.view(None), self.ring, FixedClock(), TINY)

    def copy(self) -> Place:
        """The same again, for another way on."""
        other = copy(self)
        other.store = MemoryStore(dict(self.store.objects), now=lambda: other.time)
        other.store.times = dict(self.store.times)
        other.ring = MemoryRing()
        other.ring.keys, other.ring.ever = self.ring.keys, dict(self.ring.ever)
        other.archive = {name: set(copies) for name, copies in self.archive.items()}
        return other

    def pass_time(self, seconds: float) -> datetime:
        self.time += timedelta(seconds=seconds)
        return self.time

    def view(self, process: Process | None) -> SharedStore:
        """The store as a process has it; for None no call fails or waits."""
        return SharedStore(self, process)

    def vault(self, process: Process | None = None) -> Vault:
        """The vault, as a process opens it."""
        ring = RingOf(process, self.ring) if process else self.ring
        return Vault.open(self.view(process), ring, FixedClock(), TINY)


class Process:
    """Work on a vault that goes on by one call at a time."""

    def __init__(self, place: Place, name: str, work: Callable[[Vault], None]) -> None:
        self.name = name
        self.alive = True
        self.ended = False
        self.error: BaseException | None = None
        self._ending = Ending.DONE
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(place, work), daemon=True)
        self._thread.start()
        self._back.acquire()

    def step(self, ending: Ending = Ending.DONE) -> None:
        """Let the call it waits before end so, and go on to the next."""
        if not self.ended:
            self._ending = ending
            self._go.release()
            self._back.acquire()

    def finish(self) -> None:
        """Let it go on to its end."""
        while not self.ended:
            self.step()

    def gate(self) -> Ending:
        """Called by the store before each call: how that is to end."""
        if threading.current_thread() is not self._thread:
            return Ending.DONE if self.alive else Ending.REFUSED  # a helper of the process
        if not self.alive:
            raise Killed
        self._back.release()
        self._go.acquire()
        if self._ending in (Ending.KILLED, Ending.KILLED_AFTER, Ending.TORN):
            self.alive = False
        return self._ending

    def _run(self, place: Place, work: Callable[[Vault], None]) -> None:
        try:
            work(place.vault(self))
        except (HoldfastError, Killed, AssertionError) as error:
            self.error = error
        finally:
            self.alive = False
            self.ended = True
            self._back.release()


class RingOf(MemoryRing):
    """The key ring as one process has it: it may be gone before or after it replaces keys."""

    def __init__(self, process: Process, ring: MemoryRing) -> None:
        self._process = process
        self._ring = ring

    def load(self, store: ObjectStore) -> KeySet:
        return self._ring.load(store)

    def replace(self, store: ObjectStore, keys: KeySet) -> None:
        ending = self._process.gate()
        if ending in (Ending.KILLED, Ending.TORN):
            raise Killed
        self._ring.replace(store, keys)
        if ending is Ending.KILLED_AFTER:
            raise Killed


class SharedStore:
    """The store of a place as one process has it. Reading of packs and indexes is not waited for."""

    location = "a shared store"

    def __init__(self, place: Place, process: Process | None) -> None:
        self._place = place
        self._inner = place.store
        self._process = process

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        ending = self._gate("put", name)
        if ending is Ending.TORN:
            if name.startswith(("packs/", "indexes/")):
                self._inner.put(name, data[: len(data) // 2])
            raise Killed
        self._inner.put(name, data, replace=replace)
        self._place.archive.setdefault(name, set()).add(data)
        self._answer(ending, "put", name)

    def get(self, name: str) -> bytes:
        if not name.startswith(("packs/", "indexes/")):
            self._answer(self._gate("get", name), "get", name)
        return self._inner.get(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        return self._inner.get_range(name, start, length)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self._answer(self._gate("list", prefix), "list", prefix)
        return iter(list(self._inner.list(prefix)))

    def delete(self, name: str) -> None:
        ending = self._gate("delete", name)
        if ending is Ending.TORN:
            raise Killed
        self._inner.delete(name)
        self._answer(ending, "delete", name)

    def _gate(self, operation: str, name: str) -> Ending:
        if self._process is None:
            return Ending.DONE
        ending = self._process.gate()
        self._place.pass_time(0.01)
        if ending is Ending.KILLED:
            raise Killed
        if ending is Ending.REFUSED:
            raise StoreError(operation, name, self.location, "refused by the test")
        return ending

    def _answer(self, ending: Ending, operation: str, name: str) -> None:
        if ending in (Ending.KILLED_AFTER, Ending.TORN):
            raise Killed
        if ending is Ending.LOST:
            raise StoreError(operation, name, self.location, "the answer was lost by the test")
