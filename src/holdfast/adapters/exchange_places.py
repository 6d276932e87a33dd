"""Which place an export's target or an import's source means, and with whose credentials it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.domain.errors import UsageError
from holdfast.kernel.exchange.places import ExportPlace, ImportPlace

if TYPE_CHECKING:
    from holdfast.adapters.aws import AwsSettings
    from holdfast.kernel.ports import Clock, PacedSession

FILESYSTEM, S3, URL = "filesystem", "s3", "url"
S3_NAMES = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "profile",
    "role_arn",
    "external_id",
    "region",
    "endpoint_url",
)
URL_NAMES = ("username", "password", "token")


@dataclass(frozen=True, slots=True)
class Access:
    """How places are reached: the installation's settings, and credentials that are for one place alone."""

    settings: AwsSettings
    clock: Clock
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


def kind_of(location: str) -> str:
    """`filesystem`, `s3` or `url`, told from the location itself."""
    if location.startswith("s3://"):
        return S3
    return URL if "://" in location else FILESYSTEM


def export_place(kind: str, location: str, access: Access, *, overwrite: bool) -> ExportPlace:
    """Where an export goes. Raises: UsageError for an unknown kind or credentials that fit nothing there."""
    if kind == S3:
        from holdfast.adapters.exchange_s3 import S3Export

        return S3Export(_session(access), location, overwrite=overwrite)
    if kind != FILESYSTEM or kind_of(location) != FILESYSTEM:
        raise UsageError(f"An export cannot go to a {kind}.", "Name a path, or s3://bucket/key.")
    from holdfast.adapters.export_files import ExportPath

    _known(access.credentials, ())
    return ExportPath(Path(location).expanduser(), overwrite=overwrite)


def import_place(kind: str, location: str, access: Access) -> ImportPlace:
    """Where an import comes from. Raises: UsageError as `export_place`."""
    if kind == S3:
        from holdfast.adapters.exchange_s3 import S3Import

        return S3Import(_session(access), location)
    if kind == URL:
        from holdfast.adapters.web_download import WebCredentials, WebImport

        return WebImport(location, WebCredentials(**_known(access.credentials, URL_NAMES)))
    if kind != FILESYSTEM:
        raise UsageError(
            f"An import cannot come from a {kind}.", "Name a path, s3://bucket/key or an https address."
        )
    from holdfast.adapters.import_files import ImportPath

    _known(access.credentials, ())
    return ImportPath(Path(location).expanduser())


def _known(credentials: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The credentials, when all their names are known. Their values are never part of an error."""
    strange = sorted(set(credentials) - set(names))
    if strange:
        told = f"Known here: {', '.join(names)}." if names else "A path takes none."
        raise UsageError(f"Credentials called {', '.join(strange)} are unknown.", told)
    return dict(credentials)


def _session(access: Access) -> PacedSession:
    """A session with these credentials; without any, the installation's own."""
    from holdfast.adapters.aws import AwsEndpoint, AwsSession
    from holdfast.adapters.aws_roles import RoleSession

    given = _known(access.credentials, S3_NAMES)
    profile, region = given.get("profile", ""), given.get("region", "")
    settings = replace(
        access.settings,
        profile=profile or access.settings.profile,
        region=region or ("" if profile else access.settings.region),
    )
    endpoint = AwsEndpoint(
        given.get("endpoint_url", ""),
        given.get("aws_access_key_id", ""),
        given.get("aws_secret_access_key", ""),
        given.get("aws_session_token", ""),
    )
    session = AwsSession(settings, access.clock, endpoint=endpoint)
    role = given.get("role_arn", "")
    return RoleSession(session, role, given.get("external_id", "")) if role else session
