"""Small vaults with people in them, for tests."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from holdfast.domain.records import Record, RecordView, join_key
from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.packs import Packing
from holdfast.kernel.vault.vault import Vault

ARN = "arn:aws:iam::123456789012:role/custodian"
SOURCE = SourceIdentity("identity_center", "123456789012", "eu-central-1", "ssoins-7223", ARN)
SYSTEM = SOURCE.system
START = datetime(2026, 11, 20, 9, 8, 12, 123_000, UTC)
TINY = Packing(block_bytes=100, pack_bytes=600)

Contents = Mapping[str, Iterable[Record]]


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return START

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the vault does not wait")


def user(name: str, title: str = "Engineer") -> Record:
    body = f'{{"Title":"{title}"}}'.encode()
    personal = f'{{"Emails":[{{"Value":"{name}@corp.example.com"}}],"UserName":"{name}"}}'.encode()
    return Record("user", name, body, personal)


def assignment(name: str, permission_set: str) -> Record:
    return Record("assignment", join_key(name, permission_set), f'{{"Arn":"{ARN}"}}'.encode())


def company(people: int, title: str = "Engineer") -> dict[str, list[Record]]:
    names = [f"person-{number:04d}" for number in range(people)]
    return {
        "user": [user(name, title) for name in names],
        "assignment": [assignment(name, "ReadOnly") for name in names],
    }


def take(vault: Vault, contents: Contents, *, after: int = 0, system: str = SYSTEM) -> SnapshotInfo:
    """A sealed snapshot, taken `after` hours after the start."""
    writer = vault.begin(system)
    for name, records in contents.items():
        writer.add_section(name, records)
    return writer.seal(kind="full", taken_at=START + timedelta(hours=after), source=SOURCE, run="run-1")


def contents_of(view: RecordView) -> dict[str, list[Record]]:
    return {name: list(view.records(name)) for name in view.types}


def new_vault(store: ObjectStore, folder: Path, packing: Packing | None = None) -> Vault:
    """A new vault in the store, its key file in the folder."""
    ring = KeyFile(folder / "vault.key")
    Vault.create(store, ring, FixedClock())
    return open_vault(store, folder, packing)


def open_vault(store: ObjectStore, folder: Path, packing: Packing | None = None) -> Vault:
    """The vault again, as another process would open it."""
    return Vault.open(store, KeyFile(folder / "vault.key"), FixedClock(), packing)
