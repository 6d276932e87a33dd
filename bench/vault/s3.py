"""The part of S3 that a vault and restic use, in memory, with a wait before each answer: a process of its own.

s3.py PORT_FILE LATENCY_MS

It prints nothing and checks no signature, so that the clients are measured and not the server. `GET /_requests` tells
how many requests came so far. It listens on 127.0.0.1 and ends with its standard input.
"""

from __future__ import annotations

import hashlib
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

WHEN = "2026-01-01T00:00:00.000Z"
WHEN_HTTP = "Thu, 01 Jan 2026 00:00:00 GMT"


class Bucket(BaseHTTPRequestHandler):
    """Objects of one server, whatever bucket they are in."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    objects: dict[str, tuple[bytes, str]] = {}  # noqa: RUF012  one for all requests
    count = 0
    latency = 0.0
    lock = threading.Lock()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/_requests":
            self.answer(200, str(Bucket.count).encode())
            return
        self.begin()
        key, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        if "location" in query:
            self.answer(200, b"<LocationConstraint/>")
        elif "list-type" in query or key.count("/") < 2:
            self.answer(200, self.listing(key.rstrip("/") + "/", query))
        elif key in self.objects:
            self.give(*self.objects[key])
        else:
            self.fail(404, "NoSuchKey")

    def do_HEAD(self) -> None:
        self.begin()
        key = unquote(urlsplit(self.path).path)
        if key in self.objects:
            data, etag = self.objects[key]
            self.answer(200, b"", {"ETag": etag, "Last-Modified": WHEN_HTTP}, length=len(data))
        else:
            self.answer(200 if key.rstrip("/").count("/") < 2 else 404, b"", length=0)

    def do_PUT(self) -> None:
        self.begin()
        key, data = unquote(urlsplit(self.path).path), self.body()
        with self.lock:
            if self.headers.get("If-None-Match") == "*" and key in self.objects:
                self.fail(412, "PreconditionFailed")
                return
            etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
            self.objects[key] = data, etag
        self.answer(200, b"", {"ETag": etag})

    def do_DELETE(self) -> None:
        self.begin()
        key = unquote(urlsplit(self.path).path)
        for name in (
            [key]
            if not key.endswith("/_all")
            else [name for name in self.objects if name.startswith(key.removesuffix("_all"))]
        ):
            self.objects.pop(name, None)
        self.answer(204, b"")

    def do_POST(self) -> None:
        """DeleteObjects, as obstore deletes even one object; nothing else is posted."""
        self.begin()
        bucket = unquote(urlsplit(self.path).path).rstrip("/")
        keys = [unescape(key.decode()) for key in re.findall(rb"<Key>([^<]*)</Key>", self.body())]
        for key in keys:
            self.objects.pop(f"{bucket}/{key}", None)
        deleted = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def begin(self) -> None:
        with self.lock:
            Bucket.count += 1
        time.sleep(self.latency)

    def body(self) -> bytes:
        size = int(self.headers.get("Content-Length", 0))
        if not self.headers.get("x-amz-content-sha256", "").startswith("STREAMING"):
            return self.rfile.read(size)
        parts = list[bytes]()
        while length := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(parts)

    def give(self, data: bytes, etag: str) -> None:
        headers = {"ETag": etag, "Last-Modified": WHEN_HTTP}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            self.answer(200, data, headers)
            return
        start = int(asked[1])
        part = data[start : int(asked[2]) + 1 if asked[2] else None]
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
        self.answer(206, part, headers)

    def listing(self, bucket: str, query: dict[str, list[str]]) -> bytes:
        prefix, delimiter = (query.get(name, [""])[0] for name in ("prefix", "delimiter"))
        rows, folders = list[str](), dict[str, None]()
        for name in sorted(self.objects):
            key = name.removeprefix(bucket)
            if not (name.startswith(bucket) and key.startswith(prefix)):
                continue
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folders[prefix + rest.partition(delimiter)[0] + delimiter] = None
                continue
            data, etag = self.objects[name]
            rows.append(
                f"<Contents><Key>{escape(quote(key))}</Key><LastModified>{WHEN}</LastModified>"
                f"<ETag>{escape(etag)}</ETag><Size>{len(data)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            )
        rows += [f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in folders]
        return (
            f"<ListBucketResult><Name>{bucket.strip('/')}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(rows)}</KeyCount><MaxKeys>1000000</MaxKeys><IsTruncated>false</IsTruncated>"
            f"{''.join(rows)}</ListBucketResult>"
        ).encode()

    def fail(self, status: int, code: str) -> None:
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def answer(
        self, status: int, data: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/xml" if data[:1] == b"<" else "binary/octet-stream")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the output is the benchmark's."""


def main(port_file: str, latency: str) -> None:
    Bucket.latency = float(latency) / 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Path(port_file).write_text(str(server.server_port))
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
