"""Takes out of the vault what no snapshot needs, so that it can be read by nobody, from no copy of the store.

The order makes each crash harmless: new objects first; then the mark that makes them count, all at once; then,
when no writer that may still name them is left, the old objects; and last the keys of the old epochs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import msgspec

from holdfast.domain.errors import AccessDenied, VaultDamaged
from holdfast.kernel.ports import ObjectStore, Progress
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.condemned import Sweep, highest_condemned, read_condemned, weigh, write_condemned
from holdfast.kernel.vault.errors import ObjectLocked
from holdfast.kernel.vault.key_set import KeyRing, next_epoch
from holdfast.kernel.vault.layout import INDEXES, PACKS, Manifest
from holdfast.kernel.vault.leases import (
    LIFE,
    HeldLease,
    give_up_dead,
    list_leases,
    prune_lease,
    took_over,
)
from holdfast.kernel.vault.names import Names, deleted_name, manifest_of, object_name, pruned_name, put_once
from holdfast.kernel.vault.packs import Packing
from holdfast.kernel.vault.places import require_all
from holdfast.kernel.vault.rewrite import Holdings, Rewriting, refuse_missing

FOLDERS = (INDEXES, PACKS)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a prune did, or with `dry_run` would do.

    `erased`: what no snapshot holds can be read by nobody, from no copy of the store; `erasure` says why or
    why not. `epoch_destroyed` is the newest epoch whose keys are gone. `waiting` names the writers' leases
    that hold back the rest, and objects that the store refused to delete.
    """

    objects_removed: int = 0
    bytes_freed: int = 0
    packs_rewritten: int = 0
    bytes_rewritten: int = 0
    epoch_destroyed: int | None = None
    waiting: tuple[str, ...] = ()
    erased: bool = False
    erasure: str = ""


@dataclass(slots=True)
class _State:
    """What a prune has found and done so far."""

    names: Names
    held: Holdings
    sizes: dict[str, int]
    rewriting: Rewriting | None = None
    generation: int = 0
    removed: list[str] = field(default_factory=list)


