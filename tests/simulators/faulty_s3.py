"""A bucket over http that does what a script says before it does what S3 does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Fault:
    """What happens to a request that matches: an error as S3 says it, silence, a cut connection, half an answer.

    `method` is a regular expression. `times`: the first so many only. A `status` of 0 leaves the answer sound.
    """

    method: str = ".*"
    times: int = 1_000
    status: int = 0
    code: str = ""
    message: str = "said by the bucket"
    more: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    reset: bool = False
    truncate: bool = False
    stall: float = 0.0
    after: bool = False


@dataclass
class FaultyBucket:
    """The objects, the faults that are left, and the requests that came."""

    endpoint: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def break_with(self, *faults: Fault) -> None:
        """From now on these, one after the other as each is used up."""
        self.faults = [fault for fault in faults for _ in range(fault.times)]
        self.requests = []

    def fault(self, method: str) -> Fault:
        """The fault that hits a request."""
        self.requests.append(method)
        found = next((each for each in self.faults if re.fullmatch(each.method, method)), None)
        if found is None:
            return Fault()
        self.faults.remove(found)
        return found


class Handler(BaseHTTPRequestHandler):
    """Answers one request; `bucket` is the class's."""

    bucket: FaultyBucket
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.bucket.fault(self.command)
        if fault.after:
            self.handle_soundly(body)  # takes effect, and the answer is lost
        if fault.stall:
            self.bucket.over.wait(fault.stall)
        if fault.reset:
            self.close_connection = True
            self.connection.close()
        elif fault.status:
            told = f"<Code>{fault.code}</Code><Message>{fault.message}</Message>{fault.more}"
            self.answer(fault.status, f"<Error>{told}</Error>".encode(), dict(fault.headers))
        elif not fault.after:
            self.answer(*self.handle_soundly(body), truncate=fault.truncate)

    do_GET = do_PUT = do_POST = serve  # noqa: N815  # http.server's names

    def handle_soundly(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        url = urlsplit(self.path)
        name = url.path.removeprefix("/bucket").lstrip("/")
        if self.command == "PUT":
            if self.headers.get("If-None-Match") == "*" and name in self.bucket.objects:
                return 412, b"<Error><Code>PreconditionFailed</Code></Error>", {}
            self.bucket.objects[name] = body
            return 200, b"", {"ETag": '"tag"'}
        if self.command == "POST":  # the removal of several
            for key in re.findall(r"<Key>([^<]+)</Key>", body.decode()):
                self.bucket.objects.pop(key, None)
            return 200, b"<DeleteResult/>", {}
        if not name:
            return 200, listing(self.bucket.objects, parse_qs(url.query).get("prefix", [""])[0]), {}
        return self.one(name)

    def one(self, name: str) -> tuple[int, bytes, dict[str, str]]:
        if name not in self.bucket.objects:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        data = self.bucket.objects[name]
        headers = {"ETag": '"tag"', "Last-Modified": "Fri, 20 Nov 2026 09:08:12 GMT"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not asked:
            return 200, data, headers
        start, end = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        return 206, data[start : end + 1], headers

    def answer(self, status: int, body: bytes, headers: dict[str, str], *, truncate: bool = False) -> None:
        self.send_response(status)
        for header in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if truncate else body)
        if truncate:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def faulty_bucket() -> Iterator[FaultyBucket]:
    """A bucket on a free port of this machine."""
    bucket = FaultyBucket()
    handler = type("BucketHandler", (Handler,), {"bucket": bucket})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        bucket.endpoint = f"http://127.0.0.1:{server.server_port}"
        yield bucket
        bucket.over.set()
        server.shutdown()
        thread.join()


def listing(objects: dict[str, bytes], prefix: str) -> bytes:
    """A ListBucketResult of one page."""
    rows = "".join(
        f"<Contents><Key>{name}</Key><Size>{len(data)}</Size><ETag>tag</ETag>"
        "<LastModified>2026-11-20T09:08:12.000Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>"
        for name, data in sorted(objects.items())
        if name.startswith(prefix)
    )
    head = "<Name>bucket</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>"
    return f"<ListBucketResult>{head}{rows}</ListBucketResult>".encode()
