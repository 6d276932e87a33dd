"""The S3 Storage: objects in an S3 bucket, through obstore's synchronous calls."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore import exceptions

from holdfast.adapters.aws import FIRST_PAUSE, AwsSettings, refuse_plain_http
from holdfast.adapters.pacing import LONGEST_PAUSE
from holdfast.domain.errors import AccessDenied, CredentialsError, HoldfastError, TlsTooOld
from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import (
    BucketElsewhere,
    BucketMissing,
    ObjectArchived,
    ObjectExists,
    ObjectLocked,
    ObjectMissing,
    StoreFull,
    StoreUnavailable,
)
from holdfast.kernel.vault.settings import VaultSettings

if TYPE_CHECKING:
    from obstore import Attributes, PutMode
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import S3Config, S3Credential
    from obstore.store import S3Store as Bucket

T = TypeVar("T")
DEFAULT_REGION = "us-east-1"
RETRY_TIMEOUT = timedelta(minutes=2)
READ_TIMEOUTS = 4
"""A request with its 8 MiB may take so many times as long as `read_timeout` says for an answer."""
# Without s3:ListBucket, S3 answers a read of a missing object as if it were denied.
ACTIONS = {
    "put": "s3:PutObject",
    "get": "s3:GetObject (with s3:ListBucket on the bucket)",
    "list": "s3:ListBucket",
    "delete": "s3:DeleteObject",
}
FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"})
THROTTLES = frozenset({"SlowDown", "TooManyRequests", "RequestLimitExceeded", "Throttling"})
STATES = {"invalidobjectstate": ObjectArchived, "object lock": ObjectLocked, "worm protected": ObjectLocked}
"""Refusals that no permission would lift, by what S3 and its kin say."""
SKEWED = "RequestTimeTooSkewed"
BAD_CREDENTIALS = frozenset(
    {
        SKEWED,
        "ExpiredToken",
        "InvalidToken",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
REGIONS = frozenset(
    {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
)
SET_CLOCK = "Set this machine's clock; AWS allows it to be a quarter of an hour off."
NEW_CREDENTIALS = (
    "Log in again (`aws sso login`) or set AWS_PROFILE, or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
    "AWS_SESSION_TOKEN, or give the machine a role; then run the command again."
)
CODE, MESSAGE, REGION = (re.compile(f"<{name}>([^<]+)<") for name in ("Code", "Message", "Region"))


class S3Store:
    """A prefix of a bucket; creation is conditional (`If-None-Match`): no two writers take one name."""

    def __init__(
        self,
        bucket: Bucket,
        location: str,
        keeping: VaultSettings,
        patience: float = 0.0,
        check: Callable[[], None] | None = None,
    ) -> None:
        """`bucket` is rooted at the prefix already; `keeping` says in which storage class objects are kept.

        Throttles are waited out for `patience` seconds. `check` comes before the first request, and raises
        where none may be sent.
        """
        self._bucket = bucket
        self._location = location
        self._keeping = keeping
        self._patience = patience
        self._check = check

    @classmethod
    def connect(
        cls,
        bucket: str,
        prefix: str,
        environment: Mapping[str, str],
        settings: AwsSettings,
        keeping: VaultSettings,
    ) -> S3Store:
        """The store of a bucket and prefix, with the profile and region set, else those boto3 would take.

        AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL are honoured.
        Raises: CredentialsError without credentials; Refused for plain http beyond this machine.
        """
        from obstore.store import S3Store as Bucket

        from holdfast.adapters.tls import ca_bundle

        provider, region = _credentials(environment, settings)
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
        if endpoint:
            refuse_plain_http(endpoint)
        location = f"s3://{bucket}/{prefix}".rstrip("/")
        bundle = ca_bundle(environment)
        key = keeping.sse_kms_key
        sealed: S3Config = {"server_side_encryption": "aws:kms", "sse_kms_key_id": key} if key else {}
        opened = Bucket(
            bucket,
            prefix=prefix or None,
            region=region,
            endpoint=endpoint or None,
            virtual_hosted_style_request=not endpoint,
            credential_provider=provider,
            config=sealed,
            client_options={
                "allow_http": endpoint.startswith("http:"),
                "connect_timeout": timedelta(seconds=settings.connect_timeout),
                # There is no timeout for the answer alone that would not also end a slow upload.
                "timeout": timedelta(seconds=READ_TIMEOUTS * settings.read_timeout),
                **({"root_certificate": bundle} if bundle else {}),
            },
            retry_config={
                "max_retries": settings.retries,
                "retry_timeout": RETRY_TIMEOUT,
                "backoff": {"init_backoff": timedelta(seconds=FIRST_PAUSE)},
            },
        )
        url = endpoint or f"https://{bucket}.s3.{region}.amazonaws.com"
        old = settings.tls_minimum != "1.3" or url.startswith("http:")
        check = None if old else lambda: _refuse_old_tls(url, location, settings, environment)
        return cls(opened, location, keeping, settings.throttle_patience, check)

    @property
    def location(self) -> str:
        return self._location

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        # One request, since a multipart upload cannot be conditional on the name's being free.
        mode: PutMode = "overwrite" if replace else "create"
        chosen = self._keeping.class_of(name)
        kept: Attributes = {"Storage-Class": chosen} if chosen else {}

        def work() -> object:
            return obstore.put(self._bucket, name, data, mode=mode, use_multipart=False, attributes=kept)

        self._call("put", name, work)

    def get(self, name: str) -> bytes:
        return self._call("get", name, lambda: obstore.get(self._bucket, name).bytes().to_bytes())

    def get_range(self, name: str, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        return self._call("get", name, lambda: self._range(name, start, length))

    def _range(self, name: str, start: int, length: int) -> bytes:
        try:
            return obstore.get_range(self._bucket, name, start=start, length=length).to_bytes()
        except exceptions.GenericError as error:
            # Past the end of an object that was cut short: there are no such bytes.
            said = str(error)
            if "416" in said or "InvalidRange" in said or "requested range" in said.lower():
                return b""
            raise

    def list(self, prefix: str) -> Iterator[StoredObject]:
        # obstore matches whole path parts, so the part after the last slash is compared here.
        folder = prefix.rpartition("/")[0] or None
        found = self._call(
            "list",
            prefix,
            lambda: [meta for page in obstore.list(self._bucket, prefix=folder) for meta in page],
        )
        objects = (StoredObject(meta["path"], meta["size"], meta["last_modified"]) for meta in found)
        return (item for item in sorted(objects, key=lambda item: item.name) if item.name.startswith(prefix))

    def delete(self, name: str) -> None:
        try:
            self._call("delete", name, lambda: obstore.delete(self._bucket, name))
        except ObjectMissing:
            return

    def _call(self, operation: str, name: str, work: Callable[[], T]) -> T:
        """What the work gives, throttles and listings that broke off waited out. Raises: our errors alone."""
        if self._check:
            self._check()
            self._check = None
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                return work()
            except (exceptions.BaseError, OSError) as error:
                # obstore has repeated server errors and lost connections already, but a throttle takes longer.
                over = time.monotonic() - began + pause > self._patience
                if over or not _waits(error):
                    raise self._named(operation, name, error) from error
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _named(self, operation: str, name: str, error: Exception) -> HoldfastError:
        """Our error for the vendor's."""
        code, said = _said(error)
        if isinstance(error, exceptions.AlreadyExistsError):
            return ObjectExists(operation, name, self.location, "the name is taken")
        if code == "NoSuchBucket":
            return BucketMissing(operation, name, self.location, said)
        if isinstance(error, (exceptions.NotFoundError, FileNotFoundError)):
            return ObjectMissing(operation, name, self.location, "no such object")
        if code in BAD_CREDENTIALS:
            problem = f"The credentials for {self.location} were refused ({said})."
            return CredentialsError(problem, SET_CLOCK if code == SKEWED else NEW_CREDENTIALS)
        if code in REGIONS or "Received redirect" in said:
            found = REGION.search(str(error))
            told = f"it lies in {found[1]}" if found else "it lies in another region"
            return BucketElsewhere(operation, name, self.location, told)
        refusals = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError)
        if isinstance(error, refusals) or "403 Forbidden" in str(error):  # a listing's is a generic error
            if kept := next((kind for word, kind in STATES.items() if word in str(error).lower()), None):
                return kept(operation, name, self.location, said)
            return AccessDenied(ACTIONS[operation], f"{self.location}/{name}", said)
        kind = StoreFull if code in FULL else StoreUnavailable
        return kind(operation, name, self.location, said)


