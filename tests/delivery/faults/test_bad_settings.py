"""Wrong settings: all that is wrong in one message, before anything is touched."""

from __future__ import annotations

import json

import pytest

from tests.simulators.desk import Desk

TOML = """
[vault]
locatoin = "elsewhere"
key_file = 7

[aws]
requests_per_second = -1
retries = 2.5
throttle_patience = "soon"
read_timeout = 100000

[identity_centre]
concurrency = 4

[identity_center]
assignments_by = "whim"
"""
YAML = """
vault: {locatoin: elsewhere, key_file: 7}
aws: {requests_per_second: -1, retries: 2.5, throttle_patience: soon, read_timeout: 100000}
identity_centre: {concurrency: 4}
identity_center: {assignments_by: whim}
"""
AS_JSON = json.dumps(
    {
        "vault": {"locatoin": "elsewhere", "key_file": 7},
        "aws": {
            "requests_per_second": -1,
            "retries": 2.5,
            "throttle_patience": "soon",
            "read_timeout": 100000,
        },
        "identity_centre": {"concurrency": 4},
        "identity_center": {"assignments_by": "whim"},
    }
)
PROBLEMS = (
    "[vault] locatoin: unknown setting; did you mean location?",
    "[vault] key_file: expected a text, got 7",
    "[aws] requests_per_second: must be from 0.01 to 1000000, got -1",
    "[aws] retries: expected a whole number, got 2.5",
    "[aws] throttle_patience: expected a number, got 'soon'",
    "[aws] read_timeout: must be from 0.1 to 3600, got 100000",
    "[identity_centre]: unknown section; did you mean identity_center?",
    "[identity_center] assignments_by: must be empty, account, permission_set or principal, got 'whim'",
)
BACKUP = ("identity-center", "backup")


@pytest.fixture
def plain_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose environment sets nothing of Holdfast's."""
    monkeypatch.setattr("tests.simulators.desk.UNPACED", {})
    return desk


@pytest.mark.parametrize(
    ("name", "text"), [("holdfast.toml", TOML), ("holdfast.yaml", YAML), ("holdfast.json", AS_JSON)]
)
def test_every_problem_of_a_file_is_in_one_message(plain_desk: Desk, name: str, text: str) -> None:
    plain_desk.write(name, text)
    answer = plain_desk.run(*BACKUP)
    assert answer.code == 10
    for problem in PROBLEMS:
        assert problem in answer.err
    assert name in answer.err
    assert sorted(path.name for path in plain_desk.folder.iterdir()) == [name], "nothing was made"


def test_json_gives_the_same_problems_as_fields(plain_desk: Desk) -> None:
    plain_desk.write("holdfast.toml", TOML)
    answer = plain_desk.run(*BACKUP, "--json")
    assert answer.code == 10
    assert answer.out == ""
    error = answer.error
    assert (error["code"], error["exit_code"]) == ("settings", 10)
    assert error["advice"]
    for problem in PROBLEMS:
        assert problem in error["message"]
        assert problem in error["facts"]["problems"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("holdfast.toml", "[vault\nlocation = 'x'", "line 1"),
        ("holdfast.toml", "[aws]\nregion = 'a'\nregion = 'b'", "overwrite"),
        ("holdfast.yaml", "vault: [unclosed", "line"),
        ("holdfast.yaml", "- a\n- list", "must hold tables"),
        ("holdfast.yaml", "1: {a: b}", "[1]: unknown section"),
        ("holdfast.yaml", "vault: {2: b}", "[vault] 2: unknown setting"),
        ("holdfast.yaml", "aws: {region: a, region: b}", "region is there twice"),
        ("holdfast.json", '{"aws": {"region": "a", "region": "b"}}', "region is there twice"),
        ("holdfast.toml", f"a = {'[' * 5000}", "too deep"),
        ("holdfast.json", "[" * 100_000, "too deep"),
        ("holdfast.json", '{"vault": ', "line 1"),
        ("holdfast.json", "[1]", "must hold tables"),
        ("holdfast.toml", "vault = 'here'", "[vault]: expected a table"),
        ("holdfast.toml", "[aws]\nretries = inf", "[aws] retries: expected a whole number"),
        ("holdfast.toml", "[aws]\nread_timeout = nan", "[aws] read_timeout: expected a number"),
        ("holdfast.toml", "[vault]\nlocation = 'ftp://host/x'", "[vault] location: "),
        ("holdfast.toml", "[vault]\nlocation = 's3://'", "[vault] location: "),
        ("holdfast.toml", "[vault]\nlocation = ''", "[vault] location: "),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    plain_desk: Desk, name: str, text: str, said: str
) -> None:
    plain_desk.write(name, text)
    answer = plain_desk.run(*BACKUP)
    assert answer.code == 10, answer
    assert said in answer.err
    assert name in answer.err


def test_a_file_that_is_no_text_is_a_settings_error(plain_desk: Desk) -> None:
    (plain_desk.folder / "holdfast.toml").write_bytes(b"\xff\xfe\x00")
    assert plain_desk.run(*BACKUP).code == 10


def test_an_endpoint_that_is_no_address_is_a_settings_error(plain_desk: Desk) -> None:
    for words, code in ((BACKUP, 10), (("doctor", "--system", "identity-center"), 5)):
        answer = plain_desk.run(*words, AWS_ENDPOINT_URL="no address", AWS_REGION="us-east-1")
        assert answer.code == code, answer
        assert "Invalid endpoint:" in answer.out + answer.err


def test_a_named_file_that_is_missing_or_of_an_unknown_kind_is_refused(plain_desk: Desk) -> None:
    missing = plain_desk.run(*BACKUP, "--config", "nowhere.toml")
    assert missing.code == 2
    assert "nowhere.toml" in missing.err
    assert "--config" in missing.err
    plain_desk.write("settings.ini", "[vault]")
    unknown = plain_desk.run(*BACKUP, HOLDFAST_CONFIG="settings.ini")
    assert unknown.code == 10
    assert ".toml, .yaml or .json" in unknown.err


def test_the_environment_wins_over_the_file_and_is_checked_as_strictly(plain_desk: Desk) -> None:
    plain_desk.write("holdfast.toml", '[vault]\nlocation = "from-file"\n')
    bad = plain_desk.run(*BACKUP, HOLDFAST_AWS_RETRIES="many", HOLDFAST_VAULT_KEY_FILE="k")
    assert bad.code == 10
    assert "[aws] retries: expected a whole number, got 'many'" in bad.err
    assert "HOLDFAST_AWS_RETRIES" in bad.err, "a problem of the environment names the variable"
    missing = plain_desk.run(*BACKUP, HOLDFAST_VAULT_LOCATION="from-environment")
    assert missing.code == 20
    assert "from-environment" in missing.err


def test_a_passphrase_variable_that_is_not_set_is_named(plain_desk: Desk) -> None:
    plain_desk.write("holdfast.toml", '[vault]\npassphrase_env = "MY_WORDS"\n')
    answer = plain_desk.run(*BACKUP)
    assert answer.code == 10
    assert "MY_WORDS" in answer.err
