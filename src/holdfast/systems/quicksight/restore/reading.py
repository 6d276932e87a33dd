"""What facets hold now, read with as few calls as their grouping allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from holdfast.domain.changes import Change
from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.domain.outcomes import Outcome
from holdfast.kernel.runs.comparison import failed_by
from holdfast.kernel.system import Present
from holdfast.systems.quicksight.errors import Missing
from holdfast.systems.quicksight.restore.details import Details
from holdfast.systems.quicksight.restore.facets import is_asset, is_detail, meaning, owner_of
from holdfast.systems.quicksight.restore.people import People, bundle_of

_READERS = 8


class AssetReading(Protocol):
    """Reads whole assets as a bundle holds them."""

    def read(self, asset_type: str, keys: Sequence[str]) -> Mapping[str, bytes | Outcome]:
        """By key, canonical members of what is there; the outcome of an asset that could not be read.

        Raises: AccessDenied, RemoteError and what ends a run.
        """


class Reader:
    """Reads facets in groups that one listing, or one export job, answers."""

    def __init__(self, people: People, details: Details, assets: AssetReading) -> None:
        self._people, self._details, self._assets = people, details, assets

    def present(self, changes: Sequence[Change]) -> list[Present]:
        """What each change's facet holds now, in the changes' own spelling where it means the same.

        Raises: RemoteUnavailable, Throttled, CredentialsError; other failures are in the answer.
        """
        groups: dict[tuple[str, str], list[int]] = {}
        for position, change in enumerate(changes):
            groups.setdefault(_group(change), []).append(position)
        asked = [[changes[position] for position in positions] for positions in groups.values()]
        found: list[Present] = [Present(None)] * len(changes)
        for positions, presents in zip(groups.values(), self._all(asked), strict=True):
            for position, present in zip(positions, presents, strict=True):
                found[position] = present
        return found

    def _all(self, groups: list[list[Change]]) -> list[list[Present]]:
        if len(groups) <= 1:
            return [self._read(group) for group in groups]
        with ThreadPoolExecutor(min(_READERS, len(groups)), thread_name_prefix="read") as pool:
            return list(pool.map(self._read, groups))

    def _read(self, changes: list[Change]) -> list[Present]:
        kind, owner = _group(changes[0])
        try:
            values = self._values(kind, owner, [change.key for change in changes])
        except Missing:
            values = {}
        except (AccessDenied, RemoteError) as error:
            if not error.permanent:
                raise
            return [Present(None, failed_by(error))] * len(changes)
        return [_present(change, values.get(change.key)) for change in changes]

    def _values(self, kind: str, owner: str, keys: Sequence[str]) -> Mapping[str, bytes | Outcome]:
        if is_asset(kind):
            return self._assets.read(kind, keys)
        return self._details.read(kind, owner) if is_detail(kind) else self._people.readers[kind](owner, keys)


def _group(change: Change) -> tuple[str, str]:
    """The type and what one listing is for: a namespace, a group, an asset; assets of a type go together."""
    if is_asset(change.type):
        return change.type, ""
    if is_detail(change.type):
        return change.type, owner_of(change.type, change.key)
    return change.type, bundle_of(change.type, change.key)


def _present(change: Change, value: bytes | Outcome | None) -> Present:
    """The journal compares bytes; a live value that means the same as the planned one is given as planned."""
    if isinstance(value, Outcome):
        return Present(None, value)
    meant = meaning(change.type, value)
    for planned in (change.after, change.before):
        if meant == meaning(change.type, planned):
            return Present(planned)
    return Present(value)
