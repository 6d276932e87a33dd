"""Which object store a location means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.domain.errors import UsageError
from holdfast.kernel.ports import ObjectStore


def open_store(location: str, base: Path, environment: Mapping[str, str] = os.environ) -> ObjectStore:
    """The store in a folder (relative to `base`) or at `s3://bucket/prefix`.

    Raises: UsageError; CredentialsError.
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
    from holdfast.adapters.object_store_s3 import S3Store

    return S3Store.connect(parts.netloc, parts.path.strip("/"), environment)
