"""What a REST-JSON service accepts: its paths besides its names and types, and how it answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qsl, unquote

import msgspec
from botocore.model import Shape

from holdfast.sandbox.contract import Contract
from holdfast.sandbox.wire import REQUEST_ID, Answer, ApiRefusal, Document, Json, json_object


class RestContract(Contract):
    """The request side of a service whose operations are paths."""

    content_type = "application/json"

    def __init__(self, service: str) -> None:
        super().__init__(service)
        # By method and number of path parts: the parts, and the operation that they are of.
        self._routes: dict[tuple[str, int], list[tuple[list[str], str]]] = defaultdict(list)
        for name in self.operations:
            http = self._model.operation_model(name).http
            parts = _parts(http["requestUri"])
            self._routes[http["method"], len(parts)].append((parts, name))
        for each in self._routes.values():
            # The most literal path first: /accounts/{id}/search/folders before /accounts/{id}/folders/{id}.
            each.sort(key=lambda route: sum(part.startswith("{") for part in route[0]))
        self._statuses = {"UnknownOperationException": 404, "UnrecognizedClientException": 403} | {
            shape.name: int(shape.metadata["error"]["httpStatusCode"])
            for shape in map(self._model.shape_for, self._model.shape_names)
            if "httpStatusCode" in shape.metadata.get("error", {})
        }

    def route(self, method: str, path: str) -> tuple[str, Document]:
        """The operation of a path as it came, escapes and all, with what its parts name.

        An operation that the service does not have is the method and the path.
        """
        asked = _parts(path)
        for parts, name in self._routes.get((method, len(asked)), ()):
            matched = all(want.startswith("{") or want == got for want, got in zip(parts, asked, strict=True))
            if matched and all(asked):
                named = zip(parts, asked, strict=True)
                return name, {want[1:-1]: unquote(got) for want, got in named if want.startswith("{")}
        return f"{method} {path}", {}

    def request(self, operation: str, named: Document, query: str, body: bytes) -> Document:
        """The members of a request, wherever they stood. Raises: ApiRefusal (SerializationException)."""
        values = json_object(body)
        shape = self._model.operation_model(operation).input_shape
        given: Mapping[str, list[str]] = defaultdict(list)
        for name, value in parse_qsl(query, keep_blank_values=True):
            given[name].append(value)
        for name, member in (shape.members if shape else {}).items():
            place, wire_name = member.serialization.get("location"), member.serialization.get("name", name)
            if place == "uri":
                values[name] = _typed(member, [str(named[wire_name])])
            elif place == "querystring" and wire_name in given:
                values[name] = _typed(member, given[wire_name])
        return values

    def encode(self, operation: str, answer: Answer) -> tuple[int, bytes]:
        """The answer with its RequestId, and its Status in the body or as HTTP's, where the model has them."""
        shape = self._model.operation_model(operation).output_shape
        members = shape.members if shape else {}
        body, status = dict(answer), cast(int, answer.get("Status", 200))
        if "Status" in members and members["Status"].serialization.get("location") != "statusCode":
            body["Status"] = status
        else:
            body.pop("Status", None)
        if "RequestId" in members:
            body["RequestId"] = REQUEST_ID
        return status, msgspec.json.encode(body)

    def status_of(self, refusal: ApiRefusal) -> int:
        """The modelled status, unless the refusal asks for one of its own."""
        return self._statuses.get(refusal.code, 400) if refusal.status == 400 else refusal.status


def _parts(path: str) -> list[str]:
    return path.partition("?")[0].strip("/").split("/")


def _typed(member: Shape, given: list[str]) -> Json:
    """A query's texts as the member's type; what cannot be is left as text, for `check` to refuse."""
    if member.type_name == "list":
        return list(given)
    if member.type_name == "boolean" and given[-1] in ("true", "false"):
        return given[-1] == "true"
    numeric = member.type_name in ("integer", "long") and given[-1].lstrip("-").isdecimal()
    return int(given[-1]) if numeric else given[-1]
