"""Settings of the QuickSight system."""

from __future__ import annotations

import re
from dataclasses import dataclass

from holdfast.kernel.settings import setting, tag_pairs

_TABLE = re.compile(r"[A-Za-z0-9_.-]{1,244}")  # a table's name has 255 characters, of which the date takes 11


def _table_name(text: str) -> None:
    if not _TABLE.fullmatch(text):
        raise ValueError(f"expected letters, digits, `_`, `.` and `-`, at most 244 of them, got {text!r}")


@dataclass(frozen=True, slots=True)
class QuickSightSettings:
    """Which QuickSight to keep, how to read it, and where bundles and users are stored beside the vault.

    Tables are made as `<date>-<name>`; objects lie under `<prefix>/<date>/<type>/`.
    """

    identity_region: str = setting("", "Region of users and groups; empty: the region of [aws].")
    bucket: str = setting("", "S3 bucket for bundles; needed by --mode full and assets-only.")
    prefix: str = setting("quicksight-backups", "What keys in the bucket start with.")
    prefix_format: str = setting(
        "YYYY/MM/DD",
        "How the date stands in keys.",
        one_of=("YYYY/MM/DD", "YYYY-MM-DD", "YYYYMMDD"),
    )
    kms_key: str = setting("", "KMS key (ARN, id or alias) that encrypts the objects; empty: SSE-S3.")
    storage_class: str = setting(
        "STANDARD",
        "Storage class of the objects.",
        one_of=("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"),
    )
    tags: str = setting("", "Tags of every object: `team=bi,env=prod`.", check=tag_pairs)
    users_table: str = setting(
        "quicksight-users", "DynamoDB table for users, without the date.", check=_table_name
    )
    groups_table: str = setting(
        "quicksight-groups", "DynamoDB table for groups, without the date.", check=_table_name
    )
    memberships_table: str = setting(
        "quicksight-users-groups", "DynamoDB table for memberships, without the date.", check=_table_name
    )
    table_days: int = setting(0, "Days after which DynamoDB deletes the items (TTL); 0: never.", least=0)
    point_in_time_recovery: bool = setting(False, "Whether new tables have point-in-time recovery.")
    assets_per_bundle: int = setting(100, "Assets in one export job.", least=1, most=100)
    concurrency: int = setting(8, "Calls under way at once, all within the shared rate.", least=1, most=64)
    poll_seconds: float = setting(5.0, "Seconds between looks at a job.", least=0.01, most=120)
    job_minutes: int = setting(30, "Minutes after which a job that does not end counts as failed.", least=1)
    include_file_datasets: bool = setting(
        False, "Whether uploaded files are listed as impossible, not left out."
    )
