"""Static SVG charts for reports: no scripts, coloured by the page, hatched for print without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 860
LABEL = 260
VALUE = 110
ROW = 26
BAR = 16
LEAST = 4.0
"""Width in pixels of a share too small to be seen: 3 failures of 100,000 must show."""

LABEL_LETTERS = 36

PATTERNS = """<svg width="0" height="0" class="patterns" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" class="failed"/><line x1="0" y1="0" x2="0" y2="6" class="stroke"/></pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">
<rect width="6" height="6" class="impossible"/><circle cx="3" cy="3" r="1.3" class="dot"/></pattern>
<pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse">
<rect width="5" height="5" class="in-doubt"/><line x1="0" y1="2.5" x2="5" y2="2.5" class="stroke"/></pattern>
</defs></svg>"""
"""The patterns that charts fill with; a page has them once, before its first chart."""

FILLS = {
    "failed": "url(#hatch)",
    "lost": "url(#hatch)",
    "impossible": "url(#dots)",
    "in doubt": "url(#stripes)",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart: a label, its shares by class name, and the text behind the bar."""

    label: str
    shares: tuple[tuple[str, float], ...]
    value: str

    @property
    def total(self) -> float:
        """The sum of the shares."""
        return sum(size for _, size in self.shares)


def stacked_bars(title: str, bars: Sequence[Bar], *, relative: bool) -> str:
    """An SVG of horizontal stacked bars with a title for screen readers.

    With `relative` every bar fills the width, so that shares of small types can be seen; else bars
    are to one scale.
    """
    largest = max((bar.total for bar in bars), default=0.0)
    height = ROW * len(bars) + 4
    rows = "\n".join(_row(bar, number, bar.total if relative else largest) for number, bar in enumerate(bars))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">\n<title>{escape(title)}</title>\n{rows}\n</svg>'
    )


def legend(names: Sequence[str]) -> str:
    """The key to the shares' colours and patterns, as HTML with small SVG swatches."""
    swatches = (
        f'<li><svg viewBox="0 0 14 14" aria-hidden="true">'
        f'<rect width="14" height="14" rx="2" {_fill(name)}/></svg>{escape(name)}</li>'
        for name in names
    )
    return f'<ul class="legend">{"".join(swatches)}</ul>'


def _row(bar: Bar, number: int, scale: float) -> str:
    top = ROW * number + 4
    text = top + BAR - 4
    label = bar.label if len(bar.label) <= LABEL_LETTERS else bar.label[: LABEL_LETTERS - 1] + "…"
    pieces = "".join(_pieces(bar, top, scale))
    return (
        f'<text x="{LABEL - 10}" y="{text}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{LABEL}" y="{top}" width="{_room()}" height="{BAR}" class="track"/>{pieces}'
        f'<text x="{WIDTH - VALUE + 10}" y="{text}">{escape(bar.value)}</text>'
    )


def _pieces(bar: Bar, top: int, scale: float) -> Iterator[str]:
    left = float(LABEL)
    for (name, size), width in zip(bar.shares, _widths(bar, scale), strict=True):
        if width:
            told = escape(f"{bar.label}: {name} {size:,.6g}")
            yield (
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" {_fill(name)}>'
                f"<title>{told}</title></rect>"
            )
        left += width


def _widths(bar: Bar, scale: float) -> list[float]:
    """Widths in pixels: no share that exists is narrower than `LEAST`, the widest gives way."""
    if not scale:
        return [0.0 for _ in bar.shares]
    widths = [max(LEAST, _room() * size / scale) if size else 0.0 for _, size in bar.shares]
    least = LEAST * sum(1 for width in widths if width)
    over = sum(widths) - max(_room() * bar.total / scale, least)
    if over > 0:
        widest = widths.index(max(widths))
        widths[widest] -= over
    return widths


def _fill(name: str) -> str:
    pattern = FILLS.get(name)
    return f'fill="{pattern}"' if pattern else f'class="{escape(name.replace(" ", "-"))}"'


def _room() -> int:
    return WIDTH - LABEL - VALUE
