"""A mapping file: TOML, YAML or JSON, as the canonical JSON that runs keep."""

from __future__ import annotations

from pathlib import Path

from holdfast.bootstrap.registry import registered
from holdfast.config import read_tables
from holdfast.domain.errors import SettingsError
from holdfast.kernel.mapping import MappingError


def read_mapping_file(file: Path, system: str) -> str:
    """The mapping of a file for a system, empty for one that maps nothing. Raises: MappingError with every problem."""
    try:
        raw = read_tables(file)
    except SettingsError as problem:
        raise MappingError(problem.source, problem.problems) from problem
    return registered(system).read_mapping(raw, str(file))
