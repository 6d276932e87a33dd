"""Who could use an application: assigned, through groups, or because it is open to all."""

from __future__ import annotations

import json

import pytest

from holdfast.domain.errors import NotFound
from holdfast.domain.records import Record, join_key
from holdfast.systems.identity_center.access.applications import UsableApplication, answer_for_application
from tests.systems.identity_center.small_company import group, member, user, view


def application(*key: str, **fields: object) -> Record:
    return Record("application", join_key(*key), json.dumps({"Name": key[0], **fields}).encode())


def use(*key: str) -> Record:
    return Record("application_assignment", join_key(*key), b"{}")


PEOPLE = (user("Anna"), user("bert", UserStatus="DISABLED"), group("Cooks"), member("Cooks", "bert"))
COMPANY = (
    *PEOPLE,
    application("Menu", AssignmentRequired=True),
    application("Wiki", AssignmentRequired=False, Status="DISABLED"),
    application("Till", "custom", AssignmentRequired=True),
    application("Till", "custom-saml", AssignmentRequired=True),
    use("Menu", "USER", "anna"),
    use("Menu", "GROUP", "Cooks"),
    use("Wiki", "GROUP", "Cooks"),
    use("Till", "custom-saml", "USER", "anna"),
)


def ask(name: str, user: str = "", group: str = "", *, incomplete: tuple[str, ...] = ()) -> list[str]:
    """Application, user and way of each path in a line; `!` marks a disabled user, `*` what is open to all."""
    found = answer_for_application(view(*COMPANY, incomplete=incomplete), name, user, group)
    return [
        f"{path.application}: {path.user}{'!' * path.disabled} {'*' if path.open_to_all else path.group}".strip()
        for path in found.paths
    ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["menu"], ["Menu: Anna", "Menu: bert! Cooks"]),
        (["Menu", "ANNA"], ["Menu: Anna"]),
        (["Menu", "", "Cooks"], ["Menu: bert! Cooks"]),
        (["Wiki"], ["Wiki: Anna *", "Wiki: bert! *", "Wiki: bert! Cooks"]),
        (["Wiki", "anna"], ["Wiki: Anna *"]),
        (["Wiki", "", "Cooks"], ["Wiki: bert! Cooks"]),
        (["Till"], ["Till / custom-saml: Anna"]),
        (["Till / custom"], []),
    ],
)
def test_each_way_to_an_application_is_a_row(asked: list[str], told: list[str]) -> None:
    assert ask(*asked) == told


def test_an_answer_says_what_is_open_to_all_and_what_is_disabled() -> None:
    assert answer_for_application(view(*COMPANY), "Wiki").applications == [
        UsableApplication("Wiki", assignment_required=False, disabled=True)
    ]


def test_an_unknown_application_is_an_error_unless_it_may_only_be_unread() -> None:
    with pytest.raises(NotFound, match="There is no application Menus"):
        ask("Menus")
    assert ask("Menus", incomplete=("application",)) == []
