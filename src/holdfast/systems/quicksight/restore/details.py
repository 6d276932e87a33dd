"""Permissions, tags and folder members of assets: changed in few calls, and read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.domain.changes import Change
from holdfast.domain.errors import RemoteError
from holdfast.domain.outcomes import DONE, Outcome
from holdfast.kernel.canonical import plain
from holdfast.kernel.paging import every
from holdfast.systems.quicksight.clients.assets_writing import AssetsWriting
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.model import ASSET_KINDS, FOLDER_MEMBER, TAG
from holdfast.systems.quicksight.records.dependencies import asset_named
from holdfast.systems.quicksight.restore.facets import (
    Facet,
    detail_of,
    member_facet,
    owner_of,
    owner_type,
    permission_facet,
    tag_facet,
)

AT_ONCE = 50
"""Permissions or tags in one call; the service takes 64 and 200 (quicksight 2018-04-01)."""


class Details:
    """Changes details of assets; errors of the service leave as they are."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._assets = connection, connection.assets
        self._calls = AssetsWriting(connection.data)

    def write(self, changes: Sequence[Change]) -> Outcome:
        """How changes of one type to one asset ended, which go together."""
        kind, key = owner_type(changes[0].type), owner_of(changes[0].type, changes[0].key)
        if changes[0].type == FOLDER_MEMBER:
            for change in changes:
                self._member(change)
        elif changes[0].type.endswith(f".{TAG}"):
            self._tags(kind, key, changes)
        else:
            self._permissions(kind, key, changes)
        return DONE

    def read(self, change_type: str, key: str) -> dict[str, bytes]:
        """The details of one type that an asset has, by their keys. Raises: Missing for no such asset."""
        return {facet.key: facet.value for facet in self._facets(change_type, key)}

    def _facets(self, change_type: str, key: str) -> Iterator[Facet]:
        kind = owner_type(change_type)
        if change_type == FOLDER_MEMBER:
            listed = every(lambda token: self._assets.list_folder_members(key, token))
            return (member_facet(key, arn) for arn in listed)
        if change_type.endswith(f".{TAG}"):
            tags = self._assets.tags(self._arn(kind, key))
            return (tag_facet(kind, key, name, value) for name, value in tags.items())
        held = self._assets.grants(kind, key).permissions
        return (permission_facet(kind, key, who, actions) for who, actions in held.items())

    def _member(self, change: Change) -> None:
        named = asset_named(detail_of(change.key))
        if named is None:
            raise RemoteError("quicksight:CreateFolderMembership", "Unknown", f"{change.name} names no asset")
        call = self._calls.take_out if change.after is None else self._calls.put_into
        call(owner_of(change.type, change.key), *named)

    def _tags(self, kind: str, key: str, changes: Sequence[Change]) -> None:
        arn = self._arn(kind, key)
        gone = [detail_of(change.key) for change in changes if change.after is None]
        put = {detail_of(c.key): str(plain(c.after)["Value"]) for c in changes if c.after is not None}
        if gone:
            self._calls.untag(arn, gone)
        if put:
            self._calls.tag(arn, put)

    def _permissions(self, kind: str, key: str, changes: Sequence[Change]) -> None:
        grant, revoke = dict[str, list[str]](), dict[str, list[str]]()
        for change in changes:
            before, after = _actions(change.before), _actions(change.after)
            # The service takes none but whole sets: those of who views, of who owns.
            grant[detail_of(change.key)] = sorted(after)
            revoke[detail_of(change.key)] = sorted(before - after)
        self._calls.change_permissions(kind, key, grant, revoke)

    def _arn(self, kind: str, key: str) -> str:
        return self._connection.arn_of(ASSET_KINDS[kind], key)


def _actions(value: bytes | None) -> set[str]:
    held = plain(value or b"").get("Actions", ())
    return {str(action) for action in held} if isinstance(held, Sequence) else set()
