"""Calls to AWS within its limits: paced, repeated where that is safe, counted, and failing in our words.

botocore is used directly: loading boto3 costs as much again and adds nothing here. It is imported on
the first call. Its own retries are off; docs/decisions/0009 says why the loop below is ours.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import random
import threading
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from holdfast.adapters.aws_remedy import credentials_remedy
from holdfast.adapters.aws_roles import RoleSession
from holdfast.adapters.pacing import LONGEST_PAUSE, Pacer
from holdfast.domain.errors import Refused, SettingsError, Throttled
from holdfast.kernel.ports import CallCount, Clock, PacedSession
from holdfast.kernel.settings import setting

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.loaders import Loader
    from botocore.session import Session

    from holdfast.adapters.aws_errors import Request

IDENTITY_CENTER = frozenset({"identitystore", "sso-admin"})
"""Services that share one throttle of 20 requests per second, collectively (Identity Center quotas)."""
AT_LEAST = {
    frozenset({"sts", "iam"}): 20.0,
    frozenset({"quicksight"}): 20.0,
    frozenset({"s3", "dynamodb"}): 100.0,
}
"""Requests per second to other services at least, each set by itself. STS has room for hundreds of calls, IAM counts
by account, QuickSight publishes no rate; S3 takes thousands by prefix, a new on-demand table 4,000 items of a KiB,
which are 160 batches. A throttle slows the pace down."""
FIRST_PAUSE = 0.5
"""Seconds that the first repeat waits at most; each further one up to twice as long."""
CONNECTIONS = 272
"""Connections kept to a service: more than any setting or target has calls under way at once.

