"""Over random small companies: planning is repeatable, complete, and can be undone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.domain.changes import ConflictStrategy
from holdfast.domain.records import Record
from holdfast.kernel.system import PlanOptions
from holdfast.systems.identity_center.model import PolicyReference
from holdfast.systems.identity_center.restore.order import invert
from tests.systems.identity_center.facet_service import FacetService
from tests.systems.identity_center.small_company import (
    ACCOUNT,
    BILLING,
    OVERWRITE,
    READ_ONLY,
    assigned,
    granted,
    group,
    member,
    planned,
    user,
    view,
)

USERS, GROUPS, SETS = ("alice", "bob", "Ørsted"), ("Admins", "Staff"), ("Reader", "Writer")
TEXT = st.sampled_from(["", "one", "two"])
BOUNDARIES = [None, READ_ONLY, PolicyReference("Limits", "/team/")]
POLICIES = st.sampled_from(["", '{"Statement":[]}', '{"Statement": [{"Effect": "Allow"}]}'])


@st.composite
def companies(draw: st.DrawFn) -> tuple[Record, ...]:
    """A consistent company: every membership and assignment names what is there."""
    users = [name for name in USERS if draw(st.booleans())]
    groups = [name for name in GROUPS if draw(st.booleans())]
    sets = [name for name in SETS if draw(st.booleans())]
    records = [user(name, Title=draw(TEXT), NickName=draw(TEXT)) for name in users]
    records += [group(name, draw(TEXT)) for name in groups]
    records += [member(g, u) for g in groups for u in users if draw(st.booleans())]
    records += [draw(permission_sets(name)) for name in sets]
    principals = [("USER", name) for name in users] + [("GROUP", name) for name in groups]
    records += [assigned(ACCOUNT, s, *p) for s in sets for p in principals if draw(st.booleans())]
    return tuple(records)


@st.composite
def permission_sets(draw: st.DrawFn, name: str) -> Record:
    return granted(
        name,
        description="always",
        session=draw(st.sampled_from(["PT1H", "PT4H"])),
        inline=draw(POLICIES),
        managed=draw(st.lists(st.sampled_from([READ_ONLY, BILLING]), unique=True)),
        customer=draw(
            st.lists(st.sampled_from([PolicyReference("A"), PolicyReference("A", "/b/")]), unique=True)
        ),
        boundary=draw(st.sampled_from(BOUNDARIES)),
        tags=draw(st.dictionaries(st.sampled_from(["team", "cost"]), TEXT, max_size=2)),
    )


OPTIONS = [
    PlanOptions(OVERWRITE.scope, strategy, delete_extra)
    for strategy in (ConflictStrategy.OVERWRITE, ConflictStrategy.MERGE, ConflictStrategy.SKIP)
    for delete_extra in (False, True)
]
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(companies(), st.sampled_from(OPTIONS))
def test_a_company_that_is_as_the_backup_says_needs_no_change(
    company: tuple[Record, ...], options: PlanOptions
) -> None:
    assert planned(view(*company), view(*company), options).names == []


@quick
@given(companies(), companies(), st.sampled_from(OPTIONS))
def test_after_all_changes_the_next_plan_is_empty(
    backup: tuple[Record, ...], live: tuple[Record, ...], options: PlanOptions
) -> None:
    service = FacetService(live)
    changes = planned(view(*backup), service.view(), options).changes
    assert [change.rank for change in changes] == sorted(change.rank for change in changes)
    for change in changes:
        service.apply(change)
    assert planned(view(*backup), service.view(), options).names == []


@quick
@given(companies(), companies())
def test_deleting_extras_makes_the_service_the_backup(
    backup: tuple[Record, ...], live: tuple[Record, ...]
) -> None:
    service = FacetService(live)
    for change in planned(view(*backup), service.view(), replace(OVERWRITE, delete_extra=True)).changes:
        service.apply(change)
    assert service.meanings() == FacetService(backup).meanings()


@quick
@given(companies(), companies(), st.sampled_from(OPTIONS), st.integers(0, 40))
def test_undoing_any_beginning_of_a_restore_gives_the_start(
    backup: tuple[Record, ...], live: tuple[Record, ...], options: PlanOptions, stop: int
) -> None:
    service = FacetService(live)
    start = service.meanings()
    done = planned(view(*backup), service.view(), options).changes[:stop]
    for change in done:
        service.apply(change)
    undoing = list(invert(done))
    assert [change.rank for change in undoing] == sorted(change.rank for change in undoing)
    for change in undoing:
        service.apply(change)
    assert service.meanings() == start
    assert service.stale == set()


@quick
@given(companies(), companies(), st.sampled_from(OPTIONS))
def test_planning_twice_gives_the_same(
    backup: tuple[Record, ...], live: tuple[Record, ...], options: PlanOptions
) -> None:
    assert planned(view(*backup), view(*live), options) == planned(view(*backup), view(*live), options)
