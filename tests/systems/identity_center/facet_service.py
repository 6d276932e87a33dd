"""A service in memory that obeys dependencies: what a plan does to it shows whether the plan's order holds."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.domain.changes import Change, Verb
from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.canonical import plain
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.model import (
    Group,
    PermissionSet,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    User,
)
from holdfast.systems.identity_center.records.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_record,
    group_record,
    membership_record,
    permission_set_record,
    user_record,
)
from holdfast.systems.identity_center.restore.facets import facets_of, meaning, read_boundary
from tests.systems.identity_center.small_company import view

Name = tuple[str, str]
KINDS = {"USER": "user", "GROUP": "group"}


class FacetService:
    """Facets by type and key. Refuses what the real service refuses; `stale` are sets that wait for provisioning."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.facets = {(f.type, f.key): f.value for record in records for f in facets_of(record)}
        self.stale: set[str] = set()

    def apply(self, change: Change) -> None:
        name = (change.type, change.key)
        if change.type == "permission_set.provision":
            self.stale.discard(change.key)
            return
        assert meaning(change.type, self.facets.get(name)) == meaning(change.type, change.before), change.name
        self._refuse_dangling(change)
        if change.after is None:
            del self.facets[name]
        else:
            self.facets[name] = change.after
        owner = split_key(change.key)[0]
        if (
            change.type.startswith("permission_set")
            and change.type != "permission_set.tag"
            and self._used(owner)
        ):
            self.stale.add(owner)

    def _used(self, permission_set: str) -> bool:
        return any(kind == "assignment" and split_key(key)[1] == permission_set for kind, key in self.facets)

    def _refuse_dangling(self, change: Change) -> None:
        if change.verb is Verb.DELETE and change.type in ("user", "group", "permission_set"):
            using = [
                key
                for kind, key in self.facets
                if kind != change.type and (change.type, change.key) in _uses(kind, key)
            ]
            assert not using, f"{change.name} while {using} use it"
        elif change.verb is Verb.CREATE:
            missing = [used for used in _uses(change.type, change.key) if used not in self.facets]
            assert not missing, f"{change.name} without {missing}"

    def meanings(self) -> dict[Name, bytes | None]:
        return {name: meaning(name[0], value) for name, value in self.facets.items()}

    def view(self) -> MemoryView:
        return view(*(self._record(kind, key) for kind, key in self.facets if "." not in kind))

    def _record(self, kind: str, key: str) -> Record:
        fields = plain(self.facets[kind, key])
        if kind == "user":
            return user_record(User("id", str(fields.pop("UserName")), fields))
        if kind == "group":
            return group_record(Group("id", key, str(fields.get("Description", ""))))
        if kind == "membership":
            return membership_record(NamedMembership(*split_key(key)))
        if kind == "assignment":
            account, permission_set, principal_type, principal = split_key(key)
            return assignment_record(
                NamedAssignment(account, permission_set, PrincipalType(principal_type), principal)
            )
        return permission_set_record(self._permission_set(key))

    def _permission_set(self, name: str) -> PermissionSet:
        fields = {key: str(value) for key, value in plain(self.facets["permission_set", name]).items()}
        summary = PermissionSetSummary("arn", name, fields.get("Description", ""), fields["SessionDuration"])
        inline = plain(self.facets.get(("permission_set.inline_policy", name), b""))
        customer = [plain(value) for value in self._attached("customer_policy", name).values()]
        return PermissionSet(
            summary,
            str(inline.get("Document", "")),
            tuple(self._attached("managed_policy", name)),
            tuple(PolicyReference(str(row["Name"]), str(row["Path"])) for row in customer),
            read_boundary(self.facets.get(("permission_set.boundary", name))),
            tuple((key, str(plain(value)["Value"])) for key, value in self._attached("tag", name).items()),
        )

    def _attached(self, kind: str, name: str) -> dict[str, bytes]:
        start = join_key(name, "")
        return {
            key.removeprefix(start): value
            for (facet, key), value in self.facets.items()
            if facet == f"permission_set.{kind}" and key.startswith(start)
        }


def _uses(kind: str, key: str) -> list[Name]:
    parts = split_key(key)
    if kind == "membership":
        return [("group", parts[0]), ("user", parts[1])]
    if kind == "assignment":
        return [("permission_set", parts[1]), (KINDS[parts[2]], parts[3])]
    return [("permission_set", parts[0])] if kind.startswith("permission_set.") else []
