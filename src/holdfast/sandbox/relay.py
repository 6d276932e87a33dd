"""Asks another WSGI application on behalf of a request that came in."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, cast

import msgspec

from holdfast.sandbox.wire import ApiRefusal, Document

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_documents = msgspec.json.Decoder(dict)


def asked_of(
    application: WSGIApplication, environ: WSGIEnvironment, operation: str, parameters: Document
) -> Document:
    """The answer to an operation of a JSON service, asked as whoever sent `environ`. Raises: ApiRefusal."""
    body, answered = msgspec.json.encode(parameters), list[str]()
    prefix = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[0]
    asked = {
        **environ,
        "HTTP_X_AMZ_TARGET": f"{prefix}.{operation}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }

    def note(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
        answered.append(status)
        return lambda data: None

    data = b"".join(application(asked, note))  # type: ignore[arg-type]
    answer, status = cast(Document, _documents.decode(data)), int(answered[0].split()[0])
    if status >= 400:
        said = answer.get("message") or answer.get("Message") or ""
        raise ApiRefusal(str(answer.get("__type", "")), str(said), status)
    return answer
