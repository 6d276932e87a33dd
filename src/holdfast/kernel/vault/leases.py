"""Who is at work on the vault: writers of snapshots, and the one prune.

Only the store's clock is asked how old a lease is, and nothing but patience depends on the answer: a writer
that was given up too early fails to seal, since the name its manifest needs is taken, and loses nothing else.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from holdfast.domain.errors import Busy, HoldfastError
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, damaged
from holdfast.kernel.vault.names import (
    VOID,
    condemned_name,
    is_manifest,
    is_unfinished,
    is_void,
    pruned_name,
    put_once,
)

FOLDER = "leases/"
ENDED = ".end"
LIFE = timedelta(minutes=10)
RENEWED_EVERY = LIFE / 4
_WRITER = re.compile(rf"{FOLDER}w-[0-9a-f]{{16}}")
_PRUNE = re.compile(rf"{FOLDER}prune\.([0-9]{{1,9}})")


def given_up() -> Busy:
    """The error of one whose lease ran out: others went on without it."""
    return Busy(
        "This process was away for so long that a prune of the vault went on without it; nothing was sealed.",
        "Run the command again, or resume the run: `holdfast runs resume latest`.",
    )


class HeldLease:
    """An object that says, by the time it was last stored, that its holder lives; renewed in a thread."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        """Takes the name. Raises: ObjectExists; StoreError."""
        self.name = name
        self._store = store
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._token = os.urandom(8).hex().encode()  # tells a repeat of this put from another's
        if not put_once(store, name, self._token):
            raise ObjectExists("put", name, store.location, "the name is taken")
        self._wait()

    def renew(self) -> None:
        """Store it again. Raises: StoreError."""
        self._store.put(self.name, self._token, replace=True)

    def release(self) -> None:
        """Give it back. Raises: StoreError."""
        self.stop()
        self._store.delete(self.name)

    def stop(self) -> None:
        """Renew it no more, so that it runs out."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = threading.Timer(RENEWED_EVERY.total_seconds(), self._tick)
        self._timer.daemon = True
        self._timer.start()

    def _tick(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            with suppress(HoldfastError):  # the next time may do; the seal notices if none did
                self.renew()
            self._wait()


class WriterLease(HeldLease):
    """The lease of one writer, taken before it looks for the snapshot it builds on."""

    def __init__(self, store: ObjectStore) -> None:
        """Raises: StoreError."""
        super().__init__(store, f"{FOLDER}w-{os.urandom(8).hex()}")

    def refuse_lost(self, cause: Exception) -> None:
        """Nothing while this writer counts; else what it builds on may be gone. Raises: Busy; StoreError."""
        with suppress(ObjectMissing):
            if self._store.get(self.name + ENDED) == VOID:
                raise given_up() from cause

    def seal(self, manifest: str, data: bytes) -> None:
        """Store the manifest, unless this writer was given up: of it and a prune, one gets the name first.

        Raises: Busy when the writer was given up; StoreError.
        """
        if not put_once(self._store, self.name + ENDED, manifest.encode()):
            raise given_up()
        if not put_once(self._store, manifest, data):
            raise given_up()
        # The snapshot is sealed: what is left of the lease runs out, and a prune takes it away.
        with suppress(HoldfastError):
            self.release()
            self._store.delete(self.name + ENDED)


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer as a prune sees it: its lease, whether it still counts, and how its end reads."""

    lease: str
    renewed: datetime | None
    end: StoredObject | None

    def lives(self, now: datetime) -> bool:
        """Whether it may still seal: not given up, and renewed within a lease's life."""
        gone = self.renewed is None or (self.end is not None and is_void(self.end))
        return not gone and now - (self.renewed or now) <= LIFE


@dataclass(frozen=True, slots=True)
class LeaseList:
    """One listing of the leases: its moment by the store's clock, the writers, the prunes' numbers and times."""

    now: datetime
    writers: tuple[Writer, ...]
    prunes: dict[int, datetime]
    unfinished: tuple[StoredObject, ...] = ()

    @property
    def alive(self) -> frozenset[str]:
        """The leases of the writers that may still seal."""
        return frozenset(writer.lease for writer in self.writers if writer.lives(self.now))


def list_leases(store: ObjectStore, own: str = "") -> LeaseList:
    """All leases. `own`, stored just now, tells the store's time; without it the newest does. Raises: StoreError."""
    found = {item.name: item for item in store.list(FOLDER)}
    names = {name.removesuffix(ENDED) for name in found}
    writers = [
        Writer(name, found[name].modified if name in found else None, found.get(name + ENDED))
        for name in sorted(names)
        if _WRITER.fullmatch(name)
    ]
    prunes = {int(match[1]): found[name].modified for name in found if (match := _PRUNE.fullmatch(name))}
    times = [item.modified for item in found.values()]
    now = found[own].modified if own in found else max(times, default=datetime.min.replace(tzinfo=UTC))
    return LeaseList(now, tuple(writers), prunes, tuple(filter(is_unfinished, found.values())))


def give_up_dead(store: ObjectStore, leases: LeaseList) -> None:
    """Make sure that writers whose leases ran out never seal. Raises: VaultDamaged; StoreError."""
    for writer in leases.writers:
        if not writer.lives(leases.now):
            _give_up(store, writer)


def _give_up(store: ObjectStore, writer: Writer) -> None:
    end = writer.lease + ENDED
    if writer.end is None and put_once(store, end, VOID):
        store.delete(writer.lease)
        return  # the end stays: such a writer may come back at any time
    if writer.end is not None and is_void(writer.end):
        if writer.renewed is not None:
            store.delete(writer.lease)
        return
    with suppress(ObjectMissing):  # then it has ended by itself
        manifest = store.get(end).decode("latin-1")
        if not is_manifest(manifest):
            raise damaged(end, "it does not name a manifest")
        if writer.renewed is not None:
            # Whoever gets the name first: the writer, which then has sealed, or this, and it never will.
            put_once(store, manifest, VOID)
            store.delete(writer.lease)
        store.delete(end)


def prune_name(number: int) -> str:
    """The name of the lease of a prune."""
    return f"{FOLDER}prune.{number}"


@contextmanager
def prune_lease(store: ObjectStore, least: int) -> Iterator[tuple[int, HeldLease]]:
    """Hold the prune's lease; its number, at least `least`, which no prune before had.

    A prune whose lease ran out is called off: nothing that it still stores will count.
    Raises: Busy while another prune is at work; StoreError.
    """
    number = max([least - 1, *list_leases(store).prunes]) + 1
    try:
        lease = HeldLease(store, prune_name(number))
    except ObjectExists as error:
        raise _busy(number) from error
    try:
        leases = list_leases(store, lease.name)
        for other in [other for other in leases.prunes if other < number]:
            if leases.now - leases.prunes[other] <= LIFE:
                raise _busy(other)
            put_once(store, pruned_name(other), VOID)
            put_once(store, condemned_name(other), VOID)
            store.delete(prune_name(other))
        yield number, lease
    finally:
        lease.stop()
        with suppress(HoldfastError):  # it runs out
            lease.release()


def took_over(number: int) -> Busy:
    """The error of a prune that others went on without."""
    return Busy(
        f"Another prune of this vault went on without this one (number {number}); nothing was lost.",
        "Run the prune again.",
    )


def _busy(number: int) -> Busy:
    return Busy(
        f"Another prune of this vault (number {number}) is at work.",
        f"Wait until it ends; one that died is passed over after {LIFE.seconds // 60} minutes.",
    )
