"""What there is of each asset type, and what is known of an asset before it is exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from holdfast.domain.errors import HoldfastError
from holdfast.kernel.answers import Answer, part
from holdfast.kernel.reading import Listing, Reader
from holdfast.systems.quicksight.capture.asking import Asking
from holdfast.systems.quicksight.clients.assets_client import NAMES
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.errors import Missing, NotAccepted
from holdfast.systems.quicksight.model import (
    DATA_SET,
    DATA_SOURCE,
    FILE,
    FOLDER,
    NOT_IN_BUNDLES,
    REFRESH_SCHEDULE,
    AssetSummary,
    Grants,
)

NO_GRANTS = Grants({})


@dataclass(frozen=True, slots=True)
class Barred:
    """Why an asset must not be in an export request; `file` for uploaded files."""

    why: str
    file: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """An asset with all that a bundle does not say of it."""

    asset: AssetSummary
    grants: Grants = NO_GRANTS
    tags: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    barred: Barred | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """Asks of every asset what must be known before its export."""

    reader: Reader[Connection]
    asking: Asking
    include_files: bool

    def listed(self, asset_type: str) -> Listing[AssetSummary]:
        """All assets of a type in key order, each once; those before a page that failed with its error."""
        page = partial(self.reader.connection.assets.list_assets, asset_type)
        title = f"{asset_type}s".replace("_", " ")
        return in_order(self.asking.all(self.reader.counted(title, page)))

    def schedules(self, data_set: AssetSummary) -> Listing[AssetSummary]:
        """A dataset's refresh schedules; none of a kind of dataset that the service says can have none."""
        found = self.asking.one(lambda: self.reader.connection.assets.list_refresh_schedules(data_set.key))
        if isinstance(found.error, NotAccepted | Missing):
            return Listing()
        return Listing(found.items[0] if found.items else (), found.error)

    def prepare(self, asset: AssetSummary, sources: Mapping[str, str]) -> Listing[Prepared]:
        """An asset with permissions, tags and a folder's members, or why they cannot be read.

        `sources` are types of data sources by ARN. Of an uploaded file nothing is read unless it was asked for.
        """
        barred, error = self._barred(asset, sources)
        if error is not None:
            return Listing((), error)
        if barred is not None and barred.file and not self.include_files:
            return Listing((Prepared(asset, barred=barred),))
        return self._attached(asset, barred)

    def _attached(self, asset: AssetSummary, barred: Barred | None) -> Listing[Prepared]:
        assets, grants = self.reader.connection.assets, Listing((NO_GRANTS,))
        members: Listing[str] = Listing()
        tags: Listing[Mapping[str, str]] = Listing(({},))
        if NAMES[asset.type].permissions:
            grants = self.asking.one(lambda: assets.grants(asset.type, asset.key))
        if not grants.error and asset.type != REFRESH_SCHEDULE:
            tags = self.asking.one(lambda: assets.tags(asset.arn))
        if not (grants.error or tags.error) and asset.type == FOLDER:
            members = self.asking.all(partial(assets.list_folder_members, asset.key))
        error = grants.error or tags.error or members.error
        if error is not None:
            return Listing((), error)
        return Listing((Prepared(asset, grants.items[0], tags.items[0], members.items, barred),))

    def _barred(
        self, asset: AssetSummary, sources: Mapping[str, str]
    ) -> tuple[Barred | None, HoldfastError | None]:
        if asset.type == DATA_SOURCE:
            return barred_by(asset.source_type), None
        if asset.type != DATA_SET:
            return None, None
        # No listing tells an uploaded file from other SPICE datasets; a description does, if by refusing.
        found = self.asking.one(lambda: self.reader.connection.assets.describe(DATA_SET, asset.key))
        if isinstance(found.error, NotAccepted):
            return Barred(f"it is an uploaded file ({found.error.service_said})", file=True), None
        if found.error is not None:
            return None, found.error
        kinds = {sources.get(arn, "") for arn in source_arns(found.items[0])}
        return next(filter(None, map(barred_by, sorted(kinds))), None), None


def in_order(listing: Listing[AssetSummary]) -> Listing[AssetSummary]:
    """The same in key order; what moved from one page to the next while they were read counts once."""
    by_key = {asset.key: asset for asset in listing.items}
    return Listing(tuple(by_key[key] for key in sorted(by_key)), listing.error)


def barred_by(source_type: str) -> Barred | None:
    """Why a data source of a type, or a dataset on it, can be in no bundle; None for most."""
    if source_type == FILE:
        return Barred("it is an uploaded file, which no API gives back", file=True)
    if source_type in NOT_IN_BUNDLES:
        return Barred(f"bundles take nothing on a data source of type {source_type}")
    return None


def source_arns(answer: Answer) -> set[str]:
    """The data sources that a described dataset reads from."""
    tables = part(part(answer, "DataSet"), "PhysicalTableMap").values()
    kinds = (each for table in tables if isinstance(table, Mapping) for each in table.values())
    return {
        str(each["DataSourceArn"]) for each in kinds if isinstance(each, Mapping) and "DataSourceArn" in each
    }
