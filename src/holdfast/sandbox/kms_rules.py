"""What AWS KMS refuses and moto does not: keys out of use, and ciphertexts of other keys."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from holdfast.sandbox.wire import ApiRefusal, Parameters

if TYPE_CHECKING:
    from moto.kms.models import Key, KmsBackend

USES = frozenset({"GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Encrypt", "Decrypt"})
KEY_ID_BYTES = 36
"""moto begins a ciphertext with the id of its key."""


def require_usable_key(operation: str, parameters: Parameters, account: str, region: str) -> None:
    """Nothing where the operation does not use a key, or may use it; what moto refuses is left to it.

    Raises: ApiRefusal with the error that the service's model gives for the key's state.
    """
    if operation not in USES:
        return
    from moto.kms.models import kms_backends

    backend: KmsBackend = kms_backends[account][region]
    named = _key_of(backend, parameters.find("KeyId") or "", region)
    if operation == "Decrypt":
        sealing = backend.keys.get(_sealing(parameters.text("CiphertextBlob")))
        if sealing is None:
            raise ApiRefusal("InvalidCiphertextException", "")
        if named is not None and named.id != sealing.id:
            raise ApiRefusal(
                "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform "
                "this operation.",
            )  # fmt: skip
        named = sealing
    if named is not None:
        _require_state(named)


def _key_of(backend: KmsBackend, name: str, region: str) -> Key | None:
    """The key behind an id, an alias or the ARN of either."""
    if name.startswith("arn:") and name.split(":")[3] != region:
        raise ApiRefusal("NotFoundException", f"Invalid arn {name.split(':')[3]}")
    if "alias/" in name:
        name = backend.get_key_id_from_alias(f"alias/{name.partition('alias/')[2]}") or ""
    return backend.keys.get(name.rpartition("/")[2])


def _sealing(blob: str) -> str:
    try:
        return base64.b64decode(blob, validate=True)[:KEY_ID_BYTES].decode("ascii", "replace")
    except binascii.Error:
        return ""


def _require_state(key: Key) -> None:
    if key.key_state == "PendingDeletion":
        raise ApiRefusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key.key_state == "Disabled":
        raise ApiRefusal("DisabledException", f"{key.arn} is disabled.")
    if key.key_spec != "SYMMETRIC_DEFAULT":
        raise ApiRefusal(
            "InvalidKeyUsageException", f"{key.arn} key usage is {key.key_usage}, {key.key_spec}."
        )
