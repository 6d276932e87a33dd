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
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import s3_backends

    try:
        # A backend knows its own account's buckets only: the bucket must be in the account of the job.
        held = s3_backends[account]["aws"].get_object(found.group(1), found.group(2))
    except S3ClientError:
        held = None
    if held is None:
        raise ApiRefusal(
            "ResourceNotFoundException", f"{uri} is not found in account {account}, or may not be read", 404
        )
    if held.size > MOST_IN_S3:
        raise ApiRefusal("InvalidParameterValueException", f"{uri} has more than {MOST_IN_S3} bytes")
    return bytes(held.value)
