"""Where a restore goes: kept with its run, so that a resume and a rollback reach the same service."""

from __future__ import annotations

import msgspec

from holdfast.domain.errors import Refused
from holdfast.domain.snapshots import SourceIdentity


class Destination(msgspec.Struct, frozen=True, omit_defaults=True):
    """How to reach the service that is changed; what is empty is as the settings say.

    `profile`, `role` (an ARN, with its `external_id`), `region`, `instance` (an ARN) and `endpoint`
    (a URL) lead to it; `identity_region` is where its people are kept, for a service that keeps them in one region.
    `account` leads nowhere but must be the owner's. Keys are never part of it.
    """

    profile: str = ""
    role: str = ""
    external_id: str = ""
    region: str = ""
    instance: str = ""
    endpoint: str = ""
    account: str = ""
    identity_region: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether it leads to another service than the settings do."""
        return msgspec.structs.replace(self, account="") != HERE

    def refuse_other(self, found: SourceIdentity) -> None:
        """Return when the service found is that of `account`. Raises: Refused."""
        if self.account and found.account != self.account:
            raise Refused(
                f"the target is account {found.account}, instance {found.instance}, "
                f"reached as {found.principal}, and not account {self.account}",
                f"Use a profile or role of account {self.account}.",
            )


HERE = Destination()


class RollbackRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rollback needs besides the run that it undoes: where that one's changes went."""

    target: Destination = HERE
