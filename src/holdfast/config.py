"""Settings: a file (TOML, YAML or JSON) and the environment, frozen; every problem in one message."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import cast

from holdfast.adapters.aws import AwsSettings
from holdfast.domain.errors import NotFound, SettingsError
from holdfast.kernel.retention import RetentionSettings
from holdfast.kernel.settings import Raw, brief, near, read_section, setting
from holdfast.kernel.vault.settings import VaultSettings
from holdfast.systems.identity_center.settings import IdentityCenterSettings
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.scans.settings import ScansSettings

FILE_NAMES = ("holdfast.toml", "holdfast.yaml", "holdfast.yml", "holdfast.json")


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """Where Holdfast keeps what is its own: ledger, reports, sandbox state."""

    data_dir: Path = setting(Path(".holdfast"), "Folder for the ledger, the audit key and the sandbox.")
    reports_dir: Path = setting(Path(".holdfast/reports"), "Folder for the evidence of each run.")
    resume_within_hours: float = setting(
        12.0, "Hours for which a resume may use what a cut-off capture had read; 0 keeps nothing.", least=0
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; `file` is where it was read from, None for pure defaults."""

    file: Path | None
    base: Path
    holdfast: HomeSettings = field(default_factory=HomeSettings)
    vault: VaultSettings = field(default_factory=VaultSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    aws: AwsSettings = field(default_factory=AwsSettings)
    identity_center: IdentityCenterSettings = field(default_factory=IdentityCenterSettings)
    quicksight: QuickSightSettings = field(default_factory=QuickSightSettings)
    scans: ScansSettings = field(default_factory=ScansSettings)

    @property
    def ledger_path(self) -> Path:
        """The ledger's SQLite file."""
        return self.holdfast.data_dir / "ledger.sqlite"


SECTIONS = {
    "holdfast": HomeSettings,
    "vault": VaultSettings,
    "retention": RetentionSettings,
    "aws": AwsSettings,
    "identity_center": IdentityCenterSettings,
    "quicksight": QuickSightSettings,
    "scans": ScansSettings,
}


def load(path: Path | None, environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings of an explicit file, of HOLDFAST_CONFIG, of the file in `folder`, or the defaults.

    A variable HOLDFAST_<SECTION>_<NAME> (for example HOLDFAST_VAULT_LOCATION) wins over the file.
    Raises: NotFound for a named file that is not there; SettingsError with every problem.
    """
    file = _find(path, environment, folder)
    base = (file.parent if file else folder).resolve()
    raw = read_tables(file) if file else {}
    source, problems = str(file or "environment"), list[str]()
    for name in raw:
        if name not in SECTIONS:
            meant = near(str(name), SECTIONS) or f"; known are {', '.join(SECTIONS)}"
            problems.append(f"[{name}]: unknown section{meant}")
    filled: dict[str, object] = {}
    for name, cls in SECTIONS.items():
        table = raw.get(name, {})
        if not isinstance(table, Mapping):
            problems.append(f"[{name}]: expected a table, got {brief(table)}")
            table = {}
        given = _from_environment(name, cls, environment)
        merged = {**table, **{item: environment[variable] for item, variable in given.items()}}
        filled[name] = read_section(cls, merged, name, base, problems, given)
    if problems:
        raise SettingsError(source, tuple(problems))
    return Settings(
        file=file,
        base=base,
        holdfast=cast(HomeSettings, filled["holdfast"]),
        vault=cast(VaultSettings, filled["vault"]),
        retention=cast(RetentionSettings, filled["retention"]),
        aws=cast(AwsSettings, filled["aws"]),
        identity_center=cast(IdentityCenterSettings, filled["identity_center"]),
        quicksight=cast(QuickSightSettings, filled["quicksight"]),
        scans=cast(ScansSettings, filled["scans"]),
    )


def _find(path: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    named = path or (Path(environment["HOLDFAST_CONFIG"]) if environment.get("HOLDFAST_CONFIG") else None)
    if named:
        if not named.is_file():
            raise NotFound(
                "settings file", str(named), "Check --config or HOLDFAST_CONFIG, or run `holdfast init`."
            )
        return named
    return next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)


def _from_environment(section: str, cls: type, environment: Mapping[str, str]) -> dict[str, str]:
    """The variable of each setting of the section that the environment sets."""
    variables = {item.name: f"HOLDFAST_{section}_{item.name}".upper() for item in fields(cls)}
    return {name: variable for name, variable in variables.items() if variable in environment}


def read_tables(file: Path) -> Raw:
    """The file's raw tables. Raises: SettingsError when it is not valid TOML, YAML or JSON."""
    try:
        text = file.read_text(encoding="utf-8")
        loaded = _LOADERS[file.suffix.lower()](text)
    except KeyError:
        raise SettingsError(
            str(file), (f"unknown file type {file.suffix}; use .toml, .yaml or .json",)
        ) from None
    except (OSError, ValueError) as problem:
        raise SettingsError(str(file), (str(problem),)) from problem
    except RecursionError:
        raise SettingsError(str(file), ("lists or tables lie too deep in one another",)) from None
    if not isinstance(loaded, Mapping):
        raise SettingsError(str(file), ("the file must hold tables such as [vault]",))
    return cast(Raw, loaded)


def _toml(text: str) -> object:
    import tomllib

    return tomllib.loads(text)


def _json(text: str) -> object:
    import json

    return json.loads(text, object_pairs_hook=_each_once)


def _yaml(text: str) -> object:
    import yaml

    class Strict(yaml.SafeLoader):
        """The safe loader, which would take the last of two values of one name."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
            names = [
                self.construct_object(name) for name, _ in node.value if isinstance(name, yaml.ScalarNode)
            ]
            _each_once((name, None) for name in names)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Strict) or {}  # noqa: S506  # it is a SafeLoader
    except yaml.YAMLError as problem:
        raise ValueError(str(problem)) from problem


def _each_once(pairs: Iterable[tuple[object, object]]) -> dict[object, object]:
    """The table of these pairs. Raises: ValueError for a name that is there twice; TOML refuses that itself."""
    table: dict[object, object] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"{name} is there twice in one table")
        table[name] = value
    return table


_LOADERS = {".toml": _toml, ".json": _json, ".yaml": _yaml, ".yml": _yaml}


def current(path: Path | None) -> Settings:
    """The settings of this process: its environment and working folder."""
    return load(path, os.environ, Path.cwd())


def example(chosen: Mapping[tuple[str, str], str | float]) -> str:
    """A holdfast.toml with every setting explained; those in `chosen` are set, the rest are comments."""
    lines = ["# Settings of Holdfast. Relative paths start at this file's folder."]
    for section, cls in SECTIONS.items():
        lines += ["", f"[{section}]"]
        for item in fields(cls):
            given = (section, item.name) in chosen
            value = chosen[section, item.name] if given else item.default
            lines += [
                f"# {item.metadata['help']}",
                f"{'' if given else '# '}{item.name} = {_toml_value(value)}",
            ]
    return "\n".join(lines) + "\n"


def _toml_value(value: object) -> str:
    import json

    return json.dumps(str(value) if isinstance(value, Path) else value)  # JSON's texts and numbers are TOML's
