"""How conflicts are shown and decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.domain.changes import Conflict, ConflictStrategy, FieldDifference
from holdfast.domain.errors import Refused
from tests.systems.identity_center.small_company import OVERWRITE, granted, group, member, planned, user, view

PROMPT = replace(OVERWRITE, strategy=ConflictStrategy.PROMPT)


def test_personal_values_are_hidden_in_conflicts() -> None:
    conflicts = planned(
        view(user("alice", Title="Boss", UserType="staff")), view(user("alice", Title="x"))
    ).conflicts
    assert conflicts[0].fields == (
        FieldDifference("Title", "***", "***"),
        FieldDifference("UserType", "staff", "absent"),
    )


def test_differences_of_a_permission_set_name_each_attachment() -> None:
    backup = granted("Reader", session="PT4H", tags={"team": "core"})
    conflicts = planned(
        view(backup), view(granted("Reader", tags={"team": "x"}, managed=["arn:aws:iam::aws:policy/A"]))
    ).conflicts
    assert conflicts[0].fields == (
        FieldDifference("SessionDuration", "PT4H", "PT1H"),
        FieldDifference("managed policy arn:aws:iam::aws:policy/A", "absent", "arn:aws:iam::aws:policy/A"),
        FieldDifference("tag team", "core", "x"),
    )


def test_extra_members_belong_to_the_conflict_of_their_group() -> None:
    people = (user("alice"), group("Admins"))
    conflicts = planned(view(*people), view(*people, member("Admins", "alice"))).conflicts
    assert [(c.type, c.key, c.fields) for c in conflicts] == [
        ("group", "Admins", (FieldDifference("members", "none beyond these", "1 more"),))
    ]


def test_prompting_without_anybody_to_ask_is_refused() -> None:
    with pytest.raises(Refused, match="needs somebody to ask"):
        planned(view(), view(), PROMPT)


def test_prompting_asks_once_for_each_record_and_does_as_told() -> None:
    asked: list[str] = []
    answers = {
        "One": ConflictStrategy.OVERWRITE,
        "Two": ConflictStrategy.SKIP,
        "Three": ConflictStrategy.MERGE,
    }

    def choose(conflict: Conflict) -> ConflictStrategy:
        asked.append(conflict.key)
        return answers[conflict.key]

    names = sorted(answers)
    backup = view(user("bob"), *(group(name, "backup") for name in names))
    live = view(
        user("bob"), *(group(name, "live") for name in names), *(member(name, "bob") for name in names)
    )
    operator = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/carol"
    plan = planned(backup, live, replace(PROMPT, choose=choose, operator=operator))
    assert plan.names == ["update group One", "update group Three", "delete membership One / bob"]
    assert asked == ["One", "Three", "Two"]


def test_somebody_who_answers_prompt_with_prompt_changes_nothing() -> None:
    choose = lambda conflict: ConflictStrategy.PROMPT  # noqa: E731
    plan = planned(view(group("One", "a")), view(group("One", "b")), replace(PROMPT, choose=choose))
    assert plan.names == []
    assert plan.conflicts[0].resolution is ConflictStrategy.SKIP
