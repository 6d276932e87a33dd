"""Run the benchmarks: `python -m bench [--list | NAME [ARGUMENT ...]]`; without arguments, every one."""

from __future__ import annotations

import runpy
import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """The benchmark modules of this folder, sorted; a leading underscore keeps a file out."""
    here = Path(__file__).parent
    return sorted(path.stem for path in here.glob("*.py") if not path.stem.startswith("_"))


def run(name: str, arguments: list[str]) -> None:
    """Run one benchmark as `python -m bench.NAME ARGUMENT ...` would."""
    sys.argv = [name, *arguments]
    try:
        runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        if leaving.code:
            raise


def main(arguments: list[str]) -> None:
    """List, run one, or run all."""
    known = names()
    if arguments[:1] == ["--list"]:
        for name in known:
            print(f"{name:20} {(import_module(f'bench.{name}').__doc__ or '').strip().splitlines()[0]}")
    elif arguments and arguments[0] not in known:
        sys.exit(f"There is no benchmark {arguments[0]}; there are: {', '.join(known) or 'none yet'}.")
    elif arguments:
        run(arguments[0], arguments[1:])
    else:
        for name in known:
            print(f"== {name}", flush=True)
            run(name, [])


if __name__ == "__main__":
    main(sys.argv[1:])
