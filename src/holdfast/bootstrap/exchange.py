"""Exports and imports of an installation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from holdfast.adapters.age import MARK, Keys, Locks, decrypt, encrypt
from holdfast.adapters.exchange_places import Access, export_place, import_place
from holdfast.adapters.yaml_document import YamlDocument
from holdfast.bootstrap.running import IMPORT
from holdfast.domain.errors import UsageError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.durable import make_private, writing
from holdfast.kernel.exchange.containers import MOST_BYTES
from holdfast.kernel.exchange.errors import Malformed, NotExportable, NotImportable
from holdfast.kernel.exchange.exporting import Shape, Written, write
from holdfast.kernel.exchange.importing import Held, Importing, ImportRequest
from holdfast.kernel.exchange.intake import examine
from holdfast.kernel.exchange.opening import AUTO, package_of
from holdfast.kernel.exchange.outgoing import Outgoing
from holdfast.kernel.exchange.spool import PrivateFile
from holdfast.systems.files.model import SYSTEM as FILES
from holdfast.systems.identity_center.awsideman import read_awsideman

if TYPE_CHECKING:
    from holdfast.bootstrap.parts import Parts
    from holdfast.bootstrap.running import Runner
    from holdfast.domain.runs import Run
    from holdfast.domain.snapshots import SnapshotInfo
    from holdfast.kernel.runs.stages import Stage
    from holdfast.kernel.system import System

FOREIGN = {"awsideman": read_awsideman}


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """An export as it was asked for. `kind` is `filesystem` or `s3`; `locks` None leaves it unencrypted."""

    shape: Shape
    kind: str
    location: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    locks: Locks | None = None
    personal: bool = True
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """An import as it was asked for. `kind` is `filesystem`, `s3` or `url`; `most` bounds what may be unpacked."""

    kind: str
    location: str
    format: str = AUTO
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    keys: Keys = field(default_factory=Keys)
    edited: bool = False
    most: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to; `outgoing` knows what each section came to."""

    snapshot: SnapshotInfo
    location: str
    written: Written
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked at: what is wrong with it, and what it holds where it could be read to its end."""

    location: str
    digest: str
    findings: tuple[Finding, ...]
    held: Held | None

    def refuse(self, *, accept_edited: bool) -> Held:
        """What can be imported. Raises: NotImportable."""
        if self.held is None:
            raise NotImportable(self.location, tuple(finding.message for finding in self.findings))
        self.held.examined.refuse(self.location, accept_edited=accept_edited)
        return self.held


class ExchangeDesk:
    """Exports and imports with the parts of one installation."""

    def __init__(self, home: Parts, runs: Runner) -> None:
        self._home, self._runs = home, runs
        self._held: dict[ImportRequest, Held] = {}

    def stages_of(self, arguments: bytes) -> Sequence[Stage]:
        """The stages of an import run, from its arguments."""
        home = self._home
        importing = Importing(home.vault, home.audit.head, self._held.get)
        return importing.stages(msgspec.json.decode(arguments, type=ImportRequest))

    def export(self, backup: str, order: ExportOrder) -> Exported:
        """Write a backup where the order says, and note it in the audit trail.

        Raises: NotFound; UsageError; NotExportable; TargetTaken; VaultDamaged; what the place raises.
        """
        home = self._home
        place = export_place(
            order.kind, order.location, self._access(order.credentials), overwrite=order.overwrite
        )
        info = home.vault.resolve(backup)
        if info.system == FILES:
            told = (
                "it holds files, which `holdfast vault extract` writes; name a backup of records by its id."
            )
            raise NotExportable(info.id, told)
        outgoing = Outgoing.of(home.vault.read(info), info, personal=order.personal)
        lock = partial(encrypt, locks=order.locks) if order.locks else None
        home.progress.stage("exporting, bytes")
        written = write(outgoing, order.shape, place, lock, home.progress)
        detail = {"snapshot": info.id, "to": place.location, "sha256": written.digest}
        home.audit.append("backup exported", info.system, detail)
        return Exported(info, place.location, written, outgoing)

    @contextmanager
    def look(self, order: ImportOrder) -> Iterator[Looked]:
        """A file examined; what it holds is there until the context ends. Nothing is written or kept.

        Raises: NotFound; UsageError; CredentialsError; Refused; what the place raises.
        """
        place = import_place(order.kind, order.location, self._access(order.credentials))
        with ExitStack() as opened:
            try:
                held, digest = self._fetch(place.files(), order, opened)
            except Malformed as error:
                yield _unreadable(place.location, "", error)
                return
            try:
                package = package_of(held, order.format, order.most, YamlDocument, FOREIGN)
                system = self._system(package.read().metadata.system)
                examined = examine(package, system, self._home.clock.now())
            except Malformed as error:
                yield _unreadable(place.location, digest, error)
            else:
                findings = tuple(examined.findings())
                yield Looked(place.location, digest, findings, Held(package, examined))

    def bring_in(self, order: ImportOrder) -> Run:
        """A run that imports the file as a sealed snapshot. Raises: NotImportable; and as `look` and `Runner.launch`."""
        with self.look(order) as looked:
            held = looked.refuse(accept_edited=order.edited)
            request = ImportRequest(looked.location, looked.digest, order.format, order.edited)
            self._held[request] = held
            try:
                return self._runs.launch(IMPORT, held.examined.metadata.system, request)
            finally:
                del self._held[request]

    def _fetch(
        self, files: Mapping[str, Callable[[], Iterator[bytes]]], order: ImportOrder, opened: ExitStack
    ) -> tuple[dict[str, PrivateFile], str]:
        """The files as they are to be read, decrypted where they are encrypted, and the digest of what came."""
        folder = self._home.settings.holdfast.data_dir
        held, digests = dict[str, PrivateFile](), list[str]()
        with writing(folder):
            make_private(folder)
            for name, fetch in files.items():
                held[name] = opened.enter_context(PrivateFile(folder))
                digests.append(_pour(fetch(), held[name], order))
        if len(digests) == 1:
            return held, digests[0]
        listed = "".join(f"{digest}  {name}\n" for name, digest in zip(held, digests, strict=True))
        return held, hashlib.sha256(listed.encode()).hexdigest()

    def _system(self, name: str) -> System:
        try:
            return self._home.system(name)
        except UsageError as error:
            raise Malformed("metadata", f"{error} It cannot be imported here") from error

    def _access(self, credentials: Mapping[str, str]) -> Access:
        return Access(self._home.settings.aws, self._home.clock, credentials)


def _pour(chunks: Iterator[bytes], file: PrivateFile, order: ImportOrder) -> str:
    """Fill the file with what came, and give its digest. Raises: Malformed when it is too much."""
    hasher, count = hashlib.sha256(), 0

    def seen(chunk: bytes) -> bytes:
        nonlocal count
        hasher.update(chunk)
        count += len(chunk)
        if count > order.most:
            raise Malformed("", f"it has more than {order.most:,} bytes")
        return chunk

    first = seen(next(chunks, b""))
    source = _chained(first, map(seen, chunks))
    if first.startswith(MARK):
        decrypt(source, file, order.keys)
        file.done()
    else:
        file.fill(source)
    return hasher.hexdigest()


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _unreadable(location: str, digest: str, error: Malformed) -> Looked:
    found = Finding(Severity.ERROR, "unreadable", "", error.place, str(error))
    return Looked(location, digest, (found,), None)
