"""The HTTP side: loopback only, one thread a connection, connections kept alive."""

from __future__ import annotations

import logging
import socket
import struct
from contextlib import suppress
from functools import cache
from io import BytesIO
from socketserver import BaseServer
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from holdfast.sandbox.application import ConnectionCut

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOPBACK = "127.0.0.1"


class KeepAliveHandler(WSGIRequestHandler):
    """Reads a request whole, answers it whole, and keeps the connection for the next one.

    werkzeug's own handler closes every connection because an application may leave a body unread; here the
    body is read before the application runs, so the next request starts where it should.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Remembers the connection, so that the server can end it."""
        super().setup()
        _connections(self.server).add(self.connection)

    def finish(self) -> None:
        """Forgets the connection."""
        _connections(self.server).discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """One request, from the headers already read to the answer sent."""
        if any("_" in name for name in self.headers):
            # werkzeug drops such headers, such as S3's metadata; moto, which keeps them, takes half a second to load.
            self.__class__ = _keeping_underscores()
        environ = self.make_environ()
        chunked = environ.get("wsgi.input_terminated")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read() if chunked else self.rfile.read(length))
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            started.append((status, headers))

        try:
            body = b"".join(self.server.app(environ, start_response))  # type: ignore[arg-type]
        except ConnectionCut as cut:
            self._cut(started, cut.part)
            return
        self._send(*started[-1], body)

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        bodiless = self.command == "HEAD" or code in ("204", "304")
        # The body goes out whole, whatever the application had in mind.
        kept = [(name, value) for name, value in headers if name.lower() != "transfer-encoding"]
        lines = [f"HTTP/1.1 {code} {reason}", *(f"{name}: {value}" for name, value in kept)]
        if "content-length" not in names and not bodiless:
            lines.append(f"Content-Length: {len(body)}")
        if "date" not in names:
            lines.append(f"Date: {self.date_time_string()}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if bodiless else head + body)

    def _cut(self, started: list[tuple[str, list[tuple[str, str]]]], part: bytes) -> None:
        if part:
            self.close_connection = True
            self._send(*started[-1], part)
            return
        # Lingering for zero seconds makes the kernel send RST instead of an orderly FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the counts are in the status."""


@cache
def _keeping_underscores() -> type[KeepAliveHandler]:
    """The handler with moto's way to read headers."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class UnderscoreHandler(KeepAliveHandler, MotoRequestHandler):
        """Both."""

    return UnderscoreHandler


def _connections(server: BaseServer) -> set[socket.socket]:
    held: set[socket.socket] = server.__dict__.setdefault("open_connections", set())
    return held


def hang_up(server: BaseWSGIServer) -> None:
    """Stops listening and ends every kept connection: nothing of this server answers afterwards."""
    server.server_close()
    for each in list(_connections(server)):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def listen(application: WSGIApplication, port: int) -> BaseWSGIServer:
    """A server bound to loopback; port 0 takes a free one. It serves once its `serve_forever` runs.

    Raises: OSError when the port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(128)
        # werkzeug ends the process when a port is taken; a socket of our own raises OSError instead. It is
        # duplicated there, so this one is closed here: a second descriptor would go on listening for nobody.
        return make_server(
            LOOPBACK,
            port,
            application,
            threaded=True,
            request_handler=KeepAliveHandler,
            fd=listener.fileno(),
        )
