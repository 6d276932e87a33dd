"""A backup under a mapping: every name and id in its new place, and back again by the inverse."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.mapping import MappingError
from holdfast.kernel.system import Part
from holdfast.kernel.translation import TranslatedView
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.elsewhere.resource_mappings import (
    read_flat,
    read_json,
    read_mappings,
)
from holdfast.systems.identity_center.elsewhere.translation import translate
from holdfast.systems.identity_center.model import PolicyReference
from holdfast.systems.identity_center.records.mapping import comparable, permission_set_from
from tests.systems.identity_center.small_company import (
    ALL_TYPES,
    READ_ONLY,
    assigned,
    granted,
    group,
    member,
    user,
    view,
)

OLD, OTHER, NEW = "111111111111", "222222222222", "333333333333"
Tables = dict[str, dict[str, str]]


def under(tables: Tables, *records: Record, drop: dict[str, list[str]] | None = None) -> TranslatedView:
    mapping = read_mappings({**tables, **({"drop": drop} if drop else {})}, "test")
    return translate(view(*records), mapping.to_json())


def keys(translated: TranslatedView, type_name: str) -> list[str]:
    return [record.key for record in translated.records(type_name)]


def content(one: Record) -> tuple[str, bytes]:
    return one.key, comparable(one)


# -- there and back

SPACES = {
    "accounts": (OLD, OTHER, NEW),
    "users": ("anna", "Ørsted", "zoe"),
    "groups": ("Admins", "Staff", "Zebras"),
    "permission_sets": ("Reader", "Writer", "Zero"),
    "regions": ("us-east-1", "eu-west-1", "eu-west-2"),
    "policies": ("/a/Limit", "/Limit", "/b/Other"),
}


@st.composite
def permutations(draw: st.DrawFn) -> Tables:
    """In each section every name becomes another one of the same section, or itself."""
    return {
        section: dict(zip(names, draw(st.permutations(names)), strict=True))
        for section, names in SPACES.items()
    }


@st.composite
def companies(draw: st.DrawFn) -> tuple[Record, ...]:
    some = {section: draw(st.lists(st.sampled_from(names), unique=True)) for section, names in SPACES.items()}
    records = [*map(user, some["users"]), *map(group, some["groups"])]
    records += [member(g, u) for g in some["groups"] for u in some["users"] if draw(st.booleans())]
    references = [
        PolicyReference(name.rpartition("/")[2], f"{name.rpartition('/')[0]}/") for name in some["policies"]
    ]
    for name in some["permission_sets"]:
        arn = f"arn:aws:s3:{draw(st.sampled_from(SPACES['regions']))}:{draw(st.sampled_from(SPACES['accounts']))}:x"
        state = f"https://{draw(st.sampled_from(SPACES['regions']))}.console.aws.amazon.com/"
        bound = draw(st.sampled_from([None, READ_ONLY, *references]))
        inline = json.dumps({"Resource": [arn, OLD, f"bucket-{OLD}"]})
        records.append(granted(name, inline=inline, relay_state=state, customer=references, boundary=bound))
        principals = [("USER", u) for u in some["users"]] + [("GROUP", g) for g in some["groups"]]
        for account in some["accounts"]:
            records += [assigned(account, name, *each) for each in principals if draw(st.booleans())]
    return tuple(records)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(companies(), permutations())
def test_the_inverse_mapping_gives_the_start_and_every_view_is_in_order(
    company: tuple[Record, ...], mapping: Tables
) -> None:
    start = view(*company)
    there = translate(start, read_mappings(mapping, "there").to_json())
    inverse = {section: {new: old for old, new in pairs.items()} for section, pairs in mapping.items()}
    back = translate(there, read_mappings(inverse, "back").to_json())
    for name in ALL_TYPES:
        assert [content(each) for each in back.records(name)] == [
            content(each) for each in start.records(name)
        ]
        found = list(there.records(name))
        assert [each.key for each in found] == sorted(each.key for each in found)
        assert [there.find(name, each.key) for each in found] == found
    assert not [finding for finding in there.findings() if finding.code == "collision"]


# -- what becomes of what


def test_ids_and_regions_are_replaced_as_words_of_their_own_and_all_at_once() -> None:
    inline = json.dumps(
        {
            "Resource": [
                f"arn:aws:sqs:us-east-1:{OLD}:orders",
                f"arn:aws:s3:::trail/AWSLogs/{OLD}/*",
                f"arn:aws:s3:::logs-{OLD}-us-east-1",
                f"{OLD}.dkr.ecr.us-east-1.amazonaws.com",
            ],
            "Condition": {"StringEquals": {"aws:SourceAccount": OLD, "zone": "us-east-1a", "aws:region": "us-east-1"}},
            "Not": [f"arn:aws:iam::{OTHER}:role/r", f"1{OLD}", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
        }
    )  # fmt: skip
    tables = {"accounts": {OLD: OTHER, OTHER: NEW}, "regions": {"us-east-1": "eu-west-1"}}
    (record,) = under(tables, granted("Work", inline=inline)).records("permission_set")
    assert json.loads(permission_set_from(record).inline_policy) == {
        "Resource": [
            f"arn:aws:sqs:eu-west-1:{OTHER}:orders",
            f"arn:aws:s3:::trail/AWSLogs/{OTHER}/*",
            f"arn:aws:s3:::logs-{OLD}-us-east-1",
            f"{OTHER}.dkr.ecr.eu-west-1.amazonaws.com",
        ],
        "Condition": {"StringEquals": {"aws:SourceAccount": OTHER, "zone": "us-east-1a", "aws:region": "eu-west-1"}},
        "Not": [f"arn:aws:iam::{NEW}:role/r", f"1{OLD}", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
    }  # fmt: skip


def test_policies_and_boundaries_of_both_kinds_are_replaced() -> None:
    billing = "arn:aws:iam::aws:policy/job-function/Billing"
    tables = {"policies": {READ_ONLY: billing, "/team/Limit": "/Limit"}}
    limit = PolicyReference("Limit", "/team/")
    own = granted("Own", customer=[limit, PolicyReference("Limit")], boundary=limit)
    managed = granted("Managed", managed=[READ_ONLY, billing], boundary=READ_ONLY)
    translated = under(tables, own, managed).records("permission_set")
    by_name = {record.key: permission_set_from(record) for record in translated}
    assert by_name["Own"].customer_policies == (PolicyReference("Limit"),)
    assert by_name["Own"].boundary == PolicyReference("Limit")
    assert (by_name["Managed"].managed_policies, by_name["Managed"].boundary) == ((billing,), billing)


def test_a_dropped_user_group_account_or_permission_set_takes_along_what_refers_to_it() -> None:
    company = (
        *(user(name) for name in ("anna", "bert")),
        *(group(name) for name in ("Admins", "Staff")),
        *(member(g, u) for g in ("Admins", "Staff") for u in ("anna", "bert")),
        *(granted(name) for name in ("Reader", "Writer")),
        *(
            assigned(account, name, *principal)
            for account in (OLD, OTHER)
            for name in ("Reader", "Writer")
            for principal in (("USER", "anna"), ("USER", "bert"), ("GROUP", "Admins"), ("GROUP", "Staff"))
        ),
    )
    drop = {"users": ["ANNA"], "groups": ["Staff"], "accounts": [OLD], "permission_sets": ["Writer"]}
    left = under({}, *company, drop=drop)
    assert keys(left, "user") == ["bert"]
    assert keys(left, "group") == ["Admins"]
    assert keys(left, "membership") == ["Admins\x1fbert"]
    assert keys(left, "permission_set") == ["Reader"]
    assert keys(left, "assignment") == [
        f"{OTHER}\x1fReader\x1fGROUP\x1fAdmins",
        f"{OTHER}\x1fReader\x1fUSER\x1fbert",
    ]
    assert left.find("user", "anna") is None
    assert left.findings() == []


def test_two_accounts_may_become_one_and_the_same_access_is_there_once() -> None:
    both = [assigned(account, "Reader", "GROUP", "Staff") for account in (OLD, OTHER)]
    merged = under({"accounts": {OLD: NEW, OTHER: NEW}}, *both)
    assert keys(merged, "assignment") == [f"{NEW}\x1fReader\x1fGROUP\x1fStaff"]
    assert merged.findings() == []


def test_a_name_that_another_record_keeps_collides() -> None:
    (finding,) = under({"users": {"anna": "Bert"}}, user("anna"), user("bert")).findings()
    assert (finding.code, finding.type, finding.key) == ("collision", "user", "bert")


def test_entries_that_nothing_in_the_backup_has_are_named() -> None:
    tables = {"accounts": {OLD: NEW, OTHER: NEW}, "regions": {"us-east-1": "eu-west-1"}, "groups": {"G": "H"}}
    found = under(tables, granted("Reader", inline=f'"arn:aws:sqs:us-east-1:{OLD}:q"')).findings()
    assert [finding.message for finding in found] == [
        f"The backup holds none of these accounts of the mapping: {OTHER}.",
        "The backup holds none of these groups of the mapping: G.",
    ]


def test_records_of_other_kinds_have_their_texts_and_principals_translated() -> None:
    shop: Plain = {"Name": OLD, "Grants": [{"Arn": f"arn:aws:sso::{OLD}:x"}], "Count": 1}
    use: dict[str, Plain] = {"Application": "Shop", "PrincipalType": "USER", "Principal": "Anna"}
    types = ("application", "application_assignment")
    records = (
        Record("application", OLD, canonical(shop)),
        Record("application_assignment", "Shop\x1fUSER\x1fanna", canonical(use)),
    )
    start = MemoryView(Part(name, [record]) for name, record in zip(types, records, strict=True))
    tables = {"accounts": {OLD: NEW}, "users": {"anna": "Bea"}}
    translated = translate(start, read_mappings(tables, "test").to_json())
    (application,), (assignment,) = (list(translated.records(name)) for name in types)
    assert plain(application.body) == {"Name": OLD, "Grants": [{"Arn": f"arn:aws:sso::{NEW}:x"}], "Count": 1}
    assert (application.key, assignment.key) == (OLD, "Shop\x1fUSER\x1fbea")
    assert plain(assignment.body) == {**use, "Principal": "Bea"}


def test_names_descriptions_and_tags_of_applications_stay_wherever_they_stand() -> None:
    told = f"the one of {OLD}"
    shop: dict[str, Plain] = {
        "Name": told,
        "Description": told,
        "Tags": {"Account": OLD},
        "AccessScopes": {"sso:account:access": [f"application:{told}", "instance"]},
        "Grants": {"jwt": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuer": told}]}},
    }
    use: dict[str, Plain] = {"Application": told, "PrincipalType": "USER", "Principal": "Anna"}
    for one in (
        Record("application", told, canonical(shop)),
        Record("application_assignment", f"{told}\x1fUSER\x1fanna", canonical(use)),
    ):
        mapping = read_mappings({"accounts": {OLD: NEW}}, "test")
        translated = translate(MemoryView([Part(one.type, [one])]), mapping.to_json())
        assert list(translated.records(one.type)) == [one]


# -- mappings themselves


def test_a_mapping_is_read_back_as_it_was_written_and_an_empty_one_is_nothing() -> None:
    mapping = read_mappings({"users": {"Anna": "Bea"}, "drop": {"accounts": [OLD]}}, "test")
    assert read_json(mapping.to_json()) == mapping
    assert mapping.to_json() == '{"drop":{"accounts":["111111111111"]},"users":{"anna":"Bea"}}'
    assert read_mappings({"accounts": {}}, "test").to_json() == ""


def test_a_flat_mapping_knows_accounts_regions_and_policies_by_their_form() -> None:
    flat = {
        OLD: NEW,
        OTHER: "",
        "eu-west-1": "eu-west-2",
        "/a/P": "/b/Q",
        READ_ONLY: READ_ONLY,
        "groups:a:b": "c",
    }
    assert json.loads(read_flat(flat).to_json()) == {
        "accounts": {OLD: NEW},
        "drop": {"accounts": [OTHER]},
        "groups": {"a:b": "c"},
        "policies": {"/a/P": "/b/Q", READ_ONLY: READ_ONLY},
        "regions": {"eu-west-1": "eu-west-2"},
    }


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"users": ["anna"]}, "[users]: expected a table"),
        ({"users": {"Anna": "a", "ANNA": "b"}}, "there twice"),
        ({"users": {"anna": "X", "bert": "x"}}, "anna and bert: cannot both become x"),
        ({"groups": {"": "x"}}, "'' is no group name"),
        ({"regions": {"Ireland": "eu-west-1"}}, "'Ireland' is no region name"),
        ({"policies": {"Deploy": "/x/Deploy"}}, "'Deploy' is neither the ARN"),
        ({"drop": ["x"]}, "[drop]: expected a table of lists"),
        ({"drop": {"accounts": OLD}}, "expected a list"),
        ({"drop": {"accounts": [1]}}, "1 is no text"),
        ({"groups": {"Admins": "a\x1fb"}}, "is no group name"),
        ({"users": {"anna": "\ud800"}}, "is no user name"),
        ({"accounts": {OLD: "\u0663" * 12}}, "is no account id"),
    ],
)
def test_a_wrong_mapping_is_told_in_words(raw: dict[str, object], problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_mappings(raw, "test")
    assert problem in str(caught.value)


def test_a_value_that_a_small_file_makes_endless_is_told_in_short() -> None:
    endless: object = "x"
    for _ in range(30):  # as anchors of YAML do it
        endless = [endless, endless]
    with pytest.raises(MappingError) as caught:
        read_mappings({"accounts": endless, "users": {"anna": endless}, "drop": {"users": [endless]}}, "test")
    assert len(str(caught.value)) < 1000
