"""A sealed snapshot of a small QuickSight, a bucket and tables of a sandbox, and runs that store it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from holdfast.adapters.aws import AwsSession
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, Severity
from holdfast.domain.records import Record, join_key
from holdfast.domain.runs import Run, RunState
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.canonical import canonical
from holdfast.kernel.ports import CallCount, Ledger, PacedSession
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.vault.vault import Vault
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.quicksight.model import (
    DASHBOARD,
    DATA_SET,
    GROUP,
    MEMBERSHIP,
    RECORD_TYPES,
    REFRESH_SCHEDULE,
    SYSTEM,
    THEME,
    USER,
    Asset,
)
from holdfast.systems.quicksight.records.assets import asset_record
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.storing.object_client import ObjectClient
from holdfast.systems.quicksight.storing.stages import Outside, storing_stages
from holdfast.systems.quicksight.storing.table_client import TableClient
from tests.simulators.power import Power, PowerCut, under
from tests.simulators.workbench import Bench

TAKEN = datetime(2026, 11, 20, 9, 8, 7, tzinfo=UTC)
SOURCE = SourceIdentity(SYSTEM, "123456789012", "eu-west-1", "arn:aws:quicksight:eu-west-1:123456789012", "x")
PROCESSES = count()


def person(name: str, namespace: str = "default") -> Record:
    body = canonical({"Role": "READER", "IdentityType": "QUICKSIGHT", "Active": True})
    personal = canonical({"Email": f"{name}@example.org", "UserName": name})
    return Record(USER, join_key(namespace, name), body, personal)


def asset(type_name: str, key: str, *, described: bool = False) -> Record:
    return asset_record(Asset(type_name, key, {"resourceType": type_name, "name": key}, described=described))


def company(people: int = 3) -> dict[str, list[Record]]:
    """Three users, two groups, a membership; four dashboards, a dataset with its schedule, a described theme."""
    return {
        USER: [*(person(f"person-{number:03d}") for number in range(people)), person("zoe", "team")],
        GROUP: [
            Record(GROUP, join_key("default", "Data #1"), canonical({"Description": "those who look"})),
            Record(GROUP, join_key("default", "Readers"), canonical({"Description": ""})),
        ],
        MEMBERSHIP: [Record(MEMBERSHIP, join_key("default", "Data #1", "person-000"), b"{}")],
        DATA_SET: [asset(DATA_SET, "sales")],
        REFRESH_SCHEDULE: [asset(REFRESH_SCHEDULE, join_key("sales", "daily"))],
        THEME: [asset(THEME, "blue"), asset(THEME, "odd", described=True)],
        DASHBOARD: [asset(DASHBOARD, f"board-{number}") for number in range(4)],
    }


@dataclass(frozen=True)
class PoweredSession:
    """A session of a process under `power`: each call has a moment before it and one after."""

    session: AwsSession
    power: Power

    @property
    def region(self) -> str:
        return self.session.region

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        self.power.moment(f"before {operation}")
        answer = self.session.call(service, operation, parameters, repeatable=repeatable)
        self.power.moment(f"after {operation}")
        return answer

    def assuming(self, role: str) -> PacedSession:
        raise NotImplementedError

    def calls(self) -> CallCount:
        return self.session.calls()


@dataclass
class Storage:
    """One installation. A bucket and table names of its own, since moto's state is one for the process."""

    bench: Bench
    vault: Vault
    sandbox: SandboxServer
    session: AwsSession
    s3: Any
    dynamodb: Any
    contents: dict[str, list[Record]] = field(default_factory=company)
    settings: QuickSightSettings = field(init=False)
    name: str = field(default_factory=lambda: uuid4().hex[:12])
    divides: Callable[[int], bool] = staticmethod(lambda size: False)
    part: int = 1
    types: tuple[str, ...] = tuple(kind.name for kind in RECORD_TYPES)
    meanwhile: Callable[[], None] = staticmethod(lambda: None)
    """What somebody else does between the writing and the check."""
    client: type[ObjectClient] = ObjectClient
    power: Power = field(default_factory=Power)

    def __post_init__(self) -> None:
        self.settings = QuickSightSettings(
            bucket=self.name,
            prefix="kept",
            users_table=f"{self.name}-users",
            groups_table=f"{self.name}-groups",
            memberships_table=f"{self.name}-memberships",
            assets_per_bundle=3,
        )
        self.s3.create_bucket(Bucket=self.name)

    def table(self, what: str) -> str:
        return f"2026-11-20-{self.name}-{what}"

    def outside(self) -> Outside:
        def objects() -> ObjectClient:
            return self.client(session, self.settings, divides=self.divides, part=self.part)

        session = PoweredSession(self.session, self.power)
        return Outside(lambda: self.vault, self.settings, lambda: TableClient(session), objects)

    def stages(self) -> Sequence[Stage]:
        *storing, check = storing_stages(self.types, self.outside())
        return (
            Stage("capture", StageKind.GATHER, self._capture),
            *storing,
            Stage("meanwhile", StageKind.GATHER, lambda context: self.meanwhile()),
            check,
        )

    def store(self) -> Run:
        engine = self.bench.engine()
        return engine.execute(engine.start(SYSTEM, "backup", b"{}"), self.stages())

    def cut_off(self, power: Power, run: Run | None = None) -> Run | None:
        """A process that starts or resumes a run; None when its power went out meanwhile."""
        owner, self.power = f"process {next(PROCESSES)}", power
        ledger: Ledger = under(power, self.bench.ledger)
        engine = self.bench.engine(owner, ledger)
        try:
            if run is not None:
                return engine.resume(run.id, lambda _: self.stages())
            return engine.execute(engine.start(SYSTEM, "backup", b"{}"), self.stages())
        except PowerCut:
            self.bench.dead.add(owner)
            self.power = Power()
            return None

    def resumed(self) -> Run:
        """The newest run, taken up by the next command and brought to its end."""
        self.bench.engine("next command").recover_abandoned()
        found = self.bench.ledger.run("latest")
        if found.state in (RunState.INTERRUPTED, RunState.FAILED):
            return self.bench.engine(f"process {next(PROCESSES)}").resume(found.id, lambda _: self.stages())
        return found

    def faults(self, *rules: FaultRule) -> None:
        self.sandbox.faults(rules)

    def outcomes(self, change_type: str, run: str = "latest") -> dict[str, Outcome]:
        """How the changes of a type ended, by the last part of their keys."""
        entries = self.bench.ledger.changes(self.bench.ledger.run(run).id)
        return {
            entry.change.key.rpartition("\x1f")[2]: entry.outcome
            for entry in entries
            if entry.change.type == change_type and entry.outcome is not None
        }

    def findings(self, severity: Severity) -> list[Finding]:
        found = self.bench.ledger.findings(self.bench.ledger.run("latest").id)
        return [finding for finding in found if finding.severity is severity]

    def keys(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [each["Key"] for each in found]

    def requests(self, name: str) -> int:
        return self.sandbox.status().requests.get(name, 0)

    def uploads(self) -> list[str]:
        found = self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])
        return [each["Key"] for each in found]

    def items(self, what: str) -> list[dict[str, Any]]:
        return list(self.dynamodb.scan(TableName=self.table(what), ConsistentRead=True)["Items"])

    def _capture(self, context: RunContext) -> None:
        for records in self.contents.values():
            context.record_items(Item(each.type, each.key, DONE, each.digest) for each in records)
        if self.vault.of_run(context.run.id) is None:
            writer = self.vault.begin(SYSTEM)
            for type_name, records in self.contents.items():
                writer.add_section(type_name, records)
            sealed = writer.seal(kind="full", taken_at=TAKEN, source=SOURCE, run=context.run.id)
            context.snapshot = sealed.id
