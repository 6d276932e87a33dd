"""What a service accepts, read from botocore's model of it: names, types, lengths, patterns, enumerations."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import cast

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from holdfast.sandbox.wire import ApiRefusal, Document, Json

# A check appends one sentence per broken constraint, in the words of AWS's own validation errors.
Check = Callable[[Json, str, list[str]], None]
# A Unicode category, any other escaped character, or a bracket that opens or closes a character class.
_LEXEME = re.compile(r"\\p\{(\w)\}|\\.|\[|\]")
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "long": (int,), "boolean": (bool,), "timestamp": (int, float, str),
    "list": (list,), "structure": (dict,), "map": (dict,), "float": (int, float), "double": (int, float),
}  # fmt: skip


class Contract:
    """The request side of one service: `prefix` of X-Amz-Target, `operations` with every modelled name."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        self.prefix = str(self._model.metadata["targetPrefix"])
        self.operations = frozenset(self._model.operation_names)
        self._checks: dict[str, Check] = {}
        self._inputs: dict[str, Check | None] = {}

    def check(self, operation: str, request: Document) -> None:
        """Nothing when the request is what the model allows.

        Raises: ApiRefusal with ValidationException (all broken constraints in one message), or
            SerializationException for a value of the wrong JSON type.
        """
        if operation not in self._inputs:
            shape = self._model.operation_model(operation).input_shape
            self._inputs[operation] = None if shape is None else self._check_of(shape)
        self._report(self._inputs[operation], request)

    def check_shape(self, name: str, value: Document) -> None:
        """As `check`, for a value held against a named shape of the model."""
        self._report(self._check_of(self._model.shape_for(name)), value)

    @staticmethod
    def _report(check: Check | None, value: Document) -> None:
        problems: list[str] = []
        if check is not None:
            check(value, "", problems)
        if problems:
            plural = "error" if len(problems) == 1 else "errors"
            raise ApiRefusal(
                "ValidationException", f"{len(problems)} validation {plural} detected: {'; '.join(problems)}"
            )

    def _check_of(self, shape: Shape) -> Check:
        if shape.name not in self._checks:
            # A placeholder first: a shape may contain itself.
            self._checks[shape.name] = self._later(shape.name)
            self._checks[shape.name] = _typed(shape, self._inner(shape))
        return self._checks[shape.name]

    def _later(self, name: str) -> Check:
        def check(value: Json, at: str, out: list[str]) -> None:
            self._checks[name](value, at, out)

        return check

    def _inner(self, shape: Shape) -> Check | None:
        if getattr(shape, "is_document_type", False):
            return None
        if isinstance(shape, StructureShape):
            return _structure({name: self._check_of(each) for name, each in shape.members.items()}, shape)
        if isinstance(shape, ListShape):
            return _list(self._check_of(shape.member), shape)
        if isinstance(shape, MapShape):
            return _map(self._check_of(shape.key), self._check_of(shape.value))
        if isinstance(shape, StringShape):
            return _string(shape)
        return _number(shape) if shape.type_name in ("integer", "long") else None


def _typed(shape: Shape, inner: Check | None) -> Check:
    if getattr(shape, "is_document_type", False):
        return lambda value, at, out: None
    kinds, name = _KINDS.get(shape.type_name, (object,)), shape.type_name

    def check(value: Json, at: str, out: list[str]) -> None:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ApiRefusal("SerializationException", f"Value at '{at}' can not be converted to {name}")
        if inner is not None:
            inner(value, at, out)

    return check


def _structure(members: dict[str, Check], shape: StructureShape) -> Check:
    required = tuple(shape.required_members)

    def check(value: Json, at: str, out: list[str]) -> None:
        given = cast(Document, value)
        for name in required:
            if given.get(name) is None:
                out.append(_failed(None, _join(at, name), "Member must not be null"))
        for name, each in given.items():
            if name not in members:
                out.append(f"Unknown member '{_join(at, name)}'")
            elif each is not None:
                members[name](each, _join(at, name), out)

    return check


def _list(member: Check, shape: ListShape) -> Check:
    sized = _sized(shape)

    def check(value: Json, at: str, out: list[str]) -> None:
        given = cast("list[Json]", value)
        sized(len(given), value, at, out)
        for number, each in enumerate(given, 1):
            member(each, f"{at}.{number}.member", out)

    return check


def _map(key: Check, item: Check) -> Check:
    def check(value: Json, at: str, out: list[str]) -> None:
        for name, each in cast(Document, value).items():
            key(name, f"{at}.key", out)
            item(each, f"{at}.value", out)

    return check


def _string(shape: StringShape) -> Check:
    sized, allowed, pattern = _sized(shape), frozenset(shape.enum), shape.metadata.get("pattern")

    def check(value: Json, at: str, out: list[str]) -> None:
        given = cast(str, value)
        sized(len(given), value, at, out)
        if allowed and given not in allowed:
            out.append(
                _failed(value, at, f"Member must satisfy enum value set: [{', '.join(sorted(allowed))}]")
            )
        if pattern and not _matcher(pattern).fullmatch(given):
            out.append(_failed(value, at, f"Member must satisfy regular expression pattern: {pattern}"))

    return check


def _number(shape: Shape) -> Check:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(value: Json, at: str, out: list[str]) -> None:
        given = cast(int, value)
        if low is not None and given < low:
            out.append(_failed(value, at, f"Member must have value greater than or equal to {low}"))
        if high is not None and given > high:
            out.append(_failed(value, at, f"Member must have value less than or equal to {high}"))

    return check


def _sized(shape: Shape) -> Callable[[int, Json, str, list[str]], None]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(size: int, value: Json, at: str, out: list[str]) -> None:
        if low is not None and size < low:
            out.append(_failed(value, at, f"Member must have length greater than or equal to {low}"))
        if high is not None and size > high:
            out.append(_failed(value, at, f"Member must have length less than or equal to {high}"))

    return check


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
