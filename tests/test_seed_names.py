"""The classes and data models have the names, signatures, fields and types that were drawn, in the drawn order.

The tables below were written by hand from the drawing, in its spelling; nothing in them comes from the code.
"""

import ast
import inspect
import subprocess
import sys
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

import holdfast
from holdfast import api, api_models

# class -> method -> parameters and what is returned, as drawn
METHODS = {
    "BackupManager": {
        "create_backup": (["backup_type: BackupType", "options: BackupOptions"], "BackupResult"),
        "list_backups": (["filters: BackupFilters"], "List[BackupMetadata]"),
        "validate_backup": (["backup_id: str"], "ValidationResult"),
        "delete_backup": (["backup_id: str"], "bool"),
    },
    "RestoreManager": {
        "restore_backup": (["backup_id: str", "options: RestoreOptions"], "RestoreResult"),
        "preview_restore": (["backup_id: str", "options: RestoreOptions"], "RestorePreview"),
        "validate_compatibility": (["backup_id: str", "target_env: Environment"], "CompatibilityResult"),
    },
    "StorageEngine": {
        "store_backup": (["backup_data: BackupData", "metadata: BackupMetadata"], "str"),
        "retrieve_backup": (["backup_id: str"], "BackupData"),
        "list_backups": (["filters: BackupFilters"], "List[BackupMetadata]"),
        "delete_backup": (["backup_id: str"], "bool"),
        "verify_integrity": (["backup_id: str"], "IntegrityResult"),
    },
    "ExportImportManager": {
        "export_backup": (["backup_id: str", "format: ExportFormat", "target: ExportTarget"], "ExportResult"),
        "import_backup": (
            ["source: ImportSource", "format: ImportFormat", "options: ImportOptions"],
            "ImportResult",
        ),
        "validate_import_format": (["source: ImportSource", "format: ImportFormat"], "ValidationResult"),
        "convert_format": (
            ["data: BackupData", "from_format: ExportFormat", "to_format: ExportFormat"],
            "ConvertResult",
        ),
    },
    "IdentityCenterCollector": {
        "collect_users": (["options: CollectionOptions"], "List[User]"),
        "collect_groups": (["options: CollectionOptions"], "List[Group]"),
        "collect_permission_sets": (["options: CollectionOptions"], "List[PermissionSet]"),
        "collect_assignments": (["options: CollectionOptions"], "List[Assignment]"),
        "collect_incremental": (["since: datetime", "options: CollectionOptions"], "IncrementalData"),
    },
}

# data model -> fields in the drawn order
FIELDS = {
    "BackupData": [
        "metadata: BackupMetadata",
        "users: List[UserData]",
        "groups: List[GroupData]",
        "permission_sets: List[PermissionSetData]",
        "assignments: List[AssignmentData]",
        "relationships: RelationshipMap",
        "checksums: Dict[str, str]",
    ],
    "BackupMetadata": [
        "backup_id: str",
        "timestamp: datetime",
        "instance_arn: str",
        "backup_type: BackupType",
        "version: str",
        "source_account: str",
        "source_region: str",
        "retention_policy: RetentionPolicy",
        "encryption_info: EncryptionMetadata",
    ],
    "ExportFormat": ["format_type: str", "compression: Optional[str]", "encryption: bool"],
    "ExportTarget": ["target_type: str", "location: str", "credentials: Optional[Dict[str, str]]"],
    "ImportSource": ["source_type: str", "location: str", "credentials: Optional[Dict[str, str]]"],
    "RestoreOptions": [
        "target_resources: List[ResourceType]",
        "conflict_strategy: ConflictStrategy",
        "dry_run: bool",
        "target_account: Optional[str]",
        "target_region: Optional[str]",
        "resource_mappings: Dict[str, str]",
    ],
    "RestorePreview": [
        "changes_summary: Dict[str, int]",
        "conflicts: List[ConflictInfo]",
        "warnings: List[str]",
        "estimated_duration: timedelta",
    ],
    "RetentionPolicy": [
        "keep_daily: int",
        "keep_weekly: int",
        "keep_monthly: int",
        "keep_yearly: int",
        "auto_cleanup: bool",
    ],
}

# what was added behind the drawn fields, with defaults
MORE = {"RestoreOptions": ["target"]}

# enumeration -> members in the drawn order
MEMBERS = {
    "BackupType": ["FULL", "INCREMENTAL"],
    "ConflictStrategy": ["OVERWRITE", "SKIP", "PROMPT", "MERGE"],
    "ResourceType": ["USERS", "GROUPS", "PERMISSION_SETS", "ASSIGNMENTS"],
}

# types that the signatures name and that were not drawn out
NAMED = [
    "Assignment",
    "AssignmentData",
    "BackupFilters",
    "BackupOptions",
    "BackupResult",
    "CollectionOptions",
    "CompatibilityResult",
    "ConflictInfo",
    "ConvertResult",
    "EncryptionMetadata",
    "Environment",
    "ExportResult",
    "Group",
    "GroupData",
    "ImportFormat",
    "ImportOptions",
    "ImportResult",
    "IncrementalData",
    "IntegrityResult",
    "PermissionSet",
    "PermissionSetData",
    "RelationshipMap",
    "RestoreResult",
    "User",
    "UserData",
    "ValidationResult",
]

