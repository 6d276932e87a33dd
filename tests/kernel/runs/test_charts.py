"""Charts show what matters however small its share is."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from holdfast.kernel.runs.charts import Bar, stacked_bars

SVG = "{http://www.w3.org/2000/svg}"
ROOM = 490.0  # 860 wide, less 260 for labels and 110 for values


def _widths(chart: str) -> list[float]:
    """The widths of the shares, without the track behind them."""
    boxes = ET.fromstring(chart).iter(f"{SVG}rect")
    return [float(box.attrib["width"]) for box in boxes if box.attrib.get("class") != "track"]


def test_three_failures_of_a_hundred_thousand_are_seen() -> None:
    bar = Bar("user", (("done", 99_997.0), ("failed", 3.0), ("skipped", 0.0)), "100,000")

    assert _widths(stacked_bars("Outcomes", [bar], relative=True)) == [486.0, 4.0]


def test_shares_fill_the_bar_in_proportion() -> None:
    bar = Bar("user", (("done", 3.0), ("failed", 1.0)), "4")

    assert _widths(stacked_bars("Outcomes", [bar], relative=True)) == [367.5, 122.5]


def test_a_tiny_bar_beside_a_large_one_shows_each_of_its_shares() -> None:
    bars = [Bar("user", (("done", 1e6),), "1,000,000"), Bar("group", (("done", 1.0), ("failed", 1.0)), "2")]

    assert _widths(stacked_bars("Changes", bars, relative=False)) == [ROOM, 4.0, 4.0]


@pytest.mark.parametrize("relative", [True, False])
def test_a_type_without_items_has_an_empty_bar(relative: bool) -> None:
    bar = Bar("user", (("done", 0.0), ("failed", 0.0)), "0")

    assert _widths(stacked_bars("Outcomes", [bar], relative=relative)) == []


def test_labels_are_escaped() -> None:
    chart = stacked_bars("<b>", [Bar("<i>&", (("done", 1.0),), "<1>")], relative=True)

    texts = [text.text for text in ET.fromstring(chart).iter(f"{SVG}text")]
    assert texts == ["<i>&", "<1>"]
