"""The stand-in's vocabulary: JSON values, a checked request, an answer, and a refusal in AWS's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import msgspec

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Document: TypeAlias = "dict[str, Json]"
# Answers may hold msgspec.Raw fragments that were encoded before, so their values are opaque here.
Answer: TypeAlias = Mapping[str, object]
REQUEST_ID = "00000000-0000-4000-8000-000000000000"

_documents = msgspec.json.Decoder(dict)


class ApiRefusal(Exception):
    """An error answer of a service: its code, its message, the HTTP status and further modelled members."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


def invalid(message: str) -> ApiRefusal:
    """The ValidationException that the services answer to a request that cannot be right."""
    return ApiRefusal("ValidationException", message)


def missing(message: str, **members: str) -> ApiRefusal:
    """The ResourceNotFoundException for something that a request names and that is not there."""
    return ApiRefusal("ResourceNotFoundException", message, 400, **members)


def conflict(message: str, **members: str) -> ApiRefusal:
    """The ConflictException for something that exists already, is in use, or is being changed."""
    return ApiRefusal("ConflictException", message, 400, **members)


def json_object(body: bytes) -> Document:
    """The members of a JSON request body. Raises: ApiRefusal (SerializationException)."""
    try:
        return cast(Document, _documents.decode(body or b"{}"))
    except msgspec.DecodeError as problem:
        raise ApiRefusal(
            "SerializationException", f"The request body is not a JSON object: {problem}"
        ) from problem


def denial(caller: str, action: str, resource: str, explicit: bool = False) -> str:
    """IAM's sentence for an action that the caller's policies do not allow, or explicitly deny."""
    reason = "with an explicit deny in an" if explicit else "because no"
    rest = "identity-based policy" if explicit else f"identity-based policy allows the {action} action"
    return f"User: {caller} is not authorized to perform: {action} on resource: {resource} {reason} {rest}"


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that it acts in, and what GetCallerIdentity says of it.

    `kind` is root, user or role, and `name` the IAM user's or role's; root may do everything.
    """

    account: str
    arn: str
    id: str
    kind: str = "root"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Members of a request that passed the service's model, so that a value's type is known by its name."""

    values: Mapping[str, Json]

    def text(self, name: str) -> str:
        return cast(str, self.values[name])

    def find(self, name: str) -> str | None:
        return cast("str | None", self.values.get(name))

    def number(self, name: str, otherwise: int) -> int:
        value = cast("int | None", self.values.get(name))
        return otherwise if value is None else value

    def raw(self, name: str) -> Json:
        return self.values.get(name)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(cast("list[str]", self.values.get(name) or []))

    def part(self, name: str) -> Parameters:
        """The members of a structure; no members at all where the request left it out."""
        return Parameters(cast("Document", self.values.get(name) or {}))

    def parts(self, name: str) -> tuple[Parameters, ...]:
        return tuple(Parameters(each) for each in cast("list[Document]", self.values.get(name) or []))

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the fault rules want this call to run: its asynchronous request, its page, how much of a batch is left."""

    async_delay: float | None = None
    async_failure: str | None = None
    page_size: int | None = None
    unprocessed: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: who is asked for what, from which region, when (seconds since 1970), and by whom."""

    service: str
    operation: str
    region: str
    parameters: Parameters
    now: float
    caller: Caller
    conduct: Conduct = field(default_factory=Conduct)
