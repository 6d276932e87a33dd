"""Threads for calls that wait on a service."""

from __future__ import annotations

import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from itertools import islice
from types import TracebackType
from typing import TypeVar

from holdfast.domain.errors import HoldfastError

S = TypeVar("S")
T = TypeVar("T")

Work = Callable[[], None]

AHEAD = 1000
"""Items whose calls may be under way or done before the first of them is; one that takes long holds up none."""


class Workers:
    """A fixed number of threads that make calls, and as many coordinating ones as are asked for.

    They are daemon threads, unlike those of concurrent.futures: a process that was told to stop must
    not wait until a throttled read has had its patience. multiprocessing's ThreadPool has daemon threads,
    too, but on a busy machine an interrupt was seen to leave it waiting for ever.
    """

    def __init__(self, count: int) -> None:
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._count = count

    def __enter__(self) -> Workers:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._closed.set()
        for _ in range(self._count):
            self._queue.put(None)

    def coordinate(self, work: Callable[[], T]) -> Future[T]:
        """Run work that waits for other work, in a thread of its own."""
        future: Future[T] = Future()
        threading.Thread(target=_settle, args=(future, work), name="reading-lead", daemon=True).start()
        return future

    def each(self, items: Iterable[S], call: Callable[[S], T]) -> Iterator[T]:
        """The call's result for every item, in the items' order; at most `AHEAD` of them are held.

        Raises: what the first failing call raised; calls not yet begun are dropped then.
        """
        source = iter(items)
        futures = deque(self._submit(call, item) for item in islice(source, AHEAD))
        try:
            while futures:
                # In steps: a Ctrl-C just before an endless wait would not be seen.
                while not wait([futures[0]], timeout=1.0).done:
                    continue
                yield futures.popleft().result()
                futures.extend(self._submit(call, item) for item in islice(source, 1))
        finally:
            for future in futures:
                future.cancel()

    def _submit(self, call: Callable[[S], T], item: S) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put(lambda: _settle(future, lambda: call(item)))
        return future

    def _start(self) -> None:
        threading.Thread(target=self._serve, name="reading", daemon=True).start()

    def _serve(self) -> None:
        told_to_end = False
        try:
            while (work := self._queue.get()) is not None:
                if not self._closed.is_set():
                    work()
            told_to_end = True
        finally:
            if not told_to_end:
                self._start()  # a bug in one call must not starve the others that wait for a thread


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except HoldfastError as error:
        future.set_exception(error)
    finally:
        if not future.done():
            # A bug: this thread ends with its traceback, and who waits for the result gets it too.
            future.set_exception(sys.exception())
