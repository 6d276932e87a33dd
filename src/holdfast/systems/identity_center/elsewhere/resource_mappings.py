"""A mapping: which account, principal, permission set, policy and region of a backup is which one elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from holdfast.domain.errors import SettingsError
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.settings import Raw, brief, near

ACCOUNTS, USERS, GROUPS = "accounts", "users", "groups"
PERMISSION_SETS, POLICIES, REGIONS = "permission_sets", "policies", "regions"
DROP = "drop"
ONE_TO_ONE = (USERS, GROUPS, PERMISSION_SETS)
"""Sections whose things have content: two of them cannot become one."""
DROPPABLE = (ACCOUNTS, *ONE_TO_ONE)

_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
# IAM: a path begins and ends with a slash; names are of these characters (IAM API reference, CreatePolicy).
_POLICY_NAME = re.compile(r"/([!-~]+/)?[\w+=,.@-]+", re.ASCII)
_POLICY_ARN = re.compile(r"arn:[\w-]+:iam::(aws|[0-9]{12}):policy/\S+", re.ASCII)


@dataclass(eq=False)
class MappingError(SettingsError):
    """A mapping has problems; all of them are listed at once, one per line."""

    code: ClassVar[str] = "mapping"
    next_step: ClassVar[str] = "Correct what is named above. Nothing was changed."


@dataclass(frozen=True, slots=True)
class ResourceMappings:
    """Names of the backup and what they are called in the target, by section; `dropped` are those that do not come.

    User names are case-folded where they are looked up, and as written where they are given.
    """

    renamed: Mapping[str, Mapping[str, str]]
    dropped: Mapping[str, frozenset[str]]

    def to_json(self) -> str:
        """Canonical JSON that `read_mappings` reads; empty where nothing is mapped or dropped."""
        document: dict[str, Plain] = {name: dict(table) for name, table in self.renamed.items() if table}
        drop: dict[str, Plain] = {name: sorted(names) for name, names in self.dropped.items() if names}
        document |= {DROP: drop} if drop else {}
        return canonical(document).decode() if document else ""


def read_json(document: str) -> ResourceMappings:
    """What `ResourceMappings.to_json` wrote; an empty text maps nothing."""
    return read_mappings(plain(document.encode()), "the run's mapping")


def read_mappings(raw: Raw, source: str) -> ResourceMappings:
    """The mapping in raw tables, each of the backup's names to the target's, and `drop` lists.

    Raises: MappingError with every problem; `source` names the file in it.
    """
    problems = [
        f"[{name}]: unknown section{near(str(name), (*_CHECKS, DROP)) or f'; known are {_known()}'}"
        for name in raw
        if name not in (*_CHECKS, DROP)
    ]
    renamed = {name: _pairs(name, raw.get(name, {}), problems) for name in _CHECKS}
    dropped = _dropped(raw.get(DROP, {}), problems)
    for name in DROPPABLE:
        both = sorted(dropped[name] & renamed[name].keys())
        problems += [f"[{name}] {each}: mapped and dropped at once" for each in both]
    if problems:
        raise MappingError(source, tuple(problems))
    return ResourceMappings(renamed, dropped)


def read_flat(pairs: Mapping[str, str]) -> ResourceMappings:
    """The mapping in one table: `SECTION:NAME` to the target's name, or to nothing for what does not come.

    Account ids, policies and regions are known by their form and need no `SECTION:`.
    Raises: MappingError with every problem.
    """
    tables: dict[str, dict[str, str]] = {}
    drop: dict[str, list[str]] = {}
    for key, new in pairs.items():
        section, name = _section(key)
        if new:
            tables.setdefault(section, {})[name] = new
        else:
            drop.setdefault(section, []).append(name)
    return read_mappings({**tables, **({DROP: drop} if drop else {})}, "resource_mappings")


def lookup_name(section: str, name: str) -> str:
    """How a name is looked up: the service compares user names without regard to case."""
    return name.casefold() if section == USERS else name


def _section(key: str) -> tuple[str, str]:
    forms = ((ACCOUNTS, _ACCOUNT), (REGIONS, _REGION), (POLICIES, _POLICY_ARN), (POLICIES, _POLICY_NAME))
    for section, form in forms:
        if form.fullmatch(key):
            return section, key
    section, _, name = key.partition(":")
    return section, name


def _pairs(section: str, table: object, problems: list[str]) -> dict[str, str]:
    if not isinstance(table, Mapping):
        problems.append(f"[{section}]: expected a table of old = new, got {brief(table)}")
        return {}
    pairs: dict[str, str] = {}
    for old, new in table.items():
        wrong = [found for each in (old, new) if (found := _wrong(section, each))]
        problems += [f"[{section}] {old}: {each}" for each in wrong]
        if not wrong and section == POLICIES and old.startswith("/") is not new.startswith("/"):
            problems.append(
                f"[{section}] {old}: an ARN becomes an ARN, a customer managed policy /path/name another one"
            )
        elif not wrong and lookup_name(section, old) in pairs:
            problems.append(f"[{section}] {old}: is there twice; user names do not differ by case")
        elif not wrong:
            pairs[lookup_name(section, old)] = new
    problems += _collisions(section, pairs)
    return pairs


def _collisions(section: str, pairs: Mapping[str, str]) -> Iterable[str]:
    sources: dict[str, list[str]] = {}
    for old, new in pairs.items() if section in ONE_TO_ONE else ():
        sources.setdefault(lookup_name(section, new), []).append(old)
    for new, olds in sources.items():
        if len(olds) > 1:
            yield f"[{section}] {' and '.join(olds)}: cannot both become {new}"


def _dropped(table: object, problems: list[str]) -> dict[str, frozenset[str]]:
    lists = cast("Mapping[str, object]", table if isinstance(table, Mapping) else {})
    if lists is not table:
        problems.append(f"[{DROP}]: expected a table of lists, got {brief(table)}")
    for name in lists:
        if name not in DROPPABLE:
            problems.append(f"[{DROP}] {name}: cannot be dropped; what can is {', '.join(DROPPABLE)}")
    return {name: _names(name, lists.get(name, ()), problems) for name in DROPPABLE}


def _names(section: str, names: object, problems: list[str]) -> frozenset[str]:
    if not isinstance(names, list | tuple):
        problems.append(f"[{DROP}] {section}: expected a list, got {brief(names)}")
        return frozenset()
    problems += [f"[{DROP}] {section}: {found}" for each in names if (found := _wrong(section, each))]
    return frozenset(lookup_name(section, each) for each in names if isinstance(each, str))


def _wrong(section: str, value: object) -> str:
    """What is wrong with one side of a pair; empty for nothing."""
    if not isinstance(value, str):
        return f"{brief(value)} is no text; write it in quotes"
    return "" if _CHECKS[section](value) else f"{brief(value)} is {_FORMS[section]}"


def _is_name(value: str) -> bool:
    """Whether the service might take it: of control characters it knows three, of lone surrogates none."""
    strange = (each for each in value if unicodedata.category(each) in ("Cc", "Cs"))
    return bool(value.strip()) and all(each in "\t\n\r" for each in strange)


_CHECKS: dict[str, Callable[[str], object]] = {
    ACCOUNTS: _ACCOUNT.fullmatch,
    USERS: _is_name,
    GROUPS: _is_name,
    PERMISSION_SETS: _is_name,
    POLICIES: lambda value: _POLICY_ARN.fullmatch(value) or _POLICY_NAME.fullmatch(value),
    REGIONS: _REGION.fullmatch,
}
_FORMS = {
    ACCOUNTS: "no account id of twelve digits",
    USERS: "no user name",
    GROUPS: "no group name",
    PERMISSION_SETS: "no permission set name",
    POLICIES: "neither the ARN of a policy nor the /path/name of a customer managed one",
    REGIONS: "no region name such as eu-west-1",
}


def _known() -> str:
    return ", ".join((*_CHECKS, DROP))
