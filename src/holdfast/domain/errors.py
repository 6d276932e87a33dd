"""Every error Holdfast lets out: what happened, in whose words, and the next step."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(eq=False)
class HoldfastError(Exception):
    """An expected failure with a stable code, an exit code, one sentence and advice.

    Subclasses are dataclasses whose fields carry the facts; `sentence` and `next_step` are
    format strings over those fields. `permanent` is all that the retry policy reads. `ends_run` says
    that no other change of a run would escape the error either: the run stops there and is resumed.
    """

    code: ClassVar[str] = "holdfast"
    exit_code: ClassVar[int] = 1
    permanent: ClassVar[bool] = True
    ends_run: ClassVar[bool] = False
    sentence: ClassVar[str] = "Something failed."
    next_step: ClassVar[str] = ""

    def __str__(self) -> str:
        return self.sentence.format(**self.facts())

    @property
    def advice(self) -> str:
        """The next step for the person who reads the error; empty when there is none."""
        return self.next_step.format(**self.facts())

    def facts(self) -> dict[str, str]:
        """The typed fields as text, in the order they were declared."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    def __reduce__(self) -> tuple[type[HoldfastError], tuple[object, ...]]:
        # A dataclass built with keywords leaves Exception.args empty, so pickling needs the fields.
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


@dataclass(eq=False)
class UsageError(HoldfastError):
    """The command line or the call makes no sense as given."""

    problem: str
    remedy: str = ""
    code: ClassVar[str] = "usage"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[str] = "{problem}"
    next_step: ClassVar[str] = "{remedy}"


@dataclass(eq=False)
class Refused(HoldfastError):
    """A rule forbids what was asked; nothing was changed."""

    rule: str
    remedy: str
    code: ClassVar[str] = "refused"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "Refused: {rule}"
    next_step: ClassVar[str] = "{remedy}"


@dataclass(eq=False)
class SettingsError(HoldfastError):
    """The settings have problems; all of them are listed at once, one per line."""

    source: str
    problems: tuple[str, ...]
    code: ClassVar[str] = "settings"
    exit_code: ClassVar[int] = 10
    sentence: ClassVar[str] = "{source}:{problems}"
    next_step: ClassVar[str] = (
        "Correct what is named above; `holdfast init` writes a file with every setting explained."
    )

    def facts(self) -> dict[str, str]:
        return {"source": self.source, "problems": "\n  ".join(("", *self.problems)).rstrip()}


@dataclass(eq=False)
class CredentialsError(HoldfastError):
    """No usable credentials: missing, expired or malformed."""

    problem: str
    remedy: str
    code: ClassVar[str] = "credentials"
    ends_run: ClassVar[bool] = True
    exit_code: ClassVar[int] = 11
    sentence: ClassVar[str] = "{problem}"
    next_step: ClassVar[str] = "{remedy}"


@dataclass(eq=False)
class AccessDenied(HoldfastError):
    """The service refused an action to this principal."""

    action: str
    resource: str
    service_said: str
    code: ClassVar[str] = "access-denied"
    exit_code: ClassVar[int] = 11
    sentence: ClassVar[str] = "{action} on {resource} was denied. The service said: {service_said}"
    next_step: ClassVar[str] = "Allow {action} to the principal Holdfast runs as, then run the command again."


@dataclass(eq=False)
class ActionsMissing(HoldfastError):
    """The planned changes need actions that this principal may not do; nothing was changed."""

    listed: str
    code: ClassVar[str] = "actions-missing"
    exit_code: ClassVar[int] = 11
    sentence: ClassVar[str] = (
        "The planned changes need actions that are not allowed; nothing was changed:\n  {listed}"
    )
    next_step: ClassVar[str] = (
        "Allow them, or use credentials that may; `holdfast doctor --print-policy restore` prints what is needed."
    )


@dataclass(eq=False)
class RemoteError(HoldfastError):
    """The service answered with an error that a repeat will not cure."""

    operation: str
    error: str
    service_said: str
    code: ClassVar[str] = "remote"
    exit_code: ClassVar[int] = 30
    sentence: ClassVar[str] = "{operation} failed with {error}. The service said: {service_said}"
    next_step: ClassVar[str] = (
        "Look at what the service said; `holdfast runs show` lists every item it touched."
    )


@dataclass(eq=False)
class TlsTooOld(RemoteError):
    """The other side speaks no TLS version that is accepted, so nothing was sent."""

    code: ClassVar[str] = "tls-too-old"
    sentence: ClassVar[str] = "{operation} was not sent: TLS 1.3 is not spoken there ({service_said})."
    next_step: ClassVar[str] = (
        "Let whoever runs the server or proxy turn TLS 1.3 on. `[aws] tls_minimum` set to 1.2 accepts TLS 1.2; "
        "`holdfast doctor` and every report then say so."
    )


