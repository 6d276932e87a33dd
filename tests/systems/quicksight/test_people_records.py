"""People as records and back, and what of a record may come from a file."""

from __future__ import annotations

import pytest

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import canonical
from holdfast.systems.quicksight.model import CustomPermissions, Group, Namespace, User
from holdfast.systems.quicksight.records.admission import faults
from holdfast.systems.quicksight.records.people import (
    comparable,
    custom_permissions_record,
    group_record,
    membership_record,
    namespace_record,
    user_record,
)
from tests.systems.quicksight.small_estate import asset

ANN = User(
    "default",
    "role/ann@example.com",
    "AUTHOR_PRO",
    "IAM",
    email="ann@example.com",
    custom_permissions="no-exports",
    provider_type="COGNITO",
    external_login_id="x",
    arn="arn:aws:quicksight:us-east-1:111111111111:user/default/role/ann@example.com",
    principal_id="federated/iam/A",
    active=True,
)


def test_records_of_people_say_what_the_service_said_and_nothing_that_is_empty() -> None:
    namespace = namespace_record(Namespace("partners", "us-east-1", "QUICKSIGHT", "arn:n"))
    assert namespace.body == b'{"Arn":"arn:n","CapacityRegion":"us-east-1","IdentityStore":"QUICKSIGHT"}'
    profile = custom_permissions_record(CustomPermissions("no-exports", {"ExportToCsv": "DENY"}))
    assert profile.body == b'{"Capabilities":{"ExportToCsv":"DENY"}}'
    group = group_record(Group("default", "Data Engineers", "they engineer"))
    assert (group.key, group.body) == ("default\x1fData Engineers", b'{"Description":"they engineer"}')
    told = b'{"Active":false,"CustomPermissionsName":"strict","IdentityType":"IAM","Role":"READER"}'
    assert user_record(User("default", "ann", "READER", "IAM", custom_permissions="strict")).body == told


def test_what_names_a_person_lies_in_the_personal_part_alone() -> None:
    record = user_record(ANN)
    assert record.personal == b'{"Email":"ann@example.com","UserName":"role/ann@example.com"}'
    assert b'"Role":"AUTHOR_PRO"' in record.body


def test_evidence_is_no_difference() -> None:
    later = User("default", "ann", "READER", "QUICKSIGHT", arn="other", principal_id="other", active=True)
    before = User("default", "ann", "READER", "QUICKSIGHT")
    assert comparable(user_record(later)) == comparable(user_record(before))
    other = User("default", "ann", "AUTHOR", "QUICKSIGHT")
    assert comparable(user_record(other)) != comparable(user_record(before))


WRONG = {
    "unknown field": Record("group", join_key("default", "g"), canonical({"Colour": "red"})),
    "other type": Record("user", join_key("default", "u"), canonical({"Role": 1, "IdentityType": "IAM"})),
    "short key": Record("membership", join_key("default", "g"), canonical({})),
    "not its own id": asset("theme", "t")._replace(key="other"),
    "another type's member": asset("theme", "t")._replace(type="dashboard"),
    "members of what is no folder": asset("theme", "t", members=("arn:aws:quicksight:us-east-1:1:x/y",)),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_record_that_is_not_ours_is_refused(what: str) -> None:
    assert list(faults(WRONG[what]))


def test_sound_records_have_no_faults() -> None:
    schedule = asset("refresh_schedule", join_key("d", "nightly"))
    sound = [user_record(ANN), membership_record("default", "g", "u"), asset("theme", "t"), schedule]
    assert [fault for record in sound for fault in faults(record)] == []
