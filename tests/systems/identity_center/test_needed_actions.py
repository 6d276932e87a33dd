"""The table of actions and the policies made from it are what the clients call, no more and no less."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from inspect import signature
from unittest.mock import Mock

import pytest
from botocore.session import Session

from holdfast.domain.errors import UsageError
from holdfast.systems.identity_center.needs.action import Place
from holdfast.systems.identity_center.needs.changes import ASKING, LOOKING, PROVISIONING
from holdfast.systems.identity_center.needs.policy import policy
from holdfast.systems.identity_center.needs.table import ACTIONS, actions_for, actions_for_changes
from holdfast.systems.identity_center.restore.reading import Reader
from holdfast.systems.identity_center.restore.writing import Writer

CLIENT = re.compile(r'Service\(session, "([\w-]+)", "(\w+)"\)')
IAM_S_LIMIT = 6_144  # characters of a managed policy, white space not counted (IAM quotas)


def called() -> set[str]:
    """Every operation of a service's model that a client over it names, as an IAM action."""
    session = Session()
    found = set()
    for file in files("holdfast.systems.identity_center.clients").iterdir():
        if not file.name.endswith("_client.py"):
            continue
        source = file.read_text()
        for service, prefix in CLIENT.findall(source):
            known = set(session.get_service_model(service).operation_names)
            found |= {f"{prefix}:{word}" for word in re.findall(r'"(\w+)"', source) if word in known}
    return found - {"sts:GetCallerIdentity"}


def test_the_table_has_exactly_the_actions_that_the_clients_call() -> None:
    for_the_service = {action.name for action in PROVISIONING}
    listed = {action.name for action in ACTIONS}
    assert len(called()) > 50
    assert called() - listed == set(), "add what a client calls to needs/reads.py or needs/changes.py"
    by_the_kernel = {"sts:AssumeRole", "iam:GetRole", "iam:SimulatePrincipalPolicy"}
    assert listed - called() - for_the_service - by_the_kernel == set()


def test_a_backup_is_allowed_to_read_and_nothing_else() -> None:
    assert [action.name for action in actions_for("backup") if not action.reads] == []


def test_every_action_of_a_restore_is_needed_for_some_kind_of_change_or_for_a_backup() -> None:
    beforehand = (*ASKING, *LOOKING)
    idle = [each.name for each in ACTIONS if not (each.changes or each.backup or each in beforehand)]
    assert idle == []


def test_every_kind_of_change_that_is_made_has_actions() -> None:
    handled = {*_keys(Reader), *_keys(Writer)}
    assert len(handled) > 20
    for kind in handled:
        for verb in ("create", "update", "delete"):
            names = [action.name for action in actions_for_changes({(kind, verb)})]
            assert names, f"{verb} {kind}"


def _keys(of: type) -> set[str]:
    """The change types in the table that a reader or writer dispatches on."""
    made = of(*(Mock() for _ in signature(of).parameters))
    tables = (getattr(made, name) for name in ("_readers", "_writers") if hasattr(made, name))
    return {kind for table in tables for kind in table}


def test_a_change_needs_what_it_calls_and_no_other_change_s_actions() -> None:
    needed = {each.name for each in actions_for_changes({("group", "create")})}
    assert needed == {
        "identitystore:ListGroups",
        "identitystore:DescribeGroup",
        "identitystore:GetGroupId",
        "identitystore:CreateGroup",
    }


@pytest.mark.parametrize("work", ["backup", "restore"])
def test_a_policy_fits_into_iam_and_names_each_action_once(work: str) -> None:
    document = policy(actions_for(work), Place())
    assert len("".join(document.split())) < IAM_S_LIMIT
    statements = json.loads(document)["Statement"]
    names = [name for each in statements for name in each["Action"] if each["Sid"] != "AskBeforehand"]
    assert len(names) == len(set(names))
    assert all(each["Effect"] == "Allow" and each["Resource"] for each in statements)


def test_only_listings_without_a_resource_type_are_allowed_on_everything() -> None:
    statements = json.loads(policy(actions_for("restore"), Place()))["Statement"]
    wide = [name for each in statements if "*" in each["Resource"] for name in each["Action"]]
    assert wide == ["organizations:ListAccounts", "sso:ListApplications", "sso:ListInstances"]


def test_a_named_instance_and_the_partition_narrow_the_policy() -> None:
    document = policy(
        actions_for("backup"), Place.of("arn:aws-us-gov:sso:::instance/ssoins-1", "us-gov-west-1")
    )
    resources = {name for each in json.loads(document)["Statement"] for name in each["Resource"]}
    assert "arn:aws-us-gov:sso:::permissionSet/ssoins-1/*" in resources
    assert Place.of("", "cn-north-1").partition == "aws-cn"
    assert Place.of("", "eu-west-1").partition == "aws"


def test_unknown_work_is_refused() -> None:
    with pytest.raises(UsageError):
        actions_for("dancing")
