"""A capture of 5,000 assets, measured from outside: the figures that the benchmark prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
MOST_MIB = 120
"""What a capture may hold beyond what the process held before: the records, packed, and the answers on their way."""


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_5000_assets_take_the_fewest_calls_and_flat_memory_and_the_pace_bounds_the_time() -> None:
    command = [sys.executable, "bench/quicksight.py", "--scale", "large"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assets, before, most = re.findall(r"([\d,]+) assets .* memory (\d+) MiB before, (\d+) MiB", done.stdout)[
        0
    ]
    (ratio,) = re.findall(r"list and describe: .*\(([\d.]+)\)", done.stdout)
    assert int(assets.replace(",", "")) >= 4_990
    assert float(ratio) <= 1.05
    assert int(most) - int(before) <= MOST_MIB
    assert "at 20 a second" in done.stdout
