"""Settings of the Identity Center system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holdfast.kernel.settings import setting


class IdentitySource(StrEnum):
    """Who makes users and groups, as the setting `identity_source` says it.

    AUTO tells it of each by its external ids, which SCIM and directory synchronisation leave and no API
    writes; IDENTITY_CENTER is the built-in directory; EXTERNAL is SCIM or Active Directory for all.
    """

    AUTO = "auto"
    IDENTITY_CENTER = "identity_center"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class IdentityCenterSettings:
    """Which instance to keep and how to read it; an empty name leaves the choice to what is found."""

    instance_arn: str = setting("", "ARN of the instance; needed only where the account sees several.")
    concurrency: int = setting(8, "Calls under way at once, all within the shared rate.", least=1, most=256)
    assignments_by: str = setting(
        "",
        "How assignments are listed: account, permission_set, principal; empty: fewest calls.",
        one_of=("", "account", "permission_set", "principal"),
    )
    identity_source: str = setting(
        "auto",
        "Who makes users and groups. auto: an identity source where they have external ids, and such are "
        "never written; identity_center: Holdfast may make all; external: it never writes any.",
        one_of=tuple(IdentitySource),
    )
    member_role: str = setting(
        "OrganizationAccountAccessRole",
        "Role in member accounts that a restore assumes to see which policies they have; empty: not checked.",
    )
