"""Personal values in the journal, which lies beside the vault, under the vault's key for personal data."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import count
from typing import cast

import msgspec

from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.showing import Json, with_personal
from holdfast.kernel.vault.layout import WrappedKey
from holdfast.kernel.vault.sealing import WRAPPED_BYTES, DataKey, Role, Seals

SEALED = "~sealed"
"""The one field of the object that stands for a sealed value."""
EPOCH_BYTES, NUMBER_BYTES = 4, 8
FRONT_BYTES = EPOCH_BYTES + WRAPPED_BYTES
WHERE = "the journal"


class JournalSeal:
    """A `ValueSeal` over a vault, which is opened when the first personal value is met. Thread-safe.

    The text that stands for a value is base64 of epoch (4 bytes), wrapped data key (40), number (8) and
    the value's canonical JSON, sealed. What an older ledger holds in plain is read as it is.
    """

    def __init__(self, seals: Callable[[], Seals]) -> None:
        self._seals = seals
        self._numbers = count()

    @cached_property
    def _key(self) -> tuple[DataKey, bytes]:
        """One data key for all that this process seals, and what is kept of it."""
        key, wrapped = self._seals().new_key(Role.JOURNAL)
        return key, wrapped.epoch.to_bytes(EPOCH_BYTES, "big") + wrapped.data

    def seal(self, value: bytes) -> bytes:
        """The canonical object with its personal values sealed. Raises: VaultError when the vault does not open."""
        return _encoded(with_personal(plain(value), self._sealed))

    def open(self, value: bytes) -> bytes:
        """What `seal` got. Raises: VaultError when its epoch's key is gone; VaultDamaged."""
        if SEALED.encode() not in value:
            return value
        # Only where `seal` puts them: elsewhere anybody may have written such an object.
        return _encoded(with_personal(plain(value), self._opened))

    def _sealed(self, value: Json) -> Json:
        number = next(self._numbers)
        key, front = self._key
        sealed = front + number.to_bytes(NUMBER_BYTES, "big") + key.seal(number, _encoded(value))
        return {SEALED: base64.b64encode(sealed).decode()}

    def _opened(self, value: Json) -> Json:
        text = value.get(SEALED) if isinstance(value, Mapping) else None
        return self._value(base64.b64decode(text)) if isinstance(text, str) else value

    def _value(self, data: bytes) -> Json:
        wrapped = WrappedKey(int.from_bytes(data[:EPOCH_BYTES], "big"), data[EPOCH_BYTES:FRONT_BYTES])
        number = int.from_bytes(data[FRONT_BYTES : FRONT_BYTES + NUMBER_BYTES], "big")
        key = self._seals().unwrap(wrapped, Role.JOURNAL, WHERE)
        found: Json = msgspec.json.decode(key.open(number, data[FRONT_BYTES + NUMBER_BYTES :], WHERE))
        return found


def _encoded(value: Json) -> bytes:
    """Canonical bytes of what came out of canonical bytes, and so holds no floats."""
    return canonical(cast(Plain, value))
