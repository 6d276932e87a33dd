"""Settings of the Identity Center system."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class IdentityCenterSettings:
    """Which instance to keep and how to read it; an empty name leaves the choice to what is found."""

    instance_arn: str = field(
        default="", metadata={"help": "ARN of the instance; needed only where the account sees several."}
    )
    concurrency: int = field(
        default=8, metadata={"help": "Calls under way at once, all within the shared rate."}
    )
    assignments_by: str = field(
        default="",
        metadata={
            "help": "How assignments are listed: account, permission_set, principal; empty: fewest calls."
        },
    )
