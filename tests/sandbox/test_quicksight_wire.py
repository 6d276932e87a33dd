"""QuickSight's REST wire: paths, statuses, faults and IAM, as for the other services."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from holdfast.sandbox.faults import FaultRule
from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
ACCOUNT = "123456789012"
A = {"AwsAccountId": ACCOUNT}
SIGNED = "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/quicksight/aws4_request, SignedHeaders=host, Signature=0"


def ask(aws: Aws, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.url).netloc, timeout=10)
    connection.request(method, path, body, {"Authorization": SIGNED, "Content-Type": "application/json"})
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    found: dict[str, Any] = json.loads(answer.read())
    connection.close()
    return answer.status, headers, found


def test_an_answer_has_its_request_id_and_its_status_where_the_model_has_them(empty: Aws) -> None:
    status, headers, body = ask(empty, "GET", f"/accounts/{ACCOUNT}/namespaces")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert body["RequestId"] == headers["x-amzn-requestid"]
    assert "Status" not in body
    # Custom permissions have it in the body.
    path, asked = f"/accounts/{ACCOUNT}/custom-permissions", json.dumps({"CustomPermissionsName": "p"})
    status, headers, body = ask(empty, "POST", path, asked)
    assert (status, body["Status"]) == (201, 201)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"/accounts/{ACCOUNT}/namespaces/none/users", "", 404, "ResourceNotFoundException"),
        ("GET", f"/accounts/{ACCOUNT}/dashboards/none", "", 404, "ResourceNotFoundException"),
        ("GET", f"/accounts/{ACCOUNT}/analyses?max-results=101", "", 400, "ValidationException"),
        ("GET", f"/accounts/{ACCOUNT}/analyses?max-results=ten", "", 400, "SerializationException"),
        ("GET", f"/accounts/{ACCOUNT}/analyses?next-token=made-up", "", 400, "InvalidNextTokenException"),
        ("GET", "/accounts/222222222222/analyses", "", 401, "AccessDeniedException"),
        ("GET", "/accounts/12/analyses", "", 400, "ValidationException"),
        ("GET", f"/accounts/{ACCOUNT}/nothing/of/that/kind", "", 404, "UnknownOperationException"),
        ("POST", f"/accounts/{ACCOUNT}/data-sets", "{", 400, "SerializationException"),
        ("POST", f"/accounts/{ACCOUNT}/data-sets", "{}", 400, "ValidationException"),
        ("GET", f"/accounts/{ACCOUNT}/brands", "", 501, "NotImplementedException"),
    ],
)
def test_a_refusal_has_the_modelled_status_and_its_code_in_a_header(
    empty: Aws, method: str, path: str, body: str, status: int, code: str
) -> None:
    found, headers, answer = ask(empty, method, path, body)
    assert (found, headers["x-amzn-errortype"]) == (status, code)
    assert answer["Message"] and answer["RequestId"]


def test_what_stands_escaped_in_a_path_is_one_part_of_it(empty: Aws) -> None:
    users = f"/accounts/{ACCOUNT}/namespaces/default/users"
    person = {"IdentityType": "QUICKSIGHT", "Email": "a@example.com", "UserRole": "READER"}
    for name in ("a/b@example.com", "50% off?", "Zoë", "+ plus"):
        assert ask(empty, "POST", users, json.dumps({**person, "UserName": name}))[0] == 201
        shown = empty.quicksight.describe_user(**A, Namespace="default", UserName=name)
        assert shown["User"]["UserName"] == name
    assert ask(empty, "GET", f"{users}/a%2Fb%40example.com")[0] == 200


def test_an_ordinary_client_waits_out_throttles(empty: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in empty.sandbox.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    empty.sandbox.faults([FaultRule(service="quicksight", error="ThrottlingException", times=2)])
    client: Any = boto3.Session().client("quicksight")
    answer = client.list_themes(**A)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    status = empty.sandbox.status()
    assert (status.requests["quicksight:ListThemes"], status.throttled["quicksight:ListThemes"]) == (3, 2)


def test_faults_strike_by_operation_and_parameter(empty: Aws, refused: Refused) -> None:
    rules = [
        FaultRule(
            service="quicksight", operation="Describe.*", parameters={"ThemeId": "MIDNIGHT"}, deny=True
        ),
        FaultRule(service="quicksight", operation="CreateGroup", reset=True, after=True, times=1),
    ]
    empty.sandbox.faults(rules)
    describe = partial(empty.quicksight.describe_theme, **A)
    code, message = refused(lambda: describe(ThemeId="MIDNIGHT"))
    assert code == "AccessDeniedException"
    assert (
        "quicksight:DescribeTheme on resource: arn:aws:quicksight:us-east-1:123456789012:theme/MIDNIGHT"
        in message
    )
    assert describe(ThemeId="CLASSIC")["Status"] == 200
    create = partial(empty.quicksight.create_group, **A, Namespace="default", GroupName="g")
    with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
        create()
    # The effect was there before the connection was cut.
    assert refused(create)[0] == "ResourceExistsException"
