"""Settings of the scans system: the options of ASH's own S3 reporter by their names, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar

from holdfast.domain.errors import SettingsError
from holdfast.kernel.settings import setting, tag_pairs

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
PROFILE_VARIABLES = ("AWS_PROFILE",)
BUCKET_VARIABLES = ("ASH_S3_BUCKET_NAME",)


@dataclass(frozen=True, slots=True)
class ScansSettings:
    """Where scans are published and how; an empty text leaves the choice to the environment or the service."""

    bucket_name: str = setting("", "Bucket for scans; empty for ASH_S3_BUCKET_NAME.")
    key_prefix: str = setting("ash-reports/", "What every key begins with.")
    aws_region: str = setting(
        "", "Region of the bucket; empty for `[aws] region`, AWS_REGION, AWS_DEFAULT_REGION."
    )
    aws_profile: str = setting("", "AWS profile; empty for `[aws] profile`, AWS_PROFILE, the default chain.")
    file_format: str = setting("json", "How the report object is written.", one_of=("json", "yaml"))
    content: str = setting("both", "What the report object holds.", one_of=("both", "summary", "findings"))
    max_retries: int = setting(
        3, "Repeats of a put after throttles, server errors, lost answers.", least=0, most=50
    )
    base_delay: float = setting(
        1.0, "Seconds before the first repeat; each further one waits twice as long.", least=0
    )
    max_delay: float = setting(60.0, "Seconds that one wait lasts at most.", least=0, most=3600)
    kms_key_id: str = setting("", "KMS key for SSE-KMS; empty for the bucket's own encryption.")
    storage_class: str = setting("", "Storage class, such as STANDARD_IA; empty for the bucket's default.")
    tags: str = setting("", "Tags of every object: `team=security,env=ci`.", check=tag_pairs)
    expected_bucket_owner: str = setting("", "Account id that must own the bucket; empty for no check.")
    object_lock_days: int = setting(0, "Days that nobody may delete an object; 0 for no lock.", least=0)
    object_lock_mode: str = setting(
        "GOVERNANCE",
        "Who may lift the lock: GOVERNANCE some, COMPLIANCE nobody.",
        one_of=("GOVERNANCE", "COMPLIANCE"),
    )
    project: str = setting("", "Project of the scans; empty for what the result file says.")
    branch: str = setting("", "Branch of the scans; empty for what the CI job says.")
    redact: bool = setting(
        True, "Mask secrets in everything that leaves; false only for a store of your own."
    )
    folder: str = setting("", "Publish into this folder instead of a bucket, to look at it offline.")


def with_environment(
    own: ScansSettings, environment: Mapping[str, str], region: str = "", profile: str = ""
) -> ScansSettings:
    """The settings with what they leave empty taken from elsewhere, in the order drawn: setting, then variable.

    `region` and `profile` are those of `[aws]`, which come in between.
    """
    prefix = own.key_prefix
    return replace(
        own,
        aws_region=own.aws_region or region or _first(environment, REGION_VARIABLES),
        aws_profile=own.aws_profile or profile or _first(environment, PROFILE_VARIABLES),
        bucket_name=own.bucket_name or _first(environment, BUCKET_VARIABLES),
        key_prefix=prefix if not prefix or prefix.endswith("/") else f"{prefix}/",
    )


def overlaid(recorded: ScansSettings, now: ScansSettings) -> ScansSettings:
    """What a run recorded when it was started, overruled by whatever is set now, so that a mistake can be mended."""
    given = {
        item.name: getattr(now, item.name)
        for item in fields(ScansSettings)
        if getattr(now, item.name) != item.default
    }
    return replace(recorded, **given)


def require_destination(settings: ScansSettings) -> None:
    """Go on only when it is known where to publish. Raises: SettingsError with all that is missing."""
    if settings.folder:
        return
    problems = []
    if not settings.aws_region:
        problems.append("aws_region: no AWS region is set: set it under [scans], or set AWS_REGION")
    if not settings.bucket_name:
        problems.append("bucket_name: no bucket is set: set it under [scans], or set ASH_S3_BUCKET_NAME")
    if problems:
        raise DestinationUnset("[scans]", tuple(problems))


@dataclass(eq=False)
class DestinationUnset(SettingsError):
    """Region or bucket are not known, so nothing can be sent yet."""

    code: ClassVar[str] = "destination-unset"
    next_step: ClassVar[str] = "Set what is named above, then `holdfast scans resend`."


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")
