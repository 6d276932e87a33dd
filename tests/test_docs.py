"""What the tutorial and the how-to pages show is what happens when it is typed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulators.warm_command import warm_holdfast

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BINARIES = (ROOT / ".venv" / "bin", ROOT / ".tools" / "bin")
PATH = os.pathsep.join([*map(str, BINARIES), os.environ.get("PATH", "")])
TOOLS = [name for name in ("holdfast", "aws") if shutil.which(name, path=PATH) is None]

BLOCK = re.compile(r"<!-- run -->\n+```console\n(.*?)```", re.DOTALL)
EXIT = re.compile(r"  # exit (\d+)$")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
VARYING = (
    (re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s|min)\b"), "SECONDS"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"process \d+"), "process N"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Typed:
    """A command of a page with the exit code and the lines that the page promises."""

    page: str
    command: str
    exit_code: int
    shown: tuple[str, ...]


def typed(page: Path) -> Iterator[Typed]:
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.replace("\\\n", " ").rstrip().splitlines()
            command, shown = lines[0], [line for line in lines[1:] if line.strip() not in ("", "...")]
            code = EXIT.search(command)
            yield Typed(page.name, command, int(code.group(1)) if code else 0, tuple(shown))


def plain(text: str) -> str:
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.strip()


def play(commands: list[Typed], folder: Path) -> list[str]:
    """What differs from the pages when all commands are typed into one shell."""
    (folder / "bin").mkdir()
    (folder / "desk").mkdir()
    with warm_holdfast(folder / "bin") as found:
        return _played(commands, folder / "desk", f"{found}{os.pathsep}{PATH}")


def _played(commands: list[Typed], folder: Path, path: str) -> list[str]:
    script = "".join(f"{each.command}\nprintf '\\n\\036%s\\036' $?\n" for each in commands)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HOLDFAST_"))}
    # The pages are written for AWS's rate; a raised one only saves the test's time.
    faster = {"HOLDFAST_AWS_REQUESTS_PER_SECOND": "400", "HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND": "400"}
    try:
        done = subprocess.run(
            ["bash", "-c", f"exec 2>&1\n{script}"],
            cwd=folder, capture_output=True, text=True, timeout=230, check=False,
            env={**kept, **faster, "PATH": path, "HOME": str(folder), "COLUMNS": "80", "AWS_PAGER": ""},
        )  # fmt: skip
    finally:
        subprocess.run(
            ["holdfast", "sandbox", "stop"], cwd=folder, capture_output=True, env={"PATH": PATH}, check=False
        )
    parts = done.stdout.split("\036")
    assert len(parts) == 2 * len(commands) + 1, done.stdout[-2000:]
    return [
        f"{each.page}: {each.command}\n  {problem}\n{output[-3000:]}"
        for each, output, code in zip(commands, parts[::2], parts[1::2], strict=False)
        for problem in _problems(each, output, int(code))
    ]


def _problems(each: Typed, output: str, code: int) -> Iterator[str]:
    if code != each.exit_code:
        yield f"ended with {code}, the page says {each.exit_code}"
    happened = plain(output)
    yield from (f"does not show: {line}" for line in each.shown if plain(line) not in happened)


slow_when_busy = pytest.mark.timeout(240)
needs_tools = pytest.mark.skipif(bool(TOOLS), reason=f"not installed: {', '.join(TOOLS)}")


@needs_tools
@slow_when_busy
def test_the_tutorial_happens_as_written(tmp_path: Path) -> None:
    commands = list(typed(DOCS / "tutorial.md"))
    assert len(commands) > 15
    assert "\n".join(play(commands, tmp_path)) == ""


@needs_tools
@slow_when_busy
def test_the_how_to_pages_happen_as_written(tmp_path: Path) -> None:
    """All pages in one shell, over one sandbox with a backup of the tiny company."""
    start = [
        Typed("start", command, 0, ())
        for command in (
            "holdfast sandbox start --detach",
            'eval "$(holdfast sandbox env)"',
            "holdfast init",
            "holdfast identity-center backup",
        )
    ]
    pages = sorted((DOCS / "how-to").glob("*.md"))
    commands = [each for page in pages for each in typed(page)]
    assert len(commands) > 10
    assert "\n".join(play([*start, *commands], tmp_path)) == ""


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
