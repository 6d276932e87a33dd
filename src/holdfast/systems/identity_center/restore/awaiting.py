"""Users and groups that only an identity source makes: which of them a restore needs, and whether they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import RecordView
from holdfast.kernel.paging import every
from holdfast.kernel.system import PlanOptions
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.model import GROUP, MEMBERSHIP, USER
from holdfast.systems.identity_center.records.mapping import user_key
from holdfast.systems.identity_center.records.references import references
from holdfast.systems.identity_center.restore.comparison import Comparison
from holdfast.systems.identity_center.settings import IdentitySource

_PAGE = 100


class PrincipalArrivals:
    """`Arrivals` of Identity Center: asks for single names, or lists everybody where that takes fewer calls."""

    types: tuple[str, ...] = (USER, GROUP, MEMBERSHIP)

    def __init__(self, identity_store: IdentityStoreGateway, source: IdentitySource) -> None:
        self._store, self._source = identity_store, source
        # How many there were at the last listing; before the first one a question per name is taken as cheaper.
        self._pages: dict[str, int] = {}

    def awaited(
        self, wanted: RecordView, present: RecordView, scope: RestoreScope
    ) -> frozenset[tuple[str, str]]:
        """The users and groups that the identity source must bring before all in the scope can be restored."""
        comparison = Comparison(wanted, present, PlanOptions(scope), self._source)
        for type_name in (USER, GROUP):
            self._pages[type_name] = 1 + sum(1 for _ in present.records(type_name)) // _PAGE
        return frozenset(
            name
            for name in _needed(comparison)
            if comparison.awaited(*name) and not comparison.exists_after(*name)
        )

    def missing(self, names: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those of the names that are not there now. Raises: what the identity store's calls raise."""
        return names - self._there(USER, names) - self._there(GROUP, names)

    def _there(self, type_name: str, names: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
        keys = [key for kind, key in names if kind == type_name]
        if len(keys) <= self._pages.get(type_name, len(keys)):
            ask: Callable[[str], str] = (
                self._store.find_user_id if type_name == USER else self._store.find_group_id
            )
            return {(type_name, key) for key in keys if ask(key)}
        listed = list(self._names(type_name))
        self._pages[type_name] = 1 + len(listed) // _PAGE
        return {(type_name, key) for key in listed}

    def _names(self, type_name: str) -> Iterator[str]:
        if type_name == USER:
            return (user_key(user.user_name) for user in every(self._store.list_users))
        return (group.display_name for group in every(self._store.list_groups))


def _needed(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Users and groups in reach of the restore that are not there, and those that its missing records name."""
    for type_name in comparison.wanted.types:
        for pair in comparison.pairs(type_name):
            if pair.backup is not None and pair.live is None:
                yield type_name, pair.key
                yield from references(type_name, pair.key)
