"""TLS 1.3 for whatever this machine connects to, and a lower version only where the settings say so."""

from __future__ import annotations

import http.client
import os
import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from holdfast.domain.errors import SettingsError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

VERSIONS = {"1.3": ssl.TLSVersion.TLSv1_3, "1.2": ssl.TLSVersion.TLSv1_2}
NO_COMMON_VERSION = re.compile(
    r"PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|HANDSHAKE_FAILURE", re.IGNORECASE
)
"""What OpenSSL says when the other side speaks only versions that are not accepted."""
HTTPS_PORT = 443


def version_of(minimum: str) -> ssl.TLSVersion:
    """The lowest version accepted, from the setting `[aws] tls_minimum`. Raises: SettingsError."""
    if minimum not in VERSIONS:
        raise SettingsError("[aws]", (f"tls_minimum: {minimum} is none of {', '.join(VERSIONS)}",))
    return VERSIONS[minimum]


def ca_bundle(environment: Mapping[str, str] = os.environ) -> str:
    """Certificates of authorities that are trusted beside the system's, as PEM; empty where AWS_CA_BUNDLE is not set.

    Raises: SettingsError when its file cannot be read.
    """
    bundle = environment.get("AWS_CA_BUNDLE")
    try:
        return Path(bundle).read_text("ascii") if bundle else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("AWS_CA_BUNDLE", (f"{bundle}: {error}",)) from error


def tls_context(minimum: str = "1.3", environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """A client's context: certificates and names are verified, nothing below `minimum` is spoken.

    Trusted are the system's authorities (or SSL_CERT_FILE's), and those of the file AWS_CA_BUNDLE names.
    Raises: SettingsError for another version, and for a bundle that cannot be read.
    """
    context = ssl.create_default_context()
    context.minimum_version = version_of(minimum)
    bundle = ca_bundle(environment)
    if bundle:
        context.load_verify_locations(cadata=bundle)
    return context


def strict_session(profile: str, minimum: str) -> Session:
    """A botocore session whose clients accept nothing below `minimum`, those it makes for credentials too.

    botocore has no setting for this, so the contexts that its clients make are tightened.
    """
    from botocore.session import Session

    class StrictSession(Session):
        """Tightens every client it makes."""

        def create_client(self, *args: object, **options: object) -> BaseClient:
            """The client. Raises: as botocore's."""
            return tightened(super().create_client(*args, **options), version)  # type: ignore[arg-type]

    version = version_of(minimum)
    return StrictSession(profile=profile or None)


def tightened(client: BaseClient, version: ssl.TLSVersion) -> BaseClient:
    """The client, which from now on refuses lower versions, of proxies as well."""
    http_session = client._endpoint.http_session  # type: ignore[attr-defined]
    make_context = http_session._get_ssl_context

    def strict() -> ssl.SSLContext:
        context: ssl.SSLContext = make_context()
        context.minimum_version = version
        return context

    http_session._get_ssl_context = strict
    http_session._manager.connection_pool_kw["ssl_context"] = strict()
    return client


def shake_hands(url: str, minimum: str, timeout: float, environment: Mapping[str, str] = os.environ) -> None:
    """Return when the server behind an https URL, through the proxy that is set, speaks at least `minimum`.

    For clients that cannot be told a lowest version. Raises: ssl.SSLError; OSError; SettingsError.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    proxy = _proxy_to(host)
    context = tls_context(minimum, environment)
    if proxy:
        connection = http.client.HTTPSConnection(
            proxy.hostname or "", proxy.port, timeout=timeout, context=context
        )
        login = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}".encode()
        headers = {"Proxy-Authorization": f"Basic {b64encode(login).decode()}"} if proxy.username else {}
        connection.set_tunnel(host, port, headers)
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    try:
        connection.connect()
    except http.client.HTTPException as error:
        raise OSError(f"the proxy answered with {error}") from error
    finally:
        connection.close()


def _proxy_to(host: str) -> SplitResult | None:
    """The proxy that the environment sets for a host; None where there is none."""
    address = "" if proxy_bypass(host) else getproxies().get("https", "")
    return urlsplit(address if "://" in address else f"http://{address}") if address else None
