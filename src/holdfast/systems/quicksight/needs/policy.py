"""The least-privilege policy for a piece of work under these settings, ready to paste."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.kernel.canonical import Plain
from holdfast.kernel.needs import ANY, Action, document
from holdfast.systems.quicksight.needs.table import (
    ASKING,
    ENCRYPTING,
    EXPIRING,
    POINT_IN_TIME,
    actions_for,
)
from holdfast.systems.quicksight.settings import QuickSightSettings

_SERVICES = {"quicksight": "QuickSight", "s3": "Bundles", "dynamodb": "Tables", "kms": "Key"}
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


def needed(work: str, settings: QuickSightSettings) -> tuple[Action, ...]:
    """The actions of a piece of work without those for what the settings leave off. Raises: UsageError for other work."""
    off: set[str] = set() if settings.tags else {"s3:PutObjectTagging"}
    options = ((settings.table_days, EXPIRING), (settings.point_in_time_recovery, POINT_IN_TIME))
    for on, actions in (*options, (settings.kms_key, ENCRYPTING)):
        off |= set() if on else {action.name for action in actions}
    return tuple(action for action in actions_for(work) if action.name not in off)


def place_of(
    settings: QuickSightSettings, region: str, identity_region: str, account: str = "*"
) -> dict[str, str]:
    """What the patterns of resources are filled with; what is not known matches everything."""
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start + "-")), "aws")
    keys = f"arn:{partition}:kms:{region or '*'}:{account}:key/"
    key, named = settings.kms_key, settings.kms_key.startswith(("alias/", "arn:"))
    return {
        "partition": partition,
        "region": region or "*",
        "identity_region": identity_region or region or "*",
        "account": account,
        "bucket": settings.bucket or "*",
        "prefix": f"{settings.prefix}/" if settings.prefix else "",
        "users_table": settings.users_table,
        "groups_table": settings.groups_table,
        "memberships_table": settings.memberships_table,
        # An alias is no resource of these actions; which key it names is not known here.
        "kms_key": key if ":key/" in key else f"{keys}{'*' if named else key}",
    }


def policy(actions: Iterable[Action], place: Mapping[str, str]) -> str:
    """An IAM policy document that allows these actions on their resources and nothing else; the key through S3 alone."""
    through: Plain = {"StringEquals": {"kms:ViaService": f"s3.{place['region']}.amazonaws.com"}}
    conditions = {"UseKey": through} if place["region"] != "*" else {}
    return document(((_statement(action), action) for action in actions), place, conditions)


def _statement(action: Action) -> str:
    if action in ASKING:
        return "AskBeforehand"
    if action.resources == (ANY,):
        return "ListWithoutResource"
    if action.service == "quicksight":
        return "ReadQuickSight" if action.backup else "ChangeQuickSight"
    return f"{'Use' if action.service == 'kms' else 'Store'}{_SERVICES[action.service]}"
