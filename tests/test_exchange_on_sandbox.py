"""Exports and imports end to end: the sample company out of one installation and into another."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyrage import x25519

from holdfast import (
    BackupData,
    BackupManager,
    BackupOptions,
    BackupType,
    ConvertResult,
    ExportFormat,
    ExportImportManager,
    ExportTarget,
    ImportFormat,
    ImportOptions,
    ImportResult,
    ImportSource,
    RelationshipMap,
    RestoreManager,
    RestoreOptions,
    StorageEngine,
)
from holdfast.adapters.exchange_s3 import PART, S3Export, S3Import
from holdfast.bootstrap import Installation, open_installation
from holdfast.domain.errors import NotFound, Refused, UsageError
from holdfast.domain.outcomes import Severity
from holdfast.domain.runs import RunState
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.exchange.errors import NotImportable, TargetTaken
from holdfast.kernel.runs.stages import RunContext
from holdfast.sandbox.server import SandboxServer
from tests.simulators.quiet import SilentProgress
from tests.simulators.web_server import site
from tests.systems.identity_center.test_awsideman import BACKUP as AWSIDEMAN
from tests.test_api_on_sandbox import SETTINGS

SHAPES = [("JSON", None), ("yaml", "gzip"), ("Csv", "zip")]


def home_in(folder: Path) -> Installation:
    folder.mkdir()
    (folder / "holdfast.toml").write_text(SETTINGS, encoding="utf-8")
    made = open_installation(folder / "holdfast.toml", SilentProgress())
    made.create_vault()
    return made


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", seed=1, async_delay=0.0) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.env().items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def here(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with one backup of the sample company."""
    made = home_in(tmp_path_factory.mktemp("exchange") / "here")
    BackupManager(made).create_backup(BackupType.FULL, BackupOptions(labels={"reason": "test"}))
    return made


@pytest.fixture(scope="module")
def taken(here: Installation) -> SnapshotInfo:
    return here.vault.resolve("latest")


