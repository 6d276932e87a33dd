"""Reads what the vault holds and says, level by level, what was checked and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from holdfast.domain.errors import HoldfastError, VaultDamaged, VaultError
from holdfast.kernel.ports import Progress, StoredObject
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.errors import StoreError
from holdfast.kernel.vault.layers import LayeredRows, LayerReader
from holdfast.kernel.vault.layout import PACKS, SNAPSHOTS, Index, Manifest, ObjectRef, Section
from holdfast.kernel.vault.leases import LEASES
from holdfast.kernel.vault.names import CONDEMNED, Names, is_known
from holdfast.kernel.vault.packs import check_name, fetch
from holdfast.kernel.vault.places import is_frame
from holdfast.kernel.vault.reader import open_layers
from holdfast.kernel.vault.section_digest import SectionDigest
from holdfast.kernel.vault.verification import LevelCount, Problem, Verification
from holdfast.kernel.vault.verify_chunks import Bodies, ChunkInspector, wrong_in_listing

LEVELS = ("vault", "snapshot", "indexes", "packs", "types", "records")
PACKS_AHEAD = 2  # packs in memory beside the one that is looked at


class Inspector:
    """One verification: reads everything afresh, and every object once however many snapshots reach it."""

    def __init__(
        self, catalogue: Catalogue, frame: Callable[[], None], progress: Progress | None = None
    ) -> None:
        """`catalogue` has read nothing yet; `frame` raises what is wrong with configuration and key ring."""
        self._frame = frame
        self._progress = progress
        self._catalogue = catalogue
        self._store = catalogue.store
        self._checked = dict.fromkeys(LEVELS, 0)
        self._problems: list[Problem] = []
        self._bytes = 0
        self._chunks = ChunkInspector(catalogue)
        self._reached: dict[str, bool] = {}
        self._expected: dict[str, str] = {}
        self._sections: dict[tuple[str, ...], str] = {}

    def verify(self, snapshot: str, *, read_chunks: bool = True) -> Verification:
        """Read every byte that one snapshot reaches; or its records, and look for its chunks. Raises: StoreError."""
        self._check_frame()
        manifest = self._verify_records(snapshot)
        if manifest:
            objects = None if read_chunks else {found.name: found for found in self._store.list(PACKS)}
            self._verify_chunks(manifest, objects)
        return self._result(())

    def verify_objects(self, snapshot: str) -> Verification:
        """Whether every object that one snapshot reaches is whole, without a look at its records. Raises: StoreError."""
        manifest = self._manifest(snapshot)
        if manifest is not None:
            self._read_objects(manifest)
        return self._result(())

    def check(self, *, read_data: bool, names: Names | None = None) -> Verification:
        """Account for every object in the store. Of one place of several, `names` says what counts in all.

        Raises: VaultError for keys older than the vault; VaultDamaged as `Catalogue.names`; StoreError.
        """
        self._check_frame()
        objects = {found.name: found for found in self._store.list("")}
        # Of one place, what counts in all is read by its name there, whatever else that place holds.
        self._expected = names.current if names else {}
        names = names or self._catalogue.names()
        known = names.current
        if not read_data:
            self._stage("Checking snapshots", len(known))
        for snapshot in sorted(known, reverse=True):
            manifest = self._verify_records(snapshot) if read_data else self._account(snapshot, objects)
            if manifest:
                self._verify_chunks(manifest, None if read_data else objects)
            self._advance(snapshot, int(not read_data))
        self._check_marks(names)
        unused = (found for found in objects.values() if not self._is_used(found.name, names))
        return self._result(tuple(unused))

    def _check_marks(self, names: Names) -> None:
        """The mark of the last prune, without which what it wrote would not count, and those of deletions."""
        checks: list[Callable[[], object]] = [
            partial(self._catalogue.check_deleted, snapshot) for snapshot in names.deleted
        ]
        if names.generation:
            checks.append(partial(self._catalogue.mark, names.generation))
        for check in checks:
            try:
                check()
            except VaultError as error:
                self._note("vault", error)

    def _is_used(self, name: str, names: Names) -> bool:
        """Whether the vault needs an object: a snapshot reaches it, or it keeps writers and prunes apart."""
        if name.startswith(SNAPSHOTS):
            return is_known(name) and name not in (*names.leftover, *names.deleted.values())
        reached = name in self._reached or name in self._chunks.listed
        return reached or is_frame(name) or name.startswith((LEASES, CONDEMNED))

    def _check_frame(self) -> None:
        self._checked["vault"] += 1
        try:
            self._frame()
        except StoreError:
            raise
        except VaultError as error:
            self._note("vault", error)

    def _manifest(self, snapshot: str) -> Manifest | None:
        self._checked["snapshot"] += 1
        try:
            if snapshot in self._expected:
                return self._catalogue.read_named(self._expected[snapshot], snapshot)
            return self._catalogue.manifest(snapshot)
        except VaultError as error:
            self._note("snapshot", error)
            return None

    def _index(self, ref: ObjectRef) -> Index | None:
        return self._noted(ref, self._try_index(ref))

    def _try_index(self, ref: ObjectRef) -> Index | VaultError:
        try:
            return self._catalogue.index(ref)
        except VaultError as error:
            return error

    def _noted(self, ref: ObjectRef, index: Index | VaultError) -> Index | None:
        """The index, counted, or None after a note of what is wrong with it; both once."""
        first = ref.name not in self._reached
        self._checked["indexes"] += first
        self._reached[ref.name] = isinstance(index, Index)
        if isinstance(index, Index):
            return index
        if first:
            self._note("indexes", index)
        return None

    def _account(self, snapshot: str, objects: dict[str, StoredObject]) -> Manifest | None:
        """Whether all that a snapshot needs is there in the right size."""
        manifest = self._manifest(snapshot)
        for ref in manifest.indexes if manifest else ():
            index = self._index(ref)
            for pack in packs_used(manifest, ref, index) if manifest and index else ():
                if pack.name in self._reached:
                    continue
                wrong = wrong_in_listing(objects, pack)
                self._reached[pack.name] = not wrong
                self._checked["packs"] += 1
                if wrong and index:
                    self._problems.append(Problem("packs", f"{pack.name} ({_holds(index, pack)})", wrong))
        return manifest

    def _verify_chunks(self, manifest: Manifest, objects: Mapping[str, StoredObject] | None) -> None:
        """The packs of chunks that a snapshot needs: read, or looked for among `objects`; records hit are named."""
        for name in [section.type for section in manifest.sections if section.chunked]:
            bodies = partial(self._bodies, manifest, name)
            try:
                chunks = self._chunks.open(manifest)
                if objects is None:
                    self._stage(f"Reading chunks of {manifest.id}", len(chunks.packs))
                    looked = self._chunks.read(chunks, bodies())
                else:
                    looked = self._chunks.look(chunks, objects)
                for _ in looked:
                    self._checked["packs"] += 1
                    self._advance(name, int(objects is None))
                if objects is None or self._chunks.lacks(chunks):
                    self._note_hit(manifest, name, self._chunks.hit(chunks, bodies()))
            except VaultError as error:
                if not self._problems:  # else it is told already
                    self._note("types", error)

    def _note_hit(self, manifest: Manifest, name: str, hit: Iterator[tuple[str, str]]) -> None:
        for key, wrong in hit:
            self._problems.append(Problem("records", f"snapshot {manifest.id}, {name} {key}", wrong))

    def _bodies(self, manifest: Manifest, type_name: str) -> Bodies:
        layers = open_layers(self._catalogue, manifest.layers(type_name), f"snapshot {manifest.id}, ")
        return ((row[0], row[2] or b"") for row in LayeredRows(layers).rows(personal=False))

    def _verify_records(self, snapshot: str) -> Manifest | None:
        manifest = self._manifest(snapshot)
        if manifest is None:
            return None
        self._read_objects(manifest)
        self._stage(f"Verifying {snapshot}", sum(section.count for section in manifest.sections))
        for section in manifest.sections:
            if section.captured:
                self._verify_section(manifest, section)
        return manifest

    def _read_objects(self, manifest: Manifest) -> None:
        """Indexes and packs, several at a time: every byte against the names, which are their keyed hashes."""
        packs: dict[str, tuple[ObjectRef, Index]] = {}
        for ref, index in zip(manifest.indexes, ahead(self._try_index, manifest.indexes), strict=True):
            if found := self._noted(ref, index):
                packs |= {pack.name: (pack, found) for pack in packs_used(manifest, ref, found)}
        unread = [pack for name, pack in packs.items() if name not in self._reached]
        for (pack, index), size in zip(unread, ahead(self._try_pack, unread, PACKS_AHEAD), strict=True):
            self._checked["packs"] += 1
            self._reached[pack.name] = isinstance(size, int)
            if isinstance(size, int):
                self._bytes += size
            else:
                self._problems.append(Problem("packs", f"{pack.name} ({_holds(index, pack)})", size.problem))

    def _try_pack(self, found: tuple[ObjectRef, Index]) -> int | VaultDamaged:
        """The size of a pack whose bytes are its name's."""
        name = found[0].name
        try:
            data = fetch(self._store, name)
            check_name(self._catalogue.seals, name, data)
        except VaultDamaged as error:
            return error
        return len(data)

    def _verify_section(self, manifest: Manifest, section: Section) -> None:
        """The records of a type: every block, then the digest and number of all rows."""
        refs = manifest.layers(section.type)
        identity = (section.type, section.digest, *(f"{ref.name}#{at}" for ref, at in refs))
        where = f"snapshot {manifest.id}, "
        if identity in self._sections:
            self._advance(section.type, section.count)
        else:
            self._checked["types"] += 1
            self._sections[identity] = self._section_problem(section, refs, where)
        # Also of each further snapshot that shares it: an admin must see which backups are hit.
        if problem := self._sections[identity]:
            self._problems.append(Problem("types", f"{where}{section.type}", problem))

    def _section_problem(self, section: Section, refs: Sequence[tuple[ObjectRef, int]], where: str) -> str:
        """What is wrong with the records of a type; empty when nothing is. Blocks are reported one by one."""
        try:
            layers = open_layers(self._catalogue, refs, where)
        except VaultError as error:
            return f"cannot be read: {error}"
        if broken := sum(self._try_blocks(layer) for layer in layers):
            return f"{broken:,} block{'s' * (broken != 1)} cannot be read"
        return self._digest_problem(section, layers)

    def _try_blocks(self, layer: LayerReader) -> int:
        """Report each block of a damaged pack that cannot be read; their number."""
        broken = 0
        for block in layer.layer.blocks:
            for place, personal in block.places():
                if self._reached.get(layer.pack_name(place), False):
                    continue
                try:
                    layer.read(block, place, personal=personal)
                except VaultError as error:
                    broken += 1
                    self._note("records", error)
        return broken

    def _digest_problem(self, section: Section, layers: list[LayerReader]) -> str:
        digest = SectionDigest()
        try:
            for rows in LayeredRows(layers).lists():
                digest.extend(rows)
                self._advance(section.type, len(rows))
        except VaultError as error:
            self._note("records", error)
            return ""
        self._checked["records"] += digest.count
        same = (digest.count, digest.hex()) == (section.count, section.digest)
        return "" if same else f"{digest.count} records, but not the {section.count} sealed"

    def _note(self, level: str, error: HoldfastError) -> None:
        where = error.facts().get("where") or self._store.location
        self._problems.append(Problem(level, where, error.facts().get("problem", str(error))))

    def _result(self, garbage: tuple[StoredObject, ...]) -> Verification:
        found = [problem.level for problem in self._problems]
        levels = tuple(LevelCount(level, self._checked[level], found.count(level)) for level in LEVELS)
        return Verification(levels, tuple(self._problems), garbage, self._bytes + self._chunks.bytes_read)

    def _stage(self, name: str, total: int) -> None:
        if self._progress:
            self._progress.stage(name, total)

    def _advance(self, note: str, steps: int = 1) -> None:
        if self._progress and steps:
            self._progress.advance(steps, note)


def packs_used(manifest: Manifest, ref: ObjectRef, index: Index) -> list[ObjectRef]:
    """The packs that the snapshot's own layers in an index lie in."""
    at = manifest.indexes.index(ref)
    numbers = {place.layer for section in manifest.sections for place in section.layers if place.index == at}
    blocks = (block for number in numbers for block in index.layers[number].blocks)
    used = {place.pack for block in blocks for place, _ in block.places()}
    return [index.packs[number] for number in sorted(used)]


def _holds(index: Index, pack: ObjectRef) -> str:
    """What lies in a pack, for people: types and numbers of rows."""
    at = index.packs.index(pack)
    rows: dict[str, int] = {}
    for layer in index.layers:
        for block in layer.blocks:
            for place, personal in block.places():
                if place.pack == at:
                    name = f"personal parts of {layer.type}" if personal else layer.type
                    rows[name] = rows.get(name, 0) + block.rows
    return ", ".join(f"{count} {name}" for name, count in rows.items())
