"""Records from outside: what is no record of Identity Center is told by name."""

from __future__ import annotations

import pytest

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import Plain, canonical
from holdfast.systems.identity_center.records.admission import faults
from tests.systems.identity_center.small_company import ACCOUNT, assigned, group, member, user

ANN = user("ann", Emails=[{"Value": "ann@example.com", "Primary": True}], UserType="staff")


def made(kind: str, key: str, **fields: Plain) -> Record:
    return Record(kind, key, canonical(fields))


SOUND = [
    ANN,
    user("Ann"),
    group("Admins", "May", (("issuer", "7"),)),
    member("Admins", "Ann"),
    assigned(ACCOUNT, "Look", "USER", "Ann"),
    made("application", "Desk", Name="Desk", AssignmentRequired=False, Grants={"refresh_token": {}}),
    made("application", join_key("Desk", "custom"), Name="Desk", ApplicationProviderArn="arn:x:applicationProvider/custom"),
    made("application_assignment", join_key("Desk", "GROUP", "Admins"), Application="Desk", PrincipalType="GROUP", Principal="Admins"),
    made("instance", "instance", Name="Ours", Tags={"a": "b"}),
]  # fmt: skip
WRONG = [
    (ANN._replace(key="bob"), "the key bob is not that of its fields, ann"),
    (ANN._replace(schema=9), "stored by a newer Holdfast"),
    (ANN._replace(personal=b'{"Shoe":"44"}'), "user ann: Object contains unknown field `Shoe`"),
    (ANN._replace(personal=b'{"DisplayName":7}'), "Expected `str`, got `int` - at `$.DisplayName`"),
    (group("Admins")._replace(personal=b'{"Title":"x"}'), "unknown field `Title`"),
    (made("user", "ann", UserName="ann", Emails=[]), "unknown field `Emails`"),
    (made("user", "", UserName=""), "Expected `str` of length >= 1"),
    (made("membership", join_key("a", "b"), Group="a"), "missing required field `User`"),
    (
        made("assignment", "x", AccountId="1", PermissionSet="p", PrincipalType="USER", Principal="u"),
        "matching regex",
    ),
    (
        made("assignment", "x", AccountId=ACCOUNT, PermissionSet="p", PrincipalType="ROBOT", Principal="u"),
        "Invalid enum value 'ROBOT'",
    ),
    (
        made("application", join_key("Desk", "other"), Name="Desk", ApplicationProviderArn="p"),
        "not that of its fields",
    ),
]


@pytest.mark.parametrize("record", SOUND, ids=lambda record: f"{record.type} {record.key}")
def test_a_record_that_a_capture_could_have_made_is_taken(record: Record) -> None:
    assert list(faults(record)) == []


@pytest.mark.parametrize(("record", "told"), WRONG)
def test_any_other_is_told_by_name(record: Record, told: str) -> None:
    (fault,) = faults(record)
    assert told in fault
