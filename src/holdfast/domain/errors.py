"""Every error Holdfast lets out: what happened, in whose words, and the next step."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(eq=False)
class HoldfastError(Exception):
    """An expected failure with a stable code, an exit code, one sentence and advice.

    Subclasses are dataclasses whose fields carry the facts; `sentence` and `next_step` are
    format strings over those fields. `permanent` is all that the retry policy reads.
    """

    code: ClassVar[str] = "holdfast"
    exit_code: ClassVar[int] = 1
    permanent: ClassVar[bool] = True
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
    sentence: ClassVar[str] = "{source}: {problems}"
    next_step: ClassVar[str] = (
        "Correct the lines named above; `holdfast init --help` shows a complete example."
    )

    def facts(self) -> dict[str, str]:
        return {"source": self.source, "problems": "\n  ".join(("", *self.problems)).rstrip()}


@dataclass(eq=False)
class CredentialsError(HoldfastError):
    """No usable credentials: missing, expired or malformed."""

    problem: str
    remedy: str
    code: ClassVar[str] = "credentials"
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
    exit_code: ClassVar[int] = 75
    permanent: ClassVar[bool] = False
    sentence: ClassVar[str] = "{problem}"
    next_step: ClassVar[str] = "{resume}"
