"""Namespaces, custom permissions, users, groups and memberships: changed and looked at, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from holdfast.domain.changes import Change, Verb
from holdfast.domain.errors import Busy, RemoteUnavailable
from holdfast.domain.outcomes import DONE, Outcome, OutcomeKind
from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.kernel.paging import every
from holdfast.kernel.ports import Clock
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.clients.identities_writing import IdentitiesWriting, NamespaceStatus
from holdfast.systems.quicksight.errors import Missing
from holdfast.systems.quicksight.model import CUSTOM_PERMISSIONS, GROUP, MEMBERSHIP, NAMESPACE, USER
from holdfast.systems.quicksight.records.people import (
    custom_permissions_record,
    group_record,
    membership_record,
    namespace_record,
    user_record,
)
from holdfast.systems.quicksight.restore.facets import facets_of
from holdfast.systems.quicksight.restore.patience import Patience, seen
from holdfast.systems.quicksight.restore.returns import IAM, QUICKSIGHT

Note = Callable[[str], None]
Values = dict[str, bytes]
"""Keys of what is there, with the values."""

CREATED, UNSETTLED = "CREATED", frozenset({"CREATING", "DELETING"})
_CUSTOM_OIDC, _NONE = "CUSTOM_OIDC", "NONE"
_FEW = 3
"""Up to here a question for each is cheaper than a listing, 100 a page."""


class People:
    """Changes people through the writing calls; errors of the service leave as they are."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection, self._patience = connection, Patience(clock)
        self._listing, self._calls = connection.identities, IdentitiesWriting(connection.identity)
        self.writers: dict[str, Callable[[Change, Note], Outcome]] = {
            NAMESPACE: self._namespace,
            CUSTOM_PERMISSIONS: self._custom_permissions,
            USER: self._user,
            GROUP: self._group,
            MEMBERSHIP: self._membership,
        }
        self.readers: dict[str, Callable[[str, Sequence[str]], Values]] = {
            NAMESPACE: self._namespaces,
            CUSTOM_PERMISSIONS: self._profiles,
            USER: self._users,
            GROUP: self._groups,
            MEMBERSHIP: self._members,
        }

    def await_settled(self) -> None:
        """Return when no namespace is coming or going. Raises: Busy after the patience."""
        if self._patience.until(self._idle) is None:
            raise Busy(
                f"a namespace is still being made or deleted after {self._patience.seconds:.0f} s.",
                "Wait until it has ended, then resume the run.",
            )

    def _idle(self) -> bool | None:
        listed = every(self._listing.list_namespaces)
        return None if any(each.status in UNSETTLED for each in listed) else True

    def _namespace(self, change: Change, note: Note) -> Outcome:
        if change.after is None:
            self._calls.delete_namespace(change.key)
            self._ended(change.key, note)
            return DONE
        self._calls.create_namespace(change.key, str(plain(change.after).get("IdentityStore", "")))
        status = self._ended(change.key, note)
        if status.state == CREATED:
            return DONE
        reason = (
            f"{change.name} ended as {status.state or 'gone'}. The service said: {status.error or 'nothing'}"
        )
        advice = f"Delete the namespace {change.key}, then run the command again."
        return Outcome(OutcomeKind.FAILED, reason, advice, "namespace-failed")

    def _ended(self, name: str, note: Note) -> NamespaceStatus:
        """How a namespace came to rest; without a state where it is gone."""
        note(name)
        status = self._patience.until(lambda: self._at_rest(name), lambda: note(name))
        if status is None:
            raise RemoteUnavailable("quicksight:DescribeNamespace", "not ended", f"namespace {name}")
        return status

    def _at_rest(self, name: str) -> NamespaceStatus | None:
        try:
            status = seen("quicksight:DescribeNamespace", lambda: self._calls.namespace_status(name))
        except Missing:
            return NamespaceStatus("")
        return None if status.state in UNSETTLED else status

    def _custom_permissions(self, change: Change, _: Note) -> Outcome:
        if change.after is None:
            self._calls.delete_custom_permissions(change.key)
        else:
            capabilities = plain(change.after)["Capabilities"]
            self._calls.put_custom_permissions(change.key, capabilities, new=change.before is None)
        return DONE

    def _user(self, change: Change, _: Note) -> Outcome:
        namespace, name = split_key(change.key)
        if change.after is None:
            self._calls.delete_user(namespace, name)
            return DONE
        after = plain(change.after)
        if change.verb is Verb.UPDATE:
            self._calls.update_user(namespace, name, user_update(plain(change.before or b""), after))
            return DONE
        caller = self._connection.caller()
        link = self._calls.register(namespace, registration(after, caller.partition, caller.account))
        if not link:
            return DONE
        return Outcome(
            OutcomeKind.DONE, "registered; QuickSight sends no mail", f"Send the user this link: {link}"
        )

    def _group(self, change: Change, _: Note) -> Outcome:
        namespace, name = split_key(change.key)
        if change.after is None:
            self._calls.delete_group(namespace, name)
        else:
            description = str(plain(change.after).get("Description", ""))
            self._calls.put_group(namespace, name, description, new=change.before is None)
        return DONE

    def _membership(self, change: Change, _: Note) -> Outcome:
        call = self._calls.leave if change.after is None else self._calls.join
        call(*split_key(change.key))
        return DONE

    def _namespaces(self, _: str, keys: Sequence[str]) -> Values:
        found = every(self._listing.list_namespaces)
        return _values(namespace_record(each) for each in found if each.status in ("", CREATED))

    def _profiles(self, _: str, keys: Sequence[str]) -> Values:
        return _values(map(custom_permissions_record, every(self._listing.list_custom_permissions)))

    def _users(self, namespace: str, keys: Sequence[str]) -> Values:
        if len(keys) <= _FEW:
            return self._each(keys, lambda key: user_record(self._calls.user(*split_key(key))))
        return _values(map(user_record, every(lambda token: self._listing.list_users(namespace, token))))

    def _groups(self, namespace: str, keys: Sequence[str]) -> Values:
        if len(keys) <= _FEW:
            return self._each(keys, lambda key: group_record(self._calls.group(*split_key(key))))
        return _values(map(group_record, every(lambda token: self._listing.list_groups(namespace, token))))

    def _members(self, group: str, keys: Sequence[str]) -> Values:
        if len(keys) <= _FEW:
            return self._each(keys, self._member)
        namespace, name = split_key(group)
        listed = every(lambda token: self._listing.list_members(namespace, name, token))
        return _values(membership_record(namespace, name, user) for user in listed)

    def _member(self, key: str) -> Record:
        self._calls.is_member(*split_key(key))
        return membership_record(*split_key(key))

    def _each(self, keys: Sequence[str], read: Callable[[str], Record]) -> Values:
        found: list[Record] = []
        for key in keys:
            try:
                found.append(read(key))
            except Missing:
                continue
        return _values(found)


