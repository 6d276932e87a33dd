"""A tiny sandbox a test, its time under the test's control, and boto3 clients on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.server import SandboxServer

# One session for all tests: it keeps the service models that it has loaded.
_SESSION = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)
# What is tested is the first answer, not what botocore makes of several; parameters go out unchecked.
_PLAIN = Config(
    retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"}
)
OWN_PROVIDER = "arn:aws:sso::aws:applicationProvider/custom"
NAME = {"GivenName": "Ann", "FamilyName": "Example"}


Operation = Callable[..., Any]


class Client(Protocol):
    """A boto3 client without the stubs' types: many tests ask for what no typed client would let them ask."""

    def __getattr__(self, operation: str) -> Operation: ...


@dataclass
class Clock:
    """Seconds since 1970 as the sandbox sees them; they pass only when a test says so."""

    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Aws:
    """The clients of one sandbox, the ids every call needs, and shorthands for what many tests prepare."""

    sandbox: SandboxServer
    clock: Clock
    region: str = "us-east-1"
    store: str = field(init=False)
    instance: str = field(init=False)

    def __post_init__(self) -> None:
        status = self.sandbox.status()
        self.store, self.instance = status.identity_store_id, status.instance_arn

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Client:
        """A client of the sandbox's own key, or of what CreateAccessKey or AssumeRole gave."""
        keys = credentials or {}
        made: Client = _SESSION.client(  # type: ignore[call-overload]
            service,
            region_name=self.region,
            endpoint_url=self.sandbox.url,
            config=_PLAIN,
            aws_access_key_id=keys.get("AccessKeyId"),
            aws_secret_access_key=keys.get("SecretAccessKey"),
            aws_session_token=keys.get("SessionToken"),
        )
        return made

    @cached_property
    def ids(self) -> Client:
        return self.client("identitystore")

    @cached_property
    def sso(self) -> Client:
        return self.client("sso-admin")

    @cached_property
    def quicksight(self) -> Client:
        return self.client("quicksight")

    @cached_property
    def organizations(self) -> Client:
        return self.client("organizations")

    @cached_property
    def s3(self) -> Client:
        return self.client("s3")

    def user(self, name: str) -> str:
        made = self.ids.create_user(IdentityStoreId=self.store, UserName=name, DisplayName=name, Name=NAME)
        return str(made["UserId"])

    def group(self, name: str) -> str:
        return str(self.ids.create_group(IdentityStoreId=self.store, DisplayName=name)["GroupId"])

    def member(self, group: str, user: str) -> str:
        made = self.ids.create_group_membership(
            IdentityStoreId=self.store, GroupId=group, MemberId={"UserId": user}
        )
        return str(made["MembershipId"])

    def permission_set(self, name: str) -> str:
        made = self.sso.create_permission_set(InstanceArn=self.instance, Name=name)
        return str(made["PermissionSet"]["PermissionSetArn"])

    def application(self, name: str, **options: object) -> str:
        made = self.sso.create_application(
            InstanceArn=self.instance, ApplicationProviderArn=OWN_PROVIDER, Name=name, **options
        )
        return str(made["ApplicationArn"])

    def application_named(self, name: str) -> str:
        pages = self.sso.list_applications(InstanceArn=self.instance)["Applications"]
        return str(next(each["ApplicationArn"] for each in pages if each["Name"] == name))

    def issuer(self, name: str, **options: object) -> str:
        settings = {
            "IssuerUrl": "https://idp.example.com",
            "ClaimAttributePath": "email",
            "IdentityStoreAttributePath": "emails.value",
            "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
        }
        made = self.sso.create_trusted_token_issuer(
            InstanceArn=self.instance,
            Name=name,
            TrustedTokenIssuerType="OIDC_JWT",
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": settings},
            **options,
        )
        return str(made["TrustedTokenIssuerArn"])

    def assign(self, account: str, permission_set: str, group: str, kind: str = "GROUP") -> str:
        made = self.sso.create_account_assignment(
            InstanceArn=self.instance,
            TargetId=account,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=permission_set,
            PrincipalType=kind,
            PrincipalId=group,
        )
        return str(made["AccountAssignmentCreationStatus"]["RequestId"])

    def assigned(self, account: str, permission_set: str, group: str, kind: str = "GROUP") -> None:
        self.assign(account, permission_set, group, kind)
        self.clock.pass_by(1)

    def creation(self, request: str) -> dict[str, object]:
        answer = self.sso.describe_account_assignment_creation_status(
            InstanceArn=self.instance, AccountAssignmentCreationRequestId=request
        )
        return dict(answer["AccountAssignmentCreationStatus"])

    def accounts(self) -> list[str]:
        """The member accounts, without the management account."""
        held = self.sandbox.dump()
        return [each.id for each in held.accounts if each.id != held.management_account]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def aws(clock: Clock) -> Iterator[Aws]:
    """The tiny sample company."""
    with SandboxServer("tiny", seed=1, clock=clock) as sandbox:
        yield Aws(sandbox, clock)


@pytest.fixture
def empty(clock: Clock) -> Iterator[Aws]:
    """An instance without users, groups, permission sets; only the management account."""
    with SandboxServer("empty", seed=1, clock=clock) as sandbox:
        yield Aws(sandbox, clock)


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], tuple[str, str]]:
    """Runs a call that must be refused; gives the error's code and message."""

    def run(call: Callable[[], object]) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call()
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return run
