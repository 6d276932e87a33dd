"""The records of a backup under the names of another organization, as a mapping gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from holdfast.domain.outcomes import Finding
from holdfast.domain.records import Record, RecordView, join_key, split_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.mapping import unused
from holdfast.kernel.translation import TranslatedView
from holdfast.systems.identity_center.elsewhere.resource_mappings import (
    ACCOUNTS,
    GROUPS,
    PERMISSION_SETS,
    POLICIES,
    REGIONS,
    USERS,
    ResourceMappings,
    lookup_name,
    read_json,
)
from holdfast.systems.identity_center.model import (
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    PolicyReference,
    PrincipalType,
)
from holdfast.systems.identity_center.records.application_names import application_in
from holdfast.systems.identity_center.records.mapping import (
    NamedMembership,
    assignment_from,
    assignment_record,
    group_from,
    group_record,
    membership_from,
    membership_record,
    permission_set_from,
    permission_set_record,
    principal_key,
    user_from,
    user_record,
)

_NAMED_BY = {
    USER: (USERS,),
    GROUP: (GROUPS,),
    MEMBERSHIP: (GROUPS, USERS),
    PERMISSION_SET: (PERMISSION_SETS,),
    ASSIGNMENT: (ACCOUNTS, PERMISSION_SETS, USERS, GROUPS),
    APPLICATION_ASSIGNMENT: (USERS, GROUPS),
}
"""The sections by which the natural keys of a type change."""
_OTHERS_NAMED_BY = (USERS, GROUPS)
_KEPT = frozenset({"Name", "Description", "Tags", "Application", "TrustedTokenIssuer"})
"""Fields of other records that are names or words for people; the things that they name keep their names."""


def translate(view: RecordView, document: str) -> TranslatedView:
    """The view under the mapping that `ResourceMappings.to_json` wrote."""
    return TranslatedView(view, Translator(read_json(document)))


class _Dropped(Exception):
    """The record refers to something that does not come."""


class Translator:
    """Translates records one by one, and remembers which entries of the mapping were of use."""

    with_content = frozenset({USER, GROUP, PERMISSION_SET})

    def __init__(self, mappings: ResourceMappings) -> None:
        self._mappings = mappings
        self._used: set[tuple[str, str]] = set()
        self._words = {
            old: (section, new)
            for section in (ACCOUNTS, REGIONS, POLICIES)
            for old, new in mappings.renamed[section].items()
        }
        longest_first = sorted(map(re.escape, self._words), key=len, reverse=True)
        # Words of their own: an account id within a bucket's name is part of that name.
        self._pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-])")

    def __call__(self, record: Record) -> Record | None:
        """The record as the target has it; None when it, or something that it refers to, is dropped."""
        translate = self._BY_TYPE.get(record.type, Translator._other)
        try:
            return translate(self, record)
        except _Dropped:
            return None

    def reorders(self, type_name: str) -> bool:
        """Whether the mapping has names that are part of the type's keys."""
        return any(self._mappings.renamed[section] for section in _NAMED_BY.get(type_name, _OTHERS_NAMED_BY))

    def key_before(self, type_name: str, key: str) -> str | None:
        """The same key: where the order stays, keys do."""
        return key

    def findings(self) -> Iterator[Finding]:
        """A warning for each section with names that no record so far had."""
        given = {
            section: (*pairs, *self._mappings.dropped.get(section, ()))
            for section, pairs in self._mappings.renamed.items()
        }
        return unused(given, frozenset(self._used))

    def _name(self, section: str, name: str) -> str:
        known = lookup_name(section, name)
        if known in self._mappings.dropped.get(section, ()):
            self._used.add((section, known))
            raise _Dropped
        new = self._mappings.renamed[section].get(known)
        if new is None:
            return name
        self._used.add((section, known))
        return new

    def _text(self, text: str) -> str:
        """Text with the ids of accounts, regions and ARNs of policies replaced, all at once."""
        return self._pattern.sub(self._replaced, text) if self._words else text

    def _replaced(self, found: re.Match[str]) -> str:
        section, new = self._words[found[0]]
        self._used.add((section, found[0]))
        return new

    def _reference(self, policy: PolicyReference) -> PolicyReference:
        return PolicyReference.of(self._name(POLICIES, policy.path_and_name))

    def _user(self, record: Record) -> Record:
        user = user_from(record)
        return user_record(replace(user, user_name=self._name(USERS, user.user_name)))

    def _group(self, record: Record) -> Record:
        group = group_from(record)
        return group_record(replace(group, display_name=self._name(GROUPS, group.display_name)))

    def _membership(self, record: Record) -> Record:
        held = membership_from(record)
        return membership_record(
            NamedMembership(self._name(GROUPS, held.group), self._name(USERS, held.user))
        )

    def _permission_set(self, record: Record) -> Record:
        whole = permission_set_from(record)
        summary, boundary = whole.summary, whole.boundary
        name, relay_state = self._name(PERMISSION_SETS, summary.name), self._text(summary.relay_state)
        translated = replace(
            whole,
            summary=replace(summary, name=name, relay_state=relay_state),
            inline_policy=self._text(whole.inline_policy),
            managed_policies=tuple({self._text(arn) for arn in whole.managed_policies}),
            customer_policies=tuple({self._reference(policy) for policy in whole.customer_policies}),
            boundary=self._reference(boundary) if isinstance(boundary, PolicyReference) else boundary,
        )
        if isinstance(boundary, str):
            translated = replace(translated, boundary=self._text(boundary))
        return permission_set_record(translated)

    def _assignment(self, record: Record) -> Record:
        given = assignment_from(record)
        section = USERS if given.principal_type is PrincipalType.USER else GROUPS
        account = self._name(ACCOUNTS, given.account_id)
        return assignment_record(
            replace(
                given,
                account_id=account,
                permission_set=self._name(PERMISSION_SETS, given.permission_set),
                principal=self._name(section, given.principal),
                # The name is that of the backup's account, so it says nothing about another one.
                account_name=given.account_name if account == given.account_id else "",
            )
        )

    def _other(self, record: Record) -> Record:
        """Any other record: what stands in its texts, and the principal that it names last in its key."""
        fields, key = plain(record.body), record.key
        translated = self._fields(fields)
        if "PrincipalType" in fields:
            kind = PrincipalType(str(fields["PrincipalType"]))
            section = USERS if kind is PrincipalType.USER else GROUPS
            principal = translated["Principal"] = self._name(section, str(fields["Principal"]))
            key = join_key(*split_key(key)[:-1], principal_key(kind, principal))
        return record._replace(key=key, body=canonical(translated))

    def _plain(self, value: Plain) -> Plain:
        if isinstance(value, str):
            return value if application_in(value) else self._text(value)
        if isinstance(value, Mapping):
            return self._fields(value)
        return [self._plain(item) for item in value] if isinstance(value, list | tuple) else value

    def _fields(self, fields: Mapping[str, Plain]) -> dict[str, Plain]:
        return {name: item if name in _KEPT else self._plain(item) for name, item in fields.items()}

    _BY_TYPE: Mapping[str, Callable[[Translator, Record], Record]] = {
        USER: _user,
        GROUP: _group,
        MEMBERSHIP: _membership,
        PERMISSION_SET: _permission_set,
        ASSIGNMENT: _assignment,
    }
