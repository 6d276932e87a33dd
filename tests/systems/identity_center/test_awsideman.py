"""A backup that awsideman made, read as records; the file follows the description of that tool's format."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from holdfast.domain.records import Record
from holdfast.kernel.canonical import plain
from holdfast.kernel.exchange.documents import JsonDocument
from holdfast.kernel.exchange.errors import Malformed
from holdfast.systems.identity_center.awsideman import AwsidemanBackup, read_awsideman

INSTANCE = "arn:aws:sso:::instance/ssoins-1111111111111111"
SET = "arn:aws:sso:::permissionSet/ssoins-1111111111111111/ps-2222222222222222"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BACKUP: dict[str, object] = {
    "metadata": {
        "backup_id": "backup-20250919-101112-ab12",
        "timestamp": "2025-09-19T10:11:12.345678",
        "instance_arn": INSTANCE,
        "backup_type": "full",
        "version": "1.0.0",
        "source_account": "111122223333",
        "source_region": "eu-north-1",
        "retention_policy": {"keep_daily": 7},
        "encryption_info": {"algorithm": "AES-256", "key_id": None, "iv": None, "encrypted": True},
        "resource_counts": {"users": 2},
        "size_bytes": 0,
        "checksum": None,
    },
    "users": [
        {
            "user_id": "u-2", "user_name": "Bert", "display_name": None, "email": None, "given_name": None,
            "family_name": None, "active": False, "external_ids": {},
        },
        {
            "user_id": "u-1", "user_name": "anna", "display_name": "Anna Å.", "email": "anna@example.com",
            "given_name": "Anna", "family_name": "Ås", "active": True, "external_ids": {"https://idp": "7"},
        },
    ],
    "groups": [{"group_id": "g-1", "display_name": "Admins", "description": "May", "members": ["u-1", "u-9"]}],
    "permission_sets": [
        {
            "permission_set_arn": SET, "name": "Look", "description": None, "session_duration": "PT4H",
            "relay_state": None, "inline_policy": '{"Version":"2012-10-17","Statement":[]}',
            "managed_policies": [READ_ONLY], "customer_managed_policies": [{"Name": "Deny", "Path": "/guard/"}],
            "permissions_boundary": {"CustomerManagedPolicyReference": {"Name": "Edge", "Path": "/"}},
        }
    ],
    "assignments": [
        {"account_id": "444455556666", "permission_set_arn": SET, "principal_type": "USER", "principal_id": "u-1"},
        {"account_id": "444455556666", "permission_set_arn": SET, "principal_type": "GROUP", "principal_id": "g-9"},
    ],
    "relationships": {"user_groups": {"u-1": ["g-1"]}, "group_members": {}, "permission_set_assignments": {}},
    "checksums": {"users": "x"},
}  # fmt: skip
WRAPPED = {"data": BACKUP, "metadata": {"format": "json", "type": "BackupData", "version": "1.0"}}


def read(value: object) -> AwsidemanBackup:
    return read_awsideman(JsonDocument(iter([json.dumps(value).encode()])))


def records(backup: AwsidemanBackup, name: str) -> list[Record]:
    (section,) = [section for section in backup.sections() if section.type == name]
    return section.records


@pytest.mark.parametrize("file", [BACKUP, WRAPPED], ids=["bare", "wrapped"])
def test_its_things_come_under_their_names(file: object) -> None:
    backup = read(file)
    assert backup.metadata.account == "111122223333"
    assert datetime.fromisoformat(backup.metadata.taken_at) == datetime(2025, 9, 19, 10, 11, 12, 345_000, UTC)
    anna, bert = records(backup, "user")
    assert (anna.key, bert.key) == ("anna", "bert")
    assert {**plain(anna.body), **plain(anna.personal)} == {
        "UserName": "anna",
        "UserId": "u-1",
        "DisplayName": "Anna Å.",
        "Name": {"GivenName": "Anna", "FamilyName": "Ås"},
        "Emails": [{"Value": "anna@example.com", "Primary": True}],
        "ExternalIds": [{"Issuer": "https://idp", "Id": "7"}],
    }
    assert plain(bert.body) == {"UserName": "Bert", "UserId": "u-2", "UserStatus": "DISABLED"}
    assert [plain(record.body) for record in records(backup, "membership")] == [
        {"Group": "Admins", "User": "anna"}
    ]
    (look,) = records(backup, "permission_set")
    assert plain(look.body) == {
        "Name": "Look",
        "PermissionSetArn": SET,
        "SessionDuration": "PT4H",
        "InlinePolicy": '{"Version":"2012-10-17","Statement":[]}',
        "ManagedPolicies": [READ_ONLY],
        "CustomerManagedPolicies": [{"Name": "Deny", "Path": "/guard/"}],
        "PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "Edge", "Path": "/"}},
    }
    assert [plain(record.body) for record in records(backup, "assignment")] == [
        {"AccountId": "444455556666", "PermissionSet": "Look", "PrincipalType": "USER", "Principal": "anna"}
    ]


def test_what_it_lacks_is_said_of_every_type() -> None:
    told = {section.type: section.summary for section in read(BACKUP).sections()}
    captured = {"user", "group", "membership", "permission_set", "assignment"}
    assert {name for name, part in told.items() if part.captured} == captured
    assert [name for name, part in told.items() if part.complete] == []
    assert told["membership"].reason.endswith("; 1 refer to what is not in it: user u-9 in Admins")
    assert told["assignment"].reason.endswith(
        "; 1 refer to what is not in it: GROUP g-9 in account 444455556666"
    )
    assert told["application"].reason == "awsideman's format has no place for it"


@pytest.mark.parametrize(
    "file", [[], {"users": []}, {"data": 1}, {**BACKUP, "assignments": [{"account_id": 1}]}]
)
def test_another_file_is_refused(file: object) -> None:
    with pytest.raises(Malformed):
        read(file)
