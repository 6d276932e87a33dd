"""Ids of networks, subnets and security groups that tell where they are, so that nobody uses them elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

# What begins so was made here; any other id is taken to be of whatever account it is used in.
_OURS = "0ec0"


def network_id(kind: str, account: str, region: str, number: int) -> str:
    """The id of the number-th `vpc`, `subnet` or `sg` of a place, with 17 digits as AWS gives them."""
    return f"{kind}-{_OURS}{_place(account, region)}{number:05x}"


def elsewhere(ids: Iterable[object], account: str, region: str) -> list[str]:
    """Those of the ids that are known to be of another account or region."""
    here = _OURS + _place(account, region)
    told = [str(each) for each in ids]
    return [each for each in told if each.partition("-")[2].startswith(_OURS) and f"-{here}" not in each]


def _place(account: str, region: str) -> str:
    return blake2b(f"{account} {region}".encode(), digest_size=4).hexdigest()
