"""Which object store a location means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from holdfast.domain.errors import UsageError
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.settings import VaultSettings

if TYPE_CHECKING:
    from holdfast.adapters.aws import AwsSettings


def open_store(
    location: str,
    base: Path,
    environment: Mapping[str, str] = os.environ,
    settings: AwsSettings | None = None,
    keeping: VaultSettings | None = None,
) -> ObjectStore:
    """The store in a folder (relative to `base`) or at `s3://bucket/prefix`, where `keeping` says how S3 keeps objects.

    Raises: UsageError; CredentialsError; Refused for plain http beyond this machine.
    """
    parts = urlsplit(location)
    if not parts.scheme:
        from holdfast.adapters.object_store_folder import FolderStore

        return FolderStore(base / Path(location).expanduser())
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(
            f"The vault cannot lie in {location}.",
            "Set `[vault] location` to a folder or to s3://bucket/prefix.",
        )
    from holdfast.adapters.aws import AwsSettings
    from holdfast.adapters.object_store_s3 import S3Store

    place = (parts.netloc, parts.path.strip("/"))
    return S3Store.connect(*place, environment, settings or AwsSettings(), keeping or VaultSettings())
