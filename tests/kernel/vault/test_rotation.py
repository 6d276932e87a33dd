"""Key files under a key service, and keys that change: what opens before, after, and where it was cut off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.key_set import KeyRing
from holdfast.kernel.vault.passphrase import Passphrase
from holdfast.kernel.vault.rotation import rotate
from holdfast.kernel.vault.vault import Vault
from tests.kernel.vault.described_reader import DescribedVault, checked_line, sealed_secrets
from tests.simulators.key_service import MemoryKeyService
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import FixedClock, company, contents_of, take

CLOCK = FixedClock()


class QuickPassphrase(Passphrase):
    """A passphrase whose stretching costs nothing: many are opened here, and none is guessed at."""

    def _stretch(self, salt: bytes) -> bytes:
        return sha256(salt + self._passphrase.encode()).digest()


@dataclass
class Place:
    """A vault with one snapshot, a folder for its key, and a key service."""

    store: MemoryStore
    folder: Path
    service: MemoryKeyService

    def key_file(self, kms_key: str | None = None) -> KeyFile:
        return KeyFile(self.folder / "vault.key", self.service, kms_key)

    def make(self, ring: KeyRing) -> None:
        take(Vault.create(self.store, ring, CLOCK), company(2))

    def reads(self, ring: KeyRing) -> bool:
        """Whether the ring opens the vault and the snapshot; False where the vault says that it does not fit."""
        try:
            vault = Vault.open(self.store, ring, CLOCK)
        except VaultError:
            return False
        return contents_of(vault.read(vault.resolve("latest"))) == company(2)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(MemoryStore(), tmp_path, MemoryKeyService())


def test_a_sealed_key_file_opens_with_the_key_that_the_alias_meant_and_holds_no_secret(place: Place) -> None:
    place.make(place.key_file("alias/vault"))
    place.service.aliases["alias/vault"] = "arn:two"
    assert place.reads(place.key_file("alias/vault"))
    assert place.reads(place.key_file())
    assert place.service.asked == ["arn:one", "arn:one", "arn:one"]
    kept = json.loads((place.folder / "vault.key").read_bytes().split(b"\n")[0])
    assert sorted(kept) == ["holdfast_sealed_keys", "kms_key", "sealed", "vault_id", "wrapped"]
    assert kept["kms_key"] == "arn:one"


def test_without_its_key_a_sealed_key_file_opens_nothing(place: Place) -> None:
    place.make(place.key_file("alias/vault"))
    place.service.disabled.add("arn:one")
    with pytest.raises(VaultError, match="KMS key arn:one is disabled"):
        Vault.open(place.store, place.key_file("alias/vault"), CLOCK)
    with pytest.raises(VaultError, match="Nothing here reaches KMS key arn:one"):
        Vault.open(place.store, KeyFile(place.folder / "vault.key"), CLOCK)
    place.service.disabled.clear()
    assert place.reads(place.key_file("alias/vault"))


def test_a_key_file_that_says_another_vault_does_not_open(place: Place) -> None:
    place.make(place.key_file("alias/vault"))
    path = place.folder / "vault.key"
    line = json.loads(path.read_bytes().split(b"\n")[0])
    altered = json.dumps({**line, "vault_id": "AAAAAAAAAAAAAAAAAAAAAA=="}).replace(" ", "").encode()
    path.write_bytes(b"\n".join((altered, sha256(altered).hexdigest().encode(), b"")))
    with pytest.raises(VaultDamaged, match="the data key does not open"):
        Vault.open(place.store, place.key_file(), CLOCK)


def test_a_plain_key_file_is_refused_where_a_key_service_is_asked_for(place: Place) -> None:
    place.make(place.key_file())
    with pytest.raises(
        VaultError, match=r"is not sealed, but `\[vault\] kms_key` says alias/vault"
    ) as caught:
        Vault.open(place.store, place.key_file("alias/vault"), CLOCK)
    assert "holdfast vault rotate-key" in caught.value.advice


def test_a_sealed_key_file_stays_sealed_under_its_key_when_its_keys_are_replaced(place: Place) -> None:
    place.make(place.key_file("arn:two"))
    rotate(place.store, place.key_file(), place.key_file())
    assert place.key_file().sealed_by(place.store) == "arn:two"
    assert place.reads(place.key_file("arn:two"))


def test_new_data_is_sealed_under_the_new_epoch_and_an_old_copy_opens_only_what_was_there(
    place: Place,
) -> None:
    place.make(place.key_file())
    old_copy = place.folder / "copy.key"
    old_copy.write_bytes((place.folder / "vault.key").read_bytes())
    old_copy.chmod(0o600)
    before = dict(place.store.objects)
    rotate(place.store, place.key_file(), place.key_file())
    assert place.store.objects == before
    vault = Vault.open(place.store, place.key_file(), CLOCK)
    first = vault.resolve("latest")
    second = take(vault, company(3), after=1)
    assert contents_of(vault.read(first)) == company(2)
    assert contents_of(vault.read(second)) == company(3)
    thief = Vault.open(place.store, KeyFile(old_copy), CLOCK)
    assert contents_of(thief.read(first)) == company(2)
    with pytest.raises(VaultError, match=r"names epoch 2, which the key ring does not hold.* newer key file"):
        thief.read(second)


def test_a_new_passphrase_opens_and_the_old_one_no_longer_does(place: Place) -> None:
    place.make(QuickPassphrase("old"))
    rotate(place.store, QuickPassphrase("old"), QuickPassphrase("new"))
    assert place.reads(QuickPassphrase("new"))
    assert not place.reads(QuickPassphrase("old"))


Ring = Callable[[Place], KeyRing]
PLAIN: Ring = lambda place: place.key_file("")  # noqa: E731
SEALED: Ring = lambda place: place.key_file("alias/vault")  # noqa: E731
OTHER: Ring = lambda place: place.key_file("arn:two")  # noqa: E731
WORDS: Ring = lambda place: QuickPassphrase("words")  # noqa: E731
NEW_WORDS: Ring = lambda place: QuickPassphrase("new words")  # noqa: E731
WAYS = [
    (PLAIN, PLAIN),
    (PLAIN, SEALED),
    (SEALED, OTHER),
    (SEALED, PLAIN),
    (WORDS, NEW_WORDS),
    (SEALED, WORDS),
    (WORDS, SEALED),
]


READ_EITHER = [(SEALED, OTHER), (PLAIN, SEALED), (SEALED, PLAIN)]
"""A key file says itself what seals it; only a plain one where a key is asked for is refused."""


class CutOff(Exception):
    """The process was killed here."""


class Dying:
    """A store or key ring whose caller is killed before or after its step of that number."""

    def __init__(self, inner: KeyRing | MemoryStore, fuse: list[int]) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        return self._watched(found) if callable(found) else found

    def _watched(self, call: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object, **named: object) -> object:
            self._burn()
            answer = call(*given, **named)
            self._burn()
            return answer

        return step

    def _burn(self) -> None:
        self._fuse[0] -= 1
        if self._fuse[0] < 0:
            raise CutOff


@pytest.mark.parametrize(("old", "new"), WAYS)
def test_cut_off_at_any_step_a_change_of_keys_leaves_the_old_way_or_the_new(
    tmp_path: Path, old: Ring, new: Ring
) -> None:
    for steps in range(100):
        folder = tmp_path / str(steps)
        folder.mkdir()
        place = Place(MemoryStore(), folder, MemoryKeyService())
        place.make(old(place))
        fuse = [steps]
        watched = cast(
            "tuple[ObjectStore, KeyRing, KeyRing]",
            [Dying(each, fuse) for each in (place.store, old(place), new(place))],
        )
        try:
            rotate(*watched)
        except CutOff:
            assert place.reads(old(place)) or place.reads(new(place)), f"cut off at step {steps}"
            # Asked for again, it comes to its end, from whichever way opens.
            rotate(place.store, old(place) if place.reads(old(place)) else new(place), new(place))
        else:
            break
        assert place.reads(new(place))
    assert place.reads(new(place))
    assert old is new or not place.reads(old(place)) or (old, new) in READ_EITHER
    assert 4 < steps < 99


def test_keys_that_move_into_the_vault_leave_no_key_file_and_cannot_erase(place: Place) -> None:
    place.make(place.key_file())
    rotate(place.store, place.key_file(), QuickPassphrase("words"))
    assert list(place.folder.iterdir()) == []
    assert Vault.open(place.store, QuickPassphrase("words"), CLOCK).can_erase is False


def test_keys_that_move_out_of_the_vault_leave_none_in_it(place: Place) -> None:
    place.make(QuickPassphrase("words"))
    rotate(place.store, QuickPassphrase("words"), place.key_file("alias/vault"))
    assert "keys/passphrase" not in place.store.objects
    assert place.reads(place.key_file())
    assert Vault.open(place.store, place.key_file(), CLOCK).can_erase is True


def test_another_vaults_key_file_is_left_alone(place: Place) -> None:
    Vault.create(MemoryStore(), place.key_file(), CLOCK)
    kept = (place.folder / "vault.key").read_bytes()
    place.make(QuickPassphrase("words"))
    with pytest.raises(VaultError, match="would be replaced by those of"):
        rotate(place.store, QuickPassphrase("words"), place.key_file())
    assert (place.folder / "vault.key").read_bytes() == kept
    assert place.reads(QuickPassphrase("words"))


def test_the_description_suffices_to_read_a_sealed_and_rotated_vault(tmp_path: Path) -> None:
    store, service = FolderStore(tmp_path / "vault"), MemoryKeyService()
    ring = KeyFile(tmp_path / "vault.key", service, "alias/vault")
    take(Vault.create(store, ring, CLOCK), company(2))
    rotate(store, ring, ring)
    take(Vault.open(store, ring, CLOCK), company(2, "Director"), after=1)

    line = checked_line((tmp_path / "vault.key").read_bytes())
    described = DescribedVault(tmp_path / "vault", sealed_secrets(line, service.open_data_key))
    assert sorted(described.epochs) == [1, 2]
    first, second = sorted((tmp_path / "vault" / "snapshots").iterdir())
    for name, title in ((first.name, "Engineer"), (second.name, "Director")):
        found = described.read(f"snapshots/{name}")
        assert [row[2] for row in found["user"]] == [b'{"Title":"%s"}' % title.encode()] * 2
        assert b"person-0001@corp.example.com" in found["user"][1][3]
        assert [row[0] for row in found["assignment"]] == [
            "person-0000\x1fReadOnly",
            "person-0001\x1fReadOnly",
        ]
