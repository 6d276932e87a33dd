"""ARNs of QuickSight taken apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from holdfast.domain.records import RecordView
from holdfast.kernel.canonical import Plain, plain

PEOPLE = frozenset({"user", "group", "namespace"})
"""Kinds of resources that lie in the identity region."""

_ARN = re.compile(r"arn:([a-z-]+):quicksight:([a-z0-9-]*):([0-9]{12}):([^/]+)/(.+)", re.DOTALL)


class Arn(NamedTuple):
    """An ARN of something of QuickSight in an account; `kind` and `name` are its resource, split at the first slash.

    What AWS owns, such as the theme MIDNIGHT, lies in no account and is none of these.
    """

    partition: str
    region: str
    account: str
    kind: str
    name: str

    @classmethod
    def of(cls, text: str) -> Arn | None:
        """The ARN that a text is; None for any other text."""
        found = _ARN.fullmatch(text) if text.startswith("arn:") else None
        return None if found is None else cls(*found.groups())

    @property
    def resource(self) -> str:
        """The part that an account has once, for example `user/default/anna`."""
        return f"{self.kind}/{self.name}"

    @property
    def text(self) -> str:
        """The whole ARN."""
        return f"arn:{self.partition}:quicksight:{self.region}:{self.account}:{self.resource}"


def partition_of(region: str) -> str:
    """The partition that a region belongs to."""
    special = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    return next((name for start, name in special.items() if region.startswith(f"{start}-")), "aws")


def named_in(view: RecordView, types: Iterable[str]) -> Counter[Arn]:
    """Every ARN of QuickSight that the records of these types hold, and how often."""
    texts = (
        text
        for name in types
        if name in view.types
        for record in view.records(name)
        for text in _texts(plain(record.body))
    )
    return Counter(arn for text in texts if (arn := Arn.of(text)) is not None)


def _texts(value: Plain) -> Iterator[str]:
    """Every text in a value, names of fields among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)
