"""Whatever writers, prunes, deleters and readers do between each other's calls, nothing that counts is lost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from holdfast.domain.errors import Busy, NotFound
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.chunks import BlobRef
from holdfast.kernel.vault.errors import SnapshotGone, StoreError
from holdfast.kernel.vault.vault import Vault
from tests.kernel.vault.test_chunks import record
from tests.kernel.vault.thief import Thief, Version
from tests.simulators.many_hands import Ending, Killed, Place, Process
from tests.simulators.small_vault import SOURCE, START, SYSTEM, assignment, user

PEOPLE = 12
MOST = 4
MOST_CALLS = 1_000
SCHEDULES = 10_000
LEASE_LIFE = 700  # seconds, more than a lease lives

REPORTS = 5  # different ones; so deleted ones come back while a prune is at work

Titles = list[tuple[str, str]]


def report(title: str) -> bytes:
    return b"report %d" % (int(title[1:]) % REPORTS)


def assignments(titles: Titles) -> list[Record]:
    """One that never changes in a pack with others that do."""
    return [assignment("nobody", "Old"), assignment("person-00", dict(titles).get("person-00", "None"))]


def take(vault: Vault, titles: Titles, after: int) -> str:
    """The id of a sealed snapshot of people, each with a report that is kept by its chunks."""
    writer = vault.begin(SYSTEM)
    kept = [(name, writer.put_blob(io.BytesIO(report(title)).read)) for name, title in titles]
    writer.add_section("user", [user(name, title) for name, title in titles])
    writer.add_section("assignment", assignments(titles))
    writer.add_section("report", [record(*each) for each in kept], chunked=True)
    taken = START + timedelta(hours=after)
    return writer.seal(kind="full", taken_at=taken, source=SOURCE, run="run-1").id


def titles_of(vault: Vault, info: SnapshotInfo) -> Titles:
    """What `take` was given. Every report must be the one that belongs to the title."""
    view = vault.read(info)
    found = [(each.key, json.loads(each.body)["Title"]) for each in view.records("user")]
    reports = list(view.records("report"))
    kept = [msgspec.json.decode(each.body, type=dict[str, dict[str, BlobRef]])["blobs"] for each in reports]
    held = [
        (each.key, b"".join(view.open_blob(blobs["pdf"]))) for each, blobs in zip(reports, kept, strict=True)
    ]
    assert held == [(name, report(title)) for name, title in found]
    assert list(view.records("assignment")) == assignments(found)
    assert list(view.records("user")) == [user(name, title) for name, title in found]
    return found


def records_of(vault: Vault, info: SnapshotInfo) -> Iterator[Record]:
    view = vault.read(info)
    return (each for name in view.types for each in view.records(name))


class Hands:
    """What was asked of a vault, and what came of it."""

    def __init__(self) -> None:
        self.place = Place()
        self.processes: list[Process] = []
        self.titles = {f"person-{number:02d}": "T0" for number in range(PEOPLE)}
        self.drawn = 0
        self.sealed: dict[str, Titles] = {}
        self.begun: list[Titles] = []
        self.asked: set[str] = set()
        self.deleted: set[str] = set()
        self.write(())
        self.processes[-1].finish()

    def write(self, changed: tuple[int, ...]) -> None:
        for number in changed:
            self.drawn += 1
            name = f"person-{number:02d}"
            if self.drawn % 4:
                self.titles[name] = f"T{self.drawn}"
            else:
                self.titles.pop(name, None)
        titles = sorted(self.titles.items())
        self.begun.append(titles)
        after = len(self.begun)

        def work(vault: Vault) -> None:
            self.sealed[take(vault, titles, after)] = titles

        self._start("write", work)

    def delete(self, number: int) -> None:
        ids = list(self.sealed)
        chosen = ids[number % len(ids)]
        self.asked.add(chosen)

        def work(vault: Vault) -> None:
            vault.delete(vault.resolve(chosen))
            self.deleted.add(chosen)

        self._start("delete", work)

    def prune(self) -> None:
        def work(vault: Vault) -> None:
            vault.prune()

        self._start("prune", work)

    def read(self, number: int) -> None:
        ids = list(self.sealed)
        chosen = ids[number % len(ids)]

        def work(vault: Vault) -> None:
            assert titles_of(vault, vault.resolve(chosen)) == self.sealed[chosen]

        self._start("read", work)

    def _start(self, name: str, work: Callable[[Vault], None]) -> None:
        if len(self.running) < MOST:
            self.processes.append(Process(self.place, name, work))

    def step(self, number: int, ending: Ending, calls: int = 1) -> None:
        """Let one of those that run go on, if any does: what is drawn must not depend on how far they came."""
        if running := self.running:
            for _ in range(calls):
                running[number % len(running)].step(ending)

    @property
    def running(self) -> list[Process]:
        return [process for process in self.processes if not process.ended]

    def settle(self) -> None:
        """All go on to their ends, and two prunes come after the leases of the dead have run out."""
        for process in self.running:
            process.finish()
        self.place.pass_time(LEASE_LIFE)
        for _ in range(2):
            self.place.vault().prune()

    def errors(self) -> list[BaseException]:
        """What no process may end with."""
        allowed = (StoreError, Busy, SnapshotGone, NotFound, Killed)
        return [
            found.error for found in self.processes if found.error and not isinstance(found.error, allowed)
        ]

    def losses(self) -> list[str]:
        """What is not as it must be, after `settle`."""
        vault = self.place.vault()
        listed = {info.id: info for info in vault.snapshots()}
        lost = [f"{id_} is gone" for id_ in self.sealed if id_ not in listed and id_ not in self.asked]
        lost += [f"{id_} is back" for id_ in self.deleted & listed.keys()]
        kept, reports = set[Version](), set[bytes]()
        for id_, info in listed.items():
            found = titles_of(vault, info)
            reports |= {report(title) for _, title in found}
            kept |= {(each.type, each.key, each.body, each.personal) for each in records_of(vault, info)}
            if found not in ([self.sealed[id_]] if id_ in self.sealed else self.begun):
                lost.append(f"{id_} has other contents")
        checked = vault.check(read_data=True)
        lost += [f"{problem.where}: {problem.message}" for problem in checked.problems]
        lost += [f"{left.name} is left" for left in checked.garbage]
        return lost + self._readable(kept, reports)

    def _readable(self, kept: set[Version], reports: set[bytes]) -> list[str]:
        """What a thief of all copies reads with today's keys, and no snapshot holds."""
        known = {version[:2] for version in kept}
        thief = Thief(self.place.archive, self.place.ring.load(self.place.store), self.place.ring.once())
        read = [f"{chunk!r} can be read" for chunk in thief.chunks() - reports]
        return read + [
            f"{version} can be read"
            for version in thief.versions()
            if version not in kept and (version[2] or version[:2] not in known)
        ]


