"""Settings of the scans system."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.settings import setting


@dataclass(frozen=True, slots=True)
class ScansSettings:
    """Where scans are published and how; an empty bucket or region is taken from the environment."""

    bucket_name: str = setting("", "Bucket that scans are published to; else ASH_S3_BUCKET_NAME.")
    key_prefix: str = setting("ash-reports/", "What every key starts with.")
    aws_region: str = setting("", "Region of the bucket; else AWS_REGION, then AWS_DEFAULT_REGION.")
    aws_profile: str = setting("", "Profile of the AWS configuration; else AWS_PROFILE, then the default.")
    file_format: str = setting("json", "Form of the report object.", one_of=("json", "yaml"))
    content: str = setting(
        "both",
        "What the report holds: ASH's summary, the findings, or both.",
        one_of=("both", "summary", "findings"),
    )
    max_retries: int = setting(3, "Repeats of a put that failed for a passing reason.", least=0, most=100)
    base_delay: float = setting(
        1.0, "Seconds before the first repeat; doubled for each further one.", least=0, most=3600
    )
    max_delay: float = setting(60.0, "Longest wait in seconds between two repeats.", least=0, most=3600)
    kms_key_id: str = setting("", "KMS key that S3 encrypts the objects with; empty: the bucket's default.")
    storage_class: str = setting("", "Storage class of the objects; empty: the bucket's default.")
    tags: tuple[str, ...] = setting((), "Tags of the objects, each `name=value`.")
    expected_bucket_owner: str = setting("", "Account that must own the bucket; another one's is refused.")
    object_lock_days: int = setting(
        0, "Days that objects cannot be deleted for; 0: not locked.", least=0, most=36500
    )
    project: str = setting("", "Project the scans are of; empty: the result file's, then the CI system's.")
    branch: str = setting("", "Branch the scans are of; empty: the CI system's, then `unknown`.")
    redact: bool = setting(
        True, "Mask secrets in everything that leaves; false only for a store of your own."
    )
