"""The options of the reporter, with the names that ASH's own S3 reporter has, and ours."""

# No `from __future__ import annotations`: pydantic reads these types.
import os
from collections.abc import Mapping
from typing import Any, Literal

from automated_security_helper.base.options import ReporterOptionsBase
from automated_security_helper.base.reporter_plugin import ReporterPluginConfigBase

from holdfast.systems.scans.settings import BUCKET_VARIABLES, PROFILE_VARIABLES, REGION_VARIABLES


class S3ReporterConfigOptions(ReporterOptionsBase):
    """Where and how a scan is published; None and empty leave the choice to the environment or the default."""

    aws_region: str | None = None
    aws_profile: str | None = None
    bucket_name: str | None = None
    key_prefix: str = "ash-reports/"
    file_format: Literal["json", "yaml"] = "json"
    max_retries: int = 3
    base_delay: float = 1.0
    max_delay: float = 60.0
    redact: bool = True
    content: Literal["both", "summary", "findings"] = "both"
    project: str = ""
    branch: str = ""
    kms_key_id: str = ""
    storage_class: str = ""
    tags: str | dict[str, str] = ""
    expected_bucket_owner: str = ""
    object_lock_days: int = 0
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"

    def unknown(self) -> list[str]:
        """Names in the options that mean nothing here; ASH's models let them pass."""
        return sorted(self.model_extra or {})

    def resolved(self, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
        """The options by name, with what the environment says where an option is unset."""
        own: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        own["aws_region"] = self.aws_region or first(environment, REGION_VARIABLES)
        own["aws_profile"] = self.aws_profile or first(environment, PROFILE_VARIABLES)
        own["bucket_name"] = self.bucket_name or first(environment, BUCKET_VARIABLES)
        if isinstance(self.tags, dict):
            own["tags"] = ",".join(f"{name}={value}" for name, value in self.tags.items())
        return own


class S3ReporterConfig(ReporterPluginConfigBase):
    """The table `reporters: s3:` of `.ash.yaml`."""

    name: Literal["s3"] = "s3"
    extension: str = "s3.json"
    enabled: bool = True
    options: S3ReporterConfigOptions = S3ReporterConfigOptions()


def first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The first of the variables that is set and not empty, else an empty text."""
    return next((environment[name] for name in names if environment.get(name)), "")


def missing(options: Mapping[str, Any]) -> str:
    """Why nothing can be published with these resolved options; empty when all is there."""
    if not options["aws_region"]:
        return "no AWS region: set reporters.s3.options.aws_region in .ash.yaml, or AWS_REGION"
    if not options["bucket_name"]:
        return "no bucket: set reporters.s3.options.bucket_name in .ash.yaml, or ASH_S3_BUCKET_NAME"
    return ""
