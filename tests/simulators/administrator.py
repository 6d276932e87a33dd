"""An administrator who changes a company in the sandbox with ordinary AWS clients."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from mypy_boto3_identitystore import IdentityStoreClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sso_admin import SSOAdminClient

_SESSION = boto3.Session(
    aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name="us-east-1"
)
_CONFIG = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


@dataclass
class Administrator:
    """Clients on one sandbox, and the damage that administrators do."""

    sandbox: SandboxServer
    store: str = field(init=False)
    instance: str = field(init=False)

    def __post_init__(self) -> None:
        status = self.sandbox.status()
        self.store, self.instance = status.identity_store_id, status.instance_arn
        make = partial(_SESSION.client, endpoint_url=self.sandbox.url, config=_CONFIG)
        self.ids: IdentityStoreClient = make("identitystore")
        self.sso: SSOAdminClient = make("sso-admin")
        self.s3: S3Client = make("s3")

    def users(self) -> dict[str, str]:
        """Id of each user by name."""
        pages = self.ids.get_paginator("list_users").paginate(IdentityStoreId=self.store)
        return {user["UserName"]: user["UserId"] for page in pages for user in page["Users"]}

    def groups(self) -> dict[str, str]:
        """Id of each group by name."""
        pages = self.ids.get_paginator("list_groups").paginate(IdentityStoreId=self.store)
        return {group["DisplayName"]: group["GroupId"] for page in pages for group in page["Groups"]}

    def sets(self) -> dict[str, str]:
        """ARN of each permission set by name."""
        pages = self.sso.get_paginator("list_permission_sets").paginate(InstanceArn=self.instance)
        arns = [arn for page in pages for arn in page["PermissionSets"]]
        describe = partial(self.sso.describe_permission_set, InstanceArn=self.instance)
        return {describe(PermissionSetArn=arn)["PermissionSet"]["Name"]: arn for arn in arns}

    def empty(self, group: str) -> int:
        """Take every member out of a group; their number."""
        pages = self.ids.get_paginator("list_group_memberships").paginate(
            IdentityStoreId=self.store, GroupId=self.groups()[group]
        )
        found = [member["MembershipId"] for page in pages for member in page["GroupMemberships"]]
        for membership in found:
            self.ids.delete_group_membership(IdentityStoreId=self.store, MembershipId=membership)
        return len(found)

    def describe(self, permission_set: str, description: str) -> None:
        """Change a permission set's description."""
        arn = self.sets()[permission_set]
        self.sso.update_permission_set(
            InstanceArn=self.instance, PermissionSetArn=arn, Description=description
        )

    def delete_user(self, name: str) -> None:
        self.ids.delete_user(IdentityStoreId=self.store, UserId=self.users()[name])

    def delete_group(self, name: str) -> None:
        self.ids.delete_group(IdentityStoreId=self.store, GroupId=self.groups()[name])

    def wipe(self) -> None:
        """Delete everything that can be deleted through the API."""
        self.wipe_sets()
        for group in self.groups().values():
            self.ids.delete_group(IdentityStoreId=self.store, GroupId=group)
        for user in self.users().values():
            self.ids.delete_user(IdentityStoreId=self.store, UserId=user)

    def wipe_sets(self) -> None:
        """Delete every assignment and permission set."""
        for arn in self.sets().values():
            accounts = self.sso.list_accounts_for_provisioned_permission_set(
                InstanceArn=self.instance, PermissionSetArn=arn
            )
            for account in accounts["AccountIds"]:
                self._unassign(account, arn)
            self.sso.delete_permission_set(InstanceArn=self.instance, PermissionSetArn=arn)

    def _unassign(self, account: str, arn: str) -> None:
        held = self.sso.list_account_assignments(
            InstanceArn=self.instance, AccountId=account, PermissionSetArn=arn
        )
        for each in held["AccountAssignments"]:
            self.sso.delete_account_assignment(
                InstanceArn=self.instance,
                PermissionSetArn=arn,
                TargetId=account,
                TargetType="AWS_ACCOUNT",
                PrincipalType=each["PrincipalType"],
                PrincipalId=each["PrincipalId"],
            )
            self.settle()

    def settle(self) -> None:
        """Wait until no asynchronous request is under way."""
        while self.sandbox.status().outstanding:
            time.sleep(0.002)
