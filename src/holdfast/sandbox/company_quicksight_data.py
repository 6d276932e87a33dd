"""The sample company's data in QuickSight: VPC connections, data sources, datasets, their refreshes, and topics.

Members have the form that a real bundle has: keys in camel case, dependencies as ARNs of the source's account.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.sandbox.company_names import DEPARTMENTS
from holdfast.sandbox.quicksight.networks import network_id
from holdfast.sandbox.wire import Document, Json

SUBJECTS = (
    "orders",
    "tickets",
    "invoices",
    "deliveries",
    "sessions",
    "incidents",
    "stock",
    "payroll",
    "leads",
)
_COLUMNS = (("id", "INTEGER"), ("created_at", "DATETIME"), ("region", "STRING"), ("amount", "DECIMAL"))
COLUMNS = tuple(name for name, _ in _COLUMNS)
FILE, JIRA = "FILE", "JIRA"


@dataclass(frozen=True, slots=True)
class Place:
    """Where assets are: `arn` gives what another asset names one of them by."""

    account: str
    region: str

    def arn(self, path: str) -> str:
        return f"arn:aws:quicksight:{self.region}:{self.account}:{path}"


def identifier(chance: random.Random) -> str:
    """An id such as the console makes."""
    digits = f"{chance.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:]))


def subject(number: int) -> str:
    """What the number-th asset of a type is about; unique by its number."""
    name = f"{DEPARTMENTS[number % len(DEPARTMENTS)]} {SUBJECTS[number // len(DEPARTMENTS) % len(SUBJECTS)]}"
    wave = number // (len(DEPARTMENTS) * len(SUBJECTS))
    return f"{name} {wave + 1}" if wave else name


def vpc_connection(key: str, number: int, place: Place) -> Document:
    """A connection into a network of two subnets."""
    return {
        "resourceType": "vpcconnection",
        "vpcConnectionId": key,
        "name": f"analytics network {number + 1}",
        "vpcId": network_id("vpc", place.account, place.region, number),
        "subnetIds": [
            network_id("subnet", place.account, place.region, 2 * number + zone) for zone in range(2)
        ],
        "securityGroupIds": [network_id("sg", place.account, place.region, number)],
        "dnsResolvers": [f"10.{number % 250}.0.2"],
        "roleArn": f"arn:aws:iam::{place.account}:role/quicksight-network",
    }


def data_source(key: str, number: int, vpc: str) -> Document:
    """Athena, Redshift, PostgreSQL and S3 in turn; those of a database go through the VPC connection."""
    name = subject(number).lower().replace(" ", "-")
    host, way = f"{name}.example.com", number % 4
    kind = ("ATHENA", "REDSHIFT", "POSTGRESQL", "S3")[way]
    parameters: tuple[Document, ...] = (
        {"athenaParameters": {"workGroup": "primary"}},
        {"redshiftParameters": {"host": host, "port": 5439, "database": "dwh"}},
        {"postgreSqlParameters": {"host": host, "port": 5432, "database": "app"}},
        {"s3Parameters": {"manifestFileLocation": {"bucket": "example-lake", "key": f"{name}.json"}}},
    )
    made = _data_source(key, f"{name} source", kind)
    made["dataSourceParameters"] = parameters[way]
    if kind in ("REDSHIFT", "POSTGRESQL"):
        made["vpcConnectionProperties"] = {"vpcConnectionArn": vpc}
        made["sslProperties"] = {"disableSsl": False}
    return made


def uploaded_file(key: str) -> Document:
    """The data source behind an uploaded file."""
    return _data_source(key, "headcount.xlsx", FILE)


def issue_tracker(key: str) -> Document:
    """A data source of a kind that no bundle takes."""
    made = _data_source(key, "issue tracker", JIRA)
    made["dataSourceParameters"] = {"jiraParameters": {"siteBaseUrl": "https://jira.example.com"}}
    return made


def _data_source(key: str, name: str, kind: str) -> Document:
    return {"resourceType": "datasource", "dataSourceId": key, "name": name, "type": kind}


def data_set(key: str, number: int, sources: Sequence[str], base: str, rules: str) -> Document:
    """A table, a join of two, custom SQL, a prepared one in the newer form, or one over the dataset `base`.

    `rules` is the dataset that says who sees which rows of every ninth.
    """
    name = subject(number).lower()
    made = _data_set(key, name, "DIRECT_QUERY" if number % 4 == 2 else "SPICE")
    source, other = sources[number % len(sources)], sources[(number + 1) % len(sources)]
    shape = number % 5
    if shape == 1:
        made |= _joined(source, other, name)
    elif shape == 2:
        made["physicalTableMap"] = {"query": {"customSql": _query(source, name)}}
        made["logicalTableMap"] = {"all": {"alias": name, "source": {"physicalTableId": "query"}}}
    elif shape == 3:
        made |= _prepared(source, name)
    elif shape == 4 and base:
        made["physicalTableMap"] = {}
        made["logicalTableMap"] = {"all": {"alias": name, "source": {"dataSetArn": base}}}
    else:
        made["physicalTableMap"] = {"table": {"relationalTable": _table(source, name)}}
        made["logicalTableMap"] = {"all": _renamed(name)}
    if rules and number % 9 == 8:
        made["rowLevelPermissionDataSet"] = {
            "arn": rules, "permissionPolicy": "GRANT_ACCESS", "formatVersion": "VERSION_2", "status": "ENABLED"
        }  # fmt: skip
    return made


def file_data_set(key: str, name: str, source: str) -> Document:
    """What there is of an uploaded file's dataset; its rows are in SPICE, which looks like any other."""
    made = _data_set(key, name, "SPICE")
    made["physicalTableMap"] = {
        "file": {"fileSource": {"dataSourceArn": source, "sheetIndex": 0, "inputColumns": _columns()}}
    }
    return made