# drawn, and not built yet: absent instead of empty
LATER = [
    "ScheduleManager",
    "ScheduleConfig",
]

# drawn part -> where it is
PARTS = {
    "Backup Collector": "holdfast.systems.identity_center.capture.collector:IdentityCenterSource",
    "Backup Validator": "holdfast.systems.identity_center.capture.validation:find_faults",
    "Restore Validator": "holdfast.systems.identity_center.restore.compatibility:compatibility",
    "Restore Processor": "holdfast.systems.identity_center.target:IdentityCenterTarget",
    "Conflict Manager": "holdfast.kernel.choosing:ConflictManager",
    "Identity Center Client": "holdfast.systems.identity_center.clients.connection:Connection",
    "File System Storage": "holdfast.adapters.object_store_folder:FolderStore",
    "S3 Storage": "holdfast.adapters.object_store_s3:S3Store",
    "Encryption Layer": "holdfast.kernel.vault.sealing:Seals",
}

DRAWN_SPELLING = {
    "List": list,
    "Dict": dict,
    "Optional": typing.Optional,
    "datetime": datetime,
    "timedelta": timedelta,
}


def meant(annotation: str) -> object:
    """The type that a drawn annotation stands for."""
    names = {name: getattr(holdfast, name) for name in holdfast.__all__}
    return eval(annotation, names | DRAWN_SPELLING)


def split(entries: list[str]) -> dict[str, object]:
    """`name: type` entries as names and types, in order."""
    return {name: meant(annotation) for name, annotation in (entry.split(": ") for entry in entries)}


@pytest.mark.parametrize(("cls", "method"), [(cls, method) for cls in METHODS for method in METHODS[cls]])
def test_a_method_has_the_drawn_parameters_and_types(cls: str, method: str) -> None:
    drawn, returned = METHODS[cls][method]
    function = getattr(getattr(holdfast, cls), method)
    hints = typing.get_type_hints(function)
    assert list(inspect.signature(function).parameters) == ["self", *split(drawn)]
    assert hints == {**split(drawn), "return": meant(returned)}


@pytest.mark.parametrize("cls", METHODS)
def test_a_manager_offers_what_was_drawn_and_nothing_else(cls: str) -> None:
    offered = [name for name in vars(getattr(holdfast, cls)) if not name.startswith("_")]
    assert offered == list(METHODS[cls])


@pytest.mark.parametrize("cls", METHODS)
def test_a_manager_can_be_made_without_arguments(cls: str) -> None:
    getattr(holdfast, cls)()


@pytest.mark.parametrize("model", FIELDS)
def test_a_data_model_has_the_drawn_fields_in_order_and_further_ones_may_be_left_out(model: str) -> None:
    cls = getattr(holdfast, model)
    drawn = split(FIELDS[model])
    assert is_dataclass(cls)
    found, hints = fields(cls), typing.get_type_hints(cls)
    assert [field.name for field in found[: len(drawn)]] == list(drawn)
    assert {name: hints[name] for name in drawn} == drawn
    further = found[len(drawn) :]
    assert [f.name for f in further if f.default is MISSING and f.default_factory is MISSING] == []


@pytest.mark.parametrize("enumeration", MEMBERS)
def test_an_enumeration_has_the_drawn_members_first(enumeration: str) -> None:
    drawn = MEMBERS[enumeration]
    assert list(getattr(holdfast, enumeration).__members__)[: len(drawn)] == drawn


@pytest.mark.parametrize("name", NAMED)
def test_every_type_that_a_signature_names_is_a_data_model(name: str) -> None:
    assert is_dataclass(getattr(holdfast, name))


@pytest.mark.parametrize("name", LATER)
def test_what_is_not_built_yet_is_absent(name: str) -> None:
    assert not hasattr(holdfast, name)
    assert not hasattr(api, name)
    assert not hasattr(api_models, name)


def test_every_exported_name_is_there_and_listed() -> None:
    assert {name for name in holdfast.__all__ if not hasattr(holdfast, name)} == set()
    assert dir(holdfast) == sorted(holdfast.__all__)


def test_type_checkers_see_the_names_that_are_exported() -> None:
    tree = ast.parse(Path(holdfast.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    seen = {
        alias.name for node in imports if str(node.module).startswith("holdfast.") for alias in node.names
    }
    assert seen == set(holdfast.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        holdfast.Nonsense  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    asked = (
        "import sys; before = set(sys.modules); import holdfast; print(*sorted(set(sys.modules) - before))"
    )
    shown = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert [name for name in shown.split() if name.split(".")[0] not in sys.stdlib_module_names] == [
        "holdfast"
    ]


@pytest.mark.parametrize("part", PARTS)
def test_a_drawn_part_is_there_by_name(part: str) -> None:
    module, name = PARTS[part].split(":")
    assert hasattr(import_module(module), name)


def test_the_reference_names_every_manager_and_method_with_its_parameters() -> None:
    page = (Path(__file__).parents[1] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    lacking = [cls for cls in METHODS if f"## {cls}\n" not in page]
    for methods in METHODS.values():
        for method, (drawn, _) in methods.items():
            call = f"`{method}({', '.join(entry.split(':')[0] for entry in drawn)})`"
            lacking += [call] * (call not in page)
    assert lacking == []
