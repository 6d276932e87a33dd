"""Requests are held against the services' own models before anything happens."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import pytest

from holdfast.sandbox.company import company
from holdfast.sandbox.contract import Contract
from holdfast.sandbox.loading import build
from holdfast.sandbox.wire import Document, Json
from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
SIGNED = "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sso/aws4_request, SignedHeaders=host, Signature=0"


def _post(aws: Aws, target: str, body: str, signed: str = SIGNED) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.url).netloc, timeout=10)
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    connection.request("POST", "/", body, {**headers, **({"Authorization": signed} if signed else {})})
    answer = connection.getresponse()
    found: dict[str, object] = json.loads(answer.read())
    connection.close()
    return answer.status, found


def _json(asked: Mapping[str, object]) -> Document:
    return cast(Document, dict(asked))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Value null at 'instanceArn' failed to satisfy constraint: Member must not be null"),
        ({"InstanceArn": "nonsense12"}, "regular expression pattern"),
        ({"InstanceArn": "x"}, "length greater than or equal to 10"),
        ({"Bogus": 1}, "Unknown member 'bogus'"),
        ({"MaxResults": 0}, "greater than or equal to 1"),
    ],
)
def test_what_the_model_forbids_is_a_validation_error_in_awss_words(
    aws: Aws, asked: dict[str, object], said: str
) -> None:
    status, answer = _post(aws, "SWBExternalService.ListPermissionSets", json.dumps(asked))
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert said in str(answer["Message"])


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"InstanceArn": 1}', '{"MaxResults": "ten"}', '{"MaxResults": true}']
)
def test_a_value_of_the_wrong_type_cannot_be_read(aws: Aws, body: str) -> None:
    status, answer = _post(aws, "SWBExternalService.ListPermissionSets", body)
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_an_unknown_enumeration_value_is_refused(aws: Aws, refused: Refused) -> None:
    arn, group = aws.permission_set("P"), aws.group("G")
    code, message = refused(lambda: aws.assign(aws.accounts()[0], arn, group, "ROBOT"))
    assert code == "ValidationException"
    assert "enum value set: [GROUP, USER]" in message


def test_a_modelled_operation_that_is_missing_here_says_so_and_is_not_repeated(aws: Aws) -> None:
    status, answer = _post(aws, "SWBExternalService.ListRegions", "{}")
    assert (status, answer["__type"]) == (501, "NotImplementedException")
    assert "ListRegions" in str(answer["Message"])


def test_an_operation_that_does_not_exist_is_unknown(aws: Aws) -> None:
    status, answer = _post(aws, "AWSIdentityStore.MakeCoffee", "{}")
    assert (status, answer["__type"]) == (400, "UnknownOperationException")


def test_a_request_without_signature_is_refused(aws: Aws) -> None:
    status, answer = _post(aws, "SWBExternalService.ListInstances", "{}", signed="")
    assert (status, answer["__type"]) == (403, "MissingAuthenticationTokenException")


def test_user_names_may_have_any_letter_and_symbol_but_no_space(empty: Aws, refused: Refused) -> None:
    for name in ("наталья", "李.伟", "a+b@example.com", "€100", "🎈"):
        empty.user(name)
    for name in ("with space", "tab\there", "x" * 129):
        assert refused(partial(empty.user, name))[0] == "ValidationException"


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_everybody_in_the_sample_company_is_somebody_the_service_would_take(scale: str) -> None:
    contract, readonly = Contract("identitystore"), {"UserStatus", "ExternalIds"}
    for user in company(scale, 1).users:
        asked = {name: value for name, value in user.items() if name not in readonly}
        contract.check("CreateUser", _json({"IdentityStoreId": "d-0123456789", **asked}))


def test_every_permission_set_of_the_sample_company_is_one_the_service_would_take() -> None:
    contract = Contract("sso-admin")
    instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    arn = f"arn:aws:sso:::permissionSet/{instance.rpartition('/')[2]}/ps-0123456789abcdef"
    for held in company("medium", 1).permission_sets:
        tags: list[Json] = [{"Key": key, "Value": value} for key, value in held.tags.items()]
        optional = {
            "Description": held.description,
            "RelayState": held.relay_state,
            "SessionDuration": held.session,
        }
        given = {name: value for name, value in optional.items() if value}
        contract.check(
            "CreatePermissionSet", {"InstanceArn": instance, "Name": held.name, **given, "Tags": tags}
        )
        if held.inline_policy:
            asked = {"InstanceArn": instance, "PermissionSetArn": arn, "InlinePolicy": held.inline_policy}
            contract.check("PutInlinePolicyToPermissionSet", _json(asked))


def test_the_service_would_take_all_that_the_sample_company_s_applications_hold() -> None:
    contract, world = Contract("sso-admin"), build(company("medium", 1), 1)
    for held in world.applications.all.values():
        at: Document = {"ApplicationArn": held.arn}
        options: Document = {"Visibility": held.visibility}
        portal = {"PortalOptions": {**options, **({"SignInOptions": held.sign_in} if held.sign_in else {})}}
        described = {"Description": held.description} if held.description else {}
        asked = {"InstanceArn": world.ids.instance_arn, "ApplicationProviderArn": held.provider, **described}
        contract.check(
            "CreateApplication", _json({**asked, "Name": held.name, **portal, "Status": held.status})
        )
        for scope in held.scopes.values():
            targets = {"AuthorizedTargets": list(scope.targets)} if scope.targets else {}
            contract.check("PutApplicationAccessScope", _json({**at, "Scope": scope.name, **targets}))
        for kind, grant in held.grants.items():
            contract.check("PutApplicationGrant", {**at, "GrantType": kind, "Grant": grant})
        for principal in held.assigned:
            who = {"PrincipalType": principal.kind, "PrincipalId": principal.id}
            contract.check("CreateApplicationAssignment", _json({**at, **who}))
