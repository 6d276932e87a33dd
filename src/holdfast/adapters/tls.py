"""TLS 1.3 for whatever this machine connects to, and a lower version only where the settings say so."""

from __future__ import annotations

import http.client
import os
import re
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
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


def tls_context(minimum: str = "1.3", environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """A client's context: certificates and names are verified, nothing below `minimum` is spoken.

    Trusted are the system's authorities (or SSL_CERT_FILE's), and those of the file AWS_CA_BUNDLE names.
    Raises: SettingsError for another version, and for a bundle that cannot be read.
    """
    context = ssl.create_default_context()
    context.minimum_version = version_of(minimum)
    bundle = environment.get("AWS_CA_BUNDLE")
    if bundle:
        try:
            context.load_verify_locations(bundle)
        except OSError as error:
            raise SettingsError("AWS_CA_BUNDLE", (f"{bundle}: {error.strerror or error}",)) from error
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
    proxy = None if proxy_bypass(host) else urlsplit(getproxies().get("https", ""))
    context = tls_context(minimum, environment)
    if proxy and proxy.hostname:
        connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=timeout, context=context)
        connection.set_tunnel(host, port)
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    try:
        connection.connect()
    finally:
        connection.close()
