"""What QuickSight refuses, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdfast.domain.errors import Busy, RemoteError


@dataclass(eq=False)
class Missing(RemoteError):
    """What was asked for is not there."""

    code: ClassVar[str] = "quicksight-not-found"
    next_step: ClassVar[str] = "It may have been deleted since it was listed; run the command again to see."


@dataclass(eq=False)
class LimitReached(RemoteError):
    """As many of these as the account may have are there or under way."""

    code: ClassVar[str] = "quicksight-limit"
    next_step: ClassVar[str] = (
        "Wait until other jobs have ended, or ask AWS for a higher quota in Service Quotas."
    )


@dataclass(eq=False)
class UnsupportedEdition(RemoteError):
    """The account's edition does not have this call."""

    code: ClassVar[str] = "quicksight-edition"
    next_step: ClassVar[str] = (
        "It needs QuickSight's Enterprise edition; leave the type out where there is none."
    )


@dataclass(eq=False)
class NotAccepted(RemoteError):
    """The service does not take this value, or does not offer the call for such a thing."""

    code: ClassVar[str] = "quicksight-not-accepted"
    next_step: ClassVar[str] = "Look at what the service said; it is no fault that a repeat cures."


@dataclass(eq=False)
class Conflicting(RemoteError):
    """Such a thing is there already, or is being changed by somebody else."""

    code: ClassVar[str] = "quicksight-conflict"
    next_step: ClassVar[str] = "Run the command again once nobody else changes it."


@dataclass(eq=False)
class ServiceSilent(Busy):
    """The service has stopped answering; what was read is kept."""

    code: ClassVar[str] = "service-silent"


@dataclass(eq=False)
class BadBundle(RemoteError):
    """A bundle that was downloaded is not what was asked for."""

    code: ClassVar[str] = "quicksight-bad-bundle"
    next_step: ClassVar[str] = "Run the command again; if it stays, report it with the run's evidence."


NAMED: dict[str, type[RemoteError]] = {
    "ResourceNotFoundException": Missing,
    "QuickSightUserNotFoundException": Missing,
    "LimitExceededException": LimitReached,
    "UnsupportedUserEditionException": UnsupportedEdition,
    "UnsupportedPricingPlanException": UnsupportedEdition,
    "InvalidParameterValueException": NotAccepted,
    "InvalidParameterException": NotAccepted,
    "InvalidRequestException": NotAccepted,
    "InvalidDataSetParameterValueException": NotAccepted,
    "PreconditionNotMetException": NotAccepted,
    "ResourceExistsException": Conflicting,
    "ConflictException": Conflicting,
}
"""By the service's own code; every other one stays a RemoteError."""
