"""The command that gives new AWS credentials, for the way in which the present ones came. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Profiles = Mapping[str, Mapping[str, object]]


def credentials_remedy(profile: str, profiles: Profiles, *, from_environment: bool) -> str:
    """One sentence with the command to run; `profile` is empty for the default one.

    A profile that assumes a role gets its credentials from another, which is the one to log in to.
    """
    if not profile and from_environment:
        variables = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        return f"Set new {variables}, then run the command again."
    root = _root(profile or "default", profiles)
    option = "" if root == "default" else f" --profile {root}"
    found = profiles.get(root, {})
    if "sso_session" in found or "sso_start_url" in found:
        return f"Run `aws sso login{option}`, then run the command again."
    if "login_session" in found:
        return f"Run `aws login{option}`, then run the command again."
    return f"Run `aws configure{option}` (or `aws configure sso{option}`), then run the command again."


def _root(profile: str, profiles: Profiles) -> str:
    """The profile that the chain of `source_profile` ends at; a circle ends where it closes."""
    seen = set[str]()
    while profile not in seen:
        seen.add(profile)
        profile = str(profiles.get(profile, {}).get("source_profile", profile))
    return profile
