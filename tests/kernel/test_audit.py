"""The audit chain shows any edit, removal, reordering and cut up to its last anchor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.adapters.audit_key import audit_key
from holdfast.adapters.ledger import SqlLedger
from holdfast.domain.errors import LedgerDamaged
from holdfast.kernel.audit import Anchor, AuditTrail, link, verify
from holdfast.kernel.ports import AuditEntry
from tests.simulators.quiet import HandClock

KEY = bytes(range(32))
AT = datetime(2026, 11, 20, 9, 8, 12, 123456, tzinfo=UTC)


def chain(length: int = 5) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for position in range(1, length + 1):
        previous = entries[-1].mac if entries else ""
        entries.append(link(KEY, previous, position, AT, "ada", "restore", f"run-{position}", b'{"n":1}'))
    return entries


def test_the_mac_is_the_one_computed_by_another_program() -> None:
    # Each field with its length as 8 bytes before it, through `openssl dgst -sha256 -mac HMAC -macopt hexkey:0001..1f`.
    (entry,) = chain(1)
    assert entry.mac == "7eb367c1a219ae114b1a0b9a6936997438a75c8d8884ceb15b520ef3dc19f4ff"


def test_an_untouched_chain_has_no_problem_and_says_what_no_anchor_covers() -> None:
    entries = chain()
    verdict = verify(entries, KEY, [Anchor(3, entries[2].mac)])
    assert (verdict.problems, verdict.entries, verdict.anchored, verdict.unanchored) == ((), 5, 3, 2)


@pytest.mark.parametrize(
    "edit",
    [
        {"actor": "eve"},
        {"action": "backup"},
        {"subject": "run-9"},
        {"detail": b"{}"},
        {"at": AT.replace(year=2025)},
        {"mac": "0" * 64},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_any_edit_is_found(edit: dict[str, str]) -> None:
    entries = chain()
    entries[2] = replace(entries[2], **edit)  # type: ignore[arg-type]
    assert verify(entries, KEY, []).problems[0].startswith("edited: 3")


def test_a_removed_link_is_found() -> None:
    entries = chain()
    assert verify([*entries[:1], *entries[3:]], KEY, []).problems == ("missing: 2 to 3",)


def test_a_removal_hidden_by_counting_again_is_found() -> None:
    entries = chain()
    renumbered = [replace(entry, position=entry.position - 1) for entry in entries[2:]]
    assert verify([*entries[:1], *renumbered], KEY, []).problems[0].startswith("edited: 2")


def test_two_links_that_changed_places_are_found() -> None:
    first, second, third, *_ = chain()
    swapped = [first, replace(third, position=2), replace(second, position=3)]
    assert len(verify(swapped, KEY, []).problems) == 2
    assert verify([first, third, second], KEY, []).problems == ("missing: 2", "out of order: 2 comes after 3")


def test_a_cut_is_found_up_to_the_last_anchor() -> None:
    entries = chain()
    anchors = [Anchor(2, entries[1].mac), Anchor(4, entries[3].mac)]
    assert verify(entries[:3], KEY, anchors).problems == ("cut off: a snapshot saw 4 links, now there are 3",)
    assert verify(entries[:4], KEY, anchors).problems == ()


def test_a_chain_written_anew_by_somebody_with_the_key_does_not_reach_its_anchor() -> None:
    anew = [link(KEY, "", 1, AT, "eve", "nothing", "at all", b"{}")]
    problems = verify(anew, KEY, [Anchor(1, chain()[0].mac)]).problems
    assert problems == ("exchanged: 1 is not the link that a snapshot saw",)


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[AuditTrail]:
    ledger = SqlLedger.open(tmp_path / "ledger.db")
    yield AuditTrail(ledger, audit_key(tmp_path / "audit.key"), HandClock(), "ada")
    ledger.close()


def test_the_head_is_found_without_reading_the_chain(trail: AuditTrail) -> None:
    entries = [trail.append("backup", f"run-{number}") for number in range(3)]

    class OnlyTheHead:
        def audit_head(self) -> AuditEntry:
            return entries[-1]

    short = AuditTrail(OnlyTheHead(), KEY, HandClock(), "ada")  # type: ignore[arg-type]
    assert short.head().startswith(f"3:{entries[-1].mac}:")


def test_what_was_appended_verifies_after_reading_it_back(trail: AuditTrail) -> None:
    assert trail.head() == ""
    trail.append("backup", "run-1", {"records": 3})
    early = trail.head()
    entry = trail.append("restore", "run-2")
    assert trail.head().startswith(f"2:{entry.mac}:")
    verdict = trail.verify(["", early])
    assert (verdict.entries, verdict.anchored, verdict.problems) == (2, 1, ())


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.key"
    key = audit_key(path)
    assert (len(key), path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (32, 0o600, 0o700)
    assert audit_key(path) == key
    assert [file.name for file in path.parent.iterdir()] == ["audit.key"]


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_bytes(b"short")
    with pytest.raises(LedgerDamaged, match="5 bytes instead of 32"):
        audit_key(tmp_path / "audit.key")
