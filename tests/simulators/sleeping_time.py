"""Time that passes only while everybody sleeps, for whoever sends requests and whoever throttles them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from holdfast.adapters.aws import AwsSession

START = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class SleepingTime:
    """A clock. While one thread has a call under way, time stands still; when all sleep, the first wakes at once.

    So nothing that is measured by it depends on how fast the machine is.
    """

    elapsed: float = 0.0
    _calling: set[int] = field(default_factory=set)
    _asleep: dict[int, float] = field(default_factory=dict)
    _due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def at(self, moment: float, happens: Callable[[], None]) -> None:
        """Have something happen when so many seconds have passed."""
        self._due.append((moment, happens))

    @contextmanager
    def calling(self) -> Iterator[None]:
        """The time of a call, for which only the sleeps in it let the clock go on."""
        me = threading.get_ident()
        nested = me in self._calling
        with self._changed:
            self._calling.add(me)
        try:
            yield
        finally:
            with self._changed:
                if not nested:
                    self._calling.discard(me)
                    self._pass()

    def sleep(self, seconds: float) -> None:
        me = threading.get_ident()
        with self._changed:
            called = me in self._calling
            self._calling.discard(me)
            self._asleep[me] = self.elapsed + max(0.0, seconds)
            self._pass()
            while me in self._asleep:
                self._changed.wait()
            if not called:
                self._calling.discard(me)
                self._pass()

    def _pass(self) -> None:
        """Go on to the moment at which the first sleeper wakes, if nobody is awake in a call."""
        if self._calling or not self._asleep:
            return
        self.elapsed = max(self.elapsed, min(self._asleep.values()))
        for each in [each for each in self._due if each[0] <= self.elapsed]:
            self._due.remove(each)
            each[1]()
        # They count as calling from here on, so that no other wakes before they have gone on.
        awake = [who for who, until in self._asleep.items() if until <= self.elapsed]
        for who in awake:
            del self._asleep[who]
        self._calling.update(awake)
        self._changed.notify_all()


class TimedSession(AwsSession):
    """A session whose calls hold a `SleepingTime` back."""

    clock: SleepingTime

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        with self.clock.calling():
            return super().call(service, operation, parameters, repeatable=repeatable)
