"""Exports on this machine: private, whole or not at all, never over something else; and encrypted with age."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from pyrage import x25519

from holdfast.adapters.age import Keys, Locks, decrypt, encrypt
from holdfast.adapters.export_files import ExportPath
from holdfast.adapters.import_files import ImportPath
from holdfast.domain.errors import CannotWrite, CredentialsError, NotFound, Refused, UsageError, VaultDamaged
from holdfast.kernel.exchange.errors import Malformed, TargetTaken
from holdfast.kernel.exchange.spool import PrivateFile

SECRET = b"who may do what " * 20_000


def put(place: ExportPath, data: bytes = b"data") -> None:
    with place.opened(folder=False) as opened, opened("x") as sink:
        sink.write(data)


def put_folder(place: ExportPath, *names: str) -> None:
    with place.opened(folder=True) as opened:
        for name in names:
            with opened(name) as sink:
                sink.write(name.encode())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    put(ExportPath(tmp_path / "a" / "b.json", overwrite=False))
    put_folder(ExportPath(tmp_path / "c", overwrite=False), "manifest.json")
    found = {path.relative_to(tmp_path).as_posix(): oct(mode(path)) for path in tmp_path.rglob("*")}
    assert found == {"a": "0o700", "a/b.json": "0o600", "c": "0o700", "c/manifest.json": "0o600"}


def test_nothing_is_replaced_unless_asked(tmp_path: Path) -> None:
    file, folder, other = tmp_path / "a.json", tmp_path / "c", tmp_path / "other"
    file.write_bytes(b"mine")
    put_folder(ExportPath(folder, overwrite=False), "manifest.json", "user.csv")
    other.mkdir()
    for place in (ExportPath(file, overwrite=False), ExportPath(other, overwrite=True)):
        with pytest.raises(TargetTaken):
            put(place)
    for place in (ExportPath(folder, overwrite=False), ExportPath(other, overwrite=True)):
        with pytest.raises(TargetTaken):
            put_folder(place, "manifest.json")
    assert file.read_bytes() == b"mine"
    put(ExportPath(file, overwrite=True), b"new")
    put_folder(ExportPath(folder, overwrite=True), "manifest.json")
    assert file.read_bytes() == b"new"
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "c", "other"]


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    for overwrite in (False, True):
        with pytest.raises(TargetTaken):
            put(ExportPath(tmp_path / "link", overwrite=overwrite))
    assert (tmp_path / "mine").read_bytes() == b"mine"


def fail_half_way(place: ExportPath, *, folder: bool) -> None:
    with place.opened(folder=folder) as opened, opened("a") as sink:
        sink.write(b"half")
        raise VaultDamaged("torn", "", "pack")


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    for folder in (False, True):
        with pytest.raises(VaultDamaged):
            fail_half_way(ExportPath(tmp_path / "x", overwrite=False), folder=folder)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CannotWrite):
        put(ExportPath(tmp_path / "file" / "x", overwrite=False))


def test_links_and_folders_among_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="link"):
        ImportPath(tmp_path).files()
    with pytest.raises(NotFound):
        list(ImportPath(tmp_path / "none").files()[""]())


# -- age


def locked(locks: Locks, tmp_path: Path) -> bytes:
    target = tmp_path / "export.age"
    with ExportPath(target, overwrite=True).opened(folder=False) as opened, opened("x") as sink:
        encrypt(iter([SECRET[:5], SECRET[5:]]), sink, locks)
        lies_there = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert b"who may" not in lies_there
    return target.read_bytes()


def unlocked(data: bytes, keys: Keys, folder: Path) -> bytes:
    with PrivateFile(folder) as held:
        decrypt(iter([data[:100], data[100:]]), held, keys)
        return held.done().opened().read()


@pytest.mark.skipif(not shutil.which("age"), reason="the program age is not installed")
def test_the_program_age_opens_our_files(tmp_path: Path) -> None:
    key = x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(key))
    locked(Locks((str(key.to_public()),)), tmp_path)
    command = ["age", "-d", "-i", str(tmp_path / "key.txt"), str(tmp_path / "export.age")]
    assert subprocess.run(command, capture_output=True, check=True).stdout == SECRET


def test_any_of_several_keys_opens_a_file_and_no_other(tmp_path: Path) -> None:
    keys = [x25519.Identity.generate() for _ in range(3)]
    data = locked(Locks(tuple(str(key.to_public()) for key in keys[:2])), tmp_path)
    assert unlocked(data, Keys((str(keys[2]), str(keys[1]))), tmp_path) == SECRET
    for wrong in (Keys((str(keys[2]),)), Keys(), Keys(passphrase="word"), Keys(("nonsense",))):
        with pytest.raises(CredentialsError) as caught:
            unlocked(data, wrong, tmp_path)
        assert str(keys[2]) not in f"{caught.value} {wrong!r}"


def test_a_passphrase_opens_its_file(tmp_path: Path) -> None:
    data = locked(Locks(passphrase="word"), tmp_path)
    with pytest.raises(CredentialsError):
        unlocked(data, Keys(), tmp_path)
    assert unlocked(data, Keys(passphrase="word"), tmp_path) == SECRET


def test_damage_to_an_encrypted_file_is_found(tmp_path: Path) -> None:
    key = x25519.Identity.generate()
    data = locked(Locks((str(key.to_public()),)), tmp_path)
    for torn in (data[:-1], data[:150_000], data[:50], data + b"x", data[:-5] + b"x" + data[-4:]):
        with pytest.raises(Malformed, match="damaged or cut off"):
            unlocked(torn, Keys((str(key),)), tmp_path)


def test_an_error_on_the_way_keeps_its_own_words(tmp_path: Path) -> None:
    def torn() -> object:
        yield b"x"
        raise VaultDamaged("torn", "", "pack 1")

    recipient = str(x25519.Identity.generate().to_public())
    with pytest.raises(VaultDamaged, match="pack 1"), PrivateFile(tmp_path) as sink:
        encrypt(torn(), sink, Locks((recipient,)))  # type: ignore[arg-type]
    for locks in (Locks(), Locks((recipient,), "word"), Locks(("age1nonsense",))):
        with pytest.raises(UsageError):
            encrypt(iter([b"x"]), PrivateFile(tmp_path), locks)


def test_what_is_held_for_an_import_is_not_readable_on_the_disk(tmp_path: Path) -> None:
    with PrivateFile(tmp_path) as held:
        held.fill([SECRET] * 10)
        assert list(tmp_path.iterdir()) == []
        held._file.seek(0)
        assert b"who may" not in held._file.read()
        reader = held.opened()
        reader.seek(len(SECRET) * 5)
        assert reader.read(7) == SECRET[:7]
        assert (held.size, len(reader.read())) == (len(SECRET) * 10, len(SECRET) * 5 - 7)
