"""A mapping file: TOML, YAML or JSON, as the canonical JSON that runs keep."""

from __future__ import annotations

from pathlib import Path

from holdfast.config import read_tables
from holdfast.domain.errors import SettingsError
from holdfast.kernel.mapping import MappingError
from holdfast.systems.identity_center.elsewhere.resource_mappings import read_mappings


def read_mapping_file(file: Path) -> str:
    """The mapping of a file, empty for one that maps nothing. Raises: MappingError with every problem."""
    try:
        raw = read_tables(file)
    except SettingsError as problem:
        raise MappingError(problem.source, problem.problems) from problem
    return read_mappings(raw, str(file)).to_json()
