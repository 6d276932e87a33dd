"""The whole state behind the stand-in: one organization with one Identity Center instance."""

from __future__ import annotations

from itertools import count

from holdfast.sandbox.access import Access, Principal
from holdfast.sandbox.applications import Applications
from holdfast.sandbox.asynchronous import AsyncRequests
from holdfast.sandbox.callers import Sessions
from holdfast.sandbox.directory import Directory, Shelf
from holdfast.sandbox.dynamodb_rules import NewTables
from holdfast.sandbox.idempotency import ClientTokens
from holdfast.sandbox.identifiers import Identifiers
from holdfast.sandbox.instance import Instance
from holdfast.sandbox.journal import Journal
from holdfast.sandbox.organization import Organization
from holdfast.sandbox.paging import Pager
from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.token_issuers import TrustedTokenIssuers
from holdfast.sandbox.wire import invalid

# The day the sample company switched Identity Center on: 2024-03-01T09:00:00Z. Loaded things date from then.
FOUNDED = 1_709_283_600.0
DEFAULT_ASYNC_DELAY = 0.05


class World:
    """Everything the services know. Not thread safe: whoever calls holds the sandbox's lock."""

    def __init__(self, seed: int, region: str, management_account: str) -> None:
        sequence = count(1)
        self.region, self.async_delay = region, DEFAULT_ASYNC_DELAY
        self.ids, self.pager, self.journal = Identifiers(seed, management_account), Pager(), Journal()
        self.sessions, self.new_tables = Sessions(), NewTables()
        self.directory = Directory(self.ids, sequence)
        self.access = Access(self.ids, sequence)
        self.instance, self.client_tokens = Instance(), ClientTokens()
        self.applications = Applications(self.ids, sequence)
        self.token_issuers = TrustedTokenIssuers(self.ids, sequence)
        self.organization = Organization(self.ids, management_account)
        self.quicksight = QuickSight(self.journal, self.pager, region)
        self.requests = AsyncRequests(self.access, self.organization, self.journal, self.name_of, sequence)

    @property
    def management_account(self) -> str:
        return self.organization.management_account

    def name_of(self, principal: Principal) -> str | None:
        """The principal's user name or display name; None when there is no such principal."""
        shelf = self._shelf(principal.kind)
        return shelf.name_of(principal.id) if principal.id in shelf.entries else None

    def principal(self, kind: str, name: str) -> Principal:
        """The user (USER) or group (GROUP) of that name in any case. Raises: ApiRefusal when there is none."""
        found = self._shelf(kind).by_name.get(name.casefold())
        if found is None or kind not in ("USER", "GROUP"):
            raise invalid(f"There is no {kind} {name}.")
        return Principal(kind, found)

    def _shelf(self, kind: str) -> Shelf:
        return self.directory.users if kind == "USER" else self.directory.groups
