"""The calls we need of QuickSight, in our words.

All raise AccessDenied, CredentialsError, Throttled, RemoteUnavailable and the errors of `quicksight.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from holdfast.kernel.answers import Answer
from holdfast.kernel.paging import Page
from holdfast.systems.quicksight.model import (
    AssetSummary,
    CustomPermissions,
    ExportJob,
    Grants,
    Group,
    Namespace,
    User,
)


class IdentitiesGateway(Protocol):
    """Namespaces and who is in them; asked in the identity region."""

    def list_namespaces(self, token: str = "") -> Page[Namespace]:
        """Up to 100 namespaces."""

    def list_custom_permissions(self, token: str = "") -> Page[CustomPermissions]:
        """Up to 100 custom permissions profiles with their capabilities."""

    def list_users(self, namespace: str, token: str = "") -> Page[User]:
        """Up to 100 users of a namespace."""

    def list_groups(self, namespace: str, token: str = "") -> Page[Group]:
        """Up to 100 groups of a namespace."""

    def list_members(self, namespace: str, group: str, token: str = "") -> Page[str]:
        """Up to 100 names of a group's members."""


class AssetsGateway(Protocol):
    """Assets and what hangs on them, in the data region."""

    def list_assets(self, asset_type: str, token: str = "") -> Page[AssetSummary]:
        """Up to 100 assets of a type; themes are the account's own, refresh schedules have a call of their own."""

    def list_refresh_schedules(self, data_set: str) -> tuple[AssetSummary, ...]:
        """All refresh schedules of a dataset."""

    def grants(self, asset_type: str, key: str) -> Grants:
        """Who may do what with an asset; of types that have permissions."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """An asset's tags."""

    def list_folder_members(self, folder: str, token: str = "") -> Page[str]:
        """Up to 100 ARNs of what lies in a folder."""

    def describe(self, asset_type: str, key: str) -> Answer:
        """All that Describe calls say of one asset, with a dashboard's or an analysis's definition."""


class BundlesGateway(Protocol):
    """Export jobs, in the data region."""

    def start_export(self, job: str, arns: Sequence[str]) -> None:
        """Start a job for exactly these assets. Raises: LimitReached; Conflicting where the id is running."""

    def export(self, job: str) -> ExportJob:
        """A job as it stands now, a successful one with an address that is fresh. Raises: Missing."""
