"""DynamoDB as moto has it, held to the rules that moto does not keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.sandbox.conftest import Aws, Client

Refused = Callable[[Callable[[], object]], tuple[str, str]]


@pytest.fixture
def dynamodb(aws: Aws) -> Client:
    return aws.client("dynamodb")


@pytest.fixture
def table(aws: Aws, dynamodb: Client) -> str:
    """A table with two keys, which is being made."""
    name = f"table-{uuid4().hex}"  # moto's state is one for the process
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("a", "b")],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
    )
    return name


def puts(count: int, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    keys = [{"a": {"S": "x"}, "b": {"S": f"{number:03d}"}, **more} for number in range(count)]
    return [{"PutRequest": {"Item": key}} for key in keys]


def status(dynamodb: Client, table: str) -> str:
    return str(dynamodb.describe_table(TableName=table)["Table"]["TableStatus"])


def test_a_new_table_is_being_made_and_takes_nothing_meanwhile(
    aws: Aws, dynamodb: Client, table: str, refused: Refused
) -> None:
    assert status(dynamodb, table) == "CREATING"
    code, said = refused(lambda: dynamodb.batch_write_item(RequestItems={table: puts(1)}))
    assert (code, said) == ("ResourceNotFoundException", "Requested resource not found")
    spec = {"Enabled": True, "AttributeName": "t"}
    code, _ = refused(lambda: dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=spec))
    assert code == "ResourceInUseException"
    aws.clock.pass_by(1)
    assert status(dynamodb, table) == "ACTIVE"
    assert dynamodb.batch_write_item(RequestItems={table: puts(1)})["UnprocessedItems"] == {}


@pytest.mark.parametrize(("count", "taken"), [(1, True), (25, True), (26, False)])
def test_a_batch_has_at_most_25_items(
    aws: Aws, dynamodb: Client, table: str, refused: Refused, count: int, taken: bool
) -> None:
    aws.clock.pass_by(1)
    if taken:
        dynamodb.batch_write_item(RequestItems={table: puts(count)})
    else:
        code, said = refused(lambda: dynamodb.batch_write_item(RequestItems={table: puts(count)}))
        assert code == "ValidationException" and "less than or equal to 25" in said
    assert dynamodb.scan(TableName=table)["Count"] == (count if taken else 0)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"a": {"S": "x"}}, "The provided key element does not match the schema"),
        ({"a": {"S": "x"}, "b": {"N": "1"}}, "The provided key element does not match the schema"),
        (
            {"a": {"S": "x"}, "b": {"S": "000"}, "c": {"S": "else"}},
            "Provided list of item keys contains duplicates",
        ),
    ],
)
def test_keys_are_held_against_the_schema(
    aws: Aws, dynamodb: Client, table: str, refused: Refused, item: dict[str, object], said: str
) -> None:
    aws.clock.pass_by(1)
    requests = [*puts(1), {"PutRequest": {"Item": item}}]
    assert refused(lambda: dynamodb.batch_write_item(RequestItems={table: requests})) == (
        "ValidationException",
        said,
    )
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_a_rule_leaves_a_share_of_each_batch_unprocessed(aws: Aws, dynamodb: Client, table: str) -> None:
    aws.clock.pass_by(1)
    aws.sandbox.faults([FaultRule(service="dynamodb", operation="Batch.*", unprocessed=0.5)])
    written = dynamodb.batch_write_item(RequestItems={table: puts(9)})
    assert written["UnprocessedItems"] == {table: puts(9)[5:]}
    assert dynamodb.scan(TableName=table)["Count"] == 5
    keys = [{"a": {"S": "x"}, "b": {"S": f"{number:03d}"}} for number in range(4)]
    read = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})
    assert (len(read["Responses"][table]), read["UnprocessedKeys"]) == (2, {table: {"Keys": keys[2:]}})


def test_a_part_of_an_upload_is_refused_by_its_number(aws: Aws, refused: Refused) -> None:
    bucket = f"bucket-{uuid4().hex}"
    aws.s3.create_bucket(Bucket=bucket)
    upload = aws.s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    rule = FaultRule(service="s3", parameters={"partNumber": "^2$"}, error="InternalError", status=500)
    aws.sandbox.faults([rule])
    aws.s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    send = lambda: aws.s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=2, Body=b"y")  # noqa: E731
    assert refused(send)[0] == "InternalError"
