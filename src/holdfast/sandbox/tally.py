"""Counts of what was asked and what was refused for the rate, per operation."""

from __future__ import annotations

from collections import Counter


class Tally:
    """Requests received and throttles given, by `service:Operation`. Throttled requests are requests too."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.throttles: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
