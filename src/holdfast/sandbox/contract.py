"""What a service accepts, read from botocore's model of it: names, types, lengths, patterns, enumerations."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import cast

import msgspec
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from holdfast.sandbox.wire import Answer, ApiRefusal, Document, Json

# A Unicode category, any other escaped character, or a bracket that opens or closes a character class.
_LEXEME = re.compile(r"\\p\{(\w)\}|\\.|\[|\]")
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "long": (int,), "boolean": (bool,), "timestamp": (int, float, str),
    "list": (list,), "structure": (dict,), "map": (dict,), "float": (int, float), "double": (int, float),
}  # fmt: skip


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of the service, read once."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


class Contract:
    """The request side of one service: `prefix` of X-Amz-Target, `operations` with every modelled name."""

    content_type = "application/x-amz-json-1.1"

    def __init__(self, service: str) -> None:
        self.service = service
        self._model = service_model(service)
        self.prefix = str(self._model.metadata.get("targetPrefix", ""))
        self.operations = frozenset(self._model.operation_names)

    def check(self, operation: str, request: Document) -> None:
        """Nothing when the request is what the model allows.

        Raises: ApiRefusal with ValidationException (all broken constraints in one message), or
            SerializationException for a value of the wrong JSON type.
        """
        shape = self._model.operation_model(operation).input_shape
        if shape is not None:
            _report(_problems(shape, request, ""))

    def check_answer(self, operation: str, answer: Document) -> None:
        """As `check`, for the body of an answer."""
        shape = self._model.operation_model(operation).output_shape
        if shape is not None:
            _report(_problems(shape, answer, ""))

    def encode(self, operation: str, answer: Answer) -> tuple[int, bytes]:
        """The HTTP status and body of an answer."""
        return 200, msgspec.json.encode(answer)

    def status_of(self, refusal: ApiRefusal) -> int:
        """The HTTP status of a refusal."""
        return refusal.status

    def check_shape(self, name: str, value: Document) -> None:
        """As `check`, for a value held against a named shape of the model."""
        _report(_problems(self._model.shape_for(name), value, ""))


def _report(found: Iterator[str]) -> None:
    problems = list(found)
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise ApiRefusal(
            "ValidationException", f"{len(problems)} validation {plural} detected: {'; '.join(problems)}"
        )


def _problems(shape: Shape, value: Json, at: str) -> Iterator[str]:
    """A sentence per broken constraint, in the words of AWS's own validation errors."""
    if getattr(shape, "is_document_type", False):
        return
    kinds = _KINDS.get(shape.type_name, (object,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ApiRefusal(
            "SerializationException", f"Value at '{at}' can not be converted to {shape.type_name}"
        )
    if isinstance(shape, StructureShape):
        yield from _of_structure(shape, cast(Document, value), at)
    elif isinstance(shape, ListShape):
        given = cast("list[Json]", value)
        yield from _out_of_bounds(shape, len(given), value, at, "length")
        for number, each in enumerate(given, 1):
            yield from _problems(shape.member, each, f"{at}.{number}.member")
    elif isinstance(shape, MapShape):
        for name, each in cast(Document, value).items():
            yield from _problems(shape.key, name, f"{at}.key")
            yield from _problems(shape.value, each, f"{at}.value")
    elif isinstance(shape, StringShape):
        yield from _of_string(shape, cast(str, value), at)
    elif shape.type_name in ("integer", "long"):
        yield from _out_of_bounds(shape, cast(int, value), value, at, "value")


def _of_structure(shape: StructureShape, given: Document, at: str) -> Iterator[str]:
    for name in shape.required_members:
        if given.get(name) is None:
            yield _failed(None, _join(at, name), "Member must not be null")
    for name, each in given.items():
        if name not in shape.members:
            yield f"Unknown member '{_join(at, name)}'"
        elif each is not None:
            yield from _problems(shape.members[name], each, _join(at, name))


def _of_string(shape: StringShape, given: str, at: str) -> Iterator[str]:
    yield from _out_of_bounds(shape, len(given), given, at, "length")
    pattern = shape.metadata.get("pattern")
    if shape.enum and given not in shape.enum:
        yield _failed(given, at, f"Member must satisfy enum value set: [{', '.join(sorted(shape.enum))}]")
    if pattern and not _matcher(pattern).fullmatch(given):
        yield _failed(given, at, f"Member must satisfy regular expression pattern: {pattern}")


def _out_of_bounds(shape: Shape, size: int, value: Json, at: str, measure: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _failed(value, at, f"Member must have {measure} greater than or equal to {low}")
    if high is not None and size > high:
        yield _failed(value, at, f"Member must have {measure} less than or equal to {high}")


def _failed(value: Json, at: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{at}' failed to satisfy constraint: {constraint}"


def _join(at: str, name: str) -> str:
    lower = name[:1].lower() + name[1:]
    return f"{at}.{lower}" if at else lower


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    # The models use Java's \p{L}; Python's re has no such class, so it is written out as ranges.
    inside = False

    def python(found: re.Match[str]) -> str:
        nonlocal inside
        if found.group(0) in "[]":
            inside = found.group(0) == "["
        if not found.group(1):
            return found.group(0)
        ranges = _ranges()[found.group(1)]
        return ranges if inside else f"[{ranges}]"

    return re.compile(_LEXEME.sub(python, pattern))


@cache
def _ranges() -> dict[str, str]:
    """For each first letter of a Unicode category, the inside of a character class that covers it."""
    runs: dict[str, list[str]] = {}
    start, current = 0, unicodedata.category("\0")[0]
    for point in range(1, sys.maxunicode + 2):
        kind = unicodedata.category(chr(point))[0] if point <= sys.maxunicode else ""
        if kind != current:
            runs.setdefault(current, []).append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start, current = point, kind
    return {kind: "".join(each) for kind, each in runs.items()}
