"""A process whose first reads of the vault are done by threads: msgspec 0.22 crashes where two decode a type first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import holdfast
from holdfast.adapters.object_store import open_store
from tests.simulators.small_vault import TINY, company, new_vault, take

# Looking up a type's fields takes long here, so every thread meets types that another has only begun with.
SCRIPT = """
import sys, time, typing
from pathlib import Path

evaluate = typing._eval_type

def slowly(*given, **named):
    time.sleep(0.001)
    return evaluate(*given, **named)

typing._eval_type = slowly

from holdfast.adapters.object_store import open_store
from tests.simulators.small_vault import contents_of, open_vault

folder = Path(sys.argv[1])
vault = open_vault(open_store(str(folder / "vault"), folder, {}), folder)
newest = vault.snapshots()[-1]
held = contents_of(vault.read(newest))
print(*(len(rows) for rows in held.values()), vault.verify(newest).sound, vault.check(read_data=True).sound)
print(len(vault.snapshots()), vault.prune().erased)
"""


def test_threads_may_be_the_first_to_read(tmp_path: Path) -> None:
    vault = new_vault(open_store(str(tmp_path / "vault"), tmp_path, {}), tmp_path, TINY)
    taken = [take(vault, company(20, f"Title {number}"), after=number) for number in range(12)]
    for info in taken[:6]:
        vault.delete(info)
    top = Path(holdfast.__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT, str(tmp_path)],
        cwd=top,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout.split(), told.stderr) == (
        0,
        ["20", "20", "True", "True", "6", "True"],
        "",
    )
