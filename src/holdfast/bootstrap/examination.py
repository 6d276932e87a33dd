"""What a doctor looks at in an installation and in the systems it keeps; nothing is changed."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from holdfast.bootstrap.keys import with_vault_keys
from holdfast.bootstrap.parts import IDENTITY_CENTER, Parts
from holdfast.domain.errors import HoldfastError, UsageError
from holdfast.kernel.checks import Check, Verdict, failed
from holdfast.kernel.ports import Bucket

OTHERS = 0o077
"""The mode bits that must not be set on what is private."""


def examine(home: Parts, system: str, work: str) -> Iterator[Check]:
    """Settings, folders, ledger, vault, then all that the system itself looks at.

    Settings that cannot be read never get here. Raises: UsageError for an unknown system or work; what
    `System.examine` raises.
    """
    looked_at = home.system(system).examine
    yield from _own(home)
    if looked_at is not None:
        yield from looked_at(work)


def policy(home: Parts, system: str, work: str) -> str:
    """The least-privilege policy of a system as JSON, with the vault's KMS keys. Raises: UsageError where there is none."""
    print_policy = home.system(system).policy
    if print_policy is None:
        raise UsageError(f"{system} needs no IAM policy.", f"Name another system, such as {IDENTITY_CENTER}.")
    return with_vault_keys(home.settings, home.store, home.key_service, print_policy(work))


def _own(home: Parts) -> Iterator[Check]:
    settings = home.settings
    told = str(settings.file) if settings.file else "no file: the defaults; `holdfast init` writes one"
    yield Check("settings", "file", Verdict.OK, told)
    yield _private("folder", "data", settings.holdfast.data_dir)
    yield _private("folder", "reports", settings.holdfast.reports_dir)
    yield _private("ledger", "audit key", settings.holdfast.data_dir / "audit.key")
    yield _private("ledger", "file", settings.ledger_path)
    if settings.ledger_path.exists():
        yield _opened(home)
    yield from _vault(home)


def _private(topic: str, name: str, path: Path) -> Check:
    """A file or folder that nobody else may read; what is not there yet is made so when it is needed."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return Check(topic, name, Verdict.OK, f"{path} is made when it is needed")
    except OSError as error:
        advice = f"Give the user Holdfast runs as access to {path}."
        return Check(topic, name, Verdict.WRONG, f"{path} cannot be looked at: {error.strerror}", advice)
    if mode & OTHERS:
        private = "0700" if path.is_dir() else "0600"
        return Check(
            topic,
            name,
            Verdict.WRONG,
            f"{path} is open to others (mode {mode:04o})",
            f"Run `chmod {private} {path}`.",
        )
    return Check(topic, name, Verdict.OK, f"{path} (mode {mode:04o})")


def _opened(home: Parts) -> Check:
    try:
        newest = home.ledger.runs(limit=1)
    except HoldfastError as error:
        return failed("ledger", "content", error)
    return Check("ledger", "content", Verdict.OK, f"newest run {newest[0].id}" if newest else "no runs yet")


def _vault(home: Parts) -> Iterator[Check]:
    """The vault's key and place, and whether it opens."""
    settings = home.settings.vault
    if settings.passphrase_env:
        yield Check("vault", "key", Verdict.OK, f"the passphrase in {settings.passphrase_env}")
    else:
        yield _private("vault", "key", settings.key_file)
    try:
        if home.vault_is_to_be_made():
            yield Check("vault", "place", Verdict.OK, "none yet: the first backup makes it")
        else:
            yield Check("vault", "place", Verdict.OK, f"{home.vault.location} opens")
    except HoldfastError as error:
        yield failed("vault", "place", error)
        return
    if home.bucket is not None:
        yield _protection(home, home.bucket)
    place = Path(home.store.location)
    if place.is_absolute():
        yield _private("vault", "folder", place)


def _protection(home: Parts, bucket: Bucket) -> Check:
    """Whether the bucket keeps versions and can lock; a lock that is asked for must be there."""
    what, wanted = ("vault", "versions and lock"), bool(home.settings.vault.object_lock_days)
    try:
        found = bucket.protection()
    except HoldfastError as error:
        return replace(failed(*what, error), needed=wanted)
    default = f" (by itself {found.default_retention})" if found.default_retention else ""
    told = f"versioning {_on(found.versioning)}, object lock {_on(found.lock)}{default}"
    if wanted and not found.lock:
        advice = "Make a bucket with object lock, or set `[vault] object_lock_days` to 0."
        return Check(*what, Verdict.WRONG, f"{told}, but `[vault] object_lock_days` asks for it", advice)
    return Check(*what, Verdict.OK, told)


def _on(state: bool) -> str:
    return "on" if state else "off"
