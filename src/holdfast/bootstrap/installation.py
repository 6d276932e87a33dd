"""An installation: everything that belongs to one settings file, and the runs it does."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.bootstrap.parts import Parts
from holdfast.bootstrap.surroundings import SETTINGS
from holdfast.config import current

if TYPE_CHECKING:
    from holdfast.bootstrap.exchange import ExchangeDesk
    from holdfast.bootstrap.running import Runner
    from holdfast.bootstrap.scans import ScanDesk
    from holdfast.domain.runs import Run
    from holdfast.kernel.ports import Chooser, Progress


class Installation(Parts):
    """The parts of one settings file, and what can be run with them."""

    @cached_property
    def runs(self) -> Runner:
        """Starts, resumes and undoes runs, and says what they came to."""
        from holdfast.bootstrap.running import Runner

        # scans and imports need runs, so they are made later
        return Runner(
            self,
            lambda arguments: self.scans.stages_of(arguments),  # noqa: PLW0108
            lambda arguments: self.exchange.stages_of(arguments),  # noqa: PLW0108
        )

    @cached_property
    def exchange(self) -> ExchangeDesk:
        """What goes out as files and comes in from them."""
        from holdfast.bootstrap.exchange import ExchangeDesk

        return ExchangeDesk(self, self.runs)

    @cached_property
    def scans(self) -> ScanDesk:
        """What is done with security scans."""
        from holdfast.bootstrap.scans import ScanDesk

        return ScanDesk(self, self.runs)

    def recover_abandoned(self) -> list[Run]:
        """Runs whose process is gone, ended now with evidence; the ledger is opened only where there may be one."""
        from holdfast.adapters.unfinished import may_hold_unfinished_runs

        unfinished = may_hold_unfinished_runs(self.settings.ledger_path)
        return self.runs.engine.recover_abandoned() if unfinished else []


def open_installation(
    config: Path | None, progress: Progress, choose: Chooser | None = None, reports_dir: Path | None = None
) -> Installation:
    """The installation of the settings file given, or of the working folder. Raises: SettingsError, NotFound."""
    began = time.monotonic()
    settings = current(config)
    loading = time.monotonic() - began
    if reports_dir:
        settings = replace(settings, holdfast=replace(settings.holdfast, reports_dir=reports_dir.resolve()))
    home = Installation(settings, progress, choose)
    home.times[SETTINGS] = loading
    return home
