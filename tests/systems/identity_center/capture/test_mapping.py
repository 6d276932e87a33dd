"""Records of Identity Center: what goes in comes out, and what a comparison looks at."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.errors import VaultError
from holdfast.systems.identity_center.model import (
    Group,
    PermissionSet,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    User,
)
from holdfast.systems.identity_center.records.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_from,
    assignment_record,
    comparable,
    group_from,
    group_record,
    membership_from,
    membership_record,
    permission_set_from,
    permission_set_record,
    user_from,
    user_record,
)

text = st.text(min_size=1, max_size=20)
attributes = st.dictionaries(
    st.sampled_from(["DisplayName", "Title", "Locale", "UserType", "UserStatus", "NickName"]), text
)
references = st.builds(PolicyReference, text, text)
sets = st.builds(
    PermissionSet,
    st.builds(PermissionSetSummary, text, text, st.text(), st.just("PT2H"), st.text()),
    st.text(),
    st.lists(text, unique=True).map(sorted).map(tuple),
    st.lists(references, unique=True).map(lambda found: tuple(sorted(found, key=lambda p: (p.name, p.path)))),
    st.none() | text | references,
    st.dictionaries(text, st.text()).map(lambda tags: tuple(sorted(tags.items()))),
)


@given(st.builds(User, text, text, attributes))
def test_a_user_comes_back_as_it_went_in(user: User) -> None:
    assert user_from(user_record(user)) == user


@given(st.builds(Group, text, text, st.text(), st.lists(st.tuples(text, text)).map(sorted).map(tuple)))
def test_a_group_comes_back_as_it_went_in(group: Group) -> None:
    assert group_from(group_record(group)) == group


@given(sets)
def test_a_permission_set_comes_back_as_it_went_in(permission_set: PermissionSet) -> None:
    assert permission_set_from(permission_set_record(permission_set)) == permission_set


def test_memberships_and_assignments_come_back_as_they_went_in() -> None:
    membership = NamedMembership("Ärzte", "Ann")
    assignment = NamedAssignment("123456789012", "ReadOnly", PrincipalType.USER, "Ann", "Production")
    assert membership_from(membership_record(membership)) == membership
    assert assignment_from(assignment_record(assignment)) == assignment


def test_keys_fold_the_case_of_user_names_and_of_nothing_else() -> None:
    ann = User("u-1", "Ann.STRAẞE", {})
    assert user_record(ann).key == "ann.strasse"
    assert group_record(Group("g-1", "Admins")).key == "Admins"
    assert membership_record(NamedMembership("Admins", "ANN")).key == "Admins\x1fann"
    to_user = NamedAssignment("1", "Read", PrincipalType.USER, "ANN")
    to_group = NamedAssignment("1", "Read", PrincipalType.GROUP, "ANN")
    assert assignment_record(to_user).key == "1\x1fRead\x1fUSER\x1fann"
    assert assignment_record(to_group).key == "1\x1fRead\x1fGROUP\x1fANN"


def test_what_names_a_person_is_kept_apart() -> None:
    record = user_record(User("u-1", "ann", {"DisplayName": "Ann Lee", "Locale": "en", "Title": "Dr"}))
    assert json.loads(record.personal) == {"DisplayName": "Ann Lee", "Title": "Dr"}
    assert json.loads(record.body) == {"Locale": "en", "UserId": "u-1", "UserName": "ann"}


def test_a_recreated_thing_compares_equal_in_spite_of_its_new_id() -> None:
    assert comparable(user_record(User("u-1", "Ann", {"Title": "Dr"}))) == comparable(
        user_record(User("u-2", "ann", {"Title": "Dr"}))
    )
    assert comparable(group_record(Group("g-1", "Admins", "d"))) == comparable(
        group_record(Group("g-2", "Admins", "d"))
    )
    one = permission_set_record(PermissionSet(PermissionSetSummary("arn:1", "Read")))
    two = permission_set_record(PermissionSet(PermissionSetSummary("arn:2", "Read")))
    assert one.body != two.body
    assert comparable(one) == comparable(two)


def test_a_changed_title_compares_different() -> None:
    assert comparable(user_record(User("u-1", "ann", {"Title": "Dr"}))) != comparable(
        user_record(User("u-1", "ann", {"Title": "Prof"}))
    )


def test_policies_are_kept_to_the_letter_and_compared_by_meaning() -> None:
    summary = PermissionSetSummary("arn:1", "Read")
    spaced = permission_set_record(PermissionSet(summary, inline_policy='{ "B": [1, 2],\n "A": "x" }'))
    tight = permission_set_record(PermissionSet(summary, inline_policy='{"A":"x","B":[1,2]}'))
    other = permission_set_record(PermissionSet(summary, inline_policy='{"A":"x","B":[2,1]}'))
    assert permission_set_from(spaced).inline_policy == '{ "B": [1, 2],\n "A": "x" }'
    assert comparable(spaced) == comparable(tight) != comparable(other)


def test_a_record_of_a_newer_version_is_refused_with_the_cure() -> None:
    newer = group_record(Group("g-1", "Admins"))._replace(schema=2)
    with pytest.raises(VaultError, match="newer Holdfast") as caught:
        group_from(newer)
    assert "Upgrade" in caught.value.advice


def test_a_revision_is_no_part_of_a_record_and_of_no_comparison() -> None:
    ann, ann_later = User("u-1", "ann", {"Title": "Dr"}, "7"), User("u-1", "ann", {"Title": "Dr"}, "8")
    admins, admins_later = Group("g-1", "Admins", revision="7"), Group("g-1", "Admins", revision="8")
    assert (ann, admins) == (ann_later, admins_later)
    assert user_record(ann) == user_record(User("u-1", "ann", {"Title": "Dr"}))
    assert group_record(admins) == group_record(Group("g-1", "Admins"))
