"""What bootstrap has for a system, and what it must know of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.kernel.backup import BackupRequest
    from holdfast.kernel.destination import Destination
    from holdfast.kernel.ports import Clock, Ledger, PacedSession
    from holdfast.kernel.runs.manifest import ManifestPlace
    from holdfast.kernel.runs.stages import Stage
    from holdfast.kernel.settings import Raw
    from holdfast.kernel.system import Rehearsal, System
    from holdfast.kernel.vault.vault import Vault

SETTINGS, REPORT = "settings", "report"
"""Operations of every run: reading the settings, and making its report."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a system is made over: settings, clock and the sessions that lead to one destination.

    `session` gives that of a region, and of the destination's own for an empty name. `options` are what a backup
    was asked for in the system's own words, `mapping` what a restore goes by (canonical JSON, empty for none).
    """

    settings: Settings
    clock: Clock
    target: Destination
    session: Callable[[str], PacedSession]
    vault: Callable[[], Vault]
    options: tuple[str, ...] = ()
    mapping: str = ""


def _nothing_more(around: Surroundings, request: BackupRequest) -> Sequence[Stage]:
    return ()


def _nothing_lacking(settings: Settings, request: BackupRequest) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Registered:
    """One system: how it is made, where it is rehearsed, how its mapping files are read.

    `storing` gives the stages of a backup between the seal and the check, `lacking` what the settings lack for a
    backup, a sentence each. `places` tells where a backup has
    stored what beside the vault. `operations` are those of a backup whose times its report tells: their names, how long
    they typically take, and the names under which their times are kept. Nothing of a system is imported before one
    of these is called.
    """

    system: Callable[[Surroundings], System]
    rehearsal: Callable[[Settings, Clock], Rehearsal]
    read_mapping: Callable[[Raw, str], str]
    storing: Callable[[Surroundings, BackupRequest], Sequence[Stage]] = _nothing_more
    lacking: Callable[[Settings, BackupRequest], Iterable[str]] = _nothing_lacking
    operations: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    places: Callable[[Settings, Ledger, str], Iterable[ManifestPlace]] = lambda settings, ledger, run: ()
