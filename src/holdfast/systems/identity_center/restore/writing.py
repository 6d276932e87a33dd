"""One change at a time, made through the gateways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from holdfast.domain.changes import Change, Verb
from holdfast.domain.outcomes import DONE, Outcome, OutcomeKind
from holdfast.domain.records import split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.systems.identity_center.clients.applications_gateway import ApplicationsGateway
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    GROUP,
    INLINE_POLICY,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    USER,
    Assignment,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    RequestState,
    RequestStatus,
)
from holdfast.systems.identity_center.records.references import PRINCIPAL_TYPES
from holdfast.systems.identity_center.restore.application_writing import ApplicationWriter
from holdfast.systems.identity_center.restore.directory import Directory
from holdfast.systems.identity_center.restore.facet import text
from holdfast.systems.identity_center.restore.facets import read_boundary
from holdfast.systems.identity_center.restore.operations import Operation, Operations
from holdfast.systems.identity_center.restore.order import owner_of, owner_type

Note = Callable[[str], None]

ALREADY = Outcome(OutcomeKind.DONE, "was so already", repeats=1)


class Writer:
    """Makes changes; errors of the service leave as they are."""

    def __init__(
        self,
        identity_store: IdentityStoreGateway,
        sso_admin: SsoAdminGateway,
        applications: ApplicationsGateway,
        directory: Directory,
        operations: Operations,
        revisions: dict[str, str],
    ) -> None:
        self._store, self._admin, self._revisions = identity_store, sso_admin, revisions
        self._directory, self._operations = directory, operations
        self._writers: dict[str, Callable[[Change, Note], Outcome]] = {
            USER: self._user,
            GROUP: self._group,
            MEMBERSHIP: self._membership,
            PERMISSION_SET: self._permission_set,
            INLINE_POLICY: self._inline_policy,
            MANAGED_POLICY: self._managed_policy,
            CUSTOMER_POLICY: self._customer_policy,
            BOUNDARY: self._boundary,
            PROVISION: self._provision,
            ASSIGNMENT: self._assignment,
        }
        self._settings = ApplicationWriter(applications, directory, operations).writers

    def write(self, change: Change, note_request: Note) -> Outcome:
        """How the change ended. Raises: the gateways' errors; NotFound for a name that has no id."""
        if change.type in self._settings:
            return self._settings[change.type](change)
        return self._writers[change.type](change, note_request)

    def tags(self, changes: Sequence[Change]) -> Outcome:
        """Tags of one thing, all set or all removed, in one call."""
        kind = changes[0].type
        arn = self._directory.get(owner_type(kind), owner_of(kind, changes[0].key))
        if changes[0].verb is Verb.DELETE:
            self._admin.untag(arn, tuple(split_key(change.key)[-1] for change in changes))
        else:
            values = {split_key(c.key)[-1]: text(plain(c.after or b""), "Value") for c in changes}
            self._admin.tag(arn, tuple(values.items()))
        return DONE

    def _user(self, change: Change, _: Note) -> Outcome:
        if change.verb is Verb.CREATE:
            attributes = dict(plain(change.after or b""))
            identifier = self._store.create_user(str(attributes.pop("UserName")), attributes)
            self._directory.remember(USER, change.key, identifier)
            return DONE
        return self._existing(change, self._store.update_user, self._store.delete_user)

    def _group(self, change: Change, _: Note) -> Outcome:
        if change.verb is Verb.CREATE:
            description = text(plain(change.after or b""), "Description")
            identifier = self._store.create_group(change.key, description)
            self._directory.remember(GROUP, change.key, identifier)
            return DONE
        return self._existing(change, self._store.update_group, self._store.delete_group)

    def _existing(
        self,
        change: Change,
        update: Callable[[str, Mapping[str, Plain], str], None],
        delete: Callable[[str, str], None],
    ) -> Outcome:
        """Change or delete a user or group, under the revision that it was read under, for one call."""
        identifier = self._directory.get(change.type, change.key)
        revision = self._revisions.pop(identifier, "")
        if change.after is None:
            delete(identifier, revision)
            self._directory.forget(change.type, change.key)
        else:
            update(
                identifier, attribute_operations(plain(change.before or b""), plain(change.after)), revision
            )
        return DONE

    def _membership(self, change: Change, _: Note) -> Outcome:
        group, user = split_key(change.key)
        group_id, user_id = self._directory.get(GROUP, group), self._directory.get(USER, user)
        if change.verb is Verb.CREATE:
            self._store.create_membership(group_id, user_id)
            return DONE
        membership_id = self._store.find_membership_id(group_id, user_id)
        if not membership_id:
            return ALREADY
        self._store.delete_membership(membership_id)
        return DONE

    def _permission_set(self, change: Change, _: Note) -> Outcome:
        summary = _summary(plain(change.after or b""))
        if change.verb is Verb.CREATE:
            arn = self._admin.create_permission_set(summary, ())
            self._directory.remember(PERMISSION_SET, change.key, arn)
            return DONE
        arn = self._set(change)
        if change.verb is Verb.UPDATE:
            self._admin.update_permission_set(replace(summary, arn=arn))
        else:
            self._admin.delete_permission_set(arn)
            self._directory.forget(PERMISSION_SET, change.key)
        return DONE

    def _inline_policy(self, change: Change, _: Note) -> Outcome:
        if change.after is None:
            self._admin.delete_inline_policy(self._set(change))
        else:
            self._admin.put_inline_policy(self._set(change), text(plain(change.after), "Document"))
        return DONE

    def _managed_policy(self, change: Change, _: Note) -> Outcome:
        call = (
            self._admin.detach_managed_policy if change.after is None else self._admin.attach_managed_policy
        )
        call(self._set(change), _detail(change))
        return DONE

    def _customer_policy(self, change: Change, _: Note) -> Outcome:
        call = (
            self._admin.detach_customer_policy if change.after is None else self._admin.attach_customer_policy
        )
        fields = plain(change.after or change.before or b"")
        call(self._set(change), PolicyReference(text(fields, "Name"), text(fields, "Path")))
        return DONE

    def _boundary(self, change: Change, _: Note) -> Outcome:
        boundary = read_boundary(change.after)
        if boundary is None:
            self._admin.delete_boundary(self._set(change))
        else:
            self._admin.put_boundary(self._set(change), boundary)
        return DONE

    def _provision(self, change: Change, note_request: Note) -> Outcome:
        arn = self._set(change)
        if not self._admin.list_accounts_for_permission_set(arn).items:
            return DONE  # assigned nowhere: the next assignment provisions the newest version
        status = self._operations.run(Operation.PROVISION, lambda: self._admin.provision(arn), note_request)
        return self._ended(status, change, arn)

    def _assignment(self, change: Change, note_request: Note) -> Outcome:
        account, permission_set, kind, principal = split_key(change.key)
        arn = self._directory.get(PERMISSION_SET, permission_set)
        principal_id = self._directory.get(PRINCIPAL_TYPES[kind], principal)
        assignment = Assignment(account, arn, PrincipalType(kind), principal_id)
        if change.verb is Verb.CREATE:
            operation, call = Operation.ASSIGN, self._admin.create_assignment
        else:
            operation, call = Operation.UNASSIGN, self._admin.delete_assignment
        status = self._operations.run(operation, lambda: call(assignment), note_request)
        return self._ended(status, change, arn)

    def _ended(self, status: RequestStatus, change: Change, arn: str) -> Outcome:
        if status.state is not RequestState.FAILED:
            return DONE
        reason = f"{change.name} failed. The service said: {status.failure_reason or 'nothing'}"
        return Outcome(OutcomeKind.FAILED, reason, self._advice(status, change, arn), "async-failed")

    def _advice(self, status: RequestStatus, change: Change, arn: str) -> str:
        policies = list(self._admin.list_customer_policies(arn).items)
        boundary = self._admin.permissions_boundary(arn)
        policies += [boundary] if isinstance(boundary, PolicyReference) else []
        named = [policy.path_and_name for policy in policies if policy.name in status.failure_reason]
        if not named:
            return "Remove the cause that the service names, then resume the run."
        where = split_key(change.key)[0] if change.type == ASSIGNMENT else "the account it names"
        return (
            f"Create the customer-managed policy {', '.join(named)} in account {where}, then resume the run."
        )

    def _set(self, change: Change) -> str:
        return self._directory.get(PERMISSION_SET, owner_of(change.type, change.key))


