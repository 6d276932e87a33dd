"""Files that only the holder of a key can read, in the format of age (age-encryption.org/v1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from holdfast.domain.errors import CredentialsError, Refused, UsageError
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.places import Sink

if TYPE_CHECKING:
    from pyrage.x25519 import Identity, Recipient

MARK = b"age-encryption.org/v1"
WITH_PASSPHRASE = b"-> scrypt "
PEEKED = 64
MOST_WITH_PASSPHRASE = 256 * 1024 * 1024
"""Bytes that a passphrase can protect: the library encrypts with one only what it has in memory whole."""


@dataclass(frozen=True, slots=True)
class Locks:
    """For whom a file is encrypted: public keys (`age1...`), or a passphrase."""

    recipients: tuple[str, ...] = ()
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens a file: private keys (`AGE-SECRET-KEY-1...`), or a passphrase."""

    identities: tuple[str, ...] = field(default=(), repr=False)
    passphrase: str = field(default="", repr=False)


def encrypt(chunks: Iterator[bytes], sink: Sink, locks: Locks) -> None:
    """Write the chunks encrypted into the sink. Raises: UsageError for a bad key; what the chunks and the sink raise."""
    import pyrage

    if bool(locks.recipients) == bool(locks.passphrase):
        told = "An encrypted export needs public keys or a passphrase" + (
            ", not both." if locks.passphrase else "."
        )
        raise UsageError(told, "Give --recipient age1... (see `age-keygen`), or --passphrase-env NAME.")
    if locks.passphrase:
        sink.write(pyrage.passphrase.encrypt(_whole(chunks), locks.passphrase))
        return
    source = _Source(chunks)
    try:
        pyrage.encrypt_io(source, sink, _recipients(locks.recipients))
    except (pyrage.EncryptError, OSError) as error:
        if source.error is not None:
            raise source.error from error
        raise


def decrypt(chunks: Iterator[bytes], sink: Sink, keys: Keys) -> None:
    """Write what the chunks hold into the sink.

    Raises: CredentialsError for keys that do not open it; Malformed when it is damaged; what the chunks raise.
    """
    import pyrage

    source = _Source(chunks)
    try:
        if WITH_PASSPHRASE in source.peek()[: len(MARK) + 1 + len(WITH_PASSPHRASE)]:
            sink.write(
                pyrage.passphrase.decrypt(_whole(iter(lambda: source.read(65536), b"")), _passphrase(keys))
            )
        else:
            pyrage.decrypt_io(source, sink, _identities(keys))
    except (pyrage.DecryptError, OSError) as error:
        if source.error is not None:
            raise source.error from error
        if str(error) in ("No matching keys found", "Decryption failed"):
            raise _closed("The keys given do not open the file.") from error
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, not the file's
        raise Malformed("age", f"the encrypted file is damaged or cut off: {error}") from error


class _Source:
    """Chunks as a file that the library reads; an error met there is kept, since the library words it anew."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, memoryview(b"")
        self.error: BaseException | None = None

    def __enter__(self) -> _Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.error = error or self.error

    def peek(self) -> bytes:
        """Some of what comes next, which is still to be read; nothing at the end."""
        with self:
            while not self._held and (chunk := next(self._chunks, None)) is not None:
                self._held = memoryview(chunk)
        return bytes(self._held[:PEEKED])

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        self.peek()
        taken, self._held = self._held[:size], self._held[size:]
        return bytes(taken)


def _whole(chunks: Iterable[bytes]) -> bytes:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > MOST_WITH_PASSPHRASE:
            raise Refused(
                f"a passphrase protects at most {MOST_WITH_PASSPHRASE:,} bytes",
                "Use public keys (--recipient), which have no limit.",
            )
    return bytes(held)


def _recipients(keys: Sequence[str]) -> list[Recipient]:
    import pyrage

    made = []
    for key in keys:
        try:
            made.append(pyrage.x25519.Recipient.from_str(key))
        except pyrage.RecipientError as error:
            raise UsageError(
                f"{key} is no public key of age.", "They begin with age1; `age-keygen -y` shows one."
            ) from error
    return made


def _identities(keys: Keys) -> list[Identity]:
    import pyrage

    if not keys.identities:
        raise _closed("The file is encrypted for public keys.")
    try:
        return [pyrage.x25519.Identity.from_str(key) for key in keys.identities]
    except pyrage.IdentityError as error:
        raise _closed("One of the private keys is none of age's.") from error


def _passphrase(keys: Keys) -> str:
    if not keys.passphrase:
        raise _closed("The file is encrypted with a passphrase.")
    return keys.passphrase


def _closed(problem: str) -> CredentialsError:
    return CredentialsError(problem, "Give --identity FILE with the private key, or --passphrase-env NAME.")
