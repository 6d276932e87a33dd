"""Secrets in a file of mode 0600 outside the vault: the way that gives cryptographic erasure."""

from __future__ import annotations

import stat
from pathlib import Path

from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.kernel.durable import write_whole
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.checked_text import read_checked, write_checked
from holdfast.kernel.vault.key_set import KeySet, new_key_set
from holdfast.kernel.vault.places import places_of


class KeyFile:
    """A key file; keep a copy of it somewhere safe: without it the vault cannot be read by anybody."""

    kind = "key file"
    can_erase = True

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def location(self) -> str:
        return str(self._path)

    def create(self, store: ObjectStore) -> KeySet:
        """Raises: VaultError when the file exists or cannot be written, or lies inside the store."""
        self._refuse_inside(store)
        keys = new_key_set()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # On the disk before anything is sealed under these keys.
            write_whole(self._path, write_checked(keys))
        except FileExistsError as error:
            raise VaultError(
                f"The key file {self._path} exists already.",
                "Name another in `[vault] key_file`; a key file belongs to one vault and is never replaced.",
            ) from error
        except OSError as error:
            raise self._unusable(error) from error
        return keys

    def load(self, store: ObjectStore) -> KeySet:
        """Raises: VaultError when it is missing, open to others, or damaged."""
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
        return self._parse(data)

    def check(self, store: ObjectStore) -> None:
        self.load(store)

    def _parse(self, data: bytes) -> KeySet:
        try:
            return read_checked(data, KeySet, str(self._path))[0]
        except VaultDamaged as error:
            raise VaultDamaged(
                error.problem,
                "Restore the key file from your copy; the vault itself is unharmed.",
                error.where,
            ) from error

    def _refuse_inside(self, store: ObjectStore) -> None:
        # A thief of the folder must not get the key with it, and erasure needs the key to be elsewhere.
        for place in (Path(each.location) for each in places_of(store)):
            if place.is_absolute() and self._path.resolve().is_relative_to(place.resolve()):
                raise VaultError(
                    f"The key file {self._path} is inside the vault {place}.",
                    "Keep it elsewhere, for example beside holdfast.toml, and set `[vault] key_file`.",
                )

    def _unusable(self, error: OSError) -> VaultError:
        return VaultError(
            f"The key file {self._path} cannot be used: {error.strerror}.",
            "Check `[vault] key_file` and the permissions of the file and its folder.",
        )
