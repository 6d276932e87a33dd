"""An organization of 50,000 users: backup, 1 % change, incremental, diff, preview, restore; wall, calls, peak memory.

large.py [--scale large] [--unit Workloads/Test/Data] [--latency 0]

The sandbox runs in this process without a limit of its rate, each command in a process of its own, whose peak
memory is printed. Calls are those that the sandbox counted; `fewest` is the hand-made bound of a whole capture.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from holdfast.sandbox.access import Principal
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.sandbox.world import World
from tests.delivery.faults.test_collection_bound import fewest_calls

MOST_MIB = 500
UNLIMITED = {
    "HOLDFAST_AWS_REQUESTS_PER_SECOND": "100000",
    "HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND": "100000",
    "NO_COLOR": "1",
}

# A process inherits the peak of the one that starts it, and the sandbox makes this one large.
LAUNCHER = """
import os, subprocess, sys
_, status, used = os.wait4(subprocess.Popen(sys.argv[1:]).pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Taken:
    """What one command took."""

    seconds: float
    calls: int
    peak: float
    grown: float


class Office:
    """A folder with a vault, on a sandbox."""

    def __init__(self, folder: Path, sandbox: SandboxServer) -> None:
        self.folder, self.sandbox = folder, sandbox
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HOLDFAST_"))
        }
        self.environment = {**kept, **UNLIMITED, **sandbox.env()}

    def run(self, *words: str, code: int = 0) -> Taken:
        """A command, measured. Ends the benchmark when it ends otherwise than with `code`."""
        before, stored, started = self._requests(), self._stored(), time.perf_counter()
        program = str(Path(sys.executable).with_name("holdfast"))
        command = [sys.executable, "-S", "-c", LAUNCHER, program, *words, "--no-progress"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if done.returncode != code:
            sys.exit(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        grown = (self._stored() - stored) / 2**20
        peak = int(done.stderr.rsplit(None, 1)[-1]) / 1024
        return Taken(seconds, self._requests() - before, peak, grown)

    def _requests(self) -> int:
        return self.sandbox.status().requests_total

    def _stored(self) -> int:
        vault = self.folder / ".holdfast" / "vault"
        return sum(file.stat().st_size for file in vault.rglob("*") if file.is_file())


def change_a_hundredth(world: World) -> int:
    """New titles for 1 % of the users; 1 % of the memberships and assignments removed or added, half and half."""
    directory, access, now = world.directory, world.access, time.time()
    users = list(directory.users.entries.values())[::100]
    for user in users:
        directory.users.replace(user, {**user.document, "Title": "Changed"}, now)
    gone = list(directory.memberships.values())[::200]
    group = next(iter(directory.groups.entries.values()))
    strangers = [
        each for each in directory.users.entries.values() if each.id not in directory.members_of(group.id)
    ]
    for membership in gone:
        directory.leave(membership)
    joined = strangers[: len(gone)]
    for user in joined:
        directory.join(group, user, now)
    revoked = list(access.assignments())[::200]
    for assignment in revoked:
        access.revoke(assignment)
    granted, given = next(iter(access.sets.values())), 0
    for account in islice(world.organization.accounts, len(revoked)):
        given += access.assign(account, granted, Principal("USER", users[0].id))
    return len(users) + len(gone) + len(joined) + len(revoked) + given


def delete_assignments_of(world: World, unit: str) -> tuple[int, int]:
    """Accounts of an organizational unit, and how many assignments in them are no more."""
    organization = world.organization
    inside = {
        each.id
        for each in organization.accounts.values()
        if f"{organization.path_of(each.parent)}/".startswith(f"{unit}/")
    }
    gone = [each for each in world.access.assignments() if each.account in inside]
    for assignment in gone:
        world.access.revoke(assignment)
    return len(inside), len(gone)


def show(what: str, taken: Taken, note: str) -> None:
    rate = taken.calls / taken.seconds
    print(
        f"{what:13}{taken.seconds:7.1f} s {taken.calls:8,} calls {rate:6.0f}/s {taken.peak:5.0f} MiB"
        f" {taken.grown:7.2f} MiB  {note}",
        flush=True,
    )


def measure(office: Office, unit: str) -> list[Taken]:
    """Print the chapter and return what each command took."""
    sandbox, world = office.sandbox, office.sandbox.engine.world
    bound, taken = fewest_calls(sandbox.dump()), list[Taken]()

    def step(what: str, note: str, *words: str, code: int = 0) -> None:
        taken.append(office.run(*words, code=code))
        show(
            what, taken[-1], note.replace("SHARE", f"{taken[-1].calls / bound:.1%} of the fewest, {bound:,}")
        )

    print(f"{'':13}{'wall':>9} {'calls':>14} {'':>8} {'peak':>9} {'vault grown':>11}")
    step("backup", "SHARE", "identity-center", "backup")
    changed = change_a_hundredth(world)
    step(
        "incremental",
        f"{changed:,} things changed; SHARE",
        "identity-center",
        "backup",
        "--type",
        "incremental",
    )
    first, second = sorted(each.stem for each in (office.folder / ".holdfast/vault/snapshots").iterdir())
    step("diff", "of the two", "identity-center", "diff", first, second, "--exit-code", code=5)
    step("diff live", "nothing differs", "identity-center", "diff", second, "--exit-code")
    accounts, gone = delete_assignments_of(world, unit)
    only = ("--resources", "assignments")
    step(
        "preview",
        f"{gone:,} assignments of {accounts} accounts to come back",
        "identity-center",
        "preview",
        second,
        *only,
    )
    step("restore", f"{gone:,} assignments put back", "identity-center", "restore", second, *only)
    step("diff live", "nothing differs", "identity-center", "diff", second, "--exit-code")
    return taken


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--scale", default="large")
    options.add_argument("--unit", default="Workloads/Test/Data")
    options.add_argument("--latency", type=float, default=0.0)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, SandboxServer(asked.scale, async_delay=0.0) as sandbox:
        if asked.latency:
            sandbox.faults([FaultRule(delay=asked.latency)])
        held = sandbox.status().objects
        print(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in held.items()))
        taken = measure(Office(Path(folder), sandbox), asked.unit)
    peak = max(each.peak for each in taken)
    print(
        f"highest peak {peak:.0f} MiB, at most {MOST_MIB} allowed; {sum(t.seconds for t in taken):.0f} s in all"
    )
    if peak > MOST_MIB:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
