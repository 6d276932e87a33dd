"""The ground a run stands on: a scratch folder, the generated data, the peers that are installed, measured commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.vault.figures import Figures, Target, read_figures, table

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {"restic": ("restic",), "borg": ("borg",), "tarzst": ("tar", "zstd", "age")}
RESTORED = "/dev/shm/perfrestore"  # where the peers' specs restore to: memory, so that no disk is measured
OURS = "holdfast"


@dataclass
class Bench:
    """Commands in turn on one scratch folder; what they took, and which targets they meet."""

    folder: Path
    shared: Path
    runs: int
    records: int
    targets: list[Target] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """Where each tool has the repository that is measured."""
        return self.folder / "work"

    @property
    def data(self) -> Path:
        """Records as `v1.jsonl` and `v2.jsonl`, of which `cur.jsonl` is a copy, and as folders of the same names."""
        return self.folder / "data" / "id"

    @cached_property
    def peers(self) -> list[str]:
        """The tools that are here, in the order they are printed."""
        here = [name for name, programs in NEEDED.items() if all(map(shutil.which, programs))]
        for name in NEEDED.keys() - set(here):
            print(f"skipped: {name}, since {' or '.join(NEEDED[name])} is not installed")
        return here

    @cached_property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HOLDFAST_"))
        }
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled once
        return {
            **kept,
            "BENCH_DIR": str(self.folder),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
            "PYTHONPATH": str(ROOT),
            "KEY_FILE": str(self.work / OURS / "vault.key"),
        }

    def ours(self, *words: object) -> str:
        """A shell line that runs `bench.vault.records`."""
        return f"exec {sys.executable} -m bench.vault.records {' '.join(map(str, words))}"

    def shell(self, line: str, **environment: str) -> None:
        """Run what is not measured. Raises: CalledProcessError."""
        subprocess.run(
            ["bash", "-c", line],
            check=True,
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
        )

    def tool(self, name: str, *words: object) -> None:
        """Run one of the shared scripts. Raises: CalledProcessError."""
        subprocess.run(
            [sys.executable, self.shared / name, *map(str, words)],
            check=True, env=self.environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def specs(self, name: str, tools: list[str]) -> list[dict[str, str]]:
        """The shared commands of a group, of these tools."""
        found = json.loads((self.folder / "specs" / f"{name}.json").read_text())
        return [each for each in found if each["name"].rpartition("/")[2] in tools]

    def measure(
        self, group: str, specs: list[dict[str, str]], *, runs: int = 0, after: str = ""
    ) -> dict[str, Figures]:
        """Run commands in turn and print what they took, by tool."""
        spec = self.folder / "specs" / f"run_{group}.json"
        spec.write_text(json.dumps(specs))
        self.tool("measure_commands.py", spec, "--runs", runs or self.runs, "--group", group)
        figures = read_figures(self.folder / "results.jsonl", group)
        print(*table(figures.values(), after), sep="\n", flush=True)
        return figures

    def judge(self, workload: str, what: str, figure: float | None, limit: float, unit: str = "") -> None:
        """Hold a figure against its target."""
        self.targets.append(Target(workload, what, figure, limit, unit))
        print(f"  {self.targets[-1]}", flush=True)

    def judge_peak(self, workload: str, figures: Figures) -> None:
        """No workload may take more than 250 MiB."""
        self.judge(workload, "peak memory", figures.peak, 250, " MiB")

    def keep_base(self, name: str) -> None:
        """Copy what each tool has now, to start from it again."""
        base = self.folder / "base" / name
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        for tool in (OURS, *NEEDED):
            if (self.work / tool).exists():
                shutil.copytree(self.work / tool, base / tool, symlinks=True)

    def use_base(self, name: str) -> None:
        """Give each tool back what was kept."""
        for kept in (self.folder / "base" / name).iterdir():
            shutil.rmtree(self.work / kept.name, ignore_errors=True)
            shutil.copytree(kept, self.work / kept.name, symlinks=True)

    def source(self, version: str) -> None:
        """Make `cur.jsonl` this version, with a new time stamp as an edit leaves it."""
        shutil.copyfile(self.data / f"{version}.jsonl", self.data / "cur.jsonl")
