"""Where the vault lies and what opens it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from holdfast.kernel.settings import setting


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """The vault's place and its key. A passphrase, where its variable is set, replaces the key file."""

    location: str = setting(".holdfast/vault", "A folder, or s3://bucket/prefix.")
    key_file: Path = setting(Path(".holdfast/vault.key"), "Key file of mode 0600, kept outside the vault.")
    passphrase_env: str = setting("", "Name of the environment variable that holds the passphrase.")
