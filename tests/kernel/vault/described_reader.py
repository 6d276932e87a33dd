"""Reads a vault in a folder from docs/design/vault.md alone: nothing of holdfast is imported."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from backports import zstd
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

Decoded: TypeAlias = Any
Found = dict[str, list[tuple[str, int, bytes, bytes]]]
MANIFEST = re.compile(r"([0-9]{8}t[0-9]{6}\.[0-9]{3}z-[0-9a-f]{8})(?:\.g([0-9]{8}))?")
GIVEN_UP = b"given up by a prune of the vault\n"


def checked_line(data: bytes) -> bytes:
    line, checksum = data.split(b"\n")[:2]
    assert hashlib.sha256(line).hexdigest().encode() == checksum
    return line


def passphrase_secrets(header: bytes, passphrase: str) -> bytes:
    """The first line of a key file, from `keys/passphrase`."""
    fields = json.loads(checked_line(header))
    salt, nonce, sealed = (base64.b64decode(fields[name]) for name in ("salt", "nonce", "sealed"))
    key = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=64 * 1024).derive(
        passphrase.encode()
    )
    return AESGCM(key).decrypt(nonce, sealed, b"holdfast vault 1 passphrase")


def sealed_secrets(line: bytes, decrypt: Callable[[str, bytes, dict[str, str]], bytes]) -> bytes:
    """The first line of a plain key file, from a sealed one; `decrypt` is what KMS is asked."""
    fields = json.loads(line)
    vault_id, wrapped, sealed = (base64.b64decode(fields[name]) for name in ("vault_id", "wrapped", "sealed"))
    context = {"holdfast-vault": vault_id.hex(), "purpose": "key file"}
    bound = b"holdfast vault 1 key file" + vault_id + fields["kms_key"].encode()
    return AESGCM(decrypt(fields["kms_key"], wrapped, context)).decrypt(bytes(12), sealed, bound)


@dataclass
class DescribedVault:
    """A vault's folder and the JSON line of its secrets."""

    folder: Path
    secrets: bytes

    def __post_init__(self) -> None:
        kept = json.loads(self.secrets)
        self.vault_id = base64.b64decode(kept["vault_id"])
        self.master = base64.b64decode(kept["master"])
        self.epochs = {
            epoch["number"]: {name: base64.b64decode(epoch[name]) for name in ("records", "personal")}
            for epoch in kept["epochs"]
        }
        line, _, mac = (self.folder / "vault.json").read_bytes().split(b"\n")[:3]
        assert hmac.new(self.derive("configuration"), line, "sha256").hexdigest().encode() == mac
        assert json.loads(line)["id"] == self.vault_id.hex()

    def derive(self, purpose: str) -> bytes:
        return hmac.new(self.master, b"holdfast vault 1 " + purpose.encode(), "sha256").digest()

    def current(self) -> dict[str, str]:
        """The manifests that count, by the snapshot's id in lower case."""
        held = {path.name: path.read_bytes() for path in (self.folder / "snapshots").iterdir()}
        marks = {name: data for name, data in held.items() if name.startswith("pruned.") and data != GIVEN_UP}
        generation = max((self.prune(name, data) for name, data in marks.items()), default=0)
        found: dict[str, str] = {}
        for name in sorted(held):  # a name without `.g` comes before the same with it
            match = MANIFEST.fullmatch(name)
            if not match or held[name] == GIVEN_UP or f"{match[1]}.deleted" in held:
                continue
            if match[2] is None or int(match[2]) == generation:
                found[match[1]] = f"snapshots/{name}"
        return found

    def prune(self, name: str, mark: bytes) -> int:
        """The number of a prune that ended."""
        line, _, mac = mark.split(b"\n")[:3]
        assert checked_line(mark) == line
        assert hmac.new(self.derive("prune"), line, "sha256").hexdigest().encode() == mac
        number: int = json.loads(line)["number"]
        assert name == f"pruned.{number:08d}"
        return number

    def read(self, name: str) -> Found:
        """A snapshot's rows by type, every hash and digest compared on the way."""
        manifest = self.manifest(name)
        indexes = [self.index(*ref) for ref in manifest[12]]
        found: Found = {}
        for type_name, count, captured, _, _, digest, layers, *_ in manifest[13]:
            if not captured:
                continue
            rows: dict[str, tuple[str, int, bytes, bytes]] = {}
            for index, at in layers:
                packs, stored, *_ = indexes[int(index)]
                for row in self.rows(packs, stored, at):
                    rows.pop(row[0], None)
                    if row[2] is not None:
                        rows[row[0]] = row
            found[type_name] = [rows[key] for key in sorted(rows)]
            stream = b"".join(msgspec.msgpack.encode(row) for row in found[type_name])
            assert (len(rows), blake3(stream).hexdigest()) == (count, digest)
        sections = [
            (kind, count, whole, all_, digest) for kind, count, whole, all_, _, digest, *_ in manifest[13]
        ]
        assert blake3(msgspec.msgpack.encode(sections)).hexdigest() == manifest[10]
        return found

    def streams(self, name: str) -> dict[tuple[str, str, str], bytes]:
        """What records of a snapshot keep by chunks: by type, key and name; of a file the name is empty."""
        manifest, found = self.manifest(name), self.read(name)
        chunks: dict[bytes, bytes] = {}
        for ref in manifest[12]:
            packs, _, *further = self.index(*ref)
            for pack, ids, lengths, sizes in further[0] if further else ():
                chunks.update(self.chunks(packs[pack], ids, lengths, sizes))
        kept: dict[tuple[str, str, str], bytes] = {}
        for type_name in (section[0] for section in manifest[13] if section[7:] == [True]):
            for key, _, body, _ in found[type_name]:
                fields = json.loads(body)
                for blob, held in (fields.get("blobs") or {"": fields}).items():
                    parts = [chunks[bytes.fromhex(each)] for each in held.get("chunks", [])]
                    kept[type_name, key, blob] = b"".join(parts)
                    assert len(kept[type_name, key, blob]) == held.get("size", 0)
                    if blob:
                        assert hashlib.sha256(kept[type_name, key, blob]).hexdigest() == held["digest"]
        return kept

    def chunks(
        self, pack: list[Any], ids: bytes, lengths: list[int], sizes: list[int]
    ) -> Iterator[tuple[bytes, bytes]]:
        """A pack's chunks by id."""
        role, name, size, key, blocks = pack
        data, offset = self.object(name), 8
        assert (chr(role), len(data), len(ids)) == ("C", size, 16 * len(lengths))
        assert blocks == len(lengths)
        for number, (length, plain_size) in enumerate(zip(lengths, sizes, strict=True)):
            plain = self.plain("C", key, number, data[offset : offset + length])
            offset += length
            id_ = ids[16 * number : 16 * number + 16]
            assert (blake3(plain, key=self.derive("chunks")).digest()[:16], len(plain)) == (id_, plain_size)
            yield id_, plain

    def manifest(self, name: str) -> Decoded:
        data = (self.folder / name).read_bytes()
        front, epoch, wrapped, sealed = data[:8], data[8:12], data[12:52], data[52:]
        assert front == b"HFV\x01M\0\0\0"
        key = aes_key_unwrap(self.epochs[int.from_bytes(epoch, "big")]["records"], wrapped)
        bound = front + self.vault_id + epoch + wrapped + name.encode()
        plain = AESGCM(key).decrypt(bytes(12), sealed, bound)
        return msgspec.msgpack.decode(zstd.decompress(plain))

    def object(self, name: str) -> bytes:
        data = (self.folder / name).read_bytes()
        assert blake3(data, key=self.derive("names")).hexdigest() == name.rpartition("/")[2]
        return data

    def open(self, role: str, wrapped: list[Any], number: int, sealed: bytes) -> Decoded:
        return msgspec.msgpack.decode(self.plain(role, wrapped, number, sealed))

    def plain(self, role: str, wrapped: list[Any], number: int, sealed: bytes) -> bytes:
        front = b"HFV\x01" + role.encode() + b"\0\0\0"
        branch = "personal" if role == "P" else "records"
        key = aes_key_unwrap(self.epochs[wrapped[0]][branch], wrapped[1])
        plain = AESGCM(key).decrypt(number.to_bytes(12, "big"), sealed, front + self.vault_id)
        return zstd.decompress(plain)

    def index(self, role: int, name: str, size: int, key: list[Any], blocks: int) -> list[Any]:
        data = self.object(name)
        assert (chr(role), len(data), blocks) == ("I", size, 1)
        found: list[Any] = self.open("I", key, 0, data[8:])
        return found

    def rows(self, packs: Decoded, layers: Decoded, at: int) -> Iterator[tuple[str, int, bytes, bytes]]:
        def part(place: list[int]) -> Decoded:
            role, name, size, key, _ = packs[place[0]]
            data = self.object(name)
            assert len(data) == size
            return self.open(chr(role), key, place[1], data[place[2] : place[2] + place[3]])

        for first, last, count, body, personal in layers[at][4]:
            keys, schemas, bodies = part(body)
            parts = part(personal)[0] if personal else [b""] * count
            assert (keys[0], keys[-1], len(keys)) == (first, last, count)
            yield from zip(keys, schemas, bodies, parts, strict=True)
