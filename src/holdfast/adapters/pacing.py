"""How fast calls may leave: a token bucket that slows down on throttles and recovers."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from holdfast.kernel.ports import CallCount, Clock

SLOWEST_SHARE = 1 / 40
"""A bucket never goes below this share of its rate, so that it keeps noticing when the service recovers."""
RECOVERY_SHARE = 1 / 20
"""Share of the full rate that comes back in each second without throttles."""
HALVING_PAUSE = 1.0
"""Seconds within which several throttles count as one: they answer calls that left at the same rate."""
LONGEST_PAUSE = 20.0
"""Seconds that one wait after a throttle lasts at most."""


@dataclass(slots=True)
class Bucket:
    """A token bucket with additive increase and multiplicative decrease. Pure: the time is an argument.

    `rate` is requests per second; `burst` how many may leave at once after a rest.
    """

    ceiling: float
    burst: float
    now: float
    rate: float = field(init=False)
    tokens: float = field(init=False)
    _adjusted: float = field(init=False)
    _halved: float = field(init=False)

    def __post_init__(self) -> None:
        self.rate, self.tokens = self.ceiling, self.burst
        self._adjusted = self.now
        self._halved = self.now - HALVING_PAUSE

    def reserve(self, now: float) -> float:
        """Seconds until the caller's turn; the turn is taken, so callers line up in order."""
        self._refill(now)
        self.tokens -= 1
        return max(0.0, -self.tokens / self.rate)

    def throttled(self, now: float) -> None:
        """Halve the rate and empty the bucket; throttles of the same moment halve once."""
        self._refill(now)
        self.tokens = min(self.tokens, 0.0)
        if now - self._halved >= HALVING_PAUSE:
            self.rate = max(self.rate / 2, self.ceiling * SLOWEST_SHARE)
            self._halved = self._adjusted = now

    def answered(self, now: float) -> None:
        """Give back a share of the rate for the time that passed since it last changed."""
        if self.rate < self.ceiling:
            self.rate = min(self.ceiling, self.rate + self.ceiling * RECOVERY_SHARE * (now - self._adjusted))
        self._adjusted = now

    def _refill(self, now: float) -> None:
        self.tokens = min(self.burst, self.tokens + (now - self.now) * self.rate)
        self.now = now


class Pacer:
    """A bucket shared by threads, with what it has cost so far."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bucket = Bucket(ceiling=rate, burst=max(1.0, rate / 4), now=clock.monotonic())
        self._calls: Counter[str] = Counter()
        self._throttles = 0
        self._waited = 0.0

    @property
    def rate(self) -> float:
        """Requests per second that it lets through at present."""
        return self._bucket.rate

    def await_turn(self, operation: str) -> None:
        """Return when the operation may be sent, and count it."""
        with self._lock:
            delay = self._bucket.reserve(self._clock.monotonic())
            self._calls[operation] += 1
            self._waited += delay
        if delay > 0:
            self._clock.sleep(delay)

    def throttled(self, pause: float) -> None:
        """Note a throttle, slow everybody down, and hold the throttled call back for `pause` seconds."""
        with self._lock:
            self._bucket.throttled(self._clock.monotonic())
            self._throttles += 1
            self._waited += pause
        self._clock.sleep(pause)

    def answered(self) -> None:
        """Note that the service took a call."""
        with self._lock:
            self._bucket.answered(self._clock.monotonic())

    def count(self) -> CallCount:
        """What was sent, throttled and waited through this pacer."""
        with self._lock:
            operations = tuple(sorted(self._calls.items()))
            return CallCount(self._calls.total(), self._throttles, self._waited, operations)
