"""Publishing one scan without an installation: what the ASH plugin calls."""

from __future__ import annotations

from pathlib import Path

from holdfast.kernel.settings import Raw


def publish_scan(result: bytes, options: Raw, output_dir: Path) -> str:
    """The S3 URL of the report of a scan, published now or before.

    `result` is the text of ash_aggregated_results.json. `options` are settings of `[scans]` by name; they win over
    settings file and environment, and None or an empty text counts as not given. `output_dir` is ASH's output
    folder: the local copy goes to `reports/` in it, made if missing, before anything is sent.
    The ledger with the spool lies in the data folder of the settings in the working folder; no vault is made.

    Raises: SettingsError, NoScanResult and whatever kept the scan from being delivered; by then it is in the spool.
    """
    raise NotImplementedError
