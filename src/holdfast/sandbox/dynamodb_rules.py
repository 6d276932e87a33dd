"""DynamoDB as moto has it, but strict: new tables take a while, batches have a limit and may be left half done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec

from holdfast.sandbox.wire import ApiRefusal, Call, Document, Json, invalid

Forward = Callable[[str, Document], Document]
"""moto's answer to an operation with these parameters. Raises: ApiRefusal."""
NewTables = dict[tuple[str, str, str], float]
"""When a table (account, region, name) that is being made will be there, in seconds since 1970."""

MOST_WRITES, MOST_READS = 25, 100
NOT_THERE = "Requested resource not found"
_OF_DATA = ("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan")
_OF_TABLE = ("UpdateTimeToLive", "UpdateContinuousBackups", "UpdateTable", "DeleteTable")


def answer_dynamodb(new: NewTables, async_delay: float, call: Call, forward: Forward) -> bytes | None:
    """The encoded answer; None where moto's own will do. Raises: ApiRefusal for what DynamoDB would refuse."""
    for name, due in list(new.items()):
        if due <= call.now:
            del new[name]
    asked = cast(Document, dict(call.parameters.values))
    if call.operation == "CreateTable":
        return msgspec.json.encode(_create(new, async_delay, call, asked, forward))
    if call.operation == "DescribeTable":
        return msgspec.json.encode(_describe(new, call, asked, forward))
    if call.operation in ("BatchWriteItem", "BatchGetItem"):
        return msgspec.json.encode(_batch(new, call, asked, forward))
    if call.operation in _OF_DATA:
        _require_ready(new, call, [call.parameters.find("TableName") or ""])
    elif call.operation in _OF_TABLE and _is_new(new, call, call.parameters.find("TableName") or ""):
        raise ApiRefusal(
            "ResourceInUseException", f"Table is being created: {call.parameters.find('TableName')}"
        )
    return None


def _create(new: NewTables, async_delay: float, call: Call, asked: Document, forward: Forward) -> Document:
    answer = forward("CreateTable", asked)
    delay = async_delay if call.conduct.async_delay is None else call.conduct.async_delay
    new[call.caller.account, call.region, call.parameters.text("TableName")] = call.now + delay
    cast(Document, answer["TableDescription"])["TableStatus"] = "CREATING"
    return answer


def _describe(new: NewTables, call: Call, asked: Document, forward: Forward) -> Document:
    answer = forward("DescribeTable", asked)
    if _is_new(new, call, call.parameters.text("TableName")):
        cast(Document, answer["Table"])["TableStatus"] = "CREATING"
    return answer


def _batch(new: NewTables, call: Call, asked: Document, forward: Forward) -> Document:
    """A batch, checked, of which the fault rules may leave a share unprocessed."""
    tables = cast("dict[str, Json]", asked.get("RequestItems") or {})
    _require_ready(new, call, tables)
    writes = call.operation == "BatchWriteItem"
    rows = {name: _rows(value) if writes else _keys(value) for name, value in tables.items()}
    _refuse_size(sum(map(len, rows.values())), MOST_WRITES if writes else MOST_READS)
    for name, requests in rows.items():
        _refuse_keys(forward("DescribeTable", {"TableName": name}), requests, writes=writes)
    share = call.conduct.unprocessed or 0.0
    taken = {name: len(requests) - int(len(requests) * share) for name, requests in rows.items()}
    answer: Document = {"UnprocessedItems": {}} if writes else {"Responses": {}, "UnprocessedKeys": {}}
    if any(taken.values()):
        now = {
            name: _part(value, rows[name][: taken[name]], writes=writes)
            for name, value in tables.items()
            if taken[name]
        }
        answer = forward(call.operation, {**asked, "RequestItems": now})
    answer["UnprocessedItems" if writes else "UnprocessedKeys"] = {
        name: _part(value, rows[name][taken[name] :], writes=writes)
        for name, value in tables.items()
        if taken[name] < len(rows[name])
    }
    return answer


def _refuse_size(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must "
            f"satisfy constraint: [Member must have length less than or equal to {most}, "
            "Member must have length greater than or equal to 1]"
        )


def _refuse_keys(table: Document, requests: Sequence[Document], *, writes: bool) -> None:
    """Nothing when each request has the table's keys, and none has those of another."""
    described = cast(Mapping[str, Sequence[Mapping[str, str]]], table["Table"])
    kinds = {row["AttributeName"]: row["AttributeType"] for row in described["AttributeDefinitions"]}
    names = [row["AttributeName"] for row in described["KeySchema"]]
    seen = set()
    for request in requests:
        held = _attributes(request) if writes else request
        keys = tuple(msgspec.json.encode(held.get(name)) for name in names)
        if any(list(cast(Document, held.get(name) or {})) != [kinds[name]] for name in names):
            raise invalid("The provided key element does not match the schema")
        if keys in seen:
            raise invalid("Provided list of item keys contains duplicates")
        seen.add(keys)


def _attributes(request: Document) -> Document:
    """The item or key of a request to put or delete."""
    ((kind, inner),) = cast("Mapping[str, Mapping[str, Document]]", request).items()
    return inner["Item" if kind == "PutRequest" else "Key"]


def _rows(value: Json) -> list[Document]:
    return cast("list[Document]", value)


def _keys(value: Json) -> list[Document]:
    return cast("Mapping[str, list[Document]]", value)["Keys"]


def _part(value: Json, rows: list[Document], *, writes: bool) -> Json:
    """A table's share of a batch with only these requests."""
    return cast(Json, rows if writes else {**cast(Document, value), "Keys": cast(Json, rows)})


def _require_ready(new: NewTables, call: Call, tables: Sequence[str] | Mapping[str, Json]) -> None:
    if any(_is_new(new, call, name) for name in tables):
        raise ApiRefusal("ResourceNotFoundException", NOT_THERE)


def _is_new(new: NewTables, call: Call, table: str) -> bool:
    return (call.caller.account, call.region, table.rpartition("/")[2]) in new
