"""The generated reference says what the code does."""

from collections import Counter
from pathlib import Path

import pytest

from holdfast.delivery.cli.invocation import shared_parameters
from holdfast.delivery.cli.root import root
from holdfast.delivery.reference import (
    commands_page,
    error_types,
    errors_page,
    exit_codes_page,
    permissions_page,
    settings_page,
    walk,
)

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"

_PAGES = [
    ("commands.md", commands_page),
    ("errors.md", errors_page),
    ("exit-codes.md", exit_codes_page),
    ("permissions.md", permissions_page),
    ("settings.md", settings_page),
]


@pytest.mark.parametrize(("name", "page"), _PAGES)
def test_the_reference_is_current(name: str, page: object) -> None:
    assert callable(page)
    assert (REFERENCE / name).read_text(encoding="utf-8") == page(), "run `make reference`"


def test_every_error_code_belongs_to_one_error() -> None:
    counts = Counter(error.code for error in error_types())
    assert [code for code, count in counts.items() if count > 1] == []


def test_every_command_takes_the_shared_options() -> None:
    shared = {parameter.name for parameter in shared_parameters()}
    lacking = [path for path, command in walk(root, "holdfast") if shared - {p.name for p in command.params}]
    assert lacking == []


def test_every_command_and_option_says_what_it_is_for() -> None:
    silent = [path for path, command in walk(root, "holdfast") if not command.help]
    silent += [
        f"{path} {parameter.name}"
        for path, command in walk(root, "holdfast")
        for parameter in command.params
        if parameter.param_type_name == "option" and not getattr(parameter, "help", None)
    ]
    assert silent == []
