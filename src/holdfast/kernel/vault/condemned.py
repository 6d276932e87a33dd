"""What is to be deleted once the writers that may still name it have ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec

from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.catalogue import PRUNE
from holdfast.kernel.vault.checked_text import read_signed, write_signed
from holdfast.kernel.vault.key_set import KeySet
from holdfast.kernel.vault.packs import fetch

FOLDER = "condemned/"


class Group(msgspec.Struct, frozen=True):
    """Objects, and old epochs' numbers, that these writers' leases hold back."""

    objects: tuple[str, ...]
    epochs: tuple[int, ...]
    waiting: tuple[str, ...]


class Condemned(msgspec.Struct, frozen=True, tag_field="holdfast_condemned", tag=1):
    """What one prune left for the next."""

    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """What may be deleted now, and what waits."""

    objects: tuple[str, ...]
    epochs: tuple[int, ...]
    waiting: Condemned


def read_condemned(store: ObjectStore, keys: KeySet) -> tuple[Condemned, list[str]]:
    """What the newest prune left, and the names of all such records. Raises: VaultDamaged; StoreError."""
    numbers = {int(item.name.removeprefix(FOLDER)): item.name for item in store.list(FOLDER)}
    if not numbers:
        return Condemned(), []
    name = numbers[max(numbers)]
    return read_signed(fetch(store, name), Condemned, name, keys, PRUNE), list(numbers.values())


def write_condemned(store: ObjectStore, keys: KeySet, number: int, left: Condemned) -> str:
    """Keep it for the next prune; the record's name. Raises: StoreError."""
    name = f"{FOLDER}{number}"
    store.put(name, write_signed(left, keys, PRUNE), replace=True)
    return name


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
