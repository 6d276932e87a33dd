"""`vault.json`: what can be read of a vault without keys, and what tells that the keys are its own."""

from __future__ import annotations

import msgspec

from holdfast.domain.errors import VaultError
from holdfast.kernel.ids import timestamp
from holdfast.kernel.ports import Clock, ObjectStore
from holdfast.kernel.vault.checked_text import check_mac, read_checked, write_signed
from holdfast.kernel.vault.errors import ObjectMissing, damaged
from holdfast.kernel.vault.key_set import KeySet
from holdfast.kernel.vault.layout import SNAPSHOTS
from holdfast.kernel.vault.places import CONFIG_NAME
from holdfast.kernel.vault.sealing import FORMAT_VERSION

PURPOSE = "configuration"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be read without keys: format version, id in hex, kind of key ring, time the vault was made."""

    holdfast_vault: int
    id: str
    keys: str
    created: str


_configs = msgspec.json.Decoder(Config)


def new_config(keys: KeySet, ring_kind: str, clock: Clock) -> bytes:
    """The bytes of a new configuration, authenticated under the keys."""
    return write_config(Config(FORMAT_VERSION, keys.vault_id.hex(), ring_kind, timestamp(clock.now())), keys)


def write_config(config: Config, keys: KeySet) -> bytes:
    """The bytes of a configuration, authenticated under the keys."""
    return write_signed(config, keys, PURPOSE)


def read_config(store: ObjectStore) -> tuple[Config, bytes, str]:
    """A vault's configuration, the line it stands in, and its MAC, which is not compared.

    Raises: VaultError; VaultDamaged; StoreError.
    """
    try:
        data = store.get(CONFIG_NAME)
    except ObjectMissing as error:
        if next(store.list(SNAPSHOTS), None) is not None:
            raise damaged(CONFIG_NAME, "the vault's configuration is missing") from error
        raise VaultError(
            f"There is no vault in {store.location}.",
            "Run `holdfast vault init`, or correct `[vault] location`.",
        ) from error
    config, line, mac = read_checked(data, _configs, CONFIG_NAME)
    if config.holdfast_vault > FORMAT_VERSION:
        raise VaultError(
            f"The vault in {store.location} has format {config.holdfast_vault}; this Holdfast reads up to "
            f"{FORMAT_VERSION}.",
            "Use a newer Holdfast.",
        )
    return config, line, mac


def check_config(store: ObjectStore, keys: KeySet, read: tuple[Config, bytes, str] | None = None) -> Config:
    """The configuration, read now or `read` before, checked against keys.

    Raises: VaultError for another vault's keys; VaultDamaged; StoreError.
    """
    config, line, mac = read or read_config(store)
    if config.id != keys.vault_id.hex():
        raise VaultError(
            f"The keys are of vault {keys.vault_id.hex()}, but {store.location} holds vault {config.id}.",
            "Set `[vault] key_file` and `[vault] location` to the key and the place of the same vault.",
        )
    check_mac(line, mac, CONFIG_NAME, keys, PURPOSE)
    return config
