"""Saving trees as a run: walk, store what is new, seal, look that everything is there."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NoReturn

import msgspec

from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import DONE, Finding, Item, OutcomeKind, Severity
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity
from holdfast.kernel.backup import FULL, beside_damage, read_back
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.system import System
from holdfast.kernel.vault.chunks import Read
from holdfast.kernel.vault.vault import Vault
from holdfast.systems.files.model import FILE, SYSTEM, Entry, comparable, key_of, unescaped
from holdfast.systems.files.saving import Before, Draft, Saver, begin, items_of
from holdfast.systems.files.walking import Choice, Found, walk

STREAM_MODE = 0o600
BATCH, CHUNKS_EACH = 1000, 20


def files_system() -> System:
    """Files as a system whose snapshots can be compared; it is captured by `Saving` and has no target."""

    def nothing() -> NoReturn:
        raise Refused("files are saved and extracted, not restored", "Use `holdfast vault extract`.")

    return System(SYSTEM, "Files", (FILE,), nothing, nothing, comparable)


class SaveRequest(msgspec.Struct, frozen=True):
    """What a save was asked for; kept with the run so that another process can resume it.

    `paths` are absolute and escaped as keys are. With `stream` the contents come from standard input
    and are kept under that name. `host` is the machine the paths are on.
    """

    paths: tuple[str, ...]
    host: str
    user: str
    excluded: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    stream: str = ""

    @property
    def source(self) -> SourceIdentity:
        """Whose files these are; a later save of the same paths on the same host is compared with this one."""
        what = f"stdin:{self.stream}" if self.stream else ":".join(sorted(self.paths))
        return SourceIdentity(SYSTEM, "", "", f"{self.host}:{what}", self.user)


@dataclass(frozen=True, slots=True)
class SavePreview:
    """What a save would read: paths and bytes in all, and those that the snapshot before does not have as they are."""

    paths: int
    bytes: int
    files_to_read: int
    bytes_to_read: int
    skipped: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Saving:
    """Saves trees into a vault. `own` are Holdfast's own folders; `stream` reads standard input, once."""

    vault: Callable[[], Vault]
    audit_head: Callable[[], str]
    own: tuple[bytes, ...]
    stream: Read | None = None

    def stages(self, request: SaveRequest) -> tuple[Stage, ...]:
        """Save (which ends with the seal) and a check that reads the entries back and looks for their packs."""
        return (
            Stage("save", StageKind.GATHER, lambda context: self._save(context, request)),
            Stage("check", StageKind.CHECK, self._check),
        )

    def preview(self, request: SaveRequest) -> SavePreview:
        """What a save would read. Reads no contents and changes nothing. Raises: VaultDamaged; StoreError."""
        before = self._before(request)
        paths = size = to_read = bytes_to_read = 0
        skipped = list[Item]()
        for found in self._walk(request):
            draft = begin(found)
            if draft.entry is None:
                skipped.extend(items_of(draft, None))
                continue
            paths += 1
            size += draft.entry.size
            old = before.entry(found.key)
            if draft.entry.kind == "file" and not (old and found.status and old.is_as(found.status)):
                to_read += 1
                bytes_to_read += draft.entry.size
        return SavePreview(paths, size, to_read, bytes_to_read, tuple(skipped))

    def _before(self, request: SaveRequest) -> Before:
        vault = self.vault()
        same = (info for info in vault.snapshots(SYSTEM) if info.source.instance == request.source.instance)
        newest = next(same, None)
        return Before(vault.read(newest).layered(FILE.name).rows() if newest else ())

    def _walk(self, request: SaveRequest) -> Iterator[Found]:
        own = frozenset(key_of(each) for each in self.own)
        roots = [b"/" + unescaped(path) for path in request.paths]
        return walk(roots, Choice(request.excluded, own))

    def _save(self, context: RunContext, request: SaveRequest) -> None:
        vault = self.vault()
        sealed = vault.of_run(context.run.id)
        if sealed is None:
            sealed = self._store(context, request, vault)
        else:
            # Sealed before a crash: the snapshot is whole, only the stage's end was not committed.
            records = vault.read(sealed).records(FILE.name)
            context.record_items(Item(FILE.name, each.key, DONE, each.digest) for each in records)
        context.snapshot = sealed.id

    def _store(self, context: RunContext, request: SaveRequest, vault: Vault) -> SnapshotInfo:
        taken_at = context.clock.now()
        writer = vault.begin(SYSTEM, instance=request.source.instance)
        saver = Saver(writer.chunks, Before(writer.rows_before(FILE.name)), context.progress)
        context.progress.stage("Saving files")
        tally = Counter[OutcomeKind]()
        drafts = self._drafts(request, saver)
        records = _recorded(context, drafts, tally)
        writer.add_section(FILE.name, records, chunked=True)
        if failed := tally[OutcomeKind.FAILED]:
            writer.amend(FILE.name, f"{failed:,} could not be read whole")
        sealed = writer.seal(
            kind=FULL,
            taken_at=taken_at,
            source=request.source,
            run=context.run.id,
            audit_head=self.audit_head(),
            labels=request.labels,
        )
        context.record_findings(beside_damage(writer.damage))
        context.record_findings([_told(saver, sealed)])
        return sealed

    def _drafts(self, request: SaveRequest, saver: Saver) -> Iterator[Draft]:
        if not request.stream:
            return saver.save(self._walk(request))
        if self.stream is None:
            raise Refused(
                "what came from standard input cannot be read again", "Start the save again with its input."
            )
        now = time.time_ns()
        entry = Entry(gid=os.getgid(), kind="file", mode=STREAM_MODE, mtime=now, uid=os.getuid())
        return saver.save_stream(Draft(request.stream, entry), self.stream)

    def _check(self, context: RunContext) -> None:
        read_back(self.vault(), context, read_chunks=False)


def _recorded(context: RunContext, drafts: Iterable[Draft], tally: Counter[OutcomeKind]) -> Iterator[Record]:
    """The records of drafts; every draft becomes an item of the run, a thousand at a time."""
    for batch in _batches(drafts):
        records = [draft.record() for draft in batch]
        context.record_items(chain.from_iterable(map(items_of, batch, records)))
        tally.update(draft.outcome.kind for draft in batch)
        yield from filter(None, records)


def _batches(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """Drafts by the thousand; fewer where their lists of chunks are long."""
    batch, weight = list[Draft](), 0
    for draft in drafts:
        batch.append(draft)
        weight += 1 + len(draft.chunks) // CHUNKS_EACH
        if weight >= BATCH:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _told(saver: Saver, sealed: SnapshotInfo) -> Finding:
    count = sum(section.count for section in sealed.sections)
    told = (
        f"{count:,} paths; {saver.read_bytes:,} bytes read, {saver.unchanged:,} files unchanged and not read, "
        f"{sealed.stored_bytes:,} bytes added to the vault"
    )
    return Finding(Severity.NOTE, "saved", FILE.name, "", told)
