"""People as records and back, and what of a record may come from a file."""

from __future__ import annotations

import pytest

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import canonical
from holdfast.systems.quicksight.model import CustomPermissions, Group, Namespace, User
from holdfast.systems.quicksight.records.admission import faults
from holdfast.systems.quicksight.records.people import (
    comparable,
    custom_permissions_of,
    custom_permissions_record,
    group_of,
    group_record,
    membership_record,
    namespace_of,
    namespace_record,
    user_of,
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


def test_people_come_back_as_they_went_in() -> None:
    namespace = Namespace("partners", "us-east-1", "QUICKSIGHT", "arn:n", "CREATED")
    profile = CustomPermissions("no-exports", {"ExportToCsv": "DENY"}, "arn:p")
    group = Group("default", "Data Engineers", "they engineer", "arn:g", "group/1")
    assert namespace_of(namespace_record(namespace)) == namespace
    assert custom_permissions_of(custom_permissions_record(profile)) == profile
    assert user_of(user_record(ANN)) == ANN
    assert group_of(group_record(group)) == group


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
