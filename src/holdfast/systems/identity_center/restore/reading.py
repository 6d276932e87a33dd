"""What facets hold now, read with as few calls as their grouping allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from holdfast.domain.changes import Change
from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.domain.records import join_key, split_key
from holdfast.kernel.paging import every
from holdfast.kernel.runs.comparison import failed_by
from holdfast.kernel.system import Present
from holdfast.systems.identity_center.clients.applications_gateway import ApplicationsGateway
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    ACCESS_SCOPE,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    GRANT,
    GROUP,
    INLINE_POLICY,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    TAGS,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.records.application_names import split_application_assignment
from holdfast.systems.identity_center.records.references import LINKS, PRINCIPAL_TYPES, references
from holdfast.systems.identity_center.restore.application_facets import tag_value
from holdfast.systems.identity_center.restore.application_reading import ApplicationReader
from holdfast.systems.identity_center.restore.directory import Directory
from holdfast.systems.identity_center.restore.facet import Facet
from holdfast.systems.identity_center.restore.facets import (
    LATEST,
    STALE,
    assignment_value,
    boundary_value,
    customer_policy,
    group_value,
    inline_policy_value,
    managed_policy,
    meaning,
    membership_value,
    permission_set_value,
    user_value,
)
from holdfast.systems.identity_center.restore.order import owner_of, owner_type

Values = dict[str, bytes]
"""Facet keys that are present, with their values."""

GONE = "ResourceNotFoundException"
# Up to here a question per member is cheaper than listing the group, 100 a page.
_FEW_MEMBERS = 3
_READERS = 8
_NAMES_OTHERS = {GRANT: TRUSTED_TOKEN_ISSUER, ACCESS_SCOPE: APPLICATION}
"""Facets whose values hold ids of other things, of this type."""


class Reader:
    """Reads facets in bundles that one listing answers: an account and set, a group, a kind of attachment.

    `revisions` gets those under which users and groups were read, for the writer. They stand by id and not by
    name: a thing that was made anew counts its revisions from the start again.
    """

    def __init__(
        self,
        identity_store: IdentityStoreGateway,
        sso_admin: SsoAdminGateway,
        applications: ApplicationsGateway,
        directory: Directory,
        revisions: dict[str, str],
    ) -> None:
        self._store, self._admin = identity_store, sso_admin
        self._directory, self._revisions = directory, revisions
        self.adopted: set[tuple[str, str]] = set()
        """Users and groups that an identity source had given external ids when they were last read."""
        self._readers: dict[str, Callable[[str, Sequence[str]], Values]] = {
            USER: self._user,
            GROUP: self._group,
            MEMBERSHIP: self._memberships,
            PERMISSION_SET: self._permission_set,
            INLINE_POLICY: self._inline_policy,
            MANAGED_POLICY: self._managed_policies,
            CUSTOMER_POLICY: self._customer_policies,
            BOUNDARY: self._boundary,
            PROVISION: self._provision,
            ASSIGNMENT: self._assignments,
            **{kind: partial(self._tags, kind) for kind in TAGS},
            **ApplicationReader(applications, directory).readers,
        }

    def present(self, changes: Sequence[Change]) -> list[Present]:
        """What each change's facet holds now, in the changes' own spelling where it means the same.

        Raises: RemoteUnavailable, Throttled, CredentialsError; other failures are in the answer.
        """
        bundles: dict[tuple[str, str], list[int]] = {}
        for position, change in enumerate(changes):
            bundles.setdefault(_bundle(change), []).append(position)
        found: list[Present] = [Present(None)] * len(changes)
        groups = [[changes[position] for position in positions] for positions in bundles.values()]
        for positions, presents in zip(bundles.values(), self._bundles(groups), strict=True):
            for position, present in zip(positions, presents, strict=True):
                found[position] = present
        return found

    def _bundles(self, groups: list[list[Change]]) -> list[list[Present]]:
        if len(groups) <= 1:
            return [self._bundle(group) for group in groups]
        with ThreadPoolExecutor(min(_READERS, len(groups)), thread_name_prefix="read") as pool:
            return list(pool.map(self._bundle, groups))

    def _bundle(self, changes: list[Change]) -> list[Present]:
        kind, owner = _bundle(changes[0])
        try:
            values = self._values(kind, owner, [change.key for change in changes])
        except (AccessDenied, RemoteError) as error:
            if not error.permanent:
                raise
            return [Present(None, failed_by(error))] * len(changes)
        return [Present(_in_the_spelling_of(change, values.get(change.key))) for change in changes]

    def _values(self, kind: str, owner: str, keys: list[str]) -> Values:
        """A remembered id may be of a thing that was made anew since: forget it and ask once more."""
        try:
            return self._readers[kind](owner, keys)
        except RemoteError as error:
            if error.error != GONE:
                raise
        forget_ids(self._directory, kind, keys)
        try:
            return self._readers[kind](owner, keys)
        except RemoteError as error:
            if error.error != GONE:
                raise
            return {}

    def _note_adoption(self, type_name: str, key: str, external: bool) -> None:
        (self.adopted.add if external else self.adopted.discard)((type_name, key))

    def _user(self, key: str, keys: Sequence[str]) -> Values:
        user_id = self._directory.find(USER, key)
        if not user_id:
            return {}
        user = self._store.describe_user(user_id)
        self._revisions[user_id] = user.revision
        self._note_adoption(USER, key, bool(user.attributes.get("ExternalIds")))
        return {key: user_value(user.user_name, user.attributes)}

    def _group(self, key: str, keys: Sequence[str]) -> Values:
        group_id = self._directory.find(GROUP, key)
        if not group_id:
            return {}
        group = self._store.describe_group(group_id)
        self._revisions[group_id] = group.revision
        self._note_adoption(GROUP, key, bool(group.external_ids))
        return {key: group_value(group.display_name, group.description)}

    def _memberships(self, group: str, keys: Sequence[str]) -> Values:
        group_id = self._directory.find(GROUP, group)
        users = {key: self._directory.find(USER, split_key(key)[1]) for key in keys}
        if not group_id:
            return {}
        if len(keys) <= _FEW_MEMBERS:
            held = {
                user for user in users.values() if user and self._store.find_membership_id(group_id, user)
            }
        else:
            listed = every(lambda token: self._store.list_memberships(group_id, token))
            held = {membership.user_id for membership in listed}
        return {key: membership_value(key) for key, user in users.items() if user in held}

    def _permission_set(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._set(name)
        return {name: permission_set_value(self._admin.describe_permission_set(arn))} if arn else {}

    def _inline_policy(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._set(name)
        return _one(name, inline_policy_value(self._admin.inline_policy(arn)) if arn else None)

    def _boundary(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._set(name)
        return _one(name, boundary_value(self._admin.permissions_boundary(arn)) if arn else None)

    def _managed_policies(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._set(name)
        listed = every(lambda token: self._admin.list_managed_policies(arn, token)) if arn else ()
        return _keyed(managed_policy(name, policy) for policy in listed)

    def _customer_policies(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._set(name)
        listed = every(lambda token: self._admin.list_customer_policies(arn, token)) if arn else ()
        return _keyed(customer_policy(name, policy) for policy in listed)

    def _tags(self, kind: str, name: str, keys: Sequence[str]) -> Values:
        arn = self._directory.find(owner_type(kind), name)
        listed = every(lambda token: self._admin.list_tags(arn, token)) if arn else ()
        return {join_key(name, tag_key): tag_value(value) for tag_key, value in listed}

    def _provision(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._set(name)
        if not arn:
            return {}
        page = self._admin.list_accounts_for_permission_set(arn, only_stale=True)
        return {name: STALE if page.items else LATEST}

    def _assignments(self, owner: str, keys: Sequence[str]) -> Values:
        account, name = split_key(owner)
        arn = self._set(name)
        listed = every(lambda token: self._admin.list_assignments(account, arn, token)) if arn else ()
        held = {(str(assignment.principal_type), assignment.principal_id) for assignment in listed}
        present: Values = {}
        for key in keys if held else ():
            kind, principal = split_key(key)[2:]
            if (kind, self._directory.find(PRINCIPAL_TYPES[kind], principal)) in held:
                present[key] = assignment_value(key)
        return present

    def _set(self, name: str) -> str:
        return self._directory.find(PERMISSION_SET, name)


def forget_ids(directory: Directory, kind: str, keys: Sequence[str]) -> None:
    """Drops the ids that facets of these keys were found by."""
    for key in keys if kind != ACCESS_CONTROL_ATTRIBUTES else ():
        named = references(kind, key) if kind in LINKS else [(owner_type(kind), owner_of(kind, key))]
        for name in named:
            directory.forget(*name)
    if kind in _NAMES_OTHERS:
        directory.forget_all(_NAMES_OTHERS[kind])


def _bundle(change: Change) -> tuple[str, str]:
    """The type and what one listing is for: a group, a permission set, an application, an account with a set."""
    parts = split_key(change.key)
    if change.type == MEMBERSHIP:
        return change.type, parts[0]
    if change.type == ASSIGNMENT:
        return change.type, join_key(*parts[:2])
    if change.type == APPLICATION_ASSIGNMENT:
        return change.type, split_application_assignment(change.key)[0]
    return change.type, owner_of(change.type, change.key)


def _in_the_spelling_of(change: Change, value: bytes | None) -> bytes | None:
    """The journal compares bytes; a live value that means the same as the planned one is given as planned."""
    meant = meaning(change.type, value)
    for planned in (change.after, change.before):
        if meant == meaning(change.type, planned):
            return planned
    return value


def _keyed(facets: Iterator[Facet]) -> Values:
    return {facet.key: facet.value for facet in facets}


def _one(key: str, value: bytes | None) -> Values:
    return {} if value is None else {key: value}
