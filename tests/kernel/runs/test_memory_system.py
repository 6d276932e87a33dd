"""The memory system keeps the contract that every system keeps."""

from __future__ import annotations

import pytest

from holdfast.domain.records import Record, join_key
from tests.contracts.system_contract import SystemContract
from tests.simulators.memory_system import (
    NAMES,
    Facet,
    MemoryService,
    MemorySource,
    MemoryTarget,
    comparable,
)
from tests.simulators.workbench import EVERYTHING

FACETS: dict[Facet, bytes] = {
    ("user", "ada"): b'{"mail":"a@x"}',
    ("user", "bob"): b"{}",
    ("group", "Admins"): b"{}",
    ("membership", join_key("Admins", "ada")): b"{}",
    ("label", "l1"): b'{"v":1}',
    ("label", "l2"): b'{"v":1}',
}


class MemoryArena:
    """The memory service with a small company in it."""

    types = NAMES
    options = EVERYTHING

    def __init__(self) -> None:
        self._service = MemoryService(FACETS)
        self._damages = 0

    def source(self) -> MemorySource:
        """The half that captures."""
        return MemorySource(self._service)

    def target(self) -> MemoryTarget:
        """The half that changes."""
        return MemoryTarget(self._service, batch=2)

    def comparable(self, record: Record) -> bytes:
        """A record's content."""
        return comparable(record)

    def damage(self) -> None:
        """Something of every kind."""
        self._service.facets = {
            ("user", "ada"): b'{"mail":"lost@x"}',
            ("user", "eve"): b"{}",
            ("group", "Rogues"): b"{}",
            ("membership", join_key("Rogues", "eve")): b"{}",
            ("label", "l1"): b'{"v":9}',
            ("label", "l3"): b'{"v":1}',
        }
        self._damages += 1

    def effects(self) -> int:
        """Changes of the target and damages."""
        return len(self._service.effects) + self._damages


class TestMemorySystem(SystemContract):
    """The contract over the memory system."""

    @pytest.fixture
    def arena(self) -> MemoryArena:
        return MemoryArena()
