"""The S3 Storage: objects in an S3 bucket, through obstore's synchronous calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore import exceptions

from holdfast.adapters.aws import AwsSettings, refuse_plain_http
from holdfast.domain.errors import AccessDenied, CredentialsError
from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import (
    ObjectArchived,
    ObjectExists,
    ObjectLocked,
    ObjectMissing,
    StoreError,
    StoreFull,
)
from holdfast.kernel.vault.settings import VaultSettings

if TYPE_CHECKING:
    from obstore import Attributes, PutMode
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import S3Config
    from obstore.store import S3Store as Bucket

DEFAULT_REGION = "us-east-1"
RETRIES = 3
RETRY_TIMEOUT = timedelta(minutes=2)
REQUEST_TIMEOUT = timedelta(minutes=2)
# Without s3:ListBucket, S3 answers a read of a missing object as if it were denied.
ACTIONS = {
    "put": "s3:PutObject",
    "get": "s3:GetObject (with s3:ListBucket on the bucket)",
    "list": "s3:ListBucket",
    "delete": "s3:DeleteObject",
}
STATES = {"invalidobjectstate": ObjectArchived, "object lock": ObjectLocked, "worm protected": ObjectLocked}
"""Refusals that no permission would lift, by what S3 and its kin say."""
FULL = ("QuotaExceeded", "InsufficientStorage", "XMinioStorageFull")


class S3Store:
    """A prefix of a bucket; creation is conditional (`If-None-Match`): no two writers take one name."""

    def __init__(self, bucket: Bucket, location: str, keeping: VaultSettings) -> None:
        """`bucket` is rooted at the prefix already; `keeping` says in which storage class objects are kept."""
        self._bucket = bucket
        self._location = location
        self._keeping = keeping

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

        provider, region = _credentials(environment, settings)
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
        if endpoint:
            refuse_plain_http(endpoint)
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
            client_options={"allow_http": endpoint.startswith("http:"), "timeout": REQUEST_TIMEOUT},
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIMEOUT},
        )
        return cls(opened, f"s3://{bucket}/{prefix}".rstrip("/"), keeping)

    @property
    def location(self) -> str:
        return self._location

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        with self._named("put", name):
            # One request, since a multipart upload cannot be conditional on the name's being free.
            mode: PutMode = "overwrite" if replace else "create"
            chosen = self._keeping.class_of(name)
            kept: Attributes = {"Storage-Class": chosen} if chosen else {}
            obstore.put(self._bucket, name, data, mode=mode, use_multipart=False, attributes=kept)

    def get(self, name: str) -> bytes:
        with self._named("get", name):
            return obstore.get(self._bucket, name).bytes().to_bytes()

    def get_range(self, name: str, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        with self._named("get", name):
            try:
                return obstore.get_range(self._bucket, name, start=start, length=length).to_bytes()
            except exceptions.GenericError as error:
                # Past the end of an object that was cut short: there are no such bytes.
                if (
                    "416" in str(error)
                    or "InvalidRange" in str(error)
                    or "requested range" in str(error).lower()
                ):
                    return b""
                raise

    def list(self, prefix: str) -> Iterator[StoredObject]:
        with self._named("list", prefix):
            # obstore matches whole path parts, so the part after the last slash is compared here.
            pages = obstore.list(self._bucket, prefix=prefix.rpartition("/")[0] or None)
            found = [meta for page in pages for meta in page]
        objects = (StoredObject(meta["path"], meta["size"], meta["last_modified"]) for meta in found)
        return (item for item in sorted(objects, key=lambda item: item.name) if item.name.startswith(prefix))

    def delete(self, name: str) -> None:
        with self._named("delete", name):
            try:
                obstore.delete(self._bucket, name)
            except (exceptions.NotFoundError, FileNotFoundError):
                return

    @contextmanager
    def _named(self, operation: str, name: str) -> Iterator[None]:
        try:
            yield
        except exceptions.AlreadyExistsError as error:
            raise ObjectExists(operation, name, self.location, "the name is taken") from error
        except (exceptions.NotFoundError, FileNotFoundError) as error:
            raise ObjectMissing(operation, name, self.location, "no such object") from error
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as error:
            refused = next((kind for word, kind in STATES.items() if word in str(error).lower()), None)
            if refused:
                raise refused(operation, name, self.location, _said(error)) from error
            raise AccessDenied(ACTIONS[operation], f"{self.location}/{name}", _said(error)) from error
        except (exceptions.BaseError, OSError) as error:
            said = _said(error)
            if "403 Forbidden" in said:  # a denied listing comes as a generic error
                raise AccessDenied(ACTIONS[operation], f"{self.location}/{name}", said) from error
            if "NoSuchBucket" in said:
                raise StoreError(operation, name, self.location, "there is no such bucket") from error
            kind = StoreFull if any(word in said for word in FULL) else StoreError
            raise kind(operation, name, self.location, said) from error


def _said(error: Exception) -> str:
    """The service's words, without the client's own state that obstore appends."""
    return " ".join(str(error).partition("Debug source:")[0].split())


def _credentials(
    environment: Mapping[str, str], settings: AwsSettings
) -> tuple[Boto3CredentialProvider, str]:
    """obstore's provider over boto3's credential chain, and the region."""
    import boto3
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        session = boto3.Session(profile_name=settings.profile or environment.get("AWS_PROFILE") or None)
        named = settings.region or environment.get("AWS_REGION")
        region = named or session.region_name or DEFAULT_REGION
        return Boto3CredentialProvider(session), region
    except (BotoCoreError, ValueError) as error:
        raise CredentialsError(
            f"There are no credentials for the vault's bucket: {error}.",
            "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.",
        ) from error
