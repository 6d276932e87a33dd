"""The raw result file in the vault, by digest: what was published can always be read again from its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.domain.records import Record
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.canonical import canonical
from holdfast.kernel.ids import timestamp
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.vault.vault import Vault
from holdfast.systems.scans.model import Scan
from holdfast.systems.scans.system import SCAN_RESULT, SYSTEM


@dataclass(frozen=True, slots=True)
class VaultKeeper:
    """A `KeepRaw` over a vault. The bytes, which may hold secrets, lie in the record's personal part."""

    vault: Vault
    audit_head: Callable[[], str]

    def __call__(self, context: RunContext, scan: Scan, data: bytes) -> str:
        sealed = self.vault.of_run(context.run.id)
        if sealed is not None:
            return sealed.id
        writer = self.vault.begin(SYSTEM)
        body = canonical(
            {"name": scan.source_name, "scan": scan.scan_id, "started_at": timestamp(scan.started_at)}
        )
        writer.add_section(SCAN_RESULT.name, [Record(SCAN_RESULT.name, scan.source_digest, body, data)])
        info = writer.seal(
            kind="full",
            taken_at=context.clock.now(),
            source=SourceIdentity(SYSTEM, "", "", scan.project, ""),
            run=context.run.id,
            audit_head=self.audit_head(),
        )
        return info.id
