"""AWS Identity Store: what each operation does to the directory and answers."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache

from holdfast.sandbox import membership_api
from holdfast.sandbox.access import Principal
from holdfast.sandbox.contract import Contract
from holdfast.sandbox.directory import Entry, Shelf
from holdfast.sandbox.identitystore_answers import encoded_entry, identity, named, shown_entry
from holdfast.sandbox.wire import Answer, Call, Document, Json, Parameters, conflict, invalid, missing
from holdfast.sandbox.world import World

PAGE = 100
# "Administrator and AWSAdministrators are reserved names and can't be used for users or groups."
_RESERVED = frozenset({"administrator", "awsadministrators"})
# The one extension the API knows; it is returned only when it is asked for.
_ENTERPRISE = "aws:identitystore:enterprise"
_READ_ONLY = frozenset(
    {"UserId", "GroupId", "IdentityStoreId", "ExternalIds", "UserStatus", "CreatedAt", "UpdatedAt"}
)
_USER, _GROUP = ("User", "users"), ("Group", "groups")


@lru_cache(maxsize=1)
def contract() -> Contract:
    """The service's contract, which also judges attributes after an update."""
    return Contract("identitystore")


def require_store(world: World, call: Call) -> None:
    """Nothing when the call's identity store is the instance's own and lives in the call's region."""
    given = call.parameters.find("IdentityStoreId")
    known = given is None or given.rsplit("/", 1)[-1] == world.ids.identity_store
    if not known or call.region != world.region:
        raise missing(f"IDENTITY_STORE {given} not found.", ResourceType="IDENTITY_STORE")


# ---------------------------------------------------------------- users and groups


def _create_user(world: World, call: Call) -> Answer:
    document = {
        name: deepcopy(value) for name, value in call.parameters.values.items() if name != "IdentityStoreId"
    }
    _complete_user(document)
    # A user made by the API can sign in as soon as a password is set: its status is ENABLED.
    entry = world.directory.add_user({**document, "UserStatus": "ENABLED"}, call.now)
    world.journal.record("CreateUser", str(document["UserName"]))
    return identity(world, entry, "User")


def _create_group(world: World, call: Call) -> Answer:
    document = {name: value for name, value in call.parameters.values.items() if name != "IdentityStoreId"}
    _complete_group(document)
    entry = world.directory.add_group(document, call.now)
    world.journal.record("CreateGroup", str(document["DisplayName"]))
    return identity(world, entry, "Group")


def _complete_user(document: Document) -> None:
    if not document.get("UserName"):
        raise invalid("userName is a required attribute")
    name = document.get("Name")
    parts = name if isinstance(name, dict) else {}
    lacking = ["displayname"] if not document.get("DisplayName") else []
    lacking += (
        ["name"]
        if not parts
        else [each.lower() for each in ("GivenName", "FamilyName") if not parts.get(each)]
    )
    if lacking:
        raise invalid(", ".join(f"{each}: The attribute {each} is required" for each in lacking))
    _refuse_reserved(str(document["UserName"]))
    for extension in document.get("Extensions") or {}:  # type: ignore[union-attr]
        if extension != _ENTERPRISE:
            raise invalid(f"{_ENTERPRISE} is the only supported extension name.")


def _complete_group(document: Document) -> None:
    if not document.get("DisplayName"):
        raise invalid("displayname: The attribute displayname is required")
    _refuse_reserved(str(document["DisplayName"]))


def _refuse_reserved(name: str) -> None:
    if name.casefold() in _RESERVED:
        raise invalid(f"{name} is a reserved name and can't be used for users or groups.")


def _describe_user(world: World, call: Call) -> Answer:
    entry = world.directory.users.get(call.parameters.text("UserId"))
    return shown_entry(world, entry, "User", call.parameters.texts("Extensions"))


def _describe_group(world: World, call: Call) -> Answer:
    return shown_entry(world, world.directory.groups.get(call.parameters.text("GroupId")), "Group", ())


