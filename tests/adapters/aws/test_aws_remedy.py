"""Which command brings back credentials."""

from __future__ import annotations

import pytest

from holdfast.adapters.aws_remedy import Profiles, credentials_remedy

PROFILES: Profiles = {
    "default": {"region": "us-east-1"},
    "corp": {"sso_session": "corp"},
    "old": {"sso_start_url": "https://corp.example/start"},
    "console": {"login_session": "arn:aws:iam::123456789012:user/ann"},
    "audit": {"role_arn": "arn:aws:iam::123456789012:role/Audit", "source_profile": "corp"},
    "self": {"role_arn": "arn:aws:iam::123456789012:role/Self", "source_profile": "self"},
}


@pytest.mark.parametrize(
    ("profile", "from_environment", "command"),
    [
        ("", True, "Set new AWS_ACCESS_KEY_ID"),
        ("", False, "Run `aws configure` "),
        ("corp", True, "Run `aws sso login --profile corp`"),
        ("old", False, "Run `aws sso login --profile old`"),
        ("console", False, "Run `aws login --profile console`"),
        ("audit", False, "Run `aws sso login --profile corp`"),
        ("self", False, "Run `aws configure --profile self`"),
        ("missing", False, "Run `aws configure --profile missing`"),
    ],
)
def test_the_remedy_is_the_command_for_the_kind_of_profile(
    profile: str, from_environment: bool, command: str
) -> None:
    assert credentials_remedy(profile, PROFILES, from_environment=from_environment).startswith(command)
