"""The workloads on records, and their targets."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.vault.bench import OURS, RESTORED, ROOT, Bench
from bench.vault.figures import Figures, share

PEERS = ("restic", "borg")
LATENCY_MS = 20
SNAPSHOTS = 100
SIZES, HUGE = (250_000, 500_000, 1_000_000), 10_000_000


def ours(what: str, command: str, prepare: str = "", **more: str) -> dict[str, str]:
    spec = {"name": f"{what}/{OURS}", "cmd": command, **more}
    return {**spec, "prep": prepare} if prepare else spec


def vault(bench: Bench) -> Path:
    return bench.work / OURS / "vault"


def fresh(bench: Bench) -> str:
    """A shell line that makes an empty vault."""
    place = bench.work / OURS
    new = bench.ours("init", vault(bench)).removeprefix("exec ")
    return f"rm -rf {place}; mkdir -p {place}; {new}; sync"


def stored(figures: dict[str, Figures], name: str) -> float | None:
    return figures[name].stored if name in figures else None


def wall_ratio(figures: dict[str, Figures], peer: str) -> float | None:
    """Our wall over a peer's; None where one of them is missing or failed."""
    both = [figures[name] for name in (OURS, peer) if name in figures and not figures[name].failed]
    return both[0].wall / both[1].wall if len(both) == 2 else None


def prepare(bench: Bench) -> None:
    """Generated data and the peers' commands."""
    bench.work.mkdir(parents=True, exist_ok=True)
    (bench.folder / "results.jsonl").unlink(missing_ok=True)  # of an earlier run in the same folder
    if not (bench.data / "v2.jsonl").exists():
        bench.tool("gen_identity.py", bench.data, "--records", bench.records)
    key = bench.folder / "age.key"
    if "tarzst" in bench.peers and not key.exists():
        bench.shell(f"age-keygen -o {key} 2>/dev/null; age-keygen -y {key} > {bench.folder}/age.pub")
    bench.tool("specs_vault.py", bench.folder / "specs")


def with_base(bench: Bench) -> None:
    """Repositories of every tool that hold the first version, also as a copy to start from."""
    if not (bench.folder / "base" / "jsonl").exists():
        bench.source("v1")
        for spec in first(bench):
            bench.shell(spec["prep"])
            bench.shell(spec["cmd"])
        bench.keep_base("jsonl")
    bench.use_base("jsonl")


def first(bench: Bench) -> list[dict[str, str]]:
    command = bench.ours("backup", vault(bench), bench.data / "cur.jsonl")
    own = ours("jsonl/create", command, fresh(bench), size=str(vault(bench)))
    return [own, *bench.specs("create_jsonl", bench.peers)]


def first_snapshot(bench: Bench) -> None:
    """R1: all records into a first snapshot; peers read the same records as one JSONL file, zstd level 3."""
    bench.source("v1")
    figures = bench.measure("create_jsonl", first(bench))
    mine = figures[OURS]
    bench.judge("R1", "wall, of restic's on JSONL", wall_ratio(figures, "restic"), 1.0)
    bench.judge("R1", "stored, of borg's JSONL size", share(mine.stored, stored(figures, "borg")), 1.15)
    bench.judge_peak("R1", mine)


def first_snapshot_as_files(bench: Bench) -> None:
    """R1 again where the peers read one file a record; ours reads records either way."""
    bench.shell(f"rsync -a --delete {bench.data}/v1/ {bench.data}/cur/")
    bench.source("v1")
    figures = bench.measure("create_dir", first(bench)[:1] + bench.specs("create_dir", list(PEERS)))
    for peer in PEERS:
        bench.judge("R1", f"wall, of {peer}'s on files", wall_ratio(figures, peer), 0.15)


def verify(bench: Bench) -> None:
    """V: read and prove every byte: ours `Vault.verify`, restic check --read-data, borg check --verify-data."""
    with_base(bench)
    own = ours("jsonl/verify", bench.ours("verify", vault(bench)))
    figures = bench.measure("verify_jsonl", [own, *bench.specs("verify_jsonl", bench.peers)])
    bench.judge("V", "wall, of restic's", wall_ratio(figures, "restic"), 1.0)
    bench.judge_peak("V", figures[OURS])


