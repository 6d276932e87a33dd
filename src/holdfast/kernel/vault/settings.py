"""Where the vault lies and what opens it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.kernel.settings import setting
from holdfast.kernel.vault.layout import PACKS

AT_ONCE = ("STANDARD", "INTELLIGENT_TIERING", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR")
"""S3's storage classes from which an object is read without asking for it hours before."""
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
"""Those from which it is not."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?) *(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def check_place(location: str) -> None:
    """Nothing for a folder or s3://bucket/prefix. Raises: ValueError for anything else."""
    parts = urlsplit(location)
    bucket_missing = parts.scheme == "s3" and not parts.netloc
    if not location.strip() or parts.scheme not in ("", "s3") or bucket_missing:
        raise ValueError(f"must be a folder or s3://bucket/prefix, got {location!r}")


def check_replica(location: str) -> None:
    """Nothing for an empty text or a place. Raises: ValueError for anything else."""
    if location:
        check_place(location)


def parse_size(text: str) -> int:
    """Bytes of a text such as `500GiB`, `2 TB` or `1048576`. Raises: ValueError for anything else."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"must be a size such as 500GiB or 2TB, got {text!r}")
    number, unit = float(found[1]), found[2] or "B"
    return int(number * (1024 if "i" in unit else 1000) ** _POWERS.get(unit[0], 0))


def _check_capacity(text: str) -> None:
    if text:
        parse_size(text)


KMS_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)/.+|alias/.+|(mrk-)?[0-9a-f-]{32,36}|")


def check_kms_key(name: str) -> None:
    """Nothing for an ARN, an id or alias/NAME. Raises: ValueError for anything else."""
    if not KMS_KEY.fullmatch(name):
        raise ValueError(f"must be the ARN of a KMS key or alias, a key id, or alias/NAME, got {name!r}")


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """The vault's places and its key. A passphrase, where its variable is set, replaces the key file."""

    location: str = setting(".holdfast/vault", "A folder, or s3://bucket/prefix.", check=check_place)
    key_file: Path = setting(Path(".holdfast/vault.key"), "Key file of mode 0600, kept outside the vault.")
    replica: str = setting(
        "", "Second place of the vault, as `location`; empty for none.", check=check_replica
    )
    replica_mode: str = setting(
        "copy",
        "copy: everything is kept in both places. fallback: the second takes what the first refuses.",
        one_of=("copy", "fallback"),
    )
    replica_region: str = setting("", "AWS region of the second place's bucket; empty for `[aws] region`.")
    passphrase_env: str = setting("", "Name of the environment variable that holds the passphrase.")
    kms_key: str = setting(
        "", "AWS KMS key that seals the key file: ARN, id or alias/NAME; empty for none.", check=check_kms_key
    )
    sse_kms_key: str = setting(
        "",
        "AWS KMS key with which S3 seals the vault's objects once more (SSE-KMS); empty for the bucket's own way.",
        check=check_kms_key,
    )
    capacity: str = setting(
        "",
        "How much the place may hold, such as 500GiB; `vault stats` says when it will be full.",
        check=_check_capacity,
    )
    storage_class: str = setting(
        "", "S3 storage class of new packs; empty for the bucket's own.", one_of=("", *AT_ONCE)
    )
    object_lock_days: float = setting(
        0.0, "Days for which S3 object lock keeps what is written; 0 locks nothing.", least=0, most=36_500
    )
    object_lock_mode: str = setting(
        "GOVERNANCE",
        "Who may lift the lock: those with s3:BypassGovernanceRetention, or in COMPLIANCE nobody.",
        one_of=("GOVERNANCE", "COMPLIANCE"),
    )

    def class_of(self, name: str) -> str:
        """The storage class for a new object of this name; empty for the bucket's own."""
        return self.storage_class if name.startswith(PACKS) else ""
