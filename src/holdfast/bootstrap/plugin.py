"""The one function that the ASH plugin calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

RESULT, REPORTS = "ash_aggregated_results.json", "reports"


def publish_scan(result: bytes, options: Mapping[str, object], output_dir: Path) -> str:
    """Publish a result of ASH from within ASH; the URL of the report object.

    `options` are settings of `[scans]` by name; they win over a settings file. The local copy goes
    to `output_dir/reports`. Raises: what `ScanDesk.publish` raises, with the scan in the spool.
    """
    from holdfast.bootstrap.installation import Installation
    from holdfast.config import current
    from holdfast.kernel.quiet import SilentProgress
    from holdfast.systems.scans.settings import ScansSettings, overlaid

    settings = current(None)
    given = ScansSettings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    home = Installation(replace(settings, scans=overlaid(settings.scans, given)), SilentProgress())
    home.recover_abandoned()
    return home.scans.publish(output_dir / RESULT, result, output_dir / REPORTS).url
