"""A new epoch for what is sealed from now on, and new wrapping for the secrets; no data is rewritten."""

from __future__ import annotations

import msgspec

from holdfast.domain.errors import VaultError
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.configuration import check_config, write_config
from holdfast.kernel.vault.key_set import KeyRing, KeySet, next_epoch
from holdfast.kernel.vault.places import CONFIG_NAME


def rotate(store: ObjectStore, ring: KeyRing, target: KeyRing) -> KeySet:
    """The secrets as `target` keeps them now: those of `ring` and a fresh epoch.

    `target` may be `ring`, the same kind under another KMS key or passphrase, or the other kind. Killed
    at any moment, it leaves a vault that opens as before or as after.
    Raises: VaultError; VaultDamaged; Busy when others changed the keys meanwhile; StoreError; as `KeyService`.
    """
    keys = ring.load(store)
    config = check_config(store, keys)
    fresh = next_epoch(keys)
    if config.keys == target.kind == "key file":
        target.replace(store, fresh)
    else:
        target.adopt(store, fresh)
    if config.keys != target.kind:
        if target.load(store) != fresh:  # read back, since the old ring is about to go
            raise VaultError(f"{target.location} does not hold what was written.", "Run the command again.")
        kept = msgspec.structs.replace(config, keys=target.kind)
        store.put(CONFIG_NAME, write_config(kept, fresh), replace=True)
        ring.discard(store)
    return fresh
