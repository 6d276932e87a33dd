"""QuickSight: namespaces and users."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.quicksight.identities import DEFAULT, Identities, Namespace, User
from holdfast.sandbox.quicksight.refusals import bad_value, gone, identities_of, tags_of, taken, unmet
from holdfast.sandbox.quicksight.shapes import may_refuse
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Document, Json

PAGE = 100


def require_namespace(held: Identities, call: Call) -> str:
    """The namespace that the call names. Raises: ApiRefusal (ResourceNotFoundException)."""
    name = call.parameters.text("Namespace")
    if name not in held.namespaces:
        raise gone(f"Namespace {name}")
    return name


def require_user(held: Identities, call: Call, parameter: str = "UserName") -> User:
    """The user that the call names. Raises: ApiRefusal (ResourceNotFoundException)."""
    namespace, name = require_namespace(held, call), call.parameters.text(parameter)
    if (namespace, name) not in held.users:
        raise gone(f"User {name} in namespace {namespace}")
    return held.users[namespace, name]


def _create_namespace(quicksight: QuickSight, call: Call) -> Answer:
    held, name = quicksight.identities(call.caller.account), call.parameters.text("Namespace")
    if call.region != held.region:
        raise unmet(f"Namespaces are created in the identity region {held.region}.")
    if not name:
        raise bad_value("A namespace needs a name.")
    if name in held.namespaces:
        raise taken(f"Namespace {name}")
    delay = call.conduct.async_delay if call.conduct.async_delay is not None else quicksight.async_delay
    made = Namespace(held.place(), name, call.region, call.now + delay, call.conduct.async_failure or "")
    made.tags = tags_of(call)
    held.namespaces[name] = made
    quicksight.journal.record("CreateNamespace", name)
    shown = _shown_namespace(held, made, call.now)
    return {**shown, "CreationStatus": "CREATING", "Status": 202}


def _delete_namespace(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    name = require_namespace(held, call)
    if name == DEFAULT:
        raise bad_value("The default namespace cannot be deleted.")
    held.namespaces[name].gone = call.now + quicksight.async_delay
    quicksight.journal.record("DeleteNamespace", name)
    return {"Status": 202}


def _describe_namespace(quicksight: QuickSight, call: Call) -> Answer:
    held = quicksight.identities(call.caller.account)
    name = require_namespace(held, call)
    return {"Namespace": _shown_namespace(held, held.namespaces[name], call.now)}


def _list_namespaces(quicksight: QuickSight, call: Call) -> Answer:
    # Unlike users and groups, namespaces are listed in every region: it is how the identity region is found out.
    held = quicksight.identities(call.caller.account)
    page = quicksight.pager.page(call, held.namespaces.values(), lambda each: each.seq, PAGE)
    return page.answer("Namespaces", lambda each: _shown_namespace(held, each, call.now))


def _shown_namespace(held: Identities, shown: Namespace, now: float) -> dict[str, Json]:
    document: Document = {
        "Name": shown.name,
        "Arn": held.arn(f"namespace/{shown.name}"),
        "CapacityRegion": shown.region,
        "CreationStatus": shown.status(now),
        "IdentityStore": "QUICKSIGHT",
    }
    if now >= shown.ready and shown.failure:
        document["NamespaceError"] = {"Type": "INTERNAL_SERVICE_ERROR", "Message": shown.failure}
    return document


def _register(quicksight: QuickSight, call: Call) -> Answer:
    held, asked = identities_of(quicksight, call), call.parameters
    namespace, name, kind = require_namespace(held, call), _name_of(call), asked.text("IdentityType")
    if held.namespaces[namespace].status(call.now) != "CREATED":
        raise unmet(f"Namespace {namespace} is not ready.")
    if (namespace, name) in held.users:
        raise taken(f"User {name} in namespace {namespace}")
    document: Document = {
        "Email": asked.text("Email"),
        "Role": asked.text("UserRole"),
        "IdentityType": kind,
        # A QuickSight user chooses a password by the invitation first.
        "Active": kind != "QUICKSIGHT",
        **_federation(call),
    }
    _apply_custom_permissions(held, call, document)
    made = held.add_user(namespace, name, document)
    made.tags = tags_of(call)
    quicksight.journal.record("RegisterUser", namespace, name)
    answer: Document = {"User": _shown_user(held, made), "Status": 201}
    if kind == "QUICKSIGHT":
        token = made.principal_id.rpartition("/")[2]
        answer["UserInvitationUrl"] = f"https://signin.aws.amazon.com/inviteuser?token={token}"
    return answer


def _name_of(call: Call) -> str:
    """The new user's name: given for QuickSight's own, made of the ARN and session for those of IAM."""
    asked, kind = call.parameters, call.parameters.text("IdentityType")
    if kind != "IAM":
        if "UserName" not in asked:
            raise bad_value(f"UserName is required for identity type {kind}.")
        return asked.text("UserName")
    arn, session = asked.find("IamArn") or "", asked.find("SessionName")
    resource = arn.rpartition(":")[2]
    if not arn.startswith("arn:aws") or resource.partition("/")[0] not in (
        "user",
        "role",
        "root",
        "assumed-role",
    ):
        raise bad_value("IamArn of an IAM user or role is required for identity type IAM.")
    if not resource.startswith("role/"):
        return resource.rpartition("/")[2]
    if session is None:
        raise bad_value("SessionName is required for a role.")
    return f"{resource.rpartition('/')[2]}/{session}"


def _federation(call: Call) -> Document:
    asked = call.parameters
    kind, url = asked.find("ExternalLoginFederationProviderType"), asked.find("CustomFederationProviderUrl")
    if kind is None or kind == "NONE":
        return {}
    if kind not in ("COGNITO", "CUSTOM_OIDC"):
        raise bad_value(f"Invalid external login federation provider type {kind}.")
    if kind == "CUSTOM_OIDC" and not url:
        raise bad_value("CustomFederationProviderUrl is required for CUSTOM_OIDC.")
    document: Document = {
        "ExternalLoginFederationProviderType": kind,
        "ExternalLoginFederationProviderUrl": url or "cognito-identity.amazonaws.com",
    }
    if "ExternalLoginId" in asked:
        document["ExternalLoginId"] = asked.text("ExternalLoginId")
    return document


def _apply_custom_permissions(held: Identities, call: Call, document: Document) -> None:
    name = call.parameters.find("CustomPermissionsName")
    if name is None:
        return
    if name not in held.custom_permissions:
        raise gone(f"Custom permissions {name}")
    document["CustomPermissionsName"] = name


def _update_user(quicksight: QuickSight, call: Call) -> Answer:
    held, asked = identities_of(quicksight, call), call.parameters
    user = require_user(held, call)
    changed = {**user.document, "Email": asked.text("Email"), "Role": asked.text("Role"), **_federation(call)}
    if asked.raw("UnapplyCustomPermissions"):
        if "CustomPermissionsName" in asked:
            raise bad_value("CustomPermissionsName and UnapplyCustomPermissions exclude each other.")
        changed.pop("CustomPermissionsName", None)
    if asked.find("ExternalLoginFederationProviderType") == "NONE":
        changed = {name: each for name, each in changed.items() if not name.startswith("ExternalLogin")}
    _apply_custom_permissions(held, call, changed)
    user.document = changed
    quicksight.journal.record("UpdateUser", user.namespace, user.name)
    return {"User": _shown_user(held, user)}


def _delete_user(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    user = require_user(held, call)
    del held.users[user.namespace, user.name]
    for (namespace, _), group in held.groups.items():
        if namespace == user.namespace:
            group.members.pop(user.name, None)
    # Whatever the user owned is kept; its permissions still name who is gone.
    quicksight.journal.record("DeleteUser", user.namespace, user.name)
    return {}


def _describe_user(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    return {"User": _shown_user(held, require_user(held, call))}


def _list_users(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    namespace = require_namespace(held, call)
    listed = [each for each in held.users.values() if each.namespace == namespace]
    page = quicksight.pager.page(call, listed, lambda each: each.seq, PAGE)
    return page.answer("UserList", lambda each: _shown_user(held, each))


def _shown_user(held: Identities, shown: User) -> Document:
    arn = held.arn(f"user/{shown.namespace}/{shown.name}")
    return {"Arn": arn, "UserName": shown.name, "PrincipalId": shown.principal_id, **shown.document}


def _give_custom_permissions(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    user = require_user(held, call)
    _apply_custom_permissions(held, call, user.document)
    quicksight.journal.record("UpdateUserCustomPermission", user.namespace, user.name)
    return {}


def _take_custom_permissions(quicksight: QuickSight, call: Call) -> Answer:
    user = require_user(identities_of(quicksight, call), call)
    if user.document.pop("CustomPermissionsName", None) is None:
        raise gone(f"A custom permission of user {user.name}")
    quicksight.journal.record("DeleteUserCustomPermission", user.namespace, user.name)
    return {}


def _describe_settings(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    settings: Document = {
        "AccountName": f"sandbox-{held.account}",
        "Edition": held.edition,
        "DefaultNamespace": DEFAULT,
        "NotificationEmail": "analytics@example.com",
        "PublicSharingEnabled": False,
        "TerminationProtectionEnabled": True,
    }
    return {"AccountSettings": settings}


def _describe_subscription(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    information: Document = {
        "AccountName": f"sandbox-{held.account}",
        "Edition": held.edition,
        "NotificationEmail": "analytics@example.com",
        "AuthenticationType": "IDENTITY_POOL",
        "AccountSubscriptionStatus": "ACCOUNT_CREATED",
    }
    return {"AccountInfo": information}


def require_account(quicksight: QuickSight, call: Call) -> None:
    """Nothing when the call names the caller's account, and that has QuickSight. Raises: ApiRefusal."""
    account = call.caller.account
    if call.parameters.find("AwsAccountId") not in (None, account, "aws"):
        raise ApiRefusal(
            "AccessDeniedException", f"The caller is not of account {call.parameters.text('AwsAccountId')}."
        )
    edition = quicksight.identities(account).edition
    if edition == "STANDARD" and may_refuse(call.operation, "UnsupportedUserEditionException"):
        raise ApiRefusal(
            "UnsupportedUserEditionException", f"{call.operation} needs the Enterprise edition, not Standard."
        )
    if not edition:
        raise ApiRefusal(
            "ResourceNotFoundException", f"Directory information for account {account} is not found."
        )


OPERATIONS: dict[str, Callable[[QuickSight, Call], Answer]] = {
    "CreateNamespace": _create_namespace,
    "DeleteNamespace": _delete_namespace,
    "DescribeNamespace": _describe_namespace,
    "ListNamespaces": _list_namespaces,
    "RegisterUser": _register,
    "UpdateUser": _update_user,
    "DeleteUser": _delete_user,
    "DescribeUser": _describe_user,
    "ListUsers": _list_users,
    "UpdateUserCustomPermission": _give_custom_permissions,
    "DeleteUserCustomPermission": _take_custom_permissions,
    "DescribeAccountSettings": _describe_settings,
    "DescribeAccountSubscription": _describe_subscription,
}
