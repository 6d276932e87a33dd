"""Security scans of an installation: published, resent, read back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.domain.errors import HoldfastError, NotFound, UsageError
from holdfast.domain.runs import RunState

if TYPE_CHECKING:
    from holdfast.bootstrap.parts import Parts
    from holdfast.bootstrap.running import Runner
    from holdfast.domain.runs import Run
    from holdfast.kernel.runs.stages import Stage
    from holdfast.systems.scans.keeping import VaultKeeper
    from holdfast.systems.scans.model import Scan
    from holdfast.systems.scans.published import PublishedScans
    from holdfast.systems.scans.s3_gateway import S3Gateway
    from holdfast.systems.scans.settings import ScansSettings
    from holdfast.systems.scans.system import Publishing, PublishRequest

REPORTS = "reports"
PUTS_PER_SECOND = 100.0
"""S3 takes 3,500 puts a second and prefix; this only keeps a loop from running away."""
WAITING = (RunState.FAILED, RunState.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one scan: the run, where its report object is, and how many objects were put or there."""

    run: Run
    scan_id: str
    url: str
    put: int
    already: int

    @property
    def already_there(self) -> bool:
        """Whether an earlier run has delivered this very scan."""
        return self.already > 0 and self.put == 0


class ScanDesk:
    """Publishes and reads scans with the parts of one installation."""

    def __init__(self, home: Parts, runs: Runner) -> None:
        self._home, self._runs = home, runs

    @cached_property
    def settings(self) -> ScansSettings:
        """The settings of today, with what the environment says where they are silent."""
        from holdfast.systems.scans.settings import with_environment

        own, aws = self._home.settings.scans, self._home.settings.aws
        return with_environment(own, os.environ, aws.region, aws.profile)

    def stages_of(self, arguments: bytes) -> Sequence[Stage]:
        """The stages of a publish run, from its arguments."""
        import msgspec

        from holdfast.systems.scans.system import PublishRequest

        return self._publishing.stages(msgspec.json.decode(arguments, type=PublishRequest))

    def publish(self, file: Path, data: bytes | None = None, reports: Path | None = None) -> Delivery:
        """Publish one result: `data`, or what the file holds. Local copies go to `reports` (default: beside it).

        Raises: NotFound; NotAScanResult; whatever kept the run from sending, which then waits in the spool.
        """
        from holdfast.systems.scans.system import KIND, SYSTEM

        request = self._request(file, read_file(file) if data is None else data, reports)
        try:
            return self.delivery(self._runs.launch(KIND, SYSTEM, request))
        except HoldfastError as error:
            if any("runs resume" in note for note in getattr(error, "__notes__", ())):
                error.add_note("The scan waits in the spool: `holdfast scans resend` delivers it.")
            raise

    def waiting(self) -> list[Run]:
        """The runs whose scans could not be sent: the spool, oldest first."""
        from holdfast.systems.scans.system import KIND, SYSTEM

        found = self._home.ledger.runs(system=SYSTEM)
        return [run for run in reversed(found) if run.kind == KIND and run.state in WAITING]

    def delivery(self, run: Run) -> Delivery:
        """What became of the scan of a run."""
        from holdfast.domain.outcomes import OutcomeKind
        from holdfast.systems.scans.system import location_of, scan_id_of

        counts = self._home.ledger.count_changes(run.id)
        done = sum(count for (_, _, kind), count in counts.items() if kind == OutcomeKind.DONE)
        there = sum(count for (_, _, kind), count in counts.items() if kind == OutcomeKind.SKIPPED)
        key, scan_id = scan_id_of(self._home.ledger.changes(run.id))
        location = location_of(self._home.ledger, run.id)
        return Delivery(run, scan_id, f"{location}{key}" if location and key else "", done, there)

    def warnings(self, made: Delivery) -> list[str]:
        """What the run of a delivery warns of."""
        from holdfast.domain.outcomes import Severity

        found = self._home.ledger.findings(made.run.id)
        return [finding.message for finding in found if finding.severity is not Severity.NOTE]

    def exit_code(self, made: Delivery) -> int:
        """The exit code that fits the run of a delivery."""
        from holdfast.kernel.runs.report import exit_code

        return exit_code(made.run, self._home.ledger.findings(made.run.id))

    def published(self, store: str = "", project: str = "", branch: str = "") -> PublishedScans:
        """The scans in the bucket of the settings, or in `store`: a folder or s3://bucket/prefix.

        Raises: DestinationUnset.
        """
        from urllib.parse import urlsplit

        from holdfast.systems.scans.published import PublishedScans
        from holdfast.systems.scans.settings import require_destination, with_environment

        settings, parts = self.settings, urlsplit(store)
        if parts.scheme == "s3":
            prefix = parts.path.lstrip("/") or settings.key_prefix
            settings = replace(settings, bucket_name=parts.netloc, key_prefix=prefix, folder="")
            settings = with_environment(settings, {})
        elif store:
            settings = replace(settings, folder=store)
        require_destination(settings)
        chosen = project or settings.project, branch or settings.branch
        return PublishedScans(self._gateway(settings), settings.key_prefix, *chosen)

    def read_result(self, file: Path) -> Scan:
        """The scan of a result file of this machine. Raises: NotFound; NotAScanResult."""
        from holdfast.systems.scans.result import read_scan

        request = self._request(file, b"", None)
        return read_scan(read_file(file), request.context, file.name, redact=self.settings.redact)

    def _request(self, file: Path, data: bytes, reports: Path | None) -> PublishRequest:
        from holdfast.systems.scans.context import context_from
        from holdfast.systems.scans.system import PublishRequest

        settings = self.settings
        file = file.absolute()
        request = PublishRequest(
            file=str(file),
            digest=hashlib.sha256(data).hexdigest(),
            reports=str((reports or file.parent / REPORTS).absolute()),
            settings=settings,
            context=context_from(os.environ, self._home.clock.now(), settings.project, settings.branch),
        )
        if data:
            self._publishing.accept(data, request)
        return request

    @cached_property
    def _publishing(self) -> Publishing:
        from holdfast.adapters.object_store_folder import FolderStore
        from holdfast.systems.scans.parquet import available, to_parquet
        from holdfast.systems.scans.system import Outside, Publishing

        home = self._home
        return Publishing(
            Outside(
                ledger=home.ledger,
                outbox=FolderStore(home.settings.holdfast.data_dir / "outbox"),
                settings=self.settings,
                gateway=self._gateway,
                write_locally=self._write_locally,
                to_parquet=to_parquet if available() else None,
                keep=self._keeper(),
            )
        )

    def _keeper(self) -> VaultKeeper | None:
        """What keeps the raw file, where there is a vault; publishing makes none."""
        home = self._home
        if not home.settings.vault.passphrase_env and not home.settings.vault.key_file.exists():
            return None
        from holdfast.systems.scans.keeping import VaultKeeper

        return VaultKeeper(home.vault, home.audit.head)

    def _gateway(self, settings: ScansSettings) -> S3Gateway:
        if settings.folder:
            from holdfast.adapters.object_store_folder import FolderStore
            from holdfast.systems.scans.folder_client import FolderClient

            return FolderClient(FolderStore(self._home.settings.base / settings.folder))
        from holdfast.adapters import aws
        from holdfast.systems.scans.s3_client import S3Client

        # The client repeats as the options of scans say, so the session repeats nothing.
        pace = replace(
            self._home.settings.aws,
            profile=settings.aws_profile,
            region=settings.aws_region,
            retries=0,
            throttle_patience=0.0,
            other_requests_per_second=max(PUTS_PER_SECOND, self._home.settings.aws.other_requests_per_second),
        )
        session = aws.AwsSession(pace, self._home.clock)
        self._home.sessions.append(session)
        return S3Client(session, settings, self._home.clock)

    def _write_locally(self, folder: str, name: str, data: bytes) -> None:
        from holdfast.adapters.evidence_files import EvidenceFiles

        place = Path(folder)
        EvidenceFiles(place.parent, self._home.clock).write(place.name, name, [data])


def read_file(file: Path) -> bytes:
    """The file's bytes. Raises: NotFound; UsageError when it may not be read."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(
            "result file", str(file), "ASH writes ash_aggregated_results.json into its output folder."
        ) from None
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror or problem}") from problem
