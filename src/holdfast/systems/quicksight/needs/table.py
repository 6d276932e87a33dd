"""The table of all actions; resource types are those of AWS's Service Authorization Reference.

Listings of datasets, data sources, topics, VPC connections, namespaces and custom permissions have no resource.
"""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.domain.errors import UsageError
from holdfast.kernel.needs import ANY, Action, Kind
from holdfast.systems.quicksight.clients.assets_client import NAMES
from holdfast.systems.quicksight.clients.assets_writing import DELETE
from holdfast.systems.quicksight.model import (
    ANALYSIS,
    ASSET_KINDS,
    CUSTOM_PERMISSIONS,
    DASHBOARD,
    DATA_SET,
    DATA_SOURCE,
    FOLDER,
    FOLDER_MEMBER,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    PERMISSION,
    REFRESH_SCHEDULE,
    TAG,
    THEME,
    TOPIC,
    USER,
    VPC_CONNECTION,
)

BACKUP, RESTORE = "backup", "restore"
_ASSETS = "arn:{partition}:quicksight:{region}:{account}:"
_PEOPLE = "arn:{partition}:quicksight:{identity_region}:{account}:"
# ListUsers and ListGroups name a namespace; the reference has them under what they list.
USERS = (_PEOPLE + "user/*", _PEOPLE + "namespace/*")
GROUPS = (_PEOPLE + "group/*", _PEOPLE + "namespace/*")
NAMESPACES = (_PEOPLE + "namespace/*",)
CUSTOM = (_PEOPLE + "custompermissions/*",)
EXPORTS = (_ASSETS + "asset-bundle-export-job/*",)
IMPORTS = (_ASSETS + "asset-bundle-import-job/*",)
BUCKET, OBJECTS = "arn:{partition}:s3:::{bucket}", "arn:{partition}:s3:::{bucket}/{prefix}*"
TABLES = tuple(
    f"arn:{{partition}}:dynamodb:{{region}}:{{account}}:table/*-{{{name}}}"
    for name in ("users_table", "groups_table", "memberships_table")
)
KEY = ("{kms_key}",)
_UNLISTED = frozenset({DATA_SET, DATA_SOURCE, TOPIC, VPC_CONNECTION})
_TITLES = {
    VPC_CONNECTION: "VPC connections", DATA_SOURCE: "data sources", DATA_SET: "datasets",
    REFRESH_SCHEDULE: "refresh schedules", TOPIC: "topics", THEME: "themes", ANALYSIS: "analyses",
    DASHBOARD: "dashboards", FOLDER: "folders",
}  # fmt: skip


def of_asset(kind: str) -> tuple[str, ...]:
    """The ARNs that assets of a type have."""
    return (_ASSETS + ASSET_KINDS[kind].arn.replace("{}", "*"),)


EVERY_ASSET = tuple(arn for kind in ASSET_KINDS for arn in of_asset(kind))


def _read(operation: str, purpose: str, resources: tuple[str, ...], *changes: str) -> Action:
    return Action(f"quicksight:{operation}", purpose, resources, backup=True, changes=changes)


def _change(operation: str, purpose: str, resources: tuple[str, ...], *changes: str) -> Action:
    return Action(f"quicksight:{operation}", purpose, resources, changes=changes)


def _asset_reads() -> Iterable[Action]:
    for kind, names in NAMES.items():
        title, here = _TITLES[kind], of_asset(kind)
        listed = of_asset(DATA_SET) if kind == REFRESH_SCHEDULE else (ANY,) if kind in _UNLISTED else here
        yield _read(names.listing, f"list {title}", listed)
        for operation in names.describe:
            yield _read(operation, f"read {title} that no bundle can hold", here)
        if names.permissions:
            # Before a change of permissions they are read too.
            yield _read(names.permissions, f"read who may use {title}", here, f"{kind}.{PERMISSION}")


READS = (
    _read("ListNamespaces", "list namespaces", (ANY,)),
    _read("ListCustomPermissions", "read custom permissions", (ANY,), CUSTOM_PERMISSIONS),
    _read("ListUsers", "read users", USERS),
    _read("ListGroups", "read groups", GROUPS),
    _read("ListGroupMemberships", "read memberships", GROUPS),
    *_asset_reads(),
    _read("ListFolderMembers", "read what lies in folders", of_asset(FOLDER), FOLDER_MEMBER),
    _read(
        "ListTagsForResource", "read tags", EVERY_ASSET, *(f"{kind}.{TAG}" for kind in ASSET_KINDS)
    ),
    _read("StartAssetBundleExportJob", "export assets", EXPORTS, *ASSET_KINDS),
    _read("DescribeAssetBundleExportJob", "follow exports and fetch bundles", EXPORTS, *ASSET_KINDS),
)  # fmt: skip

