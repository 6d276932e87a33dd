"""What a caller needs beside the permission to start a bundle job: to do by itself what the job does for it.

"The API caller must have the necessary permissions in their IAM role to access each resource": the API reference.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from holdfast.sandbox.quicksight.bundle_rules import BadBundle, kind_and_key, unpack
from holdfast.sandbox.quicksight.kinds import Kind
from holdfast.sandbox.wire import Parameters

Need = tuple[str, str]


def needs_of_job(operation: str, asked: Parameters, account: str, region: str) -> Iterator[Need]:
    """IAM actions, each with its resource; none for anything but the start of a job."""
    if operation == "StartAssetBundleExportJob":
        for arn in asked.texts("ResourceArns"):
            found = kind_and_key(arn)
            if found is not None:
                yield from _of_export(asked, found[0], arn)
    elif operation == "StartAssetBundleImportJob":
        for kind, arn in _imported(asked, account, region):
            for verb in ("Create", "Describe", "Update"):
                yield f"quicksight:{verb}{_shape(kind)}", arn


def _of_export(asked: Parameters, kind: Kind, arn: str) -> Iterator[Need]:
    yield f"quicksight:Describe{_shape(kind)}", arn
    if asked.raw("IncludePermissions") is True and kind.permissions:
        yield f"quicksight:Describe{_shape(kind)}Permissions", arn
    if asked.raw("IncludeTags") is True:
        yield "quicksight:ListTagsForResource", arn


def _imported(asked: Parameters, account: str, region: str) -> Iterator[tuple[Kind, str]]:
    """What is in an uploaded bundle. Of one that cannot be read the job will tell."""
    body = asked.part("AssetBundleImportSource").find("Body")
    try:
        members = unpack(base64.b64decode(body or "", validate=True))
    except (binascii.Error, BadBundle):
        return
    for each in members:
        yield each.kind, each.kind.arn_of(region, account, each.key)


def _shape(kind: Kind) -> str:
    return kind.shape.removesuffix("Details")
