"""The vault: encrypted, versioned snapshots on an object store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.ports import Clock, ObjectStore, Progress
from holdfast.kernel.vault.catalogue import MOST_MOVES, Catalogue, info_of
from holdfast.kernel.vault.configuration import check_config, new_config, read_config
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, damaged
from holdfast.kernel.vault.held import HeldPacks
from holdfast.kernel.vault.key_set import KeyRing, KeySet
from holdfast.kernel.vault.layout import SNAPSHOTS
from holdfast.kernel.vault.leases import WriterLease
from holdfast.kernel.vault.packs import Packing, check_name
from holdfast.kernel.vault.places import CONFIG_NAME, KEY_FOLDER, TwoPlaces, places_of
from holdfast.kernel.vault.sealing import Seals

if TYPE_CHECKING:
    # Most commands list or read: what writes, checks and prunes is loaded by whoever does.
    from holdfast.kernel.vault.prune import Pruned
    from holdfast.kernel.vault.reader import SnapshotReader
    from holdfast.kernel.vault.repair import Lacking, Repair
    from holdfast.kernel.vault.stats import Stats
    from holdfast.kernel.vault.usage import Usage
    from holdfast.kernel.vault.verification import Verification
    from holdfast.kernel.vault.verify import Inspector
    from holdfast.kernel.vault.writer import SnapshotWriter


class Vault:
    """Snapshots of systems under one set of keys. Get one from `create` or `open`."""

    def __init__(
        self, store: ObjectStore, ring: KeyRing, keys: KeySet, clock: Clock, packing: Packing | None = None
    ) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._packing = packing or Packing()
        reload = (lambda: ring.load(store)) if ring.can_erase else None
        self._catalogue = Catalogue(store, Seals(keys, reload))

    @classmethod
    def create(cls, store: ObjectStore, ring: KeyRing, clock: Clock, packing: Packing | None = None) -> Vault:
        """A new vault in an empty place. Raises: VaultError when there is one already; StoreError."""
        taken = next(store.list(""), None)
        if taken is not None:
            raise VaultError(
                f"{store.location} is not empty: it holds {taken.name}.",
                "Choose an empty place for the new vault, or open the one that is there.",
            )
        keys = ring.create(store)
        try:
            store.put(CONFIG_NAME, new_config(keys, ring.kind, clock))
        except ObjectExists as error:
            raise VaultError(f"{store.location} has become a vault meanwhile.", "Open it instead.") from error
        return cls(store, ring, keys, clock, packing)

    @classmethod
    def open(cls, store: ObjectStore, ring: KeyRing, clock: Clock, packing: Packing | None = None) -> Vault:
        """An existing vault. Raises: VaultError with advice; VaultDamaged; StoreError."""
        read = read_config(store)
        kind = read[0].keys
        if kind != ring.kind:
            raise VaultError(
                f"The vault in {store.location} is opened by a {kind}, not by a {ring.kind}.",
                f"Set `[vault]` to use the {kind}.",
            )
        keys = ring.load(store)
        check_config(store, keys, read)
        return cls(store, ring, keys, clock, packing)

    @classmethod
    def open_to_repair(cls, store: ObjectStore, ring: KeyRing, clock: Clock) -> Vault:
        """An existing vault even where its configuration or key header is damaged, if the keys open a snapshot.

        Raises: as `open`.
        """
        try:
            return cls.open(store, ring, clock)
        except VaultDamaged:
            for place in places_of(store):
                with suppress(VaultDamaged):
                    vault = cls(store, ring, ring.load(place), clock)
                    if next(vault._catalogue.sound_manifests("", []), None) is not None:
                        return vault
            raise

    @property
    def id(self) -> str:
        """The vault's id in hex."""
        return self._catalogue.seals.keys.vault_id.hex()

    @property
    def seals(self) -> Seals:
        """What seals under the vault's keys, also what lies beside it."""
        return self._catalogue.seals

    @property
    def location(self) -> str:
        """Where the vault is, without secrets."""
        return self._store.location

    @property
    def key_location(self) -> str:
        """Where the vault's secrets are kept, without them."""
        return self._ring.location

    @property
    def can_erase(self) -> bool:
        """Whether deletion can become erasure; never with a passphrase, which opens old copies too."""
        return self._ring.can_erase

    def snapshots(self, system: str = "") -> list[SnapshotInfo]:
        """All sealed snapshots, newest first. Raises: VaultDamaged; StoreError."""
        return [info_of(manifest) for manifest in self._catalogue.manifests(system, every=True)]

    def of_run(self, run: str) -> SnapshotInfo | None:
        """The snapshot that a run sealed, if it did; damaged manifests of others do not matter. Raises: StoreError."""
        manifests = self._catalogue.sound_manifests("", [])
        return next((info_of(manifest) for manifest in manifests if manifest.run == run), None)

    def resolve(self, ref: str, *systems: str) -> SnapshotInfo:
        """The snapshot (of these systems) that an id, a unique prefix, `latest`, a date or a moment stands for.

        A date means the end of that day in UTC; a date or an RFC 3339 moment gives the newest snapshot
        at or before it. Raises: NotFound; UsageError for an ambiguous prefix; VaultDamaged; StoreError.
        """
        return info_of(self._catalogue.resolve(ref, *systems))

    def begin(self, system: str, *, instance: str = "") -> SnapshotWriter:
        """A writer for a new snapshot of a system, building on the newest one (of the instance) where that is sound.

        Every object of that one but its chunks is read back before, so that the new one never rests on damaged
        bytes; its packs of chunks are looked for. What is damaged is told by `SnapshotWriter.damage`.
        Raises: VaultError; StoreError.
        """
        lease = WriterLease(self._store)
        with ExitStack() as given_up:
            given_up.callback(lease.stop)
            writer = self._begun(system, instance, lease)
            given_up.pop_all()
        return writer

    def _begun(self, system: str, instance: str, lease: WriterLease) -> SnapshotWriter:
        from holdfast.kernel.vault.verify import Inspector
        from holdfast.kernel.vault.writer import SnapshotWriter

        # The lease comes first: a prune keeps what this writer may see from now on, under these keys.
        self._catalogue.seals.refresh()
        for rest in range(MOST_MOVES, -1, -1):
            catalogue = self._afresh()
            damage = list[VaultDamaged]()
            sound = catalogue.sound_manifests(system, damage)
            base = next((found for found in sound if instance in ("", found.source.instance)), None)
            problems = Inspector(catalogue, lambda: None).verify_objects(base.id).problems if base else ()
            if not base or not problems or not rest or catalogue.stands(base.id):
                break  # else a prune has put it elsewhere meanwhile
        damage += [damaged(problem.where, problem.message) for problem in problems]
        # What is proved first and then read comes once, so the writer reads through the same catalogue.
        return SnapshotWriter(catalogue, system, None if problems else base, self._packing, damage, lease)

    def read(self, info: SnapshotInfo) -> SnapshotReader:
        """A snapshot's records. Raises: VaultDamaged; StoreError."""
        from holdfast.kernel.vault.reader import SnapshotReader

        return SnapshotReader(self._catalogue, self._catalogue.manifest(info.id))

    def name_of(self, info: SnapshotInfo) -> str:
        """The name of the object that makes the snapshot. Raises: VaultError; StoreError."""
        return self._catalogue.name(info.id)

    def delete(self, snapshot: SnapshotInfo | str) -> None:
        """Take a snapshot out of the vault, by its id where it cannot be read; its data stays until a prune.

        Raises: StoreError.
        """
        self._catalogue.delete(snapshot if isinstance(snapshot, str) else snapshot.id)

    def prune(self, *, dry_run: bool = False, progress: Progress | None = None) -> Pruned:
        """Take out what no snapshot needs, and make sure that nobody can read it, from no copy of the store.

        With `dry_run` nothing is written. Raises: Busy while another prune is at work; VaultDamaged when a
        snapshot cannot be read, and then nothing is deleted; StoreError.
        """
        from holdfast.kernel.vault.prune import Pruner

        catalogue = Catalogue(self._store, self._catalogue.seals)
        pruner = Pruner(catalogue, self._ring, self._packing, progress)
        return pruner.preview() if dry_run else pruner.run()

    def verify(
        self, info: SnapshotInfo, progress: Progress | None = None, *, read_chunks: bool = True
    ) -> Verification:
        """Read every byte a snapshot reaches; problems are values, not errors. Raises: StoreError.

        Without `read_chunks` packs of chunks are only looked for: there, and of the right size.
        """
        from holdfast.kernel.vault.verify import Inspector

        return self._verified(info.id, progress, partial(Inspector.verify, read_chunks=read_chunks))

    def _verified(
        self, snapshot: str, progress: Progress | None, look: Callable[[Inspector, str], Verification]
    ) -> Verification:
        """A prune beside it may take away what is being read, and has put the same elsewhere: then once more."""
        found = look(self._inspector(progress), snapshot)
        for _ in range(MOST_MOVES):
            if found.sound or self._catalogue.stands(snapshot):
                break
            found = look(self._inspector(progress), snapshot)
        return found

    def check(self, *, read_data: bool = False, progress: Progress | None = None) -> Verification:
        """Account for every object of the store; with `read_data` every byte is read. Raises: StoreError.

        Of two places each is looked at by itself, for all that it should hold.
        """
        for _ in range(MOST_MOVES):
            before = self._catalogue.names().current
            found = self._checked(read_data=read_data, progress=progress)
            if found.sound or self._catalogue.names().current.items() >= before.items():
                break
        return found

    def usage(self) -> Usage:
        """What each snapshot needs of the vault. Raises: VaultDamaged; StoreError."""
        from holdfast.kernel.vault.usage import usage_of

        return usage_of(self._catalogue)

    def stats(self, capacity: int | None = None) -> Stats:
        """How the vault's bytes are used; `capacity` is how many there may be. Raises: VaultDamaged; StoreError."""
        from holdfast.kernel.vault.stats import stats_of

        return stats_of(self._catalogue, self.usage(), capacity)

    def _checked(self, *, read_data: bool, progress: Progress | None) -> Verification:
        from holdfast.kernel.vault.verification import together

        if not isinstance(self._store, TwoPlaces):
            return self._inspector(progress).check(read_data=read_data)
        places = [place for place in self._store.places if self._store.is_kept_in(place, SNAPSHOTS)]
        names = self._catalogue.names()
        each = [self._inspector(progress, place).check(read_data=read_data, names=names) for place in places]
        # What a snapshot that lies in the other place alone needs looks unused from one place.
        whole = self._inspector(None).check(read_data=False)
        named = [(place.location, found) for place, found in zip(places, each, strict=True)]
        return together(whole, named, self._store.differing())

    def lacking(self, info: SnapshotInfo) -> tuple[Lacking, ...]:
        """Which of two places does not hold all that it should of a snapshot. Raises: VaultDamaged; StoreError."""
        from holdfast.kernel.vault.repair import lacking

        if not isinstance(self._store, TwoPlaces):
            return ()
        return tuple(lacking(self._store, self._catalogue, self._catalogue.manifest(info.id)))

    def repair(self, *, dry_run: bool = False, progress: Progress | None = None) -> Repair:
        """Read everything, and heal what one place has wrong with what the other has right.

        Raises: StoreError when a place cannot be read or does not take what is healed.
        """
        from holdfast.kernel.vault.repair import HealingStore, Repair, unreadable

        keys = self._catalogue.seals.keys
        store = HealingStore(self._store, self._check_object, dry_run=dry_run)
        for name in (CONFIG_NAME, *(found.name for found in store.list(KEY_FOLDER))):
            with suppress(ObjectMissing):
                store.get(name)
        if CONFIG_NAME in store.lost:  # all that it says, the keys know
            store.renew(CONFIG_NAME, new_config(keys, self._ring.kind, self._clock))
        for name, mark in Catalogue(store, self._catalogue.seals).lost_mark():
            store.renew(name, mark)
        left = self._inspector(progress, store).check(read_data=True)
        broken = tuple(unreadable(Catalogue(store, self._catalogue.seals), store.lost))
        return Repair(dry_run, tuple(store.healed), left, broken)

    def _check_object(self, place: ObjectStore, name: str, data: bytes) -> None:
        """Return when an object of one place is what was written. Raises: VaultDamaged; VaultError; StoreError."""
        if name == CONFIG_NAME:
            check_config(place, self._catalogue.seals.keys)
        elif name.startswith(KEY_FOLDER):
            self._ring.check(place)
        elif name.startswith(SNAPSHOTS):
            Catalogue(place, self._catalogue.seals).check_named(name)
        else:
            check_name(self._catalogue.seals, name, data)

    def _inspector(self, progress: Progress | None, store: ObjectStore | None = None) -> Inspector:
        """What reads the whole store, or the one given, afresh."""
        looked_at = store or self._store

        def frame() -> None:
            self._ring.check(looked_at)
            check_config(looked_at, self._catalogue.seals.keys)

        from holdfast.kernel.vault.verify import Inspector

        return Inspector(self._afresh(looked_at), frame, progress)

    def _afresh(self, store: ObjectStore | None = None) -> Catalogue:
        """One that has read nothing yet, and holds the packs it reads whole."""
        held = HeldPacks(store or self._store)
        return Catalogue(held, self._catalogue.seals, self._catalogue.known)
