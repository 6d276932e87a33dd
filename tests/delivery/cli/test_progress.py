"""Progress is seen by people at terminals and in logs, and by nobody who asked for none."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.delivery.cli.invocation import Invocation
from holdfast.delivery.cli.progress import BarProgress, LineProgress, progress_for
from holdfast.kernel.quiet import SilentProgress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("options", "stream", "kind"),
    [
        (Invocation(json=True), Terminal(), SilentProgress),
        (Invocation(progress=False), Terminal(), SilentProgress),
        (Invocation(progress=False), io.StringIO(), SilentProgress),
        (Invocation(), io.StringIO(), LineProgress),
        (Invocation(), Terminal(), BarProgress),
    ],
)
def test_the_kind_of_progress_follows_options_and_stream(
    options: Invocation, stream: io.StringIO, kind: type
) -> None:
    with progress_for(options, stream) as progress:
        assert isinstance(progress, kind)


@pytest.mark.parametrize("options", [Invocation(json=True), Invocation(progress=False)])
def test_silence_is_silence(options: Invocation) -> None:
    stream = io.StringIO()
    with progress_for(options, stream) as progress:
        progress.stage("capture", 3)
        progress.advance(note="ada")
        progress.say("a line")

    assert stream.getvalue() == ""


UPWARDS = "\x1b[1A"


def test_what_is_shown_below_the_bars_is_never_drawn_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with BarProgress(stream) as bars:
        bars.stage("plan", 2)
        bars.advance(note="first")
        with bars.paused():
            stream.write("a question\n")
        bars.advance(note="second")
        bars.stage("apply", 1)
        bars.advance()
        with bars.paused():
            stream.write("the report\n")
    asked, shown = stream.getvalue().split("a question\n")[1].split("the report\n")
    drawn_before_moving_up = asked.split(UPWARDS)[0]
    assert "plan" in drawn_before_moving_up
    assert "apply" in asked
    assert (UPWARDS in shown, "apply" in shown) == (False, False)


def test_bars_leave_standard_output_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    before = sys.stdout
    with BarProgress(Terminal()) as bars:
        bars.stage("plan", 2)
        assert sys.stdout is before


def test_outside_a_terminal_lines_come_every_few_seconds_and_at_each_end() -> None:
    stream, clock = io.StringIO(), Seconds()
    with LineProgress(stream, every=5.0, monotonic=clock) as progress:
        progress.stage("capture", 100)
        for _ in range(10):
            clock.now += 1.0
            progress.advance(2, note="user ada\x1b[2J")
        progress.stage("verify")

    assert stream.getvalue().splitlines() == [
        "capture: started, 100 to do",
        "capture: 10 of 100 in 5.0 s, 2.0/s, about 45 s left (user ada\\x1b[2J)",
        "capture: 20 of 100 in 10 s, 2.0/s, about 40 s left (user ada\\x1b[2J)",
        "capture: 20 of 100 in 10 s, 2.0/s, ended",
        "verify: started",
        "verify: 0 in 0.0 s, ended",
    ]


def test_steps_that_become_known_later_lengthen_the_stage() -> None:
    stream, clock = io.StringIO(), Seconds()
    with LineProgress(stream, every=5.0, monotonic=clock) as progress:
        progress.stage("reading")
        progress.expect(1)
        progress.advance()
        progress.expect(19)
        clock.now += 5.0
        progress.advance(4, note="groups 4/19")

    assert stream.getvalue().splitlines() == [
        "reading: started",
        "reading: 5 of 20 in 5.0 s, 1.0/s, about 15 s left (groups 4/19)",
        "reading: 5 of 20 in 5.0 s, 1.0/s, ended",
    ]


def test_steps_from_many_threads_are_all_counted() -> None:
    stream, clock = io.StringIO(), Seconds()
    with LineProgress(stream, monotonic=clock) as progress:
        progress.stage("apply", 4000)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: progress.advance(), range(4000)))

    assert "apply: 4,000 of 4,000 in 0.0 s, ended" in stream.getvalue()


def test_bars_on_a_terminal_show_stage_and_figures_and_keep_what_is_said() -> None:
    stream = Terminal()
    with progress_for(Invocation(), stream) as progress:
        progress.stage("capture [bold]", 3)
        progress.advance(3, note="[red]x[/red]")
        progress.say("Drill in [sandbox]")
        progress.stage("verify")
        progress.advance(2)

    drawn = stream.getvalue()
    assert "capture [bold]" in drawn
    assert "3/3" in drawn
    assert "Drill in [sandbox]" in drawn
    assert "2/2" in drawn
