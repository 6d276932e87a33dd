"""The few calls we need of Organizations and STS, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.kernel.paging import Page
from holdfast.systems.identity_center.model import Account


@dataclass(frozen=True, slots=True)
class Caller:
    """Who we are: account id and principal ARN."""

    account: str
    arn: str
    region: str


class OrganizationsGateway(Protocol):
    """The organization's accounts, and who asks. Errors as in `IdentityStoreGateway`."""

    def caller(self) -> Caller:
        """The account and principal of the credentials in use."""

    def list_accounts(self, token: str = "") -> Page[Account]:
        """Up to 20 accounts."""
