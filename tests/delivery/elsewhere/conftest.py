"""Two organizations: a shop that is backed up, and an empty one in another account and region."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from holdfast.sandbox.portrait import (
    AccountPortrait,
    ApplicationPortrait,
    AssignmentPortrait,
    AuthorizedIssuerPortrait,
    GroupPortrait,
    InstancePortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    PolicyPortrait,
    Portrait,
    ScopePortrait,
    TrustedTokenIssuerPortrait,
)
from holdfast.sandbox.server import SandboxServer
from tests.simulators.desk import Desk

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
NEW_OWNER, NEW_SHOP, NEW_BANK = "999999999999", "333333333333", "444444444444"


def user(name: str, display_name: str) -> Mapping[str, object]:
    """A user as the API names its attributes."""
    names = {"GivenName": display_name, "FamilyName": "Example"}
    return {"UserName": name, "DisplayName": display_name, "Name": names, "UserStatus": "ENABLED"}


def inline(account: str, region: str) -> str:
    """A policy on a queue, and on a bucket whose name holds the old account's id."""
    queue = f"arn:aws:sqs:{region}:{account}:orders"
    statement = (
        f'{{"Effect":"Allow","Action":"*","Resource":["{queue}","arn:aws:s3:::logs-111111111111-us-east-1"],'
        f'"Condition":{{"StringEquals":{{"aws:RequestedRegion":"{region}"}}}}}}'
    )
    return f'{{"Version":"2012-10-17","Statement":[{statement}]}}'


def application(group: str, user_name: str, region: str) -> ApplicationPortrait:
    """An application with everything attached; its URL and the address it returns to name the region."""
    return ApplicationPortrait(
        "Orders",
        description="Takes orders",
        origin="APPLICATION",
        url=f"https://orders.{region}.example.com/",
        scopes=(ScopePortrait("sso:account:access", ("",)),),
        redirect_uris=(f"https://orders.{region}.example.com/signed-in",),
        token_issuers=(AuthorizedIssuerPortrait("Partner", ("orders",)),),
        plain_grants=("refresh_token",),
        assigned=(("GROUP", group), ("USER", user_name)),
        tags={"team": "shop"},
    )


ISSUER = TrustedTokenIssuerPortrait("Partner", "https://partner.example.com", tags={"team": "shop"})
INSTANCE = InstancePortrait("Shop", attributes={"team": ("${path:userType}",)}, tags={"team": "shop"})

