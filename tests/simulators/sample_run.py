"""A restore with something of everything, for tests that look at reports, evidence and screens."""

from __future__ import annotations

from datetime import UTC, datetime

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, FieldDifference
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.records import join_key
from holdfast.domain.runs import JournalEntry, Run, RunState
from holdfast.domain.snapshots import SectionSummary, SnapshotInfo, SourceIdentity
from holdfast.kernel.canonical import Plain, canonical
from holdfast.kernel.ports import CallCount
from holdfast.kernel.runs.report import Measured, build_report
from holdfast.kernel.runs.report_values import RunReport, StageTime
from tests.simulators.memory_ledger import MemoryLedger

RUN_ID = "20261120T090812.123Z-7f3a9c01"
STARTED = datetime(2026, 11, 20, 9, 8, 12, 123000, UTC)
FINISHED = datetime(2026, 11, 20, 9, 11, 17, 523000, UTC)
HOSTILE = "<script>alert(1)</script>"

DENIED = Outcome(
    OutcomeKind.FAILED,
    "sso:AttachManagedPolicyToPermissionSet on ReadOnly was denied.",
    "Allow sso:AttachManagedPolicyToPermissionSet to the principal Holdfast runs as.",
    "access-denied",
)
SCIM = Outcome(OutcomeKind.SKIPPED, "The user is provisioned by SCIM; Holdfast waits for it.")
REPEATED = Outcome(OutcomeKind.DONE, repeats=2)
CLOSED = Outcome(OutcomeKind.IMPOSSIBLE, "Account 444455556666 is closed.", "Map it to another account.")


def run(state: RunState = RunState.PARTIAL, **changes: object) -> Run:
    """The run's row; `changes` replaces fields."""
    values: dict[str, object] = {
        "id": RUN_ID,
        "system": "identity_center",
        "kind": "restore",
        "state": state,
        "stage": "seal",
        "arguments": canonical({"backup": "latest", "strategy": "overwrite"}),
        "started_at": STARTED,
        "owner": "ops-1 4711 2026-11-20T09:08:12Z",
        "heartbeat_at": FINISHED,
        "finished_at": None if state is RunState.RUNNING else FINISHED,
        "target": "123456789012 eu-central-1",
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def user_body() -> bytes:
    return canonical(
        {"DisplayName": "Ada Lovelace", "Emails": [{"Value": "ada@example.org"}], "Locale": "en"}
    )


def entry(position: int, type_name: str, key: str, outcome: Outcome | None, **sides: Plain) -> JournalEntry:
    """A journal entry that is intended; `before` and `after` are plain values."""
    before, after = (canonical(sides[side]) if side in sides else None for side in ("before", "after"))
    return JournalEntry(position, Change(type_name, key, before, after, 1, key), True, outcome)


def ledger() -> MemoryLedger:
    """4 changes done, failed, impossible and in doubt, 2 conflicts, 4 findings."""
    created = JournalEntry(0, Change("user", "ada", None, user_body(), 0, "ada"), True, REPEATED)
    policy = join_key("ReadOnly", "arn:aws:iam::aws:policy/ViewOnlyAccess")
    access = join_key("444455556666", "ReadOnly", "GROUP", "Admins")
    return MemoryLedger(
        item_rows=[
            Item("user", "ada", DONE),
            Item("user", HOSTILE, SCIM),
            Item("group", "Admins", DONE),
            Item("group", "Auditors\x1b[2J", DONE),
        ],
        entries=[
            created,
            entry(1, "permission_set.managed_policy", policy, DENIED, after="ViewOnlyAccess"),
            entry(2, "assignment", access, CLOSED, after={}),
            entry(3, "group", "Admins", None, before={"Description": "old"}, after={"Description": "new"}),
        ],
        conflict_rows=[
            Conflict(
                "user",
                HOSTILE,
                (
                    FieldDifference("Title", "Engineer", "Director"),
                    FieldDifference("Name.GivenName", "Ada", "Augusta"),
                    FieldDifference("Locale", "en", "de"),
                ),
                ConflictStrategy.OVERWRITE,
            ),
            Conflict(
                "group",
                "Admins",
                (FieldDifference("Description", "new", "old"),),
                ConflictStrategy.SKIP,
            ),
        ],
        finding_rows=[
            Finding(Severity.NOTE, "provisioned-twice", "permission_set", "ReadOnly", "Provisioned again."),
            Finding(
                Severity.WARNING,
                "cannot-return.password",
                "user",
                "ada",
                "Password and MFA devices do not come back.",
                "Send the user an invitation.",
            ),
            Finding(
                Severity.ERROR, "not-empty", "user", HOSTILE, "The next plan is not empty.", "Run it again."
            ),
            Finding(Severity.NOTE, "left-out.applications", "application", "", "SAML certificates."),
        ],
    )


def snapshot(**changes: object) -> SnapshotInfo:
    """The backup that is restored; `changes` replaces fields."""
    values: dict[str, object] = {
        "id": "20261119T020000.000Z-00c0ffee",
        "system": "identity_center",
        "kind": "full",
        "taken_at": datetime(2026, 11, 19, 2, 0, tzinfo=UTC),
        "source": SourceIdentity(
            "identity_center",
            "123456789012",
            "eu-central-1",
            "arn:aws:sso:::instance/ssoins-1",
            "arn:aws:sts::123456789012:assumed-role/Backup/x",
        ),
        "sections": (
            SectionSummary("user", 1, True, True),
            SectionSummary("group", 2, True, True),
            SectionSummary("application", 0, False, False, "not asked for"),
        ),
        "run": "20261119T015900.000Z-00000001",
        "during": ("20261119T015800.000Z-00000002",),
        "stored_bytes": 48_123,
    }
    return SnapshotInfo(**{**values, **changes})  # type: ignore[arg-type]


CALLS = CallCount(1432, 3, 12.5, (("ListUsers", 12), ("DescribePermissionSet", 420)))
STAGES = (StageTime("capture", 61.0), StageTime("apply", 118.4), StageTime("verify", 6.0))


def report(state: RunState = RunState.PARTIAL) -> RunReport:
    """The report of that restore."""
    return build_report(ledger(), run(state), snapshot(), Measured(CALLS, STAGES))
