"""AWS KMS as the vault's key service: envelopes, aliases, contexts, and what each refusal says."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from holdfast.adapters.aws import AwsSession
from holdfast.adapters.kms import KmsKeys, region_of
from holdfast.domain.errors import AccessDenied, HoldfastError, Throttled, VaultDamaged, VaultError
from holdfast.kernel.ports import PacedSession
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer

Make = Callable[..., AwsSession]
CONTEXT = {"holdfast-vault": "00ff", "purpose": "key file"}


class Custodian:
    """Somebody who keeps KMS keys, and the vault's view of them."""

    def __init__(self, session: AwsSession) -> None:
        self.session = session
        self.kms = KmsKeys(self.session_in)
        self.regions: list[str] = []
        self.key = self.new_key()
        self.id = self.key.rpartition("/")[2]
        """What moto wants for changes of a key's state."""

    def session_in(self, region: str) -> PacedSession:
        self.regions.append(region)
        return self.session

    def new_key(self, spec: str = "SYMMETRIC_DEFAULT") -> str:
        made = self.call("CreateKey", KeySpec=spec, KeyUsage="ENCRYPT_DECRYPT")
        return str(cast("dict[str, object]", made["KeyMetadata"])["Arn"])

    def call(self, operation: str, **parameters: object) -> dict[str, object]:
        return cast("dict[str, object]", self.session.call("kms", operation, parameters))

    def refusal(self, key: str) -> HoldfastError:
        with pytest.raises(HoldfastError) as caught:
            self.kms.new_data_key(key, CONTEXT)
        return caught.value


@pytest.fixture
def custodian(session: Make) -> Custodian:
    return Custodian(session())


def test_an_alias_becomes_the_keys_arn_and_opens_after_the_alias_has_moved(custodian: Custodian) -> None:
    custodian.call("CreateAlias", AliasName="alias/moved", TargetKeyId=custodian.key)
    fresh = custodian.kms.new_data_key("alias/moved", CONTEXT)
    assert (fresh.key, len(fresh.secret)) == (custodian.key, 32)
    assert str(fresh.secret) not in repr(fresh)
    assert fresh.secret not in fresh.wrapped
    custodian.call("UpdateAlias", AliasName="alias/moved", TargetKeyId=custodian.new_key())
    assert custodian.kms.open_data_key(fresh.key, fresh.wrapped, CONTEXT) == fresh.secret
    assert custodian.kms.new_data_key("alias/moved", CONTEXT).key != custodian.key
    custodian.call("DeleteAlias", AliasName="alias/moved")


def test_another_context_key_or_ciphertext_does_not_open(custodian: Custodian) -> None:
    fresh = custodian.kms.new_data_key(custodian.key, CONTEXT)
    tries = [
        (custodian.key, fresh.wrapped, {**CONTEXT, "holdfast-vault": "ff00"}),
        (custodian.new_key(), fresh.wrapped, CONTEXT),
        (custodian.key, bytes(96), CONTEXT),
    ]
    for key, wrapped, context in tries:
        with pytest.raises(VaultDamaged, match="does not open under KMS key") as caught:
            custodian.kms.open_data_key(key, wrapped, context)
        assert "the vault itself is unharmed" in caught.value.advice


def test_a_key_out_of_use_is_said_with_the_command_that_brings_it_back(custodian: Custodian) -> None:
    fresh = custodian.kms.new_data_key(custodian.key, CONTEXT)
    custodian.call("DisableKey", KeyId=custodian.id)
    with pytest.raises(VaultError, match=f"KMS key {custodian.key} is disabled") as caught:
        custodian.kms.open_data_key(fresh.key, fresh.wrapped, CONTEXT)
    assert f"aws kms enable-key --key-id {custodian.key}" in caught.value.advice
    custodian.call("EnableKey", KeyId=custodian.id)
    assert custodian.kms.open_data_key(fresh.key, fresh.wrapped, CONTEXT) == fresh.secret
    custodian.call("ScheduleKeyDeletion", KeyId=custodian.id, PendingWindowInDays=7)
    error = custodian.refusal(custodian.key)
    assert "is pending deletion" in str(error)
    assert f"aws kms cancel-key-deletion --key-id {custodian.key}" in error.advice
    assert error.exit_code == 20


def test_a_key_that_is_not_there_or_of_another_kind_is_said(custodian: Custodian) -> None:
    missing = custodian.refusal("alias/nobody")
    assert "There is no KMS key alias/nobody in region us-east-1" in str(missing)
    assert "[vault] kms_key" in missing.advice
    elsewhere = custodian.key.replace("us-east-1", "eu-west-1")
    assert "Invalid arn eu-west-1" in str(custodian.refusal(elsewhere))
    assert custodian.regions[-1] == "eu-west-1"
    assert "SYMMETRIC_DEFAULT" in custodian.refusal(custodian.new_key("RSA_2048")).advice


def test_a_denied_key_names_the_permission_and_the_key(
    custodian: Custodian, session: Make, sandbox: SandboxServer
) -> None:
    fresh = custodian.kms.new_data_key(custodian.key, CONTEXT)
    said = f"User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:Decrypt on resource: {custodian.key}"
    sandbox.faults([FaultRule(operation="Decrypt", error="AccessDeniedException", message=said)])
    with pytest.raises(AccessDenied) as caught:
        custodian.kms.open_data_key(fresh.key, fresh.wrapped, CONTEXT)
    assert (caught.value.action, caught.value.resource) == ("kms:Decrypt", custodian.key)
    assert "Allow kms:Decrypt" in caught.value.advice


def test_throttling_is_waited_out_and_in_the_end_said(
    custodian: Custodian, session: Make, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="GenerateDataKey", error="ThrottlingException", times=2)])
    assert custodian.kms.new_data_key(custodian.key, CONTEXT).key == custodian.key
    sandbox.faults([FaultRule(operation="GenerateDataKey", error="ThrottlingException")])
    assert isinstance(custodian.refusal(custodian.key), Throttled)


def test_a_region_is_read_from_an_arn_only() -> None:
    assert region_of("arn:aws:kms:eu-central-1:123456789012:alias/vault") == "eu-central-1"
    assert region_of("alias/vault") == region_of("12345678-1234-1234-1234-123456789012") == ""
