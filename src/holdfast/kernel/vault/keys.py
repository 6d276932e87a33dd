"""The key rings that open a vault."""

from __future__ import annotations

from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.key_set import KeyRing
from holdfast.kernel.vault.passphrase import Passphrase

__all__ = ["KeyFile", "KeyRing", "Passphrase"]
