"""The bundle that an import job is pointed to in S3, read from moto's S3 of the same account."""

from __future__ import annotations

import re

from holdfast.sandbox.wire import ApiRefusal

MOST_IN_S3 = 1 << 30
_URI = re.compile(r"s3://([^/]+)/(.+)")


def from_s3(uri: str, account: str) -> bytes:
    """The object's bytes. Raises: ApiRefusal where the account has no such object, or it is over 1 GiB."""
    found = _URI.fullmatch(uri)
    if found is None:
        raise ApiRefusal("InvalidParameterValueException", f"{uri} is not of the form s3://bucket/key")
    from moto.s3.models import s3_backends

    backend = s3_backends[account]["aws"]
    # moto finds the buckets of other accounts too; a job takes those of its own.
    held = backend.get_object(found.group(1), found.group(2)) if found.group(1) in backend.buckets else None
    if held is None:
        raise ApiRefusal(
            "ResourceNotFoundException", f"{uri} is not found in account {account}, or may not be read", 404
        )
    if held.size > MOST_IN_S3:
        raise ApiRefusal("InvalidParameterValueException", f"{uri} has more than {MOST_IN_S3} bytes")
    return bytes(held.value)
