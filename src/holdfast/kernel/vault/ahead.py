"""Work done in threads while the caller uses what came before: for what waits, or leaves the interpreter free."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

THREADS = 8  # more than cores, since some wait for a store while others compress
_pools: dict[int, ThreadPoolExecutor] = {}


def submit(work: Callable[[Given], Made], item: Given) -> Future[Made]:
    """The work on one item, begun in a thread. It must not wait for other work that is begun so."""
    process = os.getpid()
    if process not in _pools:  # threads do not live on in a forked process, so that one needs its own
        _pools.clear()
        _pools[process] = ThreadPoolExecutor(THREADS, "vault")
    return _pools[process].submit(work, item)


def ahead(work: Callable[[Given], Made], items: Iterable[Given], most: int = THREADS) -> Iterator[Made]:
    """What `work` makes of each item, in order; at most `most` more are under way or wait to be taken.

    The items are drawn by the caller's thread. Raises what `work` or the items raise.
    """
    source = iter(items)
    begun = list(islice(source, 2))
    if len(begun) < 2:  # nothing to overlap
        yield from map(work, begun)
        return
    pending = deque[Future[Made]]()
    try:
        for item in chain(begun, source):
            pending.append(submit(work, item))
            if len(pending) > most:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for left in pending:
            left.cancel()
