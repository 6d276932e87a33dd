"""The service's ids behind the names that backups use."""

from __future__ import annotations

import threading

from holdfast.domain.errors import NotFound
from holdfast.kernel.paging import every
from holdfast.systems.identity_center.clients.applications_gateway import ApplicationsGateway
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import (
    APPLICATION,
    GROUP,
    INSTANCE,
    PERMISSION_SET,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.records.application_names import application_keys
from holdfast.systems.identity_center.records.mapping import user_key

# Up to here a question per name is cheaper than listing everybody, 100 a page.
FEW = 10


class Directory:
    """Names to ids; asks for single names first and lists everything once many are wanted. Thread-safe."""

    def __init__(
        self,
        identity_store: IdentityStoreGateway,
        sso_admin: SsoAdminGateway,
        applications: ApplicationsGateway,
    ) -> None:
        self._store, self._admin, self._applications = identity_store, sso_admin, applications
        self._lock = threading.RLock()
        self._ids: dict[str, dict[str, str]] = {
            kind: {} for kind in (USER, GROUP, PERMISSION_SET, INSTANCE, APPLICATION, TRUSTED_TOKEN_ISSUER)
        }
        self._arns_seen: dict[str, str] = {}
        self._asked: dict[str, int] = {USER: 0, GROUP: 0}
        self._listed: set[str] = set()

    def find(self, type_name: str, key: str) -> str:
        """The id of a user or group, the ARN of anything else; empty when there is none."""
        with self._lock:
            known = self._ids[type_name].get(key)
            if known:
                return known
            found = self._ask(type_name, key)
            if found:
                self._ids[type_name][key] = found
            return found

    def get(self, type_name: str, key: str) -> str:
        """As `find`. Raises: NotFound when there is none."""
        found = self.find(type_name, key)
        if not found:
            kind = type_name.replace("_", " ")
            raise NotFound(
                kind, key, f"Restore the {kind} first, or wait until the identity source has made it."
            )
        return found

    def name_of(self, type_name: str, arn: str) -> str:
        """The key of an application or the name of a token issuer; empty when there is none."""
        with self._lock:
            if arn not in self._ids[type_name].values():
                self._list_named(type_name)
            return next((key for key, known in self._ids[type_name].items() if known == arn), "")

    def remember(self, type_name: str, key: str, identifier: str) -> None:
        """That a thing was made under this id."""
        with self._lock:
            self._ids[type_name][key] = identifier

    def forget(self, type_name: str, key: str) -> None:
        """That an id no longer holds; the next look-up asks the service."""
        with self._lock:
            identifier = self._ids[type_name].pop(key, "")
            self._arns_seen.pop(identifier, None)

    def forget_all(self, type_name: str) -> None:
        """That no id of the type is sure any more."""
        with self._lock:
            self._ids[type_name].clear()

    def _ask(self, type_name: str, key: str) -> str:
        if type_name == INSTANCE:
            return self._applications.instance_arn()
        if type_name == PERMISSION_SET:
            return self._find_set(key)
        if type_name in (USER, GROUP):
            return self._find_principal(type_name, key)
        self._list_named(type_name)
        return self._ids[type_name].get(key, "")

    def _list_named(self, type_name: str) -> None:
        """No call finds an application or a token issuer by name; there are few enough to list them."""
        if type_name == APPLICATION:
            keys = application_keys(every(self._applications.list_applications))
            self._ids[type_name].update((key, arn) for arn, key in sorted(keys.items(), reverse=True))
        else:
            listed = every(self._applications.list_trusted_token_issuers)
            self._ids[type_name].update((name, arn) for arn, name in listed)

    def _find_principal(self, type_name: str, key: str) -> str:
        ask = self._store.find_user_id if type_name == USER else self._store.find_group_id
        if type_name not in self._listed:
            self._asked[type_name] += 1
            found = ask(key) if self._asked[type_name] <= FEW else ""
            if found:
                return found
            self._list(type_name)
            if key in self._ids[type_name]:
                return self._ids[type_name][key]
        return ask(key)

    def _list(self, type_name: str) -> None:
        known = self._ids[type_name]
        if type_name == USER:
            known.update((user_key(user.user_name), user.user_id) for user in every(self._store.list_users))
        else:
            known.update((group.display_name, group.group_id) for group in every(self._store.list_groups))
        self._listed.add(type_name)

    def _find_set(self, name: str) -> str:
        """No call finds a set by name: those not yet seen are described one by one until it turns up."""
        for arn in every(self._admin.list_permission_sets):
            if arn not in self._arns_seen:
                self._arns_seen[arn] = self._admin.describe_permission_set(arn).name
                self._ids[PERMISSION_SET][self._arns_seen[arn]] = arn
            if self._arns_seen[arn] == name:
                return arn
        return ""
