"""The half that puts: each object is created once, and the service's own checksum says that it arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from holdfast.domain.changes import Change
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.kernel.canonical import canonical
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.runs.comparison import ALREADY
from holdfast.kernel.system import Present
from holdfast.systems.scans.errors import ObjectTaken, PutDenied
from holdfast.systems.scans.s3_gateway import S3Gateway
from holdfast.systems.scans.store import PutValue, put_value

UNCONFIRMED = "unconfirmed"
"""Code of an outcome: the service took the object and did not say which bytes it stored."""

DIFFERENT = "published-differently"
"""Code of an outcome: the scan's key holds other bytes, of the same scan published with other options."""


class PublishTarget:
    """A `Changer` whose facets are objects under keys. It can do with a role that may only put.

    Such a role cannot be asked what a key holds: `delivered` (the ledger: digest by key, of what other
    runs put) and the refusal of a create-only put say it then.
    """

    concurrency = 1

    def __init__(
        self, gateway: S3Gateway, outbox: ObjectStore, delivered: Callable[[str], str | None]
    ) -> None:
        self._gateway, self._outbox, self._delivered = gateway, outbox, delivered

    def batch_size(self, change_type: str) -> int:
        return 1

    def guarded_by_service(self, change: Change) -> bool:
        return True  # puts are create-only

    def await_settled(self, change_types: Sequence[str]) -> None:
        return  # a put has ended when it is answered

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        return [self._present(change) for change in changes]

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        return [self._put(change) for change in changes]

    def _present(self, change: Change) -> Present:
        held = self._held(change.key)
        if held is None:
            return Present(None)
        wanted = put_value(change)
        return Present(change.after if held == wanted.sha256 else canonical({"sha256": held}))

    def _held(self, key: str) -> str | None:
        """The digest of what a key holds; None where neither the service nor the ledger says."""
        found = self._gateway.digest(key)
        if found is None:
            return self._delivered(key)
        return found or hashlib.sha256(self._gateway.get(key)).hexdigest()

    def _put(self, change: Change) -> Outcome:
        value = put_value(change)
        try:
            confirmed = self._gateway.put(change.key, self._outbox.get(value.body), value.content_type)
        except ObjectTaken:
            return self._taken(change, value)
        if confirmed == value.sha256:
            return Outcome(OutcomeKind.DONE, "the service's reply confirms the SHA-256")
        return self._read_back(change, value)

    def _read_back(self, change: Change, value: PutValue) -> Outcome:
        """The outcome of a put whose reply held no checksum of ours."""
        try:
            held = self._held(change.key)
        except PutDenied:
            held = None
        if held is None:
            return Outcome(
                OutcomeKind.DONE,
                "taken, but the reply names no SHA-256 and this role may not read",
                "",
                UNCONFIRMED,
            )
        if held == value.sha256:
            return Outcome(OutcomeKind.DONE, "read back: the SHA-256 is ours")
        advice = "Delete the object, then publish the scan again."
        return Outcome(OutcomeKind.FAILED, "what was stored is not what was sent", advice, "corrupted")

    def _taken(self, change: Change, value: PutValue) -> Outcome:
        """The outcome of a put whose key is taken. The key is made of the scan's digest: it is this scan."""
        held = self._held(change.key)
        if held == value.sha256:
            return Outcome(OutcomeKind.SKIPPED, "is there already, byte for byte", code=ALREADY)
        if held is None:
            why = "is there already by its key, which names this very scan; this role may not read it"
            return Outcome(OutcomeKind.SKIPPED, why, code=ALREADY)
        why = "this scan is there already, published with other options; it was left as it is"
        return Outcome(OutcomeKind.SKIPPED, why, code=DIFFERENT)
