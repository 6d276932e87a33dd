"""A damaged vault: whatever byte is hit, the command says so, names it, exits 20 and leaves all as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import VaultError
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.vault import Vault
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Answer, Desk

EVERY = 31
"""Of a pack's bytes, every so manieth is altered in the short test; every byte of all else, and of all in the long one."""
BY_COMMAND = 97
"""And so many bytes lie between those that the whole command is tried on."""
VAULT, KEY = Path(".holdfast/vault"), Path(".holdfast/vault.key")


@dataclass(frozen=True)
class Kept:
    """A desk with one backup of the tiny company."""

    desk: Desk
    backup: str

    def verify(self) -> Answer:
        return self.desk.run("backups", "verify", self.backup, "--json")

    def opened(self) -> set[str]:
        """What an opened vault says is damaged of the backup; the command without its costs."""
        store, ring = FolderStore(self.desk.folder / VAULT), KeyFile(self.desk.folder / KEY)
        try:
            vault = Vault.open(store, ring, SystemClock())
            return {
                f"{each.where} {each.message}" for each in vault.verify(vault.resolve(self.backup)).problems
            }
        except VaultError as error:
            return {str(error)}

    def files(self) -> list[Path]:
        """The files of the vault and its key, relative to the desk."""
        found = (path for path in (self.desk.folder / VAULT).rglob("*") if path.is_file())
        return [*sorted(path.relative_to(self.desk.folder) for path in found), KEY]

    def contents(self) -> dict[Path, bytes]:
        return {name: (self.desk.folder / name).read_bytes() for name in self.files()}


@pytest.fixture(scope="module")
def kept(shared_sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    shared_sandbox.engine.reset()
    desk = Desk(tmp_path_factory.mktemp("kept"), shared_sandbox.env())
    return Kept(desk, desk.backup())


@pytest.fixture
def copy(kept: Kept, sandbox: SandboxServer, tmp_path: Path) -> Kept:
    """The same vault, ledger and key in a folder of the test's own."""
    shutil.copytree(kept.desk.folder, tmp_path, dirs_exist_ok=True)
    return Kept(Desk(tmp_path, sandbox.env()), kept.backup)


def said(answer: Answer) -> str:
    """Everything a command said."""
    return answer.out + answer.err


def name_of(path: Path) -> str:
    """A file as messages name it: an object by its name in the vault, the key file by its own."""
    return path.name if path == KEY else path.relative_to(VAULT).as_posix()


def altered(kept: Kept, path: Path, places: Iterable[int], masks: tuple[int, ...] = ()) -> Iterator[int]:
    """The places, while one bit or the masks' bits of the byte there are turned over."""
    file = kept.desk.folder / path
    sound = file.read_bytes()
    for place in places:
        for mask in masks or (1 << place % 8,):
            changed = bytearray(sound)
            changed[place] ^= mask
            file.write_bytes(changed)
            yield place
            assert file.read_bytes() == changed, f"{path} byte {place}: the file was written to"
    file.write_bytes(sound)


def places_of(path: Path, size: int) -> Iterable[int]:
    return range(0, size, EVERY) if "packs" in path.parts else range(size)


def test_a_sound_backup_verifies_and_so_does_the_vault(copy: Kept) -> None:
    assert copy.verify().code == 0
    checked = copy.desk.run("vault", "check", "--read-data", "--json")
    assert checked.code == 0
    assert checked.json["problems"] == []
    assert checked.json["garbage"] == []


@pytest.mark.parametrize("kind", ["vault.json", "vault.key", "indexes", "snapshots", "packs"])
def test_any_altered_byte_of_what_a_backup_reaches_is_found_and_named(copy: Kept, kind: str) -> None:
    before = copy.contents()
    met = [path for path in before if kind in path.as_posix()]
    assert met
    for path in met:
        for place in altered(copy, path, places_of(path, len(before[path]))):
            found = copy.opened()
            assert any(name_of(path) in line for line in found), (path, place, found)
        for place in altered(copy, path, range(0, len(before[path]), BY_COMMAND)):
            answer = copy.verify()
            assert answer.code == 20, (path, place, answer)
            assert name_of(path) in said(answer), (path, place, answer)
    assert copy.contents() == before, "verifying writes nothing into the vault"
    assert copy.verify().code == 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_altered_byte_of_every_file_is_found_and_named_by_the_command(copy: Kept) -> None:
    before = copy.contents()
    for path, data in before.items():
        for place in altered(copy, path, range(len(data)), (0x01, 0x20, 0xFF)):
            answer = copy.verify()
            assert answer.code == 20, (path, place, answer)
            assert name_of(path) in said(answer), (path, place, answer)
    assert copy.contents() == before


def _truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _halved(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")


def _removed(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    "harm", [_truncated, _halved, _emptied, _longer, _removed], ids=lambda f: f.__name__[1:]
)
def test_a_file_cut_short_emptied_lengthened_or_removed_is_named(copy: Kept, harm: object) -> None:
    assert callable(harm)
    before = copy.contents()
    for path, sound in before.items():
        file = copy.desk.folder / path
        harm(file)
        left = file.read_bytes() if file.exists() else None
        answer = copy.verify()
        removed_manifest = left is None and path.parent.name == "snapshots"
        assert answer.code == (2 if removed_manifest else 20), (path, answer)
        assert (copy.backup if removed_manifest else name_of(path)) in said(answer), (path, answer)
        assert (file.read_bytes() if file.exists() else None) == left, "nothing is mended on the quiet"
        file.write_bytes(sound)
        file.chmod(0o600)
    assert copy.verify().code == 0


def test_swapped_files_are_found(copy: Kept) -> None:
    first, second = [path for path in copy.files() if "packs" in path.parts]
    one, other = (copy.desk.folder / path for path in (first, second))
    one_was, other_was = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_was)
    other.write_bytes(one_was)
    answer = copy.verify()
    assert answer.code == 20
    assert name_of(first) in said(answer)
    assert name_of(second) in said(answer)


def test_an_older_manifest_put_in_the_place_of_a_newer_one_is_found(copy: Kept) -> None:
    newer = copy.desk.backup()
    folder = copy.desk.folder / VAULT / "snapshots"
    (folder / newer.lower()).write_bytes((folder / copy.backup.lower()).read_bytes())
    answer = copy.desk.run("backups", "verify", newer)
    assert answer.code == 20
    assert newer in said(answer)


def test_damage_to_another_backup_is_left_to_the_check_of_the_whole_vault(
    copy: Kept, admin: Administrator
) -> None:
    assert admin.empty("All Employees") > 0
    newer = copy.desk.backup()
    file = copy.desk.folder / VAULT / "snapshots" / newer.lower()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert copy.verify().code == 0
    checked = copy.desk.run("vault", "check", "--json")
    assert checked.code == 20
    assert newer in said(checked)


def test_the_check_of_the_vault_names_what_no_backup_reaches(copy: Kept) -> None:
    stray = copy.desk.folder / VAULT / "packs" / "ab" / ("ab" * 32)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"not ours")
    checked = copy.desk.run("vault", "check", "--read-data")
    assert checked.code == 0
    assert stray.name in checked.out


