"""A capture of a sandbox's QuickSight in time that only passes while everybody sleeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.adapters.aws import AwsSettings
from holdfast.adapters.web_download import WebDownload
from holdfast.domain.outcomes import Finding, Item
from holdfast.domain.records import join_key
from holdfast.kernel.ports import CallCount, Download
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.system import Part
from holdfast.sandbox.company import company
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.quicksight.estate import Estate, HeldAsset
from holdfast.sandbox.quicksight.kinds import KINDS
from holdfast.sandbox.server import SandboxServer
from holdfast.sandbox.wire import Json
from holdfast.systems.quicksight.capture.source import QuickSightSource
from holdfast.systems.quicksight.clients.connection import connect
from holdfast.systems.quicksight.model import RECORD_TYPES
from holdfast.systems.quicksight.settings import QuickSightSettings
from tests.simulators.sleeping_time import START, SleepingTime, TimedSession

ALL_TYPES = tuple(kind.name for kind in RECORD_TYPES)
ACCOUNT, REGION = "123456789012", "us-east-1"
PACE = AwsSettings(region=REGION, requests_per_second=5000.0, other_requests_per_second=5000.0)
STARTS = "quicksight:StartAssetBundleExportJob"


@dataclass
class Captured:
    """What a capture gave, and what it sent."""

    parts: list[Part]
    findings: list[Finding]
    calls: CallCount

    def part(self, kind: str) -> Part:
        return next(part for part in self.parts if part.type == kind)

    def keys(self, kind: str) -> list[str]:
        return [record.key for record in self.part(kind).records]

    @property
    def items(self) -> dict[str, Item]:
        """What ended otherwise than well, by key."""
        return {item.key: item for part in self.parts for item in part.failures}

    def told(self, code: str) -> list[str]:
        return [finding.message for finding in self.findings if finding.code == code]

    def sent(self, operation: str) -> int:
        return dict(self.calls.by_operation).get(operation, 0)


def timed_session(time: SleepingTime) -> TimedSession:
    return TimedSession(PACE, time, jitter=lambda: 0.5)


@dataclass
class Capturing:
    """A sandbox to fill, and its captures. Jobs take twenty seconds of its time."""

    sandbox: SandboxServer
    time: SleepingTime
    session: TimedSession
    settings: QuickSightSettings = QuickSightSettings()
    download: Download = WebDownload()

    @property
    def estate(self) -> Estate:
        return self.sandbox.engine.world.quicksight.estate(ACCOUNT, REGION)

    def load(self, scale: str) -> None:
        """The company of that scale in place of what there is."""
        self.sandbox.load(company(scale, 1))

    def arn(self, path: str) -> str:
        return f"arn:aws:quicksight:{REGION}:{ACCOUNT}:{path}"

    def add(self, kind: str, key: str, **fields: Json) -> HeldAsset:
        """An asset of the sandbox, named as its id in capitals."""
        shape = KINDS[kind]
        named = {"resourceType": shape.folder, shape.id_field: key, "name": key.upper()}
        return self.estate.add(shape, {**named, **fields}, START.timestamp())

    def source(self, key: str, kind: str = "ATHENA") -> HeldAsset:
        parameters: Json = {"athenaParameters": {"workGroup": "primary"}} if kind == "ATHENA" else {}
        return self.add("data_source", key, type=kind, dataSourceParameters=parameters)

    def data_set(self, key: str, *on: str, **fields: Json) -> HeldAsset:
        """A dataset on data sources, or on other datasets."""
        tables: dict[str, Json] = {
            f"table-{number}": {
                "relationalTable": {
                    "dataSourceArn": self.arn(f"datasource/{each}"),
                    "name": "t",
                    "inputColumns": [{"name": "amount", "type": "DECIMAL"}],
                }
            }
            for number, each in enumerate(on)
        }
        return self.add("data_set", key, importMode="SPICE", physicalTableMap=tables, **fields)

    def view(self, kind: str, key: str, *data_sets: str) -> HeldAsset:
        """A dashboard or analysis over datasets."""
        declared: list[Json] = [
            {"identifier": each, "dataSetArn": self.arn(f"dataset/{each}")} for each in data_sets
        ]
        sheets: list[Json] = [{"sheetId": "s1", "name": "One"}]
        definition: Json = {"dataSetIdentifierDeclarations": declared, "sheets": sheets}
        return self.add(kind, key, definition=definition, validationStrategy={"mode": "LENIENT"})

    def schedule(self, data_set: str, key: str) -> HeldAsset:
        frequency: Json = {"interval": "DAILY", "timeOfTheDay": "02:00"}
        return self.add(
            "refresh_schedule",
            key,
            dataSetId=data_set,
            scheduleFrequency=frequency,
            refreshType="FULL_REFRESH",
        )

    def faults(self, *rules: FaultRule) -> None:
        self.sandbox.faults([replace_service(rule) for rule in rules])

    def source_half(self) -> QuickSightSource:
        connection = connect(self.session, self.session)
        return QuickSightSource(connection, self.settings, self.time, self.download, jitter=lambda: 0.5)

    def capture(self, types: Sequence[str] = ALL_TYPES, name: str = "a-run", **settings: object) -> Captured:
        self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]
        source, before = self.source_half(), self.session.calls()
        parts = list(source.capture(types, SilentProgress(), name))
        return Captured(parts, source.validate(parts), source.calls().since(before))


def replace_service(rule: FaultRule) -> FaultRule:
    return rule if rule.service else FaultRule(**{**_fields(rule), "service": "quicksight"})  # type: ignore[arg-type]


def _fields(rule: FaultRule) -> dict[str, object]:
    return {name: getattr(rule, name) for name in rule.__struct_fields__}


def schedule_key(data_set: str, schedule: str) -> str:
    return join_key(data_set, schedule)
