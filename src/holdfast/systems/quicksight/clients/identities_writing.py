"""Changes to QuickSight's people over AWS, and looks at single ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.kernel.answers import part, text
from holdfast.kernel.canonical import Plain
from holdfast.systems.quicksight.clients.identities_client import group_of, user_of
from holdfast.systems.quicksight.clients.service import Service
from holdfast.systems.quicksight.model import Group, User


@dataclass(frozen=True, slots=True)
class NamespaceStatus:
    """How far the service is with a namespace, and what went wrong."""

    state: str
    error: str = ""


class IdentitiesWriting:
    """One call each, in the identity region. All raise the errors of `quicksight.errors` and the session's."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def namespace_status(self, name: str) -> NamespaceStatus:
        """Where a namespace stands. Raises: Missing."""
        found = part(self._service.send("DescribeNamespace", {"Namespace": name}), "Namespace")
        return NamespaceStatus(text(found, "CreationStatus"), text(part(found, "NamespaceError"), "Message"))

    def create_namespace(self, name: str, identity_store: str) -> None:
        """Begin to create a namespace; it takes its time."""
        given = {"Namespace": name, "IdentityStore": identity_store or "QUICKSIGHT"}
        self._service.send("CreateNamespace", given, repeatable=False)

    def delete_namespace(self, name: str) -> None:
        """Begin to delete a namespace, which takes its users and groups with it."""
        self._service.send("DeleteNamespace", {"Namespace": name})

    def put_custom_permissions(self, name: str, capabilities: Plain, *, new: bool) -> None:
        """Create a profile, or set what an existing one denies."""
        operation = "CreateCustomPermissions" if new else "UpdateCustomPermissions"
        given = {"CustomPermissionsName": name, "Capabilities": capabilities}
        self._service.send(operation, given, repeatable=not new)

    def delete_custom_permissions(self, name: str) -> None:
        """Delete a profile that nobody has."""
        self._service.send("DeleteCustomPermissions", {"CustomPermissionsName": name})

    def user(self, namespace: str, name: str) -> User:
        """A user. Raises: Missing."""
        answer = self._service.send("DescribeUser", {"Namespace": namespace, "UserName": name})
        return user_of(namespace, part(answer, "User"))

    def register(self, namespace: str, request: Mapping[str, Plain]) -> str:
        """Register a user; the link by which one of QuickSight's own sets a password, empty for others."""
        answer = self._service.send("RegisterUser", {"Namespace": namespace, **request}, repeatable=False)
        return text(answer, "UserInvitationUrl")

    def update_user(self, namespace: str, name: str, request: Mapping[str, Plain]) -> None:
        """Set a user's role, address, custom permissions and external login."""
        self._service.send("UpdateUser", {"Namespace": namespace, "UserName": name, **request})

    def delete_user(self, namespace: str, name: str) -> None:
        """Delete a user; what it owned stays."""
        self._service.send("DeleteUser", {"Namespace": namespace, "UserName": name})

    def group(self, namespace: str, name: str) -> Group:
        """A group. Raises: Missing."""
        answer = self._service.send("DescribeGroup", {"Namespace": namespace, "GroupName": name})
        return group_of(namespace, part(answer, "Group"))

    def put_group(self, namespace: str, name: str, description: str, *, new: bool) -> None:
        """Create a group, or set the description of an existing one."""
        operation = "CreateGroup" if new else "UpdateGroup"
        given = {"Namespace": namespace, "GroupName": name, "Description": description}
        self._service.send(operation, given, repeatable=not new)

    def delete_group(self, namespace: str, name: str) -> None:
        """Delete a group; its members stay users."""
        self._service.send("DeleteGroup", {"Namespace": namespace, "GroupName": name})

    def is_member(self, namespace: str, group: str, user: str) -> None:
        """Nothing for a member. Raises: Missing for anybody else."""
        self._service.send("DescribeGroupMembership", _membership(namespace, group, user))

    def join(self, namespace: str, group: str, user: str) -> None:
        """Make a user a member; joining twice is joining once."""
        self._service.send("CreateGroupMembership", _membership(namespace, group, user))

    def leave(self, namespace: str, group: str, user: str) -> None:
        """End a membership. Raises: Missing."""
        self._service.send("DeleteGroupMembership", _membership(namespace, group, user))


def _membership(namespace: str, group: str, user: str) -> dict[str, str]:
    return {"Namespace": namespace, "GroupName": group, "MemberName": user}
