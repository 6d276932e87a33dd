"""Personal values in the journal, which lies beside the vault, under a key of the vault's."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.domain.errors import VaultError
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.showing import Json, with_personal
from holdfast.kernel.vault.key_set import KeySet

SEALED = "~sealed"
"""The one field of the object that stands for a sealed value."""
PURPOSE = "journal"
NONCE_BYTES = 12


class JournalSeal:
    """A `ValueSeal` over a vault, which is opened when the first personal value is met.

    The key is made from the vault's master secret, not from an epoch: a run must stay resumable and
    undoable when a prune has destroyed the epoch that it began under. The text that stands for a value is base64
    of a random nonce and the value's canonical JSON, sealed. What an older ledger holds in plain is read as
    it is.
    """

    def __init__(self, keys: Callable[[], KeySet]) -> None:
        self._keys = keys

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._keys().derive(PURPOSE))

    def seal(self, value: bytes) -> bytes:
        """The canonical object with its personal values sealed. Raises: VaultError when the vault does not open."""
        return _encoded(with_personal(plain(value), self._sealed))

    def open(self, value: bytes) -> bytes:
        """What `seal` got. Raises: VaultError when the vault does not open, or is not the one it was sealed for."""
        if SEALED.encode() not in value:
            return value
        # Only where `seal` puts them: elsewhere anybody may have written such an object.
        return _encoded(with_personal(plain(value), self._opened))

    def _sealed(self, value: Json) -> Json:
        nonce = os.urandom(NONCE_BYTES)
        return {SEALED: base64.b64encode(nonce + self._cipher.encrypt(nonce, _encoded(value), None)).decode()}

    def _opened(self, value: Json) -> Json:
        text = value.get(SEALED) if isinstance(value, Mapping) else None
        if not isinstance(text, str):
            return value
        data = base64.b64decode(text)
        try:
            found: Json = msgspec.json.decode(
                self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None)
            )
        except InvalidTag as error:
            raise VaultError(
                "A personal value in the ledger's journal does not open with this vault's keys.",
                "Set `[vault]` to the vault that the run was started with; else the ledger was altered.",
            ) from error
        return found


def _encoded(value: Json) -> bytes:
    """Canonical bytes of what came out of canonical bytes, and so holds no floats."""
    return canonical(cast(Plain, value))