def _waits(error: Exception) -> bool:
    """Whether the bucket asks for patience, or a listing broke off, which obstore does not repeat."""
    return _said(error)[0] in THROTTLES or "list response body" in str(error)


def _said(error: Exception) -> tuple[str, str]:
    """The service's code and words, else the client's without the own state that obstore appends."""
    text = " ".join(str(error).partition("Debug source:")[0].split())
    code, message = CODE.search(text), MESSAGE.search(text)
    if code:
        return code[1], f"{code[1]}: {message[1]}" if message else code[1]
    return "", text


def _refuse_old_tls(url: str, location: str, settings: AwsSettings, environment: Mapping[str, str]) -> None:
    """Return when the bucket's server speaks TLS 1.3, which obstore cannot be told to insist on.

    Raises: TlsTooOld; StoreUnavailable.
    """
    from holdfast.adapters.tls import NO_COMMON_VERSION, shake_hands

    try:
        shake_hands(url, settings.tls_minimum, settings.connect_timeout, environment)
    except OSError as error:
        if isinstance(error, ssl.SSLError) and NO_COMMON_VERSION.search(str(error)):
            raise TlsTooOld(f"A request to {url}", "SSLError", str(error)) from error
        raise StoreUnavailable("connect to", url, location, str(error)) from error


def _credentials(
    environment: Mapping[str, str], settings: AwsSettings
) -> tuple[Boto3CredentialProvider | Callable[[], S3Credential], str]:
    """obstore's provider over boto3's credential chain, and the region.

    Keys in the environment come first in that chain, and then boto3 is not needed: it takes as long to start
    as all the rest.
    """
    named = settings.region or environment.get("AWS_REGION")
    profile = settings.profile or environment.get("AWS_PROFILE")
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if named and key and secret and not profile:
        token = environment.get("AWS_SESSION_TOKEN") or environment.get("AWS_SECURITY_TOKEN")
        kept: S3Credential = {"access_key_id": key, "secret_access_key": secret, "expires_at": None}
        if token:
            kept["token"] = token
        return lambda: kept, named
    import boto3
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    from holdfast.adapters.tls import strict_session

    try:
        session = boto3.Session(botocore_session=strict_session(profile or "", settings.tls_minimum))
        return Boto3CredentialProvider(session), named or session.region_name or DEFAULT_REGION
    except (BotoCoreError, ValueError) as error:
        raise CredentialsError(
            f"There are no credentials for the vault's bucket: {error}.",
            NEW_CREDENTIALS,
        ) from error
