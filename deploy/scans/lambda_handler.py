"""A Lambda function on S3 events: counts the findings of each newly published scan by severity.

Trigger: s3:ObjectCreated:* with the prefix of the reports and the suffix `.json`. Needs s3:GetObject on them and
nothing else. What it returns and logs is one line of JSON per scan; send it where alarms are raised.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

import boto3

REPORT = "/ash-report-"


def handler(event: dict[str, Any], context: object, s3: Any = None) -> dict[str, Any]:  # noqa: ANN401
    """The counts of every report that the event names; objects that are no report are passed over."""
    client = s3 or boto3.client("s3")
    scans = []
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        if REPORT in f"/{key}" and key.endswith(".json"):
            report = json.load(client.get_object(Bucket=bucket, Key=key)["Body"])
            scans.append({"url": f"s3://{bucket}/{key}", **summary(report)})
    for scan in scans:
        print(json.dumps(scan, sort_keys=True))  # noqa: T201  # Lambda's log is its standard output
    return {"scans": scans}


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """Open findings by severity, suppressed ones, and the scanners that did not look: without them, 0 is not clean."""
    scan, counted = report["scan"], report["severities"]
    open_now = {severity: count for severity, count in counted["summary"].items() if count}
    not_run = sorted(each["name"] for each in scan["scanners"] if each["status"] not in ("PASSED", "FAILED"))
    return {
        "scan_id": scan["scan_id"],
        "project": scan["project"],
        "open": open_now,
        "suppressed": counted["suppressed"],
        "not_run": not_run,
        "clean": not open_now and not not_run,
    }
