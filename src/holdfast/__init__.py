"""Custody of the data that lives in services other people run.

The names of `__all__` are loaded when they are first used, so that `import holdfast` costs nothing.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for True; importing `typing` for it would double the start-up
if TYPE_CHECKING:
    from holdfast.api import BackupManager, IdentityCenterCollector, RestoreManager, StorageEngine
    from holdfast.api_exchange import ExportImportManager
    from holdfast.api_exchange_models import (
        ConvertResult,
        ExportFormat,
        ExportResult,
        ExportTarget,
        ImportFormat,
        ImportOptions,
        ImportResult,
        ImportSource,
    )
    from holdfast.api_models import (
        ApplicationAssignmentData,
        ApplicationData,
        Assignment,
        AssignmentData,
        BackupData,
        BackupFilters,
        BackupMetadata,
        BackupOptions,
        BackupResult,
        BackupType,
        CollectionOptions,
        CompatibilityResult,
        ConflictInfo,
        ConflictStrategy,
        CustomerManagedPolicy,
        EncryptionMetadata,
        Environment,
        Group,
        GroupData,
        IncrementalData,
        InstanceData,
        IntegrityLevel,
        IntegrityResult,
        PermissionSet,
        PermissionSetData,
        RelationshipMap,
        ResourceChanges,
        ResourceType,
        RestoreOptions,
        RestorePreview,
        RestoreResult,
        RetentionPolicy,
        TrustedTokenIssuerData,
        User,
        UserData,
        ValidationResult,
    )

_HOMES = {
    "holdfast.api": ("BackupManager", "IdentityCenterCollector", "RestoreManager", "StorageEngine"),
    "holdfast.api_exchange": ("ExportImportManager",),
    "holdfast.api_exchange_models": (
        "ConvertResult",
        "ExportFormat",
        "ExportResult",
        "ExportTarget",
        "ImportFormat",
        "ImportOptions",
        "ImportResult",
        "ImportSource",
    ),
}
"""Where names are that are not in `holdfast.api_models`."""

__all__ = [
    "ApplicationAssignmentData",
    "ApplicationData",
    "Assignment",
    "AssignmentData",
    "BackupData",
    "BackupFilters",
    "BackupManager",
    "BackupMetadata",
    "BackupOptions",
    "BackupResult",
    "BackupType",
    "CollectionOptions",
    "CompatibilityResult",
    "ConflictInfo",
    "ConflictStrategy",
    "ConvertResult",
    "CustomerManagedPolicy",
    "EncryptionMetadata",
    "Environment",
    "ExportFormat",
    "ExportImportManager",
    "ExportResult",
    "ExportTarget",
    "Group",
    "GroupData",
    "IdentityCenterCollector",
    "ImportFormat",
    "ImportOptions",
    "ImportResult",
    "ImportSource",
    "IncrementalData",
    "InstanceData",
    "IntegrityLevel",
    "IntegrityResult",
    "PermissionSet",
    "PermissionSetData",
    "RelationshipMap",
    "ResourceChanges",
    "ResourceType",
    "RestoreManager",
    "RestoreOptions",
    "RestorePreview",
    "RestoreResult",
    "RetentionPolicy",
    "StorageEngine",
    "TrustedTokenIssuerData",
    "User",
    "UserData",
    "ValidationResult",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("holdfast")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "holdfast.api_models")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
