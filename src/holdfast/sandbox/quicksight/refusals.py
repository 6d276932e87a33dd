"""QuickSight's refusals, and what every handler asks first."""

from __future__ import annotations

from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, QuickSight
from holdfast.sandbox.quicksight.identities import Identities
from holdfast.sandbox.quicksight.kinds import Kind
from holdfast.sandbox.wire import ApiRefusal, Call, Parameters

MOST_PERMISSIONS = 64


def bad_value(message: str) -> ApiRefusal:
    """The InvalidParameterValueException for a value that the service cannot take."""
    return ApiRefusal("InvalidParameterValueException", message)


def gone(what: str) -> ApiRefusal:
    """The ResourceNotFoundException for something that is not there."""
    return ApiRefusal("ResourceNotFoundException", f"{what} is not found.")


def taken(what: str) -> ApiRefusal:
    """The ResourceExistsException for something that is there already."""
    return ApiRefusal("ResourceExistsException", f"{what} already exists.")


def busy(what: str) -> ApiRefusal:
    """The ConflictException for something that is being made or changed."""
    return ApiRefusal("ConflictException", f"{what} is being created or updated. Please try again later.")


def unmet(message: str) -> ApiRefusal:
    """The PreconditionNotMetException."""
    return ApiRefusal("PreconditionNotMetException", message)


def identities_of(quicksight: QuickSight, call: Call) -> Identities:
    """The identities of the account that is asked. Raises: ApiRefusal outside of its identity region."""
    held = quicksight.identities(call.caller.account)
    if call.region != held.region:
        raise ApiRefusal(
            "AccessDeniedException",
            f"Operation is being called from endpoint {call.region}, but your identity region is {held.region}. "
            f"Please use the {held.region} endpoint.",
        )
    return held


def estate_of(quicksight: QuickSight, call: Call) -> Estate:
    """The assets of the account and region that are asked."""
    return quicksight.estate(call.caller.account, call.region)


def asset_of(quicksight: QuickSight, call: Call, kind: Kind) -> HeldAsset:
    """The asset that the call names. Raises: ApiRefusal (ResourceNotFoundException)."""
    key = call.parameters.text(kind.id_name)
    if kind.type == "refresh_schedule":
        key = f"{call.parameters.text('DataSetId')}/{key}"
    return require_asset(estate_of(quicksight, call), kind, key)


def require_asset(estate: Estate, kind: Kind, key: str) -> HeldAsset:
    """The asset of that key. Raises: ApiRefusal (ResourceNotFoundException)."""
    found = estate.find(kind.type, key)
    if found is None:
        raise gone(f"{kind.shape} {key}")
    return found


def permissions_of(
    identities: Identities, kind: Kind, given: tuple[Parameters, ...]
) -> dict[str, tuple[str, ...]]:
    """Actions by principal's ARN. Raises: ApiRefusal for a principal that cannot be, or a foreign action.

    What everybody of a namespace sees is built of data; the data itself is shared with users and groups only.
    """
    asked = {each.text("Principal"): each.texts("Actions") for each in given}
    for principal, actions in asked.items():
        if not identities.knows(principal):
            raise bad_value(f"Principal ARN {principal} is not part of the account {identities.account}.")
        if kind.type in ("data_source", "data_set") and principal.startswith(identities.arn("namespace/")):
            raise bad_value(f"A namespace cannot be a principal of a {kind.shape}.")
        foreign = [each for each in actions if not each.startswith("quicksight:")]
        if foreign:
            raise bad_value(f"Invalid action {foreign[0]} for principal {principal}.")
    return asked


def tags_of(call: Call) -> dict[str, str]:
    """The tags of a request. Raises: ApiRefusal for one key twice."""
    pairs = [(each.text("Key"), each.text("Value")) for each in call.parameters.parts("Tags")]
    if len({key for key, _ in pairs}) < len(pairs):
        raise bad_value("Duplicate tag keys found.")
    return dict(pairs)
