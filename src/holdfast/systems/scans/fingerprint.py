"""Fingerprints that survive moved lines: rule, file and code, never a line number.

The `fingerprints` of the result file are not used: without an account semgrep writes the same words
into all of them. Code is taken redacted, so that nobody can try passwords against a fingerprint.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

VERSION = "1"
"""Part of every fingerprint; another way to make them, or to redact, is another version."""

_SPACE = re.compile(r"\s+")
_LINE_NUMBER = re.compile(r"\b(lines?|at|column|col)[ :#]*\d+(\s*(-|to|and|,|:)\s*\d+)*", re.IGNORECASE)
_RULE_FILE = re.compile(r"^.*\.(?=ash_stargrep_rules\.)")


@dataclass(frozen=True, slots=True)
class Place:
    """What a finding's fingerprint is made of, and where it stands among equal ones."""

    scanner: str
    rule_id: str
    path: str
    context: str
    line: int
    column: int


def fingerprints(places: Sequence[Place]) -> list[str]:
    """One fingerprint per place (24 hex digits), all distinct, in the given order.

    Findings with the same rule, file and code are told apart by their order of lines.
    """
    order = sorted(range(len(places)), key=lambda number: (places[number].line, places[number].column))
    seen: Counter[tuple[str, str, str, str]] = Counter()
    made = [""] * len(places)
    for number in order:
        place = places[number]
        same = (place.scanner, place.rule_id, place.path, place.context)
        made[number] = _digest(*same, str(seen[same]))
        seen[same] += 1
    return made


def code_context(snippet: str, message: str) -> str:
    """The code without its layout; where a scanner quotes none, the message without its line numbers."""
    text = snippet if snippet.strip() else _LINE_NUMBER.sub(r"\1", message)
    return _SPACE.sub(" ", text).strip()


def stable_rule(rule_id: str) -> str:
    """The rule's id without the folder of the machine that its rule file lay in.

    semgrep puts the path before the id, for example `Users.me..cache.….ash_stargrep_rules.some-rule`.
    """
    return _RULE_FILE.sub("", rule_id)


def _digest(*parts: str) -> str:
    text = "\x1f".join((VERSION, *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
