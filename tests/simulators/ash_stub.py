"""ASH as a plugin of it sees it: the base classes that its documentation names, and its report phase.

Written from the documented behaviour of version 3.5; nothing in it is ASH's code. Real pydantic stands below it,
because what a plugin's options become is pydantic's doing.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

PLUGIN = Path(__file__).parents[2] / "plugins" / "ash"
ALLOWED = ("ash_plugins", "automated_security_helper")
LOG = logging.getLogger("ash-stub")


class ReporterOptionsBase(BaseModel):
    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)


class PluginConfigBase(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, extra="allow", arbitrary_types_allowed=True)
    name: str | None = None
    enabled: bool = True
    options: ReporterOptionsBase = ReporterOptionsBase()


class ReporterPluginConfigBase(PluginConfigBase):
    extension: str | None = None


class PluginContext(BaseModel):
    source_dir: Path
    output_dir: Path


T = TypeVar("T", bound=ReporterPluginConfigBase)


class ReporterPluginBase(BaseModel, Generic[T]):
    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)
    context: PluginContext | None = None
    config: T | ReporterPluginConfigBase | None = None
    dependencies_satisfied: bool = True
    output: list[str] = []
    errors: list[str] = []

    @model_validator(mode="after")
    def has_a_context(self) -> ReporterPluginBase[T]:
        if self.context is None:
            raise ValueError("no context")
        return self

    def _plugin_log(
        self,
        *msg: str,
        level: int = 15,
        target_type: str | None = "source",
        append_to_stream: str = "none",
    ) -> None:
        name = self.config.name if self.config else type(self).__name__
        text = f"({name}) " + "\n".join(msg)
        LOG.log(level, text)
        if level == logging.ERROR or append_to_stream == "stderr":
            self.errors.append(text)
        elif append_to_stream == "stdout":
            self.output.append(text)

    def validate_plugin_dependencies(self) -> bool:
        return self.dependencies_satisfied


class AshAggregatedResults(BaseModel):
    """The aggregated results; only that they can be written as JSON matters to a reporter."""

    model_config = ConfigDict(extra="allow")


@dataclass
class Ash:
    """One ASH: what was registered, and its report phase."""

    registered: list[type] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def load(self, module: str) -> list[Any]:
        """The reporters of a plugin module; a module outside of the allowed names is skipped, as ASH does."""
        if module.split(".")[0] not in ALLOWED:
            return []
        return list(importlib.import_module(module).ASH_REPORTERS)

    def report(self, settings: dict[str, Any], results: dict[str, Any], output_dir: Path) -> list[str]:
        """The report phase of a scan with this `.ash.yaml`: what each reporter returned, written as ASH writes it."""
        context = PluginContext(source_dir=output_dir.parent, output_dir=output_dir)
        classes = [each for name in settings["ash_plugin_modules"] for each in self.load(name)]
        written = []
        for cls in classes:
            # ASH looks a reporter's table up by its class name.
            table = settings.get("reporters", {}).get(cls.__name__.lower().removesuffix("reporter"))
            reporter = cls(context=context, config=table)
            if reporter.config.enabled and reporter.validate_plugin_dependencies():
                written += self._run(reporter, results, output_dir)
            self.said += [*reporter.errors, *reporter.output]
        return written

    def _run(self, reporter: Any, results: dict[str, Any], output_dir: Path) -> list[str]:  # noqa: ANN401
        returned = reporter.report(AshAggregatedResults(**results))
        if not returned:
            return []
        reports = output_dir / "reports"
        reports.mkdir(parents=True, exist_ok=True)
        (reports / f"ash.{reporter.config.extension}").write_text(returned, encoding="utf-8")
        return [returned]


@contextmanager
def ash() -> Iterator[Ash]:
    """ASH, importable, with the plugin on the path; both are gone afterwards."""
    here = Ash()

    def ash_reporter_plugin(cls: type) -> type:
        here.registered.append(cls)
        return cls

    modules: dict[str, dict[str, Any]] = {
        "base.options": {"ReporterOptionsBase": ReporterOptionsBase},
        "base.reporter_plugin": {
            "ReporterPluginBase": ReporterPluginBase,
            "ReporterPluginConfigBase": ReporterPluginConfigBase,
        },
        "plugins.decorators": {"ash_reporter_plugin": ash_reporter_plugin},
        "models.asharp_model": {"AshAggregatedResults": AshAggregatedResults},
    }
    before, path = dict(sys.modules), list(sys.path)
    for name in ("", "base", "plugins", "models"):
        _module(name, {"__path__": []})
    for name, content in modules.items():
        _module(name, content)
    sys.path.insert(0, str(PLUGIN))
    try:
        yield here
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - set(before):
            if name.startswith(ALLOWED):
                del sys.modules[name]


def _module(name: str, content: dict[str, Any]) -> None:
    full = ".".join(filter(None, ("automated_security_helper", name)))
    sys.modules[full] = ModuleType(full)
    sys.modules[full].__dict__.update(content)
