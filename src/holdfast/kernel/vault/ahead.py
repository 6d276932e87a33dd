"""Work done in threads while the caller uses what came before: for what waits, or leaves the interpreter free."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Given = TypeVar("Given")
Made = TypeVar("Made")

# More than most machines have cores, since some wait for a store while others compress; each costs memory of its own.
THREADS = 4
_pools: dict[int, ThreadPoolExecutor] = {}


def submit(work: Callable[[Given], Made], item: Given) -> Future[Made]:
    """The work on one item, begun in a thread. It must not wait for other work that is begun so."""
    process = os.getpid()
    if process not in _pools:  # threads do not live on in a forked process, so that one needs its own
        from concurrent.futures import ThreadPoolExecutor

        _pools.clear()
        _pools[process] = ThreadPoolExecutor(THREADS, "vault")
    return _pools[process].submit(work, item)


def ahead(
    work: Callable[[Given], Made],
    items: Iterable[Given],
    most: int = 2 * THREADS,
    pool: ThreadPoolExecutor | None = None,
) -> Iterator[Made]:
    """What `work` makes of each item, in order; at most `most` more are under way or wait to be taken.

    The items are drawn by the caller's thread. Work that may wait for other such work needs a `pool` of its own.
    Raises what `work` or the items raise.
    """
    begin = pool.submit if pool else submit
    source = iter(items)
    begun = list(islice(source, 2))
    if len(begun) < 2:  # nothing to overlap
        yield from map(work, begun)
        return
    pending: deque[Future[Made]] = deque()
    try:
        for item in chain(begun, source):
            pending.append(begin(work, item))
            if len(pending) > most:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for left in pending:
            left.cancel()
