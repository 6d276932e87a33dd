"""The stage on which a chapter plays: a fresh folder, and a screen of what happened."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click

from holdfast.domain.errors import HoldfastError, Refused
from holdfast.kernel.durable import make_private

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.kernel.ports import Progress

RATE = 400.0
"""Requests per second in the demo; the real service allows 20, which would only make it longer."""
MARKER = "this-folder-belongs-to-holdfast-demo"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was told: what came of it, and how long it took."""

    title: str
    outcome: str
    seconds: float


@dataclass(slots=True)
class Story:
    """Steps told as they happen; `told` is what the last screen repeats."""

    say: Callable[[str], None]
    told: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """A step of the story; the caller says what came of it."""
        began, outcome = time.monotonic(), list[str]()
        yield outcome.append
        seconds = time.monotonic() - began
        text = "; ".join(outcome)
        self.told.append(Step(title, text, seconds))
        self.say(f"{click.style('*', fg='green')} {title:<22} {text}  ({seconds:.1f} s)")


def installation_in(folder: Path, progress: Progress) -> Installation:
    """The installation of a demo's folder, with a vault; made by the chapter that comes first."""
    from holdfast.bootstrap import open_installation
    from holdfast.config import example

    file = folder / "holdfast.toml"
    if not file.exists():
        settings: dict[tuple[str, str], str | float] = {
            ("holdfast", "data_dir"): "data",
            ("holdfast", "reports_dir"): "reports",
            ("vault", "location"): "vault",
            ("vault", "key_file"): "vault.key",
            ("aws", "requests_per_second"): RATE,
            ("aws", "other_requests_per_second"): RATE,
        }
        file.write_text(example(settings), encoding="utf-8")
    home = open_installation(file, progress)
    if not home.settings.vault.key_file.exists():
        home.create_vault()
    return home


@dataclass(eq=False)
class Unexpected(HoldfastError):
    """The demo did not come out as it must."""

    what: str
    code: ClassVar[str] = "demo"
    exit_code: ClassVar[int] = 1
    sentence: ClassVar[str] = "The demo did not come out as it must: {what}."
    next_step: ClassVar[str] = "This is a defect of Holdfast; please report it with the demo's folder."


@dataclass(eq=False)
class Stopped(HoldfastError):
    """Somebody stopped the demo, whose sandbox has gone with it."""

    folder: str
    code: ClassVar[str] = "demo-stopped"
    exit_code: ClassVar[int] = 130
    sentence: ClassVar[str] = "The demo was stopped; its sandbox is gone, so it cannot go on."
    next_step: ClassVar[str] = "Start it again: `holdfast demo --folder {folder}`."


def expect(holds: bool, what: str) -> None:
    """Go on only while the story is true. Raises: Unexpected."""
    if not holds:
        raise Unexpected(what)


def fresh_folder(folder: Path) -> Path:
    """An empty folder for the demo; what an earlier demo left in it is removed, anything else is not touched.

    Raises: Refused when the folder is not the demo's.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise Refused(
                f"{folder} exists and was not made by the demo", "Name another folder with --folder."
            )
        shutil.rmtree(folder)
    make_private(folder)
    (folder / MARKER).touch()
    return folder