@pytest.fixture(scope="module")
def there(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Another installation, with what the tests before brought."""
    return home_in(tmp_path_factory.mktemp("exchange") / "there")


@pytest.fixture
def fresh(sandbox: SandboxServer, tmp_path: Path) -> Installation:
    """An installation with nothing in its vault."""
    return home_in(tmp_path / "fresh")


def export(here: Installation, to: Path | str, form: ExportFormat | None = None, **more: object) -> str:
    kind = "s3" if str(to).startswith("s3:") else "filesystem"
    target = ExportTarget(kind, str(to), **more)  # type: ignore[arg-type]
    return ExportImportManager(here).export_backup("latest", form or ExportFormat("JSON"), target).location


def bring(
    there: Installation, source: str, form: ImportFormat | None = None, **options: bool
) -> ImportResult:
    kind = source.partition(":")[0] if "://" in source else "filesystem"
    asked = ImportSource({"https": "url", "http": "url"}.get(kind, kind), source)
    return ExportImportManager(there).import_backup(asked, form or ImportFormat(), ImportOptions(**options))


@pytest.mark.parametrize(("form", "compression"), SHAPES)
def test_the_sample_company_comes_back_equal_in_every_format(
    here: Installation,
    there: Installation,
    taken: SnapshotInfo,
    tmp_path: Path,
    form: str,
    compression: str | None,
) -> None:
    result = bring(there, export(here, tmp_path / "out", ExportFormat(form, compression)))
    brought = there.vault.resolve(result.backup_id)
    assert result.state is RunState.COMPLETE
    assert (brought.root, brought.taken_at, brought.kind) == (taken.root, taken.taken_at, "imported")
    assert brought.sections == taken.sections
    before, after = here.vault.read(taken), there.vault.read(brought)
    assert all(list(before.records(name)) == list(after.records(name)) for name in before.types)
    labels = dict(brought.labels)
    assert (labels["reason"], labels["imported_snapshot"]) == ("test", taken.id)
    assert labels["imported_from"] == str(tmp_path / "out")


def test_an_import_is_a_run_with_evidence_and_latest_stays_what_it_was(
    here: Installation, fresh: Installation, taken: SnapshotInfo, tmp_path: Path
) -> None:
    location = export(here, tmp_path / "out.json")
    first, second = bring(fresh, location), bring(fresh, location)
    assert (
        fresh.vault.resolve(first.backup_id).root == fresh.vault.resolve(second.backup_id).root == taken.root
    )
    report = fresh.runs.report(fresh.ledger.run(first.run_id))
    assert (report.kind, report.exit_code, report.sums_up) == ("import", 0, True)
    assert sum(tally.done for tally in report.items) == sum(section.count for section in taken.sections)
    assert (Path(fresh.runs.evidence_folder(fresh.ledger.run(first.run_id))) / "manifest.json").is_file()
    assert [entry.action for entry in fresh.ledger.audit()][:2] == ["import started", "import complete"]
    assert "backup exported" in [entry.action for entry in here.ledger.audit()]
    with pytest.raises(NotFound):
        fresh.vault.resolve("latest")
    stage, _ = fresh.exchange.stages_of(fresh.ledger.run(first.run_id).arguments)
    with pytest.raises(Refused, match="no longer held"):
        stage.work(context_of(fresh, first.run_id))


def context_of(home: Installation, run_id: str) -> RunContext:
    """The context of a run like that one which has sealed nothing."""
    run = replace(home.ledger.run(run_id), id="another")
    return RunContext(run, "import", home.ledger, home.clock, SilentProgress(), lambda: None)


def test_a_dry_run_and_a_validation_write_nothing(
    here: Installation, fresh: Installation, tmp_path: Path
) -> None:
    location = export(here, tmp_path / "out.json")
    looked = bring(fresh, location, dry_run=True)
    assert (looked.run_id, looked.backup_id, looked.resource_counts["groups"]) == ("", "", 12)
    text = (tmp_path / "out.json").read_text().replace('"Cloud Operators"', '"Clouds"', 1)
    (tmp_path / "out.json").write_text(text)
    manager, source = ExportImportManager(fresh), ImportSource("filesystem", location)
    found = manager.validate_import_format(source, ImportFormat())
    assert not found.valid
    assert all(finding.severity is Severity.ERROR and finding.message for finding in found.findings)
    with pytest.raises(NotImportable):
        bring(fresh, location)
    assert (fresh.vault.snapshots(), fresh.ledger.runs()) == ([], [])


def test_a_changed_file_comes_in_only_when_it_is_said(
    here: Installation, there: Installation, tmp_path: Path
) -> None:
    location = export(here, tmp_path / "out.json")
    text = (tmp_path / "out.json").read_text()
    (tmp_path / "out.json").write_text(text.replace("Director of Platform", "Director of Everything"))
    with pytest.raises(NotImportable, match="section user is changed since it was written"):
        bring(there, location)
    result = bring(there, location, accept_edited=True)
    assert dict(there.vault.resolve(result.backup_id).labels)["imported_edited"] == "section user"


def test_an_encrypted_file_opens_with_its_key_alone(
    here: Installation, there: Installation, taken: SnapshotInfo, tmp_path: Path
) -> None:
    key = x25519.Identity.generate()
    form = ExportFormat("CSV", "zip", encryption=True, recipients=[str(key.to_public())])
    location = export(here, tmp_path / "out.age", form)
    result = bring(there, location, ImportFormat("csv", identities=[str(key)]))
    assert there.vault.resolve(result.backup_id).root == taken.root


def test_without_personal_fields_an_import_is_partial_and_restores_no_users(
    here: Installation, there: Installation, tmp_path: Path
) -> None:
    location = export(here, tmp_path / "out.json", ExportFormat("json", personal_fields=False))
    assert "Sveavägen" not in (tmp_path / "out.json").read_text()
    result = bring(there, location)
    assert (result.state, result.failures[0].type) == (RunState.PARTIAL, "user")
    with pytest.raises(Refused, match="without personal fields"):
        RestoreManager(there).restore_backup(result.backup_id, RestoreOptions())


def test_a_backup_of_awsideman_comes_in_as_far_as_it_goes(there: Installation, tmp_path: Path) -> None:
    (tmp_path / "data").write_text(json.dumps(AWSIDEMAN))
    with pytest.raises(NotImportable, match="say --format awsideman"):
        bring(there, str(tmp_path / "data"))
    result = bring(there, str(tmp_path / "data"), ImportFormat("awsideman"))
    assert (result.state, result.resource_counts) == (
        RunState.PARTIAL,
        {"users": 2, "groups": 1, "memberships": 1, "permission_sets": 1, "assignments": 1},
    )
    data = StorageEngine(there).retrieve_backup(result.backup_id)
    assert data.groups[0].members == ["anna"]


def test_data_in_memory_is_converted_without_loss(
    here: Installation, there: Installation, tmp_path: Path
) -> None:
    data = StorageEngine(here).retrieve_backup("latest")
    manager = ExportImportManager(here)
    made: ConvertResult = manager.convert_format(data, ExportFormat("JSON"), ExportFormat("YAML"))
    (tmp_path / "made.yaml").write_bytes(made.files["snapshot.yaml"])
    brought = bring(there, str(tmp_path / "made.yaml"))
    again = StorageEngine(there).retrieve_backup(brought.backup_id)
    assert (again.users, again.groups, again.assignments) == (data.users, data.groups, data.assignments)
    assert (again.applications, again.instance) == (data.applications, data.instance)
    tables = manager.convert_format(data, ExportFormat("JSON"), ExportFormat("CSV")).files
    assert {"manifest.json", "user.csv"} <= set(tables)


def test_what_a_backup_leaves_out_is_left_out_of_its_import(
    here: Installation, there: Installation, tmp_path: Path
) -> None:
    whole = StorageEngine(here).retrieve_backup("latest")
    digest = whole.checksums["type:user"]
    data = BackupData(whole.metadata, whole.users, [], [], [], RelationshipMap(), {"type:user": digest})
    for form in ("JSON", "YAML"):
        ((name, made),) = (
            ExportImportManager(here)
            .convert_format(data, ExportFormat(form), ExportFormat(form))
            .files.items()
        )
        (tmp_path / name).write_bytes(made)
        brought = there.vault.resolve(bring(there, str(tmp_path / name)).backup_id)
        assert [section.type for section in brought.sections if section.captured] == ["user"]
        assert brought.sections[0].digest == digest
        assert len(brought.sections) == 10


# -- S3, the web, and credentials

SECRETS = {
    "aws_access_key_id": "AKIDOFTHETARGET",
    "aws_secret_access_key": "secret-of-the-target",
    "aws_session_token": "session-of-the-target",
}


def traces(folder: Path, *secrets: str) -> list[str]:
    """Files below a folder that hold one of the secrets."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]


def test_exports_go_to_s3_and_come_from_there_with_credentials_that_are_kept_nowhere(
    here: Installation, there: Installation, taken: SnapshotInfo, sandbox: SandboxServer, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    here.session.call("s3", "CreateBucket", {"Bucket": "exports"})
    given = {**SECRETS, "endpoint_url": sandbox.url, "region": "us-east-1"}
    target = ExportTarget("s3", "s3://exports/a/snapshot.json.gz", given)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")  # nothing but what is given can have signed it
    manager = ExportImportManager(here)
    manager.export_backup("latest", ExportFormat("JSON", "gzip"), target)
    with pytest.raises(TargetTaken):
        manager.export_backup("latest", ExportFormat("JSON", "gzip"), target)
    manager.export_backup("latest", ExportFormat("CSV"), ExportTarget("s3", "s3://exports/tables", given))
    other = ExportImportManager(there)
    for location in ("s3://exports/a/snapshot.json.gz", "s3://exports/tables/"):
        source = ImportSource("s3", location, given)
        brought = other.import_backup(source, ImportFormat(), ImportOptions())
        assert there.vault.resolve(brought.backup_id).root == taken.root
    with pytest.raises(NotFound) as caught:
        other.import_backup(ImportSource("s3", "s3://exports/none", given), ImportFormat(), ImportOptions())
    said = f"{target!r} {ImportSource('s3', 'x', given)!r} {caught.value!r} {caught.value.facts()} {capfd.readouterr()}"
    folders = (here.settings.base, there.settings.base)
    assert [trace for folder in folders for trace in traces(folder, *SECRETS.values())] == []
    assert [secret for secret in SECRETS.values() if secret in said] == []


def test_a_large_export_goes_up_in_parts_and_a_failure_leaves_nothing(
    here: Installation, sandbox: SandboxServer
) -> None:
    here.session.call("s3", "CreateBucket", {"Bucket": "parts"})
    data = os.urandom(1 << 20) * 9
    with (
        S3Export(here.session, "s3://parts/big", overwrite=False).opened(folder=False) as opened,
        opened("") as sink,
    ):
        sink.write(data)
    assert len(data) > PART
    assert b"".join(S3Import(here.session, "s3://parts/big").files()[""]()) == data
    with pytest.raises(TargetTaken):
        _upload(S3Export(here.session, "s3://parts/big", overwrite=False), data)
    with pytest.raises(KeyboardInterrupt):
        _upload(S3Export(here.session, "s3://parts/new", overwrite=False), data, KeyboardInterrupt())
    assert "Uploads" not in here.session.call("s3", "ListMultipartUploads", {"Bucket": "parts"})
    with pytest.raises(NotFound):
        list(S3Import(here.session, "s3://parts/new").files()[""]())


def _upload(place: S3Export, data: bytes, then: BaseException | None = None) -> None:
    with place.opened(folder=False) as opened, opened("") as sink:
        sink.write(data)
        if then:
            raise then


def test_an_import_from_the_web_keeps_no_password(
    here: Installation, there: Installation, taken: SnapshotInfo, tmp_path: Path
) -> None:
    export(here, tmp_path / "out.json")
    with site() as served:
        served.pages["/out.json?signed=query-secret"] = (tmp_path / "out.json").read_bytes()
        source = ImportSource(
            "url", served.url + "/out.json?signed=query-secret", {"username": "ann", "password": "web-secret"}
        )
        brought = ExportImportManager(there).import_backup(source, ImportFormat(), ImportOptions())
    assert there.vault.resolve(brought.backup_id).root == taken.root
    assert (
        dict(there.vault.resolve(brought.backup_id).labels)["imported_from"] == served.url + "/out.json?..."
    )
    secrets = ("web-secret", "query-secret", "YW5uOndlYi1zZWNyZXQ=")
    assert [secret for secret in secrets if secret in repr(source)] == []
    assert traces(there.settings.base, *secrets) == []


@pytest.mark.parametrize(
    ("form", "target"),
    [
        (ExportFormat("XML"), ExportTarget("filesystem", "x")),
        (ExportFormat("JSON", "rar"), ExportTarget("filesystem", "x")),
        (ExportFormat("CSV", "gzip"), ExportTarget("filesystem", "x")),
        (ExportFormat("CSV", None, True), ExportTarget("filesystem", "x")),
        (ExportFormat("JSON", None, True), ExportTarget("filesystem", "x")),
        (ExportFormat("JSON"), ExportTarget("ftp", "ftp://x")),
        (ExportFormat("JSON"), ExportTarget("s3", "s3://bucket")),
        (ExportFormat("JSON"), ExportTarget("filesystem", "x", {"password": "hush-hush"})),
        (ExportFormat("JSON"), ExportTarget("s3", "s3://b/k", {"password": "hush-hush"})),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    here: Installation,
    form: ExportFormat,
    target: ExportTarget,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        ExportImportManager(here).export_backup("latest", form, target)
    assert "hush" not in f"{caught.value} {caught.value.advice}"
    assert list(tmp_path.iterdir()) == []
