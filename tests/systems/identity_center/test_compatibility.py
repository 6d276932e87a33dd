"""What stands against a restore is found before anything changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from holdfast.domain.changes import RestoreScope
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SectionSummary, SnapshotInfo, SourceIdentity
from holdfast.kernel.views import MemoryView
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.systems.identity_center.restored import Restorer
from tests.systems.identity_center.small_company import (
    ALL_TYPES,
    EVERYTHING,
    READ_ONLY,
    assigned,
    granted,
    group,
    user,
    view,
)


def snapshot(restorer: Restorer, **sections: SectionSummary) -> SnapshotInfo:
    source = SourceIdentity("identity_center", "", "", restorer.connection.instance().arn, "")
    whole = tuple(sections.get(name, SectionSummary(name, 1, True, True)) for name in ALL_TYPES)
    return SnapshotInfo("s", "identity_center", "full", datetime(2026, 1, 1, tzinfo=UTC), source, whole, "r")


def found(restorer: Restorer, wanted: MemoryView, scope: RestoreScope = EVERYTHING) -> list[Finding]:
    return restorer.target.compatibility(snapshot(restorer), wanted, scope)


def codes(findings: list[Finding]) -> list[tuple[Severity, str]]:
    return [(finding.severity, finding.code) for finding in findings]


def test_the_service_itself_stands_against_nothing(restorer: Restorer) -> None:
    assert found(restorer, restorer.capture()) == []


def test_another_system_is_refused(restorer: Restorer) -> None:
    other = replace(snapshot(restorer), system="quicksight")
    assert codes(restorer.target.compatibility(other, view(), EVERYTHING)) == [
        (Severity.ERROR, "wrong-system")
    ]


def test_unknown_accounts_are_listed(restorer: Restorer) -> None:
    accounts = ("999900001111", "999900002222")
    wanted = view(group("G"), granted("R"), *(assigned(account, "R", "GROUP", "G") for account in accounts))
    (finding,) = found(restorer, wanted)
    assert (finding.severity, finding.code) == (Severity.ERROR, "unknown-account")
    assert "999900001111, 999900002222" in finding.message
    assert found(restorer, wanted, RestoreScope(("user", "group", "permission_set"))) == []


def test_suspended_accounts_are_a_warning(sandbox: SandboxServer, restorer: Restorer) -> None:
    portrait = sandbox.dump()
    named = {each.account for each in portrait.assignments}
    shut = tuple(
        msgspec.structs.replace(a, status="SUSPENDED") if a.id in named else a for a in portrait.accounts
    )
    wanted = restorer.capture()
    sandbox.load(msgspec.structs.replace(portrait, accounts=shut))
    assert codes(found(restorer, wanted)) == [(Severity.WARNING, "inactive-account")]


def test_accounts_that_cannot_be_listed_are_said_to_be_unchecked(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    wanted = restorer.capture()
    sandbox.faults([FaultRule(operation="ListAccounts", deny=True)])
    assert codes(found(restorer, wanted)) == [(Severity.WARNING, "accounts-unchecked")]


def test_sections_left_out_or_incomplete_are_stated(restorer: Restorer) -> None:
    info = snapshot(
        restorer,
        user=SectionSummary("user", 0, False, False),
        group=SectionSummary("group", 3, True, False, "2 groups could not be read"),
    )
    findings = restorer.target.compatibility(info, view(), EVERYTHING)
    assert [(f.severity, f.code, f.type) for f in findings] == [
        (Severity.WARNING, "left-out", "user"),
        (Severity.WARNING, "incomplete", "group"),
    ]
    assert "2 groups could not be read" in findings[1].message


def test_fields_of_a_newer_version_are_refused(restorer: Restorer) -> None:
    findings = found(restorer, view(user("alice")._replace(schema=2)))
    assert codes(findings) == [(Severity.ERROR, "newer-schema")]


def test_another_instance_is_a_warning(restorer: Restorer) -> None:
    here = snapshot(restorer)
    elsewhere = replace(
        here, source=replace(here.source, instance="arn:aws:sso:::instance/ssoins-7223000000000000")
    )
    assert codes(restorer.target.compatibility(elsewhere, view(), EVERYTHING)) == [
        (Severity.WARNING, "other-instance")
    ]


def test_an_instance_that_cannot_be_reached_is_an_error(sandbox: SandboxServer, restorer: Restorer) -> None:
    source = SourceIdentity("identity_center", "", "", "", "")
    info = SnapshotInfo("s", "identity_center", "full", datetime(2026, 1, 1, tzinfo=UTC), source, (), "r")
    sandbox.faults([FaultRule(operation="ListInstances", deny=True)])
    (finding,) = restorer.target.compatibility(info, view(), RestoreScope(()))
    assert (finding.severity, finding.code) == (Severity.ERROR, "unreachable")
    assert "sso:ListInstances" in finding.advice


LONG = '{"Statement": [{"Effect": "Allow", "Action": "' + "a" * 10_240 + '"}]}'


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (granted("n" * 33), "longer than 32"),
        (granted("a b"), "refuses"),
        (granted("R", description="d" * 701), "700"),
        (granted("R", inline=LONG), "10240"),
        (granted("R", managed=[f"{READ_ONLY}{number}" for number in range(21)]), "20 managed"),
        (granted("R", session="PT13H"), "PT12H"),
        (granted("R", session="PT30M"), "PT1H"),
    ],
)
def test_a_permission_set_beyond_the_limits_is_named(
    restorer: Restorer, record: Record, problem: str
) -> None:
    (finding,) = found(restorer, view(record))
    assert (finding.severity, finding.code, finding.key) == (Severity.ERROR, "over-limit", record.key)
    assert problem in finding.message
