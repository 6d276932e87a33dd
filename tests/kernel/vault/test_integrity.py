"""Any damage is found and named; a crash, a full disk or a rival writer breaks nothing that was sealed."""

import base64
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.kernel.vault.errors import StoreError, StoreFull
from holdfast.kernel.vault.passphrase import Passphrase
from holdfast.kernel.vault.vault import Vault
from holdfast.kernel.vault.verification import Verification
from tests.simulators.failing_store import FailingStore
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import (
    ARN,
    SOURCE,
    START,
    SYSTEM,
    TINY,
    FixedClock,
    company,
    contents_of,
    new_vault,
    open_vault,
    take,
    user,
)


def named(found: Verification, text: str) -> bool:
    return any(text in problem.where for problem in found.problems)


def two_snapshots(objects: dict[str, bytes], folder: Path) -> Vault:
    """A vault with personal data, a second snapshot that builds on the first, and several packs."""
    vault = new_vault(MemoryStore(objects), folder, TINY)
    take(vault, company(4))
    people = company(4)
    people["user"][1] = user("person-0001", "Director")
    take(vault, people, after=1)
    return vault


def test_any_flipped_byte_that_a_snapshot_reaches_is_found_by_verify_and_named(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    two_snapshots(objects, tmp_path)
    flipped = MemoryStore(objects)
    vault = open_vault(flipped, tmp_path)
    newest, oldest = vault.snapshots()
    missed = []
    for name, whole in list(objects.items()):
        if name == f"snapshots/{oldest.id.lower()}":
            continue  # the newest does not reach it
        for at in range(len(whole)):
            objects[name] = whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :]
            if not named(vault.verify(newest), name):
                missed.append((name, at))
        objects[name] = whole
    assert missed == []
    assert vault.verify(newest).sound


def test_any_flipped_byte_of_any_manifest_or_index_is_found_by_a_plain_check(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = two_snapshots(objects, tmp_path)
    for name, whole in [item for item in objects.items() if not item[0].startswith("packs/")]:
        for at in range(len(whole)):
            objects[name] = whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :]
            assert named(vault.check(), name), (name, at)
        objects[name] = whole
    assert vault.check().sound


def test_a_flipped_byte_in_a_passphrase_vault_is_found_in_header_and_configuration(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = Vault.create(store, Passphrase("correct horse"), FixedClock())
    info = take(vault, company(1))
    for name in ("vault.json", "keys/passphrase"):
        whole = store.objects[name]
        for at in range(len(whole)):
            store.objects[name] = whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :]
            assert named(vault.verify(info), name), (name, at)
            if name == "vault.json" and len(whole) - 66 < at < len(whole) - 2:
                continue  # inside the MAC: found at opening too, but only after half a second of argon2id
            with pytest.raises(VaultDamaged, match=name):
                Vault.open(store, Passphrase("correct horse"), FixedClock())
        store.objects[name] = whole
    assert vault.verify(info).sound


