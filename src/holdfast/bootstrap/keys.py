"""Which key ring the settings mean, how its keys are changed, and what AWS must allow for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.config import Settings
from holdfast.domain.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from holdfast.kernel.ports import KeyService, ObjectStore
    from holdfast.kernel.vault.key_file import KeyFile
    from holdfast.kernel.vault.key_set import KeyRing, KeySet
    from holdfast.kernel.vault.passphrase import Passphrase


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the keys shall be kept with from now on; all empty: as they are kept now."""

    passphrase_env: str = ""
    kms_key: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Rotated:
    """A vault after its keys were changed, and the settings, as lines, that the new way needs."""

    id: str
    epoch: int
    epochs: int
    key_location: str
    can_erase: bool
    settings: tuple[str, ...]


def key_ring(settings: Settings, service: KeyService) -> KeyRing:
    """What opens the vault: the passphrase where its variable is named, else the key file.

    Raises: SettingsError when that variable is not set, or a KMS key is named beside it.
    """
    own = settings.vault
    if own.passphrase_env and own.kms_key:
        problem = "[vault] kms_key: seals a key file, but passphrase_env is set; take one of them out"
        raise SettingsError(str(settings.file or "environment"), (problem,))
    if own.passphrase_env:
        return _passphrase(settings, own.passphrase_env)
    return _key_file(settings, service, own.kms_key or None)


def rotate_keys(settings: Settings, store: ObjectStore, service: KeyService, wanted: Wanted) -> Rotated:
    """New keys for what is sealed from now on, kept as wanted.

    Raises: UsageError for two ways at once; SettingsError; as `holdfast.kernel.vault.rotation.rotate`.
    """
    from holdfast.kernel.vault.rotation import rotate

    own = settings.vault
    if sum((bool(wanted.passphrase_env), bool(wanted.kms_key), wanted.plain)) > 1:
        raise UsageError(
            "The keys can be kept in one way only.",
            "Give one of --new-passphrase-env, --kms-key and --key-file.",
        )
    # Whatever seals the key file now: that it is not what the settings say may be why this was asked for.
    ring = key_ring(settings, service) if own.passphrase_env else _key_file(settings, service, None)
    target = _target(settings, service, wanted)
    keys = rotate(store, ring, target)
    return _rotated(keys, target, _lines(settings, wanted))


def sealing_key(settings: Settings, store: ObjectStore, service: KeyService) -> str:
    """The ARN of the KMS key that seals the vault's key file now; empty where none does. KMS is not asked.

    Raises: VaultError for a key file that cannot be read.
    """
    own = settings.vault
    if own.passphrase_env or not own.key_file.exists():
        return ""
    return _key_file(settings, service, None).sealed_by(store)


def with_vault_keys(settings: Settings, store: ObjectStore, service: KeyService, policy: str) -> str:
    """A policy document, as JSON, that also allows what the vault's KMS keys are used for, where there are any.

    Raises: VaultError for a key file that cannot be read.
    """
    own = settings.vault
    sealed_by = sealing_key(settings, store, service)
    keys = [key for key in dict.fromkeys((sealed_by, own.kms_key, own.sse_kms_key)) if key]
    document = json.loads(policy)
    document["Statement"] += [_statement(f"VaultKey{number}", key) for number, key in enumerate(keys, 1)]
    return json.dumps(document, indent=2)


def _statement(name: str, key: str) -> Mapping[str, object]:
    """A policy names a key by its ARN; an alias can only be a condition."""
    statement = {"Sid": name, "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
    alias = key.partition("alias/")[2]
    if alias:
        condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias}"}}
        return {**statement, "Resource": "arn:aws:kms:*:*:key/*", "Condition": condition}
    return {**statement, "Resource": key if key.startswith("arn:") else f"arn:aws:kms:*:*:key/{key}"}


def _target(settings: Settings, service: KeyService, wanted: Wanted) -> KeyRing:
    own = settings.vault
    name = wanted.passphrase_env or ("" if wanted.kms_key or wanted.plain else own.passphrase_env)
    if name:
        return _passphrase(settings, name)
    as_it_is = own.kms_key or None
    return _key_file(settings, service, "" if wanted.plain else wanted.kms_key or as_it_is)


def _rotated(keys: KeySet, target: KeyRing, settings: tuple[str, ...]) -> Rotated:
    return Rotated(
        keys.vault_id.hex(),
        keys.newest.number,
        len(keys.epochs),
        target.location,
        target.can_erase,
        settings,
    )


def _lines(settings: Settings, wanted: Wanted) -> tuple[str, ...]:
    """The settings under `[vault]` that must change with the keys."""
    own = settings.vault
    asked = bool(wanted.passphrase_env or wanted.kms_key or wanted.plain)
    new = {"passphrase_env": wanted.passphrase_env, "kms_key": wanted.kms_key}
    old = {"passphrase_env": own.passphrase_env, "kms_key": own.kms_key}
    return tuple(f'{name} = "{new[name]}"' for name in new if asked and new[name] != old[name])


def _passphrase(settings: Settings, variable: str) -> Passphrase:
    from holdfast.kernel.vault.passphrase import Passphrase

    if not os.environ.get(variable):
        problem = f"[vault] passphrase_env: the variable {variable} is not set, or empty"
        raise SettingsError(str(settings.file or "environment"), (problem,))
    return Passphrase(os.environ[variable], variable)


def _key_file(settings: Settings, service: KeyService, kms_key: str | None) -> KeyFile:
    from holdfast.kernel.vault.key_file import KeyFile

    return KeyFile(settings.vault.key_file, service, kms_key)
