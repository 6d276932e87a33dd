"""The secrets of a vault sealed under a key that a key service keeps: what a key file holds with AWS KMS."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.domain.errors import VaultError
from holdfast.kernel.ports import FreshKey, KeyService
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.key_set import KeySet, key_sets

MARK = b'{"holdfast_sealed_keys":'
PURPOSE = b"holdfast vault 1 key file"
# The data key seals this one text.
NONCE = bytes(12)


class SealedKeys(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="holdfast_sealed_keys", tag=1
):
    """A line of JSON in a key file: the service's key by its full name, and a data key wrapped under it.

    `holdfast_sealed_keys` comes first and is the version; bytes are base64.
    """

    vault_id: bytes
    kms_key: str
    wrapped: bytes
    sealed: bytes


sealed_key_sets = msgspec.json.Decoder(SealedKeys)


class NoKeyService:
    """Where no key service was given: for vaults with a plain key file."""

    def new_data_key(self, key: str, context: Mapping[str, str]) -> FreshKey:
        raise self._unreachable(key)

    def open_data_key(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        raise self._unreachable(key)

    def _unreachable(self, key: str) -> VaultError:
        return VaultError(f"Nothing here reaches KMS key {key}.", "Open the vault with AWS settings.")


NO_SERVICE = NoKeyService()


def seal_keys(keys: KeySet, service: KeyService, key: str) -> SealedKeys:
    """The secrets under a fresh data key, and that under the service's key, by whichever name it was given.

    Raises: as `KeyService.new_data_key`.
    """
    fresh = service.new_data_key(key, context_of(keys.vault_id))
    sealed = AESGCM(fresh.secret).encrypt(NONCE, msgspec.json.encode(keys), _bound(keys.vault_id, fresh.key))
    return SealedKeys(keys.vault_id, fresh.key, fresh.wrapped, sealed)


def open_keys(found: SealedKeys, service: KeyService, where: str) -> KeySet:
    """The secrets. Raises: VaultDamaged; as `KeyService.open_data_key`."""
    secret = service.open_data_key(found.kms_key, found.wrapped, context_of(found.vault_id))
    try:
        plain = AESGCM(secret).decrypt(NONCE, found.sealed, _bound(found.vault_id, found.kms_key))
    except InvalidTag as error:
        raise damaged(where, "its secrets are not the ones that were sealed") from error
    return key_sets.decode(plain)


def context_of(vault_id: bytes) -> dict[str, str]:
    """The encryption context, which key policies can ask for and CloudTrail shows."""
    return {"holdfast-vault": vault_id.hex(), "purpose": "key file"}


def _bound(vault_id: bytes, key: str) -> bytes:
    return PURPOSE + vault_id + key.encode()
