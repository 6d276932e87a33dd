"""What a doctor sees of a vault's bucket: who else may read it, whether S3 encrypts it, whether it keeps versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from botocore.exceptions import ClientError

from holdfast.adapters.aws_errors import code_of, message_of
from holdfast.domain.errors import AccessDenied, HoldfastError
from holdfast.kernel.checks import Check, Verdict, failed
from holdfast.kernel.ports import PacedSession

Answer = Mapping[str, object]
Rule = Mapping[str, Mapping[str, str]]
Seen = tuple[Verdict, str, str]
"""Verdict, what was seen, and the next step."""

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everybody",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "every AWS account",
}


@dataclass(frozen=True, slots=True)
class Look:
    """One call about a bucket: the permission it takes, the error that means "none", and what an answer says.

    What is not `needed` is told, and never makes a doctor fail.
    """

    name: str
    operation: str
    action: str
    none: str
    judge: Callable[[Answer, str], Seen]
    needed: bool = True


def examine_bucket(session: PacedSession, bucket: str) -> Iterator[Check]:
    """A check for each thing about the bucket; without the permission to look it is unknown, and named."""
    for look in LOOKS:
        yield _looked(session, bucket, look)


def _looked(session: PacedSession, bucket: str, look: Look) -> Check:
    topic = f"bucket {bucket}"
    try:
        answer = session.call("s3", look.operation, {"Bucket": bucket})
    except ClientError as error:
        if code_of(error) != look.none:
            told = f"{code_of(error)}: {message_of(error)}"
            return Check(topic, look.name, Verdict.UNKNOWN, told, "Look at the bucket's settings yourself.")
        answer = {}
    except AccessDenied as error:
        advice = f"Allow {look.action} on arn:aws:s3:::{bucket}, then run `holdfast doctor` again."
        return Check(topic, look.name, Verdict.UNKNOWN, error.service_said, advice)
    except HoldfastError as error:
        return failed(topic, look.name, error)
    verdict, seen, advice = look.judge(answer, bucket)
    return Check(topic, look.name, verdict, seen, advice, look.needed)


def _blocked(answer: Answer, bucket: str) -> Seen:
    found = cast("Mapping[str, bool]", answer.get("PublicAccessBlockConfiguration", {}))
    off = [name for name in BLOCKS if not found.get(name)]
    if not off:
        return Verdict.OK, "nothing public can be allowed", ""
    seen = f"off: {', '.join(off)}" if found else "the bucket has none"
    settings = ",".join(f"{name}=true" for name in BLOCKS)
    command = (
        f"aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration {settings}"
    )
    return Verdict.WRONG, seen, f"Run `{command}`."


def _policy(answer: Answer, bucket: str) -> Seen:
    status = cast("Mapping[str, bool]", answer.get("PolicyStatus", {}))
    if status.get("IsPublic"):
        advice = f"Take what allows everybody out of the policy of bucket {bucket}, or block public access."
        return Verdict.WRONG, "it makes the bucket public", advice
    return Verdict.OK, "not public" if status else "there is none", ""


def _grants(answer: Answer, bucket: str) -> Seen:
    grants = cast("Sequence[Mapping[str, Mapping[str, str]]]", answer.get("Grants", ()))
    open_to = sorted(
        f"{grant['Permission']} to {EVERYBODY[uri]}"
        for grant in grants
        if (uri := grant["Grantee"].get("URI", "")) in EVERYBODY
    )
    if open_to:
        return (
            Verdict.WRONG,
            ", ".join(open_to),
            f"Run `aws s3api put-bucket-acl --bucket {bucket} --acl private`.",
        )
    return Verdict.OK, "nobody beyond AWS accounts named", ""


def _encryption(answer: Answer, bucket: str) -> Seen:
    found = cast("Mapping[str, Sequence[Rule]]", answer.get("ServerSideEncryptionConfiguration", {}))
    rules = found.get("Rules", ())
    kinds = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules]
    if any(kinds):
        return Verdict.OK, ", ".join(filter(None, kinds)), ""
    return Verdict.WRONG, "none; the vault's own encryption does not depend on it", ""


def _versions(answer: Answer, bucket: str) -> Seen:
    status = str(answer.get("Status") or "never turned on")
    kept = "; what is deleted stays as an old version" if status == "Enabled" else ""
    return Verdict.OK, f"{status}{kept}", ""


LOOKS = (
    Look(
        "public access block",
        "GetPublicAccessBlock",
        "s3:GetBucketPublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
        _blocked,
    ),
    Look("policy", "GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", "NoSuchBucketPolicy", _policy),
    Look("access list", "GetBucketAcl", "s3:GetBucketAcl", "", _grants),
    Look(
        "default encryption",
        "GetBucketEncryption",
        "s3:GetEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        _encryption,
        needed=False,
    ),
    Look("versioning", "GetBucketVersioning", "s3:GetBucketVersioning", "", _versions, needed=False),
)
