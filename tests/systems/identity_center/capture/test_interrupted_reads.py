"""Threads that read: nobody waits for a read that was given up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

INTERRUPTED = """
import threading
from multiprocessing.pool import ThreadPool
from holdfast.kernel.quiet import SilentProgress
from holdfast.systems.identity_center.capture.reading import Reader
def read(item):
    print("reading", flush=True)
    threading.Event().wait(600)
with ThreadPool(1) as pool:
    Reader(None, pool, SilentProgress()).each([1, 2, 3], read)
"""


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
