"""What a doctor looks at in an installation and in the systems it keeps; nothing is changed."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.bootstrap.keys import with_vault_keys
from holdfast.bootstrap.parts import Parts
from holdfast.bootstrap.registry import IDENTITY_CENTER
from holdfast.domain.errors import HoldfastError, UsageError
from holdfast.kernel.checks import Check, Verdict, failed
from holdfast.kernel.ports import Bucket, ObjectStore
from holdfast.kernel.vault.errors import ObjectMissing
from holdfast.kernel.vault.places import CONFIG_NAME, places_of

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
    yield _tls(settings.aws.tls_minimum)
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
    for place in places_of(home.store):
        yield from _place(home, place)
    if home.bucket is not None and home.settings.vault.object_lock_days:
        yield _lock(home.bucket)


def _lock(bucket: Bucket) -> Check:
    """Whether the bucket can lock, where a lock is asked for."""
    what = ("vault", "object lock")
    try:
        found = bucket.protection()
    except HoldfastError as error:
        return failed(*what, error)
    if not found.lock:
        advice = "Make a bucket with object lock, or set `[vault] object_lock_days` to 0."
        told = "off, but `[vault] object_lock_days` asks for it"
        return Check(*what, Verdict.WRONG, told, advice)
    default = f" (by itself {found.default_retention})" if found.default_retention else ""
    return Check(*what, Verdict.OK, f"on{default}")


def _place(home: Parts, place: ObjectStore) -> Iterator[Check]:
    """Whether a place holds the vault, and who else may look into it."""
    if home.settings.vault.replica:
        try:
            place.get(CONFIG_NAME)
            yield Check("vault", place.location, Verdict.OK, "it holds the vault")
        except ObjectMissing:
            advice = "Mount or correct it; a new place is filled by `holdfast vault repair`."
            yield Check("vault", place.location, Verdict.WRONG, "it does not hold the vault", advice)
        except HoldfastError as error:
            yield failed("vault", place.location, error)
    parts = urlsplit(place.location)
    if parts.scheme == "s3":
        from holdfast.adapters.bucket_examination import examine_bucket

        yield from examine_bucket(home.session, parts.netloc)
    else:
        yield _private("vault", "folder", Path(place.location))


def _tls(minimum: str) -> Check:
    if minimum == "1.3":
        return Check("settings", "TLS", Verdict.OK, "1.3 alone")
    seen = f"TLS {minimum} is accepted, because `[aws] tls_minimum` says so"
    return Check("settings", "TLS", Verdict.WRONG, seen, needed=False)
