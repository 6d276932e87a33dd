"""Sending QuickSight's operations for one account, with our errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from holdfast.domain.errors import AccessDenied, RemoteError, SettingsError
from holdfast.kernel.answers import Answer, text
from holdfast.kernel.ports import PacedSession
from holdfast.systems.quicksight.errors import NAMED

SERVICE = "quicksight"
WITHOUT_ACCOUNT = frozenset({"ListTagsForResource", "TagResource", "UntagResource"})
"""Operations that know the account by an ARN."""
OTHER_REGION = "identity region"
"""What a denial says when people are asked for in a region that is not theirs."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: account, ARN and the partition that both lie in."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return self.arn.split(":")[1]


class CallerOnce:
    """The caller, asked for at the first need and then kept."""

    def __init__(self, session: PacedSession) -> None:
        self._session, self._lock = session, threading.Lock()
        self._caller: Caller | None = None

    def __call__(self) -> Caller:
        """The caller. Raises: as `PacedSession.call`."""
        with self._lock:
            if self._caller is None:
                answer = self._session.call("sts", "GetCallerIdentity", {})
                self._caller = Caller(text(answer, "Account"), text(answer, "Arn"))
            return self._caller


class Service:
    """QuickSight of one account and region behind a paced session."""

    def __init__(self, session: PacedSession, caller: Callable[[], Caller]) -> None:
        self._session, self.caller = session, caller

    @property
    def region(self) -> str:
        """The region that the calls go to."""
        return self._session.region

    def send(self, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True) -> Answer:
        """The answer to one operation; empty texts and None are left out, the account is added.

        Raises: SettingsError where people are asked for in another region than theirs; Missing, LimitReached,
        UnsupportedEdition, NotAccepted and Conflicting for what the service calls so, RemoteError with the service's
        own code for the rest, and whatever the session raises.
        """
        # Systems may know the vendor's exceptions but must not load them before the first call.
        from botocore.exceptions import ClientError

        given = {name: value for name, value in parameters.items() if value not in ("", None)}
        if operation not in WITHOUT_ACCOUNT:
            given["AwsAccountId"] = self.caller().account
        try:
            return self._session.call(SERVICE, operation, given, repeatable=repeatable)
        except AccessDenied as denied:
            if OTHER_REGION not in denied.service_said:
                raise
            problem = (
                f"identity_region: users and groups are elsewhere. QuickSight said: {denied.service_said}"
            )
            raise SettingsError("[quicksight]", (problem,)) from denied
        except ClientError as cause:
            error = cause.response.get("Error", {})
            code = str(error.get("Code", "")).rsplit("#", 1)[-1]
            said = str(error.get("Message") or cause.response.get("message") or "")
            raise NAMED.get(code, RemoteError)(f"{SERVICE}:{operation}", code, said) from cause