def _list_users(world: World, call: Call) -> Answer:
    return _list(world, call, world.directory.users, "User")


def _list_groups(world: World, call: Call) -> Answer:
    return _list(world, call, world.directory.groups, "Group")


def _list(world: World, call: Call, shelf: Shelf, noun: str) -> Answer:
    filters = call.parameters.parts("Filters")
    entries = list(_filtered(shelf, filters[0]) if filters else shelf.entries.values())
    page = world.pager.page(call, entries, lambda each: each.seq, PAGE)
    extensions = call.parameters.texts("Extensions")
    return page.answer(f"{noun}s", lambda each: encoded_entry(world, each, noun, extensions))


def _filtered(shelf: Shelf, wanted: Parameters) -> list[Entry]:
    if wanted.text("AttributePath") != shelf.name_member:
        raise invalid(
            f"The attribute path {wanted.text('AttributePath')} is not supported; use {shelf.name_member}."
        )
    found = shelf.by_name.get(wanted.text("AttributeValue").casefold())
    return [shelf.entries[found]] if found else []


def _update_user(world: World, call: Call) -> Answer:
    entry = world.directory.users.get(call.parameters.text("UserId"))
    document = _updated(entry, call, "CreateUserRequest", world.ids.identity_store)
    _complete_user(document)
    world.directory.users.replace(entry, document, call.now)
    world.journal.record("UpdateUser", str(document["UserName"]))
    return identity(world, entry, "User")


def _update_group(world: World, call: Call) -> Answer:
    entry = world.directory.groups.get(call.parameters.text("GroupId"))
    document = _updated(entry, call, "CreateGroupRequest", world.ids.identity_store)
    _complete_group(document)
    world.directory.groups.replace(entry, document, call.now)
    world.journal.record("UpdateGroup", str(document["DisplayName"]))
    return identity(world, entry, "Group")


def _updated(entry: Entry, call: Call, shape: str, store: str) -> Document:
    """The attributes after the call's operations; nothing is changed unless all of them are right."""
    _expect_revision(entry, call)
    document = deepcopy(entry.document)
    for each in call.parameters.parts("Operations"):
        path, value = each.text("AttributePath"), each.raw("AttributeValue")
        _set_attribute(document, path, value if ":" in path else _pascal(value))
    settable = {name: value for name, value in document.items() if name not in _READ_ONLY}
    contract().check_shape(shape, {"IdentityStoreId": store, **settable})
    return document


def _expect_revision(entry: Entry, call: Call) -> None:
    expected = call.parameters.find("Revision")
    if expected is not None and expected != str(entry.revision):
        raise conflict("The revision does not match the current one.", Reason="CONCURRENT_MODIFICATION")


def _set_attribute(document: Document, path: str, value: Json) -> None:
    """Sets the attribute at a path such as `name.givenName`; no value removes it."""
    # Only the enterprise extension has colons in its name; dots after it lead into it.
    head, *rest = path.split(".")
    names = ["Extensions", head, *rest] if ":" in head else [_upper(each) for each in (head, *rest)]
    if names[0] in _READ_ONLY:
        raise invalid(f"The attribute {path} can not be updated.")
    holder: Document = document
    for name in names[:-1]:
        inner = holder.setdefault(name, {})
        if not isinstance(inner, dict):
            raise invalid(f"The attribute path {path} is not supported.")
        holder = inner
    if value is None:
        holder.pop(names[-1], None)
    else:
        holder[names[-1]] = value
    if len(names) > 1 and document.get(names[0]) == {}:
        del document[names[0]]


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def _pascal(value: Json) -> Json:
    """A document value with the API's spelling of member names: clients send them in either spelling."""
    if isinstance(value, list):
        return [_pascal(each) for each in value]
    if isinstance(value, dict):
        return {_upper(name): _pascal(each) for name, each in value.items()}
    return value


