"""Reads what the vault holds and says, level by level, what was checked and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from holdfast.domain.errors import HoldfastError, VaultDamaged, VaultError
from holdfast.kernel.ports import Progress, StoredObject
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.errors import StoreError
from holdfast.kernel.vault.layers import LayeredRows, LayerReader
from holdfast.kernel.vault.layout import BlockRef, Index, Manifest, ObjectRef, Place, Section
from holdfast.kernel.vault.leases import FOLDER as LEASES
from holdfast.kernel.vault.names import FOLDER as SNAPSHOTS
from holdfast.kernel.vault.names import Names, is_known
from holdfast.kernel.vault.packs import check_name, fetch
from holdfast.kernel.vault.places import is_frame
from holdfast.kernel.vault.reader import open_layers
from holdfast.kernel.vault.verify_chunks import Bodies, ChunkInspector
from holdfast.kernel.vault.writer import SectionDigest

LEVELS = ("vault", "snapshot", "indexes", "packs", "types", "records")
PACKS_AHEAD = 2  # packs in memory beside the one that is looked at
CONDEMNED = "condemned/"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the level it was found on, the object and records it hit, and what it is."""

    level: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many things of a level were checked, and how many problems were found there."""

    level: str
    checked: int
    problems: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification or check came to.

    `garbage` is what no snapshot reaches; it harms nothing. `bytes_read` counts the bytes of packs.
    """

    levels: tuple[LevelCount, ...]
    problems: tuple[Problem, ...]
    garbage: tuple[StoredObject, ...]
    bytes_read: int

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong."""
        return not self.problems


def together(
    whole: Verification, places: Sequence[tuple[str, Verification]], differing: Iterable[str]
) -> Verification:
    """What checks of single places came to, each with its location, beside one of both as a whole.

    `differing` are names of objects that each place has sound, and not the same.
    """
    problems: dict[Problem, None] = {}
    for number, (location, found) in enumerate(places):
        for each in found.problems:
            problems[replace(each, message=f"{each.message} (in {location})") if number else each] = None
    problems.update(dict.fromkeys(whole.problems))
    bad = {problem.where for problem in problems}
    differ = (Problem("vault", name, "it is not the same in both places") for name in differing)
    problems.update((each, None) for each in differ if each.where not in bad)
    levels = [
        LevelCount(counts[0].level, sum(c.checked for c in counts), sum(c.problems for c in counts))
        for counts in zip(*(found.levels for _, found in places), strict=True)
    ]
    bytes_read = sum(found.bytes_read for _, found in places)
    return Verification(tuple(levels), tuple(problems), whole.garbage, bytes_read)


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
        self._sections: set[tuple[str, ...]] = set()

    def verify(self, snapshot: str, *, read_chunks: bool = True) -> Verification:
        """Read every byte that one snapshot reaches; or its records, and look for its chunks. Raises: StoreError."""
        self._check_frame()
        manifest = self._verify_records(snapshot)
        if manifest:
            objects = None if read_chunks else {found.name: found for found in self._store.list("packs/")}
            self._verify_chunks(manifest, objects)
        return self._result(())

    def verify_objects(self, snapshot: str) -> Verification:
        """Whether every object that one snapshot reaches is whole, without a look at its records. Raises: StoreError."""
        manifest = self._manifest(snapshot)
        if manifest is not None:
            self._read_objects(manifest)
        return self._result(())

    def check(self, *, read_data: bool, snapshots: Mapping[str, str] | None = None) -> Verification:
        """Account for every object in the store, and for the manifests of these snapshots too, named by id.

        Raises: VaultError for keys older than the vault; StoreError.
        """
        self._check_frame()
        objects = {found.name: found for found in self._store.list("")}
        names = self._catalogue.names()
        self._expected = dict(snapshots or {})
        known = names.current | self._expected
        self._stage("Checking snapshots", len(known))
        for snapshot in sorted(known, reverse=True):
            manifest = self._verify_records(snapshot) if read_data else self._account(snapshot, objects)
            if manifest:
                self._verify_chunks(manifest, None if read_data else objects)
            self._advance(snapshot)
        self._check_marks(names)
        unused = (found for found in objects.values() if not self._is_used(found.name, names))
        return self._result(tuple(unused))

    def _check_marks(self, names: Names) -> None:
        """The mark of the last prune: without it the snapshots that it wrote would not count."""
        if names.generation:
            try:
                self._catalogue.mark(names.generation)
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
                found = objects.get(pack.name)
                self._reached[pack.name] = found is not None and found.size == pack.size
                self._checked["packs"] += 1
                if not self._reached[pack.name] and index:
                    what = (
                        "the object is missing"
                        if found is None
                        else f"it has {found.size} bytes, not {pack.size}"
                    )
                    self._problems.append(Problem("packs", f"{pack.name} ({_holds(index, pack)})", what))
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
        if identity in self._sections:
            return
        self._sections.add(identity)
        self._checked["types"] += 1
        where = f"snapshot {manifest.id}, "
        try:
            layers = open_layers(self._catalogue, refs, where)
        except VaultError as error:
            self._problems.append(Problem("types", f"{where}{section.type}", f"cannot be read: {error}"))
            return
        broken = sum(self._try_blocks(layer) for layer in layers)
        if broken:
            what = f"{broken} blocks cannot be read"
            self._problems.append(Problem("types", f"{where}{section.type}", what))
        else:
            self._check_digest(section, layers, f"{where}{section.type}")

    def _try_blocks(self, layer: LayerReader) -> int:
        """Report each block of a damaged pack that cannot be read; their number."""
        broken = 0
        for block in layer.layer.blocks:
            for place, personal in _places(block):
                if self._reached.get(layer.pack_name(place), False):
                    continue
                try:
                    layer.read(block, place, personal=personal)
                except VaultError as error:
                    broken += 1
                    self._note("records", error)
        return broken

    def _check_digest(self, section: Section, layers: list[LayerReader], where: str) -> None:
        digest = SectionDigest()
        try:
            for rows in LayeredRows(layers).lists():
                digest.extend(rows)
                self._advance(section.type, len(rows))
        except VaultError as error:
            self._note("records", error)
            return
        self._checked["records"] += digest.count
        if (digest.count, digest.hex()) != (section.count, section.digest):
            self._problems.append(
                Problem("types", where, f"{digest.count} records, but not the {section.count} sealed")
            )

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


def _places(block: BlockRef) -> Iterator[tuple[Place, bool]]:
    yield block.body, False
    if block.personal:
        yield block.personal, True


def packs_used(manifest: Manifest, ref: ObjectRef, index: Index) -> list[ObjectRef]:
    """The packs that the snapshot's own layers in an index lie in."""
    at = manifest.indexes.index(ref)
    numbers = {place.layer for section in manifest.sections for place in section.layers if place.index == at}
    blocks = (block for number in numbers for block in index.layers[number].blocks)
    used = {place.pack for block in blocks for place, _ in _places(block)}
    return [index.packs[number] for number in sorted(used)]


def _holds(index: Index, pack: ObjectRef) -> str:
    """What lies in a pack, for people: types and numbers of rows."""
    at = index.packs.index(pack)
    rows: dict[str, int] = {}
    for layer in index.layers:
        for block in layer.blocks:
            for place, personal in _places(block):
                if place.pack == at:
                    name = f"personal parts of {layer.type}" if personal else layer.type
                    rows[name] = rows.get(name, 0) + block.rows
    return ", ".join(f"{count} {name}" for name, count in rows.items())
