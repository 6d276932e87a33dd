"""Pieces of an HTML page: self-contained, no scripts, everything from outside escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from holdfast.kernel.showing import visible

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security of the page: even what escaped the escaping could load and run nothing."""


def html_page(title: str, body: str) -> str:
    """A page in the style of reports around some HTML; both texts are escaped already."""
    style = files("holdfast.kernel.runs").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def section(title: str, parts: Iterable[str]) -> Iterator[str]:
    """A section with its heading; nothing where there are no parts. The title is escaped here."""
    listed = list(parts)
    if listed:
        yield from (f"<section><h2>{escaped(title)}</h2>", *listed, "</section>")


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0, blanks: Sequence[str] = ()
) -> str:
    """A table whose last `numbers` columns are figures; a column that is empty throughout is left out.

    `blanks` are the heads of further columns, to be filled in by hand.
    """
    listed = list(rows)
    kept = [place for place in range(len(heads)) if any(row[place] for row in listed)]
    figures = range(len(heads) - numbers, len(heads))
    head = "".join(_cell("th", heads[place], place in figures) for place in kept)
    head += "".join(f'<th class="blank">{escaped(name)}</th>' for name in blanks)
    lines = ("".join(_cell("td", row[place], place in figures) for place in kept) for row in listed)
    blank = '<td class="blank"></td>' * len(blanks)
    body = "\n".join(f"<tr>{line}{blank}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _cell(tag: str, text: str, figure: bool) -> str:
    number = ' class="number"' if figure else ""
    return f"<{tag}{number}>{escaped(text)}</{tag}>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels and texts, side by side."""
    listed = "".join(f"<dt>{escaped(label)}</dt><dd>{escaped(text)}</dd>" for label, text in pairs)
    return f"<dl>{listed}</dl>"


def bullets(lines: Iterable[str]) -> Iterator[str]:
    """A list of lines; nothing where there are none."""
    listed = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    if listed:
        yield f"<ul>{listed}</ul>"


def escaped(text: str) -> str:
    """The text escaped, on one line, with control and direction characters spelled out."""
    return escape(visible(text))