OLD = Portrait(
    accounts=(
        AccountPortrait("111111111111", "Shop", "shop@example.com", policies=("/team/Deploy", "/team/Limit")),
        AccountPortrait("123456789012", "Management", "root@example.com"),
        AccountPortrait("222222222222", "Bank", "bank@example.com", policies=("/team/Deploy", "/team/Limit")),
        AccountPortrait("555555555555", "Attic", "attic@example.com"),
    ),
    users=(user("anna", "Anna"), user("bert", "Bert")),
    groups=(GroupPortrait("Admins", "Those who may"), GroupPortrait("Builders")),
    memberships=(MembershipPortrait("Admins", "anna"), MembershipPortrait("Builders", "bert")),
    permission_sets=(
        PermissionSetPortrait("Look", managed_policies=(READ_ONLY,)),
        PermissionSetPortrait(
            "Work",
            relay_state="https://us-east-1.console.aws.amazon.com/sqs?region=us-east-1",
            inline_policy=inline("111111111111", "us-east-1"),
            customer_policies=(PolicyPortrait("Deploy", "/team/"),),
            boundary=PolicyPortrait("Limit", "/team/"),
            tags={"team": "shop"},
        ),
    ),
    assignments=(
        AssignmentPortrait("111111111111", "Work", "GROUP", "Builders"),
        AssignmentPortrait("222222222222", "Look", "USER", "anna"),
        AssignmentPortrait("222222222222", "Work", "GROUP", "Builders"),
        AssignmentPortrait("555555555555", "Look", "GROUP", "Admins"),
    ),
    instance=INSTANCE,
    trusted_token_issuers=(ISSUER,),
    applications=(application("Builders", "anna", "us-east-1"),),
)
_EMPTY = Portrait(
    management_account=NEW_OWNER,
    region="eu-west-1",
    accounts=(
        AccountPortrait(NEW_OWNER, "Management", "new-root@example.com"),
        AccountPortrait(
            NEW_SHOP, "New shop", "new-shop@example.com", policies=("/ops/Deploy", "/team/Limit")
        ),
        AccountPortrait(
            NEW_BANK, "New bank", "new-bank@example.com", policies=("/ops/Deploy", "/team/Limit")
        ),
    ),
    instance=InstancePortrait("New"),
)
MAPPING = """
[accounts]
111111111111 = "333333333333"
222222222222 = "444444444444"

[users]
ANNA = "anna.new"

[groups]
Builders = "Makers"

[permission_sets]
Work = "Werk"

[policies]
"/team/Deploy" = "/ops/Deploy"

[regions]
us-east-1 = "eu-west-1"

[drop]
accounts = ["555555555555"]
"""
# What the old company is under this mapping, written down.
NEW = Portrait(
    management_account=NEW_OWNER,
    region="eu-west-1",
    accounts=tuple(sorted(_EMPTY.accounts, key=lambda account: account.id)),
    users=(user("anna.new", "Anna"), user("bert", "Bert")),
    groups=(GroupPortrait("Admins", "Those who may"), GroupPortrait("Makers")),
    memberships=(MembershipPortrait("Admins", "anna.new"), MembershipPortrait("Makers", "bert")),
    permission_sets=(
        PermissionSetPortrait("Look", managed_policies=(READ_ONLY,)),
        PermissionSetPortrait(
            "Werk",
            relay_state="https://eu-west-1.console.aws.amazon.com/sqs?region=eu-west-1",
            inline_policy=inline(NEW_SHOP, "eu-west-1"),
            customer_policies=(PolicyPortrait("Deploy", "/ops/"),),
            boundary=PolicyPortrait("Limit", "/team/"),
            tags={"team": "shop"},
        ),
    ),
    assignments=(
        AssignmentPortrait(NEW_SHOP, "Werk", "GROUP", "Makers"),
        AssignmentPortrait(NEW_BANK, "Look", "USER", "anna.new"),
        AssignmentPortrait(NEW_BANK, "Werk", "GROUP", "Makers"),
    ),
    instance=INSTANCE,
    trusted_token_issuers=(ISSUER,),
    applications=(application("Makers", "anna.new", "eu-west-1"),),
)


@pytest.fixture(scope="session")
def shared_sandboxes() -> Iterator[tuple[SandboxServer, SandboxServer]]:
    with (
        SandboxServer("empty", async_delay=0.0) as old,
        SandboxServer("empty", seed=7, async_delay=0.0, account=NEW_OWNER, region="eu-west-1") as new,
    ):
        yield old, new


@pytest.fixture
def old(shared_sandboxes: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """The organization that is backed up."""
    shared_sandboxes[0].load(OLD)
    return shared_sandboxes[0]


@pytest.fixture
def new(shared_sandboxes: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """The organization that it is restored into, empty but for accounts."""
    shared_sandboxes[1].clear_faults()
    shared_sandboxes[1].load(_EMPTY)
    return shared_sandboxes[1]


@pytest.fixture(scope="session")
def backed_up(
    shared_sandboxes: tuple[SandboxServer, SandboxServer], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a mapping and a backup of the old organization, to be copied."""
    desk = Desk(tmp_path_factory.mktemp("backed-up"), shared_sandboxes[0].env())
    shared_sandboxes[0].load(OLD)
    desk.write("mapping.toml", MAPPING)
    desk.backup()
    return desk.folder


@pytest.fixture
def desk(old: SandboxServer, backed_up: Path, tmp_path: Path) -> Desk:
    """A folder with a mapping and a backup of the old organization."""
    folder = shutil.copytree(backed_up, tmp_path / "desk")
    return Desk(folder, old.env())
