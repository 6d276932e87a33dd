"""AWS SSO Admin: tags of permission sets, applications, trusted token issuers and the instance."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Parameters, invalid
from holdfast.sandbox.world import World

# IAM Identity Center quotas.
MOST_TAGS = 50


def _tag_resource(world: World, call: Call) -> Answer:
    name, held = _tagged(world, call)
    tags = tags_of(call.parameters)
    if len({**held, **tags}) > MOST_TAGS:
        raise ApiRefusal("ServiceQuotaExceededException", f"A resource holds at most {MOST_TAGS} tags.")
    held.update(tags)
    world.journal.record("TagResource", name, *sorted(tags))
    return {}


def _untag_resource(world: World, call: Call) -> Answer:
    name, held = _tagged(world, call)
    keys = call.parameters.texts("TagKeys")
    for key in keys:
        held.pop(key, None)
    world.journal.record("UntagResource", name, *sorted(keys))
    return {}


def _list_tags(world: World, call: Call) -> Answer:
    _, held = _tagged(world, call)
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(held.items())]}


def _tagged(world: World, call: Call) -> tuple[str, dict[str, str]]:
    """The name of what the call tags, and its tags, which may be changed."""
    arn = call.parameters.text("ResourceArn")
    if arn == world.ids.instance_arn:
        return "instance", world.instance.tags
    if ":application/" in arn:
        application = world.applications.get(arn)
        return application.name, application.tags
    if ":trustedTokenIssuer/" in arn:
        issuer = world.token_issuers.get(arn)
        return issuer.name, issuer.tags
    granted = world.access.get_set(arn)
    return granted.name, granted.tags


def tags_of(asked: Parameters) -> dict[str, str]:
    """The tags of a request. Raises: ApiRefusal for a reserved key, or a key that is there twice."""
    tags = {each.text("Key"): each.text("Value") for each in asked.parts("Tags")}
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Tag keys that begin with aws: are reserved.")
    if len(tags) != len(asked.parts("Tags")):
        raise invalid("A tag key is given twice.")
    return tags


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "TagResource": _tag_resource,
    "UntagResource": _untag_resource,
    "ListTagsForResource": _list_tags,
}
