"""The key of the audit chain: 32 random bytes in a private file beside the ledger."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from holdfast.domain.errors import LedgerDamaged, LedgerError
from holdfast.kernel.durable import make_private, write_whole

KEY_BYTES = 32


def audit_key(path: Path) -> bytes:
    """The key in the file, made on first use with mode 0600. Raises: LedgerDamaged, LedgerError."""
    try:
        make_private(path.parent)
        if not path.exists():
            with suppress(FileExistsError):  # of two processes one wins, and both read its key
                write_whole(path, os.urandom(KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise LedgerError(str(path), str(error)) from error
    if len(key) != KEY_BYTES:
        raise LedgerDamaged(str(path), f"the audit key has {len(key)} bytes instead of {KEY_BYTES}")
    return key