def bundle_of(change_type: str, key: str) -> str:
    """What one listing answers for: a namespace's users or groups, a group's members."""
    parts = split_key(key)
    if change_type == MEMBERSHIP:
        return join_key(*parts[:2])
    return parts[0] if change_type in (USER, GROUP) else ""


def registration(user: Mapping[str, Plain], partition: str, account: str) -> dict[str, Plain]:
    """What RegisterUser is told. A user of IAM is named by the IAM user, or by role and session (`role/session`)."""
    kind, name = user.get("IdentityType"), str(user["UserName"])
    request: dict[str, Plain] = {
        "IdentityType": kind or QUICKSIGHT,
        "Email": user.get("Email", ""),
        "UserRole": user.get("Role", ""),
        "CustomPermissionsName": user.get("CustomPermissionsName"),
        **_login(user),
    }
    if kind != IAM:
        return {**request, "UserName": name}
    role, _, session = name.rpartition("/")
    principal = f"role/{role}" if role else f"user/{name}"
    given: dict[str, Plain] = {"IamArn": f"arn:{partition}:iam::{account}:{principal}"}
    return {**request, **given, **({"SessionName": session} if role else {})}


def user_update(before: Mapping[str, Plain], after: Mapping[str, Plain]) -> dict[str, Plain]:
    """What UpdateUser is told; what the user had and is to lose must be named."""
    request: dict[str, Plain] = {
        "Email": after.get("Email", ""),
        "Role": after.get("Role", ""),
        **_login(after),
    }
    if after.get("CustomPermissionsName"):
        request["CustomPermissionsName"] = after["CustomPermissionsName"]
    elif before.get("CustomPermissionsName"):
        request["UnapplyCustomPermissions"] = True
    if (
        before.get("ExternalLoginFederationProviderType")
        and "ExternalLoginFederationProviderType" not in request
    ):
        request["ExternalLoginFederationProviderType"] = _NONE
    return request


def _login(user: Mapping[str, Plain]) -> dict[str, Plain]:
    kind = user.get("ExternalLoginFederationProviderType")
    if not kind or kind == _NONE:
        return {}
    own = {"CustomFederationProviderUrl": user.get("ExternalLoginFederationProviderUrl")}
    return {
        "ExternalLoginFederationProviderType": kind,
        "ExternalLoginId": user.get("ExternalLoginId"),
        **(own if kind == _CUSTOM_OIDC else {}),
    }


def _values(records: Iterable[Record]) -> Values:
    return {facet.key: facet.value for record in records for facet in facets_of(record)[:1]}
