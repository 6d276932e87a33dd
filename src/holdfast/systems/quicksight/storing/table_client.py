"""DynamoDB through the paced session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from botocore.exceptions import ClientError

from holdfast.domain.errors import HoldfastError, RemoteError
from holdfast.kernel.canonical import Plain
from holdfast.kernel.ports import PacedSession
from holdfast.systems.quicksight.storing.answers import meaning, told
from holdfast.systems.quicksight.storing.errors import TableMissing, TableTaken
from holdfast.systems.quicksight.storing.items import Attributes
from holdfast.systems.quicksight.storing.table_gateway import KeySchema, TableState

MOST_KEYS = 100
"""Keys that one BatchGetItem takes."""

Wire = Mapping[str, Mapping[str, object]]
"""Attributes as DynamoDB writes them: `{"name": {"S": "ada"}}`."""


class TableClient:
    """A `TableGateway` over one account and region."""

    def __init__(self, session: PacedSession) -> None:
        self._session = session

    def describe(self, table: str) -> TableState | None:
        try:
            found = cast("Mapping[str, object]", self._call("DescribeTable", table, {})["Table"])
        except TableMissing:
            return None
        types = {row["AttributeName"]: row["AttributeType"] for row in _rows(found, "AttributeDefinitions")}
        schema = sorted(_rows(found, "KeySchema"), key=lambda row: row["KeyType"])  # HASH before RANGE
        keys = tuple((row["AttributeName"], row["KeyType"], types[row["AttributeName"]]) for row in schema)
        counts = cast("Mapping[str, int]", found)
        active = found["TableStatus"] in ("ACTIVE", "UPDATING")
        return TableState(active, keys, counts.get("ItemCount", 0), counts.get("TableSizeBytes", 0))

    def create(self, table: str, keys: KeySchema) -> None:
        described = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind} for name, _, kind in keys
            ],
            "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role, _ in keys],
        }
        self._call("CreateTable", table, described)

    def expire_by(self, table: str, attribute: str) -> None:
        answer = self._call("DescribeTimeToLive", table, {})
        found = cast("Mapping[str, str]", answer["TimeToLiveDescription"])
        if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
            # A second UpdateTimeToLive within the hour would be refused.
            if found.get("AttributeName") != attribute:
                said = f"items of {table} expire by {found.get('AttributeName')}, not by {attribute}"
                raise RemoteError("dynamodb:UpdateTimeToLive", "another attribute", said)
            return
        wanted = {"Enabled": True, "AttributeName": attribute}
        self._call("UpdateTimeToLive", table, {"TimeToLiveSpecification": wanted})

    def protect(self, table: str) -> None:
        wanted = {"PointInTimeRecoveryEnabled": True}
        self._call("UpdateContinuousBackups", table, {"PointInTimeRecoverySpecification": wanted})

    def write(self, table: str, items: Sequence[Attributes]) -> Sequence[Attributes]:
        puts = [{"PutRequest": {"Item": to_wire(item)}} for item in items]
        answer = self._batch("BatchWriteItem", table, puts)
        left = cast("Mapping[str, Sequence[Mapping[str, Mapping[str, Wire]]]]", answer["UnprocessedItems"])
        return [from_wire(each["PutRequest"]["Item"]) for each in left.get(table, ())]

    def read(self, table: str, keys: Sequence[Mapping[str, str]]) -> Sequence[Attributes]:
        waiting: list[Wire] = [to_wire(key) for key in keys]
        found: list[Attributes] = []
        while waiting:
            now, later = waiting[:MOST_KEYS], waiting[MOST_KEYS:]
            answer = self._batch("BatchGetItem", table, {"Keys": now, "ConsistentRead": True})
            got = cast("Mapping[str, Sequence[Wire]]", answer["Responses"])
            found += [from_wire(each) for each in got.get(table, ())]
            left = cast("Mapping[str, Mapping[str, Sequence[Wire]]]", answer.get("UnprocessedKeys", {}))
            waiting = [*left.get(table, {}).get("Keys", ()), *later]
        return found

    def query(self, table: str, partition: str, value: str) -> Iterator[Attributes]:
        asked: dict[str, object] = {
            "KeyConditionExpression": "#partition = :value",
            "ExpressionAttributeNames": {"#partition": partition},
            "ExpressionAttributeValues": to_wire({":value": value}),
            "ConsistentRead": True,
        }
        while True:
            page = self._call("Query", table, asked)
            for each in cast("Sequence[Wire]", page["Items"]):
                yield from_wire(each)
            if not page.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def tables(self) -> int:
        count, more = 0, dict[str, object]()
        while True:
            page = self._send("ListTables", "", more)
            count += len(cast("Sequence[str]", page["TableNames"]))
            if not page.get("LastEvaluatedTableName"):
                return count
            more = {"ExclusiveStartTableName": page["LastEvaluatedTableName"]}

    def _batch(self, operation: str, table: str, asked: object) -> Mapping[str, object]:
        return self._send(operation, table, {"RequestItems": {table: asked}})

    def _call(self, operation: str, table: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        return self._send(operation, table, {"TableName": table, **parameters})

    def _send(self, operation: str, table: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        try:
            return self._session.call("dynamodb", operation, parameters)
        except ClientError as cause:
            raise _error(operation, table, cause) from cause


def _error(operation: str, table: str, cause: ClientError) -> HoldfastError:
    code, said = told(cause)
    if code in ("ResourceNotFoundException", "TableNotFoundException"):
        return TableMissing(table, said)
    if code == "ResourceInUseException":
        return TableTaken(table)
    return meaning(f"dynamodb:{operation} on {table}", cause)


def to_wire(item: Attributes) -> dict[str, dict[str, object]]:
    """Attributes as DynamoDB writes them."""
    return {name: _typed(value) for name, value in item.items()}


def from_wire(item: Wire) -> dict[str, Plain]:
    """Attributes that DynamoDB wrote."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: Plain) -> dict[str, object]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": to_wire(value)}
    return {"L": [_typed(each) for each in value]}


def _plain(value: Mapping[str, object]) -> Plain:
    ((kind, held),) = value.items()
    if kind == "NULL":
        return None
    if kind == "N":
        return int(cast(str, held))
    if kind == "M":
        return from_wire(cast(Wire, held))
    if kind == "L":
        return [_plain(each) for each in cast("Sequence[Mapping[str, object]]", held)]
    return cast("bool | str", held)


def _rows(answer: Mapping[str, object], name: str) -> Sequence[Mapping[str, str]]:
    return cast("Sequence[Mapping[str, str]]", answer[name])
