"""A mapping: what things of a backup are called elsewhere, read from tables with every problem told at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from holdfast.domain.errors import SettingsError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.settings import Raw, brief, near

DROP = "drop"

_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


@dataclass(eq=False)
class MappingError(SettingsError):
    """A mapping has problems; all of them are listed at once, one per line."""

    code: ClassVar[str] = "mapping"
    next_step: ClassVar[str] = "Correct what is named above. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Section:
    """What one table of a mapping may hold.

    `is_form` tells whether one side of a pair has the right form, and `form` says in words what it has not.
    Things of a `one_to_one` section have content: two of them cannot become one. What is `droppable` may be
    listed under `drop`. `lookup` gives how a name is looked up, and `pair` what is wrong with two sides together.
    """

    is_form: Callable[[str], object]
    form: str
    one_to_one: bool = False
    droppable: bool = False
    lookup: Callable[[str], str] = str
    pair: Callable[[str, str], str] = lambda old, new: ""

    def wrong(self, value: object) -> str:
        """What is wrong with one side of a pair; empty for nothing."""
        if not isinstance(value, str):
            return f"{brief(value)} is no text; write it in quotes"
        return "" if self.is_form(value) else f"{brief(value)} is {self.form}"


def is_name(value: str) -> bool:
    """Whether a service might take it: of control characters it knows three, of lone surrogates none."""
    strange = (each for each in value if unicodedata.category(each) in ("Cc", "Cs"))
    return bool(value.strip()) and all(each in "\t\n\r" for each in strange)


def is_account(value: str) -> bool:
    """Whether it is the id of an AWS account."""
    return bool(_ACCOUNT.fullmatch(value))


def is_region(value: str) -> bool:
    """Whether it has the form of a region's name."""
    return bool(_REGION.fullmatch(value))


ACCOUNT = Section(is_account, "no account id of twelve digits")
REGION = Section(is_region, "no region name such as eu-west-1")

Renamed = Mapping[str, Mapping[str, str]]
Dropped = Mapping[str, frozenset[str]]


def refuse_unknown(raw: Raw, known: Iterable[str], problems: list[str]) -> None:
    """Adds a problem for each section that is not known."""
    names = tuple(known)
    listed = f"; known are {', '.join(names)}"
    problems += [
        f"[{name}]: unknown section{near(str(name), names) or listed}" for name in raw if name not in names
    ]


def read_renamed(raw: Raw, sections: Mapping[str, Section], problems: list[str]) -> dict[str, dict[str, str]]:
    """The pairs of old and new names of each section; what is wrong is appended to `problems`."""
    return {name: _pairs(name, section, raw.get(name, {}), problems) for name, section in sections.items()}


def read_dropped(
    raw: Raw, sections: Mapping[str, Section], renamed: Renamed, problems: list[str]
) -> dict[str, frozenset[str]]:
    """The names under `drop` by section; what is wrong is appended to `problems`."""
    table = raw.get(DROP, {})
    lists = cast("Mapping[str, object]", table if isinstance(table, Mapping) else {})
    if lists is not table:
        problems.append(f"[{DROP}]: expected a table of lists, got {brief(table)}")
    droppable = [name for name, section in sections.items() if section.droppable]
    for name in lists:
        if name not in droppable:
            problems.append(f"[{DROP}] {name}: cannot be dropped; what can is {', '.join(droppable)}")
    dropped = {name: _names(name, sections[name], lists.get(name, ()), problems) for name in droppable}
    for name, names in dropped.items():
        both = sorted(names & renamed[name].keys())
        problems += [f"[{name}] {each}: mapped and dropped at once" for each in both]
    return dropped


def unused(named: Mapping[str, Iterable[str]], used: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    """A warning for each section with names that no record had; `used` are pairs of section and name."""
    for section, names in named.items():
        unknown = sorted(name for name in set(names) if (section, name) not in used)
        if unknown:
            message = f"The backup holds none of these {section} of the mapping: {', '.join(unknown)}."
            advice = "Look at the spelling in the mapping."
            yield Finding(Severity.WARNING, "mapping-unused", "", "", message, advice)


def _pairs(name: str, section: Section, table: object, problems: list[str]) -> dict[str, str]:
    if not isinstance(table, Mapping):
        problems.append(f"[{name}]: expected a table of old = new, got {brief(table)}")
        return {}
    pairs: dict[str, str] = {}
    for old, new in table.items():
        wrong = [found for each in (old, new) if (found := section.wrong(each))]
        wrong = wrong or [found for found in (section.pair(old, new),) if found]
        if not wrong and section.lookup(old) in pairs:
            wrong = ["is there twice; user names do not differ by case"]
        problems += [f"[{name}] {old}: {each}" for each in wrong]
        if not wrong:
            pairs[section.lookup(old)] = new
    problems += _collisions(name, section, pairs)
    return pairs


def _collisions(name: str, section: Section, pairs: Mapping[str, str]) -> Iterable[str]:
    sources: dict[str, list[str]] = {}
    for old, new in pairs.items() if section.one_to_one else ():
        sources.setdefault(section.lookup(new), []).append(old)
    for new, olds in sources.items():
        if len(olds) > 1:
            yield f"[{name}] {' and '.join(olds)}: cannot both become {new}"


def _names(name: str, section: Section, names: object, problems: list[str]) -> frozenset[str]:
    if not isinstance(names, list | tuple):
        problems.append(f"[{DROP}] {name}: expected a list, got {brief(names)}")
        return frozenset()
    problems += [f"[{DROP}] {name}: {found}" for each in names if (found := section.wrong(each))]
    return frozenset(section.lookup(each) for each in names if isinstance(each, str))
