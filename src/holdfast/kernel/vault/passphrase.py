"""Secrets kept in the vault itself, sealed under a passphrase."""

from __future__ import annotations

import os
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from holdfast.domain.errors import VaultError
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.checked_text import read_checked, write_checked
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, damaged
from holdfast.kernel.vault.key_set import KeySet, check_successor, key_sets, new_key_set

HEADER_NAME = "keys/passphrase"
# RFC 9106, section 4, second recommended choice: 3 passes over 64 MiB in 4 lanes. Part of format version 1.
PASSES = 3
MEMORY_KIB = 65536
LANES = 4
PURPOSE = b"holdfast vault 1 passphrase"


class KeyHeader(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="holdfast_key_header", tag=1
):
    """What the store holds of a passphrase: the salt, and the secrets sealed; bytes are base64.

    `holdfast_key_header` is its version.
    """

    kdf: Literal["argon2id"]
    salt: bytes
    nonce: bytes
    sealed: bytes


_headers = msgspec.json.Decoder(KeyHeader)


class Passphrase:
    """A passphrase. It opens every old copy of the store too, so erasure cannot be claimed."""

    kind = "passphrase"
    can_erase = False
    location = f"the vault, as {HEADER_NAME}, sealed by a passphrase"

    def __init__(self, passphrase: str, variable: str = "the passphrase's environment variable") -> None:
        """`variable` is the environment variable it came from, for advice."""
        self._passphrase = passphrase
        self._variable = variable

    def create(self, store: ObjectStore) -> KeySet:
        """Raises: VaultError for an empty passphrase, or when the store has a key header already."""
        if not self._passphrase:
            raise self._empty()
        keys = new_key_set()
        try:
            store.put(HEADER_NAME, self._sealed(keys))
        except ObjectExists as error:
            raise VaultError(
                f"{store.location} has a key header already.",
                "Open that vault, or choose an empty place for a new one.",
            ) from error
        return keys

    def replace(self, store: ObjectStore, keys: KeySet) -> None:
        """Raises: VaultDamaged and VaultError as `load`; Busy when others changed them meanwhile; StoreError."""
        check_successor(self.load(store), keys)
        self.adopt(store, keys)

    def adopt(self, store: ObjectStore, keys: KeySet) -> None:
        """Raises: VaultError for an empty passphrase; StoreError."""
        if not self._passphrase:
            raise self._empty()
        store.put(HEADER_NAME, self._sealed(keys), replace=True)

    def discard(self, store: ObjectStore) -> None:
        """Raises: StoreError."""
        store.delete(HEADER_NAME)

    def load(self, store: ObjectStore) -> KeySet:
        """Raises: VaultDamaged when the key header is damaged or gone; VaultError for a wrong passphrase."""
        if not self._passphrase:
            raise self._empty()
        found = self._header(store)
        try:
            secrets = AESGCM(self._stretch(found.salt)).decrypt(found.nonce, found.sealed, PURPOSE)
        except InvalidTag as error:
            # The header's checksum was right, so it is the passphrase that is wrong.
            raise VaultError(
                f"The passphrase does not open the vault in {store.location}.",
                f"Check {self._variable}; the key header itself is undamaged.",
            ) from error
        return key_sets.decode(secrets)

    def check(self, store: ObjectStore) -> None:
        self._header(store)

    def _empty(self) -> VaultError:
        return VaultError("The vault's passphrase is empty.", f"Set {self._variable} to the passphrase.")

    def _header(self, store: ObjectStore) -> KeyHeader:
        try:
            found, _, _ = read_checked(store.get(HEADER_NAME), _headers, HEADER_NAME)
        except ObjectMissing as error:
            raise damaged(HEADER_NAME, "the key header is missing") from error
        return found

    def _sealed(self, keys: KeySet) -> bytes:
        salt, nonce = os.urandom(16), os.urandom(12)
        sealed = AESGCM(self._stretch(salt)).encrypt(nonce, msgspec.json.encode(keys), PURPOSE)
        return write_checked(KeyHeader("argon2id", salt, nonce, sealed))

    def _stretch(self, salt: bytes) -> bytes:
        return Argon2id(salt=salt, length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB).derive(
            self._passphrase.encode()
        )
