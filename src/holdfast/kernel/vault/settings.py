"""Where the vault lies and what opens it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.kernel.settings import setting


def check_place(location: str) -> None:
    """Nothing for a folder or s3://bucket/prefix. Raises: ValueError for anything else."""
    parts = urlsplit(location)
    bucket_missing = parts.scheme == "s3" and not parts.netloc
    if not location.strip() or parts.scheme not in ("", "s3") or bucket_missing:
        raise ValueError(f"must be a folder or s3://bucket/prefix, got {location!r}")


KMS_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)/.+|alias/.+|(mrk-)?[0-9a-f-]{32,36}|")


def check_kms_key(name: str) -> None:
    """Nothing for an ARN, an id or alias/NAME. Raises: ValueError for anything else."""
    if not KMS_KEY.fullmatch(name):
        raise ValueError(f"must be the ARN of a KMS key or alias, a key id, or alias/NAME, got {name!r}")


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """The vault's place and its key. A passphrase, where its variable is set, replaces the key file."""

    location: str = setting(".holdfast/vault", "A folder, or s3://bucket/prefix.", check=check_place)
    key_file: Path = setting(Path(".holdfast/vault.key"), "Key file of mode 0600, kept outside the vault.")
    passphrase_env: str = setting("", "Name of the environment variable that holds the passphrase.")
    kms_key: str = setting(
        "", "AWS KMS key that seals the key file: ARN, id or alias/NAME; empty for none.", check=check_kms_key
    )
    sse_kms_key: str = setting(
        "",
        "AWS KMS key with which S3 seals the vault's objects once more (SSE-KMS); empty for the bucket's own way.",
        check=check_kms_key,
    )
