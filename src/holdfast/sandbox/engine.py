"""The running stand-in without HTTP: one world, its rules, its counts, under one lock."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from holdfast.sandbox.company import company
from holdfast.sandbox.faults import Asked, Faults
from holdfast.sandbox.journal import Effect
from holdfast.sandbox.loading import build, draw
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.services import Service, services
from holdfast.sandbox.wire import Call, Conduct, Parameters
from holdfast.sandbox.world import DEFAULT_ASYNC_DELAY, World


@dataclass(frozen=True, slots=True)
class Setup:
    """How a sandbox is set up. `rate`: requests a second for Identity Center, None for no limit.

    `caller`: the ARN that callers are told to be, such as the session of a permission set; empty for moto's.
    """

    scale: str = "tiny"
    seed: int = 1
    rate: float | None = None
    async_delay: float = DEFAULT_ASYNC_DELAY
    caller: str = ""


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
        self.faults, self.tally = Faults(setup.rate, setup.seed), Tally()
        self._lock = threading.RLock()
        self.world = self._make(company(setup.scale, setup.seed))

    def _make(self, portrait: Portrait) -> World:
        world = build(portrait, self.setup.seed)
        world.async_delay = self.setup.async_delay
        return world

    def load(self, portrait: Portrait) -> None:
        """Replaces the world; counts and the log of effects begin anew, fault rules stay."""
        made = self._make(portrait)
        with self._lock:
            self.world, self.tally = made, Tally()

    def reset(self) -> None:
        """Back to the world of the start, without posted fault rules."""
        self.faults.clear()
        self.load(company(self.setup.scale, self.setup.seed))

    def answer(self, service: Service, asked: Asked, conduct: Conduct) -> bytes:
        """The encoded answer of one of our services. Raises: ApiRefusal."""
        now = self._clock()
        with self._lock:
            self.world.requests.settle(now)
            call = Call(service.name, asked.operation, asked.region, asked.parameters, now, conduct)
            return service.answer(self.world, call)

    def count(self, asked: Asked, throttled: bool, faulted: bool) -> None:
        # REST operations are "PUT /bucket/key" to the rules; counting each path would grow without end.
        name = f"{asked.service}:{asked.operation.partition(' ')[0]}"
        with self._lock:
            self.tally.requests[name] += 1
            if throttled:
                self.tally.throttles[name] += 1
            elif faulted:
                self.tally.faults[name] += 1

    def caller(self) -> str:
        """The ARN of the principal that every request is taken to come from."""
        default = f"arn:aws:sts::{self.world.management_account}:assumed-role/HoldfastOperator/sandbox"
        return self.setup.caller or default

    def resource(self, service: str, parameters: Parameters) -> str:
        """The resource that an action of the service is about, for the wording of denials."""
        if service == "identitystore":
            store = self.world.ids.identity_store
            return f"arn:aws:identitystore::{self.world.management_account}:identitystore/{store}"
        if service == "sso-admin":
            return (
                parameters.find("PermissionSetArn")
                or parameters.find("InstanceArn")
                or self.world.ids.instance_arn
            )
        return "*"

    def changes(self) -> list[Effect]:
        """The log of applied effects up to now, in order."""
        with self._lock:
            self.world.requests.settle(self._clock())
            return list(self.world.journal.effects)

    def dump(self) -> Portrait:
        """The world by natural names."""
        with self._lock:
            self.world.requests.settle(self._clock())
            return draw(self.world)

    def delay_requests(self, seconds: float) -> None:
        """How long asynchronous requests take from now on."""
        with self._lock:
            self.world.async_delay = seconds

    def status(self) -> Status:
        """Counts and facts as of now."""
        with self._lock:
            world, tally = self.world, self.tally
            world.requests.settle(self._clock())
            return Status(
                url=self.url,
                pid=os.getpid(),
                scale=self.setup.scale,
                seed=self.setup.seed,
                rate=self.setup.rate,
                uptime=round(time.monotonic() - self._started, 3),
                region=world.region,
                management_account=world.management_account,
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
    }
