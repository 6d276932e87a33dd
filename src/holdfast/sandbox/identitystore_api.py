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

Operation = Callable[[World, Call], Answer]

PAGE = 100
# "Administrator and AWSAdministrators are reserved names and can't be used for users or groups."
_RESERVED = frozenset({"administrator", "awsadministrators"})
# The one extension the API knows; it is returned only when it is asked for.
_ENTERPRISE = "aws:identitystore:enterprise"
_READ_ONLY = frozenset(
    {"UserId", "GroupId", "IdentityStoreId", "ExternalIds", "UserStatus", "CreatedAt", "UpdatedAt"}
)


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


def _create(world: World, call: Call, shelf: Shelf) -> Answer:
    document = {
        name: deepcopy(value) for name, value in call.parameters.values.items() if name != "IdentityStoreId"
    }
    _complete(shelf, document)
    if shelf.kind == "USER":
        # A user made by the API can sign in as soon as a password is set.
        document["UserStatus"] = "ENABLED"
    entry = world.directory.add(shelf, document, call.now)
    world.journal.record(f"Create{shelf.noun}", shelf.name_of(entry.id))
    return identity(world, entry, shelf.noun)


def _complete(shelf: Shelf, document: Document) -> None:
    """Nothing when the document has all that a user or group must have."""
    if shelf.kind == "USER":
        _complete_user(document)
    elif not document.get("DisplayName"):
        raise invalid("displayname: The attribute displayname is required")
    if str(document[shelf.name_member]).casefold() in _RESERVED:
        raise invalid(
            f"{document[shelf.name_member]} is a reserved name and can't be used for users or groups."
        )


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
    for extension in document.get("Extensions") or {}:  # type: ignore[union-attr]
        if extension != _ENTERPRISE:
            raise invalid(f"{_ENTERPRISE} is the only supported extension name.")


def _describe(world: World, call: Call, shelf: Shelf) -> Answer:
    entry = shelf.get(call.parameters.text(f"{shelf.noun}Id"))
    return shown_entry(world, entry, shelf.noun, call.parameters.texts("Extensions"))


def _list(world: World, call: Call, shelf: Shelf) -> Answer:
    filters = call.parameters.parts("Filters")
    entries = list(_filtered(shelf, filters[0]) if filters else shelf.entries.values())
    page = world.pager.page(call, entries, lambda each: each.seq, PAGE)
    extensions = call.parameters.texts("Extensions")
    return page.answer(f"{shelf.noun}s", lambda each: encoded_entry(world, each, shelf.noun, extensions))


def _filtered(shelf: Shelf, wanted: Parameters) -> list[Entry]:
    if wanted.text("AttributePath") != shelf.name_member:
        raise invalid(
            f"The attribute path {wanted.text('AttributePath')} is not supported; use {shelf.name_member}."
        )
    found = shelf.by_name.get(wanted.text("AttributeValue").casefold())
    return [shelf.entries[found]] if found else []


def _update(world: World, call: Call, shelf: Shelf) -> Answer:
    entry = shelf.get(call.parameters.text(f"{shelf.noun}Id"))
    document = _updated(entry, call, f"Create{shelf.noun}Request", world.ids.identity_store)
    _complete(shelf, document)
    shelf.replace(entry, document, call.now)
    world.journal.record(f"Update{shelf.noun}", shelf.name_of(entry.id))
    return identity(world, entry, shelf.noun)


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


def _delete(world: World, call: Call, shelf: Shelf) -> Answer:
    entry = shelf.get(call.parameters.text(f"{shelf.noun}Id"))
    _expect_revision(entry, call)
    world.access.revoke_all(Principal(shelf.kind, entry.id))
    world.applications.revoke_all(Principal(shelf.kind, entry.id))
    world.journal.record(f"Delete{shelf.noun}", shelf.name_of(entry.id))
    world.directory.remove(shelf, entry)
    return {}


# ---------------------------------------------------------------- look-ups by something unique


def _get_id(world: World, call: Call, shelf: Shelf) -> Answer:
    unique = {"displayName": _at("DisplayName")}
    if shelf.kind == "USER":
        unique = {"userName": _at("UserName"), "emails.value": _email}
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
    return named(world, shelf.noun, entry.id)


def _at(member: str) -> Callable[[Entry], str]:
    return lambda entry: str(entry.document.get(member) or "")


def _email(entry: Entry) -> str:
    listed = entry.document.get("Emails")
    first = listed[0] if isinstance(listed, list) and listed else {}
    return str(first.get("Value") or "") if isinstance(first, dict) else ""


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


def _of_users(operation: Callable[[World, Call, Shelf], Answer]) -> Operation:
    return lambda world, call: operation(world, call, world.directory.users)


def _of_groups(operation: Callable[[World, Call, Shelf], Answer]) -> Operation:
    return lambda world, call: operation(world, call, world.directory.groups)


OPERATIONS: dict[str, Operation] = {
    **membership_api.OPERATIONS,
    "CreateUser": _of_users(_create),
    "CreateGroup": _of_groups(_create),
    "DescribeUser": _of_users(_describe),
    "DescribeGroup": _of_groups(_describe),
    "ListUsers": _of_users(_list),
    "ListGroups": _of_groups(_list),
    "UpdateUser": _of_users(_update),
    "UpdateGroup": _of_groups(_update),
    "DeleteUser": _of_users(_delete),
    "DeleteGroup": _of_groups(_delete),
    "GetUserId": _of_users(_get_id),
    "GetGroupId": _of_groups(_get_id),
    "ListIdentityStores": _list_identity_stores,
    "DescribeIdentityStore": _describe_identity_store,
}