class Interleavings(RuleBasedStateMachine):
    """Any order of calls, any of which may fail, be lost, or be the last of its process."""

    schedules: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        type(self).schedules += 1
        self.hands = Hands()

    @rule(changed=st.lists(st.integers(0, PEOPLE - 1), min_size=0, max_size=2, unique=True))
    def write(self, changed: list[int]) -> None:
        self.hands.write(tuple(changed))

    @rule(number=st.integers(0, 9))
    def delete(self, number: int) -> None:
        self.hands.delete(number)

    @rule()
    def prune(self) -> None:
        self.hands.prune()

    @rule(number=st.integers(0, 9))
    def read(self, number: int) -> None:
        self.hands.read(number)

    @rule(number=st.integers(0, 3), calls=st.integers(1, 12))
    def go_on(self, number: int, calls: int) -> None:
        self.hands.step(number, Ending.DONE, calls)

    @rule(number=st.integers(0, 3))
    def finish(self, number: int) -> None:
        self.hands.step(number, Ending.DONE, MOST_CALLS)

    @rule(number=st.integers(0, 3), ending=st.sampled_from(list(Ending)[1:]))
    def fail(self, number: int, ending: Ending) -> None:
        self.hands.step(number, ending)

    @rule()
    def lease_lives_pass(self) -> None:
        self.hands.place.pass_time(LEASE_LIFE)

    def teardown(self) -> None:
        if hasattr(self, "hands"):
            self.hands.settle()
            assert self.hands.errors() == []
            assert self.hands.losses() == []


def campaign(schedules: int, steps: int) -> int:
    Interleavings.schedules = 0
    chosen = settings(
        max_examples=schedules,
        stateful_step_count=steps,
        deadline=None,
        derandomize=schedules < SCHEDULES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Interleavings, settings=chosen)
    return Interleavings.schedules


def test_no_interleaving_loses_a_snapshot_or_leaves_a_deleted_record_readable() -> None:
    assert campaign(40, 30) >= 40


@pytest.mark.soak
def test_ten_thousand_interleavings_lose_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    count = campaign(SCHEDULES, 50)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{count:,} schedules of writers, prunes, deleters and readers: 0 losses"
        )
    assert count >= SCHEDULES
