"""Secrets in a file of mode 0600 outside the vault: the way that gives cryptographic erasure."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.kernel.durable import make_private, sweep_drafts, write_whole
from holdfast.kernel.ports import KeyService, ObjectStore
from holdfast.kernel.vault.checked_text import read_checked, write_checked
from holdfast.kernel.vault.key_set import KeySet, check_successor, check_vault, key_sets, new_key_set
from holdfast.kernel.vault.places import places_of
from holdfast.kernel.vault.sealed_keys import (
    MARK,
    NO_SERVICE,
    open_keys,
    seal_keys,
    sealed_key_sets,
)

T = TypeVar("T")


class KeyFile:
    """A key file, plain or sealed under a KMS key; keep a copy of it somewhere safe.

    Without it the vault cannot be read by anybody, nor without the KMS key that seals it.
    """

    kind = "key file"
    can_erase = True

    def __init__(self, path: Path, service: KeyService = NO_SERVICE, kms_key: str | None = None) -> None:
        """`kms_key` must seal the file; nothing in it: none may; None: the file stays as it is, plain when new."""
        self._path = path
        self._service = service
        self._kms_key = kms_key
        self._opened: tuple[bytes, tuple[KeySet, str]] | None = None

    @property
    def location(self) -> str:
        sealed = f", sealed under KMS key {self._kms_key}" if self._kms_key else ""
        return f"{self._path}{sealed}"

    def create(self, store: ObjectStore) -> KeySet:
        """Raises: VaultError when the file exists or cannot be written, or lies inside the store; as `KeyService`."""
        self._refuse_inside(store)
        if self._path.exists():
            raise self._taken()  # before a key service is asked
        keys = new_key_set()
        self._write(self._shaped(keys, self._kms_key), replace=False)
        return keys

    def replace(self, store: ObjectStore, keys: KeySet) -> None:
        """Raises: VaultError as `load`, or when the file cannot be written; Busy when others changed it meanwhile."""
        with self._alone():
            kept, kms_key = self._open(self._read(store))
            check_successor(kept, keys)
            self._write(self._shaped(keys, kms_key if self._kms_key is None else self._kms_key), replace=True)

    def adopt(self, store: ObjectStore, keys: KeySet) -> None:
        """Raises: VaultError for another vault's key file, or one that cannot be written; as `KeyService`."""
        self._refuse_inside(store)
        if self._path.exists():
            check_vault(self._open(self._read(store))[0], keys)
        self._write(self._shaped(keys, self._kms_key), replace=True)

    def discard(self, store: ObjectStore) -> None:
        """Remove the file. Raises: VaultError."""
        try:
            self._path.unlink(missing_ok=True)
            sweep_drafts(self._path)
        except OSError as error:
            raise self._unusable(error) from error

    def load(self, store: ObjectStore) -> KeySet:
        """Raises: VaultError when it is missing, open to others, or not sealed as it must be; as `KeyService`."""
        keys, kms_key = self._open(self._read(store))
        if self._kms_key and not kms_key:
            raise VaultError(
                f"The key file {self._path} is not sealed, but `[vault] kms_key` says {self._kms_key}.",
                "Run `holdfast vault rotate-key`, which seals it, or take `kms_key` out of the settings.",
            )
        return keys

    def check(self, store: ObjectStore) -> None:
        self.load(store)

    def sealed_by(self, store: ObjectStore) -> str:
        """The full name of the KMS key that seals the file, nothing for a plain one. Raises: VaultError."""
        data = self._read(store)
        return self._parse(data, sealed_key_sets).kms_key if data.startswith(MARK) else ""

    def _read(self, store: ObjectStore) -> bytes:
        self._refuse_inside(store)
        try:
            mode = self._path.stat().st_mode
            data = self._path.read_bytes()
        except FileNotFoundError as error:
            raise VaultError(
                f"There is no key file {self._path}.",
                "Set `[vault] key_file` to the vault's key file, or restore it from your copy; "
                "without it nothing can be read.",
            ) from error
        except OSError as error:
            raise self._unusable(error) from error
        if stat.S_IMODE(mode) & 0o077:
            raise VaultError(
                f"The key file {self._path} can be read by others (mode {stat.S_IMODE(mode):04o}).",
                f"Run `chmod 600 {self._path}`.",
            )
        return data

    def _open(self, data: bytes) -> tuple[KeySet, str]:
        """The secrets in a file, whatever seals it, and the KMS key that does."""
        if not data.startswith(MARK):
            return self._parse(data, key_sets), ""
        if self._opened is None or self._opened[0] != data:  # the same bytes need not be opened twice
            found = self._parse(data, sealed_key_sets)
            self._opened = (data, (open_keys(found, self._service, str(self._path)), found.kms_key))
        return self._opened[1]

    def _parse(self, data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
        try:
            return read_checked(data, decoder, str(self._path))[0]
        except VaultDamaged as error:
            raise VaultDamaged(
                error.problem,
                "Restore the key file from your copy; the vault itself is unharmed.",
                error.where,
            ) from error

    def _shaped(self, keys: KeySet, kms_key: str | None) -> bytes:
        """The file's bytes, sealed where a key is named."""
        if not kms_key:
            return write_checked(keys)
        return write_checked(seal_keys(keys, self._service, kms_key))

    def _write(self, data: bytes, *, replace: bool) -> None:
        """On the disk before anything is sealed under these keys."""
        try:
            make_private(self._path.parent)
            if replace:
                # A draft that a killed writer left may hold an epoch that these keys destroy.
                sweep_drafts(self._path)
            write_whole(self._path, data, replace=replace)
        except FileExistsError as error:
            raise self._taken() from error
        except OSError as error:
            raise self._unusable(error) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process of this machine changes the file at a time; the lock ends with the process."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _refuse_inside(self, store: ObjectStore) -> None:
        # A thief of the folder must not get the key with it, and erasure needs the key to be elsewhere.
        for place in (Path(each.location) for each in places_of(store)):
            if place.is_absolute() and self._path.resolve().is_relative_to(place.resolve()):
                raise VaultError(
                    f"The key file {self._path} is inside the vault {place}.",
                    "Keep it elsewhere, for example beside holdfast.toml, and set `[vault] key_file`.",
                )

    def _taken(self) -> VaultError:
        return VaultError(
            f"The key file {self._path} exists already.",
            "Name another in `[vault] key_file`; a key file belongs to one vault and is never replaced by another's.",
        )

    def _unusable(self, error: OSError) -> VaultError:
        return VaultError(
            f"The key file {self._path} cannot be used: {error.strerror}.",
            "Check `[vault] key_file` and the permissions of the file and its folder.",
        )
