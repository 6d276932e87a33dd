"""What went wrong with an AWS call, in our words, and whether sending it again is safe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from botocore import exceptions as vendor

from holdfast.adapters.tls import NO_COMMON_VERSION
from holdfast.domain.errors import (
    AccessDenied,
    CredentialsError,
    HoldfastError,
    RemoteError,
    RemoteUnavailable,
    SettingsError,
    TlsTooOld,
)

THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ProvisionedThroughputExceededException",
    }
)
"""Error codes that say "later" (botocore's own list, less those of services we do not call)."""
DENIALS = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "403"})
"""`403` is what botocore makes of a refusal whose body it cannot read."""
BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
    }
)
NO_CREDENTIALS = (
    vendor.NoCredentialsError,
    vendor.PartialCredentialsError,
    vendor.CredentialRetrievalError,
    vendor.TokenRetrievalError,
    vendor.SSOError,
    vendor.LoginError,
    vendor.RefreshWithMFAUnsupportedError,
)
NEVER_SENT = (vendor.EndpointConnectionError, vendor.ConnectTimeoutError, vendor.ProxyConnectionError)
ANSWER_LOST = (vendor.HTTPClientError, vendor.IncompleteReadError)
BAD_SETTINGS = (
    vendor.NoRegionError,
    vendor.InvalidRegionError,
    vendor.ProfileNotFound,
    vendor.ConfigParseError,
    vendor.ConfigNotFound,
    vendor.InvalidConfigError,
)
NO_HANDSHAKE = re.compile(
    r"CERTIFICATE|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_VERSION|HANDSHAKE", re.IGNORECASE
)
"""What a TLS error says when no connection came about; a connection cut later is a TLS error too."""
IAM_PREFIX = {"sso-admin": "sso"}
"""IAM's name of a service where it is not the service's own."""
REFUSED_ACTION = re.compile(r"perform:\s*([\w-]+:\w+)")
REFUSED_RESOURCE = re.compile(r"on resource:\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Request:
    """Which operation of which service, for messages and counts."""

    service: str
    operation: str

    @property
    def name(self) -> str:
        """The IAM action, which people can paste into a policy: `sso:ListPermissionSets`."""
        return f"{IAM_PREFIX.get(self.service, self.service)}:{self.operation}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Our error for a failed call.

    `transient` when a repeat may cure it, `sent` when the call may have taken effect.
    """

    error: HoldfastError
    transient: bool = False
    sent: bool = True

    def may_repeat(self, repeatable: bool) -> bool:
        """Whether sending the call again is safe and may help."""
        return self.transient and (repeatable or not self.sent)


def code_of(cause: vendor.ClientError) -> str:
    """The service's error code without the namespace that some services put before it."""
    return str(cause.response.get("Error", {}).get("Code", "")).rsplit("#", 1)[-1]


def message_of(cause: Exception) -> str:
    """What the service or the transport said, in one line."""
    if isinstance(cause, vendor.ClientError):
        error = cause.response.get("Error", {})
        return str(error.get("Message") or cause)
    return " ".join(str(cause).split())


def is_throttle(cause: Exception) -> bool:
    """Whether the service asked for patience."""
    return isinstance(cause, vendor.ClientError) and (code_of(cause) in THROTTLES or _status(cause) == 429)


def retry_after(cause: Exception) -> float:
    """Seconds that the service asked to wait, 0 when it did not say."""
    if not isinstance(cause, vendor.ClientError):
        return 0.0
    header = cause.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after", "")
    return float(header) if str(header).isdigit() else 0.0


def diagnose(cause: Exception, request: Request, remedy: Callable[[], str]) -> Trouble | None:
    """Our error for the vendor's; None for an error code that only the service's client can name."""
    if isinstance(cause, vendor.ClientError):
        return _answered(cause, request, remedy)
    if isinstance(cause, NO_CREDENTIALS):
        return Trouble(
            CredentialsError(f"No usable AWS credentials: {message_of(cause)}", remedy()), sent=False
        )
    if isinstance(cause, BAD_SETTINGS):
        return Trouble(SettingsError("AWS settings", (_settings_problem(cause),)), sent=False)
    return _transport(cause, request)


def _answered(cause: vendor.ClientError, request: Request, remedy: Callable[[], str]) -> Trouble | None:
    code, said = code_of(cause), message_of(cause)
    if code in BAD_CREDENTIALS:
        return Trouble(CredentialsError(f"AWS refused the credentials ({code}): {said}", remedy()))
    if code in DENIALS:
        return Trouble(_denied(request, said))
    if _status(cause) >= 500:
        return Trouble(RemoteUnavailable(request.name, code, said), transient=True)
    return None


def _denied(request: Request, said: str) -> AccessDenied:
    action, resource = REFUSED_ACTION.search(said), REFUSED_RESOURCE.search(said)
    return AccessDenied(
        action=action.group(1) if action else request.name,
        resource=resource.group(1).rstrip(".,") if resource else "*",
        service_said=said,
    )


def _transport(cause: Exception, request: Request) -> Trouble:
    name, said = type(cause).__name__, message_of(cause)
    if isinstance(cause, vendor.SSLError) and NO_COMMON_VERSION.search(said):
        return Trouble(TlsTooOld(request.name, name, said), sent=False)
    if isinstance(cause, vendor.SSLError) and NO_HANDSHAKE.search(said):
        return Trouble(RemoteError(request.name, name, said), sent=False)
    if isinstance(cause, NEVER_SENT):
        return Trouble(RemoteUnavailable(request.name, name, said), transient=True, sent=False)
    if isinstance(cause, ANSWER_LOST):
        return Trouble(RemoteUnavailable(request.name, name, said), transient=True)
    return Trouble(RemoteError(request.name, name, said))


def _settings_problem(cause: Exception) -> str:
    if isinstance(cause, vendor.NoRegionError):
        return (
            "no AWS region is set: set `region` in the settings, AWS_REGION, or `region` of the AWS profile"
        )
    return message_of(cause)


def _status(cause: vendor.ClientError) -> int:
    return int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