def restore(bench: Bench) -> None:
    """X: all records as a JSONL file in memory again."""
    with_base(bench)
    own = ours(
        "jsonl/restore",
        bench.ours("restore", vault(bench), f"{RESTORED}/cur.jsonl"),
        f"rm -rf {RESTORED}; mkdir -p {RESTORED}; sync",
        after=f"cmp -s {RESTORED}/cur.jsonl {bench.data}/v1.jsonl || echo 1",
    )
    figures = bench.measure("restore_jsonl", [own, *bench.specs("restore_jsonl", bench.peers)])
    shutil.rmtree(RESTORED, ignore_errors=True)
    same = figures[OURS].after is None
    print(f"  the restored file is {'the' if same else 'NOT the'} one that was backed up, to the byte")
    bench.judge("X", "wall, of restic's", wall_ratio(figures, "restic"), 1.0)
    bench.judge_peak("X", figures[OURS])


def second_snapshot(bench: Bench) -> None:
    """R2: 1 % of the records changed, into a copy of the repository that holds the first version."""
    with_base(bench)
    bench.source("v2")
    base, place = bench.folder / "base" / "jsonl", bench.work / OURS
    command = bench.ours("backup", vault(bench), bench.data / "cur.jsonl")
    again = f"rm -rf {place}; cp -a {base / OURS} {place}; sync; cat {bench.data}/cur.jsonl > /dev/null"
    own = ours("jsonl/second", command, again, size=str(vault(bench)))
    figures = bench.measure("incr_jsonl", [own, *bench.specs("incr_jsonl", bench.peers)])
    added = {
        tool: each.stored - size_of(base / tool)
        for tool, each in figures.items()
        if each.stored and not each.failed
    }
    print("  added: " + ", ".join(f"{tool} {size / 1e6:.2f} MB" for tool, size in added.items()))
    bench.judge("R2", "wall, of restic's", wall_ratio(figures, "restic"), 0.6)
    for peer in PEERS:
        bench.judge("R2", f"added bytes, of {peer}'s", share(added.get(OURS), added.get(peer)), 0.03)
    bench.judge_peak("R2", figures[OURS])


def size_of(place: Path) -> int:
    """Bytes of what the peers' specs measure: the repository without caches."""
    inner = next((place / name for name in ("vault", "repo") if (place / name).exists()), place)
    return sum(file.stat().st_size for file in inner.rglob("*") if file.is_file())


def compare_and_find(bench: Bench) -> None:
    """R3 and cold start: a vault with 100 snapshots; two are compared, a record is read, all are listed."""
    place, key = bench.work / "history", bench.folder / "history.key"
    shutil.rmtree(place, ignore_errors=True)
    key.unlink(missing_ok=True)
    place.mkdir()
    print(f"  making {SNAPSHOTS} snapshots ...", flush=True)
    with_key = f"KEY_FILE={key} "
    own = f"{with_key}{bench.ours('').removeprefix('exec ')}"
    bench.shell(f"{own} init {place}/vault")
    bench.shell(f"{own} history {place}/vault {bench.data}/v1.jsonl {bench.data}/v2.jsonl {SNAPSHOTS}")
    program = Path(sys.executable).with_name("holdfast")
    (place / "holdfast.toml").write_text(f'[vault]\nlocation = "{place}/vault"\nkey_file = "{key}"\n')
    bench.shell(f"cd {place} && {program} backups list --all")
    wanted = (bench.data / "v1.jsonl").read_bytes().split(b"\n", 1)[0].split(b',"Id":"')[1][:36].decode()
    ids = sorted(found.name for found in (place / "vault" / "snapshots").iterdir())
    figures = bench.measure(
        "history",
        [
            {"name": "start-up alone", "cmd": f"{own} open {place}/vault"},
            {"name": "compare two snapshots", "cmd": f"{own} diff {place}/vault {ids[0]} {ids[1]}"},
            {
                "name": "one record by key",
                "cmd": f"{own} find {place}/vault {ids[SNAPSHOTS // 2]} Assignment {wanted}",
            },
            {"name": "holdfast backups list", "cmd": f"cd {place} && exec {program} backups list --all"},
        ],
    )
    start = figures["start-up alone"].wall
    for name, limit in (("compare two snapshots", 0.2), ("one record by key", 0.1)):
        spent = None if figures[name].failed else figures[name].wall - start
        bench.judge("R3", f"{name}, beyond start-up", spent, limit, " s")
    bench.judge(
        "COLD", "holdfast backups list, 100 snapshots", figures["holdfast backups list"].wall, 0.4, " s"
    )
    shutil.rmtree(place)