def _delete_user(world: World, call: Call) -> Answer:
    entry = world.directory.users.get(call.parameters.text("UserId"))
    _expect_revision(entry, call)
    world.access.revoke_all(Principal("USER", entry.id))
    world.directory.remove_user(entry)
    world.journal.record("DeleteUser", str(entry.document["UserName"]))
    return {}


def _delete_group(world: World, call: Call) -> Answer:
    entry = world.directory.groups.get(call.parameters.text("GroupId"))
    _expect_revision(entry, call)
    world.access.revoke_all(Principal("GROUP", entry.id))
    world.directory.remove_group(entry)
    world.journal.record("DeleteGroup", str(entry.document["DisplayName"]))
    return {}


def _get_user_id(world: World, call: Call) -> Answer:
    unique = {"userName": _at("UserName"), "emails.value": _email}
    return _found(world, call, world.directory.users, "User", unique)


def _get_group_id(world: World, call: Call) -> Answer:
    return _found(world, call, world.directory.groups, "Group", {"displayName": _at("DisplayName")})


def _at(member: str) -> Callable[[Entry], str]:
    return lambda entry: str(entry.document.get(member) or "")


def _email(entry: Entry) -> str:
    listed = entry.document.get("Emails")
    first = listed[0] if isinstance(listed, list) and listed else {}
    return str(first.get("Value") or "") if isinstance(first, dict) else ""


def _found(
    world: World, call: Call, shelf: Shelf, noun: str, unique: dict[str, Callable[[Entry], str]]
) -> Answer:
    asked = call.parameters.part("AlternateIdentifier")
    if ("ExternalId" in asked) == ("UniqueAttribute" in asked):
        raise invalid("Exactly one of ExternalId and UniqueAttribute must be given.")
    if "ExternalId" in asked:
        pair = asked.part("ExternalId").text("Issuer"), asked.part("ExternalId").text("Id")
        entry = shelf.where(lambda each: pair in each.external_ids)
    else:
        entry = _by_attribute(shelf, asked.part("UniqueAttribute"), unique)
    if entry is None:
        raise missing(f"{shelf.kind} not found.", ResourceType=shelf.kind)
    return named(world, noun, entry.id)


def _by_attribute(shelf: Shelf, asked: Parameters, unique: dict[str, Callable[[Entry], str]]) -> Entry | None:
    path, value = asked.text("AttributePath"), asked.raw("AttributeValue")
    if path not in unique or not isinstance(value, str):
        raise invalid(f"The attribute path {path} is not unique; use one of {', '.join(unique)} with a text.")
    wanted, read = value.casefold(), unique[path]
    if path == shelf.name_member[:1].lower() + shelf.name_member[1:]:
        return shelf.entries.get(shelf.by_name.get(wanted, ""))
    return shelf.where(lambda each: read(each).casefold() == wanted)


def _list_identity_stores(world: World, call: Call) -> Answer:
    shown = [_store(world)] if call.region == world.region else []
    return world.pager.page(call, shown, lambda each: 1, PAGE).answer("IdentityStores", lambda each: each)


def _describe_identity_store(world: World, call: Call) -> Answer:
    return {**_store(world), "NetworkConfiguration": {"VpceAccessRequired": False}}


def _store(world: World) -> dict[str, object]:
    store = world.ids.identity_store
    arn = f"arn:aws:identitystore::{world.management_account}:identitystore/{store}"
    return {"IdentityStoreId": store, "IdentityStoreArn": arn}


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    **membership_api.OPERATIONS,
    "CreateUser": _create_user,
    "CreateGroup": _create_group,
    "DescribeUser": _describe_user,
    "DescribeGroup": _describe_group,
    "ListUsers": _list_users,
    "ListGroups": _list_groups,
    "UpdateUser": _update_user,
    "UpdateGroup": _update_group,
    "DeleteUser": _delete_user,
    "DeleteGroup": _delete_group,
    "GetUserId": _get_user_id,
    "GetGroupId": _get_group_id,
    "ListIdentityStores": _list_identity_stores,
    "DescribeIdentityStore": _describe_identity_store,
}
