"""moto's server application, for the services that the stand-in does not answer (sts, s3, kms, iam).

S3 is as moto has it, but a wrong checksum is refused as AWS refuses it, instead of stored.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import moto.s3.responses as responses
from moto.core.base_backend import BackendDict
from moto.core.common_types import TYPE_RESPONSE
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.exceptions import S3ClientError
from moto.s3.utils import compute_checksum
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_ALGORITHMS = ("CRC32", "SHA1", "SHA256")
# A streamed body carries its checksum in a trailer after the last chunk.
_TRAILER = re.compile(rb"x-amz-checksum-(\w+):([^\r\n]+)")
_TRAILER_REACH = 300


class StrictS3(responses.S3Response):
    """S3 with GetObjectRetention, and with checksums that count.

    PutObject and UploadPart compare Content-MD5 and x-amz-checksum headers or trailers with the body.

    A SHA-256 that was given and found right is named in the reply, as S3 does.
    """

    def _key_response_put(self, query: dict[str, object], key_name: str) -> TYPE_RESPONSE:
        if self.headers.get("x-amz-copy-source"):
            # moto asks a checksum of every request with a lock, S3 of those that have a body.
            self.headers = Headers([*self.headers.items(), ("x-amz-sdk-checksum-algorithm", "CRC32")])
        return super()._key_response_put(query, key_name)

    def _key_response_get(self, query: dict[str, object], key_name: str) -> TYPE_RESPONSE:
        if "retention" not in query:
            return super()._key_response_get(query, key_name)
        found, _ = self._get_key()
        if not found.lock_mode:
            raise S3ClientError(
                "NoSuchObjectLockConfiguration",
                "The specified object does not have a ObjectLock configuration",
            )
        held = f"<Mode>{found.lock_mode}</Mode><RetainUntilDate>{found.lock_until}</RetainUntilDate>"
        return 200, {}, f"<Retention>{held}</Retention>"

    def put_object(self) -> TYPE_RESPONSE:
        self._refuse_wrong_checksum()
        status, headers, body = super().put_object()
        given = self.headers.get("x-amz-checksum-sha256")
        if status == 200 and given:
            headers = {**headers, "x-amz-checksum-sha256": given}
        return status, headers, body

    def upload_part(self) -> TYPE_RESPONSE:
        self._refuse_wrong_checksum()
        return super().upload_part()

    def _refuse_wrong_checksum(self) -> None:
        body = self.body if isinstance(self.body, bytes) else str(self.body or "").encode()
        raw = self.raw_body if isinstance(self.raw_body, bytes) else b""
        wrong = wrong_checksum(body, self.headers, raw)
        if wrong:
            raise S3ClientError("BadDigest", f"The {wrong} you specified did not match what we received.")


def wrong_checksum(body: bytes, headers: Mapping[str, str], raw: bytes) -> str | None:
    """The name of the first given checksum that the body does not have; None when all that are given fit.

    `raw` is the body as it came, with chunk signatures and trailers when it was streamed.
    """
    md5 = headers.get("Content-MD5")
    if md5 and base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode() != md5:
        return "Content-MD5"
    trailers = {
        name.decode().upper(): given.decode().strip()
        for name, given in _TRAILER.findall(raw[-_TRAILER_REACH:])
    }
    for name in _ALGORITHMS:
        given = headers.get(f"x-amz-checksum-{name.lower()}") or trailers.get(name)
        if given and compute_checksum(body, name).decode() != given:
            return name
    return None


def moto_application() -> WSGIApplication:
    """moto as a WSGI application. Its state is one for all sandboxes of the process, but parted by account."""
    # moto looks the class up there whenever it makes its URL table.
    responses.S3Response = StrictS3  # type: ignore[misc]
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return application


def reset_moto(accounts: Iterable[str]) -> None:
    """Empties every moto backend of these accounts; other sandboxes of the process keep theirs."""
    reset_model_data()
    for backend in list(BackendDict._instances):  # type: ignore[misc]
        for account in accounts:
            if account in backend:
                backend[account].reset()


def make_bucket(name: str, account: str, region: str) -> None:
    """Make a bucket unless it is there; nothing public can be allowed in it."""
    from moto.s3.models import PublicAccessBlock, s3_backends

    backend = s3_backends[account]["aws"]
    if name not in backend.buckets:
        made = backend.create_bucket(name, region)
        made.public_access_block = PublicAccessBlock("true", "true", "true", "true")
