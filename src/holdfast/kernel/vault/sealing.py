"""The Encryption Layer: bytes that only the vault's keys can read or have written; docs/design/vault.md has the layout."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import IntEnum

from backports import zstd
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from holdfast.domain.errors import VaultError
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.key_set import KeyClass, KeySet
from holdfast.kernel.vault.layout import WrappedKey

FORMAT_VERSION = 1
MAGIC = b"HFV"
HEADER_BYTES = 8
TAG_BYTES = 16
WRAPPED_BYTES = 40  # RFC 3394: 32 bytes of key and 8 of integrity check
# Measured on identity records in blocks of 128 KiB: level 3 takes twice as long and makes 25.0 MB of 23.0.
LEVEL = 1


class Role(IntEnum):
    """What an object is for; part of its first bytes and of everything that authenticates it."""

    RECORDS = ord("R")
    PERSONAL = ord("P")
    INDEX = ord("I")
    MANIFEST = ord("M")
    CHUNKS = ord("C")
    ANSWERS = ord("A")
    """No object of the vault: what a capture under way keeps beside the ledger."""

    @property
    def key_class(self) -> KeyClass:
        """The branch of keys that its data keys are wrapped under."""
        return KeyClass.PERSONAL if self in (Role.PERSONAL, Role.ANSWERS) else KeyClass.RECORDS


def header(role: Role) -> bytes:
    """The first eight bytes of an object."""
    return MAGIC + bytes((FORMAT_VERSION, role, 0, 0, 0))


class DataKey:
    """The key of one object; it seals numbered blocks, each number once."""

    def __init__(self, key: bytes, vault_id: bytes, role: Role) -> None:
        self._cipher = AESGCM(key)
        self._bound = header(role) + vault_id

    def seal(self, number: int, data: bytes, extra: bytes = b"") -> bytes:
        """Encrypted and authenticated; the key is used for one object, so the number is nonce enough."""
        return self._cipher.encrypt(number.to_bytes(12, "big"), data, self._bound + extra)

    def open(self, number: int, data: bytes | memoryview, where: str, extra: bytes = b"") -> bytes:
        """The bytes that `seal` got. Raises: VaultDamaged."""
        try:
            return self._cipher.decrypt(number.to_bytes(12, "big"), data, self._bound + extra)
        except InvalidTag as error:
            raise damaged(where, "the bytes are not the ones that were written") from error


class Seals:
    """Makes and opens data keys, and names objects, for one vault."""

    def __init__(self, keys: KeySet, reload: Callable[[], KeySet] | None = None) -> None:
        """`reload` gives the keys as they are kept now, where epochs may come and go."""
        self.keys = keys
        self._reload = reload
        self._name_key = keys.derive("names")

    @property
    def has_epochs(self) -> bool:
        """Whether epochs come and go, so that keys kept elsewhere may be newer than these."""
        return self._reload is not None

    def refresh(self) -> None:
        """Take the keys as they are kept now. Raises: VaultError."""
        if self._reload:
            self.keys = self._reload()

    def knows(self, epoch: int) -> bool:
        """Whether an epoch's keys are there; they are looked for again when it is newer. Raises: VaultError."""
        if epoch > self.keys.newest.number:
            self.refresh()
        return self.keys.epoch(epoch) is not None

    def new_key(self, role: Role) -> tuple[DataKey, WrappedKey]:
        """A fresh data key under the present epoch."""
        secret = os.urandom(32)
        epoch = self.keys.newest
        wrapped = aes_key_wrap(epoch.secret(role.key_class), secret)
        return DataKey(secret, self.keys.vault_id, role), WrappedKey(epoch.number, wrapped)

    def unwrap(self, wrapped: WrappedKey, role: Role, where: str) -> DataKey:
        """A stored data key. Raises: VaultError when its epoch's key is gone; VaultDamaged."""
        return DataKey(self._secret(wrapped, role, where), self.keys.vault_id, role)

    def _secret(self, wrapped: WrappedKey, role: Role, where: str) -> bytes:
        epoch = self.keys.epoch(wrapped.epoch) if self.knows(wrapped.epoch) else None
        if epoch is None:
            raise VaultError(
                f"{where} is sealed under epoch {wrapped.epoch}, whose key this key ring does not hold.",
                "It was erased on purpose, or this is an older copy of the key file: use the newest one.",
            )
        try:
            return aes_key_unwrap(epoch.secret(role.key_class), wrapped.data)
        except (InvalidUnwrap, ValueError) as error:
            raise damaged(where, "its data key is not the one that was written") from error

    def rewrap(self, wrapped: WrappedKey, role: Role, where: str) -> WrappedKey:
        """The same data key under the present epoch. Raises: as `unwrap`."""
        epoch = self.keys.newest
        secret = self._secret(wrapped, role, where)
        return WrappedKey(epoch.number, aes_key_wrap(epoch.secret(role.key_class), secret))

    def digest(self, data: bytes) -> str:
        """Keyed hash of an object's bytes, its name: the store's owner cannot compute it from a guess."""
        return blake3(data, key=self._name_key).hexdigest()


def compress(data: bytes | memoryview) -> bytes:
    """One zstd frame; what does not become smaller is in it as it is."""
    return zstd.compress(data, LEVEL)


def decompress(data: bytes, where: str) -> bytes:
    """What `compress` got; called on authenticated bytes only. Raises: VaultDamaged."""
    try:
        return zstd.decompress(data)
    except zstd.ZstdError as error:
        raise damaged(where, f"it does not decompress: {error}") from error
