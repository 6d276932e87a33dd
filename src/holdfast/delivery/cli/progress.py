"""Progress on standard error: live bars on a terminal, a plain line now and then elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, TextIO

from holdfast.delivery.cli.invocation import Invocation
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.showing import duration, visible

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from holdfast.kernel.ports import Progress

EVERY = 5.0
"""Seconds between two plain lines of one stage."""


@contextmanager
def progress_for(invocation: Invocation, stream: TextIO | None = None) -> Iterator[Progress]:
    """The progress that fits the command line and where standard error goes, stopped when the context ends."""
    stream = stream or sys.stderr
    if invocation.json or not invocation.progress:
        yield SilentProgress()
    elif stream.isatty():
        with BarProgress(stream) as bars:
            yield bars
    else:
        with LineProgress(stream) as lines:
            yield lines


class LineProgress:
    """A line when a stage starts and ends, and at most one every few seconds in between."""

    def __init__(
        self, stream: TextIO, every: float = EVERY, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._every = every
        self._monotonic = monotonic
        self._lock = RLock()
        self._name = ""
        self._total: int | None = None
        self._done, self._note = 0, ""
        self._started = self._printed = 0.0

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._end_stage()

    def stage(self, name: str, total: int | None = None) -> None:
        """End the stage before with a line, and start this one with another."""
        with self._lock:
            self._end_stage()
            self._name, self._total, self._done, self._note = name, total, 0, ""
            self._started = self._printed = self._monotonic()
            self._print(f"{visible(name)}: started" + (f", {total:,} to do" if total is not None else ""))

    def expect(self, steps: int) -> None:
        """Raise the number of steps that the stage has in all."""
        with self._lock:
            self._total = (self._total or 0) + steps

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Count steps; print a line when the last is old enough."""
        with self._lock:
            self._done += steps
            self._note = note or self._note
            now = self._monotonic()
            if self._name and now - self._printed >= self._every:
                self._printed = now
                note = f" ({visible(self._note)})" if self._note else ""
                self._print(f"{visible(self._name)}: {self._figures()}{self._rest(now)}{note}")

    def say(self, line: str) -> None:
        """Print the line."""
        with self._lock:
            self._print(visible(line))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A context in which nothing is drawn; lines of other threads wait for its end."""
        with self._lock:
            yield

    def _end_stage(self) -> None:
        if self._name:
            self._print(f"{visible(self._name)}: {self._figures()}, ended")
        self._name = ""

    def _figures(self) -> str:
        elapsed = self._monotonic() - self._started
        total = f" of {self._total:,}" if self._total is not None else ""
        rate = f", {self._done / elapsed:,.1f}/s" if elapsed > 0 and self._done else ""
        return f"{self._done:,}{total} in {duration(elapsed)}{rate}"

    def _rest(self, now: float) -> str:
        """How long the steps take that are known and not done, at the pace so far."""
        if not self._total or not 0 < self._done < self._total:
            return ""
        left = (self._total - self._done) * (now - self._started) / self._done
        return f", about {duration(left)} left"

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class BarProgress:
    """A bar for each stage: done of total, rate, elapsed and what is being done.

    Bars are drawn over themselves, so nothing else may be printed on the terminal but in `paused`;
    after that the present stage gets a bar of its own below what was printed, once it goes on.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = RLock()
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None
        self._name = ""
        self._total: int | None = None
        self._done = 0

    def __enter__(self) -> BarProgress:
        return self

    def __exit__(self, error: object, *more: object) -> None:
        with self._lock:
            if error is None:
                self._end_stage()
            self._stop()

    def stage(self, name: str, total: int | None = None) -> None:
        """Fill the bar of the stage before, and start a new one."""
        with self._lock:
            self._end_stage()
            self._name, self._total, self._done = visible(name), total, 0
            self._draw("")

    def expect(self, steps: int) -> None:
        """Lengthen the present bar."""
        with self._lock:
            self._total = (self._total or 0) + steps
            if self._task is not None and self._bars is not None:
                self._bars.update(self._task, total=self._total)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move the present bar."""
        with self._lock:
            if not self._name:
                return
            self._done += steps
            self._draw(visible(note))

    def say(self, line: str) -> None:
        """Print the line above the bars."""
        with self._lock:
            if self._bars is None:
                self._stream.write(visible(line) + "\n")
                return
            self._bars.console.print(visible(line), markup=False, highlight=False)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A context in which nothing is drawn, so that something can be asked or shown."""
        with self._lock:
            self._stop()
            yield

    def _draw(self, note: str) -> None:
        if self._bars is None:
            # Always a new display: an old one would be drawn over what was printed since it stopped.
            self._bars = _bars(self._stream)
            self._bars.start()
        if self._task is None:
            self._task = self._bars.add_task(self._name, total=self._total, note="")
        if note:
            self._bars.update(self._task, completed=self._done, note=note)
        else:
            self._bars.update(self._task, completed=self._done)

    def _end_stage(self) -> None:
        self._name = ""
        if self._task is None or self._bars is None:
            return
        if self._total is None:
            # A stage of unknown length has ended: what was done is all there was.
            whole = max(self._done, 1)
            self._bars.update(self._task, total=whole, completed=whole)
        self._bars.update(self._task, note="")
        self._bars.stop_task(self._task)
        self._task = None

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None


def _bars(stream: TextIO) -> RichProgress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column
    from rich.text import Text

    class Figures(ProgressColumn):
        """Done of total, and the rate."""

        def render(self, task: Task) -> Text:
            total = f"/{task.total:,.0f}" if task.total is not None else ""
            speed = task.finished_speed or task.speed
            rate = f" {speed:,.0f}/s" if speed else ""
            return Text(f"{task.completed:,.0f}{total}{rate}", style="progress.download")

    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=10)),
        Figures(table_column=Column(no_wrap=True, justify="right")),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=False),
        TextColumn(
            "{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, ratio=1, max_width=60)
        ),
        console=Console(file=stream),
        expand=True,
        redirect_stdout=False,  # results go where the user sends them, also when bars are on standard error
    )
