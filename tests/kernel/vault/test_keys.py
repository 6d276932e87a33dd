"""Key files and passphrases: what opens a vault, and what each failure says."""

import base64
import os
import resource
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import Busy, VaultDamaged, VaultError
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.key_set import Epoch, KeyClass, KeySet, new_key_set, next_epoch
from holdfast.kernel.vault.passphrase import Passphrase
from holdfast.kernel.vault.sealing import Role, Seals
from holdfast.kernel.vault.vault import Vault
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import FixedClock, company, contents_of, new_vault, open_vault, take

CLOCK = FixedClock()


def test_a_missing_key_file_is_said_with_advice(tmp_path: Path) -> None:
    store = MemoryStore()
    new_vault(store, tmp_path)
    (tmp_path / "vault.key").unlink()
    with pytest.raises(VaultError, match="There is no key file") as caught:
        open_vault(store, tmp_path)
    assert "[vault] key_file" in caught.value.advice


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    store = MemoryStore()
    new_vault(store, tmp_path)
    (tmp_path / "vault.key").chmod(mode)
    with pytest.raises(VaultError, match="can be read by others") as caught:
        open_vault(store, tmp_path)
    assert caught.value.advice == f"Run `chmod 600 {tmp_path / 'vault.key'}`."


def test_an_existing_key_file_is_never_replaced(tmp_path: Path) -> None:
    new_vault(MemoryStore(), tmp_path)
    before = (tmp_path / "vault.key").read_bytes()
    with pytest.raises(VaultError, match="exists already"):
        Vault.create(MemoryStore(), KeyFile(tmp_path / "vault.key"), CLOCK)
    assert (tmp_path / "vault.key").read_bytes() == before


def test_a_key_file_inside_the_vault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="is inside the vault"):
        Vault.create(FolderStore(tmp_path), KeyFile(tmp_path / "keys" / "vault.key"), CLOCK)
    assert list(tmp_path.iterdir()) == []


def test_another_vaults_key_file_is_recognised(tmp_path: Path) -> None:
    store = MemoryStore()
    new_vault(store, tmp_path / "one")
    new_vault(MemoryStore(), tmp_path / "two")
    with pytest.raises(VaultError, match="The keys are of vault") as caught:
        open_vault(store, tmp_path / "two")
    assert not isinstance(caught.value, VaultDamaged)


def test_a_damaged_key_file_says_that_the_vault_is_unharmed(tmp_path: Path) -> None:
    store = MemoryStore()
    new_vault(store, tmp_path)
    (tmp_path / "vault.key").write_bytes(b"{}")
    with pytest.raises(VaultDamaged, match=r"vault\.key: its checksum") as caught:
        open_vault(store, tmp_path)
    assert "the vault itself is unharmed" in caught.value.advice


def test_a_passphrase_opens_what_it_made_and_a_wrong_one_is_told_from_damage() -> None:
    store = MemoryStore()
    info = take(Vault.create(store, Passphrase("correct horse"), CLOCK), company(3))
    assert contents_of(Vault.open(store, Passphrase("correct horse"), CLOCK).read(info)) == company(3)
    with pytest.raises(VaultError, match="The passphrase does not open the vault") as caught:
        Vault.open(store, Passphrase("battery staple", "MY_PASSPHRASE"), CLOCK)
    assert not isinstance(caught.value, VaultDamaged)
    assert "MY_PASSPHRASE" in caught.value.advice
    del store.objects["keys/passphrase"]
    with pytest.raises(VaultDamaged, match="the key header is missing"):
        Vault.open(store, Passphrase("correct horse"), CLOCK)


@pytest.mark.parametrize("newer", [(b'header":1', b'header":2'), (b"argon2id", b"argon3id")])
def test_a_key_header_of_a_newer_kind_is_not_taken_for_a_wrong_passphrase(newer: tuple[bytes, bytes]) -> None:
    store = MemoryStore()
    Vault.create(store, Passphrase("correct horse"), CLOCK)
    line = store.objects["keys/passphrase"].split(b"\n")[0].replace(*newer)
    store.put("keys/passphrase", line + b"\n" + sha256(line).hexdigest().encode() + b"\n", replace=True)
    with pytest.raises(VaultDamaged, match="this version does not know"):
        Vault.open(store, Passphrase("correct horse"), CLOCK)


def test_an_empty_passphrase_is_refused_by_the_variables_name() -> None:
    with pytest.raises(VaultError, match="passphrase is empty") as caught:
        Vault.create(MemoryStore(), Passphrase("", "MY_PASSPHRASE"), CLOCK)
    assert "MY_PASSPHRASE" in caught.value.advice


def test_only_a_key_file_can_erase(tmp_path: Path) -> None:
    assert new_vault(MemoryStore(), tmp_path).can_erase is True
    assert Vault.create(MemoryStore(), Passphrase("x"), CLOCK).can_erase is False


def test_the_wrong_kind_of_key_ring_is_said(tmp_path: Path) -> None:
    store = MemoryStore()
    new_vault(store, tmp_path)
    with pytest.raises(VaultError, match="is opened by a key file, not by a passphrase"):
        Vault.open(store, Passphrase("x"), CLOCK)


