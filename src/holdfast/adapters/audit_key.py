"""The key of the audit chain: 32 random bytes in a private file beside the ledger."""

from __future__ import annotations

import os
from pathlib import Path

from holdfast.domain.errors import LedgerDamaged, LedgerError

KEY_BYTES = 32


def audit_key(path: Path) -> bytes:
    """The key in the file, made on first use with mode 0600. Raises: LedgerDamaged, LedgerError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise LedgerError(str(path), str(error)) from error
    if len(key) != KEY_BYTES:
        raise LedgerDamaged(str(path), f"the audit key has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _make(path: Path) -> None:
    """Write under another name, then link: of two processes one wins, and none sees half a key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
