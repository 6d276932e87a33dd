"""ASH loads the reporter, configures it from the options file of its own S3 reporter, and is told the URL."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from holdfast.delivery.cli import main
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.ash_stub import Ash, ash

BUCKET = "scan-results"
SECRET = "wJalr-no-real-secret-7Q2x"  # invented
# What a user of ASH's own reporter has; only the module's name is another.
OPTIONS_FILE = f"""
project_name: shop
ash_plugin_modules:
  - ash_plugins.holdfast
reporters:
  s3:
    enabled: true
    options:
      aws_region: us-east-1
      bucket_name: {BUCKET}
      key_prefix: "ash-reports/"
      file_format: json
      max_retries: 1
      base_delay: 0.01
      max_delay: 0.02
"""
RESULTS: dict[str, Any] = {
    "name": "ASH Scan Report",
    "metadata": {
        "report_id": "ASH-20261120",
        "generated_at": "2026-11-20T09:00:00+00:00",
        "project_name": "ASH",
        "tool_version": "3.5.9",
        "summary_stats": {"severity_counts": {"critical": 1}, "total": 1, "actionable": 1, "failed": 1},
    },
    "ash_config": {"project_name": "shop"},
    "scanner_results": {
        "bandit": {"status": "FAILED", "finding_count": 1, "severity_counts": {"critical": 1}},
        "semgrep": {"status": "ERROR", "finding_count": 0, "severity_counts": {}},
    },
    "sarif": {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "ASH"}},
                "results": [
                    {
                        "ruleId": "B105",
                        "level": "error",
                        "message": {"text": "Possible hardcoded password"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "src/app.py"},
                                    "region": {"startLine": 3, "snippet": {"text": f'password = "{SECRET}"'}},
                                }
                            }
                        ],
                        "properties": {"scanner_name": "bandit"},
                    }
                ],
            }
        ],
    },
}


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("empty") as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SandboxServer:
    shared_sandbox.engine.reset()
    for name in [
        name for name in os.environ if name.startswith(("AWS_", "ASH_", "HOLDFAST_", "CI", "GITHUB"))
    ]:
        monkeypatch.delenv(name)
    for name, value in shared_sandbox.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    client = s3(shared_sandbox)  # buckets outlive a reset of the sandbox, and other tests have theirs
    if BUCKET in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        for key in objects(shared_sandbox):
            client.delete_object(Bucket=BUCKET, Key=key)
        client.delete_bucket(Bucket=BUCKET)
    shared_sandbox.engine.reset()
    return shared_sandbox


@pytest.fixture
def here() -> Iterator[Ash]:
    with ash() as stub:
        yield stub


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / ".ash" / "ash_output"


def settings(**options: object) -> dict[str, Any]:
    """The options file, with some options set or (None) left out."""
    read: dict[str, Any] = yaml.safe_load(OPTIONS_FILE)
    table = read["reporters"]["s3"]["options"]
    table.update(options)
    read["reporters"]["s3"]["options"] = {name: value for name, value in table.items() if value is not None}
    return read


def s3(sandbox: SandboxServer) -> Any:  # noqa: ANN401
    env = sandbox.env()
    return boto3.client(
        "s3",
        endpoint_url=sandbox.url,
        region_name="us-east-1",
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def objects(sandbox: SandboxServer) -> dict[str, bytes]:
    client = s3(sandbox)
    listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed}


def local_files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_plugin_registers_under_the_only_name_that_ash_loads(here: Ash) -> None:
    reporters = here.load("ash_plugins.holdfast")
    assert [each.__name__ for each in reporters] == ["S3Reporter"]
    assert here.registered == reporters


def test_ash_is_told_the_url_of_an_object_that_is_there(
    here: Ash, sandbox: SandboxServer, output: Path
) -> None:
    s3(sandbox).create_bucket(Bucket=BUCKET)
    (url,) = here.report(settings(), RESULTS, output)
    assert url.startswith(f"s3://{BUCKET}/ash-reports/ash-report-2026") and url.endswith(".json")
    stored = objects(sandbox)
    report = stored[url.removeprefix(f"s3://{BUCKET}/")]
    assert json.loads(report)["findings"][0]["path"] == "src/app.py"
    assert (output / "reports" / "ash.s3.json").read_text() == url
    assert report in local_files(output / "reports").values()
    assert [key for key, data in stored.items() if SECRET.encode() in data] == []


def test_no_local_file_of_the_output_has_the_secret(here: Ash, sandbox: SandboxServer, output: Path) -> None:
    s3(sandbox).create_bucket(Bucket=BUCKET)
    here.report(settings(), RESULTS, output)
    assert [name for name, data in local_files(output).items() if SECRET.encode() in data] == []


def test_a_yaml_report_loads_safely_and_has_its_content_type(
    here: Ash, sandbox: SandboxServer, output: Path
) -> None:
    s3(sandbox).create_bucket(Bucket=BUCKET)
    (url,) = here.report(settings(file_format="yaml"), RESULTS, output)
    answer = s3(sandbox).get_object(Bucket=BUCKET, Key=url.removeprefix(f"s3://{BUCKET}/"))
    assert answer["ContentType"] == "application/yaml"
    assert yaml.safe_load(answer["Body"])["findings"][0]["rule_id"] == "B105"


def test_a_failed_upload_is_said_in_the_log_and_never_written_as_the_report(
    here: Ash, sandbox: SandboxServer, output: Path
) -> None:
    assert here.report(settings(), RESULTS, output) == []  # there is no bucket
    reports = output / "reports"
    assert not (reports / "ash.s3.json").exists()
    assert any("Scan not published" in said and BUCKET in said for said in here.said)
    assert any("holdfast scans resend" in said for said in here.said)
    assert any(b"src/app.py" in data for data in local_files(reports).values())


def test_what_ash_could_not_send_is_delivered_once_by_a_resend(
    here: Ash, sandbox: SandboxServer, output: Path
) -> None:
    assert here.report(settings(), RESULTS, output) == []  # there is no bucket
    s3(sandbox).create_bucket(Bucket=BUCKET)
    assert main(["scans", "resend"]) == 0
    sent = objects(sandbox)
    assert len([key for key in sent if "/ash-report-" in key]) == 1
    assert main(["scans", "resend"]) == 0
    assert objects(sandbox) == sent


def test_a_role_that_may_only_put_is_enough(here: Ash, sandbox: SandboxServer, output: Path) -> None:
    s3(sandbox).create_bucket(Bucket=BUCKET)
    sandbox.faults([FaultRule(service="s3", operation="(?!PUT /).*", deny=True)])
    sandbox.faults([FaultRule(service="sts", deny=True)])
    (url,) = here.report(settings(), RESULTS, output)
    sandbox.clear_faults()
    assert url.removeprefix(f"s3://{BUCKET}/") in objects(sandbox)


def test_region_and_bucket_come_from_the_environment_where_the_options_are_silent(
    here: Ash, sandbox: SandboxServer, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3(sandbox).create_bucket(Bucket=BUCKET)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("ASH_S3_BUCKET_NAME", BUCKET)
    (url,) = here.report(settings(aws_region=None, bucket_name=None), RESULTS, output)
    assert url.startswith(f"s3://{BUCKET}/ash-reports/")


@pytest.mark.parametrize(
    ("absent", "variables"),
    [("aws_region", ("AWS_REGION", "AWS_DEFAULT_REGION")), ("bucket_name", ("ASH_S3_BUCKET_NAME",))],
)
def test_a_reporter_without_region_or_bucket_is_disabled_and_says_why(
    here: Ash,
    sandbox: SandboxServer,
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
    absent: str,
    variables: tuple[str, ...],
) -> None:
    for name in variables:
        monkeypatch.delenv(name, raising=False)
    assert here.report(settings(**{absent: None}), RESULTS, output) == []
    (said,) = here.said
    assert "Reporter disabled" in said and absent in said and variables[0] in said
    assert "holdfast scans publish" in said
    assert sandbox.engine.status().requests == {}


def test_options_without_meaning_are_named(here: Ash, sandbox: SandboxServer, output: Path) -> None:
    here.report(settings(buckett_name="x", bucket_name=None), RESULTS, output)
    assert any("buckett_name" in said for said in here.said)


def test_loading_the_plugin_loads_neither_boto3_nor_duckdb(here: Ash) -> None:
    import subprocess

    script = (
        "import sys\nfrom tests.simulators.ash_stub import ash\n"
        "with ash() as here:\n here.load('ash_plugins.holdfast')\n"
        "print([name for name in ('boto3', 'duckdb', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_plugin_is_a_reporter_of_the_real_ash_where_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.simulators.ash_stub import PLUGIN

    pytest.importorskip(
        "automated_security_helper.base.reporter_plugin",
        reason="ASH is not installed; it comes from its repository, github.com/awslabs/automated-security-helper",
    )
    monkeypatch.syspath_prepend(str(PLUGIN))
    from importlib import import_module

    loader = import_module("automated_security_helper.plugins.loader")
    found = loader.load_additional_plugin_modules(["ash_plugins.holdfast"])
    assert [each.__name__ for each in found["reporters"]] == ["S3Reporter"]


def test_a_wrong_value_of_an_option_is_refused_by_name(
    here: Ash, sandbox: SandboxServer, output: Path
) -> None:
    with pytest.raises(ValueError, match="file_format"):  # which ASH logs
        here.report(settings(file_format="xml"), RESULTS, output)
