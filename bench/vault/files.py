"""The workloads on files, and their targets; ours is the `holdfast` command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.vault.bench import OURS, RESTORED, Bench
from bench.vault.figures import Figures, share

PEERS = ("restic", "borg")
CHANGED = 10


def program() -> Path:
    return Path(sys.executable).with_name("holdfast")


def here(bench: Bench) -> bool:
    """Whether this Holdfast keeps files; says so where it does not."""
    asked = subprocess.run(
        [program(), "vault", "save", "--help"], capture_output=True, env=bench.environment, check=False
    )
    if asked.returncode:
        print("  skipped: this Holdfast has no `vault save`")
    return not asked.returncode


def command(bench: Bench, *words: object) -> str:
    place = bench.work / OURS
    return f"cd {place} && exec {program()} {' '.join(map(str, words))} --no-progress"


def fresh(bench: Bench) -> str:
    """A shell line that makes an empty vault in a folder of its own."""
    place = bench.work / OURS
    settings = f'[vault]\\nlocation = "{place}/vault"\\nkey_file = "{place}/key"\\n'
    made = f"rm -rf {place}; mkdir -p {place}; printf '{settings}' > {place}/holdfast.toml"
    return f"{made}; ({command(bench, 'vault', 'init')}); sync"


def source(bench: Bench) -> Path:
    return bench.folder / "data" / "files"


def warm(bench: Bench) -> str:
    return f"; tar -C {source(bench).parent} -cf - files | cat > /dev/null"


def first(bench: Bench) -> list[dict[str, str]]:
    own = {
        "name": f"files/create/{OURS}",
        "prep": fresh(bench) + warm(bench),
        "cmd": command(bench, "vault", "save", source(bench)),
        "size": str(bench.work / OURS / "vault"),
    }
    return [own, *bench.specs("create_files", bench.peers)]


def prepare(bench: Bench) -> bool:
    """Files, and the first snapshot of each tool, also as a copy to start from; False where ours keeps no files."""
    if not here(bench):
        return False
    base = bench.folder / "base" / "files"
    if not base.exists():
        if not source(bench).exists():
            bench.tool("gen_files.py", source(bench))
        for spec in first(bench):
            bench.shell(spec["prep"])
            bench.shell(spec["cmd"])
        bench.keep_base("files")
    bench.use_base("files")
    return True


def of_faster(bench: Bench, workload: str, figures: dict[str, Figures], limit: float) -> None:
    theirs = [figures[peer].wall for peer in PEERS if peer in figures and not figures[peer].failed]
    mine = figures[OURS]
    wall = None if mine.failed or not theirs else mine.wall / min(theirs)
    bench.judge(workload, f"wall, of the faster of {' and '.join(PEERS)}", wall, limit)
    bench.judge_peak(workload, mine)


def first_snapshot(bench: Bench) -> None:
    """F1: 2 GiB of files with 30 % duplicates into a first snapshot."""
    if prepare(bench):
        figures = bench.measure("create_files", first(bench))
        of_faster(bench, "F1", figures, 0.5)
        sizes = [figures[peer].stored for peer in PEERS if peer in figures]
        smaller = min((size for size in sizes if size), default=None)
        bench.judge("F1", "stored, of the smaller", share(figures[OURS].stored, smaller), 1.0)


def in_turn(bench: Bench, group: str, own: dict[str, str], peers: Sequence[str]) -> dict[str, Figures]:
    return bench.measure(group, [own, *bench.specs(group, list(peers))])


def verify(bench: Bench) -> None:
    """VF: read and prove every byte of the files."""
    if prepare(bench):
        own = {"name": f"files/verify/{OURS}", "cmd": command(bench, "backups", "verify", "latest")}
        of_faster(bench, "VF", in_turn(bench, "verify_files", own, bench.peers), 0.5)


def restore(bench: Bench) -> None:
    """XF: the files again, into memory."""
    if prepare(bench):
        own = {
            "name": f"files/restore/{OURS}",
            "prep": f"rm -rf {RESTORED}; mkdir -p {RESTORED}; sync",
            "cmd": command(bench, "vault", "extract", "latest", "--target", RESTORED),
            "after": f"diff -rq {source(bench)} {RESTORED}{source(bench)} > /dev/null || echo 1",
        }
        figures = in_turn(bench, "restore_files", own, bench.peers)
        shutil.rmtree(RESTORED, ignore_errors=True)
        same = figures[OURS].after is None
        print(f"  the restored files are {'the' if same else 'NOT the'} ones that were saved, to the byte")
        of_faster(bench, "XF", figures, 0.5)


def second_snapshot(bench: Bench) -> None:
    """F2: a second run over the files, ten of them changed."""
    if prepare(bench):
        for changed in sorted(source(bench).rglob("*7.json"))[:CHANGED]:
            with changed.open("a") as file:
                file.write('{"account":"new"}\n')
        base, place = bench.folder / "base" / "files", bench.work / OURS
        own = {
            "name": f"files/second/{OURS}",
            "prep": f"rm -rf {place}; cp -a {base / OURS} {place}; sync{warm(bench)}",
            "cmd": command(bench, "vault", "save", source(bench)),
            "size": str(place / "vault"),
        }
        of_faster(bench, "F2", in_turn(bench, "incr_files", own, PEERS), 1.0)
