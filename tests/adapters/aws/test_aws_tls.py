"""TLS 1.3 to AWS, and a lower version only where the settings say so."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from botocore.exceptions import SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.adapters.object_store import open_store
from holdfast.adapters.tls import strict_session, tls_context
from holdfast.domain.errors import RemoteUnavailable, SettingsError, TlsTooOld
from holdfast.kernel.ports import Clock, ObjectStore
from holdfast.kernel.vault.errors import StoreUnavailable


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "loopback.pem"
    plain = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(encoded + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def answer() -> bytes:
    """What the server says; nothing is a cut connection."""
    return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def old_server(certificate: Path, answer: bytes) -> Iterator[str]:
    """The address of a server that speaks TLS 1.2 at most, gives one answer, and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(accepted, server_side=True) as connection:
                    connection.recv(4096)
                    connection.sendall(answer)
            except OSError:
                accepted.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def ask(clock: Clock, url: str, **settings: str) -> None:
    endpoint = AwsEndpoint(url, "AKIASANDBOXSANDBOX00", "sandbox")
    session = AwsSession(AwsSettings(region="us-east-1", retries=0, **settings), clock, endpoint=endpoint)  # type: ignore[arg-type]
    session.call("sts", "GetCallerIdentity", {})


def test_a_service_without_tls_1_3_is_refused_in_the_handshake(
    clock: Clock, old_server: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with pytest.raises(TlsTooOld) as caught:
        ask(clock, old_server)
    assert caught.value.error == "SSLError"
    assert caught.value.permanent
    assert "tls_minimum" in caught.value.advice


def test_the_named_setting_lets_tls_1_2_through(
    clock: Clock, old_server: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with pytest.raises(RemoteUnavailable) as caught:
        ask(clock, old_server, tls_minimum="1.2")
    assert caught.value.error == "503"


@pytest.mark.parametrize("answer", [b""])
def test_a_connection_cut_after_the_handshake_leaves_the_effect_in_doubt(
    clock: Clock, old_server: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with pytest.raises(RemoteUnavailable):
        ask(clock, old_server, tls_minimum="1.2")


def test_other_versions_are_no_setting(clock: Clock) -> None:
    with pytest.raises(SettingsError, match=r"1\.3, 1\.2"):
        ask(clock, "https://127.0.0.1:9", tls_minimum="1.0")


def bucket(url: str, certificate: Path, minimum: str) -> ObjectStore:
    environment = {"AWS_ENDPOINT_URL_S3": url, "AWS_CA_BUNDLE": str(certificate)}
    settings = AwsSettings(region="us-east-1", retries=0, throttle_patience=0, tls_minimum=minimum)
    return open_store("s3://bucket/v", Path(), environment, settings)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.mark.usefixtures("keys")
def test_a_bucket_without_tls_1_3_is_refused_before_a_request_and_the_setting_is_named(
    old_server: str, certificate: Path
) -> None:
    with pytest.raises(TlsTooOld, match=r"TLS 1\.3 is not spoken there") as caught:
        bucket(old_server, certificate, "1.3").put("name", b"x")
    assert "tls_minimum" in caught.value.advice


@pytest.mark.usefixtures("keys")
def test_the_named_setting_lets_a_bucket_with_tls_1_2_through(old_server: str, certificate: Path) -> None:
    with pytest.raises(StoreUnavailable, match="503"):
        bucket(old_server, certificate, "1.2").put("name", b"x")


@pytest.mark.usefixtures("keys")
def test_a_bucket_whose_certificate_nobody_vouches_for_is_not_reached(
    old_server: str, certificate: Path
) -> None:
    environment = {"AWS_ENDPOINT_URL_S3": old_server.replace("127.0.0.1", "localhost")}
    store = open_store("s3://bucket/v", Path(), environment, AwsSettings(tls_minimum="1.2", retries=0))
    with pytest.raises(StoreUnavailable):
        store.get("name")


def test_clients_that_botocore_makes_for_credentials_are_strict_too(
    old_server: str, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    profile = "role_arn = arn:aws:iam::123456789012:role/keeper\ncredential_source = Environment"
    config.write_text(f"[profile keeper]\nregion = us-east-1\n{profile}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", old_server)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    credentials = strict_session("keeper", "1.3").get_credentials()
    assert credentials is not None
    with pytest.raises(SSLError):
        credentials.get_frozen_credentials()


def test_a_url_is_fetched_over_tls_1_3_alone(old_server: str, certificate: Path) -> None:
    trusted = {"AWS_CA_BUNDLE": str(certificate)}
    with pytest.raises(URLError, match=r"(?i)protocol.version"):
        urlopen(old_server, context=tls_context(environment=trusted))
    with pytest.raises(HTTPError, match="503"):
        urlopen(old_server, context=tls_context("1.2", trusted))
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urlopen(old_server, context=tls_context("1.2", {}))
    with pytest.raises(SettingsError, match="no-such-bundle"):
        tls_context(environment={"AWS_CA_BUNDLE": "no-such-bundle"})
