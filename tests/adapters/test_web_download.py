"""Files from the web: only encrypted, only from servers, and no credentials to anybody else."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.adapters.tls import tls_context
from holdfast.adapters.web_download import WebCredentials, WebDownload, WebImport, refuse_address
from holdfast.domain.errors import HoldfastError, NotFound, Refused, RemoteError, UsageError
from tests.simulators.web_server import Site, certificate, site

TOKEN = WebCredentials(token="token-of-the-source")


@pytest.fixture(scope="module")
def secured_by(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusting(secured_by: Path) -> Callable[[], ssl.SSLContext]:
    def context() -> ssl.SSLContext:
        made = tls_context()
        made.load_verify_locations(secured_by)
        return made

    return context


@pytest.fixture
def server(secured_by: Path) -> Iterator[Site]:
    with site(secured_by) as served:
        served.pages["/export.json"] = b"{}" * 100
        yield served


def read(source: WebImport) -> bytes:
    return b"".join(source.files()[""]())


def test_a_file_comes_over_tls_with_the_credentials_given(
    server: Site, trusting: Callable[[], ssl.SSLContext]
) -> None:
    assert read(WebImport(server.url + "/export.json", TOKEN, trusting)) == b"{}" * 100
    read(WebImport(server.url + "/export.json", WebCredentials("ann", "word"), trusting))
    assert server.asked == [
        ("/export.json", "Bearer token-of-the-source"),
        ("/export.json", "Basic YW5uOndvcmQ="),
    ]


def test_tls_1_2_and_unknown_certificates_are_refused(
    server: Site, secured_by: Path, trusting: Callable[[], ssl.SSLContext]
) -> None:
    with pytest.raises(RemoteError, match="certificate"):
        read(WebImport(server.url + "/export.json"))
    with site(secured_by, ssl.TLSVersion.TLSv1_2) as old, pytest.raises(RemoteError, match=r"TLS 1\.3"):
        read(WebImport(old.url + "/export.json", TOKEN, trusting))
    assert (server.asked, old.asked) == ([], [])


def test_credentials_do_not_follow_to_another_server(
    server: Site, secured_by: Path, trusting: Callable[[], ssl.SSLContext]
) -> None:
    with site(secured_by) as other:
        other.leads["/a"] = "/b"
        other.leads["/b"] = server.url + "/export.json"
        read(WebImport(other.url + "/a", TOKEN, trusting))
    assert other.asked == [("/a", "Bearer token-of-the-source"), ("/b", "Bearer token-of-the-source")]
    assert server.asked == [("/export.json", "")]


@pytest.mark.parametrize("onward", ["http://127.0.0.1:1/x", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_to_anything_but_https_is_refused(
    server: Site, trusting: Callable[[], ssl.SSLContext], onward: str
) -> None:
    server.leads["/a"] = onward
    with pytest.raises(Refused, match="not https"):
        read(WebImport(server.url + "/a", TOKEN, trusting))


def test_endless_redirects_sizes_and_missing_files_are_refused(
    server: Site, trusting: Callable[[], ssl.SSLContext]
) -> None:
    server.leads["/round"] = "/round"
    told: dict[str, type[HoldfastError]] = {"/round": Refused, "/none": NotFound, "/export.json": Refused}
    for path, error in told.items():
        with pytest.raises(error):
            read(WebImport(server.url + path, TOKEN, trusting, most=100))
    server.cut = 10
    with pytest.raises(RemoteError, match="cut off"):
        read(WebImport(server.url + "/export.json", TOKEN, trusting))


def test_plain_http_is_for_this_machine_alone() -> None:
    with site() as plain:
        plain.pages["/x"] = b"x"
        assert read(WebImport(plain.url + "/x")) == b"x"
    with pytest.raises(Refused, match="without encryption"):
        refuse_address(ipaddress.ip_address("10.0.0.1"), "host", plain=True)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.170.2", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::", "100.100.100.200", "168.63.129.16", "224.0.0.1", "0.0.0.0", "::",
    ],
)  # fmt: skip
def test_addresses_where_machines_get_their_credentials_are_refused(address: str) -> None:
    with pytest.raises(Refused, match="credentials"):
        refuse_address(ipaddress.ip_address(address), "host", plain=False)
    bracketed = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused):
        read(WebImport(f"https://{bracketed}/latest/meta-data"))


def test_an_address_says_nothing_of_credentials() -> None:
    signed = WebImport("https://host/x?X-Amz-Signature=secret", TOKEN)
    assert signed.location == "https://host/x?..."
    assert "secret" not in repr(signed)
    assert "token-of" not in repr(signed)
    with pytest.raises(UsageError, match="user name in it") as caught:
        WebImport("https://ann:word@host/x")
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/bundle.qs",
        "https://amazonaws.com.example.com/bundle.qs",
        "https://notamazonaws.com/bundle.qs",
        "https://192.0.2.1/bundle.qs",
        "http://192.0.2.1/bundle.qs",
        "ftp://127.0.0.1/bundle.qs",
        "https://ann:word@127.0.0.1/bundle.qs",
        "http://[/bundle.qs",
        "http://127.0.0.1:9/\u00fc",
        "bundle.qs",
        "",
    ],
)
def test_an_address_of_a_service_that_leads_elsewhere_or_is_none_is_refused_and_not_told(
    address: str,
) -> None:
    with pytest.raises(Refused) as refused:
        WebDownload()(f"{address}?X-Amz-Signature=secret", 10)
    assert "secret" not in str(refused.value)


def test_a_service_that_leads_on_to_somebody_else_is_not_followed(
    server: Site, trusting: Callable[[], ssl.SSLContext]
) -> None:
    server.leads["/bundle.qs"] = "https://example.com/bundle.qs"
    with pytest.raises(Refused, match=r"example\.com"):
        WebDownload(trusting)(f"{server.url}/bundle.qs", 10)
