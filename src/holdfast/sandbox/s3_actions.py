"""S3's IAM action and resource of a REST request, which differ from the operation's name."""

from __future__ import annotations

from collections.abc import Mapping

# The part of a resource that a query parameter names: what follows Get, Put or Delete in the action.
_BUCKET_PARTS = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
_OBJECT_PARTS = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}
_VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Delete"}
# Everything else of a bucket is removed with the permission to put it.
_REMOVED_BY_DELETE = frozenset({"policy", "website"})


def s3_action(method: str, path: str, query: Mapping[str, str]) -> tuple[str, str]:
    """The action and the ARN of what it is about; `path` is /, /bucket or /bucket/key."""
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "s3:ListAllMyBuckets", "*"
    if key:
        return f"s3:{_of_object(method, query)}", f"arn:aws:s3:::{bucket}/{key}"
    if method == "POST" and "delete" in query:
        return "s3:DeleteObject", f"arn:aws:s3:::{bucket}/*"
    return f"s3:{_of_bucket(method, query)}", f"arn:aws:s3:::{bucket}"


def _of_bucket(method: str, query: Mapping[str, str]) -> str:
    part = next((each for each in _BUCKET_PARTS if each in query), None)
    if part:
        puts = method == "DELETE" and part not in _REMOVED_BY_DELETE
        return ("Put" if puts else _VERBS.get(method, method)) + _BUCKET_PARTS[part]
    if method in ("GET", "HEAD"):
        if "uploads" in query:
            return "ListBucketMultipartUploads"
        return "ListBucketVersions" if "versions" in query else "ListBucket"
    return "DeleteBucket" if method == "DELETE" else "CreateBucket"


def _of_object(method: str, query: Mapping[str, str]) -> str:
    part = next((each for each in _OBJECT_PARTS if each in query), None)
    if part:
        return _VERBS.get(method, method) + _OBJECT_PARTS[part]
    if "uploadId" in query and method in ("GET", "DELETE"):
        return "ListMultipartUploadParts" if method == "GET" else "AbortMultipartUpload"
    version = "Version" if "versionId" in query and method != "PUT" else ""
    return f"{_VERBS.get(method, method)}Object{version}"