They are opened as they are needed; a call beyond them would open one for itself alone and close it again.
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How to reach AWS; empty names leave the choice to the AWS configuration and environment."""

    profile: str = setting("", "AWS profile to use; empty for the default chain.")
    region: str = setting("", "AWS region; empty for AWS_REGION or the profile's.")
    requests_per_second: float = setting(
        20.0,
        "Calls per second to all Identity Center APIs together (the service's limit).",
        least=0.01,
        most=1_000_000,
    )
    other_requests_per_second: float = setting(
        5.0,
        "Calls per second to Organizations; to STS, IAM and QuickSight at least 20, to S3 and DynamoDB 100.",
        least=0.01,
        most=1_000_000,
    )
    throttle_patience: float = setting(
        600.0, "Seconds that one call may be throttled in a row before the run stops.", least=0
    )
    retries: int = setting(3, "Repeats of a call after server errors and lost connections.", least=0, most=20)
    connect_timeout: float = setting(5.0, "Seconds to wait for a connection.", least=0.1, most=600)
    tls_minimum: str = setting(
        "1.3", "Lowest TLS version accepted from AWS, a bucket or a proxy: 1.3 or 1.2.", one_of=("1.3", "1.2")
    )
    read_timeout: float = setting(30.0, "Seconds to wait for an answer.", least=0.1, most=3600)


@dataclass(frozen=True, slots=True)
class AwsEndpoint:
    """Where a session sends its calls and with which keys, whatever the process's own configuration says.

    Empty names leave that one to the configuration.
    """

    url: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


class AwsSession:
    """A `PacedSession` over botocore. One per process and AWS account; threads share it."""

    def __init__(
        self,
        settings: AwsSettings,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        endpoint: AwsEndpoint | None = None,
    ) -> None:
        self._endpoint = endpoint or AwsEndpoint()
        self._settings, self.clock, self._jitter = settings, clock, jitter
        others = settings.other_requests_per_second
        self._others = Pacer(others, clock)
        self._pacers = dict.fromkeys(IDENTITY_CENTER, Pacer(settings.requests_per_second, clock))
        for services, rate in AT_LEAST.items():
            self._pacers.update(dict.fromkeys(services, Pacer(max(rate, others), clock)))
        self._lock = threading.RLock()
        self._clients: dict[str, BaseClient] = {}
        self._session: Session | None = None

    @property
    def region(self) -> str:
        """The region in force: the setting, else AWS_REGION, else the profile's; empty when there is none."""
        # botocore reads AWS_DEFAULT_REGION only; every other AWS SDK reads AWS_REGION first.
        return (
            self._settings.region
            or os.environ.get("AWS_REGION", "")
            or self._botocore().get_config_variable("region")
            or ""
        )

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        """The service's answer, after as many polite repeats as are safe.

        Raises: as `PacedSession.call`.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        from holdfast.adapters.aws_errors import Request, diagnose, retry_after

        request = Request(service, operation)
        attempt = 0
        while True:
            try:
                return self._send(request, parameters)
            except (BotoCoreError, ClientError) as cause:
                trouble = diagnose(cause, request, self._remedy)
                if trouble is None:
                    raise
                if attempt >= self._settings.retries or not trouble.may_repeat(repeatable):
                    raise trouble.error from cause
                pause = max(self._pause(attempt), retry_after(cause))
            _log.info("call repeated", extra={"facts": {"call": request.name, "after": round(pause, 3)}})
            self.clock.sleep(pause)
            attempt += 1

    def calls(self) -> CallCount:
        """What was sent since the session was made."""
        return CallCount.total(pacer.count() for pacer in {self._others, *self._pacers.values()})

    def assuming(self, role: str) -> PacedSession:
        """The session under a role, which is assumed at its first call."""
        return RoleSession(self, role)

    def with_keys(self, access_key: str, secret_key: str, token: str) -> AwsSession:
        """A session with other keys and the same pace, limits and endpoint."""
        other = copy(self)
        other._clients = {}
        other._endpoint = AwsEndpoint(self._endpoint.url, access_key, secret_key, token)
        return other

    def _send(self, request: Request, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """One attempt; throttles are waited out here and do not count as attempts."""
        from botocore.exceptions import ClientError

        from holdfast.adapters.aws_errors import is_throttle, message_of, retry_after

        send = self._operation(request)
        pacer = self._pacers.get(request.service, self._others)
        throttled_since, throttles = 0.0, 0
        while True:
            pacer.await_turn(f"{request.service}:{request.operation}")
            _log.debug("call", extra={"facts": {"call": request.name}})
            try:
                answer = send(**parameters)
            except ClientError as cause:
                if not is_throttle(cause):
                    raise
                now = self.clock.monotonic()
                throttled_since = throttled_since if throttles else now
                if now - throttled_since >= self._settings.throttle_patience:
                    raise Throttled(request.name, "throttled", message_of(cause)) from cause
                _log.info("throttled", extra={"facts": {"call": request.name, "times": throttles + 1}})
                pacer.throttled(max(self._pause(throttles), retry_after(cause)))
                throttles += 1
            else:
                pacer.answered()
                return cast("Mapping[str, object]", answer)

    def _pause(self, attempt: int) -> float:
        """Full jitter: anywhere between nothing and the exponential back-off."""
        return self._jitter() * min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(attempt, 10)))

    def _operation(self, request: Request) -> Callable[..., object]:
        from botocore import xform_name

        return cast(
            "Callable[..., object]", getattr(self._client(request.service), xform_name(request.operation))
        )

    def _client(self, service: str) -> BaseClient:
        with self._lock:  # botocore's session may not make clients from two threads at once
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def _make_client(self, service: str) -> BaseClient:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        settings, endpoint = self._settings, self._endpoint
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            max_pool_connections=CONNECTIONS,
            user_agent_extra="holdfast",
        )
        try:
            client = self._botocore().create_client(
                service,
                region_name=self.region or None,
                config=config,
                endpoint_url=endpoint.url or None,
                aws_access_key_id=endpoint.access_key or None,
                aws_secret_access_key=endpoint.secret_key or None,
                aws_session_token=endpoint.token or None,
            )
        except BotoCoreError:
            raise
        except ValueError as cause:
            problem = f"{cause}; write an address such as https://host in AWS_ENDPOINT_URL or the option"
            raise SettingsError("AWS settings", (problem,)) from cause
        refuse_plain_http(client.meta.endpoint_url)
        return client

    def _botocore(self) -> Session:
        from botocore.exceptions import BotoCoreError

        from holdfast.adapters.aws_errors import Request, diagnose
        from holdfast.adapters.tls import strict_session

        with self._lock:
            if self._session is None:
                session = strict_session(self._settings.profile, self._settings.tls_minimum)
                try:
                    session.get_scoped_config()
                except BotoCoreError as cause:
                    trouble = diagnose(cause, Request("aws", "configuration"), lambda: "")
                    raise (trouble.error if trouble else cause) from cause
                models = service_models(session.get_config_variable("data_path"))
                session.register_component("data_loader", models)
                self._session = session
            return self._session

    def _remedy(self) -> str:
        """The command that gives new credentials, for the way in which the present ones came."""
        session = self._botocore()
        profile = session.get_config_variable("profile") or ""
        given = bool(os.environ.get("AWS_ACCESS_KEY_ID"))
        return credentials_remedy(profile, session.full_config.get("profiles", {}), from_environment=given)


@cache
def service_models(location: str | None) -> Loader:
    """The vendor's descriptions of its services, which take a tenth of a second to read: once for all sessions."""
    from botocore.loaders import create_loader

    return create_loader(location)


def refuse_plain_http(endpoint: str) -> None:
    """Return for https and for this machine. Raises: Refused."""
    parts = urlsplit(endpoint)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise Refused(
            f"{endpoint} would send requests unencrypted.",
            "Use an https address in AWS_ENDPOINT_URL (for S3 alone: AWS_ENDPOINT_URL_S3); "
            "plain http is for this machine only.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
