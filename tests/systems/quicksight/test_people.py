"""What the service is told about people, and how it judges changes."""

from __future__ import annotations

import pytest

from holdfast.domain.changes import Change
from holdfast.kernel.canonical import Plain, canonical
from holdfast.systems.quicksight.restore.estimate import Pace, batch_size, estimate_seconds, guarded
from holdfast.systems.quicksight.restore.lockout import user_name_of
from holdfast.systems.quicksight.restore.order import make_change
from holdfast.systems.quicksight.restore.people import registration, user_update


def _registered(**fields: Plain) -> dict[str, Plain]:
    given = {"Email": "a@example.com", "Role": "READER", **fields}
    request = registration(given, "aws", "123456789012")
    return {name: value for name, value in request.items() if value and name not in ("Email", "UserRole")}


def test_a_user_of_a_role_is_registered_by_role_and_session() -> None:
    assert _registered(UserName="Ops/ann", IdentityType="IAM") == {
        "IdentityType": "IAM",
        "IamArn": "arn:aws:iam::123456789012:role/Ops",
        "SessionName": "ann",
    }


def test_a_user_of_iam_is_registered_by_its_arn_alone() -> None:
    request = _registered(UserName="ann", IdentityType="IAM", CustomPermissionsName="strict")
    assert request == {
        "IdentityType": "IAM",
        "IamArn": "arn:aws:iam::123456789012:user/ann",
        "CustomPermissionsName": "strict",
    }


def test_a_user_with_a_login_elsewhere_keeps_it() -> None:
    login: dict[str, Plain] = {
        "ExternalLoginFederationProviderType": "CUSTOM_OIDC",
        "ExternalLoginFederationProviderUrl": "https://idp.example.com",
        "ExternalLoginId": "7",
    }
    assert _registered(UserName="ann", IdentityType="QUICKSIGHT", **login) == {
        "IdentityType": "QUICKSIGHT",
        "UserName": "ann",
        "ExternalLoginFederationProviderType": "CUSTOM_OIDC",
        "CustomFederationProviderUrl": "https://idp.example.com",
        "ExternalLoginId": "7",
    }


def test_what_a_user_is_to_lose_is_named() -> None:
    before: dict[str, Plain] = {
        "CustomPermissionsName": "strict",
        "ExternalLoginFederationProviderType": "COGNITO",
    }
    after: dict[str, Plain] = {"Email": "a@example.com", "Role": "ADMIN"}
    assert user_update(before, after) == {
        "Email": "a@example.com",
        "Role": "ADMIN",
        "UnapplyCustomPermissions": True,
        "ExternalLoginFederationProviderType": "NONE",
    }


@pytest.mark.parametrize(
    ("operator", "name"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Ops/ann", "Ops/ann"),
        ("arn:aws-cn:iam::123456789012:user/team/ann", "ann"),
        ("arn:aws:iam::123456789012:root", ""),
    ],
)
def test_an_operator_is_known_by_the_name_that_quicksight_gives(operator: str, name: str) -> None:
    assert user_name_of(operator) == name


def _made(kind: str, count: int, before: bytes | None = None) -> list[Change]:
    return [make_change(kind, str(number), before, canonical({"n": number})) for number in range(count)]


def test_an_estimate_counts_jobs_five_at_once_and_calls_at_the_rate() -> None:
    pace = Pace(requests_per_second=10, job_seconds=60, namespace_seconds=30)
    assert estimate_seconds(_made("dashboard", 501), pace) == 120  # six jobs
    assert estimate_seconds(_made("dashboard", 100, canonical({})), pace) == 120  # an export before
    assert estimate_seconds(_made("group", 20), pace) == 2
    assert estimate_seconds(_made("dashboard.tag", 20), pace) == 6
    assert estimate_seconds(_made("namespace", 1), pace) == pytest.approx(30.1)


def test_what_the_service_refuses_twice_is_not_read_before() -> None:
    made = make_change("user", "a", None, canonical({}))
    assert guarded(made)
    assert not guarded(make_change("dashboard", "a", None, canonical({})))
    assert not guarded(make_change("user", "a", canonical({}), None))
    assert guarded(make_change("membership", "a", canonical({}), None))


def test_as_many_go_together_as_a_job_takes_with_overrides() -> None:
    assert [
        batch_size(kind) for kind in ("dashboard", "data_source", "user", "dashboard.tag", "folder.member")
    ] == [
        100,
        50,
        1,
        20,
        1,
    ]
