"""Every run leaves evidence: whole files, masked, escaped, and true to their schema."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from holdfast.adapters.evidence_files import EvidenceFiles
from holdfast.adapters.run_log import JsonLog
from holdfast.domain.errors import CannotWrite, OutOfSpace, UsageError
from holdfast.domain.outcomes import DONE, Item
from holdfast.domain.runs import RunState
from holdfast.kernel.runs.evidence import write_evidence
from holdfast.kernel.runs.manifest import EvidenceFile, manifest_chunks, manifest_schema
from holdfast.kernel.runs.metrics import metrics_text
from holdfast.kernel.runs.report import build_report
from holdfast.kernel.runs.report_html import report_html
from tests.simulators import sample_run
from tests.simulators.memory_ledger import MemoryLedger
from tests.simulators.sample_run import HOSTILE, RUN_ID

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "manifest.schema.json"
ALL_FILES = ["manifest.json", "metrics.prom", "report.html", "report.txt", "run.log"]


class StoppedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return sample_run.STARTED

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


class Page(HTMLParser):
    """The tags, attributes and text of a page as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path / "reports", StoppedClock())


def _nowhere(text: str) -> None:
    raise AssertionError("the disk is not full")


def _written(store: EvidenceFiles) -> Path:
    with store.log(RUN_ID) as log:
        log.event("stage started", {"stage": "capture"})
    evidence = write_evidence(sample_run.report(), sample_run.ledger(), store, _nowhere)
    return Path(evidence.location)


def test_evidence_is_five_files_that_only_their_owner_reads(store: EvidenceFiles) -> None:
    folder = _written(store)

    assert sorted(path.name for path in folder.iterdir()) == ALL_FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o700, 0o700]


