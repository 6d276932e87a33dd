"""Threads that read: a bug reaches who waits for it, and nobody waits for a read that was given up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from itertools import count, islice

import pytest

from holdfast.kernel.workers import Workers

INTERRUPTED = """
import threading
from holdfast.kernel.workers import Workers
def read(item):
    print("reading", flush=True)
    threading.Event().wait(600)
with Workers(1) as workers:
    list(workers.each([1, 2, 3], read))
"""


def test_a_bug_in_a_call_is_raised_where_the_result_is_asked_for_and_starves_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)  # the thread's own traceback

    def divide(number: int) -> float:
        return 1 / number

    with Workers(1) as workers:
        with pytest.raises(ZeroDivisionError):
            list(workers.each([0], divide))
        assert list(workers.each([1, 2, 4], divide)) == [1.0, 0.5, 0.25]


def test_results_come_in_the_order_of_the_items() -> None:
    with Workers(8) as workers:
        assert list(workers.each(range(200), str)) == [str(number) for number in range(200)]


def test_a_few_results_of_endless_items_are_there_at_once() -> None:
    with Workers(2) as workers:
        assert list(islice(workers.each(count(), str), 3)) == ["0", "1", "2"]


def test_an_interrupt_ends_the_process_although_reads_still_wait() -> None:
    program = [sys.executable, "-c", INTERRUPTED]
    source = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": source}
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in complaint
