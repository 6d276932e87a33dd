"""QuickSight's people over AWS."""

from __future__ import annotations

from holdfast.kernel.answers import Answer, next_token, part, rows, text
from holdfast.kernel.paging import Page
from holdfast.systems.quicksight.clients.service import Service
from holdfast.systems.quicksight.model import CustomPermissions, Group, Namespace, User

PAGE = 100
"""Most entries of one page (QuickSight API reference)."""


class IdentitiesClient:
    """`IdentitiesGateway`, which says what each call gives."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list_namespaces(self, token: str = "") -> Page[Namespace]:
        answer = self._page("ListNamespaces", token)
        return Page(tuple(map(_namespace, rows(answer, "Namespaces"))), next_token(answer))

    def list_custom_permissions(self, token: str = "") -> Page[CustomPermissions]:
        answer = self._page("ListCustomPermissions", token)
        found = rows(answer, "CustomPermissionsList")
        return Page(tuple(map(_custom_permissions, found)), next_token(answer))

    def list_users(self, namespace: str, token: str = "") -> Page[User]:
        answer = self._page("ListUsers", token, Namespace=namespace)
        return Page(tuple(user_of(namespace, row) for row in rows(answer, "UserList")), next_token(answer))

    def list_groups(self, namespace: str, token: str = "") -> Page[Group]:
        answer = self._page("ListGroups", token, Namespace=namespace)
        return Page(tuple(group_of(namespace, row) for row in rows(answer, "GroupList")), next_token(answer))

    def list_members(self, namespace: str, group: str, token: str = "") -> Page[str]:
        answer = self._page("ListGroupMemberships", token, Namespace=namespace, GroupName=group)
        found = rows(answer, "GroupMemberList")
        return Page(tuple(text(row, "MemberName") for row in found), next_token(answer))

    def _page(self, operation: str, token: str, **parameters: str) -> Answer:
        return self._service.send(operation, {**parameters, "MaxResults": PAGE, "NextToken": token})


def _namespace(row: Answer) -> Namespace:
    return Namespace(
        name=text(row, "Name"),
        capacity_region=text(row, "CapacityRegion"),
        identity_store=text(row, "IdentityStore"),
        arn=text(row, "Arn"),
        status=text(row, "CreationStatus"),
    )


def _custom_permissions(row: Answer) -> CustomPermissions:
    capabilities = {name: str(state) for name, state in part(row, "Capabilities").items()}
    return CustomPermissions(text(row, "CustomPermissionsName"), capabilities, text(row, "Arn"))


def user_of(namespace: str, row: Answer) -> User:
    """A user as the service describes it."""
    return User(
        namespace=namespace,
        user_name=text(row, "UserName"),
        role=text(row, "Role"),
        identity_type=text(row, "IdentityType"),
        email=text(row, "Email"),
        custom_permissions=text(row, "CustomPermissionsName"),
        provider_type=text(row, "ExternalLoginFederationProviderType"),
        provider_url=text(row, "ExternalLoginFederationProviderUrl"),
        external_login_id=text(row, "ExternalLoginId"),
        arn=text(row, "Arn"),
        principal_id=text(row, "PrincipalId"),
        active=bool(row.get("Active")),
    )


def group_of(namespace: str, row: Answer) -> Group:
    """A group as the service describes it."""
    return Group(
        namespace,
        text(row, "GroupName"),
        text(row, "Description"),
        text(row, "Arn"),
        text(row, "PrincipalId"),
    )
