"""What is written is read: sections, comparison, references, deletion."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import NotFound, Refused, UsageError, VaultDamaged
from holdfast.domain.records import Record, RecordView
from holdfast.kernel.vault.catalogue import parse_moment
from holdfast.kernel.vault.packs import Packing
from holdfast.kernel.vault.vault import Vault
from holdfast.kernel.vault.writer import kept_layers
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import (
    SOURCE,
    START,
    SYSTEM,
    TINY,
    assignment,
    company,
    contents_of,
    new_vault,
    open_vault,
    take,
    user,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(store: MemoryStore, tmp_path: Path) -> Vault:
    return new_vault(store, tmp_path)


def bytes_in(store: MemoryStore) -> int:
    return sum(map(len, store.objects.values()))


def test_a_capture_is_read_back_equal_by_another_process(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    info = take(vault, company(500))
    view: RecordView = open_vault(store, tmp_path).read(info)
    assert contents_of(view) == company(500)


def test_keys_are_read_without_personal_parts(vault: Vault, store: MemoryStore, tmp_path: Path) -> None:
    take(vault, company(30))
    info = take(vault, company(20) | {"group": [Record("group", "G", b"{}")]}, after=1)
    for name in [name for name, data in store.objects.items() if data[:5] == b"HFV\x01P"]:
        del store.objects[name]
    view = open_vault(store, tmp_path).read(info)
    assert list(view.keys("user")) == [f"person-{number:04d}" for number in range(20)]
    assert list(view.keys("group")) == ["G"]
    assert list(view.keys("membership")) == []
    with pytest.raises(VaultDamaged):
        list(view.records("user"))


def test_a_snapshot_says_what_it_holds(vault: Vault) -> None:
    writer = vault.begin(SYSTEM)
    writer.add_section("user", [user("ada")])
    writer.add_section("group", [], complete=False, reason="ListGroups was denied")
    writer.leave_out("assignment", "not asked for")
    sealed = writer.seal(
        kind="incremental",
        taken_at=START,
        source=SOURCE,
        run="run-7",
        parent="before",
        during=("run-6",),
        audit_head="abc",
        labels=(("team", "treasury"),),
    )
    (listed,) = vault.snapshots(SYSTEM)
    assert listed == sealed
    assert (listed.kind, listed.run, listed.parent, listed.during) == (
        "incremental",
        "run-7",
        "before",
        ("run-6",),
    )
    assert (listed.taken_at, listed.source, listed.audit_head) == (START, SOURCE, "abc")
    assert listed.labels == (("team", "treasury"),)
    assert listed.id.startswith("20261120T090812.123Z-")
    told = [(part.type, part.count, part.captured, part.complete, part.reason) for part in listed.sections]
    assert told == [
        ("user", 1, True, True, ""),
        ("group", 0, True, False, "ListGroups was denied"),
        ("assignment", 0, False, False, "not asked for"),
    ]
    view = vault.read(listed)
    assert view.types == ("user", "group")
    assert [view.is_complete(name) for name in ("user", "group", "assignment", "other")] == [
        True,
        False,
        False,
        False,
    ]
    assert list(view.records("assignment")) == []


def test_one_record_is_found_by_its_key(vault: Vault) -> None:
    view = vault.read(take(vault, company(300)))
    assert view.find("user", "person-0123") == user("person-0123")
    assert view.find("user", "person-0123a") is None
    assert view.find("user", "") is None
    assert view.find("group", "person-0123") is None


def test_an_unchanged_capture_stores_a_manifest_only(vault: Vault, store: MemoryStore) -> None:
    first = take(vault, company(200))
    before = set(store.objects)
    second = take(vault, company(200), after=1)
    assert set(store.objects) - before == {f"snapshots/{second.id.lower()}"}
    assert (second.stored_bytes, second.root) == (0, first.root)
    assert contents_of(vault.read(second)) == company(200)


def test_a_changed_capture_stores_bytes_in_proportion_to_the_change(vault: Vault, store: MemoryStore) -> None:
    take(vault, company(5000))
    first = bytes_in(store)
    people = company(5000)
    people["user"][::100] = [user(record.key, "Director") for record in people["user"][::100]]
    second = take(vault, people, after=1)
    assert bytes_in(store) - first < first * 0.1
    assert contents_of(vault.read(second)) == people


def test_removed_records_are_gone_and_come_back(vault: Vault) -> None:
    whole, half = company(40), company(20)
    infos = [take(vault, contents, after=hour) for hour, contents in enumerate((whole, half, whole))]
    assert [contents_of(vault.read(info)) for info in infos] == [whole, half, whole]


def test_systems_do_not_mix(vault: Vault) -> None:
    ours, theirs = take(vault, company(3)), take(vault, company(5), system="quicksight")
    assert [info.id for info in vault.snapshots("quicksight")] == [theirs.id]
    assert {info.id for info in vault.snapshots()} == {ours.id, theirs.id}
    assert contents_of(vault.read(ours)) == company(3)


def test_a_schema_version_alone_is_a_difference(vault: Vault) -> None:
    one, two = Record("t", "k", b"{}", b"", 1), Record("t", "k", b"{}", b"", 2)
    first, second = take(vault, {"t": [one]}), take(vault, {"t": [two]}, after=1)
    assert contents_of(vault.read(first)) == {"t": [one]}
    assert contents_of(vault.read(second)) == {"t": [two]}


def test_disorder_repeats_and_strangers_are_refused(vault: Vault) -> None:
    writer = vault.begin(SYSTEM)
    with pytest.raises(Refused, match="out of order: a came after b"):
        writer.add_section("user", [user("b"), user("a")])
    with pytest.raises(Refused, match="two records of type user have the key a"):
        vault.begin(SYSTEM).add_section("user", [user("a"), user("a")])
    with pytest.raises(Refused, match="a record of type assignment came in the section user"):
        vault.begin(SYSTEM).add_section("user", [assignment("a", "b")])
    writer = vault.begin(SYSTEM)
    writer.add_section("user", [])
    with pytest.raises(Refused, match="the section user came twice"):
        writer.leave_out("user", "why")
    assert vault.snapshots() == []


def test_nothing_is_visible_before_the_seal(vault: Vault, store: MemoryStore, tmp_path: Path) -> None:
    vault.begin(SYSTEM).add_section("user", company(3)["user"])
    assert open_vault(store, tmp_path).snapshots() == []


def test_references_are_ids_prefixes_dates_moments_and_latest(vault: Vault) -> None:
    infos = [take(vault, company(1), after=hours) for hours in (0, 10, 24)]
    old, evening, tomorrow = (info.id for info in infos)
    for ref, found in {
        old: old,
        old.lower(): old,
        "20261120T09": old,
        "20261121": tomorrow,
        "latest": tomorrow,
        "2026-11-20": evening,
        "2026-11-20T12:00:00Z": old,
        "2026-11-20T20:08:12.123+01:00": evening,
        "2027-01-01": tomorrow,
    }.items():
        assert vault.resolve(ref, SYSTEM).id == found, ref


@pytest.mark.parametrize("ref", ["2026-11-19", "2019", "", "nothing", "2026-11-20T09:08:12.122Z"])
def test_a_reference_to_nothing_is_not_found(vault: Vault, ref: str) -> None:
    take(vault, company(1))
    with pytest.raises(NotFound, match="There is no snapshot"):
        vault.resolve(ref)


def test_latest_in_an_empty_vault_or_of_another_system_is_not_found(vault: Vault) -> None:
    with pytest.raises(NotFound):
        vault.resolve("latest")
    take(vault, company(1))
    with pytest.raises(NotFound, match="snapshot of quicksight latest"):
        vault.resolve("latest", "quicksight")


def test_an_ambiguous_prefix_lists_what_it_may_mean(vault: Vault) -> None:
    first, second = take(vault, company(1)), take(vault, company(1), after=1)
    with pytest.raises(UsageError, match="2026 is the beginning of 2 snapshot ids") as caught:
        vault.resolve("2026")
    assert first.id in caught.value.advice
    assert second.id in caught.value.advice


def test_a_date_means_its_end_in_utc() -> None:
    assert parse_moment("2026-11-20") == datetime(2026, 11, 20, 23, 59, 59, 999_999, UTC)
    assert parse_moment("2026-11-20T10:00:00") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert parse_moment("20261120") is None
    assert parse_moment("2026-13-20") is None


def test_a_deleted_snapshot_is_gone_and_the_others_stay_whole(vault: Vault) -> None:
    first = take(vault, company(30))
    second = take(vault, company(31), after=1)
    vault.delete(first)
    assert vault.snapshots() == [second]
    assert vault.verify(second).sound
    assert contents_of(vault.read(second)) == company(31)
    with pytest.raises(NotFound):
        vault.resolve(first.id)


def test_two_interleaved_writers_both_seal(vault: Vault, store: MemoryStore, tmp_path: Path) -> None:
    take(vault, company(10))
    other = open_vault(store, tmp_path)
    one, two = vault.begin(SYSTEM), other.begin(SYSTEM)
    one.add_section("user", company(20)["user"])
    two.add_section("user", company(20)["user"])
    sealed = two.seal(kind="full", taken_at=START, source=SOURCE, run="r2")
    also = one.seal(kind="full", taken_at=START, source=SOURCE, run="r1")
    assert sealed.id != also.id
    for info in (sealed, also):
        assert contents_of(vault.read(info)) == {"user": company(20)["user"]}
        assert other.verify(info).sound


def without_packs(store: MemoryStore) -> None:
    for name in [name for name in store.objects if name.startswith("packs/")]:
        del store.objects[name]


def test_a_snapshot_over_a_damaged_one_is_stored_whole_and_says_so(vault: Vault, store: MemoryStore) -> None:
    first = take(vault, company(50))
    without_packs(store)
    writer = vault.begin(SYSTEM)
    writer.add_section("user", iter(company(50)["user"]))
    info = writer.seal(kind="full", taken_at=START, source=SOURCE, run="r")
    assert any("50 user" in str(error) for error in writer.damage), writer.damage
    assert list(vault.read(info).records("user")) == company(50)["user"]
    assert (vault.verify(info).sound, vault.verify(first).sound) == (True, False)


def test_a_damaged_manifest_leaves_a_way_to_the_others(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    first, second = take(vault, company(2)), take(vault, company(2), after=1)
    store.objects[f"snapshots/{second.id.lower()}"] = b"damaged"
    again = open_vault(store, tmp_path)
    with pytest.raises(VaultDamaged) as caught:
        again.snapshots()
    assert first.id in caught.value.advice
    assert "`holdfast vault repair`" in caught.value.advice
    assert contents_of(again.read(again.resolve(first.id))) == company(2)


keys = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6)
rows = st.tuples(st.binary(max_size=40), st.binary(max_size=40), st.integers(1, 3))
sections = st.dictionaries(
    st.sampled_from(["user", "group", "tag"]), st.dictionaries(keys, rows, max_size=12)
)


def as_contents(drawn: dict[str, dict[str, tuple[bytes, bytes, int]]]) -> dict[str, list[Record]]:
    return {
        name: [Record(name, key, *of[key]) for key in sorted(of)]  # sorted by code point, as the vault asks
        for name, of in drawn.items()
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(sections, min_size=1, max_size=6))
def test_any_sequence_of_captures_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[dict[str, dict[str, tuple[bytes, bytes, int]]]]
) -> None:
    vault = new_vault(MemoryStore(), tmp_path_factory.mktemp("keys"), TINY)
    captures = [as_contents(each) for each in drawn]
    infos = [take(vault, capture, after=hour) for hour, capture in enumerate(captures)]
    for info, capture in zip(infos, captures, strict=True):
        assert contents_of(vault.read(info)) == capture
        assert vault.verify(info).sound
    assert vault.check(read_data=True).problems == ()


def test_a_long_chain_of_small_changes_stays_bounded_and_right(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = new_vault(store, tmp_path, Packing(block_bytes=2000, pack_bytes=8000))
    people = company(200)["user"]
    states = []
    for day in range(60):
        people = [*people]
        people[day % 200] = user(people[day % 200].key, f"Title {day}")
        states.append(people)
        take(vault, {"user": people}, after=day)
    infos = vault.snapshots()[::-1]
    for info, state in zip(infos, states, strict=True):
        assert list(vault.read(info).records("user")) == state
    assert max(len(vault.read(info).layered("user").layers) for info in infos) <= 17
    assert vault.check(read_data=True).problems == ()


def test_layers_are_kept_until_they_weigh_half_the_first_and_merged_past_sixteen() -> None:
    assert kept_layers([]) == 0
    assert kept_layers([100]) == 1
    assert kept_layers([100, 50]) == 2
    assert kept_layers([100, 51]) == 0
    assert kept_layers([10_000, *[1] * 15]) == 16
    assert kept_layers([10_000, *[1] * 16]) == 1
    assert kept_layers([10_000, 100, *[1] * 15]) == 2
    assert kept_layers([10_000, 400, 100, *[1] * 14]) == 3


def test_a_vault_in_a_folder_is_closed_to_others(tmp_path: Path) -> None:
    vault = new_vault(FolderStore(tmp_path / "vault"), tmp_path / "keys")
    take(vault, company(20))
    found = list((tmp_path / "vault").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in found if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in found if path.is_dir()} == {0o700}
    assert (tmp_path / "keys" / "vault.key").stat().st_mode & 0o777 == 0o600


def test_the_latest_backup_is_never_what_a_restore_kept_of_the_state_before_it(vault: Vault) -> None:
    backup = take(vault, company(3))
    writer = vault.begin(SYSTEM)
    writer.add_section("user", [])
    kept = writer.seal(kind="safety", taken_at=START + timedelta(hours=1), source=SOURCE, run="run-2")
    assert vault.resolve("latest").id == backup.id
    assert vault.resolve("2026-11-20").id == backup.id
    assert vault.resolve(kept.id).id == kept.id
