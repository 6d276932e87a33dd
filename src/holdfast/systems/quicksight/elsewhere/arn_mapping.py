"""Which ARN elsewhere is which one of the backup, and what of a mapping was of use for it."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.mapping import unused
from holdfast.systems.quicksight.elsewhere.resource_mappings import (
    ACCOUNTS,
    DATA_SOURCES,
    GROUPS,
    IDENTITY_REGIONS,
    NAMES,
    NAMESPACES,
    PRINCIPALS,
    REGIONS,
    TAGS,
    USERS,
    VPC_CONNECTIONS,
    ResourceMappings,
)
from holdfast.systems.quicksight.model import ASSET_KINDS
from holdfast.systems.quicksight.records.arns import PEOPLE, Arn, partition_of

_ASSETS = frozenset(kind.arn.partition("/")[0] for kind in ASSET_KINDS.values())
_SECTION_OF = {"user": USERS, "group": GROUPS}


class Dropped(Exception):
    """What is named does not come."""


class ArnMapping:
    """Names and ARNs of the target for those of the backup; remembers what it was asked for.

    Raises, wherever a person, group or namespace is named that does not come: Dropped.
    """

    def __init__(self, mappings: ResourceMappings) -> None:
        self._mappings = mappings
        self._used: set[tuple[str, str]] = set()
        self._seen: dict[str, str] = {}

    def namespace(self, name: str) -> str:
        """The namespace in the target."""
        return self._renamed(NAMESPACES, name)

    def person(self, section: str, namespace: str, name: str) -> tuple[str, str]:
        """Namespace and name of a user or group in the target; an entry of its own comes before its namespace's."""
        told = self._entry(section, f"{namespace}/{name}")
        if told is None:
            return self.namespace(namespace), name
        there, _, called = told.partition("/")
        return there, called

    def principal(self, text: str) -> str:
        """The ARN of who has a permission in the target; the table of principals comes before all others."""
        arn = Arn.of(text)
        told = self._entry(PRINCIPALS, text)
        if told is None and arn is not None:
            told = self._entry(PRINCIPALS, arn.resource)
        if told is None:
            return self.arn(text)
        return told if arn is None or told.startswith("arn:") else self._place(arn, told)

    def arn(self, text: str) -> str:
        """The text itself, unless it is an ARN of QuickSight in an account that is mapped."""
        arn = Arn.of(text)
        if arn is None or not self._moves(arn):
            return text
        if arn.kind in PEOPLE:
            return self._place(arn, self._person_resource(arn))
        prefix = self._mappings.assets.id_prefix if arn.kind in _ASSETS else ""
        return self._place(arn, f"{arn.kind}/{prefix}{arn.name}")

    def identity_region(self, name: str) -> str:
        """The region of users and groups in the target, in which namespaces are made and have their capacity."""
        return self._renamed(IDENTITY_REGIONS, name)

    def asset_name(self, key: str) -> str | None:
        """The name that an asset gets in the target; None for one that keeps its own."""
        return self._entry(NAMES, key)

    def tags(self) -> dict[str, str]:
        """The tags that every asset gets in the target."""
        tags = self._mappings.renamed[TAGS]
        self._used.update((TAGS, key) for key in tags)
        return dict(tags)

    def note(self, section: str, name: str) -> None:
        """Remember that an entry was of use."""
        self._used.add((section, name))

    def findings(self) -> Iterator[Finding]:
        """Warnings: for each section with names that no record had, and for accounts that the mapping leaves out."""
        mappings = self._mappings
        named = {
            section: (*pairs, *mappings.dropped.get(section, ()))
            for section, pairs in mappings.renamed.items()
        }
        named[DATA_SOURCES], named[VPC_CONNECTIONS] = (*mappings.data_sources,), (*mappings.vpc_connections,)
        yield from unused(named, frozenset(self._used))
        yield from self._uncovered()

    def _uncovered(self) -> Iterator[Finding]:
        accounts = self._mappings.renamed[ACCOUNTS]
        others = sorted(self._seen.keys() - accounts.keys()) if accounts or len(self._seen) > 1 else []
        for account in others:
            stays = "stay as they are" if accounts else "are mapped like those of any other account"
            message = f"The backup names things of account {account}, which [accounts] leaves out."
            advice = f"They {stays}, such as {self._seen[account]}; add the accounts that are yours."
            yield Finding(Severity.WARNING, "mapping-uncovered", "", "", message, advice)

    def _moves(self, arn: Arn) -> bool:
        """Whether the mapping speaks of the ARN's account; one without accounts speaks of all."""
        self._seen.setdefault(arn.account, arn.text)
        accounts = self._mappings.renamed[ACCOUNTS]
        return not accounts or arn.account in accounts

    def _place(self, arn: Arn, resource: str) -> str:
        """The ARN of a resource there where the mapping puts things like this one."""
        section = IDENTITY_REGIONS if arn.kind in PEOPLE else REGIONS
        region = self._renamed(section, arn.region)
        partition = arn.partition if region == arn.region else partition_of(region)
        kind, _, name = resource.partition("/")
        return Arn(partition, region, self._renamed(ACCOUNTS, arn.account), kind, name).text

    def _person_resource(self, arn: Arn) -> str:
        if arn.kind == "namespace":
            return f"{arn.kind}/{self.namespace(arn.name)}"
        namespace, _, name = arn.name.partition("/")
        return "/".join((arn.kind, *self.person(_SECTION_OF[arn.kind], namespace, name)))

    def _renamed(self, section: str, name: str) -> str:
        """The name in the target; the same where the section has no entry for it."""
        told = self._entry(section, name)
        return name if told is None else told

    def _entry(self, section: str, name: str) -> str | None:
        if name in self._mappings.dropped.get(section, ()):
            self._used.add((section, name))
            raise Dropped
        told = self._mappings.renamed[section].get(name)
        if told is not None:
            self._used.add((section, name))
        return told
