"""CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may take for a formula (OWASP, CSV injection)."""

MARK = b"\xef\xbb\xbf"
"""Before the first byte of a file: without it Excel takes UTF-8 for the machine's own letters."""


def csv_chunks(heads: Sequence[str], rows: Iterable[Sequence[str]], *, mark: bool) -> Iterator[bytes]:
    """Lines of CSV (RFC 4180) in UTF-8; `mark` puts a byte order mark first.

    A cell that begins like a formula gets an apostrophe before it, which shows it as text.
    """
    if mark:
        yield MARK
    yield _line(heads)
    for row in rows:
        yield _line([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
