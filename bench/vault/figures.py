"""Medians of measured commands, how they are printed, and whether a target is met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figures:
    """What the runs of one command took: medians, wall also lowest and highest. Peak is in MiB, stored in bytes."""

    name: str
    runs: int
    failed: int
    wall: float
    low: float
    high: float
    cpu: float
    peak: float
    stored: float | None
    after: float | None


@dataclass(frozen=True)
class Target:
    """A figure that must not be above a limit; no figure where a side was skipped or failed."""

    workload: str
    what: str
    figure: float | None
    limit: float
    unit: str = ""

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "no figure"
        return "met" if self.figure <= self.limit else "MISSED"

    def __str__(self) -> str:
        shown = "-" if self.figure is None else f"{self.figure:.3g}{self.unit}"
        return f"{self.workload:5}{self.what:58}{shown:>10}  at most {f'{self.limit:g}{self.unit}':>8}  {self.verdict}"


def read_figures(results: Path, group: str) -> dict[str, Figures]:
    """The figures of a group in a file of results, by tool: the last part of a command's name."""
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    names = dict.fromkeys(row["name"] for row in rows if row["group"] == group)
    return {
        name.rpartition("/")[2]: _figures(
            name, [row for row in rows if row["name"] == name and row["group"] == group]
        )
        for name in names
    }


def _figures(name: str, rows: list[dict[str, float]]) -> Figures:
    def middle(field: str) -> float | None:
        kept = [float(row[field]) for row in rows if row.get(field) not in (None, "")]
        return median(kept) if kept else None

    walls = [row["wall"] for row in rows]
    return Figures(
        name,
        len(rows),
        sum(row["rc"] != 0 for row in rows),
        median(walls),
        min(walls),
        max(walls),
        middle("cpu") or 0.0,
        max(max(row["tree_mb"], row["max_mb"]) for row in rows),
        middle("bytes"),
        middle("after"),
    )


def table(figures: Iterable[Figures], after: str = "") -> Iterator[str]:
    """Lines for people."""
    yield f"  {'':24}{'runs':>5}{'wall s':>9}{'min..max':>15}{'CPU s':>8}{'peak MiB':>10}{'stored MB':>11}  {after}"
    for each in figures:
        stored = "" if each.stored is None else f"{each.stored / 1e6:.2f}"
        said = "" if each.after is None else f"{each.after:g}"
        bad = f"  {each.failed} FAILED" if each.failed else ""
        yield (
            f"  {each.name.rpartition('/')[2]:24}{each.runs:5}{each.wall:9.2f}{f'{each.low:.2f}..{each.high:.2f}':>15}"
            f"{each.cpu:8.2f}{each.peak:10.0f}{stored:>11}  {said}{bad}"
        )


def share(ours: float | None, theirs: float | None) -> float | None:
    """Ours over theirs; None where either is missing."""
    return ours / theirs if ours is not None and theirs else None
