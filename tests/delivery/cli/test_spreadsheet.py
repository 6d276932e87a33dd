"""CSV that a spreadsheet opens as text."""

from __future__ import annotations

import csv
import io

import pytest

from holdfast.delivery.cli.spreadsheet import csv_chunks


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"])
def test_a_cell_that_begins_like_a_formula_is_shown_as_text(cell: str) -> None:
    data = b"".join(csv_chunks(["name"], [[cell]], mark=False))
    assert list(csv.reader(io.StringIO(data.decode(), newline=""))) == [["name"], ["'" + cell]]


def test_lines_end_and_quotes_stand_as_the_standard_says() -> None:
    rows = [["Zoë", 'say "hi"', "a,b"], ["", "1=1", "two\nlines"]]
    data = b"".join(csv_chunks(["a", "b", "c"], rows, mark=True))
    assert data == '\ufeffa,b,c\r\nZoë,"say ""hi""","a,b"\r\n,1=1,"two\nlines"\r\n'.encode()
