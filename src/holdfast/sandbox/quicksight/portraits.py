"""QuickSight as part of a world's portrait: identities of an account, assets of an account and region."""

from __future__ import annotations

import msgspec


class NamespacePortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A namespace beside `default`, which every account has. `region` is its capacity region."""

    name: str
    region: str = ""
    tags: dict[str, str] = {}


class QuickSightGroupPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A group with the names of its members."""

    name: str
    namespace: str = "default"
    description: str = ""
    members: tuple[str, ...] = ()


class QuickSightUserPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A user. `attributes` are the API's: Email, Role, IdentityType, CustomPermissionsName, ExternalLogin..."""

    name: str
    namespace: str = "default"
    attributes: dict[str, object] = {}
    tags: dict[str, str] = {}


class AssetPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An asset: `member` as a bundle holds it. See `HeldAsset` for what each field means.

    `members` of a folder are ARNs; `errors` are (type, message). `secret` is the ARN of a data source's
    credentials; `deleted` analyses are in their recovery window.
    """

    type: str
    member: dict[str, object]
    permissions: dict[str, tuple[str, ...]] = {}
    tags: dict[str, str] = {}
    members: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    unexportable: str = ""
    undescribable: str = ""
    secret: str = ""
    deleted: bool = False


class EstatePortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The assets of one region."""

    region: str
    assets: tuple[AssetPortrait, ...] = ()


class QuickSightPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """QuickSight of an account; empty: the management account, and the world's region for identities.

    `edition` is STANDARD, ENTERPRISE or ENTERPRISE_AND_Q; empty where the account has no QuickSight.
    """

    account: str = ""
    identity_region: str = ""
    edition: str = "ENTERPRISE"
    namespaces: tuple[NamespacePortrait, ...] = ()
    custom_permissions: dict[str, dict[str, object]] = {}
    users: tuple[QuickSightUserPortrait, ...] = ()
    groups: tuple[QuickSightGroupPortrait, ...] = ()
    estates: tuple[EstatePortrait, ...] = ()
