"""What a stored backup looks like: keys with a date, bundles that are always the same, items under a backup's id."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from holdfast.domain.outcomes import Severity
from holdfast.domain.records import join_key
from holdfast.domain.runs import RunState
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from holdfast.sandbox.faults import FaultRule
from holdfast.systems.quicksight.model import (
    ASSET_KINDS,
    DASHBOARD,
    GROUP,
    IDENTITIES,
    REFRESH_SCHEDULE,
    THEME,
    USER,
    Asset,
)
from holdfast.systems.quicksight.records.assets import asset_record, read_member
from holdfast.systems.quicksight.storing.bundles import Contents, archive, divided, member_name, rebuilt
from holdfast.systems.quicksight.storing.names import sort_value
from holdfast.systems.quicksight.storing.stages import verify_stored
from holdfast.systems.quicksight.storing.where import asset_places, places
from tests.systems.quicksight.storing.storage import Storage, company, person

REAL = Path(__file__).parents[5] / "shared" / "realdata" / "quicksight" / "TotalDeathByCountry.qs"


def view() -> MemoryView:
    return MemoryView(Part(name, records) for name, records in company().items())


def test_a_bundle_is_built_twice_with_the_same_bytes() -> None:
    first, second = list(divided(view(), 3)), list(divided(view(), 3))
    assert first == second
    assert [rebuilt(view(), contents) for contents, _ in first] == [data for _, data in first]


@pytest.mark.skipif(not REAL.exists(), reason="the published bundle is not beside the checkout")
def test_a_bundle_of_a_published_one_s_assets_has_its_members_under_their_names() -> None:
    with ZipFile(REAL) as published:
        members = {name: published.read(name) for name in published.namelist()}
    kinds = {kind.folder: kind for kind in ASSET_KINDS.values()}
    records = []
    for name, data in members.items():
        member = read_member(data)
        kind = kinds[name.split("/")[0]]
        records.append(asset_record(Asset(kind.type, str(member[kind.id_field]), member)))
    with ZipFile(BytesIO(archive(records))) as built:
        assert {name: json.loads(built.read(name), parse_float=str) for name in built.namelist()} == {
            name: json.loads(data, parse_float=str) for name, data in members.items()
        }


def test_described_assets_have_bundles_of_their_own() -> None:
    found = [contents for contents, _ in divided(view(), 3)]
    assert Contents(THEME, ("blue",)) in found
    assert Contents(THEME, ("odd",), described=True) in found
    assert Contents(DASHBOARD, ("board-0", "board-1", "board-2")) in found
    assert Contents(DASHBOARD, ("board-3",)) in found
    assert len(found) == 6


def test_members_are_named_as_the_service_names_them_and_never_leave_the_folder() -> None:
    assert member_name(DASHBOARD, "e0772d4e-bd69") == "dashboard/e0772d4e-bd69.json"
    assert member_name(REFRESH_SCHEDULE, join_key("sales", "daily")) == "refreshschedule/sales/daily.json"
    assert member_name(THEME, "../../x") == "theme/..%2F..%2Fx.json"


def test_names_with_the_separator_in_them_make_different_sort_keys() -> None:
    assert sort_value(join_key("default", "ada")) == "default#ada"
    assert sort_value(join_key("default", "a#b", "c")) == "default#a%23b#c"
    assert sort_value(join_key("default", "a", "b#c")) == "default#a#b#c"


@pytest.mark.parametrize(
    ("date", "shown"),
    [("YYYY/MM/DD", "2026/11/20"), ("YYYY-MM-DD", "2026-11-20"), ("YYYYMMDD", "20261120")],
)
def test_generate_s3_key_with_date_prefix(storage: Storage, date: str, shown: str) -> None:
    storage.settings = replace(storage.settings, prefix_format=date)
    storage.contents = {THEME: company()[THEME]}
    run = storage.store()
    short = run.id.rpartition("-")[2]
    assert storage.keys() == [
        f"kept/{shown}/theme/theme_bundle_1-090807-{short}.qs",
        f"kept/{shown}/theme/theme_described_bundle_1-090807-{short}.qs",
    ]


def test_log_success_and_update_manifest_every_asset_has_its_place(storage: Storage) -> None:
    run = storage.store()
    assert run.state is RunState.COMPLETE
    places = asset_places(storage.bench.ledger, run.id)
    assert len(places) == 8 and all(place.stored for place in places.values())
    bundle = places[DASHBOARD, "board-3"]
    stored = storage.s3.get_object(Bucket=storage.name, Key=bundle.key)
    data = stored["Body"].read()
    assert len(data) == bundle.size
    with ZipFile(BytesIO(data)) as opened:
        assert opened.namelist() == ["dashboard/board-3.json"]
        assert opened.read("dashboard/board-3.json") == b'{"name":"board-3","resourceType":"dashboard"}'
    assert stored["ContentType"] == "application/zip"
    assert stored["Metadata"]["sha256"] == bundle.sha256
    assert stored["Metadata"]["backup-id"] == run.snapshot
    notes = [finding.message for finding in storage.findings(Severity.NOTE)]
    whole = [
        told
        for told in notes
        if told.startswith("6 of 6 bundles, with 8 assets, were read back whole from s3://")
    ]
    assert len(whole) == 1


def test_encryption_class_and_tags_are_those_of_the_settings(storage: Storage) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    storage.settings = replace(
        storage.settings, kms_key=key, storage_class="STANDARD_IA", tags="team=bi, env=x"
    )
    storage.contents = {DASHBOARD: company()[DASHBOARD][:1]}
    assert storage.store().state is RunState.COMPLETE
    (name,) = storage.keys()
    head = storage.s3.head_object(Bucket=storage.name, Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert head["StorageClass"] == "STANDARD_IA"
    tags = storage.s3.get_object_tagging(Bucket=storage.name, Key=name)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "bi", "env": "x"}


def test_log_success_and_update_count_items_say_what_the_service_said(storage: Storage) -> None:
    storage.types = IDENTITIES
    run = storage.store()
    assert run.state is RunState.COMPLETE and storage.keys() == []
    (membership,) = storage.items("memberships")
    assert membership == {
        "backup_id": {"S": run.snapshot},
        "backup_timestamp": {"S": "2026-11-20T09:08:07+00:00"},
        "membership_id": {"S": "default#Data %231#person-000"},
        "namespace": {"S": "default"},
        "group": {"S": "Data #1"},
        "user": {"S": "person-000"},
    }
    zoe = next(item for item in storage.items("users") if item["user_name"]["S"] == "team#zoe")
    assert (zoe["role"], zoe["identity_type"], zoe["active"]) == (
        {"S": "READER"},
        {"S": "QUICKSIGHT"},
        {"BOOL": True},
    )
    assert zoe["email"] == {"S": "zoe@example.org"} and "expires_at" not in zoe
    notes = [finding.message.partition(" of backup ") for finding in storage.findings(Severity.NOTE)]
    assert [(count, table.partition(" in table ")[2]) for count, _, table in notes] == [
        ("4 of 4 items", f"{storage.table('users')} as written"),
        ("2 of 2 items", f"{storage.table('groups')} as written"),
        ("1 of 1 items", f"{storage.table('memberships')} as written"),
    ]


def test_the_manifest_tells_of_everything_where_it_is_or_why_not(storage: Storage) -> None:
    storage.contents = {USER: [person("ada")], GROUP: company()[GROUP][:1], THEME: company()[THEME]}
    storage.faults(
        FaultRule(service="s3", operation="PUT .*described.*", deny=True),
        FaultRule(
            service="dynamodb", operation="BatchW.*", parameters={"RequestItems": "-groups"}, deny=True
        ),
    )
    run = storage.store()
    told = {place.key: place for place in places(storage.bench.ledger, run.id, storage.name)}
    assert told[join_key("default", "ada")].location == f"dynamodb:{storage.table('users')}"
    group = told[join_key("default", "Data #1")]
    assert group.location == "" and "dynamodb:BatchWriteItem" in group.reason
    (key,) = storage.keys()
    assert told["blue"].location == f"s3://{storage.name}/{key}" and len(told["blue"].sha256) == 64
    assert told["odd"].location == "" and "s3:PutObject" in told["odd"].reason
    assert all(place.in_vault for place in told.values())


def test_two_backups_of_one_day_do_not_mix(storage: Storage) -> None:
    first = storage.store()
    storage.contents = {**company(), USER: [person("person-001"), person("person-009")]}
    second = storage.store()
    assert (first.state, second.state) == (RunState.COMPLETE, RunState.COMPLETE)
    assert len(storage.keys()) == 12
    by_backup = {run.snapshot: set[str]() for run in (first, second)}
    for item in storage.items("users"):
        by_backup[item["backup_id"]["S"]].add(item["user_name"]["S"])
    assert by_backup[first.snapshot] == {
        "default#person-000",
        "default#person-001",
        "default#person-002",
        "team#zoe",
    }
    assert by_backup[second.snapshot] == {"default#person-001", "default#person-009"}
    assert {outcome.code for outcome in storage.outcomes("table").values()} == {"already-so"}


def test_a_backup_is_verified_long_after_its_run(storage: Storage) -> None:
    storage.contents = {USER: [person("ada")], DASHBOARD: company()[DASHBOARD][:1]}
    sealed = storage.vault.of_run(storage.store().id)
    assert sealed is not None
    looked: list[str] = []

    def severities() -> list[Severity]:
        found = verify_stored(storage.bench.ledger, sealed, storage.outside(), looked.append)
        return [finding.severity for finding in found]

    assert severities() == [Severity.NOTE, Severity.NOTE]
    assert looked == [storage.table("users"), *storage.keys()]
    storage.s3.delete_object(Bucket=storage.name, Key=looked[1])
    assert severities() == [Severity.NOTE, Severity.ERROR, Severity.NOTE]
