"""A backup of QuickSight under a mapping: every ARN, id and name in its new place, and back again."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.domain.errors import NotFound, UsageError
from holdfast.domain.records import Record, RecordView, join_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.mapping import MappingError
from holdfast.kernel.translation import TranslatedView
from holdfast.systems.quicksight.elsewhere.naming import key_of
from holdfast.systems.quicksight.elsewhere.resource_mappings import read_json, read_mappings
from holdfast.systems.quicksight.elsewhere.translation import translate
from tests.systems.quicksight.small_estate import (
    ACCOUNT,
    ALL_TYPES,
    REGION,
    arn,
    asset,
    group,
    member,
    namespace,
    person,
    user,
    view,
)

OTHER, NEW = "222222222222", "333333333333"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{NEW}:secret:db-AbCdEf"
ELSEWHERE = {
    "accounts": {ACCOUNT: NEW},
    "regions": {REGION: "eu-west-1"},
    "identity_regions": {"us-east-1": "eu-central-1"},
}
Raw = Mapping[str, object]


def under(raw: Raw, *records: Record) -> TranslatedView:
    return translate(view(records), read_mappings(raw, "test").to_json())


def only(translated: RecordView, type_name: str) -> Record:
    (record,) = translated.records(type_name)
    return record


def body(record: Record) -> dict[str, Plain]:
    return plain(record.body)


def messages(translated: TranslatedView) -> list[str]:
    return [f"{finding.code}: {finding.message}" for finding in translated.findings()]


# -- there and back

ACCOUNTS, REGIONS = (ACCOUNT, OTHER, NEW), ("us-east-1", "us-east-2", "eu-west-1")
SPACES: dict[str, tuple[str, ...]] = {
    "accounts": ACCOUNTS,
    "regions": REGIONS,
    "identity_regions": REGIONS,
    "namespaces": ("default", "sales", "zoo"),
}
PATHS = ("dataset/d", "datasource/s", "analysis/a/version/2", "theme/t", "folder/f", "vpcConnection/v")
PEOPLE = ("user/default/anna", "user/sales/Role/bert@example.com", "group/zoo/Staff", "namespace/default")
WORDS = (
    "arn:aws:quicksight::aws:theme/MIDNIGHT",
    "arn:aws:iam::111111111111:role/r",
    ACCOUNT,
    "us-east-2",
    "é\n",
)

arns = st.builds(arn, st.sampled_from(PATHS), st.sampled_from(ACCOUNTS), st.sampled_from(REGIONS))
people = st.builds(arn, st.sampled_from(PEOPLE), st.sampled_from(ACCOUNTS), st.sampled_from(REGIONS))
fractions = st.sampled_from(["0.5", "1e400", "-0.0"]).map(lambda digits: {"#": digits})
leaves = arns | people | st.sampled_from(WORDS) | st.integers() | st.booleans() | st.none() | fractions
members = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def permutations(draw: st.DrawFn) -> Raw:
    """In each section every name becomes another one of the same section, or itself."""
    return {
        section: dict(zip(names, draw(st.permutations(names)), strict=True))
        for section, names in SPACES.items()
    }


@st.composite
def estates(draw: st.DrawFn) -> list[Record]:
    spaces = draw(st.lists(st.sampled_from(SPACES["namespaces"]), unique=True))
    made = [namespace(name) for name in spaces]
    made += [user("anna", name) for name in spaces] + [group("Staff", name) for name in spaces]
    made += [member("Staff", "anna", name) for name in spaces]
    for kind in ("dashboard", "data_set", "folder"):
        rights = draw(st.dictionaries(people, st.just(("quicksight:View",)), max_size=3))
        made.append(asset(kind, "x", {"content": draw(members)}, rights, members=tuple(draw(st.lists(arns)))))
    return made


def inverse(mapping: Raw) -> Raw:
    return {
        section: {new: old for old, new in pairs.items()}  # type: ignore[attr-defined]
        for section, pairs in mapping.items()
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(estates(), permutations())
def test_the_inverse_mapping_gives_the_same_bytes_and_every_view_is_in_order(
    records: list[Record], mapping: Raw
) -> None:
    start = view(records)
    there = translate(start, read_mappings(mapping, "there").to_json())
    back = translate(there, read_mappings(inverse(mapping), "back").to_json())
    for name in ALL_TYPES:
        assert list(back.records(name)) == list(start.records(name))
        found = list(there.records(name))
        assert [each.key for each in found] == sorted(each.key for each in found)
        assert [there.find(name, each.key) for each in found] == found


@settings(max_examples=30, deadline=None)
@given(members, st.dictionaries(people, st.just(("quicksight:View",)), max_size=3))
def test_nothing_but_arns_of_the_mapped_account_changes(
    content: Plain, rights: dict[str, tuple[str, ...]]
) -> None:
    start = asset("dashboard", "x", {"content": content}, rights, tags={"Arn": arn("dataset/d")})
    mapped = body(only(under(ELSEWHERE, start), "dashboard"))
    expected = _by_text(body(start))
    assert (mapped["Definition"], mapped["Tags"]) == (expected["Definition"], body(start)["Tags"])
    assert mapped["Permissions"] == expected["Permissions"]


def _by_text(value: Plain) -> dict[str, Plain]:
    """The same by replacing text: the account is only named in ARNs here, whose kind tells the region."""
    text = json.dumps(value)
    for region in REGIONS:
        for path in (*PATHS, *PEOPLE):
            section = "identity_regions" if path in PEOPLE else "regions"
            new = ELSEWHERE[section].get(region, region)
            text = text.replace(f'"{arn(path, ACCOUNT, region)}"', f'"{arn(path, NEW, new)}"')
    return dict(json.loads(text))


# -- what becomes of what


def test_an_id_prefix_is_on_every_asset_and_every_reference_to_one_and_on_nobody() -> None:
    schedule = join_key("d", "nightly")
    records = (
        asset("data_set", "d", {"physicalTableMap": {"t": {"dataSourceArn": arn("datasource/s")}}}),
        asset("refresh_schedule", schedule),
        asset("theme", "t", {"baseThemeId": "MIDNIGHT"}, {person("user/default/anna"): ("a",)}),
    )
    prefixed = under({"assets": {"id_prefix": "new-"}}, *records)
    data_set, refresh, theme = (only(prefixed, name) for name in ("data_set", "refresh_schedule", "theme"))
    assert (data_set.key, refresh.key, theme.key) == ("new-d", join_key("new-d", "nightly"), "new-t")
    assert body(data_set)["Definition"] == {
        "resourceType": "dataset",
        "dataSetId": "new-d",
        "name": "D",
        "physicalTableMap": {"t": {"dataSourceArn": arn("datasource/new-s")}},
    }
    assert (body(refresh)["Definition"], body(theme)["Permissions"]) == (
        {"resourceType": "refreshschedule", "dataSetId": "new-d", "scheduleId": "nightly", "name": schedule.upper()},
        {person("user/default/anna"): ["a"]},
    )  # fmt: skip
    assert prefixed.find("data_set", "new-d") == data_set
    assert prefixed.find("data_set", "d") is None


def test_a_principal_becomes_another_one_by_its_own_entry_before_that_of_its_user_or_namespace() -> None:
    held = {
        person("user/default/anna"): ("a", "b"),
        person("user/default/bert"): ("b", "c"),
        person("group/default/Staff"): ("a",),
        person("namespace/default"): ("a",),
        person("user/default/carl"): ("a",),
    }
    mapping: Raw = {
        **ELSEWHERE,
        "namespaces": {"default": "sales"},
        "users": {"default/bert": "default/bea"},
        "principals": {"user/default/anna": "group/sales/Owners", person("user/default/bert"): "group/sales/Owners"},
    }  # fmt: skip
    there = {"account": NEW, "region": "eu-central-1"}
    assert body(only(under(mapping, asset("theme", "t", None, held)), "theme"))["Permissions"] == {
        person("group/sales/Owners", **there): ["a", "b", "c"],
        person("group/sales/Staff", **there): ["a"],
        person("namespace/sales", **there): ["a"],
        person("user/sales/carl", **there): ["a"],
    }


def test_who_is_dropped_loses_memberships_and_permissions_and_is_listed() -> None:
    drop = {"users": ["default/anna"], "principals": ["group/default/Staff"], "namespaces": ["old"]}
    held = {person(f"user/{name}"): ("a",) for name in ("default/anna", "default/bert", "old/zoe")} | {
        person("group/default/Staff"): ("a",)
    }
    records = (
        *(namespace(name) for name in ("default", "old")),
        *(user("anna"), user("bert"), user("zoe", "old"), group("Staff")),
        *(member("Staff", name) for name in ("anna", "bert")),
        *(asset("theme", key, None, held) for key in ("s", "t")),
    )
    left = under({"drop": drop}, *records)
    assert [
        each.key for name in ("namespace", "user", "group", "membership") for each in left.records(name)
    ] == [
        "default",
        join_key("default", "bert"),
        join_key("default", "Staff"),
        join_key("default", "Staff", "bert"),
    ]
    assert {*body(next(left.records("theme")))["Permissions"]} == {person("user/default/bert")}  # type: ignore[misc]
    assert messages(left) == [
        f"mapping-dropped: {person(path)} is dropped, and so are the permissions that it has on 2 assets."
        for path in ("group/default/Staff", "user/default/anna", "user/old/zoe")
    ]


def test_an_asset_that_nobody_may_see_any_more_is_named() -> None:
    held = {person("user/default/anna"): ("a",)}
    alone = under({"drop": {"principals": ["user/default/anna"]}}, asset("theme", "t", None, held))
    assert messages(alone)[1:] == [
        "mapping-orphan: Nobody is left who may see theme t: all who may are dropped."
    ]


def test_renamed_people_keep_everything_else() -> None:
    renamed = under({"users": {"default/anna": "sales/Role/bea"}, "groups": {"default/G": "sales/H"}},
                    user("anna"), group("G"), member("G", "anna"))  # fmt: skip
    one = only(renamed, "user")
    assert (one.key, one.body) == (join_key("sales", "Role/bea"), user("anna").body)
    assert plain(one.personal) == {"UserName": "Role/bea", "Email": "anna@example.com"}
    assert only(renamed, "group") == group("G")._replace(key=join_key("sales", "H"))
    assert only(renamed, "membership").key == join_key("sales", "H", "Role/bea")
    assert renamed.findings() == []


def test_assets_get_other_names_by_their_ids_and_tags_beside_their_own() -> None:
    records = (
        asset("dashboard", "a", tags={"team": "blue", "env": "old"}),
        asset("dashboard", "b"),
        asset("refresh_schedule", join_key("d", "nightly")),
    )
    mapped = under({"names": {"a": "Sales here", "z": "Nobody"}, "tags": {"env": "new"}}, *records)
    one, other = (body(record) for record in mapped.records("dashboard"))
    assert [each["Definition"]["name"] for each in (one, other)] == ["Sales here", "B"]  # type: ignore[index,call-overload]
    assert (one["Tags"], other["Tags"]) == ({"team": "blue", "env": "new"}, {"env": "new"})
    assert body(only(mapped, "refresh_schedule")) == body(records[2])
    assert messages(mapped) == [
        "mapping-unused: The backup holds none of these names of the mapping: z.",
    ]


def test_a_data_source_gets_the_parameters_of_the_target_and_keeps_the_others() -> None:
    held: dict[str, Plain] = {"postgreSqlParameters": {"host": "old", "port": 5432, "database": "app"}}
    source = asset("data_source", "s", {"type": "POSTGRESQL", "dataSourceParameters": held})
    entry = {"secret_arn": SECRET, "parameters": {"host": "new", "prot": 1}}
    mapped = under({"data_sources": {"s": entry}}, source)
    assert body(only(mapped, "data_source"))["Definition"] == {
        "resourceType": "datasource",
        "dataSourceId": "s",
        "name": "S",
        "type": "POSTGRESQL",
        "dataSourceParameters": {
            "postgreSqlParameters": {"host": "new", "port": 5432, "database": "app", "prot": 1}
        },
    }
    assert messages(mapped) == ["mapping-parameter: Data source s has no prot; it has database, host, port."]


def test_a_network_is_another_one_elsewhere_and_what_is_left_of_the_old_account_is_told() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/net"
    fields: dict[str, Plain] = {"securityGroupIds": ["sg-1"], "roleArn": role}
    connection = asset("vpc_connection", "v", fields)
    new = {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-9"]}
    mapped = under({**ELSEWHERE, "vpc_connections": {"v": new}}, connection)
    assert body(only(mapped, "vpc_connection"))["Definition"] == {
        "resourceType": "vpcconnection",
        "vpcConnectionId": "v",
        "name": "V",
        "securityGroupIds": ["sg-9"],
        "roleArn": role,
    }
    left = f"mapping-left: vpc_connection v still names {role}, which is of an account that is mapped."
    assert left in messages(mapped)
    assert "mapping-subnets: VPC connection v needs subnets and security groups of the target." in messages(
        under(ELSEWHERE, connection)
    )
    roled = under(
        {**ELSEWHERE, "vpc_connections": {"v": {**new, "role_arn": f"arn:aws:iam::{NEW}:role/n"}}}, connection
    )
    assert not [told for told in messages(roled) if "mapping-left" in told]


def test_a_capacity_region_and_a_partition_follow_their_region() -> None:
    china: Raw = {"regions": {REGION: "cn-north-1"}, "identity_regions": {"us-east-1": "cn-north-1"}}
    held = asset("theme", "t", {"x": arn("theme/u")}, {person("user/default/anna"): ("a",)})
    mapped = under(china, namespace("default"), held)
    assert body(only(mapped, "namespace"))["CapacityRegion"] == "cn-north-1"
    there = body(only(mapped, "theme"))
    definition = there["Definition"]
    assert isinstance(definition, dict)
    assert definition["x"] == f"arn:aws-cn:quicksight:cn-north-1:{ACCOUNT}:theme/u"
    assert [*there["Permissions"]] == [  # type: ignore[misc]
        f"arn:aws-cn:quicksight:cn-north-1:{ACCOUNT}:user/default/anna"
    ]


# -- what is wrong


def test_two_people_who_would_be_one_collide_and_a_group_and_its_member_cannot_part() -> None:
    merged = under({"namespaces": {"sales": "default"}}, user("anna"), user("anna", "sales"))
    assert [(each.code, each.type, each.key) for each in merged.findings()] == [
        ("collision", "user", join_key("default", "anna"))
    ]
    apart = under({"users": {"default/anna": "sales/anna"}}, user("anna"), group("G"), member("G", "anna"))
    assert messages(apart) == [
        "mapping-apart: Group G would be in namespace default and its member anna in sales."
    ]


def test_entries_that_nothing_has_and_accounts_that_no_entry_covers_are_named() -> None:
    shared = arn("dataset/shared", OTHER)
    record = asset("analysis", "a", {"declared": [arn("dataset/d"), shared]})
    mapping: Raw = {
        **ELSEWHERE,
        "groups": {"default/G": "default/H"},
        "data_sources": {"s": {"secret_arn": SECRET}},
    }
    found = under(mapping, record)
    assert messages(found) == [
        "mapping-unused: The backup holds none of these identity_regions of the mapping: us-east-1.",
        "mapping-unused: The backup holds none of these groups of the mapping: default/G.",
        "mapping-unused: The backup holds none of these data_sources of the mapping: s.",
        f"mapping-uncovered: The backup names things of account {OTHER}, which [accounts] leaves out.",
    ]
    definition = body(only(found, "analysis"))["Definition"]
    assert isinstance(definition, dict)
    assert definition["declared"] == [arn("dataset/d", NEW, "eu-west-1"), shared]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"user": {}}, "[user]: unknown section; did you mean users?"),
        ({"users": {"anna": "default/bea"}}, "'anna' is no NAMESPACE/USER"),
        ({"users": {"d/a": "d/c", "d/b": "d/c"}}, "d/a and d/b: cannot both become d/c"),
        ({"principals": {"default/anna": "user/default/x"}}, "'default/anna' is neither user/NAMESPACE/NAME"),
        ({"namespaces": {"a b": "c"}}, "'a b' is no name of a namespace"),
        ({"drop": {"regions": []}}, "[drop] regions: cannot be dropped"),
        ({"assets": {"prefix": "x"}}, "[assets] prefix: unknown setting; did you mean id_prefix?"),
        ({"assets": {"id_prefix": "a/b"}}, "'a/b' is no prefix of ids"),
        ({"assets": {"start_after": "2030-01-01T00:00:00"}}, "has no time zone"),
        ({"assets": {"start_after": "soon"}}, "[assets] start_after"),
        ({"data_sources": {"s": {"secret_arn": "db"}}}, "[data_sources.s] secret_arn: 'db' is no ARN of a secret"),
        ({"data_sources": {"s": {"parameters": {"port": 1.5}}}}, "port is no text, whole number or truth"),
        ({"data_sources": ["s"]}, "[data_sources]: expected a table"),
        ({"vpc_connections": {"v": {"subnet_ids": ["subnet-1"]}}}, "2 subnets are needed"),
        ({"vpc_connections": {"v": {"subnet_ids": ["subnet-1", "x"]}}}, "'x' is no id of a subnet"),
        ({"vpc_connections": {"v": {"role_arn": "r"}}}, "'r' is no ARN of a role"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_told_in_words(raw: Raw, problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_mappings({**raw, "accounts": {"1": "2"}}, "test")
    assert problem in str(caught.value)
    assert "[accounts] 1: '1' is no account id" in str(caught.value)


def test_a_mapping_is_read_back_as_it_was_written_and_an_empty_one_is_nothing() -> None:
    whole = read_mappings(
        {
            **ELSEWHERE,
            "drop": {"users": ["default/anna"]},
            "assets": {"id_prefix": "new-", "start_after": "2030-01-01T04:00:00Z"},
            "data_sources": {"s": {"secret_arn": SECRET, "parameters": {"port": 1}}},
            "vpc_connections": {"v": {"subnet_ids": ["subnet-1", "subnet-2"]}},
        },
        "test",
    )
    assert read_json(whole.to_json()) == whole
    assert read_mappings({"accounts": {}, "assets": {}}, "test").to_json() == ""


# -- one asset by name


def test_an_asset_is_found_by_id_or_by_a_name_that_only_it_has() -> None:
    estate = view(
        [
            *(asset("dashboard", key, {"name": name}) for key, name in (("a", "Sales"), ("b", "Sales"), ("c", 'Q"1'))),
            *(asset("data_set", "d", {"name": "orders"}), asset("refresh_schedule", join_key("d", "nightly"))),
        ]
    )  # fmt: skip
    assert key_of(estate, "dashboard", "b") == "b"
    assert key_of(estate, "dashboard", 'Q"1') == "c"
    assert key_of(estate, "refresh_schedule", "orders / nightly") == join_key("d", "nightly")
    assert key_of(estate, "membership", "default / Staff / anna") == join_key("default", "Staff", "anna")
    with pytest.raises(UsageError) as caught:
        key_of(estate, "dashboard", "Sales")
    assert (str(caught.value), caught.value.advice) == (
        "2 records of type dashboard are called Sales.",
        "Give the id of one of them: a, b.",
    )
    with pytest.raises(NotFound):
        key_of(estate, "dashboard", "sales")


def test_canonical_bytes_are_kept_where_nothing_is_mapped() -> None:
    record = asset("theme", "t", {"fraction": {"#": "0.50"}, "empty": [], "no": None})
    assert only(under({}, record), "theme") == record
    assert record.body == canonical(body(record))
