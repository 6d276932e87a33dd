"""Puts bundles, each once, and says of each whether what is stored is what was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.domain.changes import Change
from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteError, RemoteUnavailable
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.domain.records import RecordView
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.canonical import canonical
from holdfast.kernel.runs.comparison import failed_by, found_done
from holdfast.kernel.system import Present
from holdfast.systems.quicksight.storing.bundles import rebuilt
from holdfast.systems.quicksight.storing.errors import BundleDiffers, ObjectTaken, StorageQuota, no_answer
from holdfast.systems.quicksight.storing.object_gateway import ObjectGateway
from holdfast.systems.quicksight.storing.plan import BundleValue, bundle_value

UPLOAD_ERROR = "upload-error"
VERIFICATION_ERROR = "verification-error"
"""Code of an outcome: the object is there, and not as it should be, or cannot be looked at."""


@dataclass(frozen=True, slots=True)
class ObjectChanger:
    """A `Changer` whose facets are bundles under keys, each of which names this run."""

    gateway: ObjectGateway
    view: RecordView
    snapshot: SnapshotInfo
    prefix: str
    concurrency: int = 4

    def batch_size(self, change_type: str) -> int:
        return 1

    def guarded_by_service(self, change: Change) -> bool:
        return True  # puts are create-only

    def await_settled(self, change_types: Sequence[str]) -> None:
        return  # a put has ended when it is answered

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        return [self._present(change) for change in changes]

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        return [self._put(change, note_request) for change in changes]

    def _present(self, change: Change) -> Present:
        try:
            differences = self.gateway.differences(change.key, self._body(change))
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            raise no_answer(error, self.snapshot.run) from error
        except AccessDenied:
            # S3 answers so of a missing object, too, where listing is not allowed: the put itself will tell.
            return Present(None)
        except HoldfastError as error:
            if error.ends_run:
                raise
            return Present(None, failed_by(error))
        if differences is None:
            return Present(None)
        return Present(canonical({"differs": list(differences)}) if differences else change.after)

    def _put(self, change: Change, note_request: Callable[[str], None]) -> Outcome:
        body, value = self._body(change), bundle_value(change)
        try:
            self.gateway.put(change.key, body, self._metadata(value), note_request)
        except ObjectTaken:
            return self._verified(change, body, repeated=True)
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            present = self._present(change)
            return found_done() if present == Present(change.after) else failed_by(error, UPLOAD_ERROR)
        except StorageQuota as error:
            full = StorageQuota(error.operation, error.error, error.service_said, self._usage())
            return failed_by(full)
        except RemoteError as error:
            if type(error) is not RemoteError:
                raise  # it has a name of its own
            return failed_by(error, UPLOAD_ERROR)
        return self._verified(change, body)

    def _verified(self, change: Change, body: bytes, *, repeated: bool = False) -> Outcome:
        """The outcome of a put that was answered: what the service has is compared with what was sent."""
        try:
            differences = self.gateway.differences(change.key, body)
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            raise no_answer(error, self.snapshot.run) from error
        except AccessDenied as error:
            return failed_by(error, VERIFICATION_ERROR)
        if differences is None:
            differences = ["it is not there"]
        if differences:
            told = f"What is stored is not what was sent: {'; '.join(differences)}."
            advice = "Delete the object and run the backup again; the vault's copy is not concerned."
            return Outcome(OutcomeKind.FAILED, told, advice, VERIFICATION_ERROR)
        # The key names this run, so what was there already is an earlier put of its own.
        return (
            found_done() if repeated else Outcome(OutcomeKind.DONE, "size, SHA-256 and encryption read back")
        )

    def _body(self, change: Change) -> bytes:
        """The bytes of a bundle as planned. Raises: BundleDiffers."""
        value = bundle_value(change)
        body = rebuilt(self.view, value.contents)
        if hashlib.sha256(body).hexdigest() != value.sha256:
            raise BundleDiffers(change.key)
        return body

    def _metadata(self, value: BundleValue) -> dict[str, str]:
        return {
            "backup-id": self.snapshot.id,
            "backup-timestamp": self.snapshot.taken_at.isoformat(),
            "backup-type": value.contents.type,
            "assets": str(len(value.contents.assets)),
            "sha256": value.sha256,
        }

    def _usage(self) -> str:
        try:
            objects, size = self.gateway.usage(self.prefix)
        except HoldfastError as error:
            if error.ends_run:
                raise
            return f"What is used now could not be read: {error}"
        return f"Used now: {objects:,} objects and {size:,} bytes in {self.gateway.location}{self.prefix}."