ON_EXPORT = (
    _read("DescribeAnalysis", "export analyses", of_asset(ANALYSIS), f"delete {ANALYSIS}"),
    _read("DescribeDataSetRefreshProperties", "export datasets", of_asset(DATA_SET)),
)
"""What an export job asks for in the caller's name, beside what is called anyway."""

STORING = (
    Action("s3:PutObject", "store bundles", (OBJECTS,), backup=True),
    Action("s3:PutObjectTagging", "tag bundles", (OBJECTS,), backup=True),
    Action("s3:GetObject", "read stored bundles back", (OBJECTS,), backup=True),
    Action("s3:AbortMultipartUpload", "give up an upload that failed", (OBJECTS,), backup=True),
    Action("s3:ListBucket", "tell a missing object from a forbidden one", (BUCKET,), backup=True),
    Action(
        "s3:ListBucketMultipartUploads", "find and abort what a cut-off upload left", (BUCKET,), backup=True,
        without="bundles of more than 100 MB cannot be stored",
    ),
    Action("dynamodb:DescribeTable", "look at a table before it is written to", TABLES, backup=True),
    Action("dynamodb:CreateTable", "make the tables of a day", TABLES, backup=True),
    Action("dynamodb:BatchWriteItem", "store users, groups and memberships", TABLES, backup=True),
    Action("dynamodb:BatchGetItem", "see what a cut-off write left", TABLES, backup=True),
    Action("dynamodb:Query", "read stored items back", TABLES, backup=True),
    Action(
        "dynamodb:ListTables", "say how many tables there are", (ANY,), backup=True,
        without="a report of an exceeded quota does not say how many tables there are",
    ),
)  # fmt: skip
EXPIRING = (
    Action("dynamodb:DescribeTimeToLive", "see whether items expire", TABLES, backup=True),
    Action("dynamodb:UpdateTimeToLive", "let items expire", TABLES, backup=True),
)
POINT_IN_TIME = (
    Action("dynamodb:UpdateContinuousBackups", "turn on point-in-time recovery", TABLES, backup=True),
)
ENCRYPTING = (
    Action("kms:GenerateDataKey", "encrypt bundles", KEY, backup=True),
    Action("kms:Decrypt", "read encrypted bundles back and complete uploads", KEY, backup=True),
)

_ASSET_CHANGES = (*ASSET_KINDS,)
CHANGES = (
    _change("DescribeNamespace", "see whether a namespace is ready", NAMESPACES, NAMESPACE),
    _change("CreateNamespace", "create namespaces", NAMESPACES, f"create {NAMESPACE}"),
    _change("DeleteNamespace", "delete namespaces", NAMESPACES, f"delete {NAMESPACE}"),
    _change("CreateCustomPermissions", "create custom permissions", CUSTOM, f"create {CUSTOM_PERMISSIONS}"),
    _change("UpdateCustomPermissions", "change custom permissions", CUSTOM, f"update {CUSTOM_PERMISSIONS}"),
    _change("DeleteCustomPermissions", "delete custom permissions", CUSTOM, f"delete {CUSTOM_PERMISSIONS}"),
    _change("DescribeUser", "read a user before and after a change", USERS, USER),
    _change("RegisterUser", "register users", USERS, f"create {USER}"),
    _change("UpdateUser", "change users", USERS, f"update {USER}"),
    _change("DeleteUser", "delete users", USERS, f"delete {USER}"),
    _change("DescribeGroup", "read a group before and after a change", GROUPS, GROUP),
    _change("CreateGroup", "create groups", GROUPS, f"create {GROUP}"),
    _change("UpdateGroup", "change groups", GROUPS, f"update {GROUP}"),
    _change("DeleteGroup", "delete groups", GROUPS, f"delete {GROUP}"),
    _change("DescribeGroupMembership", "read a membership", GROUPS, MEMBERSHIP),
    _change("CreateGroupMembership", "add members", GROUPS, f"create {MEMBERSHIP}"),
    _change("DeleteGroupMembership", "remove members", GROUPS, f"delete {MEMBERSHIP}"),
    _change("StartAssetBundleImportJob", "import assets", IMPORTS, *_ASSET_CHANGES),
    _change("DescribeAssetBundleImportJob", "follow imports", IMPORTS, *_ASSET_CHANGES),
    _change("ListAssetBundleImportJobs", "see imports under way", IMPORTS, *_ASSET_CHANGES),
    *(
        _change(operation, f"delete {_TITLES[kind]}", of_asset(kind), f"delete {kind}")
        for kind, operation in DELETE.items()
    ),
    _change("RestoreAnalysis", "take back the deletion of an analysis", of_asset(ANALYSIS), f"create {ANALYSIS}"),
    *(
        _change(
            names.permissions.replace("Describe", "Update"),
            f"say who may use {_TITLES[kind]}",
            of_asset(kind),
            f"{kind}.{PERMISSION}",
        )
        for kind, names in NAMES.items()
        if names.permissions
    ),
    _change("TagResource", "tag assets", EVERY_ASSET, *(f"{kind}.{TAG}" for kind in ASSET_KINDS)),
    _change("UntagResource", "remove tags", EVERY_ASSET, *(f"{kind}.{TAG}" for kind in ASSET_KINDS)),
    _change("CreateFolderMembership", "put assets into folders", of_asset(FOLDER), f"create {FOLDER_MEMBER}"),
    _change("DeleteFolderMembership", "take assets out of folders", of_asset(FOLDER), f"delete {FOLDER_MEMBER}"),
)  # fmt: skip


