"""The file `ash_aggregated_results.json` of ASH 3.0 to 3.5.9, decoded as far as a scan needs it.

The file writes every field that SARIF knows, mostly as null or -1; what is not needed is skipped over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec

from holdfast.domain.errors import HoldfastError
from holdfast.systems.scans import sarif
from holdfast.systems.scans.redaction import Redactor, looks_for_secrets


@dataclass(eq=False)
class NotAScanResult(HoldfastError):
    """The file given is no result of ASH; `problem` says what is missing."""

    source: str
    problem: str
    code: ClassVar[str] = "not-a-scan-result"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[str] = "{source} is no result of ASH: {problem}"
    next_step: ClassVar[str] = (
        "Give the ash_aggregated_results.json of ASH 3.0 or newer; ASH writes it to .ash/ash_output/."
    )


class Metadata(msgspec.Struct):
    """The report's metadata; `summary_stats` has its severities flat (3.0) or in `severity_counts` (3.5.9)."""

    generated_at: str | None = None
    project_name: str | None = None
    tool_version: str | None = None
    summary_stats: object = None

    def counts(self) -> dict[str, int]:
        """ASH's own count per severity and of the suppressed, in small letters; empty where it has none."""
        stats = self.summary_stats if isinstance(self.summary_stats, Mapping) else {}
        nested = stats.get("severity_counts")
        source = nested if isinstance(nested, Mapping) else stats
        names = ("suppressed", "critical", "high", "medium", "low", "info")
        return {name: count for name in names if isinstance(count := source.get(name), int)}

    def start(self) -> str:
        """When the scan began; None in the file, so empty here, while reporters run."""
        stats = self.summary_stats if isinstance(self.summary_stats, Mapping) else {}
        return str(stats.get("start") or "")


class ScannerResult(msgspec.Struct):
    """What ASH says of one scanner; a target's numbers stand here or below `source` and `converted`."""

    status: str | None = None
    dependencies_satisfied: bool | None = None
    excluded: bool | None = None
    finding_count: int | None = None
    suppressed_finding_count: int | None = None
    exit_code: int | None = None


class AshResult(msgspec.Struct):
    """The sections of the result file that are read; the others are skipped over."""

    name: str | None = None
    description: str | None = None
    metadata: object = None
    ash_config: object = None
    scanner_results: dict[str, object] | None = None
    converter_results: object = None
    additional_reports: dict[str, object] | None = None
    sarif: sarif.Log | None = None


_results = msgspec.json.Decoder(AshResult)
_sections = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class ScanSource:
    """A decoded result file with the digest of its bytes and what is needed to redact it."""

    result: AshResult = field(repr=False)
    log: sarif.Log = field(repr=False)
    metadata: Metadata
    scanners: Mapping[str, ScannerResult]
    digest: str
    name: str
    redact: bool
    redactor: Redactor = field(repr=False)

    def mask(self, text: str, *, secret_rule: bool = False) -> str:
        """The text as it may leave: redacted, unless the settings say otherwise."""
        return self.redactor.mask(text, secret_rule=secret_rule) if self.redact else text

    def mask_json(self, value: object) -> object:
        """A section of the file as it may leave."""
        return self.redactor.mask_json(value) if self.redact else value


def read_source(data: bytes, name: str = "The file", *, redact: bool = True) -> ScanSource:
    """The decoded result file; `name` is what errors call it.

    Raises: NotAScanResult, which says what is missing.
    """
    try:
        result = _results.decode(data)
        metadata = msgspec.convert(result.metadata or {}, Metadata, strict=False)
        scanners = msgspec.convert(
            result.scanner_results, dict[str, ScannerResult | None] | None, strict=False
        )
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
    ) as error:  # ValidationError is a DecodeError
        raise NotAScanResult(name, _what_is_wrong(data, str(error))) from error
    log = result.sarif
    if log is None or scanners is None:
        raise NotAScanResult(name, _what_is_wrong(data, ""))
    said = {scanner: each or ScannerResult() for scanner, each in scanners.items()}
    redactor = Redactor()
    if redact:
        redactor.learn_all(_texts(log))
    return ScanSource(result, log, metadata, said, hashlib.sha256(data).hexdigest(), name, redact, redactor)


def _what_is_wrong(data: bytes, decoding: str) -> str:
    try:
        sections = _sections.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"it is no JSON object ({error})."
    if "runs" in sections and "sarif" not in sections:
        return "it is a SARIF file, which does not say which scanners ran."
    if "findings" in sections and "sarif" not in sections:
        return "it is ASH's flat report, which does not say which scanners ran."
    absent = [
        name
        for name in ("metadata", "scanner_results", "sarif")
        if bytes(sections.get(name, b"null")) == b"null"
    ]
    return f"it has no {' and no '.join(absent)}." if absent else f"{decoding}."


def _texts(log: sarif.Log) -> Iterator[tuple[str, bool]]:
    """Every text of the file that quotes code, and whether its rule looks for secrets."""
    for run in log.all_runs():
        for result in run.results or ():
            secret_rule = looks_for_secrets(result.rule_id or "", result.scanner(run))
            for text in result.texts():
                yield text, secret_rule
