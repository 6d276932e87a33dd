"""Backup and live view side by side: which records exist where, and what may be concluded from that."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.records import Record, RecordView, split_key
from holdfast.kernel.compare import merge
from holdfast.kernel.side_by_side import Pair, Reach, SideBySide
from holdfast.kernel.system import PlanOptions
from holdfast.systems.identity_center.model import APPLICATION, GROUP, MEMBERSHIP, USER
from holdfast.systems.identity_center.records.application_mapping import application_from
from holdfast.systems.identity_center.records.application_names import name_in, provider_name
from holdfast.systems.identity_center.records.mapping import has_external_ids
from holdfast.systems.identity_center.restore.application_facets import is_own
from holdfast.systems.identity_center.restore.closure import closure, with_members
from holdfast.systems.identity_center.settings import IdentitySource


class Comparison(SideBySide):
    """What a plan works on: both views, the reach of the scope, and how conflicts are decided."""

    def __init__(
        self,
        wanted: RecordView,
        present: RecordView,
        options: PlanOptions,
        source: IdentitySource = IdentitySource.AUTO,
    ) -> None:
        asked = with_members(present, with_members(wanted, options.scope))
        super().__init__(wanted, present, options, Reach(asked, closure(wanted, asked)))
        self._source = source
        self._awaited: dict[str, frozenset[str]] = {}
        self._extra_members: dict[str, int] | None = None
        self._names: dict[str, frozenset[str]] = {}
        self._application_keys: dict[str, set[str]] = {}

    def awaited(self, type_name: str, key: str) -> bool:
        """Whether a user or group is made by an identity source alone, so that nothing of it may be written."""
        if self._source is not IdentitySource.AUTO or type_name not in (USER, GROUP):
            return self._source is IdentitySource.EXTERNAL and type_name in (USER, GROUP)
        if type_name not in self._awaited:
            self._awaited[type_name] = frozenset(
                record.key
                for view in (self.wanted, self.present)
                for record in view.records(type_name)
                if has_external_ids(record)
            )
        return key in self._awaited[type_name]

    def exists_after(self, type_name: str, key: str) -> bool:
        """Whether a record will be there once the backup's are; yes where the service could not be read."""
        if type_name not in self._names:
            live = {record.key for record in self.present.records(type_name)}
            backup = (
                {
                    record.key
                    for record in self.wanted.records(type_name)
                    if self.can_create(record) and not self.awaited(type_name, record.key)
                }
                if self.comparable(type_name)
                else set()
            )
            self._names[type_name] = frozenset(live - self._others(type_name) | backup - live)
        return key in self._names[type_name] or not self.present.is_complete(type_name)

    def can_create(self, record: Record) -> bool:
        """Whether a call makes a missing record; of applications only some, and those under a name that is free."""
        return record.type != APPLICATION or (is_own(record) and self.name_is_free(record))

    def is_unclear(self, application: str) -> bool:
        """Whether the backup has an application of this key's name, but not this very one under this key."""
        ours, live = (side.find(APPLICATION, application) for side in (self.wanted, self.present))
        if ours and live:
            return not self.same_thing(ours, live)
        return live is not None and not self.name_is_free(live)

    def name_is_free(self, application: Record) -> bool:
        """Whether neither side has an application of the name under another key: it would not be clear which is which."""
        if not self._application_keys:
            for side in (self.wanted, self.present):
                for record in side.records(APPLICATION):
                    self._application_keys.setdefault(name_in(record.key), set()).add(record.key)
        return self._application_keys[name_in(application.key)] == {application.key}

    def same_thing(self, backup: Record, live: Record) -> bool:
        """Whether records of one key are the same thing; not applications of different providers."""
        if backup.type != APPLICATION:
            return True
        ours, theirs = (application_from(each).summary.provider for each in (backup, live))
        return provider_name(ours) == provider_name(theirs)

    def _others(self, type_name: str) -> set[str]:
        """Keys under which the service has another thing than the backup."""
        if type_name != APPLICATION:
            return set()
        both = merge(self.wanted.records(type_name), self.present.records(type_name))
        return {ours.key for ours, live in both if ours and live and not self.same_thing(ours, live)}

    def extra_members(self, group: str) -> int:
        """How many members a group has that the backup lacks; 0 where that is not known for certain."""
        if self._extra_members is None:
            self._extra_members = {}
            for pair in self.extra_memberships():
                name = split_key(pair.key)[0]
                self._extra_members[name] = self._extra_members.get(name, 0) + 1
        return self._extra_members.get(group, 0)

    def extra_memberships(self) -> Iterator[Pair]:
        """Live memberships, asked for, that the backup lacks, of groups that are restored themselves."""
        if self.proves_extra(MEMBERSHIP) and self.comparable(GROUP):
            for pair in self.pairs(MEMBERSHIP):
                group = split_key(pair.key)[0]
                asked = self.reach.asked.covers(MEMBERSHIP, pair.key) and self.reach.asked.covers(
                    GROUP, group
                )
                if pair.backup is None and asked and not self.awaited(GROUP, group):
                    yield pair
