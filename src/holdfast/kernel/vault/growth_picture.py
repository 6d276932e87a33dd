"""The growth of a vault as a static SVG: stored bytes over time, the line through them, the capacity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from holdfast.kernel.showing import byte_size
from holdfast.kernel.vault.stats import MONTH, Growth

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 90, 20, 24, 40
DAY = 86_400.0


class _Frame:
    """Where moments and bytes lie in the picture."""

    def __init__(self, growth: Growth) -> None:
        self.first, (last, total) = growth.points[0][0], growth.points[-1]
        self.months = growth.per_month or 0
        # A third of the past is looked ahead, so that the line shows where it goes.
        self.seconds = max(DAY, (last - self.first).total_seconds() * 4 / 3)
        ahead = self.seconds - (last - self.first).total_seconds()
        self.most = max(1.0, total, total + self.months * ahead / MONTH.total_seconds())
        if growth.capacity and growth.capacity < 4 * self.most:
            self.most = max(self.most, float(growth.capacity))

    def at(self, seconds: float, size: float) -> str:
        """A point as SVG writes it."""
        x = LEFT + (WIDTH - LEFT - RIGHT) * seconds / self.seconds
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * size / self.most
        return f"{x:.1f},{y:.1f}"

    def moment(self, at: datetime, size: float) -> str:
        """The point of a moment."""
        return self.at((at - self.first).total_seconds(), size)


def growth_svg(growth: Growth) -> str:
    """The picture as one SVG document; a sentence where there is nothing to draw."""
    parts = "\n".join(_parts(growth) if growth.points else [_text(LEFT, HEIGHT // 2, "No backups yet.")])
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" xmlns="http://www.w3.org/2000/svg" '
        'font-family="sans-serif" font-size="13" aria-label="Growth of the vault">\n'
        f'<title>Growth of the vault</title>\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n{parts}\n</svg>\n'
    )


def _parts(growth: Growth) -> Iterator[str]:
    frame, (last, total) = _Frame(growth), growth.points[-1]
    yield f'<path d="M{frame.at(0, frame.most)} L{frame.at(0, 0)} L{frame.at(frame.seconds, 0)}" fill="none" stroke="#888"/>'
    line = " ".join(frame.moment(at, size) for at, size in growth.points)
    area = f"{frame.at(0, 0)} {line} {frame.moment(last, 0)}"
    yield f'<polygon points="{area}" fill="#4a7ebb" fill-opacity="0.2"/>'
    yield f'<polyline points="{line}" fill="none" stroke="#2b5a94" stroke-width="2"/>'
    for at, size in growth.points:
        x, _, y = frame.moment(at, size).partition(",")
        told = f"{at:%Y-%m-%d}: {byte_size(size)}"
        yield f'<circle cx="{x}" cy="{y}" r="3" fill="#2b5a94"><title>{told}</title></circle>'
    if frame.months:
        ahead = frame.seconds - (last - frame.first).total_seconds()
        end = frame.at(frame.seconds, total + frame.months * ahead / MONTH.total_seconds())
        yield f'<polyline points="{frame.moment(last, total)} {end}" stroke="#2b5a94" stroke-dasharray="5 4"/>'
    if growth.capacity and growth.capacity <= frame.most:
        ends = f"M{frame.at(0, growth.capacity)} L{frame.at(frame.seconds, growth.capacity)}"
        yield f'<path d="{ends}" stroke="#b03a2e" stroke-dasharray="8 4"/>'
    yield _text(LEFT, HEIGHT - BOTTOM + 20, f"{frame.first:%Y-%m-%d}")
    yield _text(float(frame.moment(last, 0).split(",")[0]), HEIGHT - BOTTOM + 20, f"{last:%Y-%m-%d}")
    yield _text(6, TOP + 4, byte_size(round(frame.most)))
    yield _text(LEFT + 10, TOP - 6, growth_line(growth))


def growth_line(growth: Growth) -> str:
    """The growth in a sentence."""
    if growth.per_month is None:
        return "Growth can be told once there are backups a day apart."
    told = f"{byte_size(growth.points[-1][1])} in backups, {_signed(growth.per_month)} in 30 days"
    if growth.capacity is None:
        return f"{told}."
    full = f"reached on {growth.full_at:%Y-%m-%d}" if growth.full_at else "not reached at this pace"
    return f"{told}; {byte_size(growth.capacity)} {full}."


def _signed(size: int) -> str:
    return f"{'-' if size < 0 else '+'}{byte_size(abs(size))}"


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="#333">{text}</text>'
