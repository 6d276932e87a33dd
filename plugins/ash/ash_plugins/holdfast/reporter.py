"""The reporter: hands ASH's results to Holdfast, and tells ASH where they are."""

# No `from __future__ import annotations`: pydantic reads these types.
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ash_plugins.holdfast.options import S3ReporterConfig, missing
from automated_security_helper.base.reporter_plugin import ReporterPluginBase
from automated_security_helper.plugins.decorators import ash_reporter_plugin

if TYPE_CHECKING:
    from automated_security_helper.models.asharp_model import AshAggregatedResults

RESULT = "ash_aggregated_results.json"


@ash_reporter_plugin
class S3Reporter(ReporterPluginBase[S3ReporterConfig]):
    """Publishes each scan to S3 once; configured as `reporters: s3:`, as ASH's own S3 reporter is."""

    def model_post_init(self, context: Any) -> None:  # noqa: ANN401  # pydantic's own signature
        """Take the configuration as ours, whatever ASH's model made of it."""
        self.config = _ours(self.config)
        super().model_post_init(context)

    def validate_plugin_dependencies(self) -> bool:
        """Whether region and bucket are known; asks no service, so a role that may only put is enough."""
        options = self.config.options
        if options.unknown():
            self._say(logging.WARNING, f"Options without meaning here: {', '.join(options.unknown())}")
        reason = missing(options.resolved())
        if reason:
            self._say(logging.WARNING, f"Reporter disabled: {reason}. {_later(self.context.output_dir)}")
        self.dependencies_satisfied = not reason
        return self.dependencies_satisfied

    def report(self, model: "AshAggregatedResults") -> str | None:
        """The S3 URL of the published report; None when it could not be sent, with the reason in ASH's log.

        ASH writes what is returned here into a report file, so an error text never is.
        """
        from holdfast.bootstrap import publish_scan
        from holdfast.domain.errors import HoldfastError

        result = model.model_dump_json(by_alias=True, exclude_none=True).encode()
        try:
            url = publish_scan(result, self.config.options.resolved(), Path(self.context.output_dir))
        except HoldfastError as problem:
            notes = getattr(problem, "__notes__", ())
            self._say(logging.ERROR, "\n".join([f"Scan not published: {problem}", problem.advice, *notes]))
            return None
        self._say(logging.INFO, f"Published to {url}")
        return url

    def _say(self, level: int, text: str) -> None:
        from rich.markup import escape

        stream = "stderr" if level >= logging.WARNING else "stdout"
        self._plugin_log(escape(text), level=level, append_to_stream=stream)


def _ours(config: Any) -> S3ReporterConfig:  # noqa: ANN401  # ASH gives None, a table, its base model or ours
    if isinstance(config, S3ReporterConfig):
        return config
    table = config if isinstance(config, dict) else config.model_dump(exclude_none=True) if config else {}
    return S3ReporterConfig.model_validate(table)


def _later(output_dir: Path) -> str:
    return f"To publish this scan later: holdfast scans publish {Path(output_dir) / RESULT}"
