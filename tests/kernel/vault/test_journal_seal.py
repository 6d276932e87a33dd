"""Personal values of the journal under the vault's key: exact on the way back, whatever epochs come and go."""

from __future__ import annotations

import json

import pytest

from holdfast.domain.errors import VaultError
from holdfast.kernel.canonical import canonical
from holdfast.kernel.vault.journal_seal import JournalSeal
from holdfast.kernel.vault.key_set import KeySet, new_key_set, next_epoch

USER = canonical(
    {
        "UserName": "ada",
        "Emails": [{"Value": "ada@example.com", "Primary": True}],
        "Name": {"GivenName": "Ada \u202e"},
        "Nested": {"Title": "Director", "ClientSecret": "s3cret", "Count": 3},
        "Title": None,
    }
)
THING = canonical({"Name": "Fence", "Description": "holds", "~sealed": {"~sealed": "AAAA"}})


def seal(keys: KeySet) -> JournalSeal:
    return JournalSeal(lambda: keys)


def test_what_comes_back_is_to_the_byte_what_was_sealed_also_in_another_process() -> None:
    keys = new_key_set()
    sealed = [seal(keys).seal(USER), seal(keys).seal(USER)]
    assert sealed[0] != sealed[1]
    for each in sealed:
        assert seal(keys).open(each) == USER
        assert b"ada@" not in each
        assert b"Director" not in each
        assert b"s3cret" not in each
        assert json.loads(each)["UserName"] == "ada"
        assert json.loads(each)["Nested"]["Count"] == 3


def test_what_is_not_personal_or_of_an_older_ledger_is_as_it_was() -> None:
    shut = JournalSeal(lambda: pytest.fail("the vault was opened"))
    assert shut.seal(THING) == THING
    assert shut.open(THING) == THING
    assert shut.open(USER) == USER


def test_a_run_stays_undoable_when_its_epoch_is_destroyed() -> None:
    keys = new_key_set()
    sealed = seal(keys).seal(USER)
    assert seal(KeySet(keys.vault_id, keys.master, (next_epoch(keys).newest,))).open(sealed) == USER


def test_a_value_of_another_vault_or_an_altered_one_is_said() -> None:
    sealed = seal(new_key_set()).seal(USER)
    with pytest.raises(VaultError, match="does not open with this vault's keys") as caught:
        seal(new_key_set()).open(sealed)
    assert "[vault]" in caught.value.advice
