"""The sealed snapshots of a vault: their manifests, written, listed, found by reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
from blake3 import blake3

from holdfast.domain.errors import NotFound, UsageError, VaultDamaged, VaultError
from holdfast.domain.snapshots import BY_ID_ALONE, SectionSummary, SnapshotInfo, SourceIdentity
from holdfast.kernel.ids import new_id
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.checked_text import read_signed, write_signed
from holdfast.kernel.vault.errors import SnapshotGone, damaged, gone
from holdfast.kernel.vault.layout import (
    SNAPSHOTS,
    Index,
    Manifest,
    ObjectRef,
    Section,
    WrappedKey,
    decode_index,
    decode_manifest,
)
from holdfast.kernel.vault.leases import WriterLease
from holdfast.kernel.vault.marks import DeletedMark, PruneMark, deleted_marks, prune_marks
from holdfast.kernel.vault.names import (
    Names,
    deleted_name,
    manifest_of,
    object_name,
    prune_of,
    pruned_name,
    put_once,
    read_names,
)
from holdfast.kernel.vault.packs import fetch, read_object
from holdfast.kernel.vault.places import require_all
from holdfast.kernel.vault.sealing import (
    FORMAT_VERSION,
    HEADER_BYTES,
    WRAPPED_BYTES,
    Role,
    Seals,
    compress,
    decompress,
    header,
)

EPOCH_BYTES = 4
LATEST = "latest"
LISTINGS = 5
MOST_MOVES = 3  # as often may prunes overtake one that reads
PRUNE = "prune"


def root_of(sections: tuple[Section, ...]) -> str:
    """BLAKE3 over what was captured, in hex: equal for equal contents, however they are stored."""
    rows = [(part.type, part.count, part.captured, part.complete, part.digest) for part in sections]
    return blake3(msgspec.msgpack.encode(rows)).hexdigest()


def info_of(manifest: Manifest) -> SnapshotInfo:
    """A manifest as the domain knows it."""
    return SnapshotInfo(
        id=manifest.id,
        system=manifest.system,
        kind=manifest.kind,
        taken_at=datetime.fromisoformat(manifest.taken_at),
        source=SourceIdentity(*msgspec.structs.astuple(manifest.source)),
        sections=tuple(
            SectionSummary(part.type, part.count, part.captured, part.complete, part.reason, part.digest)
            for part in manifest.sections
        ),
        run=manifest.run,
        parent=manifest.parent,
        during=manifest.during,
        audit_head=manifest.audit_head,
        format_version=FORMAT_VERSION,
        root=manifest.root,
        stored_bytes=manifest.stored_bytes,
        labels=manifest.labels,
    )


class Catalogue:
    """Reads and writes manifests; remembers those it has read, since an object never changes."""

    def __init__(self, store: ObjectStore, seals: Seals, names: dict[str, str] | None = None) -> None:
        """`names` are the manifests' names by snapshot, as far as another catalogue knew them."""
        self.store = store
        self.seals = seals
        self.known = dict(names or {})
        self.epochs: dict[str, int] = {}
        """The epochs of the manifests that were read, by name."""
        self._generations: dict[int, int] = {}
        self._manifests: dict[str, Manifest] = {}
        self._indexes: dict[str, Index] = {}

    def names(self) -> Names:
        """What is there now.

        Raises: VaultError for keys older than the vault; VaultDamaged when the mark of a prune is missing,
        or one is false, so that snapshots would seem to be gone; StoreError.
        """
        for _ in range(LISTINGS):
            found = read_names(self.store.list(SNAPSHOTS))
            if not found.lost and not found.unmarked:
                break
        if found.unmarked:
            raise _unmarked(found.unmarked)
        if found.lost:
            self._refuse_false_mark(found.generation)
        self._refuse_old_keys(found.generation)
        self.known = found.current
        return found

    def _refuse_old_keys(self, generation: int) -> None:
        """An epoch bears the number of the prune that made it, so mostly no mark needs to be read for this."""
        if not self.seals.has_epochs or generation <= self.seals.keys.newest.number:
            return
        if generation not in self._generations:
            self._generations[generation] = self.mark(generation).epoch
        epoch = self._generations[generation]
        if not self.seals.knows(epoch):
            raise VaultError(
                f"This key file is an older copy: the vault was pruned and is sealed under epoch {epoch} now.",
                "Take the key file from the machine that ran the prune, and replace this copy with it.",
            )

    def _refuse_false_mark(self, generation: int) -> None:
        """What an earlier prune wrote is left over by a true mark, and hidden by a false one."""
        try:
            self.mark(generation)
        except VaultDamaged as error:
            remedy = (
                "Nothing was deleted. Snapshots are hidden by this mark, which is damaged or no prune's of this vault: "
                "move it out of the vault, and a repair makes anew what is missing then."
            )
            raise VaultDamaged(error.problem, remedy, error.where) from error

    def mark(self, generation: int) -> PruneMark:
        """What the prune of this number left as its mark. Raises: VaultDamaged; StoreError."""
        name = pruned_name(generation)
        mark = read_signed(fetch(self.store, name), prune_marks, name, self.seals.keys, PRUNE)
        if mark.number != generation:
            raise damaged(name, "it is the mark of another prune")
        return mark

    def lost_mark(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of the mark that is missing, if one is and a manifest of that prune opens. Raises: StoreError."""
        items = list(self.store.list(SNAPSHOTS))
        if not (generation := read_names(items).unmarked):
            return
        for name in (item.name for item in items):
            snapshot = manifest_of(name)
            if snapshot and name == object_name(snapshot, generation):
                with suppress(VaultDamaged):
                    self.read_named(name, snapshot)
                    yield pruned_name(generation), self.signed_mark(generation, self.epochs[name])
                    return

    def signed_mark(self, generation: int, epoch: int) -> bytes:
        """The bytes that make a prune count."""
        return write_signed(PruneMark(generation, epoch), self.seals.keys, PRUNE)

    def ids(self) -> list[str]:
        """Ids of all snapshots, newest first. Raises: VaultError; StoreError."""
        return sorted(self.names().current, reverse=True)

    def manifests(self, system: str = "", *, every: bool = False) -> Iterator[Manifest]:
        """Manifests of a system, or of all, newest first, each read when asked for.

        Who wants `every` one gets several read at a time. Raises: VaultDamaged; StoreError.
        """
        ids = self.ids()
        tried = ahead(self._try, ids) if every else map(self._try, ids)
        for found, manifest in zip(ids, tried, strict=True):
            if isinstance(manifest, VaultDamaged):
                raise _with_way_out(manifest, found, ids) from manifest
            if manifest and system in ("", manifest.system):
                yield manifest

    def _try(self, snapshot: str) -> Manifest | VaultDamaged | None:
        """A manifest, what is wrong with it, or None when it was deleted a moment ago."""
        try:
            return self.manifest(snapshot)
        except SnapshotGone:
            return None
        except VaultDamaged as error:
            return error

    def sound_manifests(self, system: str, damage: list[VaultDamaged]) -> Iterator[Manifest]:
        """Manifests of a system, newest first; those that are damaged go to `damage` instead. Raises: StoreError."""
        for manifest in map(self._try, self.ids()):
            if isinstance(manifest, VaultDamaged):
                damage.append(manifest)
            elif manifest and system in ("", manifest.system):
                yield manifest

    def name(self, snapshot: str) -> str:
        """The name of a snapshot's manifest, as far as is known."""
        return self.known.get(snapshot) or object_name(snapshot)

    def moved(self, snapshot: str) -> bool:
        """Whether a prune has put another manifest in the place of the one known. Raises: SnapshotGone; StoreError."""
        before = self.name(snapshot)
        if snapshot not in self.names().current:
            raise gone(snapshot)
        return self.name(snapshot) != before

    def stands(self, snapshot: str) -> bool:
        """Whether the manifest known of a snapshot is the one that counts. Raises: StoreError."""
        try:
            return not self.moved(snapshot)
        except SnapshotGone:
            return False

    def manifest(self, snapshot: str) -> Manifest:
        """One manifest. Raises: SnapshotGone; VaultDamaged; StoreError."""
        if self.name(snapshot) not in self._manifests:
            found = self.read(snapshot)
            self._manifests[self.name(snapshot)] = found
        return self._manifests[self.name(snapshot)]

    def read(self, snapshot: str) -> Manifest:
        """One manifest as the store has it now. Raises: SnapshotGone; VaultDamaged; StoreError."""
        try:
            return self.read_named(self.name(snapshot), snapshot)
        except VaultError:
            if not self.moved(snapshot):
                raise
        return self.read_named(self.name(snapshot), snapshot)

    def check_named(self, name: str) -> None:
        """Return when what is stored under a name of `snapshots/` is what was written. Raises: VaultDamaged; StoreError."""
        if snapshot := manifest_of(name):
            self.read_named(name, snapshot)
        elif number := prune_of(name):
            self.mark(number)

    def read_named(self, name: str, snapshot: str) -> Manifest:
        """A snapshot's manifest of a generation. Raises: VaultDamaged; StoreError."""
        where = f"{name} (manifest of snapshot {snapshot})"
        try:
            manifest = decode_manifest(self._open(name, where))
        except msgspec.MsgspecError as error:
            raise damaged(where, f"it does not decode: {error}") from error
        if manifest.id != snapshot or manifest.root != root_of(manifest.sections):
            raise damaged(where, "its id or root is not the one of its contents")
        return manifest

    def _open(self, name: str, where: str) -> bytes:
        data = fetch(self.store, name)
        start = HEADER_BYTES + EPOCH_BYTES + WRAPPED_BYTES
        if data[:HEADER_BYTES] != header(Role.MANIFEST) or len(data) <= start:
            raise damaged(where, "the bytes are not the ones that were written")
        epoch = int.from_bytes(data[HEADER_BYTES : HEADER_BYTES + EPOCH_BYTES], "big")
        if not self.seals.knows(epoch):
            # Only the key it names authenticates the number, so an altered one looks like an unknown epoch.
            raise damaged(
                where,
                f"it names epoch {epoch}, which the key ring does not hold: altered, erased, "
                "or sealed by a machine with a newer key file",
            )
        self.epochs[name] = epoch
        wrapped = WrappedKey(epoch, data[start - WRAPPED_BYTES : start])
        key = self.seals.unwrap(wrapped, Role.MANIFEST, where)
        return decompress(key.open(0, data[start:], where, data[HEADER_BYTES:start] + name.encode()), where)

    def index(self, ref: ObjectRef) -> Index:
        """What a writer stored. Raises: VaultDamaged; StoreError."""
        if ref.name not in self._indexes:
            self._indexes[ref.name] = self.read_index(ref)
        return self._indexes[ref.name]

    def read_index(self, ref: ObjectRef) -> Index:
        """An index as the store has it now. Raises: VaultDamaged; StoreError."""
        try:
            return decode_index(read_object(self.store, self.seals, ref))
        except msgspec.MsgspecError as error:
            raise damaged(ref.name, f"the index does not decode: {error}") from error

    def seal(self, manifest: Manifest, taken_at: datetime, lease: WriterLease) -> Manifest:
        """Make a snapshot visible, under a new id. Raises: Busy when the lease was lost; StoreError."""
        sealed = msgspec.structs.replace(manifest, id=new_id(taken_at))
        name = object_name(sealed.id)
        lease.seal(name, self.sealed(sealed, name))
        return sealed

    def sealed(self, manifest: Manifest, name: str) -> bytes:
        """A manifest's bytes, which hold under this name alone."""
        key, wrapped = self.seals.new_key(Role.MANIFEST)
        front = wrapped.epoch.to_bytes(EPOCH_BYTES, "big") + wrapped.data
        body = key.seal(0, compress(msgspec.msgpack.encode(manifest)), front + name.encode())
        return header(Role.MANIFEST) + front + body

    def delete(self, snapshot: str) -> None:
        """Take a snapshot out of the list; a mark does, and the next prune the rest. Raises: StoreError."""
        # In one of two places alone it would still be there.
        require_all(self.store)
        mark = DeletedMark(snapshot.lower())
        put_once(self.store, deleted_name(snapshot), write_signed(mark, self.seals.keys, PRUNE))
        self.known.pop(snapshot, None)

    def check_deleted(self, snapshot: str) -> None:
        """Return when the mark of a deletion was made with the vault's keys. Raises: VaultDamaged; StoreError."""
        name = deleted_name(snapshot)
        try:
            mark = read_signed(fetch(self.store, name), deleted_marks, name, self.seals.keys, PRUNE)
        except VaultDamaged as error:
            raise _false_mark(error.problem, name, snapshot) from error
        if mark.snapshot != snapshot.lower():
            raise _false_mark("it is the mark of another snapshot", name, snapshot)

    def resolve(self, ref: str, *systems: str) -> Manifest:
        """The snapshot (of these systems) an id, a unique prefix of one, `latest`, a date or a moment stands for.

        A date means the end of that day in UTC; a date or moment gives the newest snapshot at or before it.
        Safety and imported snapshots are found by their id alone.
        Raises: NotFound; UsageError for an ambiguous prefix; VaultDamaged; StoreError.
        """
        if ref == LATEST:
            return self._newest(systems, ref, None)
        moment = parse_moment(ref)
        if moment is not None:
            return self._newest(systems, ref, moment)
        matches = [found for found in self.ids() if found.lower().startswith(ref.lower())] if ref else []
        manifests = [self.manifest(found) for found in matches]
        chosen = [manifest for manifest in manifests if not systems or manifest.system in systems]
        if len(chosen) > 1:
            raise UsageError(
                f"{ref} is the beginning of {len(chosen)} snapshot ids.",
                "Write more of it: " + ", ".join(manifest.id for manifest in chosen[:4]),
            )
        if not chosen:
            raise _not_found(ref, systems)
        return chosen[0]

    def _newest(self, systems: tuple[str, ...], ref: str, until: datetime | None) -> Manifest:
        for manifest in self.manifests():
            if manifest.kind in BY_ID_ALONE or (systems and manifest.system not in systems):
                continue  # `latest` is neither the state from before a restore nor what a file brought
            if until is None or datetime.fromisoformat(manifest.taken_at) <= until:
                return manifest
        raise _not_found(ref, systems)


def parse_moment(ref: str) -> datetime | None:
    """The moment a date (its end, in UTC) or an RFC 3339 time stands for; None for anything else."""
    if len(ref) < len("2026-11-20") or ref[4] != "-":
        return None
    try:
        moment = datetime.fromisoformat(ref)
    except ValueError:
        return None
    if len(ref) == len("2026-11-20"):
        return moment.replace(hour=23, minute=59, second=59, microsecond=999_999, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _with_way_out(error: VaultDamaged, snapshot: str, ids: list[str]) -> VaultDamaged:
    """The same damage, with what can still be done: one bad manifest must not close the vault."""
    others = ", ".join([other for other in ids if other != snapshot][:3]) or "none"
    remedy = (
        f"Other snapshots can be named by their ids ({others}). `holdfast vault repair` heals this one from the "
        "vault's second place, and with --drop-unreadable goes on without it."
    )
    return VaultDamaged(error.problem, remedy, error.where)


def _false_mark(problem: str, name: str, snapshot: str) -> VaultDamaged:
    remedy = (
        f"Nothing was pruned. Move {name} out of the vault, and {snapshot} counts again; "
        f"if it was to go, run `holdfast backups delete {snapshot}` then."
    )
    return VaultDamaged(problem, remedy, name)


def _unmarked(generation: int) -> VaultDamaged:
    return VaultDamaged(
        "the mark of a prune is missing, so that the snapshots which that prune wrote do not count",
        "`holdfast vault repair` takes it from the second place, or makes it anew; nothing else is lost by this. "
        f"If no prune of this vault had number {generation}, move the manifests of that number out of the vault.",
        pruned_name(generation),
    )


def _not_found(ref: str, systems: tuple[str, ...]) -> NotFound:
    of = f" of {' or '.join(systems)}" if systems else ""
    return NotFound(f"snapshot{of}", ref, "Run `holdfast backups list` to see what there is.")