def test_there_is_no_vault_in_an_empty_place_and_none_is_made_over_another(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="There is no vault in memory") as caught:
        open_vault(MemoryStore(), tmp_path)
    assert "holdfast vault init" in caught.value.advice
    with pytest.raises(VaultError, match=r"is not empty: it holds notes\.txt"):
        new_vault(MemoryStore({"notes.txt": b"x"}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_vault_that_lost_its_configuration_is_damaged_and_not_absent(tmp_path: Path) -> None:
    store = MemoryStore()
    take(new_vault(store, tmp_path), company(1))
    del store.objects["vault.json"]
    with pytest.raises(VaultDamaged, match=r"vault\.json: the vault's configuration is missing"):
        open_vault(store, tmp_path)


def test_personal_data_has_keys_of_its_own() -> None:
    epoch = Epoch(1, b"r" * 32, b"p" * 32)
    seals = Seals(KeySet(b"v" * 16, b"m" * 32, (epoch,)))
    _, wrapped = seals.new_key(Role.PERSONAL)
    withheld = Seals(KeySet(b"v" * 16, b"m" * 32, (Epoch(1, b"r" * 32, b"x" * 32),)))
    with pytest.raises(VaultDamaged):
        withheld.unwrap(wrapped, Role.PERSONAL, "a pack")
    _, plain = seals.new_key(Role.RECORDS)
    withheld.unwrap(plain, Role.RECORDS, "a pack")
    assert Role.INDEX.key_class is Role.MANIFEST.key_class is KeyClass.RECORDS


def test_what_an_erased_epoch_sealed_cannot_be_opened() -> None:
    old, new = Epoch(1, b"r" * 32, b"p" * 32), Epoch(2, b"R" * 32, b"P" * 32)
    _, wrapped = Seals(KeySet(b"v" * 16, b"m" * 32, (old,))).new_key(Role.RECORDS)
    both = KeySet(b"v" * 16, b"m" * 32, (old, new))
    assert both.newest is new
    Seals(both).unwrap(wrapped, Role.RECORDS, "a pack")
    with pytest.raises(VaultError, match="a pack is sealed under epoch 1, whose key"):
        Seals(KeySet(b"v" * 16, b"m" * 32, (new,))).unwrap(wrapped, Role.RECORDS, "a pack")


def test_secrets_are_not_in_what_is_printed() -> None:
    keys = KeySet(b"v" * 16, b"m" * 32, (Epoch(1, b"r" * 32, b"p" * 32),))
    assert "mmm" not in repr(keys)
    assert "rrr" not in repr(keys)
    assert "ppp" not in repr(keys.newest)


def test_a_key_file_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most[1]))
    try:
        with pytest.raises(VaultError, match="cannot be used: File too large"):
            KeyFile(tmp_path / "vault.key").create(MemoryStore())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert list(tmp_path.iterdir()) == []


def draft_of(path: Path, text: bytes) -> Path:
    """What a process that was killed while it replaced a file left beside it."""
    draft = path.with_name(f".unfinished-{path.name}-00ff")
    draft.write_bytes(text)
    return draft


def test_replaced_keys_are_kept_alone_and_privately(tmp_path: Path) -> None:
    store, ring, old_umask = MemoryStore(), KeyFile(tmp_path / "vault.key"), os.umask(0)
    try:
        info = take(new_vault(store, tmp_path), company(2))
        left = draft_of(tmp_path / "vault.key", b"an epoch that is to be destroyed")
        ring.replace(store, next_epoch(ring.load(store)))
    finally:
        os.umask(old_umask)
    assert [epoch.number for epoch in ring.load(store).epochs] == [1, 2]
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600
    assert left.exists() is False
    assert list(tmp_path.iterdir()) == [tmp_path / "vault.key"]
    second = take(open_vault(store, tmp_path), company(3), after=1)
    vault = open_vault(store, tmp_path)
    assert contents_of(vault.read(info)) == company(2)
    assert contents_of(vault.read(second)) == company(3)


def test_a_destroyed_epoch_is_nowhere_in_the_key_file(tmp_path: Path) -> None:
    store, ring = MemoryStore(), KeyFile(tmp_path / "vault.key")
    new_vault(store, tmp_path)
    both = next_epoch(ring.load(store))
    ring.replace(store, both)
    ring.replace(store, KeySet(both.vault_id, both.master, (both.newest,)))
    assert base64.b64encode(both.epochs[0].records) not in (tmp_path / "vault.key").read_bytes()
    assert ring.load(store).epochs == (both.newest,)


def test_two_who_add_an_epoch_at_once_do_not_lose_one(tmp_path: Path) -> None:
    store, ring = MemoryStore(), KeyFile(tmp_path / "vault.key")
    new_vault(store, tmp_path)
    first, second = next_epoch(ring.load(store)), next_epoch(ring.load(store))
    ring.replace(store, first)
    with pytest.raises(Busy, match="epoch 2 is there now"):
        ring.replace(store, second)
    assert ring.load(store) == first


def test_another_vaults_keys_do_not_replace_these(tmp_path: Path) -> None:
    store, ring = MemoryStore(), KeyFile(tmp_path / "vault.key")
    new_vault(store, tmp_path)
    kept = ring.load(store)
    with pytest.raises(VaultError, match="would be replaced by those of"):
        ring.replace(store, new_key_set())
    assert ring.load(store) == kept


def test_replaced_keys_under_a_passphrase_open_with_it() -> None:
    store, ring = MemoryStore(), Passphrase("correct horse")
    ring.replace(store, next_epoch(ring.create(store)))
    assert [epoch.number for epoch in Passphrase("correct horse").load(store).epochs] == [1, 2]
