"""Who may come in: namespaces, users, groups, memberships and custom permissions of one account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from holdfast.sandbox.wire import Document

DEFAULT = "default"


@dataclass(slots=True)
class Namespace:
    """A namespace; it is CREATING until `ready` (seconds since 1970), and DELETING until it is `gone`."""

    seq: int
    name: str
    region: str
    ready: float = 0.0
    failure: str = ""
    gone: float | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def status(self, now: float) -> str:
        if self.gone is not None:
            return "DELETING"
        if now < self.ready:
            return "CREATING"
        return "RETRYABLE_FAILURE" if self.failure else "CREATED"


@dataclass(slots=True)
class User:
    """A user. `document` has the members of the API's User but Arn and PrincipalId."""

    seq: int
    namespace: str
    name: str
    document: Document
    principal_id: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """A group; `members` are user names with the place at which each joined."""

    seq: int
    namespace: str
    name: str
    description: str
    principal_id: str
    members: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class CustomPermissions:
    """A profile that takes capabilities away from whom it is given to."""

    seq: int
    name: str
    document: Document
    tags: dict[str, str] = field(default_factory=dict)


class Identities:
    """Everything of one account that lives in its identity region. Edition "" is an account without QuickSight."""

    def __init__(self, account: str, region: str, sequence: Iterator[int]) -> None:
        self.account, self.region, self.edition = account, region, "ENTERPRISE"
        self._sequence = sequence
        self.namespaces = {DEFAULT: Namespace(next(sequence), DEFAULT, region)}
        self.users: dict[tuple[str, str], User] = {}
        self.groups: dict[tuple[str, str], Group] = {}
        self.custom_permissions: dict[str, CustomPermissions] = {}

    def settle_in(self, region: str, edition: str) -> None:
        """Another identity region and edition, before anything else is there."""
        self.region, self.edition = region, edition
        self.namespaces[DEFAULT].region = region

    def settle(self, now: float) -> None:
        """Ends what is due by now: a deleted namespace goes with everybody in it."""
        for name in [
            name for name, each in self.namespaces.items() if each.gone is not None and each.gone <= now
        ]:
            del self.namespaces[name]
            self.users = {key: each for key, each in self.users.items() if key[0] != name}
            self.groups = {key: each for key, each in self.groups.items() if key[0] != name}

    def arn(self, resource: str) -> str:
        """The ARN of `user/<namespace>/<name>`, `group/<namespace>/<name>`, `namespace/<name>` and so on."""
        return f"arn:aws:quicksight:{self.region}:{self.account}:{resource}"

    def place(self) -> int:
        return next(self._sequence)

    def add_user(self, namespace: str, name: str, document: Document) -> User:
        made = User(self.place(), namespace, name, document, "")
        if document.get("IdentityType") == "IAM":
            made.principal_id = f"federated/iam/AIDA{_digest(name)[:17].upper()}"
        else:
            made.principal_id = (
                f"user/d-{_digest(self.account)[:10]}/{_digest(f'{namespace}/{name}/{made.seq}')}"
            )
        self.users[namespace, name] = made
        return made

    def add_group(self, namespace: str, name: str, description: str) -> Group:
        place = self.place()
        identifier = f"group/d-{_digest(self.account)[:10]}/{_digest(f'{namespace}/{name}/{place}')}"
        made = self.groups[namespace, name] = Group(place, namespace, name, description, identifier)
        return made

    def knows(self, principal: str) -> bool:
        """Whether an ARN is one that permissions may name: a user's, a group's or a namespace's."""
        kind, _, rest = principal.removeprefix(self.arn("")).partition("/")
        namespace, _, name = rest.partition("/")
        if kind == "namespace":
            return rest in self.namespaces
        held = self.users if kind == "user" else self.groups if kind == "group" else {}
        return (namespace, name) in held


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
