"""AWS SSO Admin: account assignments, provisioning, and the asynchronous requests behind both."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.access import Assignment, PermissionSet, Principal, Provision
from holdfast.sandbox.asynchronous import CREATION, DELETION, PROVISIONING, AsyncRequest
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, invalid, missing
from holdfast.sandbox.world import World

PAGE = 100
# "Number of provisioned permission sets allowed per AWS account", IAM Identity Center quotas.
MOST_PROVISIONED = 500
_STATUS_OF = {
    CREATION: "AccountAssignmentCreationStatus",
    DELETION: "AccountAssignmentDeletionStatus",
    PROVISIONING: "PermissionSetProvisioningStatus",
}
_LISTED_AS = {
    CREATION: "AccountAssignmentsCreationStatus",
    DELETION: "AccountAssignmentsDeletionStatus",
    PROVISIONING: "PermissionSetsProvisioningStatus",
}


# ---------------------------------------------------------------- changes


def _create_account_assignment(world: World, call: Call) -> Answer:
    granted, principal, account = _asked(world, call)
    if world.name_of(principal) is None:
        raise missing(f"{principal.kind} {principal.id} not found.")
    provisioned = world.access.provisions_in(account)
    if (
        granted.arn not in {each.permission_set for each in provisioned}
        and len(provisioned) >= MOST_PROVISIONED
    ):
        raise ApiRefusal(
            "ServiceQuotaExceededException", f"An account holds at most {MOST_PROVISIONED} permission sets."
        )
    return _begin(world, call, CREATION, granted, (account,), principal)


def _delete_account_assignment(world: World, call: Call) -> Answer:
    granted, principal, account = _asked(world, call)
    if world.access.find(account, granted.arn, principal) is None:
        raise missing(f"There is no assignment of {principal.kind} {principal.id} in account {account}.")
    return _begin(world, call, DELETION, granted, (account,), principal)


def _provision_permission_set(world: World, call: Call) -> Answer:
    granted, target = (
        world.access.get_set(call.parameters.text("PermissionSetArn")),
        call.parameters.find("TargetId"),
    )
    everywhere = call.parameters.text("TargetType") == "ALL_PROVISIONED_ACCOUNTS"
    if everywhere == (target is not None):
        raise invalid("TargetId must be given for AWS_ACCOUNT, and only then.")
    accounts = tuple(each.account for each in world.access.provisions_of(granted.arn))
    if target is not None:
        _require_account(world, target)
        if target not in accounts:
            raise missing(f"PermissionSet {granted.name} is not provisioned to account {target}.")
        accounts = (target,)
    return _begin(world, call, PROVISIONING, granted, accounts, None)


def _asked(world: World, call: Call) -> tuple[PermissionSet, Principal, str]:
    asked = call.parameters
    account = _require_account(world, asked.text("TargetId"))
    granted = world.access.get_set(asked.text("PermissionSetArn"))
    return granted, Principal(asked.text("PrincipalType"), asked.text("PrincipalId")), account


def _require_account(world: World, account: str) -> str:
    if account not in world.organization.accounts:
        raise missing(f"Account {account} not found.")
    return account


def _begin(
    world: World,
    call: Call,
    kind: str,
    granted: PermissionSet,
    accounts: tuple[str, ...],
    principal: Principal | None,
) -> Answer:
    delay = world.async_delay if call.conduct.async_delay is None else call.conduct.async_delay
    request = AsyncRequest(
        seq=world.requests.place(),
        id=world.ids.request(),
        kind=kind,
        permission_set=granted.arn,
        accounts=accounts,
        target=call.parameters.find("TargetId"),
        principal=principal,
        created=call.now,
        due=call.now + delay,
        forced_failure=call.conduct.async_failure,
    )
    return {_STATUS_OF[kind]: _status(world.requests.submit(request))}


# ---------------------------------------------------------------- what became of it


def _describe(kind: str, member: str) -> Callable[[World, Call], Answer]:
    def describe(world: World, call: Call) -> Answer:
        found = world.requests.all.get(call.parameters.text(member))
        if found is None or found.kind != kind:
            raise missing(f"Request {call.parameters.text(member)} not found.")
        return {_STATUS_OF[kind]: _status(found)}

    return describe


def _list_status(kind: str) -> Callable[[World, Call], Answer]:
    def listing(world: World, call: Call) -> Answer:
        wanted = call.parameters.part("Filter").find("Status")
        chosen = [
            each
            for each in world.requests.all.values()
            if each.kind == kind and wanted in (None, each.status)
        ]
        page = world.pager.page(call, chosen, lambda each: each.seq, PAGE)
        return page.answer(_LISTED_AS[kind], _brief)

    return listing


def _brief(request: AsyncRequest) -> dict[str, object]:
    return {"Status": request.status, "RequestId": request.id, "CreatedDate": request.created}


def _status(request: AsyncRequest) -> dict[str, object]:
    shown = {**_brief(request), "PermissionSetArn": request.permission_set}
    if request.failure:
        shown["FailureReason"] = request.failure
    if request.principal is None:
        return {**shown, "AccountId": request.target} if request.target else shown
    return {
        **shown,
        "TargetId": request.accounts[0],
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": request.principal.kind,
        "PrincipalId": request.principal.id,
    }


# ---------------------------------------------------------------- who has what where


def _list_account_assignments(world: World, call: Call) -> Answer:
    account = _require_account(world, call.parameters.text("AccountId"))
    granted = world.access.get_set(call.parameters.text("PermissionSetArn"))
    return _assignments(world, call, world.access.of_pair(account, granted.arn))


def _list_account_assignments_for_principal(world: World, call: Call) -> Answer:
    """Direct assignments; a user also has those of the groups it is in, with the group as principal."""
    asked = Principal(call.parameters.text("PrincipalType"), call.parameters.text("PrincipalId"))
    if world.name_of(asked) is None:
        raise missing(f"{asked.kind} {asked.id} not found.")
    groups = world.directory.groups_of(asked.id) if asked.kind == "USER" else {}
    principals = (asked, *(Principal("GROUP", each) for each in groups))
    held = [each for principal in principals for each in world.access.of_principal(principal)]
    account = call.parameters.part("Filter").find("AccountId")
    chosen = sorted((each for each in held if account in (None, each.account)), key=lambda each: each.seq)
    return _assignments(world, call, chosen)


def _assignments(world: World, call: Call, held: list[Assignment]) -> Answer:
    return world.pager.page(call, held, lambda each: each.seq, PAGE).answer("AccountAssignments", _assignment)


def _assignment(shown: Assignment) -> dict[str, str]:
    return {
        "AccountId": shown.account,
        "PermissionSetArn": shown.permission_set,
        "PrincipalType": shown.principal.kind,
        "PrincipalId": shown.principal.id,
    }


def _list_accounts_for_set(world: World, call: Call) -> Answer:
    granted = world.access.get_set(call.parameters.text("PermissionSetArn"))
    chosen = _at_status(world, call, world.access.provisions_of(granted.arn))
    page = world.pager.page(call, chosen, lambda each: each.seq, PAGE)
    return page.answer("AccountIds", lambda each: each.account)


def _list_sets_in_account(world: World, call: Call) -> Answer:
    account = _require_account(world, call.parameters.text("AccountId"))
    chosen = _at_status(world, call, world.access.provisions_in(account))
    page = world.pager.page(call, chosen, lambda each: each.seq, PAGE)
    return page.answer("PermissionSets", lambda each: each.permission_set)


def _at_status(world: World, call: Call, provisions: list[Provision]) -> list[Provision]:
    wanted = call.parameters.find("ProvisioningStatus")
    if wanted is None:
        return provisions
    latest = wanted == "LATEST_PERMISSION_SET_PROVISIONED"
    return [each for each in provisions if world.access.is_latest(each) == latest]


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "CreateAccountAssignment": _create_account_assignment,
    "DeleteAccountAssignment": _delete_account_assignment,
    "ProvisionPermissionSet": _provision_permission_set,
    "DescribeAccountAssignmentCreationStatus": _describe(CREATION, "AccountAssignmentCreationRequestId"),
    "DescribeAccountAssignmentDeletionStatus": _describe(DELETION, "AccountAssignmentDeletionRequestId"),
    "DescribePermissionSetProvisioningStatus": _describe(PROVISIONING, "ProvisionPermissionSetRequestId"),
    "ListAccountAssignmentCreationStatus": _list_status(CREATION),
    "ListAccountAssignmentDeletionStatus": _list_status(DELETION),
    "ListPermissionSetProvisioningStatus": _list_status(PROVISIONING),
    "ListAccountAssignments": _list_account_assignments,
    "ListAccountAssignmentsForPrincipal": _list_account_assignments_for_principal,
    "ListAccountsForProvisionedPermissionSet": _list_accounts_for_set,
    "ListPermissionSetsProvisionedToAccount": _list_sets_in_account,
}
