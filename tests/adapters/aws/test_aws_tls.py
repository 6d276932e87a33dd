"""TLS 1.3 to AWS, and a lower version only where the settings say so."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.domain.errors import RemoteError, RemoteUnavailable, SettingsError
from holdfast.kernel.ports import Clock


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
    with pytest.raises(RemoteError) as caught:
        ask(clock, old_server)
    assert caught.value.error == "SSLError"
    assert caught.value.permanent


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
