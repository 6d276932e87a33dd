"""Faults on demand: rules that throttle, delay, refuse, cut or mislead the requests they match."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from holdfast.sandbox.wire import ApiRefusal, Conduct, Parameters, denial

# The 20 requests a second of IAM Identity Center are "a collective throttle": one bucket for both services.
RATED_SERVICES = ("identitystore", "sso-admin")


class FaultRule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which requests, and what happens to them.

    All conditions must hold; `operation` matches a whole name, `parameters` anywhere in a value.
    `times`: only the first so many; `p`: with this probability (from the seed). Effects: `rate` a second
    with `burst` in one bucket for all requests of the rule; `error` with `status` and `message`; `delay` in
    seconds; `reset` and `region_down` cut the connection, `cut_body` halfway through the answer's body; `deny`
    refuses as IAM does; `expired_token`;
    `async_failure` and `async_delay` for asynchronous requests that the call starts; `page_size` makes
    pages shorter than asked for; `unprocessed` is the share of a DynamoDB batch that is left undone.
    `after`: the request takes effect before it is delayed, refused or cut.
    """

    service: str | tuple[str, ...] = ()
    operation: str = ""
    region: str = ""
    parameters: dict[str, str] = {}
    times: int | None = None
    p: float = 1.0
    rate: float | None = None
    burst: float | None = None
    error: str = ""
    status: int = 400
    message: str = ""
    delay: float = 0.0
    reset: bool = False
    region_down: bool = False
    cut_body: bool = False
    deny: bool = False
    expired_token: bool = False
    after: bool = False
    async_failure: str | None = None
    async_delay: float | None = None
    page_size: int | None = None
    unprocessed: float | None = None

    def concerns(self, request: Asked) -> bool:
        """Whether the rule's conditions hold for the request."""
        services = (self.service,) if isinstance(self.service, str) else self.service
        if services and request.service not in services:
            return False
        if self.region and request.region != self.region:
            return False
        if self.operation and not re.fullmatch(self.operation, request.operation):
            return False
        return all(
            re.search(each, _text(request.parameters.raw(name))) for name, each in self.parameters.items()
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules look at. `action` and `resources` are in IAM's terms."""

    service: str
    operation: str
    region: str
    parameters: Parameters
    action: str
    resources: Sequence[str]
    caller: str


@dataclass(slots=True)
class Verdict:
    """What happens to one request: nothing unusual by default."""

    delay: float = 0.0
    refusal: ApiRefusal | None = None
    reset: bool = False
    cut_body: bool = False
    after: bool = False
    throttled: bool = False
    conduct: Conduct = field(default_factory=Conduct)


class Bucket:
    """A token bucket: `rate` tokens a second, at most `burst` of them, one for each request that passes."""

    def __init__(self, rate: float, burst: float | None, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = rate, burst or max(rate, 1.0), clock
        self._tokens, self._at = self._burst, clock()

    def take(self) -> bool:
        """True when there was a token; a refused request takes none."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class _Armed:
    """A rule at work: how often it may still strike, and its bucket."""

    def __init__(self, rule: FaultRule, clock: Callable[[], float]) -> None:
        self.rule, self.left = rule, rule.times
        self.bucket = Bucket(rule.rate, rule.burst, clock) if rule.rate is not None else None

    def strikes(self, request: Asked, chance: random.Random) -> bool:
        if self.left == 0 or not self.rule.concerns(request):
            return False
        if self.rule.p < 1 and chance.random() >= self.rule.p:
            return False
        if self.bucket is not None and self.bucket.take():
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The rules in force, in order. Delays add up; the first refusal or cut decides."""

    def __init__(self, rate: float | None, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._seed, self._clock = rate, seed, clock
        self._lock = threading.Lock()
        self._chance = random.Random(f"faults {seed}")
        self._standing = self._standing_rules()
        self._armed: list[_Armed] = []

    def _standing_rules(self) -> list[_Armed]:
        if self._rate is None:
            return []
        return [_Armed(FaultRule(service=RATED_SERVICES, rate=self._rate), self._clock)]

    def add(self, rules: tuple[FaultRule, ...]) -> None:
        with self._lock:
            self._armed += [_Armed(each, self._clock) for each in rules]

    def clear(self) -> None:
        """Takes back every posted rule; the standing rate stays."""
        with self._lock:
            self._armed.clear()
            self._standing, self._chance = self._standing_rules(), random.Random(f"faults {self._seed}")

    def listed(self) -> list[Mapping[str, object]]:
        """The posted rules with how often each may still strike (null: for ever)."""
        with self._lock:
            return [{"rule": each.rule, "left": each.left} for each in self._armed]

    def judge(self, request: Asked) -> Verdict:
        """What happens to this request."""
        verdict = Verdict()
        with self._lock:
            for each in (*self._standing, *self._armed):
                if each.strikes(request, self._chance):
                    _apply(each.rule, request, verdict)
                    if verdict.refusal is not None or verdict.reset:
                        break
        return verdict


def _apply(rule: FaultRule, request: Asked, verdict: Verdict) -> None:
    verdict.delay += rule.delay
    verdict.after = rule.after
    verdict.reset = rule.reset or rule.region_down
    verdict.cut_body = verdict.cut_body or rule.cut_body
    verdict.refusal = _refusal(rule, request)
    verdict.throttled = verdict.refusal is not None and verdict.refusal.code.startswith("Throttling")
    before = verdict.conduct
    verdict.conduct = Conduct(
        before.async_delay if rule.async_delay is None else rule.async_delay,
        before.async_failure if rule.async_failure is None else rule.async_failure,
        before.page_size if rule.page_size is None else rule.page_size,
        before.unprocessed if rule.unprocessed is None else rule.unprocessed,
    )


def _refusal(rule: FaultRule, request: Asked) -> ApiRefusal | None:
    if rule.error:
        return ApiRefusal(
            rule.error, rule.message or f"{rule.error} by a fault rule of the sandbox.", rule.status
        )
    if rule.deny:
        return ApiRefusal(
            "AccessDeniedException", denial(request.caller, request.action, request.resources[0]), 400
        )
    if rule.expired_token:
        return ApiRefusal(
            "ExpiredTokenException", "The security token included in the request is expired", 400
        )
    if rule.rate is not None:
        return ApiRefusal("ThrottlingException", "Rate exceeded", 400)
    return None
