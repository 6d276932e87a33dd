"""Data keys of AWS KMS, and what its refusals mean for the vault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from holdfast.domain.errors import AccessDenied, HoldfastError, VaultDamaged, VaultError
from holdfast.kernel.ports import FreshKey, PacedSession

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

REFUSALS = {
    "DisabledException": (
        "KMS key {key} is disabled.",
        "Enable it: `aws kms enable-key --key-id {key}`. The vault is unharmed, but stays closed until then.",
    ),
    "KMSInvalidStateException": (
        "KMS key {key} cannot be used: {said}",
        (
            "If it is to be deleted, stop that now: `aws kms cancel-key-deletion --key-id {key}`, then "
            "`aws kms enable-key --key-id {key}`. Once it is deleted, nobody can read the vault any more."
        ),
    ),
    "NotFoundException": (
        "There is no KMS key {key} in region {region}: {said}",
        (
            "Check `[vault] kms_key`; a key of another region or account is named by its whole ARN, "
            "an alias is looked for in the region and account of the calls (`[aws] region` and `profile`)."
        ),
    ),
    "InvalidArnException": (
        "{key} does not name a KMS key: {said}",
        "Set `[vault] kms_key` to an ARN, a key id or alias/NAME.",
    ),
    "InvalidKeyUsageException": (
        "KMS key {key} cannot make data keys: {said}",
        "Name a symmetric key for encryption (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT) in `[vault] kms_key`.",
    ),
}
"""By the errors that the service's model names."""
NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
"""Wrapped bytes, key and encryption context that do not belong together."""


class KmsKeys:
    """A `KeyService` over AWS KMS."""

    def __init__(self, session_in: Callable[[str], PacedSession]) -> None:
        """`session_in` gives a session for a region; for an empty one the session in ordinary use."""
        self._session_in = session_in

    def new_data_key(self, key: str, context: Mapping[str, str]) -> FreshKey:
        """Raises: as `KeyService.new_data_key`."""
        answer = self._call("GenerateDataKey", key, context, {"KeySpec": "AES_256"})
        return FreshKey(
            cast(str, answer["KeyId"]),
            cast(bytes, answer["Plaintext"]),
            cast(bytes, answer["CiphertextBlob"]),
        )

    def open_data_key(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Raises: as `KeyService.open_data_key`."""
        return cast(bytes, self._call("Decrypt", key, context, {"CiphertextBlob": wrapped})["Plaintext"])

    def _call(
        self, operation: str, key: str, context: Mapping[str, str], parameters: Mapping[str, object]
    ) -> Mapping[str, object]:
        from botocore.exceptions import ClientError

        session = self._session_in(region_of(key))
        try:
            return session.call(
                "kms", operation, {"KeyId": key, "EncryptionContext": dict(context), **parameters}
            )
        except AccessDenied as denied:
            raise AccessDenied(f"kms:{operation}", key, denied.service_said) from denied
        except ClientError as cause:
            raise _named(cause, key, session.region) from cause


def region_of(key: str) -> str:
    """The region in a key's or alias's ARN; empty for a plain name, which is looked for where the calls go."""
    parts = key.split(":")
    return parts[3] if len(parts) >= 6 and parts[0] == "arn" else ""


def _named(cause: ClientError, key: str, region: str) -> HoldfastError:
    from holdfast.adapters.aws_errors import code_of, message_of

    code, said = code_of(cause), message_of(cause)
    if code in NOT_OURS:
        return VaultDamaged(
            f"its data key does not open under KMS key {key} as a key file of this vault ({code})",
            "Restore the key file from your copy; the vault itself is unharmed.",
            "the key file",
        )
    problem, remedy = REFUSALS.get(
        code, (f"KMS refused key {{key}} with {code}: {{said}}", "Look at what the service said.")
    )
    facts = {"key": key, "said": said, "region": region}
    return VaultError(problem.format(**facts), remedy.format(**facts))
