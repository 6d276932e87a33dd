"""Trusted token issuers: who outside may issue tokens that applications exchange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.sandbox.identifiers import Identifiers
from holdfast.sandbox.wire import conflict, missing


@dataclass(slots=True)
class TrustedTokenIssuer:
    """An issuer of OpenID Connect tokens, and how a token's claim leads to a user of the identity store."""

    seq: int
    arn: str
    name: str
    issuer_url: str
    claim_path: str
    attribute_path: str
    tags: dict[str, str] = field(default_factory=dict)


class TrustedTokenIssuers:
    """Issuers by ARN, oldest first; a name is used once."""

    def __init__(self, identifiers: Identifiers, sequence: Iterator[int]) -> None:
        self._ids, self._sequence = identifiers, sequence
        self.all: dict[str, TrustedTokenIssuer] = {}

    def add(
        self, account: str, name: str, issuer_url: str, claim_path: str, attribute_path: str
    ) -> TrustedTokenIssuer:
        """The new issuer. Raises: ApiRefusal (ConflictException) when the name is taken."""
        self.require_free(name)
        arn = self._ids.trusted_token_issuer_arn(account)
        made = TrustedTokenIssuer(next(self._sequence), arn, name, issuer_url, claim_path, attribute_path)
        self.all[arn] = made
        return made

    def require_free(self, name: str) -> None:
        """Nothing when no issuer has the name. Raises: ApiRefusal (ConflictException)."""
        if self.named(name) is not None:
            raise conflict(f"A trusted token issuer with name {name} already exists.")

    def get(self, arn: str) -> TrustedTokenIssuer:
        """The issuer. Raises: ApiRefusal (ResourceNotFoundException)."""
        if arn not in self.all:
            raise missing(f"Trusted token issuer with ARN {arn} not found.")
        return self.all[arn]

    def named(self, name: str) -> TrustedTokenIssuer | None:
        return next((each for each in self.all.values() if each.name == name), None)
