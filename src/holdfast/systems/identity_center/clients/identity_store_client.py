"""The Identity Store gateway over AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from holdfast.domain.errors import RemoteError
from holdfast.kernel.answers import Answer, next_token, part, plain_value, rows, text
from holdfast.kernel.canonical import Plain
from holdfast.kernel.paging import Page
from holdfast.kernel.ports import PacedSession
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.model import Group, Instance, Membership, User

PAGE = 100
"""Most entries of one page (Identity Store API reference)."""
ENTERPRISE = "aws:identitystore:enterprise"
"""The only extension that exists; the service leaves it out of its answers unless it is asked for."""
NOT_ATTRIBUTES = frozenset(
    {
        "IdentityStoreId",
        "UserId",
        "UserArn",
        "UserName",
        "Revision",
        "CreatedAt",
        "CreatedBy",
        "UpdatedAt",
        "UpdatedBy",
    }
)


class IdentityStoreClient:
    """`IdentityStoreGateway`, which says what each call gives, over a paced session; the store is looked up first."""

    def __init__(self, session: PacedSession, instance: Callable[[], Instance]) -> None:
        self._service = Service(session, "identitystore", "identitystore")
        self._instance = instance

    def list_users(self, token: str = "") -> Page[User]:
        answer = self._send("ListUsers", MaxResults=PAGE, NextToken=token, Extensions=[ENTERPRISE])
        return Page(tuple(_user(row) for row in rows(answer, "Users")), next_token(answer))

    def list_groups(self, token: str = "") -> Page[Group]:
        answer = self._send("ListGroups", MaxResults=PAGE, NextToken=token)
        return Page(tuple(_group(row) for row in rows(answer, "Groups")), next_token(answer))

    def list_memberships(self, group_id: str, token: str = "") -> Page[Membership]:
        answer = self._send("ListGroupMemberships", GroupId=group_id, MaxResults=PAGE, NextToken=token)
        return _memberships(answer)

    def list_memberships_for_member(self, user_id: str, token: str = "") -> Page[Membership]:
        member = {"UserId": user_id}
        answer = self._send(
            "ListGroupMembershipsForMember", MemberId=member, MaxResults=PAGE, NextToken=token
        )
        return _memberships(answer)

    def describe_user(self, user_id: str) -> User:
        return _user(self._send("DescribeUser", UserId=user_id, Extensions=[ENTERPRISE]))

    def describe_group(self, group_id: str) -> Group:
        return _group(self._send("DescribeGroup", GroupId=group_id))

    def find_user_id(self, user_name: str) -> str:
        return self._find("GetUserId", "UserId", AlternateIdentifier=_unique("userName", user_name))

    def find_group_id(self, display_name: str) -> str:
        return self._find("GetGroupId", "GroupId", AlternateIdentifier=_unique("displayName", display_name))

    def find_membership_id(self, group_id: str, user_id: str) -> str:
        return self._find(
            "GetGroupMembershipId", "MembershipId", GroupId=group_id, MemberId={"UserId": user_id}
        )

    def create_user(self, user_name: str, attributes: Mapping[str, Plain]) -> str:
        return text(self._send_once("CreateUser", UserName=user_name, **attributes), "UserId")

    def update_user(self, user_id: str, operations: Mapping[str, Plain], revision: str = "") -> None:
        self._send("UpdateUser", UserId=user_id, Operations=_operations(operations), Revision=revision)

    def delete_user(self, user_id: str, revision: str = "") -> None:
        self._send_once("DeleteUser", UserId=user_id, Revision=revision)

    def create_group(self, display_name: str, description: str) -> str:
        return text(
            self._send_once("CreateGroup", DisplayName=display_name, Description=description), "GroupId"
        )

    def update_group(self, group_id: str, operations: Mapping[str, Plain], revision: str = "") -> None:
        self._send("UpdateGroup", GroupId=group_id, Operations=_operations(operations), Revision=revision)

    def delete_group(self, group_id: str, revision: str = "") -> None:
        self._send_once("DeleteGroup", GroupId=group_id, Revision=revision)

    def create_membership(self, group_id: str, user_id: str) -> str:
        answer = self._send_once("CreateGroupMembership", GroupId=group_id, MemberId={"UserId": user_id})
        return text(answer, "MembershipId")

    def delete_membership(self, membership_id: str) -> None:
        self._send_once("DeleteGroupMembership", MembershipId=membership_id)

    def _send(self, operation: str, **parameters: object) -> Answer:
        return self._service.send(
            operation, {"IdentityStoreId": self._instance().identity_store_id, **parameters}
        )

    def _send_once(self, operation: str, **parameters: object) -> Answer:
        """For what a second request would do twice or refuse."""
        given = {"IdentityStoreId": self._instance().identity_store_id, **parameters}
        return self._service.send(operation, given, repeatable=False)

    def _find(self, operation: str, field: str, **parameters: object) -> str:
        try:
            return text(self._send(operation, **parameters), field)
        except RemoteError as error:
            if error.error != "ResourceNotFoundException":
                raise
            return ""


def _unique(path: str, value: str) -> dict[str, object]:
    return {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}


def _operations(operations: Mapping[str, Plain]) -> list[dict[str, object]]:
    # The service removes an attribute whose operation carries no value.
    return [
        {"AttributePath": path} if value is None else {"AttributePath": path, "AttributeValue": value}
        for path, value in operations.items()
    ]


def _user(row: Answer) -> User:
    attributes = {
        name: plain_value(value)
        for name, value in row.items()
        if name not in NOT_ATTRIBUTES and name != "ResponseMetadata" and value not in (None, "", [], {})
    }
    return User(text(row, "UserId"), text(row, "UserName"), attributes, text(row, "Revision"))


def _group(row: Answer) -> Group:
    return Group(
        group_id=text(row, "GroupId"),
        display_name=text(row, "DisplayName"),
        description=text(row, "Description"),
        external_ids=tuple((text(item, "Issuer"), text(item, "Id")) for item in rows(row, "ExternalIds")),
        revision=text(row, "Revision"),
    )


def _memberships(answer: Answer) -> Page[Membership]:
    found = tuple(
        Membership(text(row, "MembershipId"), text(row, "GroupId"), text(part(row, "MemberId"), "UserId"))
        for row in rows(answer, "GroupMemberships")
    )
    return Page(found, next_token(answer))
