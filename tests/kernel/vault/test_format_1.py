"""Vaults that format version 1 wrote are read for ever; the bytes are in the folder `fixtures`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.records import Record, join_key
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.passphrase import Passphrase
from holdfast.kernel.vault.section_digest import SectionDigest
from holdfast.kernel.vault.vault import Vault
from tests.kernel.vault.described_reader import DescribedVault, checked_line, passphrase_secrets
from tests.simulators.small_vault import SOURCE, FixedClock, contents_of

FIXTURES = Path(__file__).parent / "fixtures"
PASSPHRASE = "correct horse battery staple"
FIRST = "20261120T090812.123Z-99c4d5b2"
GROUPS = [Record("group", join_key("ops", f"{n:02d}"), b'{"n":%d}' % n, b"", 2) for n in range(12)]
USERS = [
    Record("user", "ada", b'{"Title":"Engineer"}', b'{"UserName":"ada"}'),
    Record("user", "grace", b'{"Title":"Engineer"}', b'{"UserName":"grace"}'),
    Record("user", "zoë", b'{"Title":"Engineer"}', '{"UserName":"zoë"}'.encode()),
]
PROMOTED = Record("user", "grace", b'{"Title":"Director"}', b'{"UserName":"grace"}')


def by_key_file(folder: Path) -> Vault:
    # A checkout gives files the modes it likes.
    key = Path(shutil.copy(FIXTURES / "v1" / "vault.key", folder))
    key.chmod(0o600)
    return Vault.open(FolderStore(FIXTURES / "v1" / "vault"), KeyFile(key), FixedClock())


def by_passphrase(folder: Path) -> Vault:
    ring = Passphrase(PASSPHRASE)
    return Vault.open(FolderStore(FIXTURES / "v1-passphrase" / "vault"), ring, FixedClock())


@pytest.mark.parametrize("opened", [by_key_file, by_passphrase])
def test_a_vault_of_format_1_is_read(opened: Callable[[Path], Vault], tmp_path: Path) -> None:
    vault = opened(tmp_path)
    second, first = vault.snapshots("identity_center")
    assert contents_of(vault.read(first)) == {"user": USERS, "group": GROUPS}
    assert contents_of(vault.read(second)) == {"user": [USERS[0], PROMOTED], "group": GROUPS}
    found = vault.check(read_data=True)
    assert (found.problems, found.garbage) == ((), ())


def test_what_a_manifest_of_format_1_says(tmp_path: Path) -> None:
    vault = by_key_file(tmp_path)
    first, second = vault.resolve(FIRST), vault.resolve("latest")
    assert first.root == "49155769cb5fe328ec5a2a74a06dfb7235bcf17131be103636a8d53fe65de2ed"
    assert [(part.type, part.digest) for part in first.sections] == [
        ("user", "cf8b4a4acc42294330bdbc3a0ac95173f882bcf668042d3ea6d3b9124f1c2372"),
        ("group", "1ac2f54452ed83bb784ed0213825744bc6a2986ff0a458b6d536729739e1cb47"),
        ("assignment", ""),
    ]
    assert (second.kind, second.parent, second.run, second.source) == ("incremental", FIRST, "run-1", SOURCE)
    assert (second.audit_head, second.labels, second.complete) == ("00ff", (("made", "once"),), False)
    assert [part.reason for part in second.sections] == ["", "ListGroups was denied", "not asked for"]


def described_secrets(folder: Path) -> bytes:
    if (folder / "vault.key").exists():
        return checked_line((folder / "vault.key").read_bytes())
    return passphrase_secrets((folder / "vault" / "keys" / "passphrase").read_bytes(), PASSPHRASE)


@pytest.mark.parametrize("folder", ["v1", "v1-passphrase"])
def test_the_description_suffices_to_read_a_vault(folder: str) -> None:
    described = DescribedVault(FIXTURES / folder / "vault", described_secrets(FIXTURES / folder))
    first, second = sorted((FIXTURES / folder / "vault" / "snapshots").iterdir())
    rows = {
        name: [(r.key, r.schema, r.body, r.personal) for r in of]
        for name, of in (("user", USERS), ("group", GROUPS))
    }
    assert described.read(f"snapshots/{first.name}") == rows
    changed = [rows["user"][0], (PROMOTED.key, 1, PROMOTED.body, PROMOTED.personal)]
    assert described.read(f"snapshots/{second.name}") == {**rows, "user": changed}


def test_a_sections_digest_is_over_the_records_as_msgpack() -> None:
    digest = SectionDigest()
    digest.extend([("k", 1, b"{}", b"")])
    # BLAKE3 of 94 a1 6b 01 c4 02 7b 7d c4 00, by the blake3 package
    assert digest.hex() == "84022fc1c3d52cbd74bd5034eddd802f7f3049b7b3e960d07ee5b566b12bbcae"