def test_the_manifest_holds_the_digests_of_the_other_files(store: EvidenceFiles) -> None:
    folder = _written(store)
    manifest = json.loads((folder / "manifest.json").read_bytes())

    assert sorted(file["name"] for file in manifest["files"]) == ALL_FILES[1:]
    for file in manifest["files"]:
        data = (folder / file["name"]).read_bytes()
        assert (file["size"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("state", list(RunState))
def test_the_manifest_of_a_run_in_any_state_validates_against_the_published_schema(state: RunState) -> None:
    chunks = manifest_chunks(sample_run.report(state), sample_run.ledger(), [])

    jsonschema.validate(json.loads(b"".join(chunks)), json.loads(SCHEMA.read_bytes()))


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert SCHEMA.read_bytes() == manifest_schema()


def test_the_schema_refuses_a_manifest_that_lacks_its_outcomes() -> None:
    manifest = json.loads(b"".join(manifest_chunks(sample_run.report(), sample_run.ledger(), [])))
    del manifest["items"][0]["outcome"]

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, json.loads(SCHEMA.read_bytes()))


def test_the_manifest_lists_every_item_and_change(store: EvidenceFiles) -> None:
    manifest = json.loads((_written(store) / "manifest.json").read_bytes())

    assert [item["key"] for item in manifest["items"]] == ["Admins", "Auditors\x1b[2J", HOSTILE, "ada"]
    assert [change["name"] for change in manifest["changes"]] == [
        "create user ada",
        "create permission_set.managed_policy ReadOnly / arn:aws:iam::aws:policy/ViewOnlyAccess",
        "create assignment 444455556666 / ReadOnly / GROUP / Admins",
        "update group Admins",
    ]
    assert manifest["changes"][3]["outcome"] is None


def test_no_personal_value_reaches_any_file(store: EvidenceFiles) -> None:
    with store.log(RUN_ID) as log:
        log.event("planned", {"user": "ada", "after": {"DisplayName": "Ada Lovelace", "Title": "Engineer"}})
    folder = _written(store)
    everything = b"".join(path.read_bytes() for path in folder.iterdir())

    for value in (b"Lovelace", b"ada@example.org", b"Engineer", b"Director", b"Augusta"):
        assert value not in everything
    created = json.loads((folder / "manifest.json").read_bytes())["changes"][0]
    assert created["after"] == {"DisplayName": "***", "Emails": "***", "Locale": "en"}


def test_a_user_named_script_stays_text_in_the_page() -> None:
    page = Page(report_html(sample_run.report()))

    assert "script" not in page.tags
    assert HOSTILE in "".join(page.words)
    assert "Auditors\x1b" not in "".join(page.words)


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(report_html(sample_run.report()))

    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert page.attributes.isdisjoint({"src", "href", "srcset"})
    assert not [name for name in page.attributes if name.startswith("on")]


def test_metrics_count_items_by_outcome_and_escape_labels() -> None:
    ledger = MemoryLedger(item_rows=[Item('odd"type\n', "x", DONE)])
    lines = metrics_text(build_report(ledger, sample_run.run(RunState.COMPLETE))).splitlines()

    assert 'holdfast_run_success{system="identity_center",kind="restore"} 1' in lines
    assert 'holdfast_run_duration_seconds{system="identity_center",kind="restore"} 185.4' in lines
    labels = 'system="identity_center",kind="restore",type="odd\\"type\\n",outcome="done"'
    assert f"holdfast_run_items{{{labels}}} 1" in lines


def test_metrics_tell_calls_and_throttles() -> None:
    lines = metrics_text(sample_run.report()).splitlines()

    assert 'holdfast_run_calls{system="identity_center",kind="restore"} 1432' in lines
    assert 'holdfast_run_throttles{system="identity_center",kind="restore"} 3' in lines


def test_the_log_is_json_lines_also_of_what_modules_log(store: EvidenceFiles) -> None:
    with store.log(RUN_ID) as log:
        log.event("stage started", {"stage": "capture"})
        logging.getLogger("holdfast.kernel.pacing").warning(
            "throttled", extra={"facts": {"Name": "Ada", "n": 3}}
        )
    logging.getLogger("holdfast.kernel.pacing").warning("after the run")
    lines = (Path(store.location(RUN_ID)) / "run.log").read_text().splitlines()

    common = {"at": "2026-11-20T09:08:12.123Z", "run": RUN_ID}
    assert [json.loads(line) for line in lines] == [
        {**common, "level": "info", "event": "stage started", "stage": "capture"},
        {**common, "level": "warning", "event": "throttled", "Name": "***", "n": 3},
    ]


def test_the_log_of_a_resumed_run_goes_on_where_it_stopped(store: EvidenceFiles) -> None:
    for name in ("started", "resumed"):
        with store.log(RUN_ID) as log:
            log.event(name)
    lines = (Path(store.location(RUN_ID)) / "run.log").read_text().splitlines()

    assert [json.loads(line)["event"] for line in lines] == ["started", "resumed"]


class _FullDisk:
    """Chunks whose second write meets a disk without room, as the kernel reports it."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"half of it"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_older_file_whole_and_no_remains(store: EvidenceFiles) -> None:
    store.write(RUN_ID, "report.txt", [b"the older report"])

    with pytest.raises(OutOfSpace) as caught:
        store.write(RUN_ID, "report.txt", _FullDisk())

    folder = Path(store.location(RUN_ID))
    assert [path.name for path in folder.iterdir()] == ["report.txt"]
    assert (folder / "report.txt").read_bytes() == b"the older report"
    assert caught.value.exit_code == 75


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_log_on_a_full_disk_counts_what_it_lost_and_stops_nothing() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, JsonLog(full, RUN_ID, StoppedClock()) as log:
        log.event("stage started")
        log.event("stage ended")

    assert log.lost == 2


class FillingFile(io.BytesIO):
    """A file whose disk takes only half of its first line."""

    def write(self, data: Buffer, /) -> int:
        whole = bytes(data)
        return super().write(whole[: len(whole) // 2] if not self.tell() else whole)


def test_a_line_that_a_filling_disk_cut_off_does_not_spoil_the_next() -> None:
    file = FillingFile()
    with JsonLog(file, RUN_ID, StoppedClock()) as log:
        log.event("first")
        log.event("second")

    assert log.lost == 1
    assert json.loads(file.getvalue().splitlines()[1])["event"] == "second"


class FullStore(EvidenceFiles):
    """A store on a disk that has no room."""

    def write(self, run_id: str, name: str, chunks: Iterable[bytes]) -> EvidenceFile:
        return super().write(run_id, name, _FullDisk())


def test_on_a_full_disk_the_text_report_goes_to_the_fallback(tmp_path: Path) -> None:
    shown: list[str] = []

    with pytest.raises(OutOfSpace):
        write_evidence(
            sample_run.report(), sample_run.ledger(), FullStore(tmp_path, StoppedClock()), shown.append
        )

    assert shown[0].startswith("restore of identity_center: partial in 3 min 05 s")


def test_a_folder_that_is_a_file_is_our_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")

    with pytest.raises(CannotWrite, match="reports"):
        EvidenceFiles(tmp_path / "reports", StoppedClock()).write(RUN_ID, "report.txt", [b"x"])


@pytest.mark.parametrize("run_id", ["..", "", "../elsewhere", "a/b"])
def test_a_run_id_cannot_lead_out_of_the_reports_folder(store: EvidenceFiles, run_id: str) -> None:
    with pytest.raises(UsageError):
        store.write(run_id, "report.txt", [b"x"])


def test_a_large_run_streams_in_pieces() -> None:
    ledger = MemoryLedger(item_rows=[Item("user", f"user-{number:06}", DONE) for number in range(20_000)])
    chunks = list(manifest_chunks(build_report(ledger, sample_run.run()), ledger, []))

    assert max(map(len, chunks)) < 64 * 1024
    assert len(json.loads(b"".join(chunks))["items"]) == 20_000
