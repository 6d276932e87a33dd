"""A mapping: which account, principal, permission set, policy and region of a backup is which one elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.mapping import (
    ACCOUNT,
    DROP,
    REGION,
    MappingError,
    Section,
    is_account,
    is_name,
    is_region,
    read_dropped,
    read_renamed,
    refuse_unknown,
)
from holdfast.kernel.settings import Raw

ACCOUNTS, USERS, GROUPS = "accounts", "users", "groups"
PERMISSION_SETS, POLICIES, REGIONS = "permission_sets", "policies", "regions"

# IAM: a path begins and ends with a slash; names are of these characters (IAM API reference, CreatePolicy).
_POLICY_NAME = re.compile(r"/([!-~]+/)?[\w+=,.@-]+", re.ASCII)
_POLICY_ARN = re.compile(r"arn:[\w-]+:iam::(aws|[0-9]{12}):policy/\S+", re.ASCII)


def _is_policy(value: str) -> object:
    return _POLICY_ARN.fullmatch(value) or _POLICY_NAME.fullmatch(value)


def _policy_pair(old: str, new: str) -> str:
    if old.startswith("/") is new.startswith("/"):
        return ""
    return "an ARN becomes an ARN, a customer managed policy /path/name another one"


SECTIONS = {
    ACCOUNTS: Section(ACCOUNT.is_form, ACCOUNT.form, droppable=True),
    USERS: Section(is_name, "no user name", one_to_one=True, droppable=True, lookup=str.casefold),
    GROUPS: Section(is_name, "no group name", one_to_one=True, droppable=True),
    PERMISSION_SETS: Section(is_name, "no permission set name", one_to_one=True, droppable=True),
    POLICIES: Section(
        _is_policy,
        "neither the ARN of a policy nor the /path/name of a customer managed one",
        pair=_policy_pair,
    ),
    REGIONS: REGION,
}


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
    problems: list[str] = []
    refuse_unknown(raw, (*SECTIONS, DROP), problems)
    renamed = read_renamed(raw, SECTIONS, problems)
    dropped = read_dropped(raw, SECTIONS, renamed, problems)
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
    return SECTIONS[section].lookup(name)


def _section(key: str) -> tuple[str, str]:
    for section, has_form in ((ACCOUNTS, is_account), (REGIONS, is_region), (POLICIES, _is_policy)):
        if has_form(key):
            return section, key
    section, _, name = key.partition(":")
    return section, name