def test_a_flipped_byte_in_the_key_file_is_found_and_named(tmp_path: Path) -> None:
    vault = new_vault(MemoryStore(), tmp_path)
    info = take(vault, company(1))
    path = tmp_path / "vault.key"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert named(vault.verify(info), str(path)), at
    path.write_bytes(whole)
    assert vault.verify(info).sound


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b""])
def test_an_object_cut_short_or_grown_is_found(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    objects: dict[str, bytes] = {}
    vault = two_snapshots(objects, tmp_path)
    for name, whole in list(objects.items()):
        objects[name] = change(whole)
        assert named(vault.check(read_data=True), name)
        objects[name] = whole


def test_objects_exchanged_for_each_other_are_found(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = two_snapshots(objects, tmp_path)
    for folder in ("packs/", "indexes/", "snapshots/"):
        one, other = [name for name in objects if name.startswith(folder)][:2]
        objects[one], objects[other] = objects[other], objects[one]
        found = vault.check(read_data=True)
        assert named(found, one), folder
        assert named(found, other), folder
        objects[one], objects[other] = objects[other], objects[one]
    assert vault.check(read_data=True).sound


def test_a_missing_object_is_damage_that_names_types_and_records(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = new_vault(MemoryStore(objects), tmp_path)
    info = take(vault, company(3))
    for name in [name for name in objects if name.startswith("packs/")]:
        del objects[name]
    told = sorted(
        (found.level, re.sub(r"../[0-9a-f]{64}", "*", found.where)) for found in vault.verify(info).problems
    )
    snapshot = f"snapshot {info.id}, "
    assert told == [
        ("packs", "packs/* (3 personal parts of user)"),
        ("packs", "packs/* (3 user, 3 assignment)"),
        ("records", f"packs/* block 0 ({snapshot}personal parts of user: 3 rows, person-0000 … person-0002)"),
        ("records", f"packs/* block 0 ({snapshot}user: 3 rows, person-0000 … person-0002)"),
        (
            "records",
            f"packs/* block 1 ({snapshot}assignment: 3 rows, person-0000 / ReadOnly … person-0002 / ReadOnly)",
        ),
        ("types", f"{snapshot}assignment"),
        ("types", f"{snapshot}user"),
    ]
    assert {found.message for found in vault.verify(info).problems} == {
        "the object is missing",
        "1 block cannot be read",
        "2 blocks cannot be read",
    }


def test_each_snapshot_that_shares_what_is_damaged_is_named(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = new_vault(MemoryStore(objects), tmp_path)
    taken = [take(vault, company(3), after=minutes) for minutes in (0, 1)]
    for name in [name for name in objects if name.startswith("packs/")]:
        del objects[name]
    problems = vault.check(read_data=True).problems
    assert {found.where for found in problems if found.level == "types"} == {
        f"snapshot {info.id}, {type_name}" for info in taken for type_name in ("assignment", "user")
    }


def test_a_check_without_data_finds_what_is_missing_and_what_is_superfluous(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = two_snapshots(objects, tmp_path)
    assert vault.check().problems == ()
    objects["packs/ab/abandoned"] = b"left by a killed writer"
    objects["snapshots/.ds_store"] = b"somebody's"
    found = vault.check()
    assert found.sound
    assert [left.name for left in found.garbage] == ["packs/ab/abandoned", "snapshots/.ds_store"]
    gone = next(name for name in objects if name.startswith("packs/") and name != "packs/ab/abandoned")
    del objects[gone]
    assert named(vault.check(), gone)


def test_reading_a_damaged_block_raises_and_names_object_type_and_records(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = two_snapshots(objects, tmp_path)
    info = vault.snapshots()[1]
    for name, whole in list(objects.items()):
        if name.startswith("packs/"):
            objects[name] = bytes(8) + bytes(byte ^ 1 for byte in whole[8:])
    with pytest.raises(VaultDamaged) as caught:
        list(vault.read(info).records("user"))
    place = (
        r"packs/../[0-9a-f]{64} block 0 \(snapshot 20261120T090812\.123Z-.{8}, user: 1 rows, person-0000\)"
    )
    assert re.fullmatch(place, caught.value.where)
    assert "vault check --read-data" in caught.value.advice


def test_nothing_is_overwritten_on_a_damaged_vault(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    two_snapshots(objects, tmp_path)
    for name, whole in list(objects.items()):
        objects[name] = whole[:-1] + bytes([whole[-1] ^ 1])
        before = dict(objects)
        try:
            vault = open_vault(MemoryStore(objects), tmp_path, TINY)
            take(vault, company(9), after=5)
        except VaultError:
            pass
        assert {left: objects[left] for left in before} == before, name
        objects[name] = whole


def operations(objects: dict[str, bytes], folder: Path, fail_at: int, **how: bool) -> bool:
    """Whether a second backup came through before operation `fail_at`."""
    try:
        vault = open_vault(FailingStore(objects, fail_at, **how), folder, TINY)
        take(vault, company(6, "Director"), after=1)
    except StoreError:
        return False
    return True


@pytest.mark.parametrize("late", [False, True])
def test_a_crash_at_any_store_operation_harms_nothing_and_the_next_writer_succeeds(
    tmp_path: Path, late: bool
) -> None:
    start: dict[str, bytes] = {}
    take(new_vault(MemoryStore(start), tmp_path, TINY), company(6))
    sweep = 0
    while True:
        objects = dict(start)
        through = operations(objects, tmp_path, sweep, late=late)
        vault = open_vault(MemoryStore(objects), tmp_path, TINY)
        seen = vault.snapshots()
        assert contents_of(vault.read(seen[-1])) == company(6)
        assert len(seen) == 1 or contents_of(vault.read(seen[0])) == company(6, "Director")
        again = take(vault, company(7), after=2)
        assert vault.verify(again).sound
        assert vault.check(read_data=True).sound
        assert through or sweep < 100
        if through:
            break
        sweep += 1
    assert sweep > 8


def test_a_full_disk_is_resumable_and_harms_nothing(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    take(new_vault(MemoryStore(objects), tmp_path, TINY), company(6))
    before = dict(objects)
    with pytest.raises(StoreFull) as caught:
        take(open_vault(FailingStore(objects, 3, full=True), tmp_path, TINY), company(40), after=1)
    assert caught.value.exit_code == 75
    vault = open_vault(MemoryStore(objects), tmp_path)
    assert {name: objects[name] for name in before} == before
    assert len(vault.check(read_data=True).garbage) == 2
    assert vault.verify(vault.resolve("latest")).sound


def test_a_put_whose_answer_was_lost_and_is_repeated_is_no_conflict(tmp_path: Path) -> None:
    class Repeats(MemoryStore):
        def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
            if name.startswith(("packs/", "indexes/", "snapshots/")):
                super().put(name, data)
            super().put(name, data, replace=replace)

    store = Repeats()
    vault = new_vault(store, tmp_path)
    take(vault, company(2))
    assert len(vault.snapshots()) == 1
    assert vault.check(read_data=True).garbage == ()


def test_many_writers_at_once_on_a_folder_all_seal(tmp_path: Path) -> None:
    folder = FolderStore(tmp_path / "vault")
    take(new_vault(folder, tmp_path, TINY), company(5))

    def write(number: int) -> None:
        vault = open_vault(FolderStore(tmp_path / "vault"), tmp_path, TINY)
        for hour in range(3):
            take(vault, company(5, f"Title {number}"), after=hour)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    vault = open_vault(folder, tmp_path)
    assert len(vault.snapshots()) == 13
    assert vault.check(read_data=True).problems == ()


def test_no_name_mail_or_arn_is_in_any_stored_byte_or_name(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {}
    vault = new_vault(MemoryStore(objects), tmp_path)
    writer = vault.begin(SYSTEM)
    writer.add_section("user", [user("ada.lovelace")])
    writer.seal(kind="full", taken_at=START, source=SOURCE, run="r", labels=(("owner", "ada.lovelace"),))
    stored = b"\n".join(name.encode() + b"\n" + data for name, data in objects.items()).lower()
    for secret in (
        "ada.lovelace",
        "lovelace",
        "corp.example.com",
        ARN,
        "custodian",
        "ssoins-7223",
        "identity_center",
    ):
        for spelled in (
            secret.encode(),
            secret.encode("utf-16-le"),
            secret.encode().hex().encode(),
            base64.b64encode(secret.encode())[:-4],
        ):
            assert spelled.lower() not in stored, spelled


def test_equal_contents_give_no_equal_bytes_in_two_vaults(tmp_path: Path) -> None:
    stores = MemoryStore(), MemoryStore()
    for number, store in enumerate(stores):
        take(new_vault(store, tmp_path / str(number)), company(3))
    one, other = (set(store.objects.values()) | set(store.objects) - {"vault.json"} for store in stores)
    assert {name for name in one & other if not str(name).startswith("snapshots/")} == set()


def test_verification_counts_what_it_read(tmp_path: Path) -> None:
    vault = new_vault(MemoryStore(), tmp_path)
    info = take(vault, company(40))
    found = vault.verify(info)
    assert [(level.level, level.checked) for level in found.levels] == [
        ("vault", 1),
        ("snapshot", 1),
        ("indexes", 1),
        ("packs", 2),
        ("types", 2),
        ("records", 80),
    ]