class Pruner:
    """One prune of one vault."""

    def __init__(
        self, catalogue: Catalogue, ring: KeyRing, packing: Packing, progress: Progress | None = None
    ) -> None:
        self._catalogue = catalogue
        self._store: ObjectStore = catalogue.store
        self._seals = catalogue.seals
        self._ring = ring
        self._packing = packing
        self._progress = progress
        self._refused: list[str] = []

    def preview(self) -> Pruned:
        """What `run` would do if it came now; nothing is written. Raises: VaultDamaged; StoreError."""
        self._seals.refresh()
        state = self._survey(self._catalogue.names())
        rewriting = self._rewriting(state)
        dead = set(state.sizes) - {ref.name for ref in state.held.objects()}
        left, copied = rewriting.foreseen() if rewriting else (set[str](), set[str]())
        dead |= left
        return Pruned(
            objects_removed=len(dead),
            bytes_freed=sum(state.sizes[name] for name in dead),
            packs_rewritten=len(copied),
            bytes_rewritten=sum(state.sizes[name] for name in copied),
            waiting=tuple(sorted(list_leases(self._store).alive)),
            erasure="" if self._ring.can_erase else self._erasure(),
        )

    def run(self) -> Pruned:
        """Prune. Raises: Busy while another prune is at work; VaultDamaged, with nothing deleted; StoreError."""
        # What is erased in one place alone is not erased.
        require_all(self._store)
        self._seals.refresh()
        with prune_lease(self._store, self._highest(self._catalogue.names()) + 1) as (number, lease):
            try:
                return self._prune(number, lease)
            except VaultDamaged as error:
                if self._is_passed_over(number):
                    raise took_over(number) from error
                raise

    def _prune(self, number: int, lease: HeldLease) -> Pruned:
        # What was given up before the snapshots are listed is listed if it was sealed, and never sealed else.
        give_up_dead(self._store, list_leases(self._store, lease.name))
        self._seals.refresh()
        names = self._catalogue.names()
        if self._highest(names) >= number:
            raise took_over(number)
        state = self._survey(names)
        state.generation = names.generation
        state.rewriting = self._rewriting(state)
        if state.rewriting:
            self._rewrite(state, number)
        return self._sweep(state, number, lease)

    def _is_passed_over(self, number: int) -> bool:
        """Whether a later prune took this one for dead, and may have removed what it reads."""
        names = self._catalogue.names()
        return names.generation > number or names.marks.get(number) is False

    def _highest(self, names: Names) -> int:
        """The highest number that a prune is known to have had."""
        return max(names.highest, self._seals.keys.newest.number, highest_condemned(self._store))

    def _survey(self, names: Names) -> _State:
        """The live snapshots, and every pack and index there is. Raises: VaultDamaged; StoreError."""
        # Else whoever may write to the store, or to one of two places, would have this erase what he likes.
        for _ in ahead(self._catalogue.check_deleted, names.deleted):
            pass
        if names.generation:
            self._catalogue.mark(names.generation)
        self._stage("Reading what snapshots need", len(names.current))
        held = Holdings.of(self._catalogue, ahead(self._read, sorted(names.current.items())))
        # After the manifests, so that all they name is listed; before the leases that tell who may add to it.
        sizes = {item.name: item.size for folder in FOLDERS for item in self._store.list(folder)}
        refuse_missing(held, sizes)
        return _State(names, held, sizes)

    def _read(self, found: tuple[str, str]) -> Manifest:
        snapshot, name = found
        self._advance(snapshot)
        try:
            return self._catalogue.read_named(name, snapshot)
        except VaultDamaged as error:
            remedy = (
                "Nothing was pruned. `holdfast vault repair` heals it from the vault's second place, and with "
                "--drop-unreadable goes on without it."
            )
            raise VaultDamaged(error.problem, remedy, error.where) from error

    def _rewriting(self, state: _State) -> Rewriting | None:
        """What must be written anew; None when all that is held is needed, and under one epoch."""
        rewriting = Rewriting(self._catalogue, state.held, self._packing)
        deleted = any(state.names.deleted.values())
        if not (deleted or state.held.has_dead() or rewriting.must_merge or self._epochs_linger(state)):
            return None
        self._stage("Looking for what no snapshot sees", None)
        rewriting.examine()
        return rewriting

    def _epochs_linger(self, state: _State) -> bool:
        newest = self._seals.keys.newest.number
        return self._old_epochs() != () and self._used_epochs(state.held, state.names.current) != {newest}

    def _old_epochs(self) -> tuple[int, ...]:
        keys = self._seals.keys
        if not self._ring.can_erase:
            return ()
        return tuple(epoch.number for epoch in keys.epochs if epoch.number != keys.newest.number)

    def _used_epochs(self, held: Holdings, names: dict[str, str]) -> set[int]:
        """The epochs without which something that is held could not be read."""
        newest = self._seals.keys.newest.number  # of what was not read but written a moment ago
        own = {self._catalogue.epochs.get(names.get(manifest.id, ""), newest) for manifest in held.manifests}
        return own | {ref.key.epoch for ref in held.objects()}

    def _rewrite(self, state: _State, number: int) -> None:
        """Store all snapshots anew, under a new epoch, and make them count. Raises: Busy when passed over."""
        if self._ring.can_erase:
            # Kept for good before anything is sealed under it; who takes a lease from now on seals under it too.
            keys = next_epoch(self._seals.keys, number)
            self._ring.replace(self._store, keys)
            self._seals.keys = keys
        self._stage("Writing anew what snapshots need", None)
        manifests = state.rewriting.write() if state.rewriting else []
        for manifest in manifests:
            name = object_name(manifest.id, number)
            if not put_once(self._store, name, self._catalogue.sealed(manifest, name)):
                raise took_over(number)
        mark = self._catalogue.signed_mark(number, self._seals.keys.newest.number)
        if not put_once(self._store, pruned_name(number), mark):
            raise took_over(number)
        state.held = Holdings.of(self._catalogue, manifests)
        state.generation = number

    def _sweep(self, state: _State, number: int, lease: HeldLease) -> Pruned:
        """Delete what nobody can name any more, and note what must wait."""
        lease.renew()
        leases = list_leases(self._store, lease.name)
        give_up_dead(self._store, leases)
        # Listed after the leases: who has ended by then has sealed what it ever will.
        now = self._catalogue.names()
        if now.generation != state.generation:
            raise took_over(number)
        later = self._sealed_since(state, now)
        reached = {ref.name for held in (state.held, later) for ref in held.objects()}
        names = now.current | now.deleted
        used = self._used_epochs(state.held, names) | self._used_epochs(later, names)
        before, records = read_condemned(self._store, self._seals.keys, now.generation)
        old = set(self._old_epochs()) - used
        sweep = weigh(before, set(state.sizes) - reached, old, leases.alive)
        # Kept before a manifest goes: what that still reaches is not condemned, and must not be by this record.
        if sweep.waiting.groups:
            write_condemned(self._store, self._seals.keys, number, sweep.waiting)
        self._remove(records)
        self._remove_manifests(state, number)
        drafts = (item for item in (*now.unfinished, *leases.unfinished) if leases.now - item.modified > LIFE)
        self._remove([item.name for item in drafts])
        removed = self._remove(sweep.objects)
        self._destroy(sweep.epochs)
        state.removed = removed
        return self._told(state, sweep, now)

    def _sealed_since(self, state: _State, now: Names) -> Holdings:
        """What snapshots hold that were sealed since the survey, also if they were deleted again."""
        seen = state.names.current.keys() | state.names.deleted.keys()
        fresh = {id_: name for id_, name in (now.current | now.deleted).items() if name and id_ not in seen}
        return Holdings.of(self._catalogue, map(self._read, fresh.items()))

    def _remove_manifests(self, state: _State, number: int) -> None:
        """What the new generation superseded, what was deleted, and then the marks of it."""
        names = state.names
        old = list(names.leftover)
        if state.generation == number:
            old += names.current.values()
        kept = {manifest_of(name) for name in set(old).difference(self._remove(old))}
        for snapshot, name in names.deleted.items():
            if (not name or self._remove([name])) and snapshot not in kept:
                self._remove([deleted_name(snapshot)])
        if state.generation == number:
            self._remove([pruned_name(other) for other in names.marks])

    def _remove(self, names: Iterable[str]) -> list[str]:
        """Those that could be deleted; a store may be told to keep objects for a time."""
        removed = []
        for name in names:
            try:
                self._store.delete(name)
            except (AccessDenied, ObjectLocked) as error:
                self._refused.append(f"{name} ({error})")
            else:
                removed.append(name)
        return removed

    def _destroy(self, epochs: Collection[int]) -> None:
        """Forget the keys of old epochs, for good."""
        if epochs:
            keys = self._seals.keys
            left = tuple(epoch for epoch in keys.epochs if epoch.number not in epochs)
            self._seals.keys = msgspec.structs.replace(keys, epochs=left)
            self._ring.replace(self._store, self._seals.keys)

    def _told(self, state: _State, sweep: Sweep, now: Names) -> Pruned:
        rewriting = state.rewriting
        waiting = {lease for group in sweep.waiting.groups for lease in group.waiting}
        since = now.deleted.keys() - state.names.deleted.keys()
        return Pruned(
            objects_removed=len(state.removed),
            bytes_freed=sum(state.sizes[name] for name in state.removed),
            packs_rewritten=rewriting.packs if rewriting else 0,
            bytes_rewritten=rewriting.bytes if rewriting else 0,
            epoch_destroyed=max(sweep.epochs, default=None),
            waiting=(*sorted(waiting), *self._refused),
            erased=self._ring.can_erase and not self._old_epochs() and not since,
            erasure=self._erasure(max(sweep.epochs, default=0)),
        )

    def _erasure(self, destroyed: int = 0) -> str:
        if not self._ring.can_erase:
            return (
                "Nothing is erased: whoever has an old copy of the vault and the passphrase can read in it what "
                "was deleted. Only a key file can be made to forget."
            )
        if left := self._old_epochs():
            numbers = ", ".join(map(str, left))
            return (
                f"Not everything is erased yet: the keys of epoch {numbers} are still needed by writers at work "
                "(one that was cut off counts as one for ten minutes), or by what they have sealed. Run the prune "
                "again when they have ended."
            )
        if not destroyed:
            return "Nothing that was deleted is left to erase."
        return (
            f"What was deleted before is erased: its keys are gone from {self._ring.location}. "
            "Older copies of the key file still open older copies of the vault: destroy them."
        )

    def _stage(self, name: str, total: int | None) -> None:
        if self._progress:
            self._progress.stage(name, total)

    def _advance(self, note: str) -> None:
        if self._progress:
            self._progress.advance(1, note)
