"""Who signed a request: an account's root, an IAM user, or the session of a role."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from holdfast.sandbox.environment import ACCESS_KEY
from holdfast.sandbox.wire import ApiRefusal, Caller

if TYPE_CHECKING:
    from holdfast.sandbox.organization import Organization


@dataclass(frozen=True, slots=True)
class RoleSession:
    """Temporary credentials of a role, until `expires` (seconds since 1970)."""

    caller: Caller
    key: str
    secret: str
    token: str
    expires: float


class Sessions:
    """The sessions that AssumeRole of one sandbox has given, by access key."""

    def __init__(self) -> None:
        self._held: dict[str, RoleSession] = {}

    def begin(self, account: str, role: str, name: str, expires: float) -> RoleSession:
        """Credentials of a new session of the role."""
        digest = blake2b(f"{account}/{role}".encode(), digest_size=9).hexdigest().upper()
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
        caller = Caller(account, arn, f"AROA{digest[:17]}:{name}", "role", role)
        key = f"ASIA{secrets.token_hex(8).upper()}"
        made = RoleSession(caller, key, secrets.token_hex(20), secrets.token_urlsafe(90), expires)
        self._held[key] = made
        return made

    def find(self, key: str, token: str, now: float) -> Caller | None:
        """Whose key it is; None when no session has this key with this token.

        Raises: ApiRefusal (ExpiredTokenException).
        """
        held = self._held.get(key)
        if held is None or held.token != token:
            return None
        if held.expires < now:
            raise ApiRefusal("ExpiredTokenException", "The security token included in the request is expired")
        return held.caller


def root_of(account: str, arn: str) -> Caller:
    """The account's root, known as `arn` where that is given."""
    identity = "AROASANDBOX:caller" if arn else account
    return Caller(account, arn or f"arn:aws:iam::{account}:root", identity)


def user_of(key: str, account: str) -> Caller | None:
    """The IAM user of the account with this access key; None where nobody has it."""
    if key == ACCESS_KEY or "moto.iam.models" not in sys.modules:
        # moto is slow to import, and before somebody used its IAM there are no users.
        return None
    from holdfast.sandbox import principals

    found = principals.user_with_key(account, key)
    return Caller(account, found.arn, found.id, "user", found.name) if found else None


def policies_of(caller: Caller, organization: Organization) -> list[str] | None:
    """The policy documents that allow or deny the caller's actions; None: everything is allowed.

    Raises: ApiRefusal (NoSuchEntity) for a user or role that is gone.
    """
    if caller.kind == "root":
        return None
    if caller.account == organization.management_account:
        from holdfast.sandbox import principals

        return principals.policies(caller.account, caller.kind, caller.name)
    roles = organization.account(caller.account).roles if caller.kind == "role" else {}
    if caller.name not in roles:
        raise ApiRefusal("NoSuchEntity", f"The {caller.kind} with name {caller.name} cannot be found.", 404)
    return [roles[caller.name]] if roles[caller.name] else None
