"""A file from the web: TLS 1.3, bounded, and never from where only this machine may ask.

A name is resolved once, every address it has is looked at, and the connection goes to the one that was: a second
answer of the name server changes nothing. Proxies of the environment are not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from holdfast.adapters.tls import tls_context
from holdfast.domain.errors import CredentialsError, NotFound, Refused, RemoteError, UsageError

PIECE = 1024 * 1024
MOST_REDIRECTS = 5
MOST_BYTES = 16 * 1024**3
TIMEOUT = 30.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Metadata services of clouds that are not link-local: AWS and Google over IPv6, Alibaba, Azure, Oracle."""

AWS_DOMAINS = (
    *("amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn", "amazonaws.eu"),
    *("c2s.ic.gov", "sc2s.sgov.gov", "csp.hci.ic.gov", "cloud.adc-e.uk"),
)
"""Where AWS answers, in all its partitions (botocore's endpoint data)."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as IPv6 networks reach them (RFC 6052)."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class WebCredentials:
    """Who asks: user and password, or a bearer token."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def header(self) -> dict[str, str]:
        """The header that says it, if there is anything to say."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.username:
            pair = b64encode(f"{self.username}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}


@dataclass(frozen=True, slots=True)
class WebImport:
    """An `ImportPlace` at an https address; plain http only to this machine.

    With `domains` nothing outside of them is asked, not even where it leads on to; this machine is.
    """

    url: str = field(repr=False)
    credentials: WebCredentials = WebCredentials()
    context: Callable[[], ssl.SSLContext] = tls_context
    most: int = MOST_BYTES
    domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if urlsplit(self.url).username is not None:
            raise UsageError(
                "The address has a user name in it, which would be kept.", "Give credentials apart."
            )

    @property
    def location(self) -> str:
        """Without the query, which may be a signature."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?..." if parts.query else "")

    def files(self) -> Mapping[str, Callable[[], Iterator[bytes]]]:
        return {"": self._download}

    def _download(self) -> Iterator[bytes]:
        at = urlsplit(self.url)
        headers = self.credentials.header()
        for _ in range(MOST_REDIRECTS + 1):
            connection = self._connection(at)
            try:
                answer = self._ask(connection, at, headers)
                onward = answer.headers.get("Location", "")
                if answer.status not in REDIRECTS or not onward:
                    yield from self._body(answer)
                    return
            finally:
                connection.close()
            after = urlsplit(urljoin(at.geturl(), onward))
            if after.scheme != "https":
                raise Refused(
                    f"{self.location} leads on to an address that is not https", "Name the file itself."
                )
            if (after.scheme, after.netloc) != (at.scheme, at.netloc):
                headers = {}  # credentials are for the one who was named
            at = after
        raise Refused(f"{self.location} leads on more than {MOST_REDIRECTS} times", "Name the file itself.")

    def _ask(
        self, connection: http.client.HTTPConnection, at: SplitResult, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        path = (at.path or "/") + (f"?{at.query}" if at.query else "")
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "identity", **headers})
            answer = connection.getresponse()
        except ssl.SSLError as error:
            told = f"{error.reason or error} (TLS 1.3 and a certificate this machine trusts are needed)"
            raise RemoteError(f"Reading {self.location}", "TLS", told) from error
        except (OSError, http.client.HTTPException) as error:
            raise RemoteError(f"Reading {self.location}", type(error).__name__, str(error)) from error
        if answer.status in (401, 403):
            raise CredentialsError(
                f"{self.location} answered {answer.status}.", "Give other credentials for the address."
            )
        if answer.status in (404, 410):
            raise NotFound("file", self.location, "Check the address.")
        if answer.status != http.HTTPStatus.OK and answer.status not in REDIRECTS:
            raise RemoteError(f"Reading {self.location}", str(answer.status), answer.reason)
        return answer

    def _body(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        count = 0
        try:
            while piece := answer.read(PIECE):
                count += len(piece)
                if count > self.most:
                    raise Refused(
                        f"{self.location} gives more than {self.most:,} bytes", "Import it from a file."
                    )
                yield piece
        except (OSError, http.client.HTTPException) as error:
            raise RemoteError(
                f"Reading {self.location}", type(error).__name__, "the answer was cut off"
            ) from error
        if answer.length:
            raise RemoteError(f"Reading {self.location}", "IncompleteRead", "the answer was cut off")

    def _connection(self, at: SplitResult) -> http.client.HTTPConnection:
        host = at.hostname or ""
        if (
            self.domains
            and not _is_here(host)
            and not f".{host}".endswith(tuple(f".{d}" for d in self.domains))
        ):
            raise Refused(
                f"{host} is no place that a file of this service comes from", "See who answers in its name."
            )
        try:
            port = at.port or (80 if at.scheme == "http" else 443)
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError, UnicodeError) as error:
            raise RemoteError(f"Reading {self.location}", "NoSuchHost", str(error)) from error
        addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
        for address in addresses:
            refuse_address(address, host, plain=at.scheme == "http")
        if at.scheme == "http":
            return _pinned(http.client.HTTPConnection(host, port, timeout=TIMEOUT), str(addresses[0]))
        if at.scheme != "https":
            raise UsageError("An import comes from a path, from s3:// or from https://.")
        secure = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self.context())
        return _pinned(secure, str(addresses[0]))


@dataclass(frozen=True, slots=True)
class WebDownload:
    """A `Download` as `WebImport` reads: TLS, bounded, whole, and from AWS alone, or from a sandbox on this machine."""

    context: Callable[[], ssl.SSLContext] = tls_context

    def __call__(self, address: str, most: int) -> bytes:
        try:
            place = WebImport(address, context=self.context, most=most, domains=AWS_DOMAINS)
            return b"".join(place.files()[""]())
        except (UsageError, ValueError) as error:
            # Whatever is wrong with it, the address itself is not told: it opens the file to whoever has it.
            raise Refused("The service gave an address that is none", "Run the command again.") from error
        except (CredentialsError, NotFound) as error:
            # The signature in the address was all there was to show: it is no longer good.
            raise RemoteError(f"Reading {place.location}", "AddressExpired", str(error)) from error


def _is_here(host: str) -> bool:
    """Whether a host is this machine by its very spelling."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _pinned(connection: http.client.HTTPConnection, address: str) -> http.client.HTTPConnection:
    """The connection, going to that address whatever its name resolves to by then."""

    def connect(to: tuple[str, int], timeout: float, source: tuple[str, int] | None = None) -> socket.socket:
        return socket.create_connection((address, to[1]), timeout, source)

    connection._create_connection = connect  # type: ignore[attr-defined]  # http.client offers no other way
    return connection


def refuse_address(found: Address, host: str, *, plain: bool) -> None:
    """Return for an address that an import may come from. Raises: Refused."""
    address: Address = found
    if isinstance(found, ipaddress.IPv6Address):
        embedded = ipaddress.IPv4Address(found.packed[-4:]) if found in NAT64 else None
        address = found.ipv4_mapped or found.sixtofour or embedded or found
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in METADATA:
        raise Refused(
            f"{host} leads to {address}, where machines ask for their own credentials or nobody answers",
            "Name the address of a server.",
        )
    if plain and not address.is_loopback:
        raise Refused(
            f"{host} would be asked without encryption", "Use https; plain http is for this machine only."
        )
