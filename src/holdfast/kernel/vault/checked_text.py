"""A line of JSON with its checksum below it, and a MAC where keys are at hand: how what is no sealed object is kept."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TypeVar

import msgspec

from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.key_set import KeySet

T = TypeVar("T")


def write_checked(value: msgspec.Struct, mac: str = "") -> bytes:
    """The value as one line of JSON, its SHA-256 as the next, and the MAC, if any, as the last."""
    line = msgspec.json.encode(value)
    lines = [line, sha256(line).hexdigest().encode()] + ([mac.encode()] if mac else [])
    return b"\n".join(lines) + b"\n"


def read_checked(data: bytes, decoder: msgspec.json.Decoder[T], where: str) -> tuple[T, bytes, str]:
    """The value, the line it was read from, and the MAC or nothing. Raises: VaultDamaged."""
    lines = data.split(b"\n")
    if len(lines) not in (3, 4) or lines[-1] or sha256(lines[0]).hexdigest().encode() != lines[1]:
        raise damaged(where, "its checksum does not match its contents")
    try:
        value = decoder.decode(lines[0])
    except msgspec.MsgspecError as error:
        raise damaged(where, f"it has fields this version does not know: {error}") from error
    return value, lines[0], lines[2].decode("latin-1") if len(lines) == 4 else ""


def write_signed(value: msgspec.Struct, keys: KeySet, purpose: str) -> bytes:
    """As `write_checked`, authenticated under the vault's key for a purpose."""
    return write_checked(value, _mac(keys, purpose, msgspec.json.encode(value)))


def read_signed(data: bytes, decoder: msgspec.json.Decoder[T], where: str, keys: KeySet, purpose: str) -> T:
    """What `write_signed` got. Raises: VaultDamaged, also for what another's keys wrote."""
    value, line, mac = read_checked(data, decoder, where)
    check_mac(line, mac, where, keys, purpose)
    return value


def check_mac(line: bytes, mac: str, where: str, keys: KeySet, purpose: str) -> None:
    """Compare a line with its MAC. Raises: VaultDamaged for what another's keys wrote."""
    if not hmac.compare_digest(mac.encode(), _mac(keys, purpose, line).encode()):
        raise damaged(where, "it was not written with this vault's keys")


def _mac(keys: KeySet, purpose: str, line: bytes) -> str:
    return hmac.new(keys.derive(purpose), line, sha256).hexdigest()
