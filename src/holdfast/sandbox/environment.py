"""The environment that points ordinary AWS clients at a sandbox."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

# They open nothing anywhere else; whatever a client signs with is accepted.
ACCESS_KEY, SECRET_KEY = "AKIASANDBOXSANDBOX00", "sandbox"
BUNDLES = "sandbox-quicksight-bundles"
"""A bucket that every sandbox has, made when it is first asked for."""
# What a person may have exported for a real account and that would outrank or contradict the variables below.
_IN_THE_WAY = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def environment(url: str, region: str) -> dict[str, str]:
    """Endpoint, region and credentials."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def settings() -> dict[str, str]:
    """The settings of Holdfast that a sandbox answers to."""
    return {"HOLDFAST_QUICKSIGHT_BUCKET": BUNDLES, "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.2"}


def shell_lines(variables: Mapping[str, str]) -> str:
    """An environment as lines for `eval` in a POSIX shell."""
    lines = [f"unset {' '.join(_IN_THE_WAY)};"]
    lines += [f"export {name}={shlex.quote(value)};" for name, value in variables.items()]
    return "\n".join(lines)
