"""A line of JSON with its checksum below it: how the vault keeps what must be readable before any key."""

from __future__ import annotations

from hashlib import sha256
from typing import TypeVar

import msgspec

from holdfast.kernel.vault.errors import damaged

T = TypeVar("T")


def write_checked(value: msgspec.Struct, mac: str = "") -> bytes:
    """The value as one line of JSON, its SHA-256 as the next, and the MAC, if any, as the last."""
    line = msgspec.json.encode(value)
    lines = [line, sha256(line).hexdigest().encode()] + ([mac.encode()] if mac else [])
    return b"\n".join(lines) + b"\n"


def read_checked(data: bytes, shape: type[T], where: str) -> tuple[T, bytes, str]:
    """The value, the line it was read from, and the MAC or nothing. Raises: VaultDamaged."""
    lines = data.split(b"\n")
    if len(lines) not in (3, 4) or lines[-1] or sha256(lines[0]).hexdigest().encode() != lines[1]:
        raise damaged(where, "its checksum does not match its contents")
    try:
        value = msgspec.json.decode(lines[0], type=shape)
    except msgspec.MsgspecError as error:
        raise damaged(where, f"it has fields this version does not know: {error}") from error
    return value, lines[0], lines[2].decode("latin-1") if len(lines) == 4 else ""
