"""What is particular to a folder and to S3 as object stores."""

import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from holdfast.adapters.aws import AwsSettings
from holdfast.adapters.object_store import open_store
from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.errors import AccessDenied, CredentialsError, Refused, UsageError
from holdfast.kernel.vault.errors import StoreError, StoreFull


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def test_files_are_0600_and_folders_0700_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FolderStore(tmp_path / "vault").put("packs/ab/name", b"x")
    finally:
        os.umask(before)
    assert modes(tmp_path / "vault") == {"vault": 0o700, "packs": 0o700, "ab": 0o700, "name": 0o600}


def test_an_empty_folder_that_becomes_a_vault_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir(mode=0o755)
    FolderStore(tmp_path / "vault").put("name", b"x")
    assert modes(tmp_path / "vault") == {"vault": 0o700, "name": 0o600}


def test_a_folder_with_other_things_in_it_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("x")
    tmp_path.chmod(0o755)
    FolderStore(tmp_path).put("name", b"x")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from holdfast.adapters.object_store_folder import FolderStore\n"
        "from holdfast.kernel.vault.errors import StoreFull\n"
        "try: FolderStore(Path(sys.argv[1])).put('packs/name', bytes(5000))\n"
        "except StoreFull as error: print(error, error.exit_code)\n"
    )

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    said = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=small_files_only,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert said.stdout == f"{tmp_path} is full: put packs/name failed (File too large). 75\n", said.stderr
    assert [found.name for found in FolderStore(tmp_path).list("")] == []


def test_what_a_killed_writer_left_is_listed(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / ".unfinished-1").write_bytes(b"x")
    assert [found.name for found in FolderStore(tmp_path).list("packs/")] == ["packs/.unfinished-1"]


def test_a_full_disk_can_be_resumed_and_other_failures_say_what_to_look_at() -> None:
    assert StoreFull("put", "n", "here", "no space").exit_code == 75
    assert "AWS_ENDPOINT_URL_S3" in StoreError("put", "n", "here", "x").advice


def test_a_relative_location_is_taken_from_the_base(tmp_path: Path) -> None:
    assert open_store(".holdfast/vault", tmp_path).location == str(tmp_path / ".holdfast" / "vault")


@pytest.mark.parametrize("location", ["gs://bucket/x", "s3:///x", "https://example.com"])
def test_a_location_that_is_no_place_is_refused(location: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot lie in"):
        open_store(location, tmp_path)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "endpoint", ["http://s3.example.com", "http://10.0.0.7:9000", "http://localhost.evil.org"]
)
def test_plain_http_beyond_this_machine_is_refused(endpoint: str) -> None:
    with pytest.raises(Refused, match="unencrypted"):
        open_store("s3://bucket/prefix", Path(), {"AWS_ENDPOINT_URL": endpoint})


@pytest.mark.usefixtures("credentials")
def test_the_endpoint_for_s3_wins_over_the_general_one() -> None:
    environment = {"AWS_ENDPOINT_URL_S3": "https://s3.example.com", "AWS_ENDPOINT_URL": "http://example.com"}
    assert open_store("s3://bucket/a/b/", Path(), environment).location == "s3://bucket/a/b"


class Refusing(BaseHTTPRequestHandler):
    """Answers everything as S3 answers a principal that may do nothing."""

    def refuse(self) -> None:
        key, _, region, *_ = self.headers["Authorization"].partition("Credential=")[2].split("/")
        told = f"Access Denied to credential {key} in {region}"
        body = f"<Error><Code>AccessDenied</Code><Message>{told}</Message></Error>".encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_DELETE = refuse  # noqa: N815  # http.server's names

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def refusing_endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("credentials")
def test_a_denied_call_names_the_action_to_allow(refusing_endpoint: str) -> None:
    store = open_store("s3://bucket/a", Path(), {"AWS_ENDPOINT_URL": refusing_endpoint})
    with pytest.raises(AccessDenied, match="s3:PutObject on s3://bucket/a/name was denied") as caught:
        store.put("name", b"x")
    assert caught.value.exit_code == 11
    with pytest.raises(AccessDenied, match="s3:GetObject"):
        store.get("name")
    with pytest.raises(AccessDenied, match="s3:ListBucket"):
        list(store.list(""))


@pytest.mark.usefixtures("credentials")
def test_the_profile_and_region_that_are_set_reach_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing_endpoint: str
) -> None:
    keys = tmp_path / "credentials"
    keys.write_text("[vaults]\naws_access_key_id = VAULTKEY\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    elsewhere = {"AWS_ENDPOINT_URL": refusing_endpoint, "AWS_PROFILE": "other", "AWS_REGION": "us-east-1"}
    settings = AwsSettings(profile="vaults", region="eu-north-1")
    store = open_store("s3://bucket/a", Path(), elsewhere, settings)
    with pytest.raises(AccessDenied, match="credential VAULTKEY in eu-north-1"):
        store.get("name")


@pytest.mark.usefixtures("credentials")
def test_an_unknown_profile_is_a_credentials_error() -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        open_store("s3://bucket/a", Path(), {"AWS_PROFILE": "nobody"})
