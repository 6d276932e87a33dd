"""The two severity scales of ASH, and how SARIF's levels map to each: declared once, here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.systems.scans.model import ScanFinding

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO")
"""Worst first; both scales use these words."""

LEVELS: Mapping[str, tuple[str, str]] = {
    "error": ("CRITICAL", "HIGH"),
    "warning": ("MEDIUM", "MEDIUM"),
    "note": ("LOW", "LOW"),
    "none": ("INFO", "INFO"),
}
"""SARIF level -> (severity in ASH's summary, severity in ASH's flat report).

ASH 3.0.0 to 3.5.9 disagree with themselves about `error`; both readings are kept.
"""

DEFAULT_LEVEL = "warning"
"""What a result without a level has: SARIF 2.1.0, 3.27.10."""


def level_of(named: str | None) -> str:
    """A SARIF level in small letters; the standard's default where none or an unknown one is named."""
    level = (named or "").lower()
    return level if level in LEVELS else DEFAULT_LEVEL


def severities(level: str, named: object = None) -> tuple[str, str]:
    """(summary severity, flat severity) of a level; a severity that the scanner itself named wins on both."""
    word = named.strip().upper() if isinstance(named, str) else ""
    return (word, word) if word in SEVERITIES else LEVELS[level]


def at_least(severity: str, threshold: str) -> bool:
    """Whether a severity is as bad as the threshold or worse; letters' case does not matter.

    Raises: ValueError for a word that is no severity.
    """
    return SEVERITIES.index(severity.upper()) <= SEVERITIES.index(threshold.upper())


def count_open(findings: Iterable[ScanFinding], *, flat: bool = False) -> dict[str, int]:
    """How many findings that are not suppressed there are of each severity, zeros included, worst first."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        if not finding.suppressed:
            counts[finding.flat_severity if flat else finding.severity] += 1
    return counts
