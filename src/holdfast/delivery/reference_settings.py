"""The page of settings, written from the settings classes and their help lines."""

from __future__ import annotations

import json
from dataclasses import Field, fields
from pathlib import Path

from holdfast.config import FILE_NAMES, SECTIONS

_NAMES = ", ".join(f"`{name}`" for name in FILE_NAMES)
_HEAD = f"""\
# Settings

<!-- Written by `make reference`; edit the code instead. -->

Read from `--config FILE`, else the file that `HOLDFAST_CONFIG` names, else the first of
{_NAMES} in the working folder; without any, the defaults below. Relative paths start at the file's folder.

The environment variable wins over the file. Every problem of the file and the variables is reported at once, with exit
code 10. `holdfast init` writes a file with all of this in it.
"""
_TABLE = "| setting | default | meaning | variable |\n| --- | --- | --- | --- |"


def settings_page() -> str:
    """Every setting with its default, meaning, limits and variable, as Markdown."""
    parts = [_HEAD]
    for section, cls in SECTIONS.items():
        rows = [_row(section, item) for item in fields(cls)]
        parts.append("\n".join([f"## [{section}]\n", _TABLE, *rows]) + "\n")
    return "\n".join(parts)


def _row(section: str, item: Field[object]) -> str:
    default = str(item.default) if isinstance(item.default, Path) else item.default
    meaning = item.metadata["help"].replace("|", "\\|") + _limits(item)
    variable = f"HOLDFAST_{section}_{item.name}".upper()
    return f"| `{item.name}` | `{json.dumps(default)}` | {meaning} | `{variable}` |"


def _limits(item: Field[object]) -> str:
    least, most = item.metadata.get("least"), item.metadata.get("most")
    if least is None and most is None:
        return ""
    ends = [
        f"at least {least:g}" if least is not None else "",
        f"at most {most:g}" if most is not None else "",
    ]
    return f" ({', '.join(filter(None, ends))})"
