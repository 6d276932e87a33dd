"""A preview counts the whole plan, lists a bounded part, and masks what is personal."""

from __future__ import annotations

import json

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, FieldDifference
from holdfast.kernel.compare import field_differences
from holdfast.kernel.preview import LISTED, ChangeCount, preview_of
from holdfast.kernel.showing import masked, revealed, without_values
from tests.simulators import sample_run


def test_changes_are_counted_by_type_and_verb() -> None:
    preview = preview_of(
        (entry.change for entry in sample_run.ledger().entries), lambda changes: 4.5, calls=9
    )

    assert preview.changes_summary == (
        ChangeCount("assignment", "create", 1),
        ChangeCount("group", "update", 1),
        ChangeCount("permission_set.managed_policy", "create", 1),
        ChangeCount("user", "create", 1),
    )
    assert (preview.changes_total, preview.estimated_seconds, preview.calls) == (4, 4.5, 9)


def test_a_large_plan_is_counted_whole_and_listed_in_part() -> None:
    plan = (Change("user", f"u{number}", None, b"{}", 0, "u") for number in range(5_000))

    preview = preview_of(plan, lambda changes: 250.0)

    assert (preview.changes_total, len(preview.changes)) == (5_000, LISTED)


def test_the_json_masks_personal_fields_in_changes_and_conflicts() -> None:
    ledger = sample_run.ledger()
    told = preview_of(
        [*(e.change for e in ledger.entries), *ledger.conflict_rows], lambda changes: 1.0
    ).to_json()

    assert json.loads(told)["changes"][0]["after"] == {"DisplayName": "***", "Emails": "***", "Locale": "en"}
    for value in (b"Lovelace", b"ada@example.org", b"Director", b"Augusta"):
        assert value not in told


def test_the_name_of_a_thing_is_shown_and_that_of_a_person_is_not() -> None:
    person = Change("user", "ada", None, b'{"Name":{"GivenName":"Ada"}}', 0, "u")
    boundary = b'{"Boundary":{"Name":"Fence","Path":"/"},"Name":"example-corp"}'
    thing = Change("instance", "instance", None, boundary, 0, "i")
    fields = (FieldDifference("Name", "old", "new"), FieldDifference("Name.GivenName", "Ada", "Eda"))
    conflict = Conflict("instance", "instance", fields, ConflictStrategy.SKIP)

    told = json.loads(preview_of([person, thing, conflict], lambda changes: 1.0).to_json())

    assert [change["after"] for change in told["changes"]] == [
        {"Name": "***"},
        {"Boundary": {"Name": "Fence", "Path": "/"}, "Name": "example-corp"},
    ]
    assert [(f["backup"], f["live"]) for f in told["conflicts"][0]["fields"]] == [
        ("old", "new"),
        ("***", "***"),
    ]


def test_what_differs_in_a_name_is_shown_of_things_alone() -> None:
    thing = field_differences(b'{"Name":"a"}', b'{"Name":"b"}')
    person = field_differences(b'{"Name":{"GivenName":"Ada"}}', b"{}")

    assert list(thing) == [FieldDifference("Name", "a", "b")]
    assert list(person) == [FieldDifference("Name", "***", "")]


def test_what_cannot_return_is_told_apart_and_warnings_come_worst_first() -> None:
    preview = preview_of(sample_run.ledger().finding_rows, lambda changes: 0.0)

    assert [finding.code for finding in preview.cannot_return] == ["cannot-return.password"]
    assert [finding.code for finding in preview.warnings] == [
        "not-empty",
        "provisioned-twice",
        "left-out.applications",
    ]


def test_a_service_that_quotes_personal_values_is_quoted_without_them() -> None:
    user = b'{"Emails":[{"Value":"ada@example.org"}],"Name":{"GivenName":"Ada"},"UserName":"ada"}'
    said = "Value 'ada@example.org' of user ada (Ada) is taken"

    assert without_values(said, "ada", user, None) == "Value '***' of user ada (Ada) is taken"
    assert without_values(said, "x", user) == "Value '***' of user ada (***) is taken"


def test_credentials_are_hidden_by_their_names() -> None:
    facts = {"ClientSecret": "a", "scim_token": "b", "privateKey": "c", "TokenIssuer": "d", "Password": None}
    hidden = {"ClientSecret": "***", "scim_token": "***", "privateKey": "***"}

    assert masked(facts) == {**facts, **hidden}
    with revealed():
        assert masked(facts) == {**facts, **hidden}
