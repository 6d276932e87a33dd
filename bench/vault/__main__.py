"""Our vault and its peers on the same generated work, in turn; medians, ratios, and whether each target is met.

python -m bench.vault [--runs 5] [--only R1,R2,...] [--records 200000] [--huge]

The generators, the peers' commands and the stop watch are those of a folder of shared benchmarks, ../shared/bench beside
the project or the folder that SHARED_BENCH names. Ours runs as a process of its own that starts, opens the vault with a key
file and goes through its public classes (bench/vault/records.py). BENCH_DIR is the scratch folder; without it a
temporary one is made, and removed at the end. Exit 0 whether targets are met or missed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.vault import files, runs
from bench.vault.bench import ROOT, Bench

NEEDED_BYTES = 20 << 30
RECORDS = 200_000

# What can be asked for, in the order it runs.
WORKLOADS: dict[str, Callable[[Bench], None]] = {
    "R1": runs.first_snapshot,
    "V": runs.verify,
    "X": runs.restore,
    "R2": runs.second_snapshot,
    "R3": runs.compare_and_find,
    "S3": runs.on_s3,
    "R1F": runs.first_snapshot_as_files,
    "GROW": runs.growth,
    "F1": files.first_snapshot,
    "VF": files.verify,
    "XF": files.restore,
    "F2": files.second_snapshot,
}


def shared_bench() -> Path:
    found = Path(os.environ.get("SHARED_BENCH", ROOT.parent / "shared" / "bench"))
    if not (found / "measure_commands.py").is_file():
        print(f"The shared benchmarks are not in {found}: set SHARED_BENCH to their folder.", file=sys.stderr)
        raise SystemExit(2)
    return found


@contextmanager
def scratch() -> Iterator[Path]:
    """BENCH_DIR, kept; or a temporary folder."""
    named = os.environ.get("BENCH_DIR")
    folder = Path(named).absolute() if named else Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        free = shutil.disk_usage(folder).free
        if free < NEEDED_BYTES:
            print(
                f"only {free >> 30} GiB are free in {folder}; all workloads together need 20: set BENCH_DIR"
            )
        yield folder
    finally:
        if not named:
            shutil.rmtree(folder)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", default=",".join(WORKLOADS), help="of " + ",".join(WORKLOADS))
    options.add_argument("--records", type=int, default=RECORDS)
    options.add_argument("--huge", action="store_true", help="GROW up to ten million records")
    asked = options.parse_args()
    chosen = asked.only.split(",")
    if unknown := set(chosen) - WORKLOADS.keys():
        options.error(f"there is no workload {', '.join(sorted(unknown))}")
    shared = shared_bench()
    with scratch() as folder:
        bench = Bench(folder, shared, asked.runs, asked.records)
        print(f"{asked.records:,} records, {asked.runs} runs in turn, {os.cpu_count()} cores", flush=True)
        if asked.records != RECORDS:
            print(f"the targets are for {RECORDS:,} records")
        runs.prepare(bench)
        sizes = (*runs.SIZES, runs.HUGE) if asked.huge else runs.SIZES
        work = {**WORKLOADS, "GROW": partial(runs.growth, sizes=sizes)}
        for name in WORKLOADS:
            if name in chosen:
                print(f"\n{(WORKLOADS[name].__doc__ or '').splitlines()[0]}")
                work[name](bench)
        print("\nTargets", *bench.targets, sep="\n")


if __name__ == "__main__":
    main()
