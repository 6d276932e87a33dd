"""Personal values of the journal under the vault's key: exact on the way back, gone with their epoch."""

from __future__ import annotations

import json

import pytest

from holdfast.domain.errors import VaultDamaged, VaultError
from holdfast.kernel.canonical import canonical
from holdfast.kernel.vault.journal_seal import JournalSeal
from holdfast.kernel.vault.key_set import KeySet, new_key_set, next_epoch
from holdfast.kernel.vault.sealing import Seals

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
    return JournalSeal(lambda: Seals(keys))


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


def test_personal_values_are_gone_with_their_epoch() -> None:
    keys = new_key_set()
    sealed, later = seal(keys).seal(USER), next_epoch(keys)
    assert seal(later).open(sealed) == USER
    with pytest.raises(VaultError, match="the journal is sealed under epoch 1, whose key"):
        seal(KeySet(keys.vault_id, keys.master, (later.newest,))).open(sealed)


def test_a_value_that_was_altered_is_found() -> None:
    keys = new_key_set()
    fields = json.loads(seal(keys).seal(USER))
    fields["Emails"], fields["Name"] = (
        fields["Name"],
        {"~sealed": fields["Emails"]["~sealed"][:-8] + "AAAAAAA="},
    )
    with pytest.raises(VaultDamaged):
        seal(keys).open(canonical(fields))
