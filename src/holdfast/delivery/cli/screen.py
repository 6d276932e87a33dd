"""A screen: lines, facts and tables that fit the terminal and read the same without colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.showing import visible, visible_key

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Alignment = Literal["left", "right"]
GAP = "  "
"""Between two columns."""
RULE = "\u2500"
"""Below the head."""

STYLES = {
    "failed": "red",
    "in doubt": "red",
    "error": "red",
    "damaged": "red",
    "partial": "yellow",
    "impossible": "yellow",
    "interrupted": "yellow",
    "warning": "yellow",
    "complete": "green",
    "ok": "green",
}
"""Colours for words that say how something ended; the word itself always says it, too."""


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: its head, its alignment, and whether its texts must stay on one line."""

    head: str
    alignment: Alignment = "left"
    whole: bool = False


def number(head: str) -> Column:
    """A column of figures: to the right, never wrapped."""
    return Column(head, "right", whole=True)


def name(head: str) -> Column:
    """A column whose texts are copied from the screen, so that they are never wrapped."""
    return Column(head, whole=True)


class Screen:
    """Writes to a console (standard output by default). All text is made safe to print."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console as RichConsole

        # rich itself reads NO_COLOR, COLUMNS and whether the output is a terminal.
        self._console = console or RichConsole(highlight=False, emoji=False)

    def line(self, text: str, style: str = "") -> None:
        """A line of text, wrapped to a terminal's width below its own indentation; whole in a file."""
        from rich.padding import Padding
        from rich.text import Text

        shown = visible(text)
        if not self._console.is_terminal:
            self._console.print(Text(shown), soft_wrap=True)
            return
        bare = shown.lstrip(" ")
        indentation = (0, 0, 0, len(shown) - len(bare))
        self._console.print(Padding(Text(bare, style=style), indentation, expand=False))

    @property
    def narrow(self) -> bool:
        """Whether there is too little room for what could be left out."""
        return self._console.width < 100

    @property
    def cramped(self) -> bool:
        """Whether there is room for little more than a name and a word or two."""
        return self._console.width < 70

    def heading(self, text: str) -> None:
        """A heading with an empty line before it."""
        self._console.print()
        self.line(text, "bold")

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Labels and texts in two columns; pairs without text are left out."""
        from rich.table import Table

        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        for label, text in pairs:
            if text:
                table.add_row(label, _cell(text))
        self._console.print(table)

    def table(self, heads: Sequence[str | Column], rows: Iterable[Sequence[str]]) -> None:
        """A table; a column that is empty throughout is left out."""
        columns = [head if isinstance(head, Column) else Column(head) for head in heads]
        listed = [[visible(cell) for cell in row] for row in rows]
        kept = [place for place in range(len(columns)) if any(row[place] for row in listed)]
        shown = [columns[place] for place in kept]
        cells = [[row[place] for place in kept] for row in listed]
        # Other encodings may lack the rule's character; rich then draws another.
        drawable = kept and self._console.encoding.startswith("utf")
        fitting = _fitting(shown, cells, self._console.width) if drawable else None
        if fitting:
            self._console.print(fitting, soft_wrap=True, end="")
        else:
            self._console.print(_folded(shown, cells))

    def findings(self, title: str, findings: Sequence[Finding], total: int = 0) -> None:
        """Findings under a heading, each with its advice; nothing where there are none."""
        if not findings:
            return
        self.heading(f"{title} ({max(total, len(findings)):,})")
        following = [finding.advice for finding in findings[1:]] + [""]
        for finding, next_advice in zip(findings, following, strict=True):
            subject = " ".join(filter(None, (finding.type, visible_key(finding.key))))
            lead = f"{subject}: " if subject else ""
            style = STYLES.get(finding.severity, "")
            label = "" if finding.severity is Severity.NOTE else f"{finding.severity}: "
            self.line(f"  {label}{lead}{finding.message}", style)
            if finding.advice and finding.advice != next_advice:  # said once for all that need it
                self.line(f"    -> {finding.advice}", "dim")


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Text | None:
    """The table as `_folded` has it, at a tenth of its time; None where a row needs more than one line."""
    from rich.cells import cell_len
    from rich.text import Text

    lines = [[column.head for column in columns], *rows]
    widths = [max(map(cell_len, cells)) for cells in zip(*lines, strict=True)]
    whole = sum(widths) + len(GAP) * (len(widths) - 1)
    if whole > width:
        return None
    parts: list[str | tuple[str, str]] = []
    for line in lines:
        for column, cell, full in zip(columns, line, widths, strict=True):
            room = " " * (full - cell_len(cell))
            styled = (cell, STYLES.get(cell.lower(), "") if line is not lines[0] else "bold")
            parts += (room, styled, GAP) if column.alignment == "right" else (styled, room, GAP)
        parts[-1] = "\n" if line is not lines[0] else f"\n{RULE * whole}\n"
    return Text.assemble(*parts)


def _folded(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    """The table, with long texts over several lines."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, collapse_padding=True)
    for column in columns:
        table.add_column(column.head, justify=column.alignment, no_wrap=column.whole, overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    return table


def _cell(text: str) -> Text:
    from rich.text import Text

    return Text(visible(text), style=STYLES.get(text.lower(), ""))
