"""The Organizations and STS gateway over AWS."""

from __future__ import annotations

from holdfast.kernel.answers import next_token, rows, text
from holdfast.kernel.paging import Page
from holdfast.kernel.ports import PacedSession
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.model import Account

PAGE = 20
"""Most entries of one page (Organizations API reference)."""


class OrganizationsClient:
    """`OrganizationsGateway`, which says what each call gives, over a paced session."""

    def __init__(self, session: PacedSession) -> None:
        self._organizations = Service(session, "organizations", "organizations")
        self._sts = Service(session, "sts", "sts")

    def caller(self) -> Caller:
        answer = self._sts.send("GetCallerIdentity", {})
        return Caller(text(answer, "Account"), text(answer, "Arn"), self._sts.region)

    def list_accounts(self, token: str = "") -> Page[Account]:
        answer = self._organizations.send("ListAccounts", {"MaxResults": PAGE, "NextToken": token})
        # `State` has replaced `Status`; older endpoints give only the latter.
        accounts = tuple(
            Account(text(row, "Id"), text(row, "Name"), text(row, "State") or text(row, "Status", "ACTIVE"))
            for row in rows(answer, "Accounts")
        )
        return Page(accounts, next_token(answer))
