"""What is to be deleted once the writers that may still name it have ended."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from holdfast.domain.errors import VaultDamaged
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.catalogue import PRUNE
from holdfast.kernel.vault.checked_text import read_signed, write_signed
from holdfast.kernel.vault.key_set import KeySet
from holdfast.kernel.vault.leases import took_over
from holdfast.kernel.vault.names import CONDEMNED, DIGITS, condemned_name, is_void, put_once
from holdfast.kernel.vault.packs import fetch

_RECORD = re.compile(rf"{CONDEMNED}[0-9]{{{DIGITS}}}")


class Group(msgspec.Struct, frozen=True):
    """Objects, and old epochs' numbers, that these writers' leases hold back."""

    objects: tuple[str, ...]
    epochs: tuple[int, ...]
    waiting: tuple[str, ...]


class Condemned(msgspec.Struct, frozen=True, tag_field="holdfast_condemned", tag=1):
    """What one prune left for the next."""

    groups: tuple[Group, ...] = ()


_condemned = msgspec.json.Decoder(Condemned)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What may be deleted now, and what waits."""

    objects: tuple[str, ...]
    epochs: tuple[int, ...]
    waiting: Condemned


def read_condemned(store: ObjectStore, keys: KeySet, generation: int) -> tuple[Condemned, list[str]]:
    """What the newest prune left, and the names of the records that will not be needed any more.

    A record older than the `generation` comes from a prune that was away while others went on. A void one
    keeps its name from such a prune. A damaged one says nothing: what it named is found again, and waits for
    all writers that are alive now. Raises: StoreError.
    """
    found = sorted(_records(store), key=lambda item: item.name)
    oldest = condemned_name(generation)
    used = [item.name for item in found if not is_void(item) or item.name < oldest]
    counts = [item.name for item in found if not is_void(item) and item.name >= oldest]
    with suppress(VaultDamaged):
        if counts:
            return read_signed(fetch(store, counts[-1]), _condemned, counts[-1], keys, PRUNE), used
    return Condemned(), used


def write_condemned(store: ObjectStore, keys: KeySet, number: int, left: Condemned) -> None:
    """Keep it for the next prune. Raises: Busy when this prune was passed over; StoreError."""
    if not put_once(store, condemned_name(number), write_signed(left, keys, PRUNE)):
        raise took_over(number)


def highest_condemned(store: ObjectStore) -> int:
    """The highest number of a prune that has such a record, 0 for none. Raises: StoreError."""
    return max((int(item.name.removeprefix(CONDEMNED)) for item in _records(store)), default=0)


def _records(store: ObjectStore) -> Iterator[StoredObject]:
    return (item for item in store.list(CONDEMNED) if _RECORD.fullmatch(item.name))


def weigh(
    before: Condemned,
    dead: Iterable[str],
    epochs: Iterable[int],
    alive: Collection[str],
) -> Sweep:
    """What can go now. `dead` objects and old `epochs` wait for all writers `alive`, unless they waited before.

    What was condemned before waits for the writers of that time alone: those that began later have never
    seen a snapshot that needs it. What a snapshot has come to reach since is condemned no more.
    """
    dead, epochs = set(dead), set(epochs)
    groups = []
    for group in before.groups:
        objects = tuple(name for name in group.objects if name in dead)
        kept = tuple(number for number in group.epochs if number in epochs)
        groups.append(Group(objects, kept, tuple(name for name in group.waiting if name in alive)))
        dead, epochs = dead - set(objects), epochs - set(kept)
    groups.append(Group(tuple(sorted(dead)), tuple(sorted(epochs)), tuple(sorted(alive))))
    ready = [group for group in groups if not group.waiting]
    waiting = [group for group in groups if group.waiting and (group.objects or group.epochs)]
    return Sweep(
        tuple(name for group in ready for name in group.objects),
        tuple(number for group in ready for number in group.epochs),
        Condemned(tuple(waiting)),
    )
