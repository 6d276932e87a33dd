"""The Backup Validator: which captures must not be stored."""

from __future__ import annotations

import pytest

from holdfast.domain.outcomes import Severity
from holdfast.domain.records import Record
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.capture.validation import find_faults
from holdfast.systems.identity_center.model import (
    Group,
    PermissionSet,
    PermissionSetSummary,
    PrincipalType,
    User,
)
from holdfast.systems.identity_center.records.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_record,
    group_record,
    membership_record,
    permission_set_record,
    user_record,
)

ANN = user_record(User("u-1", "Ann", {}))
ADMINS = group_record(Group("g-1", "Admins"))
READ = permission_set_record(PermissionSet(PermissionSetSummary("arn:1", "Read")))
MEMBER = membership_record(NamedMembership("Admins", "ann"))
ACCESS = assignment_record(NamedAssignment("123456789012", "Read", PrincipalType.GROUP, "Admins"))


def parts(**records: tuple[Record, ...]) -> dict[str, Part]:
    whole = {
        "user": (ANN,),
        "group": (ADMINS,),
        "membership": (MEMBER,),
        "permission_set": (READ,),
        "assignment": (ACCESS,),
    }
    return {name: Part(name, kept) for name, kept in {**whole, **records}.items()}


def test_a_capture_that_fits_together_has_no_findings() -> None:
    assert find_faults(list(parts().values())) == []


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("user", MEMBER.key),
        ("permission_set", ACCESS.key),
    ],
)
def test_a_reference_to_nothing_is_an_error_that_names_the_record(missing: str, named: str) -> None:
    findings = find_faults(list(parts(**{missing: ()}).values()))
    assert [(finding.severity, finding.code, finding.key) for finding in findings] == [
        (Severity.ERROR, "dangling-reference", named)
    ]


def test_a_missing_group_is_missed_by_its_members_and_its_assignments() -> None:
    findings = find_faults(list(parts(group=()).values()))
    assert {finding.key for finding in findings} == {MEMBER.key, ACCESS.key}


def test_nothing_is_said_about_references_into_types_left_out_or_incomplete() -> None:
    some = parts(user=())
    some["user"] = Part("user", (), complete=False, reason="denied")
    del some["group"]
    assert find_faults(list(some.values())) == []


def test_records_out_of_order_or_double_are_errors() -> None:
    findings = find_faults(list(parts(membership=(MEMBER, MEMBER)).values()))
    assert [finding.code for finding in findings] == ["key-order"]