def _on_import(kind: str, *words: str) -> Iterable[Action]:
    for word in words:
        yield _change(word, f"import {_TITLES[kind]}", of_asset(kind), f"create {kind}", f"update {kind}")


ON_IMPORT = (
    *_on_import(VPC_CONNECTION, "CreateVPCConnection", "UpdateVPCConnection"),
    *_on_import(DATA_SOURCE, "CreateDataSource", "UpdateDataSource", "PassDataSource"),
    *_on_import(DATA_SET, "CreateDataSet", "UpdateDataSet", "PassDataSet"),
    *_on_import(DATA_SET, "PutDataSetRefreshProperties", "DeleteDataSetRefreshProperties"),
    *_on_import(REFRESH_SCHEDULE, "CreateRefreshSchedule", "UpdateRefreshSchedule"),
    *_on_import(TOPIC, "CreateTopic", "UpdateTopic"),
    *_on_import(THEME, "CreateTheme", "UpdateTheme"),
    *_on_import(ANALYSIS, "CreateAnalysis", "UpdateAnalysis"),
    *_on_import(
        DASHBOARD, "CreateDashboard", "UpdateDashboard", "UpdateDashboardPublishedVersion", "UpdateDashboardLinks"
    ),
    *_on_import(FOLDER, "CreateFolder", "UpdateFolder"),
)  # fmt: skip
"""What an import job asks for in the caller's name, beside what is called anyway."""

ASKING = (
    Action(
        "iam:SimulatePrincipalPolicy", "see beforehand whether the rest is allowed",
        ("arn:{partition}:iam::{account}:role/*", "arn:{partition}:iam::{account}:user/*"),
        backup=True, without="what is not allowed is known only once it is refused",
    ),
    Action(
        "iam:GetRole", "find the path of the role to ask about", ("arn:{partition}:iam::{account}:role/*",),
        backup=True, without="roles with a path cannot be asked about",
    ),
)  # fmt: skip
LOOKING = (
    Action("quicksight:DescribeAccountSubscription", "see the edition", (ANY,), backup=True,
           without="`holdfast doctor` cannot tell the edition"),
    *(
        Action(f"s3:{name}", f"see the bucket's {seen}", (BUCKET,), backup=True,
               without=f"`holdfast doctor` cannot tell the bucket's {seen}")
        for name, seen in (
            ("GetBucketPublicAccessBlock", "block of public access"),
            ("GetBucketPolicyStatus", "policy"),
            ("GetBucketAcl", "access list"),
            ("GetEncryptionConfiguration", "default encryption"),
            ("GetBucketVersioning", "versions"),
        )
    ),
)  # fmt: skip
ACTIONS = (
    *READS, *ON_EXPORT, *STORING, *EXPIRING, *POINT_IN_TIME, *ENCRYPTING, *LOOKING,
    *CHANGES, *ON_IMPORT, *ASKING,
)  # fmt: skip
"""Everything Holdfast may call. STS's GetCallerIdentity needs no permission."""


def actions_for(work: str) -> tuple[Action, ...]:
    """What a backup with every option of storing needs, or a restore, which stores nothing beside the vault.

    Raises: UsageError for other work.
    """
    if work == BACKUP:
        return tuple(action for action in ACTIONS if action.backup)
    if work == RESTORE:
        return tuple(action for action in ACTIONS if action.service in ("quicksight", "iam"))
    raise UsageError(f"There are no permissions for {work}.", f"Choose {BACKUP} or {RESTORE}.")


def actions_for_changes(kinds: Iterable[Kind]) -> tuple[Action, ...]:
    """What applying changes of these kinds calls, and what imports ask for in the caller's name."""
    wanted = frozenset(kinds)
    return tuple(action for action in ACTIONS if action.needed_for(wanted))
