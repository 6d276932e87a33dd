"""What a doctor looks at, how each thing was found, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from holdfast.domain.errors import AccessDenied, CredentialsError, HoldfastError


class Verdict(StrEnum):
    """How a thing was found: in order, a permission or credentials missing, wrong, or not to be told."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"


_EXIT_CODES = {Verdict.MISSING: AccessDenied.exit_code, Verdict.WRONG: 5, Verdict.UNKNOWN: 3}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; what is not `needed` never makes a doctor fail.

    `reason` is what was seen, in the service's own words where it refused; `advice` the next step.
    """

    topic: str
    name: str
    verdict: Verdict
    reason: str = ""
    advice: str = ""
    needed: bool = True


def exit_code(checks: Iterable[Check]) -> int:
    """11 where a needed permission is missing, else 5 where something is wrong, 3 where it could not be told, 0."""
    met = {check.verdict for check in checks if check.needed}
    return next((code for verdict, code in _EXIT_CODES.items() if verdict in met), 0)


def failed(topic: str, name: str, error: HoldfastError) -> Check:
    """The check that an error ended."""
    reason = " ".join(str(error).split())  # problems of settings stand in lines of their own
    if isinstance(error, (AccessDenied, CredentialsError)):
        return Check(topic, name, Verdict.MISSING, reason, error.advice)
    verdict = Verdict.WRONG if error.permanent else Verdict.UNKNOWN
    return Check(topic, name, verdict, reason, error.advice)
