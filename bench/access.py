"""How long `access --at` takes, process start to end, on thirty daily snapshots of a company.

access.py [--scale medium] [--changes 300] [--repeats 5]

Each day a number of memberships and a tenth as many assignments change. The command is the installed one,
with its ledger and its key file; the best and the median of the repeats are printed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from holdfast.adapters.object_store_folder import FolderStore
from holdfast.sandbox.company import company
from holdfast.sandbox.portrait import AssignmentPortrait, MembershipPortrait, Portrait
from tests.simulators.portrait_records import records_of
from tests.simulators.small_vault import START, new_vault, take

DAYS = 30
QUESTIONS = (
    ("--user", "ada.lindqvist", "--at", "{day}"),
    ("--account", "Management", "--at", "{day}"),
    ("--permission-set", "ReadOnly", "--user", "ada.lindqvist", "--at", "{day}"),
)


def next_day(now: Portrait, changes: int, chance: random.Random) -> Portrait:
    """The company after a day's changes, as much added as removed."""
    few = changes // 10
    members = set(chance.sample(now.memberships, len(now.memberships) - changes // 2))
    given = set(chance.sample(now.assignments, len(now.assignments) - few // 2))
    groups, names = [each.name for each in now.groups], [str(each["UserName"]) for each in now.users]
    while len(members) < len(now.memberships):
        members.add(MembershipPortrait(chance.choice(groups), chance.choice(names)))
    while len(given) < len(now.assignments):
        account, granted = chance.choice(now.accounts).id, chance.choice(now.permission_sets).name
        given.add(AssignmentPortrait(account, granted, "GROUP", chance.choice(groups)))
    return msgspec.structs.replace(now, memberships=tuple(sorted(members)), assignments=tuple(sorted(given)))


def prepare(folder: Path, scale: str, changes: int) -> None:
    """A folder with settings and a vault of thirty snapshots."""
    vault = new_vault(FolderStore(folder / "vault"), folder)
    (folder / "holdfast.toml").write_text('[vault]\nlocation = "vault"\nkey_file = "vault.key"\n')
    now, chance = company(scale, 1), random.Random(5)
    for day in range(DAYS):
        take(vault, records_of(now), after=24 * day)
        now = next_day(now, changes, chance)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--scale", default="medium")
    options.add_argument("--changes", type=int, default=300)
    options.add_argument("--repeats", type=int, default=5)
    asked = options.parse_args()
    # As installed: compiled modules are kept between two starts.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, asked.scale, asked.changes)
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        for words in QUESTIONS:
            day = f"{START + timedelta(days=DAYS // 2):%Y-%m-%d}"
            command = [str(Path(sys.executable).with_name("holdfast")), "identity-center", "access", "--json"]
            command += [word.format(day=day) for word in words]
            seconds, paths = [], 0
            for _ in range(asked.repeats + 1):
                began = time.perf_counter()
                done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
                seconds.append(time.perf_counter() - began)
                paths = len(msgspec.json.decode(done.stdout)["paths"])
            told = f"best {min(seconds[1:]):.2f} s, median {median(seconds[1:]):.2f} s, {paths:,} paths"
            print(f"{' '.join(command[3:]):70} {told}")


if __name__ == "__main__":
    main()
