"""Trusted token issuers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from holdfast.sandbox.company_applications import ANALYTICS
from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def test_an_issuer_is_described_as_it_was_made(empty: Aws) -> None:
    arn = empty.issuer("idp", Tags=[{"Key": "team", "Value": "a"}])
    shown = empty.sso.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    assert (shown["Name"], shown["TrustedTokenIssuerType"]) == ("idp", "OIDC_JWT")
    assert shown["TrustedTokenIssuerConfiguration"] == {
        "OidcJwtConfiguration": {
            "IssuerUrl": "https://idp.example.com",
            "ClaimAttributePath": "email",
            "IdentityStoreAttributePath": "emails.value",
            "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
        }
    }
    assert empty.sso.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_a_name_is_used_once(empty: Aws, refused: Refused) -> None:
    empty.issuer("idp")
    assert refused(lambda: empty.issuer("idp"))[0] == "ConflictException"
    other = empty.issuer("other")
    update = partial(empty.sso.update_trusted_token_issuer, TrustedTokenIssuerArn=other)
    assert refused(lambda: update(Name="idp"))[0] == "ConflictException"
    update(Name="other")


def test_a_client_token_makes_a_repeated_creation_one(empty: Aws) -> None:
    assert empty.issuer("idp", ClientToken="token-1") == empty.issuer("idp", ClientToken="token-1")


def test_an_update_changes_what_it_names_and_leaves_the_rest(empty: Aws) -> None:
    arn = empty.issuer("idp")
    update = partial(empty.sso.update_trusted_token_issuer, TrustedTokenIssuerArn=arn)
    update(TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": {"ClaimAttributePath": "sub"}})
    update(Name="renamed")
    shown = empty.sso.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    settings = shown["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
    assert (shown["Name"], settings["ClaimAttributePath"], settings["IdentityStoreAttributePath"]) == (
        "renamed", "sub", "emails.value",
    )  # fmt: skip


def test_issuers_come_in_pages(empty: Aws) -> None:
    made = [empty.issuer(f"idp{number}") for number in range(3)]
    listing = partial(empty.sso.list_trusted_token_issuers, InstanceArn=empty.instance, MaxResults=2)
    first = listing()
    rest = listing(NextToken=first["NextToken"])
    found = [*first["TrustedTokenIssuers"], *rest["TrustedTokenIssuers"]]
    assert [each["TrustedTokenIssuerArn"] for each in found] == made
    assert "NextToken" not in rest


def test_an_issuer_in_use_can_be_deleted_and_the_grant_keeps_its_arn(aws: Aws, refused: Refused) -> None:
    (issuer,) = aws.sso.list_trusted_token_issuers(InstanceArn=aws.instance)["TrustedTokenIssuers"]
    asked = {"TrustedTokenIssuerArn": issuer["TrustedTokenIssuerArn"]}
    aws.sso.delete_trusted_token_issuer(**asked)
    assert refused(lambda: aws.sso.describe_trusted_token_issuer(**asked))[0] == "ResourceNotFoundException"
    grant = aws.sso.get_application_grant(
        ApplicationArn=aws.application_named(ANALYTICS), GrantType=JWT_BEARER
    )
    (kept,) = grant["Grant"]["JwtBearer"]["AuthorizedTokenIssuers"]
    assert kept["TrustedTokenIssuerArn"] == asked["TrustedTokenIssuerArn"]
    # The dump names what is gone by its ARN, and such a dump can be loaded.
    drawn = aws.sandbox.dump()
    aws.sandbox.load(drawn)
    assert aws.sandbox.dump() == drawn
