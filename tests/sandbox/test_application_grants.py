"""How an application gets tokens: access scopes, grants, authentication methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from holdfast.sandbox.company_applications import ANALYTICS, MANAGED_NAME, SAML_NAME
from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "*", "Resource": "*"}
    ],
}


def test_a_scope_is_put_changed_read_and_deleted(empty: Aws, refused: Refused) -> None:
    arn, other = empty.application("App"), empty.application("Other")
    asked = {"ApplicationArn": arn, "Scope": "desk:read"}
    assert refused(lambda: empty.sso.get_application_access_scope(**asked))[0] == "ResourceNotFoundException"
    empty.sso.put_application_access_scope(**asked, AuthorizedTargets=[other, empty.instance])
    assert empty.sso.get_application_access_scope(**asked)["AuthorizedTargets"] == [other, empty.instance]
    empty.sso.put_application_access_scope(**asked)
    assert empty.sso.list_application_access_scopes(ApplicationArn=arn)["Scopes"] == [{"Scope": "desk:read"}]
    empty.sso.delete_application_access_scope(**asked)
    assert (
        refused(lambda: empty.sso.delete_application_access_scope(**asked))[0] == "ResourceNotFoundException"
    )


def test_a_scope_is_for_applications_that_exist(empty: Aws, refused: Refused) -> None:
    arn = empty.application("App")
    gone = empty.application("Gone")
    empty.sso.delete_application(ApplicationArn=gone)
    put = partial(empty.sso.put_application_access_scope, ApplicationArn=arn, Scope="desk:read")
    assert refused(lambda: put(AuthorizedTargets=[gone]))[0] == "ResourceNotFoundException"


def test_scopes_come_ten_at_a_time_and_are_twenty_five_at_most(empty: Aws, refused: Refused) -> None:
    arn = empty.application("App")
    for number in range(25):
        empty.sso.put_application_access_scope(ApplicationArn=arn, Scope=f"scope{number}")
    put = partial(empty.sso.put_application_access_scope, ApplicationArn=arn)
    assert refused(lambda: put(Scope="more"))[0] == "ValidationException"
    put(Scope="scope3")
    pages = empty.sso.get_paginator("list_application_access_scopes").paginate(ApplicationArn=arn)
    listed = [[each["Scope"] for each in page["Scopes"]] for page in pages]
    assert [len(each) for each in listed] == [10, 10, 5]
    assert [name for page in listed for name in page] == [f"scope{number}" for number in range(25)]


def test_each_kind_of_grant_is_kept_as_it_was_given(empty: Aws) -> None:
    arn, issuer = empty.application("App"), empty.issuer("idp")
    authorized = {"TrustedTokenIssuerArn": issuer, "AuthorizedAudiences": ["a", "b"]}
    grants = {
        "authorization_code": {"AuthorizationCode": {"RedirectUris": ["https://a.example.com/callback"]}},
        "refresh_token": {"RefreshToken": {}},
        JWT_BEARER: {"JwtBearer": {"AuthorizedTokenIssuers": [authorized]}},
        TOKEN_EXCHANGE: {"TokenExchange": {}},
    }
    for kind, grant in grants.items():
        empty.sso.put_application_grant(ApplicationArn=arn, GrantType=kind, Grant=grant)
    listed = empty.sso.list_application_grants(ApplicationArn=arn)["Grants"]
    assert {each["GrantType"]: each["Grant"] for each in listed} == grants
    shown = empty.sso.get_application_grant(ApplicationArn=arn, GrantType=JWT_BEARER)
    assert shown["Grant"] == grants[JWT_BEARER]


def test_a_grant_is_put_again_and_deleted_once(empty: Aws, refused: Refused) -> None:
    asked = {"ApplicationArn": empty.application("App"), "GrantType": "authorization_code"}
    for path in ("one", "two"):
        grant = {"AuthorizationCode": {"RedirectUris": [f"https://a.example.com/{path}"]}}
        empty.sso.put_application_grant(**asked, Grant=grant)
    assert empty.sso.get_application_grant(**asked)["Grant"] == grant
    empty.sso.delete_application_grant(**asked)
    assert refused(lambda: empty.sso.get_application_grant(**asked))[0] == "ResourceNotFoundException"
    assert refused(lambda: empty.sso.delete_application_grant(**asked))[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("kind", "grant"),
    [
        ("refresh_token", {}),
        ("refresh_token", {"TokenExchange": {}}),
        ("refresh_token", {"RefreshToken": {}, "TokenExchange": {}}),
        ("authorization_code", {"AuthorizationCode": {}}),
        ("authorization_code", {"AuthorizationCode": {"RedirectUris": []}}),
        ("authorization_code", {"AuthorizationCode": {"RedirectUris": ["nowhere"]}}),
        ("password", {"RefreshToken": {}}),
        (JWT_BEARER, {"JwtBearer": {}}),
        (JWT_BEARER, {"JwtBearer": {"AuthorizedTokenIssuers": [{"AuthorizedAudiences": ["a"]}]}}),
    ],
)
def test_a_grant_must_be_whole_and_of_its_type(
    empty: Aws, refused: Refused, kind: str, grant: dict[str, object]
) -> None:
    put = partial(empty.sso.put_application_grant, ApplicationArn=empty.application("App"), GrantType=kind)
    assert refused(lambda: put(Grant=grant))[0] == "ValidationException"


def test_a_grant_needs_a_token_issuer_that_exists(empty: Aws, refused: Refused) -> None:
    issuer = empty.issuer("idp")
    empty.sso.delete_trusted_token_issuer(TrustedTokenIssuerArn=issuer)
    put = partial(
        empty.sso.put_application_grant, ApplicationArn=empty.application("App"), GrantType=JWT_BEARER
    )
    grant = {"JwtBearer": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuerArn": issuer}]}}
    assert refused(lambda: put(Grant=grant))[0] == "ResourceNotFoundException"


def test_an_authentication_method_holds_an_actor_policy(empty: Aws, refused: Refused) -> None:
    arn = empty.application("App")
    asked = {"ApplicationArn": arn, "AuthenticationMethodType": "IAM"}
    put, get = (
        empty.sso.put_application_authentication_method,
        empty.sso.get_application_authentication_method,
    )
    assert refused(lambda: get(**asked))[0] == "ResourceNotFoundException"
    method = {"Iam": {"ActorPolicy": POLICY}}
    put(**asked, AuthenticationMethod=method)
    assert get(**asked)["AuthenticationMethod"] == method
    listed = empty.sso.list_application_authentication_methods(ApplicationArn=arn)["AuthenticationMethods"]
    assert listed == [{"AuthenticationMethodType": "IAM", "AuthenticationMethod": method}]
    for policy in ({}, {"Iam": {"ActorPolicy": {"Version": "2012-10-17"}}}):
        assert refused(partial(put, **asked, AuthenticationMethod=policy))[0] == "ValidationException"
    empty.sso.delete_application_authentication_method(**asked)
    assert refused(lambda: get(**asked))[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("name", [MANAGED_NAME, SAML_NAME])
def test_applications_that_the_api_did_not_make_can_be_read_and_given_nothing(
    aws: Aws, refused: Refused, name: str
) -> None:
    arn = aws.application_named(name)
    grant, scope, method = (
        partial(aws.sso.put_application_grant, GrantType="refresh_token", Grant={"RefreshToken": {}}),
        partial(aws.sso.put_application_access_scope, Scope="desk:read"),
        partial(
            aws.sso.put_application_authentication_method,
            AuthenticationMethodType="IAM",
            AuthenticationMethod={"Iam": {"ActorPolicy": POLICY}},
        ),
    )
    for put in (grant, scope, method):
        assert refused(partial(put, ApplicationArn=arn))[0] == "ValidationException"
    assert aws.sso.list_application_grants(ApplicationArn=arn)["Grants"] == []


def test_the_sample_company_s_grant_names_its_token_issuer(aws: Aws) -> None:
    (issuer,) = aws.sso.list_trusted_token_issuers(InstanceArn=aws.instance)["TrustedTokenIssuers"]
    arn = aws.application_named(ANALYTICS)
    shown = aws.sso.get_application_grant(ApplicationArn=arn, GrantType=JWT_BEARER)["Grant"]
    assert shown["JwtBearer"]["AuthorizedTokenIssuers"] == [
        {
            "TrustedTokenIssuerArn": issuer["TrustedTokenIssuerArn"],
            "AuthorizedAudiences": ["analytics", "analytics-batch"],
        }
    ]
