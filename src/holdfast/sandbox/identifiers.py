"""Identifiers in AWS's forms, drawn from the seed, so that the same story gives the same identifiers."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_lowercase + string.digits


class Identifiers:
    """Every identifier the stand-in hands out; two with the same seed hand out the same sequence."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"identifiers {seed}")
        self._store = self._hex(10)
        self.identity_store = f"d-{self._store}"
        self._instance = f"ssoins-{self._hex(16)}"
        self.instance_arn = f"arn:aws:sso:::instance/{self._instance}"
        self.organization = f"o-{self._letters(10)}"
        self.root = f"r-{self._letters(4)}"

    def resource(self) -> str:
        """A user, group or membership id: the store's ten digits and a UUID."""
        return f"{self._store}-{self.request()}"

    def request(self) -> str:
        """An asynchronous request's id, a UUID."""
        value = self._hex(32)
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"

    def permission_set_arn(self) -> str:
        return f"arn:aws:sso:::permissionSet/{self._instance}/ps-{self._hex(16)}"

    def application_arn(self, account: str) -> str:
        return f"arn:aws:sso::{account}:application/{self._instance}/apl-{self._hex(16)}"

    def trusted_token_issuer_arn(self, account: str) -> str:
        return f"arn:aws:sso::{account}:trustedTokenIssuer/{self._instance}/tti-{self.request()}"

    def organizational_unit(self) -> str:
        return f"ou-{self.root[2:]}-{self._letters(8)}"

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(_ALPHABET, k=count))
