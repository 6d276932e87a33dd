"""The running stand-in without HTTP: one world, its rules, its counts, under one lock."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from holdfast.sandbox.authorization import require_permission
from holdfast.sandbox.callers import Sessions, root_of, user_of
from holdfast.sandbox.company import company
from holdfast.sandbox.dynamodb_rules import Forward, answer_dynamodb
from holdfast.sandbox.environment import ACCESS_KEY
from holdfast.sandbox.faults import Asked, Faults
from holdfast.sandbox.iam_api import answer_iam
from holdfast.sandbox.journal import Effect
from holdfast.sandbox.loading import build, draw
from holdfast.sandbox.portrait import HOME_REGION, MANAGEMENT_ACCOUNT, Portrait
from holdfast.sandbox.quicksight.bundle_api import settle as settle_bundles
from holdfast.sandbox.quicksight.bundle_permissions import needs_of_job
from holdfast.sandbox.services import Service, services
from holdfast.sandbox.wire import ApiRefusal, Call, Caller, Conduct
from holdfast.sandbox.world import DEFAULT_ASYNC_DELAY, World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Setup:
    """How a sandbox is set up. `rate`: requests a second for Identity Center, None for no limit.

    `caller`: the ARN that users of the sandbox's own key are told to be, such as the session of a permission
    set; empty for the root of the management account. `account` and `region` are the management account and
    the home region; `enforce_iam` refuses what a caller's IAM policies do not allow. `quicksight` is the scale of
    QuickSight where that is another than `scale`.
    """

    scale: str = "tiny"
    seed: int = 1
    rate: float | None = None
    async_delay: float = DEFAULT_ASYNC_DELAY
    caller: str = ""
    account: str = MANAGEMENT_ACCOUNT
    region: str = HOME_REGION
    enforce_iam: bool = False
    quicksight: str = ""


class Status(msgspec.Struct, frozen=True):
    """What `/_sandbox/status` gives. Counts are by `service:Operation`; times in seconds."""

    url: str
    pid: int
    scale: str
    seed: int
    rate: float | None
    uptime: float
    region: str
    management_account: str
    enforce_iam: bool
    instance_arn: str
    identity_store_id: str
    requests: dict[str, int]
    requests_total: int
    throttled: dict[str, int]
    throttled_total: int
    faults: dict[str, int]
    changes: dict[str, int]
    changes_total: int
    outstanding: int
    outstanding_peak: int
    objects: dict[str, int]


class Tally:
    """Requests received and throttles given, by `service:Operation`. Throttled requests are requests too."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.throttles: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()


