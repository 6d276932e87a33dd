"""QuickSight: tags of assets, users, namespaces and custom permissions."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.quicksight.refusals import estate_of, gone, tags_of
from holdfast.sandbox.wire import Answer, ApiRefusal, Call

MOST_TAGS = 50


def _tags(quicksight: QuickSight, call: Call) -> dict[str, str]:
    """The tags of the resource that the call names, to be changed in place."""
    arn = call.parameters.text("ResourceArn")
    held = estate_of(quicksight, call).assets.get(arn)
    if held is not None:
        return held.tags
    identities = quicksight.identities(call.caller.account)
    kind, _, name = arn.removeprefix(identities.arn("")).partition("/")
    namespace, _, user = name.partition("/")
    if kind == "user" and (namespace, user) in identities.users:
        return identities.users[namespace, user].tags
    if kind == "namespace" and name in identities.namespaces:
        return identities.namespaces[name].tags
    if kind == "custompermissions" and name in identities.custom_permissions:
        return identities.custom_permissions[name].tags
    raise gone(f"Resource {arn}")


def _list(quicksight: QuickSight, call: Call) -> Answer:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tags(quicksight, call).items()]}


def _tag(quicksight: QuickSight, call: Call) -> Answer:
    held, given = _tags(quicksight, call), tags_of(call)
    if len({**held, **given}) > MOST_TAGS:
        raise ApiRefusal("LimitExceededException", f"A resource has at most {MOST_TAGS} tags.")
    held.update(given)
    quicksight.journal.record("TagResource", call.parameters.text("ResourceArn"))
    return {}


def _untag(quicksight: QuickSight, call: Call) -> Answer:
    held = _tags(quicksight, call)
    for key in call.parameters.texts("TagKeys"):
        held.pop(key, None)
    quicksight.journal.record("UntagResource", call.parameters.text("ResourceArn"))
    return {}


OPERATIONS: dict[str, Callable[[QuickSight, Call], Answer]] = {
    "ListTagsForResource": _list,
    "TagResource": _tag,
    "UntagResource": _untag,
}
