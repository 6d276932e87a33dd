"""The memory service kept in a folder, so that it outlives the process that works on it; and such a process."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from pathlib import Path

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.ledger import SqlLedger
from holdfast.adapters.owner import is_alive, this_process
from holdfast.domain.changes import Change
from holdfast.domain.outcomes import Outcome
from holdfast.domain.records import join_key
from holdfast.kernel.runs.engine import Engine
from tests.simulators.memory_system import Facet, MemoryService
from tests.simulators.quiet import SilentProgress
from tests.simulators.workbench import stages_towards

WANTED: dict[Facet, bytes] = {
    **{("user", f"u{n}"): b"{}" for n in range(6)},
    ("group", "G"): b"{}",
    ("membership", join_key("G", "u1")): b"{}",
    ("label", "l1"): b'{"v":2}',
}


class FileService(MemoryService):
    """Writes its state and its effects to a file after each change, before it answers."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "service.bin"
        facets, effects = (
            pickle.loads(self._path.read_bytes())
            if self._path.exists()
            else ({("label", "l1"): b'{"v":1}'}, [])
        )
        super().__init__(facets)
        self.effects = effects
        self._keeping = threading.Lock()

    def change(self, change: Change) -> Outcome:
        """Make one change and keep it."""
        with self._keeping:
            outcome = super().change(change)
            draft = self._path.with_suffix(".new")
            draft.write_bytes(pickle.dumps((self.facets, self.effects)))
            draft.replace(self._path)
            return outcome


def main(folder: Path, moment: str, count: int) -> None:
    """Run towards WANTED; die by SIGKILL when `moment` happens for the `count`th time."""
    service = FileService(folder)
    seen = 0

    def maybe_die(name: str) -> None:
        nonlocal seen
        seen += name == moment
        if name == moment and seen == count:
            os.kill(os.getpid(), signal.SIGKILL)

    service.faults.on_call = maybe_die
    ledger = SqlLedger.open(folder / "ledger.db")
    engine = Engine(ledger, SystemClock(), SilentProgress(), this_process(), is_alive, lambda run: None)
    engine.execute(engine.start("memory", "restore", b"{}"), stages_towards(service, WANTED, concurrency=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
