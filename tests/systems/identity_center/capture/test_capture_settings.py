"""Applications, token issuers and instance settings: what a capture holds of them, and what it says it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from holdfast.domain.errors import RemoteError
from holdfast.domain.outcomes import OutcomeKind
from holdfast.kernel.canonical import plain
from holdfast.kernel.system import Part
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import ApplicationPortrait, GroupPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.model import ApplicationAssignment, PrincipalType

Make = Callable[..., IdentityCenterSource]
Capture = Callable[..., dict[str, Part]]
SETTINGS = (
    *("instance", "access_control_attributes"),
    *("trusted_token_issuer", "application", "application_assignment"),
)
SAML = "arn:aws:sso::aws:applicationProvider/custom-saml"


def test_an_application_is_kept_with_everything_attached_and_names_in_place_of_arns(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    parts = capture(source_of(sandbox), SETTINGS)
    found = {record.key: plain(record.body) for record in parts["application"].records}
    assert set(found) == {"Analytics Portal", "Batch Gateway", "Internal Wiki", "QuickSight", "Salesforce"}
    portal = found["Analytics Portal"]
    assert portal["ApplicationProviderArn"] == "arn:aws:sso::aws:applicationProvider/custom"
    assert portal["AccessScopes"] == {
        "analytics:query": ["application:Analytics Portal", "application:Batch Gateway"],
        "sso:account:access": [],
    }
    assert portal["Grants"] == {
        "authorization_code": {
            "AuthorizationCode": {
                "RedirectUris": [
                    "http://127.0.0.1:8400/callback",
                    "https://analytics.example.com/callback",
                ]
            }
        },
        "refresh_token": {"RefreshToken": {}},
        "urn:ietf:params:oauth:grant-type:jwt-bearer": {
            "JwtBearer": {
                "AuthorizedTokenIssuers": [
                    {
                        "TrustedTokenIssuer": "corporate-idp",
                        "AuthorizedAudiences": ["analytics", "analytics-batch"],
                    }
                ]
            }
        },
        "urn:ietf:params:oauth:grant-type:token-exchange": {"TokenExchange": {}},
    }
    assert portal["Tags"] == {"team": "data", "größe": "mittel"}
    assert found["Internal Wiki"]["AssignmentRequired"] is False
    assert found["Batch Gateway"]["AccessScopes"] == {"batch:submit": ["instance"]}
    keys = [record.key.split("\x1f") for record in parts["application_assignment"].records]
    assert ["Salesforce", "USER", "bruno.ferrari"] in keys
    assert len(keys) == 7


def test_the_instance_and_its_attributes_for_access_control_are_kept(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    parts = capture(source_of(sandbox), SETTINGS)
    (instance,), (attributes,) = parts["instance"].records, parts["access_control_attributes"].records
    assert plain(instance.body)["Name"] == "example-corp"
    assert plain(instance.body)["Tags"] == {"owner": "identity-team"}
    assert plain(attributes.body) == {
        "Attributes": {
            "costCenter": "${path:enterprise.costCenter}",
            "department": "${path:enterprise.department}",
        }
    }


@pytest.mark.parametrize(
    ("operation", "lacking"),
    [
        ("ListApplications", {"application", "application_assignment"}),
        ("ListTrustedTokenIssuers", {"trusted_token_issuer", "application"}),
        ("ListApplicationGrants", {"application"}),
        ("ListApplicationAssignments", {"application_assignment"}),
        ("DescribeInstance", {"instance"}),
        ("DescribeInstanceAccessControlAttributeConfiguration", {"access_control_attributes"}),
    ],
)
def test_one_refusal_makes_only_its_own_part_incomplete_and_is_named(
    operation: str, lacking: set[str], sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    sandbox.faults([FaultRule(operation=operation, deny=True)])
    parts = capture(source_of(sandbox))
    assert {name for name, part in parts.items() if not part.complete} == lacking
    for name in lacking:
        assert parts[name].failures
        assert operation in parts[name].reason or "trusted token issuer" in parts[name].reason


def test_applications_that_share_a_name_are_told_apart_by_their_provider(
    source_of: Make, capture: Capture
) -> None:
    same = tuple(
        ApplicationPortrait("Desk", **options, assigned=(("GROUP", "Cooks"),))  # type: ignore[arg-type]
        for options in ({}, {"provider": SAML})
    )
    with SandboxServer("empty") as server:
        server.load(Portrait(groups=(GroupPortrait("Cooks"),), applications=same))
        parts = capture(source_of(server), SETTINGS)
        server.load(Portrait(groups=(GroupPortrait("Cooks"),), applications=(*same, same[0])))
        ambiguous = capture(source_of(server), SETTINGS)
    assert [record.key for record in parts["application"].records] == [
        "Desk\x1fcustom",
        "Desk\x1fcustom-saml",
    ]
    assert len(parts["application_assignment"].records) == 2
    assert parts["application"].complete
    assert not ambiguous["application"].complete
    assert ambiguous["application"].failures[0].outcome.code == "duplicate-key"
    assert len(ambiguous["application_assignment"].records) == 2


class Unsupported:
    """A gateway of an instance that has no attributes for access control."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def access_control_attributes(self) -> None:
        raise RemoteError(
            "sso:DescribeInstanceAccessControlAttributeConfiguration",
            "ValidationException",
            "The operation is not supported for account instances.",
        )


def test_an_instance_without_attributes_for_access_control_is_complete_and_says_so(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    def wrap(connection: Connection) -> Connection:
        return replace(connection, applications=Unsupported(connection.applications))  # type: ignore[arg-type]

    part = capture(source_of(sandbox, wrap), SETTINGS)["access_control_attributes"]
    assert (part.complete, list(part.records)) == (True, [])
    assert [(item.outcome.kind, item.outcome.code) for item in part.failures] == [
        (OutcomeKind.IMPOSSIBLE, "not-supported")
    ]


def test_an_assignment_of_somebody_who_is_gone_is_an_orphan_and_no_gap(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    ghost = "ffffffffff-00000000-0000-0000-0000-000000000000"

    class Haunted(Unsupported):
        def list_application_assignments(self, arn: str, token: str = "") -> object:
            page = self._inner.list_application_assignments(arn, token)  # type: ignore[attr-defined]
            return replace(page, items=(*page.items, ApplicationAssignment(arn, PrincipalType.USER, ghost)))

    def wrap(connection: Connection) -> Connection:
        return replace(connection, applications=Haunted(connection.applications))  # type: ignore[arg-type]

    part = capture(source_of(sandbox, wrap))["application_assignment"]
    assert (part.complete, len(part.records)) == (True, 7)
    assert {item.outcome.code for item in part.failures} == {"orphan"}


def test_an_application_that_is_deleted_while_the_capture_runs_is_left_out(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    class Stale(Unsupported):
        """Lists an application that is gone by then."""

        def list_applications(self, token: str = "") -> object:
            page = self._inner.list_applications(token)  # type: ignore[attr-defined]
            gone = replace(page.items[0], arn=page.items[0].arn[:-4] + "0000", name="Gone")
            return replace(page, items=(*page.items, gone))

    def wrap(connection: Connection) -> Connection:
        return replace(connection, applications=Stale(connection.applications))  # type: ignore[arg-type]

    parts = capture(source_of(sandbox, wrap), SETTINGS)
    assert len(parts["application"].records) == 5
    assert parts["application"].complete
    assert parts["application_assignment"].complete
