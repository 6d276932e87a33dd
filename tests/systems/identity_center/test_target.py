"""Restoring against the sandbox: what is put back is what was there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from holdfast.domain.errors import RemoteUnavailable
from holdfast.domain.outcomes import OutcomeKind
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import AssignmentPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.model import ASSIGNMENT, GROUP, PERMISSION_SET, USER
from holdfast.systems.identity_center.restore.order import make_change
from holdfast.systems.identity_center.restore.facets import assignment_value, group_value, membership_value
from tests.systems.identity_center.restored import DELETING, Restorer
from tests.systems.identity_center.small_company import MERGE, OVERWRITE


def restorable(portrait: Portrait) -> Portrait:
    """What an API can put back: no status and no external ids."""
    users = tuple({k: v for k, v in user.items() if k not in ("UserStatus", "ExternalIds")} for user in portrait.users)
    groups = tuple(msgspec.structs.replace(group, external_ids=()) for group in portrait.groups)
    return msgspec.structs.replace(portrait, users=users, groups=groups)


def emptied(portrait: Portrait) -> Portrait:
    return Portrait(portrait.management_account, portrait.region, portrait.accounts)


def test_everything_comes_back_into_an_empty_instance(sandbox: SandboxServer, restorer: Restorer) -> None:
    before = sandbox.dump()
    wanted = restorer.capture()
    sandbox.load(emptied(before))
    outcomes = restorer.restore(wanted)
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.DONE}, outcomes
    assert restorable(sandbox.dump()) == restorable(before)
    assert restorer.plan(wanted).names == []
    assert sandbox.status().peak_outstanding <= 10


def test_a_restored_instance_can_be_emptied_again(sandbox: SandboxServer, restorer: Restorer) -> None:
    before = sandbox.dump()
    wanted = restorer.capture()
    sandbox.load(emptied(before))
    done = restorer.plan(wanted).changes
    restorer.apply(done)
    undone = restorer.apply(list(restorer.target.invert(done)))
    assert {outcome.kind for outcome in undone.values()} == {OutcomeKind.DONE}, undone
    assert sandbox.dump() == emptied(before)


def test_present_reads_back_what_was_applied(sandbox: SandboxServer, restorer: Restorer) -> None:
    wanted = restorer.capture()
    sandbox.load(emptied(sandbox.dump()))
    changes = restorer.plan(wanted).changes
    assert restorer.values(changes) == [None] * len(changes)
    restorer.apply(changes)
    assert restorer.values(changes) == [change.after for change in changes]
