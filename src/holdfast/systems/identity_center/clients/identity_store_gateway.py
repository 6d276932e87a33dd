"""The few calls we need of the Identity Store, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from holdfast.kernel.canonical import Plain
from holdfast.kernel.paging import Page
from holdfast.systems.identity_center.model import Group, Membership, User


class IdentityStoreGateway(Protocol):
    """Users, groups and memberships of one identity store.

    All calls raise AccessDenied, CredentialsError, RemoteError, RemoteUnavailable (changes only when
    the answer was lost: the effect is then in doubt) and Throttled; `Conflict…` below is a RemoteError
    with `error` "ConflictException", a missing thing one with "ResourceNotFoundException". A change that is
    given a `revision` is made only while that is the current one, and is a conflict otherwise; without
    one it is made in any case.
    """

    def list_users(self, token: str = "") -> Page[User]:
        """Up to 100 users with all attributes."""

    def list_groups(self, token: str = "") -> Page[Group]:
        """Up to 100 groups."""

    def list_memberships(self, group_id: str, token: str = "") -> Page[Membership]:
        """Up to 100 memberships of a group."""

    def list_memberships_for_member(self, user_id: str, token: str = "") -> Page[Membership]:
        """Up to 100 memberships of a user."""

    def describe_user(self, user_id: str) -> User:
        """One user with all attributes."""

    def describe_group(self, group_id: str) -> Group:
        """One group."""

    def find_user_id(self, user_name: str) -> str:
        """The id of the user with that name, empty when there is none."""

    def find_group_id(self, display_name: str) -> str:
        """The id of the group with that name, empty when there is none."""

    def find_membership_id(self, group_id: str, user_id: str) -> str:
        """The id of the membership, empty when there is none."""

    def create_user(self, user_name: str, attributes: Mapping[str, Plain]) -> str:
        """The id of the new user; attributes that the API cannot set must have been left out."""

    def update_user(self, user_id: str, operations: Mapping[str, Plain], revision: str = "") -> None:
        """Set attributes by attribute path (`displayName`, `name.givenName`, `emails`); None removes one."""

    def delete_user(self, user_id: str, revision: str = "") -> None:
        """Remove a user, with its memberships and assignments."""

    def create_group(self, display_name: str, description: str) -> str:
        """The id of the new group."""

    def update_group(self, group_id: str, operations: Mapping[str, Plain], revision: str = "") -> None:
        """Set attributes by attribute path (`displayName`, `description`); None removes one."""

    def delete_group(self, group_id: str, revision: str = "") -> None:
        """Remove a group, with its memberships and assignments."""

    def create_membership(self, group_id: str, user_id: str) -> str:
        """The id of the new membership."""

    def delete_membership(self, membership_id: str) -> None:
        """Remove a membership."""