@dataclass(eq=False)
class RemoteUnavailable(RemoteError):
    """The service could not be reached or failed on its side; a repeat may succeed."""

    code: ClassVar[str] = "remote-unavailable"
    permanent: ClassVar[bool] = False
    sentence: ClassVar[str] = "{operation} did not get an answer ({error}): {service_said}"
    next_step: ClassVar[str] = "Check the network, the region and AWS_ENDPOINT_URL, then resume the run."


@dataclass(eq=False)
class Throttled(RemoteUnavailable):
    """The service kept refusing for its rate limit longer than the configured patience."""

    code: ClassVar[str] = "throttled"
    ends_run: ClassVar[bool] = True
    next_step: ClassVar[str] = (
        "Raise `throttle_patience`, lower `requests_per_second`, or run when other tools are quiet; "
        "then resume the run."
    )


@dataclass(eq=False)
class NotFound(HoldfastError):
    """A named thing is not there."""

    kind: str
    name: str
    remedy: str = ""
    code: ClassVar[str] = "not-found"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[str] = "There is no {kind} {name}."
    next_step: ClassVar[str] = "{remedy}"


@dataclass(eq=False)
class VaultError(HoldfastError):
    """The vault cannot be used as it stands."""

    problem: str
    remedy: str
    code: ClassVar[str] = "vault"
    exit_code: ClassVar[int] = 20
    sentence: ClassVar[str] = "{problem}"
    next_step: ClassVar[str] = "{remedy}"


@dataclass(eq=False)
class VaultDamaged(VaultError):
    """Stored bytes are not what was written; `where` names the object and, where known, the record."""

    where: str = ""
    code: ClassVar[str] = "vault-damaged"
    sentence: ClassVar[str] = "The vault is damaged at {where}: {problem}"


@dataclass(eq=False)
class Busy(HoldfastError):
    """Another run holds what this one needs, or this one had to stop early; it can be resumed."""

    problem: str
    resume: str
    code: ClassVar[str] = "busy"
    ends_run: ClassVar[bool] = True
    exit_code: ClassVar[int] = 75
    permanent: ClassVar[bool] = False
    sentence: ClassVar[str] = "{problem}"
    next_step: ClassVar[str] = "{resume}"


@dataclass(eq=False)
class TakenOver(Busy):
    """Another process holds this run now; what this one still wanted to write was refused."""

    code: ClassVar[str] = "taken-over"


@dataclass(eq=False)
class Interrupted(HoldfastError):
    """Somebody stopped the run; everything up to that point is on record."""

    run: str
    code: ClassVar[str] = "interrupted"
    exit_code: ClassVar[int] = 130
    permanent: ClassVar[bool] = False
    sentence: ClassVar[str] = "Run {run} was interrupted. What it did until then is on record."
    next_step: ClassVar[str] = "holdfast runs resume {run}"


@dataclass(eq=False)
class LedgerError(HoldfastError):
    """The ledger's database cannot be used as it stands."""

    ledger: str
    problem: str
    code: ClassVar[str] = "ledger"
    exit_code: ClassVar[int] = 10
    sentence: ClassVar[str] = "The ledger {ledger} cannot be used: {problem}"
    next_step: ClassVar[str] = (
        "Check that the file and its folder can be read and written by the user who runs Holdfast."
    )


@dataclass(eq=False)
class LedgerDamaged(LedgerError):
    """The ledger's file is not a sound database."""

    code: ClassVar[str] = "ledger-damaged"
    exit_code: ClassVar[int] = 20
    sentence: ClassVar[str] = "The ledger {ledger} is damaged: {problem}"
    next_step: ClassVar[str] = (
        "Put a copy of the file back, or move it away to start a new one. Snapshots in the vault do not depend on it."
    )


@dataclass(eq=False)
class LedgerFull(LedgerError):
    """There is no room left for the ledger; what was committed before is kept."""

    code: ClassVar[str] = "ledger-full"
    exit_code: ClassVar[int] = 75
    permanent: ClassVar[bool] = False
    sentence: ClassVar[str] = "There is no room left to write the ledger {ledger}: {problem}"
    next_step: ClassVar[str] = "Make room on the disk, then resume the run: `holdfast runs resume latest`."


@dataclass(eq=False)
class OutOfSpace(HoldfastError):
    """No room is left where something had to be written; what was there before is still whole."""

    place: str
    wanted: str
    code: ClassVar[str] = "out-of-space"
    exit_code: ClassVar[int] = 75
    permanent: ClassVar[bool] = False
    sentence: ClassVar[str] = "There is no room left at {place} for {wanted}."
    next_step: ClassVar[str] = (
        "Free some space or name another folder; then run the command again, or `holdfast runs report` where only "
        "the report is missing."
    )


@dataclass(eq=False)
class CannotWrite(HoldfastError):
    """A folder of this machine cannot be written to."""

    place: str
    problem: str
    code: ClassVar[str] = "cannot-write"
    exit_code: ClassVar[int] = 10
    sentence: ClassVar[str] = "{place} cannot be written: {problem}"
    next_step: ClassVar[str] = (
        "Give the user Holdfast runs as write permission there, or name another --output-dir."
    )