def tracker_data_set(key: str, source: str) -> Document:
    """A dataset over the issue tracker."""
    made = _data_set(key, "open issues", "SPICE")
    made["physicalTableMap"] = {
        "issues": {"saaSTable": {"dataSourceArn": source, "tablePath": [{"name": "issues"}],
                                 "inputColumns": _columns()}}
    }  # fmt: skip
    return made


def refresh_schedule(data_set: str, key: str, number: int) -> Document:
    """When a dataset is read anew: hourly, daily, weekly or monthly."""
    interval = ("DAILY", "WEEKLY", "MONTHLY", "HOURLY")[number % 4]
    frequency: Document = {"interval": interval, "timezone": "Europe/Berlin"}
    if interval != "HOURLY":
        frequency["timeOfTheDay"] = f"0{number % 8}:30"
    if interval in ("WEEKLY", "MONTHLY"):
        frequency["refreshOnDay"] = {"dayOfWeek": "MONDAY"} if interval == "WEEKLY" else {"dayOfMonth": "1"}
    return {
        "resourceType": "refreshschedule",
        "dataSetId": data_set,
        "scheduleId": key,
        "scheduleFrequency": frequency,
        "startAfterDateTime": "2026-01-05T04:30:00Z",
        "refreshType": "FULL_REFRESH",
    }


def topic(key: str, number: int, data_sets: Sequence[str]) -> Document:
    """What people may ask in words, over one or two datasets."""
    described: list[Json] = [
        {
            "datasetArn": each,
            "datasetName": f"facts {place + 1}",
            "columns": [
                {"columnName": name, "columnSynonyms": [name.replace("_", " ")], "isIncludedInTopic": True}
                for name in COLUMNS
            ],
        }
        for place, each in enumerate(data_sets)
    ]
    return {
        "resourceType": "topic",
        "topicId": key,
        "name": f"{subject(number)} in words",
        "description": "Questions that are asked in the weekly meeting",
        "userExperienceVersion": "NEW_READER_EXPERIENCE",
        "dataSets": described,
    }


def _data_set(key: str, name: str, mode: str) -> Document:
    return {"resourceType": "dataset", "dataSetId": key, "name": name, "importMode": mode}


def _columns() -> list[Json]:
    return [{"name": name, "type": kind} for name, kind in _COLUMNS]


def _table(source: str, name: str) -> Document:
    table = name.replace(" ", "_")
    return {"dataSourceArn": source, "schema": "analytics", "name": table, "inputColumns": _columns()}


def _query(source: str, name: str) -> Document:
    text = "SELECT * FROM analytics.facts WHERE amount > 0.5"
    return {"dataSourceArn": source, "name": f"{name} query", "sqlQuery": text, "columns": _columns()}


def _renamed(name: str) -> Document:
    rate: Document = {"columnName": "rate", "columnId": "rate", "expression": "{amount} * 0.19"}
    shown: list[Json] = [*COLUMNS, "rate"]
    steps: list[Json] = [
        {"createColumnsOperation": {"columns": [rate]}},
        {"projectOperation": {"projectedColumns": shown}},
    ]
    return {"alias": name, "dataTransforms": steps, "source": {"physicalTableId": "table"}}


def _joined(left: str, right: str, name: str) -> Document:
    join: Document = {
        "leftOperand": "facts",
        "rightOperand": "names",
        "type": "LEFT",
        "onClause": "{id} = {id}",
    }
    return {
        "physicalTableMap": {
            "left": {"relationalTable": _table(left, name)},
            "right": {"relationalTable": _table(right, "regions")},
        },
        "logicalTableMap": {
            "facts": {"alias": name, "source": {"physicalTableId": "left"}},
            "names": {"alias": "regions", "source": {"physicalTableId": "right"}},
            "both": {"alias": f"{name} by region", "source": {"joinInstruction": join}},
        },
    }


def _prepared(source: str, name: str) -> Document:
    step: Document = {"id": "read", "alias": name, "source": {"sourceTableId": "raw"}}
    out: Document = {"alias": "result", "source": {"transformOperationId": "read"}}
    return {
        "physicalTableMap": {"table": {"relationalTable": _table(source, name)}},
        "dataPrepConfiguration": {
            "sourceTableMap": {"raw": {"physicalTableId": "table"}},
            "transformStepMap": {"read": {"importTableStep": step}},
            "destinationTableMap": {"out": out},
        },
        "semanticModelConfiguration": {
            "tableMap": {"model": {"alias": "facts", "destinationTableId": "out"}}
        },
    }
