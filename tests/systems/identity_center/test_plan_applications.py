"""What a restore decides about applications, token issuers and the instance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from holdfast.domain.changes import ConflictStrategy, RestoreScope
from holdfast.domain.outcomes import Severity
from holdfast.domain.records import Record, join_key
from holdfast.systems.identity_center.model import (
    Application,
    ApplicationSummary,
    InstanceSettings,
    PrincipalType,
    TrustedTokenIssuer,
)
from holdfast.systems.identity_center.records.application_mapping import (
    application_assignment_record,
    application_record,
    attributes_record,
    instance_record,
    issuer_record,
)
from holdfast.systems.identity_center.records.application_names import NamedApplicationAssignment
from tests.systems.identity_center.restored import DELETING
from tests.systems.identity_center.small_company import MERGE, OVERWRITE, SKIP, group, planned, view

PROVIDER = "arn:aws:sso::aws:applicationProvider/"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
COOKS = group("Cooks")


def app(name: str, provider: str = "custom", key: str = "", **whole: Any) -> Record:  # noqa: ANN401
    """An application; what its summary has goes there, the rest around it."""
    summary = {field: whole.pop(field) for field in ("status", "description", "visibility") if field in whole}
    found = ApplicationSummary(f"arn-of-{name}-{provider}", name, PROVIDER + provider, **summary)
    return application_record(key or name, Application(found, **whole))


def trusting(issuer: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    return ((BEARER, {"JwtBearer": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuer": issuer}]}}),)


def issuer(name: str, url: str = "https://idp.example.com", claim: str = "email") -> Record:
    configuration = (("ClaimAttributePath", claim), ("IssuerUrl", url))
    return issuer_record(TrustedTokenIssuer(f"arn-of-{name}", name, configuration=configuration))


def use(application: str, principal: str = "Cooks") -> Record:
    return application_assignment_record(
        NamedApplicationAssignment(application, PrincipalType.GROUP, principal)
    )


def test_a_saml_application_that_is_gone_is_listed_with_what_a_person_must_do_and_not_planned() -> None:
    wanted = view(COOKS, app("Travel", "custom-saml", tags=(("a", "1"),)), use("Travel"))
    found = planned(wanted, view(COOKS))
    assert found.changes == []
    (told,) = found.findings
    assert (told.severity, told.code, told.type, told.key) == (
        Severity.ERROR,
        "cannot-return",
        "application",
        "Travel",
    )
    assert "Assignments that wait for it: 1." in told.message
    assert "console" in told.advice
    assert "run the restore again" in told.advice


def test_an_aws_managed_application_that_is_gone_names_the_service_that_makes_it() -> None:
    (told,) = planned(view(app("Reports", "quicksight")), view()).findings
    assert told.code == "cannot-return"
    assert "quicksight" in told.message


def test_what_was_recreated_elsewhere_gets_its_assignments_tags_and_configuration_by_name() -> None:
    backup = app("Reports", "quicksight", tags=(("a", "1"),), assignment_required=False)
    found = planned(view(COOKS, backup, use("Reports")), view(COOKS, app("Reports", "quicksight")))
    assert found.names == [
        "update application.assignment_configuration Reports",
        "create application.tag Reports / a",
        "create application_assignment Reports / GROUP / Cooks",
    ]


def test_grants_of_an_aws_managed_application_are_not_planned_but_told() -> None:
    backup = app("Reports", "quicksight", grants=(("refresh_token", {"RefreshToken": {}}),))
    found = planned(view(backup), view(app("Reports", "quicksight")))
    assert (found.names, found.codes) == ([], ["cannot-return"])


def test_an_application_of_another_provider_under_the_same_name_gets_nothing() -> None:
    found = planned(
        view(COOKS, app("Desk", tags=(("a", "1"),)), use("Desk")), view(COOKS, app("Desk", "quicksight"))
    )
    assert (found.names, found.codes) == ([], ["cannot-return"])
    assert "another provider (quicksight, in the backup custom)" in found.findings[0].message


def test_an_application_is_not_created_where_the_service_has_one_of_its_name_under_another_key() -> None:
    ours = app("Desk", key=join_key("Desk", "custom"))
    theirs = app("Desk", "custom-saml", key=join_key("Desk", "custom-saml"))
    live = app("Desk", "custom-saml")
    found = planned(view(ours, theirs), view(live))
    assert (found.names, found.codes) == ([], ["cannot-return", "cannot-return"])


def test_a_grant_to_an_issuer_that_is_nowhere_is_told_and_the_rest_is_created() -> None:
    found = planned(view(app("Desk", grants=trusting("gone"), tags=(("a", "1"),))), view())
    assert found.names == ["create application Desk", "create application.tag Desk / a"]
    assert ("trusted-token-issuer-missing", Severity.ERROR) in [(f.code, f.severity) for f in found.findings]


def test_an_issuer_comes_before_the_grant_that_names_it() -> None:
    found = planned(view(issuer("idp"), app("Desk", grants=trusting("idp"))), view())
    assert found.names == [
        "create trusted_token_issuer idp",
        "create application Desk",
        f"create application.grant Desk / {BEARER}",
    ]


def test_an_issuer_keeps_its_url_and_gets_the_rest() -> None:
    backup = issuer("idp", "https://old.example.com", "sub")
    found = planned(view(backup), view(issuer("idp", "https://new.example.com")))
    assert found.names == ["update trusted_token_issuer idp"]
    assert b"https://new.example.com" in (found.changes[0].after or b"")
    assert (found.codes, "IssuerUrl" in found.findings[0].message) == (["cannot-return"], True)
    assert planned(view(backup), view(issuer("idp", "https://new.example.com", "sub"))).changes == []


def test_a_visibility_that_differs_is_told_and_a_text_that_cannot_be_emptied_stays() -> None:
    found = planned(view(app("Desk", visibility="DISABLED")), view(app("Desk", description="More")))
    assert found.changes == []
    assert [finding.severity for finding in found.findings] == [Severity.ERROR, Severity.NOTE]


def test_merge_keeps_what_only_the_service_has_and_skip_leaves_all() -> None:
    wanted = view(
        app("Desk", status="DISABLED", tags=(("a", "1"),)),
        attributes_record((("team", "x"),)),
        instance_record(InstanceSettings("arn", "old", tags=(("a", "1"),))),
    )
    present = view(
        app("Desk", tags=(("b", "1"),), access_scopes=(("desk:read", ()),)),
        attributes_record((("other", "y"),)),
        instance_record(InstanceSettings("arn", "new", tags=(("b", "1"),))),
    )
    assert planned(wanted, present, MERGE).names == [
        "update application Desk",
        "create application.tag Desk / a",
        "update instance instance",
        "create instance.tag instance / a",
        "update access_control_attributes access_control_attributes",
    ]
    assert planned(wanted, present, MERGE).changes[-1].after == b'{"Attributes":{"other":"y","team":"x"}}'
    assert planned(wanted, present).changes[-1].after == b'{"Attributes":{"team":"x"}}'
    skipped = planned(wanted, present, SKIP)
    assert skipped.changes == []
    assert {conflict.resolution for conflict in skipped.conflicts} == {ConflictStrategy.SKIP}


def test_extra_applications_go_when_asked_but_for_those_that_no_rollback_brings_back() -> None:
    present = view(
        COOKS,
        app("Mine", assignment_required=False),
        app("Travel", "custom-saml"),
        use("Mine"),
        use("Travel"),
    )
    assert planned(view(COOKS), present).changes == []
    found = planned(view(COOKS), present, DELETING)
    assert found.names == [
        "delete application_assignment Mine / GROUP / Cooks",
        "delete application_assignment Travel / GROUP / Cooks",
        "delete application.assignment_configuration Mine",
        "delete application Mine",
    ]
    assert [(finding.code, finding.key) for finding in found.findings] == [("not-deleted", "Travel")]


def test_who_may_use_an_application_stays_where_it_is_not_clear_which_of_its_name_it_is() -> None:
    own, saml = join_key("Orders", "custom"), join_key("Orders", "custom-saml")
    one = (app("Orders"), use("Orders"))
    two = (app("Orders", key=own), app("Orders", "custom-saml", saml), use(own), use(saml))
    other = (app("Orders", "custom-saml"), use("Orders", "Guests"))
    for backup, live in ((one, two), (two, one), (one, other)):
        found = planned(view(COOKS, group("Guests"), *backup), view(COOKS, group("Guests"), *live), DELETING)
        assert found.names == []


def test_a_group_that_is_deleted_gives_up_its_applications_first() -> None:
    found = planned(view(app("Desk")), view(COOKS, app("Desk"), use("Desk")), DELETING)
    assert found.names == ["delete application_assignment Desk / GROUP / Cooks", "delete group Cooks"]


def test_groups_are_not_deleted_while_their_applications_are_unknown() -> None:
    found = planned(view(), view(COOKS, incomplete=["application_assignment"]), DELETING)
    assert found.changes == []
    assert "application_assignments that would go with them were not read" in found.findings[-1].message


def test_one_assignment_brings_its_application_and_the_issuer_that_this_trusts() -> None:
    wanted = view(
        COOKS, issuer("idp"), issuer("other"), app("Desk", grants=trusting("idp")), app("Else"), use("Desk")
    )
    key = join_key("Desk", "GROUP", "Cooks")
    scope = RestoreScope(("application_assignment",), {"application_assignment": frozenset({key})})
    assert planned(wanted, view(), replace(OVERWRITE, scope=scope)).names == [
        "create group Cooks",
        "create trusted_token_issuer idp",
        "create application Desk",
        f"create application.grant Desk / {BEARER}",
        "create application_assignment Desk / GROUP / Cooks",
    ]
