"""A person's desk: a folder, an environment, and `holdfast` as that person runs it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.delivery.cli import main

HOLDFAST = Path(sys.executable).with_name("holdfast")
"""The installed command."""
UNPACED = {
    "HOLDFAST_AWS_REQUESTS_PER_SECOND": "100000",
    "HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND": "100000",
    "NO_COLOR": "1",
    "COLUMNS": "200",
}
"""Settings with which nothing waits for a pace that only the real service needs."""


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # what a test reads out of it is the test's own claim
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:  # noqa: ANN401
        """The error of a `--json` command: the last line on standard error."""
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass
class Desk:
    """Where commands run. `environment` replaces every variable of AWS and of Holdfast."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, **more: str) -> Answer:
        """A command in this process, with further variables."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with self._here(more), redirect_stdout(out), redirect_stderr(err):
            code = main(words)
        return Answer(code, _text(out), _text(err))

    def command(self, *words: str) -> list[str]:
        """A command line for a process."""
        return [str(HOLDFAST), *words]

    def process(self, *words: str, **more: str) -> Answer:
        """A command as a process of its own."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.variables(more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def backup(self, *words: str) -> str:
        """The id of a complete backup taken now."""
        taken = self.run("identity-center", "backup", "--json", *words)
        assert taken.code == 0, taken
        return str(taken.json["snapshot"])

    def restore(self, *words: str) -> Answer:
        """A restore of the newest backup."""
        return self.run("identity-center", "restore", "latest", "--json", *words)

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def variables(self, more: Mapping[str, str]) -> dict[str, str]:
        """The environment of a command: this process's without what is AWS's or Holdfast's, and our own."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HOLDFAST_"))
        }
        nothing = str(self.folder / "no-such-file")
        elsewhere = {"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing}
        return {**kept, **elsewhere, **UNPACED, **self.environment, **more}

    @contextmanager
    def _here(self, more: Mapping[str, str]) -> Iterator[None]:
        before, folder = dict(os.environ), Path.cwd()
        os.environ.clear()
        os.environ.update(self.variables(more))
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]  # it is a BytesIO
