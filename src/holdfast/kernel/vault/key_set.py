"""Who holds the vault's secrets: what a key ring gives, and the keys made from it."""

from __future__ import annotations

import hmac
import os
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

import msgspec

from holdfast.domain.errors import Busy, VaultError
from holdfast.kernel.ports import ObjectStore

SECRET_BYTES = 32
VAULT_ID_BYTES = 16


class KeyClass(StrEnum):
    """A branch of keys. Personal data has its own, so that it can be withheld or erased apart."""

    RECORDS = "records"
    PERSONAL = "personal"


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys that wrap data keys for a stretch of the vault's life; destroying them erases what they wrap."""

    number: int
    records: bytes
    personal: bytes

    def __repr__(self) -> str:
        return f"Epoch({self.number})"

    def secret(self, key_class: KeyClass) -> bytes:
        """The wrapping key of a branch."""
        return self.personal if key_class is KeyClass.PERSONAL else self.records


class KeySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="holdfast_vault_key", tag=1):
    """All secrets of one vault: the master for names and authentication, and the epochs' wrapping keys.

    Key file and passphrase keep its JSON: `holdfast_vault_key` is its version, bytes are base64.
    """

    vault_id: bytes
    master: bytes
    epochs: tuple[Epoch, ...]

    def __repr__(self) -> str:
        return f"KeySet({self.vault_id.hex()})"

    @property
    def newest(self) -> Epoch:
        """The epoch that new data is sealed under."""
        return max(self.epochs, key=lambda epoch: epoch.number)

    def epoch(self, number: int) -> Epoch | None:
        """An epoch by its number; None for one whose keys were destroyed."""
        return next((epoch for epoch in self.epochs if epoch.number == number), None)

    def derive(self, purpose: str) -> bytes:
        """A key of its own for a purpose: HMAC-SHA-256 of the purpose under the master secret."""
        return hmac.new(self.master, b"holdfast vault 1 " + purpose.encode(), sha256).digest()


key_sets = msgspec.json.Decoder(KeySet)


def new_key_set() -> KeySet:
    """Fresh secrets for a new vault, with one epoch."""
    epoch = Epoch(1, os.urandom(SECRET_BYTES), os.urandom(SECRET_BYTES))
    return KeySet(os.urandom(VAULT_ID_BYTES), os.urandom(SECRET_BYTES), (epoch,))


def next_epoch(keys: KeySet, number: int = 0) -> KeySet:
    """The same secrets with a fresh epoch, under which new data is sealed from now on; its number, if it is to have one."""
    fresh = Epoch(number or keys.newest.number + 1, os.urandom(SECRET_BYTES), os.urandom(SECRET_BYTES))
    return msgspec.structs.replace(keys, epochs=(*keys.epochs, fresh))


def check_vault(kept: KeySet, keys: KeySet) -> None:
    """Nothing where both are keys of one vault. Raises: VaultError."""
    if (kept.vault_id, kept.master) != (keys.vault_id, keys.master):
        raise VaultError(
            f"The keys of vault {kept.vault_id.hex()} would be replaced by those of {keys.vault_id.hex()}.",
            "Set `[vault] key_file` and `[vault] location` to the key and the place of the same vault.",
        )


def check_successor(kept: KeySet, keys: KeySet) -> None:
    """Nothing where `keys` may take the place of what is kept.

    The newest epoch that is kept must be among them: it may have sealed data a moment ago.
    Raises: VaultError for another vault's keys; Busy when others have added an epoch meanwhile.
    """
    check_vault(kept, keys)
    if kept.newest not in keys.epochs:
        raise Busy(
            f"The vault's keys were changed meanwhile: epoch {kept.newest.number} is there now.",
            "Run the command again; nothing was changed.",
        )


class KeyRing(Protocol):
    """Where the secrets of a vault are kept."""

    @property
    def kind(self) -> str:
        """`key file` or `passphrase`, as the vault's configuration names it."""

    @property
    def location(self) -> str:
        """Where the secrets are, as a person would write it, without secrets."""

    @property
    def can_erase(self) -> bool:
        """Whether destroying an epoch's keys makes every copy of the store unreadable."""

    def create(self, store: ObjectStore) -> KeySet:
        """Make and keep secrets for a new vault. Raises: VaultError when there are some already."""

    def replace(self, store: ObjectStore, keys: KeySet) -> None:
        """Keep these secrets in place of what is kept of the same vault: atomic, and on the disk when it returns.

        What was kept before is not kept beside it. Raises: VaultError with advice; Busy when others
        have replaced them meanwhile.
        """

    def adopt(self, store: ObjectStore, keys: KeySet) -> None:
        """Keep secrets that another key ring held until now, in place of any of this vault. Raises: VaultError."""

    def discard(self, store: ObjectStore) -> None:
        """Keep nothing any more. Raises: VaultError; StoreError."""

    def load(self, store: ObjectStore) -> KeySet:
        """The secrets. Raises: VaultError with advice; VaultDamaged when what is kept is damaged."""

    def check(self, store: ObjectStore) -> None:
        """Look at what is kept without using it. Raises: VaultDamaged; VaultError."""