@contextmanager
def s3_server(bench: Bench) -> Iterator[str]:
    """The address of a server that waits before each answer."""
    port = bench.folder / "s3.port"
    port.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.vault.s3", str(port), str(LATENCY_MS)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as server:
        try:
            while not (port.exists() and port.read_text()):
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port.read_text()}"
        finally:
            server.kill()


def on_s3(bench: Bench) -> None:
    """S3: a second snapshot, 1 % changed, on a server in memory that waits 20 ms before each answer."""
    with s3_server(bench) as url:
        settings = (
            f"export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=us-east-1 AWS_ENDPOINT_URL={url} "
        )
        v1, v2 = bench.data / "v1.jsonl", bench.data / "v2.jsonl"
        specs = []
        place = f"KEY_FILE={bench.folder}/s3.key; M='{bench.ours('').removeprefix('exec ')}'; V=s3://bench/holdfast; "
        lines = {OURS: (place, f"rm -f $KEY_FILE; $M init $V; $M backup $V {v1}", f"$M backup $V {v2}")}
        if "restic" in bench.peers:
            cache, current = bench.folder / "s3.cache", bench.data / "cur.jsonl"
            env = f"RESTIC_PASSWORD=bench RESTIC_CACHE_DIR={cache} RESTIC_REPOSITORY=s3:{url}/bench/restic; "
            start = f"rm -rf {cache}; restic init -q; cp {v1} {current}; restic backup -q {current}"
            lines["restic"] = env, f"{start}; cp {v2} {current}", f"restic backup -q {current}"
        for name, (env, before, command) in lines.items():
            clear = f"curl -s -X DELETE {url}/bench/{name}/_all; "
            specs.append(
                {
                    "name": f"s3/second/{name}",
                    "prep": f"{settings}{env}{clear}{before} >/dev/null; curl -s {url}/_requests > {bench.folder}/s3.before",
                    "cmd": f"{settings}{env}{command}",
                    "after": f"echo $(( $(curl -s {url}/_requests) - $(cat {bench.folder}/s3.before) ))",
                }
            )
        figures = bench.measure("s3", specs, after="requests")
    bench.judge("S3", "requests of a second snapshot", figures[OURS].after, 17)
    bench.judge("S3", "wall, of restic's", wall_ratio(figures, "restic"), 1.0)
    bench.judge_peak("S3", figures[OURS])


def growth(bench: Bench, sizes: tuple[int, ...] = SIZES) -> None:
    """7: more and more records through backup and restore; memory must not follow them."""
    peaks: dict[str, list[float]] = {"stream in": [], "stream out": []}
    for size in sizes:
        into = bench.ours("multiply", vault(bench), bench.data / "v1.jsonl", max(1, size // bench.records))
        out = bench.ours("restore", vault(bench), "/dev/null")
        name = f"{size:,}"
        # One after the other, not in turn: the second reads what the first one wrote.
        for what, command, before in (("stream in", into, fresh(bench)), ("stream out", out, "true")):
            spec = {"name": f"{what} {name}", "cmd": command, "prep": before, "size": str(vault(bench))}
            peaks[what].append(bench.measure(f"grow {what} {name}", [spec], runs=1)[f"{what} {name}"].peak)
    for what, each in peaks.items():
        told = " -> ".join(f"{peak:.0f}" for peak in each)
        bench.judge("GROW", f"peak of {what}: {told} MiB", max(each), 250, " MiB")
