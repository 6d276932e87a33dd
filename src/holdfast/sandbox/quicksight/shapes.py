"""Between a bundle's member and the API: the model's shapes, with names in camel case and times as text there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import cast

from botocore.model import ListShape, MapShape, Shape, StructureShape

from holdfast.sandbox.contract import service_model
from holdfast.sandbox.quicksight.kinds import camel
from holdfast.sandbox.wire import Document, Json


@cache
def shape(name: str) -> Shape:
    """A shape of QuickSight's model."""
    return service_model("quicksight").shape_for(name)


@cache
def members(name: str) -> Mapping[str, Shape]:
    """The members of a structure by name; the same shapes each time, which reads the model but once."""
    return cast(StructureShape, shape(name)).members


@cache
def _by_lower_case(name: str) -> dict[str, str]:
    return {each.lower(): each for each in members(name)}


def input_members(operation: str) -> Mapping[str, Shape]:
    """What an operation takes."""
    return members(f"{operation}Request")


def to_api(as_shape: Shape, value: Json) -> Json:
    """A part of a member as the API answers it; what the shape does not have is left out."""
    if isinstance(as_shape, StructureShape) and isinstance(value, dict):
        known = _by_lower_case(as_shape.name)
        named = ((known.get(name.lower()), each) for name, each in value.items())
        return {
            name: to_api(members(as_shape.name)[name], each)
            for name, each in named
            if name and each is not None
        }
    if isinstance(as_shape, ListShape) and isinstance(value, list):
        return [to_api(as_shape.member, each) for each in value]
    if isinstance(as_shape, MapShape) and isinstance(value, dict):
        return {name: to_api(as_shape.value, each) for name, each in value.items()}
    if as_shape.type_name == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return value


def to_member(as_shape: Shape, value: Json) -> Json:
    """A part of a request as a bundle's member holds it."""
    if isinstance(as_shape, StructureShape) and isinstance(value, dict):
        known = members(as_shape.name)
        return {camel(name): to_member(known[name], each) for name, each in value.items() if each is not None}
    if isinstance(as_shape, ListShape) and isinstance(value, list):
        return [to_member(as_shape.member, each) for each in value]
    if isinstance(as_shape, MapShape) and isinstance(value, dict):
        return {name: to_member(as_shape.value, each) for name, each in value.items()}
    if as_shape.type_name == "timestamp" and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")
    return value


def document(as_shape: Shape, value: Json) -> Document:
    """`to_api` of a structure."""
    return cast(Document, to_api(as_shape, value))


def picked(name: str, facts: Document) -> Document:
    """Those of the facts that a structure has."""
    return {each: facts[each] for each in members(name) if facts.get(each) is not None}


@cache
def may_refuse(operation: str, code: str) -> bool:
    """Whether the model lists the error among those of the operation."""
    errors = service_model("quicksight").operation_model(operation).error_shapes
    return any(each.name == code for each in errors)


def answered(operation: str, facts: Document) -> Document:
    """Those of the facts that an operation answers; Status stays, which says which HTTP status it is."""
    output = service_model("quicksight").operation_model(operation).output_shape
    return picked(output.name, facts) if output is not None else {}
