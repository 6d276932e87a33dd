"""A key service in memory that obeys AWS KMS: aliases, contexts, key states, and ciphertexts that know their key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.kernel.ports import FreshKey


@dataclass
class MemoryKeyService:
    """Keys by full name; `aliases` lead to them, and what is in `disabled` is refused."""

    keys: set[str] = field(default_factory=lambda: {"arn:one", "arn:two"})
    aliases: dict[str, str] = field(default_factory=lambda: {"alias/vault": "arn:one"})
    disabled: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    _wrapped: dict[bytes, tuple[str, str, bytes]] = field(default_factory=dict)

    def new_data_key(self, key: str, context: Mapping[str, str]) -> FreshKey:
        name = self._usable(self.aliases.get(key, key))
        blob, secret = os.urandom(16), os.urandom(32)
        self._wrapped[blob] = (name, json.dumps(dict(context)), secret)
        return FreshKey(name, secret, blob)

    def open_data_key(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        name = self._usable(self.aliases.get(key, key))
        found, bound, secret = self._wrapped[wrapped]
        if (found, bound) != (name, json.dumps(dict(context))):
            raise VaultDamaged("the data key does not open", "Restore the key file.", "the key file")
        return secret

    def _usable(self, name: str) -> str:
        self.asked.append(name)
        if name not in self.keys or name in self.disabled:
            raise VaultError(f"KMS key {name} is disabled.", "Enable it.")
        return name