@pytest.mark.parametrize("kind", ["packs", "indexes", "snapshots", "vault.json", "vault.key"])
def test_a_restore_from_a_damaged_backup_changes_nothing_and_names_what_is_damaged(
    copy: Kept, sandbox: SandboxServer, admin: Administrator, kind: str
) -> None:
    assert admin.empty("All Employees") > 0
    path = next(path for path in copy.files() if kind in path.as_posix())
    file = copy.desk.folder / path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)
    changes = sandbox.changes()
    answer = copy.desk.restore()
    assert answer.code == 20, answer
    assert name_of(path) in said(answer)
    assert sandbox.changes() == changes


def test_what_is_sound_in_a_damaged_backup_can_still_be_restored(
    copy: Kept, sandbox: SandboxServer, admin: Administrator
) -> None:
    company = sandbox.dump()
    admin.describe("ReadOnly", "altered")
    changes = sandbox.changes()
    for path in (path for path in copy.files() if "packs" in path.parts):
        sound = (copy.desk.folder / path).read_bytes()
        (copy.desk.folder / path).write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
        if "personal parts of user" in copy.verify().out:
            break
        (copy.desk.folder / path).write_bytes(sound)
    users = copy.desk.restore("--resources", "users")
    assert users.code == 20
    assert name_of(path) in said(users)
    assert sandbox.changes() == changes
    # What was asked for is done; the damage beside it must not pass unnoticed.
    assert copy.desk.restore("--resources", "permission_sets").code == 5
    assert sandbox.dump().permission_sets == company.permission_sets


@pytest.mark.parametrize("kind", ["packs", "indexes", "snapshots"])
def test_a_backup_beside_damaged_ones_stands_on_its_own_and_says_so(copy: Kept, kind: str) -> None:
    for path in copy.files():
        if kind in path.parts:
            file = copy.desk.folder / path
            file.write_bytes(file.read_bytes()[:-1] + b"?")
    before = copy.contents()
    taken = copy.desk.run("identity-center", "backup", "--json")
    assert taken.code == 5, taken
    assert {finding["code"] for finding in taken.json["findings"]} == {"earlier-damage"}
    assert copy.desk.run("backups", "verify", taken.json["snapshot"]).code == 0
    assert copy.desk.run("backups", "verify", copy.backup).code == 20
    after = copy.contents()
    assert {name: after[name] for name in before} == before, "what was there is as it was"


def test_nothing_in_the_vault_can_be_read_without_its_key(copy: Kept, sandbox: SandboxServer) -> None:
    company = sandbox.dump()
    words = {str(user[name]) for user in company.users for name in ("UserName", "DisplayName")}
    words |= {str(mail["Value"]) for user in company.users for mail in user.get("Emails", ())}  # type: ignore[attr-defined]
    words |= {each.name for each in company.groups} | {each.name for each in company.permission_sets}
    words |= {each.id for each in company.accounts} | {"arn:aws", "ssoins-", "AdministratorAccess"}
    assert len(words) > 100
    held = b"\n".join(name.as_posix().encode() + data for name, data in copy.contents().items()).lower()
    seen = {word for word in words if word.lower().encode() in held}
    assert seen == set()