class Engine:
    """Everything that the HTTP side needs. Methods may be called from any thread."""

    def __init__(self, setup: Setup, clock: Callable[[], float] = time.time) -> None:
        self.setup, self._clock, self._started = setup, clock, time.monotonic()
        self.services, self.url = services(), ""
        self.enforce_iam, self._sessions = setup.enforce_iam, Sessions()
        self.faults, self.tally = Faults(setup.rate, setup.seed), Tally()
        self._lock = threading.RLock()
        self.world = self._make(self._company())

    def _company(self) -> Portrait:
        setup = self.setup
        return company(setup.scale, setup.seed, setup.account, setup.region, setup.quicksight)

    def _make(self, portrait: Portrait) -> World:
        world = build(portrait, self.setup.seed)
        world.async_delay, world.sessions = self.setup.async_delay, self._sessions
        return world

    def load(self, portrait: Portrait) -> None:
        """Replaces the world; counts and the log of effects begin anew, fault rules stay."""
        made = self._make(portrait)
        with self._lock:
            self.world, self.tally = made, Tally()

    def reset(self) -> None:
        """Back to the world of the start, without posted fault rules and sessions."""
        self.faults.clear()
        self.enforce_iam, self._sessions = self.setup.enforce_iam, Sessions()
        self.load(self._company())

    def answer(self, service: Service, asked: Asked, conduct: Conduct, caller: Caller) -> tuple[int, bytes]:
        """HTTP status and encoded answer of one of our services. Raises: ApiRefusal."""
        now = self._clock()
        with self._lock:
            self._settle(now)
            call = Call(service.name, asked.operation, asked.region, asked.parameters, now, caller, conduct)
            return service.answer(self.world, call)

    def bundle(self, environ: WSGIEnvironment) -> bytes:
        """The asset bundle behind a presigned URL. Raises: ApiRefusal in S3's words."""
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        now = self._clock()
        with self._lock:
            return self.world.quicksight.bundles.download(environ["PATH_INFO"], query, now)

    def _settle(self, now: float) -> None:
        """Ends whatever is due by now."""
        self.world.requests.settle(now)
        self.world.quicksight.bundles.url = self.url
        self.world.quicksight.settle(now)
        settle_bundles(self.world.quicksight, now)

    def answer_query(self, asked: Asked, caller: Caller) -> bytes | None:
        """The encoded answer of IAM or STS; None where moto is to answer. Raises: ApiRefusal."""
        call = Call(asked.service, asked.operation, asked.region, asked.parameters, self._clock(), caller)
        with self._lock:
            return answer_iam(self.world, call)

    def answer_dynamodb(
        self, asked: Asked, conduct: Conduct, caller: Caller, forward: Forward
    ) -> bytes | None:
        """The encoded answer of DynamoDB where it is not moto's own. Raises: ApiRefusal."""
        call = Call(
            asked.service, asked.operation, asked.region, asked.parameters, self._clock(), caller, conduct
        )
        with self._lock:
            return answer_dynamodb(self.world.new_tables, self.world.async_delay, call, forward)

    def count(self, asked: Asked, throttled: bool, faulted: bool) -> None:
        # REST operations are "PUT /bucket/key" to the rules; counting each path would grow without end.
        name = f"{asked.service}:{asked.operation.partition(' ')[0]}"
        with self._lock:
            self.tally.requests[name] += 1
            if throttled:
                self.tally.throttles[name] += 1
            elif faulted:
                self.tally.faults[name] += 1

    def caller(self, key: str, token: str) -> Caller:
        """Who signs with the access key and session token; a key that nobody has is the root's.

        Raises: ApiRefusal for an expired session and, where IAM is enforced, for a key that nobody has.
        """
        account = self.world.management_account
        with self._lock:
            found = self._sessions.find(key, token, self._clock()) or user_of(key, account)
        if found is None and self.enforce_iam and key not in ("", ACCESS_KEY):
            raise ApiRefusal(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        return found or root_of(account, self.setup.caller)

    def authorize(self, asked: Asked, caller: Caller) -> None:
        """Nothing when the caller may do what it asks for. Raises: ApiRefusal (AccessDeniedException)."""
        if self.enforce_iam:
            with self._lock:
                require_permission(self.world, caller, asked.action, asked.resources)
                for action, arn in needs_of_job(
                    asked.operation, asked.parameters, caller.account, asked.region
                ):
                    require_permission(self.world, caller, action, (arn,))

    def changes(self) -> list[Effect]:
        """The log of applied effects up to now, in order."""
        with self._lock:
            self._settle(self._clock())
            return list(self.world.journal.effects)

    def dump(self) -> Portrait:
        """The world by natural names."""
        with self._lock:
            self._settle(self._clock())
            return draw(self.world)

    def delay_requests(self, seconds: float) -> None:
        """How long asynchronous requests take from now on."""
        with self._lock:
            self.world.async_delay = seconds

    def status(self) -> Status:
        """Counts and facts as of now."""
        with self._lock:
            world, tally = self.world, self.tally
            self._settle(self._clock())
            return Status(
                url=self.url,
                pid=os.getpid(),
                scale=self.setup.scale,
                seed=self.setup.seed,
                rate=self.setup.rate,
                uptime=round(time.monotonic() - self._started, 3),
                region=world.region,
                management_account=world.management_account,
                enforce_iam=self.enforce_iam,
                instance_arn=world.ids.instance_arn,
                identity_store_id=world.ids.identity_store,
                requests=dict(sorted(tally.requests.items())),
                requests_total=tally.requests.total(),
                throttled=dict(sorted(tally.throttles.items())),
                throttled_total=tally.throttles.total(),
                faults=dict(sorted(tally.faults.items())),
                changes=dict(sorted(world.journal.counts.items())),
                changes_total=world.journal.counts.total(),
                outstanding=world.requests.outstanding,
                outstanding_peak=world.requests.peak,
                objects=_objects(world),
            )


def _objects(world: World) -> dict[str, int]:
    return {
        "users": len(world.directory.users.entries),
        "groups": len(world.directory.groups.entries),
        "memberships": len(world.directory.memberships),
        "permission_sets": len(world.access.sets),
        "assignments": sum(1 for _ in world.access.assignments()),
        "accounts": len(world.organization.accounts),
        "applications": len(world.applications.all),
        "trusted_token_issuers": len(world.token_issuers.all),
        "quicksight_users": sum(len(each.users) for each in world.quicksight.identities_of.values()),
        "quicksight_groups": sum(len(each.groups) for each in world.quicksight.identities_of.values()),
        "quicksight_assets": sum(
            each.own for estate in world.quicksight.estates.values() for each in estate.assets.values()
        ),
    }
