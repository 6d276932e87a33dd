"""The Python interface over a real vault and ledger, without any service."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import (
    AssignmentData,
    BackupData,
    BackupFilters,
    BackupManager,
    BackupMetadata,
    BackupOptions,
    BackupType,
    ConflictStrategy,
    CustomerManagedPolicy,
    EncryptionMetadata,
    GroupData,
    PermissionSetData,
    RelationshipMap,
    ResourceType,
    RestoreManager,
    RestoreOptions,
    RetentionPolicy,
    StorageEngine,
    UserData,
)
from holdfast.api_answers import checksums_of
from holdfast.api_records import checksum_name, data_of, record_types, records_of
from holdfast.bootstrap import Installation
from holdfast.bootstrap.keys import Wanted, rotate_keys
from holdfast.config import load
from holdfast.domain.errors import HoldfastError, NotFound, Refused, UsageError, VaultDamaged
from holdfast.domain.outcomes import Severity
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from tests.simulators.key_service import MemoryKeyService
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.quiet import SilentProgress

INSTANCE = "arn:aws:sso:::instance/ssoins-1111111111111111"
ARN = "arn:aws:sso:::permissionSet/ssoins-1111111111111111/ps-2222222222222222"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


class Home(Installation):
    """An installation whose vault lies in memory; nothing in it reaches a service."""

    def __init__(self, folder: Path) -> None:
        super().__init__(load(None, {}, folder), SilentProgress())
        self.objects = MemoryStore()

    @cached_property
    def store(self) -> MemoryStore:
        return self.objects


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.ensure_default_vault()
    return made


def metadata(**changes: object) -> BackupMetadata:
    made = BackupMetadata(
        backup_id="",
        timestamp=datetime(2026, 11, 19, 8, 30, tzinfo=UTC),
        instance_arn=INSTANCE,
        backup_type=BackupType.FULL,
        version="1",
        source_account="111122223333",
        source_region="eu-central-1",
        retention_policy=RetentionPolicy(7, 4, 12, 3, auto_cleanup=False),
        encryption_info=EncryptionMetadata("AES-256-GCM", "key file", True),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def company() -> BackupData:
    """Two people, two groups, one permission set, written down as a backup of them is read."""
    anna = UserData(
        "Anna", "u-1", {"DisplayName": "Anna Å.", "Emails": [{"Value": "anna@example.com", "Primary": True}]}
    )
    berta = UserData("berta", "u-2", {"UserType": "staff"})
    return BackupData(
        metadata=metadata(),
        users=[anna, berta],
        groups=[GroupData("Admins", "g-1", "All rights", members=["Anna", "berta"]), GroupData("R/O", "g-2")],
        permission_sets=[
            PermissionSetData(
                name="Auditor",
                permission_set_arn=ARN,
                session_duration="PT4H",
                inline_policy='{"Version":"2012-10-17","Statement":[]}',
                managed_policies=[READ_ONLY],
                customer_managed_policies=[CustomerManagedPolicy("Deny", "/guard/")],
                permissions_boundary=CustomerManagedPolicy("Edge"),
                tags={"team": "audit"},
            )
        ],
        assignments=[
            AssignmentData("444455556666", "Auditor", "GROUP", "Admins", "prod"),
            AssignmentData("444455556666", "Auditor", "USER", "Anna"),
        ],
        relationships=RelationshipMap(
            user_groups={"Anna": ["Admins"], "berta": ["Admins"]},
            group_members={"Admins": ["Anna", "berta"]},
            permission_set_assignments={"Auditor": ["444455556666/GROUP/Admins", "444455556666/USER/Anna"]},
        ),
        checksums={},
    )


def test_a_stored_backup_comes_back_equal(home: Home) -> None:
    data = company()
    backup_id = StorageEngine(home).store_backup(data, data.metadata)
    found = StorageEngine(home).retrieve_backup(backup_id)
    data.metadata.backup_id = backup_id
    assert dataclasses.replace(found, checksums={}) == data


def test_metadata_name_the_kms_key_that_seals_the_key_file(home: Home) -> None:
    engine = StorageEngine(home)
    backup_id = engine.store_backup(company(), metadata())
    rotate_keys(home.settings, home.store, MemoryKeyService(), Wanted(kms_key="alias/vault"))
    (found,) = engine.list_backups(BackupFilters())
    assert (found.backup_id, found.encryption_info.kms_key) == (backup_id, "arn:one")


def test_storing_what_was_retrieved_keeps_every_checksum_of_records_and_types(home: Home) -> None:
    engine = StorageEngine(home)
    first = engine.retrieve_backup(engine.store_backup(company(), metadata()))
    second = engine.retrieve_backup(engine.store_backup(first, first.metadata))
    assert second.checksums == first.checksums


def test_checksums_name_every_record_type_and_the_snapshot(home: Home) -> None:
    engine = StorageEngine(home)
    found = engine.retrieve_backup(engine.store_backup(company(), metadata()))
    assert sorted(found.checksums) == [
        "record:assignment/444455556666/Auditor/GROUP/Admins",
        "record:assignment/444455556666/Auditor/USER/anna",
        "record:group/Admins",
        "record:group/R%2FO",
        "record:membership/Admins/anna",
        "record:membership/Admins/berta",
        "record:permission_set/Auditor",
        "record:user/anna",
        "record:user/berta",
        "snapshot",
        "type:assignment",
        "type:group",
        "type:membership",
        "type:permission_set",
        "type:user",
    ]


def test_a_type_that_was_left_out_has_no_checksum_and_an_empty_one_has(home: Home) -> None:
    engine = StorageEngine(home)
    data = company()
    data.groups, data.permission_sets, data.assignments, data.relationships = [], [], [], RelationshipMap()
    data.checksums = {"type:user": "", "type:group": ""}
    found = engine.retrieve_backup(engine.store_backup(data, metadata()))
    assert {name for name in found.checksums if name.startswith("type:")} == {"type:user", "type:group"}


def test_what_was_not_read_whole_stays_so_when_it_is_stored_again(home: Home) -> None:
    engine = StorageEngine(home)
    partial = company()
    partial.checksums = {"type:user": "", "incomplete:user": "identitystore:ListUsers was denied"}
    first = engine.store_backup(partial, metadata())
    found = engine.retrieve_backup(first)
    second = home.vault.resolve(engine.store_backup(found, found.metadata))
    assert [(part.type, part.reason) for part in second.sections if not part.complete] == [
        ("user", "identitystore:ListUsers was denied")
    ]
    assert not second.complete


def test_data_that_is_not_what_its_checksum_says_is_refused(home: Home) -> None:
    engine = StorageEngine(home)
    found = engine.retrieve_backup(engine.store_backup(company(), metadata()))
    found.permission_sets[0].session_duration = "PT12H"
    with pytest.raises(Refused, match="record:permission_set/Auditor is not what its checksum says"):
        engine.store_backup(found, found.metadata)


def test_a_record_that_was_taken_out_is_missed(home: Home) -> None:
    engine = StorageEngine(home)
    found = engine.retrieve_backup(engine.store_backup(company(), metadata()))
    del found.assignments[1]
    found.relationships = RelationshipMap()
    with pytest.raises(Refused, match="record:assignment/444455556666/Auditor/USER/anna"):
        engine.store_backup(found, found.metadata)


def test_a_record_that_is_not_what_was_noted_when_it_was_captured_is_damage(home: Home) -> None:
    info = home.vault.resolve(StorageEngine(home).store_backup(company(), metadata()))
    noted = {("user", "anna"): "0" * 64}
    with pytest.raises(VaultDamaged, match="record:user/anna"):
        checksums_of(info, home.vault.read(info), noted)


def test_records_that_are_not_those_that_were_sealed_are_damage(home: Home) -> None:
    info = home.vault.resolve(StorageEngine(home).store_backup(company(), metadata()))
    other = company()
    other.users[1].attributes["UserType"] = "guest"
    with pytest.raises(VaultDamaged, match="type:user"):
        checksums_of(info, view(other), {})


def test_relationships_that_say_other_than_the_groups_are_refused(home: Home) -> None:
    data = company()
    data.groups[0].members.remove("berta")
    with pytest.raises(Refused, match="disagree on Admins and berta"):
        StorageEngine(home).store_backup(data, metadata())


def test_relationships_may_be_left_to_the_rest_of_the_data(home: Home) -> None:
    data = company()
    data.relationships = RelationshipMap()
    engine = StorageEngine(home)
    assert (
        engine.retrieve_backup(engine.store_backup(data, metadata())).relationships == company().relationships
    )


def test_two_users_whose_names_differ_by_case_are_refused(home: Home) -> None:
    data = company()
    data.users.append(UserData("ANNA"))
    with pytest.raises(Refused, match="the user anna is there twice"):
        StorageEngine(home).store_backup(data, metadata())


def test_a_dangling_assignment_is_refused_before_it_is_stored(home: Home) -> None:
    data = company()
    data.assignments.append(AssignmentData("444455556666", "Auditor", "USER", "nobody"))
    data.relationships = RelationshipMap()
    with pytest.raises(Refused, match="refers to user nobody"):
        StorageEngine(home).store_backup(data, metadata())
    assert StorageEngine(home).list_backups(BackupFilters()) == []


def test_an_unknown_principal_type_is_named(home: Home) -> None:
    data = company()
    data.assignments[0].principal_type = "ROLE"
    with pytest.raises(UsageError, match="'ROLE'"):
        StorageEngine(home).store_backup(
            dataclasses.replace(data, relationships=RelationshipMap()), metadata()
        )


def test_integrity_of_a_sound_backup_is_reported_level_by_level(home: Home) -> None:
    backup_id = StorageEngine(home).store_backup(company(), metadata())
    found = StorageEngine(home).verify_integrity(backup_id)
    assert found.intact
    checked = {name: level.checked for name, level in found.levels.items()}
    assert (checked["records"], checked["types"], checked["snapshot"]) == (9, 5, 1)
    assert checked["packs"] >= 1


def test_a_flipped_byte_in_a_pack_is_found_and_named(home: Home) -> None:
    backup_id = StorageEngine(home).store_backup(company(), metadata())
    flip_a_byte(home.objects, largest(home.objects))
    found = StorageEngine(home).verify_integrity(backup_id)
    assert not found.intact
    assert any(largest(home.objects) in problem for problem in found.levels["packs"].problems)
    assert not BackupManager(home).validate_backup(backup_id).valid


def largest(store: MemoryStore) -> str:
    return max((found for found in store.list("") if "/" in found.name), key=lambda found: found.size).name


def flip_a_byte(store: MemoryStore, name: str) -> None:
    data = bytearray(store.get(name))
    data[-1] ^= 1
    store.put(name, bytes(data), replace=True)


def test_a_sound_backup_is_valid_and_says_what_was_left_out(home: Home) -> None:
    data = company()
    data.assignments, data.relationships, data.checksums = [], RelationshipMap(), {"type:user": ""}
    backup_id = StorageEngine(home).store_backup(data, metadata())
    found = BackupManager(home).validate_backup(backup_id)
    assert found.valid
    assert [(f.severity, f.code, f.type) for f in found.findings] == [
        (Severity.NOTE, "left-out", "assignment")
    ]


def test_backups_are_listed_newest_first_and_filtered(home: Home) -> None:
    engine = StorageEngine(home)
    morning = datetime(2026, 11, 19, 8, tzinfo=UTC)
    ids = [
        engine.store_backup(company(), metadata(timestamp=morning + timedelta(hours=hour), backup_type=kind))
        for hour, kind in ((0, BackupType.FULL), (1, BackupType.INCREMENTAL), (2, BackupType.FULL))
    ]

    def listed(filters: BackupFilters) -> list[str]:
        return [found.backup_id for found in engine.list_backups(filters)]

    assert listed(BackupFilters()) == ids[::-1]
    assert listed(BackupFilters(backup_type=BackupType.INCREMENTAL)) == [ids[1]]
    assert listed(BackupFilters(taken_from=datetime(2026, 11, 19, 9))) == [ids[2], ids[1]]  # noqa: DTZ001
    assert listed(BackupFilters(taken_until=morning)) == [ids[0]]
    assert listed(BackupFilters(instance_arn="another")) == []
    assert listed(BackupFilters(limit=1)) == [ids[2]]
    assert listed(BackupFilters(source_account="111122223333", source_region="eu-central-1")) == ids[::-1]
    assert listed(BackupFilters(source_account="999999999999")) == []
    assert listed(BackupFilters(source_region="us-east-1")) == []
    assert listed(BackupFilters(incomplete_only=True)) == []
    assert listed(BackupFilters(labels={"team": "red"})) == []
    assert BackupManager(home).list_backups(BackupFilters()) == engine.list_backups(BackupFilters())


def test_metadata_come_back_as_they_were_given(home: Home) -> None:
    given_ = metadata()
    backup_id = StorageEngine(home).store_backup(company(), given_)
    assert StorageEngine(home).list_backups(BackupFilters()) == [
        dataclasses.replace(given_, backup_id=backup_id)
    ]


def test_a_backup_is_deleted_by_its_whole_id_only(home: Home) -> None:
    manager = BackupManager(home)
    backup_id = StorageEngine(home).store_backup(company(), metadata())
    assert not manager.delete_backup("latest")
    assert not manager.delete_backup(backup_id[:-1])
    assert manager.delete_backup(backup_id)
    assert not manager.delete_backup(backup_id)
    with pytest.raises(NotFound):
        StorageEngine(home).retrieve_backup(backup_id)
    assert [entry.action for entry in home.ledger.audit()] == ["backup stored", "backup deleted"]


def test_automatic_cleanup_deletes_what_no_rule_of_the_backup_keeps(home: Home) -> None:
    engine, policy = StorageEngine(home), RetentionPolicy(1, 0, 0, 1, auto_cleanup=True)
    stamps = [
        datetime(2025, 12, 31, 9, tzinfo=UTC),
        *(datetime(2026, 11, 18, hour, tzinfo=UTC) for hour in (8, 9)),
    ]
    early = [engine.store_backup(company(), metadata(timestamp=stamp)) for stamp in stamps]
    newest = engine.store_backup(company(), metadata(retention_policy=policy))
    assert [found.backup_id for found in engine.list_backups(BackupFilters())] == [newest]
    assert newest not in early


@pytest.mark.parametrize(("daily", "weekly"), [(0, 0), (7, -1)])
def test_automatic_cleanup_without_a_sensible_rule_is_a_mistake(home: Home, daily: int, weekly: int) -> None:
    policy = RetentionPolicy(daily, weekly, 0, 0, auto_cleanup=True)
    with pytest.raises(UsageError, match="needs numbers from 0 on"):
        StorageEngine(home).store_backup(company(), metadata(retention_policy=policy))


def test_a_backup_without_a_policy_of_its_own_goes_by_the_settings(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text("[retention]\nkeep_daily = 5\n")
    made = Home(tmp_path)
    made.create_vault()
    own, none = (
        RetentionPolicy(7, 4, 12, 3, auto_cleanup=False),
        RetentionPolicy(0, 0, 0, 0, auto_cleanup=False),
    )
    for hour, policy in enumerate((own, none)):
        stamp = datetime(2026, 11, 19, hour, tzinfo=UTC)
        StorageEngine(made).store_backup(company(), metadata(retention_policy=policy, timestamp=stamp))
    listed = StorageEngine(made).list_backups(BackupFilters())
    settled = RetentionPolicy(5, 0, 0, 0, auto_cleanup=False)
    assert [found.retention_policy for found in listed] == [settled, own]


def test_since_with_a_full_backup_is_a_mistake(home: Home) -> None:
    with pytest.raises(UsageError, match="`since`"):
        BackupManager(home).create_backup(
            BackupType.FULL, BackupOptions(since=datetime(2026, 11, 19, tzinfo=UTC))
        )


def test_a_backup_of_nothing_is_a_mistake(home: Home) -> None:
    with pytest.raises(UsageError, match="No resource type"):
        BackupManager(home).create_backup(BackupType.FULL, BackupOptions(resources=[]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (RestoreOptions(resource_mappings={"4444": "777788889999"}), "unknown section"),
        (RestoreOptions(resource_mappings={"444455556666": "7777"}), "no account id"),
        (RestoreOptions(conflict_strategy=ConflictStrategy.PROMPT), "PROMPT needs somebody to ask"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_asked(
    home: Home, options: RestoreOptions, said: str
) -> None:
    backup_id = StorageEngine(home).store_backup(company(), metadata())
    with pytest.raises(HoldfastError, match=said) as refusal:
        RestoreManager(home).restore_backup(backup_id, options)
    assert refusal.value.advice
    with pytest.raises(HoldfastError, match=said):
        RestoreManager(home).preview_restore(backup_id, options)


def test_an_unknown_backup_is_a_named_error(home: Home) -> None:
    for ask in (
        StorageEngine(home).retrieve_backup,
        StorageEngine(home).verify_integrity,
        BackupManager(home).validate_backup,
    ):
        with pytest.raises(NotFound):
            ask("20200101T000000.000Z-00000000")


def test_groups_are_selected_with_their_memberships() -> None:
    assert record_types([ResourceType.ASSIGNMENTS, ResourceType.GROUPS]) == (
        "group",
        "membership",
        "assignment",
    )
    assert record_types(list(ResourceType)) == (
        *("user", "group", "membership", "permission_set", "assignment"),
        *("instance", "access_control_attributes"),
        *("trusted_token_issuer", "application", "application_assignment"),
    )


# -- any data goes to records and back

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), min_size=1, max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
attributes = st.dictionaries(st.sampled_from(["DisplayName", "Emails", "Title", "UserType", "Locale"]), plain)
users = st.builds(UserData, user_name=names, user_id=texts, attributes=attributes)
policies = st.builds(CustomerManagedPolicy, name=names, path=st.just("/") | names)
permission_sets = st.builds(
    PermissionSetData,
    name=names,
    permission_set_arn=texts,
    description=texts,
    session_duration=st.sampled_from(["PT1H", "PT12H"]),
    relay_state=texts,
    inline_policy=texts,
    managed_policies=st.lists(names, unique=True).map(sorted),
    customer_managed_policies=st.lists(policies, unique_by=lambda p: (p.name, p.path)).map(
        lambda found: sorted(found, key=lambda p: (p.name, p.path))
    ),
    permissions_boundary=st.none() | names | policies,
    tags=st.dictionaries(names, texts),
)


@st.composite
def backups(draw: st.DrawFn) -> BackupData:
    """Data in the order that a backup is read in; relationships are left to the rest."""
    people = sorted(
        draw(st.lists(users, unique_by=lambda u: u.user_name.casefold())),
        key=lambda u: u.user_name.casefold(),
    )
    members = st.lists(st.sampled_from([u.user_name for u in people]), unique=True) if people else st.just([])
    group = st.builds(
        GroupData,
        display_name=names,
        group_id=texts,
        description=texts,
        external_ids=st.lists(st.tuples(names, names), unique=True).map(sorted),
        members=members.map(lambda found: sorted(found, key=str.casefold)),
    )
    groups = sorted(draw(st.lists(group, unique_by=lambda g: g.display_name)), key=lambda g: g.display_name)
    sets = sorted(draw(st.lists(permission_sets, unique_by=lambda p: p.name)), key=lambda p: p.name)
    return BackupData(metadata(), people, groups, sets, [], RelationshipMap(), {})


def view(data: BackupData) -> MemoryView:
    return MemoryView(Part(name, found) for name, found in records_of(data).items())


@given(backups())
def test_any_data_survives_the_way_through_records(data: BackupData) -> None:
    back = data_of(view(data), data.metadata, {})
    assert dataclasses.replace(back, relationships=RelationshipMap()) == data
    assert records_of(back) == records_of(data)


@given(st.lists(st.tuples(names, names), min_size=2, max_size=2, unique=True))
def test_two_records_never_share_the_name_of_a_checksum(pairs: list[tuple[str, str]]) -> None:
    assert len({checksum_name("membership", "\x1f".join(pair)) for pair in pairs}) == 2