def attribute_operations(before: Mapping[str, Plain], after: Mapping[str, Plain]) -> dict[str, Plain]:
    """What UpdateUser or UpdateGroup is told: attribute paths with new values, None for removed ones.

    Paths and the members of values begin with a small letter (identitystore 2020-06-15, AttributeOperation);
    parts of a name are set one by one, extensions under their own names.
    """
    operations: dict[str, Plain] = {}
    for name in sorted({*before, *after} - {"UserName"}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name in ("Name", "Extensions"):
            operations.update(_part_operations(name, _mapping(old), _mapping(new)))
        else:
            operations[_lower(name)] = None if new is None else _lowered(new)
    return operations


def _part_operations(name: str, old: Mapping[str, Plain], new: Mapping[str, Plain]) -> dict[str, Plain]:
    changed = [part for part in sorted({*old, *new}) if old.get(part) != new.get(part)]
    if name == "Extensions":
        return {part: new.get(part) for part in changed}
    return {f"name.{_lower(part)}": new.get(part) for part in changed}


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, Mapping) else {}


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _lowered(value: Plain) -> Plain:
    if isinstance(value, Mapping):
        return {_lower(name): _lowered(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lowered(item) for item in value]
    return value


def _summary(fields: Mapping[str, Plain]) -> PermissionSetSummary:
    described = text(fields, "Description"), text(fields, "SessionDuration"), text(fields, "RelayState")
    return PermissionSetSummary("", text(fields, "Name"), *described)


def _detail(change: Change) -> str:
    return split_key(change.key)[1]
