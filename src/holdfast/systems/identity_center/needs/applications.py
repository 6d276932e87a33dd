"""The actions for applications, trusted token issuers and what holds for the whole instance."""

from __future__ import annotations

from holdfast.kernel.needs import ANY, Action
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    ACCESS_SCOPE,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    APPLICATION_TAG,
    ASSIGNMENT_CONFIGURATION,
    AUTHENTICATION_METHOD,
    GRANT,
    INSTANCE,
    ISSUER_TAG,
    SESSION_CONFIGURATION,
    TRUSTED_TOKEN_ISSUER,
)
from holdfast.systems.identity_center.needs.action import APPLICATIONS, ISSUERS, PROVIDERS
from holdfast.systems.identity_center.needs.action import INSTANCE as THE_INSTANCE

_OF_INSTANCE, _OF_APPLICATION = ("InstanceArn",), ("ApplicationArn",)
_ON_APPLICATIONS = (
    APPLICATION,
    ASSIGNMENT_CONFIGURATION,
    SESSION_CONFIGURATION,
    GRANT,
    ACCESS_SCOPE,
    AUTHENTICATION_METHOD,
    APPLICATION_TAG,
    APPLICATION_ASSIGNMENT,
)


def _read(operation: str, what: str, *changes: str) -> Action:
    return Action(
        f"sso:{operation}",
        f"read {what}",
        (APPLICATIONS,),
        backup=True,
        changes=changes,
        tried_with=_OF_APPLICATION,
    )


def _change(operation: str, purpose: str, *changes: str) -> Action:
    return Action(f"sso:{operation}", purpose, (APPLICATIONS,), changes=changes)


def _instance(operation: str, purpose: str, change: str) -> Action:
    return Action(f"sso:{operation}", purpose, (THE_INSTANCE,), changes=(change,))


def _put(facet: str) -> tuple[str, str]:
    return f"create {facet}", f"update {facet}"


APPLICATION_READS = (
    Action(
        "sso:DescribeInstance",
        "read the instance's name",
        (THE_INSTANCE,),
        backup=True,
        changes=(INSTANCE,),
        tried_with=_OF_INSTANCE,
    ),
    Action(
        "sso:DescribeInstanceAccessControlAttributeConfiguration",
        "read the attributes for access control",
        (THE_INSTANCE,),
        backup=True,
        changes=(ACCESS_CONTROL_ATTRIBUTES,),
        tried_with=_OF_INSTANCE,
    ),
    Action(
        "sso:ListTrustedTokenIssuers",
        "list trusted token issuers",
        (THE_INSTANCE,),
        backup=True,
        changes=(TRUSTED_TOKEN_ISSUER, ISSUER_TAG, GRANT),
        tried_with=("InstanceArn", "MaxResults"),
    ),
    Action(
        "sso:DescribeTrustedTokenIssuer",
        "read trusted token issuers",
        (ISSUERS,),
        backup=True,
        changes=(TRUSTED_TOKEN_ISSUER,),
        tried_with=("TrustedTokenIssuerArn",),
    ),
    Action(
        "sso:ListApplications",
        "list applications",
        (ANY,),
        backup=True,
        changes=_ON_APPLICATIONS,
        tried_with=("InstanceArn", "MaxResults"),
    ),
    _read("DescribeApplication", "an application, also to see whether it is gone", APPLICATION),
    _read(
        "GetApplicationAssignmentConfiguration",
        "whether an application wants assignments",
        ASSIGNMENT_CONFIGURATION,
    ),
    _read("GetApplicationSessionConfiguration", "applications' session settings", SESSION_CONFIGURATION),
    _read("ListApplicationGrants", "applications' grants", GRANT),
    _read("ListApplicationAccessScopes", "applications' access scopes", ACCESS_SCOPE),
    _read("ListApplicationAuthenticationMethods", "how applications sign in", AUTHENTICATION_METHOD),
    _read("ListApplicationAssignments", "who is assigned to applications", APPLICATION_ASSIGNMENT),
)

APPLICATION_CHANGES = (
    _instance("UpdateInstance", "name the instance", INSTANCE),
    _instance(
        "CreateInstanceAccessControlAttributeConfiguration",
        "enable attributes for access control",
        f"create {ACCESS_CONTROL_ATTRIBUTES}",
    ),
    _instance(
        "UpdateInstanceAccessControlAttributeConfiguration",
        "change attributes for access control",
        f"update {ACCESS_CONTROL_ATTRIBUTES}",
    ),
    _instance(
        "DeleteInstanceAccessControlAttributeConfiguration",
        "disable attributes for access control",
        f"delete {ACCESS_CONTROL_ATTRIBUTES}",
    ),
    Action(
        "sso:CreateTrustedTokenIssuer",
        "create trusted token issuers",
        (THE_INSTANCE, ISSUERS),
        changes=(f"create {TRUSTED_TOKEN_ISSUER}",),
    ),
    Action(
        "sso:UpdateTrustedTokenIssuer",
        "change trusted token issuers",
        (ISSUERS,),
        changes=(f"update {TRUSTED_TOKEN_ISSUER}",),
    ),
    Action(
        "sso:DeleteTrustedTokenIssuer",
        "delete trusted token issuers",
        (ISSUERS,),
        changes=(f"delete {TRUSTED_TOKEN_ISSUER}",),
    ),
    Action(
        "sso:CreateApplication",
        "create applications",
        (THE_INSTANCE, PROVIDERS, APPLICATIONS),
        changes=(f"create {APPLICATION}",),
    ),
    _change("UpdateApplication", "change applications", f"update {APPLICATION}"),
    _change("DeleteApplication", "delete applications", f"delete {APPLICATION}"),
    _change(
        "PutApplicationAssignmentConfiguration",
        "set whether an application wants assignments",
        *_put(ASSIGNMENT_CONFIGURATION),
    ),
    _change(
        "PutApplicationSessionConfiguration",
        "set applications' session settings",
        *_put(SESSION_CONFIGURATION),
    ),
    _change("PutApplicationGrant", "set applications' grants", *_put(GRANT)),
    _change("DeleteApplicationGrant", "remove applications' grants", f"delete {GRANT}"),
    _change("PutApplicationAccessScope", "set applications' access scopes", *_put(ACCESS_SCOPE)),
    _change("DeleteApplicationAccessScope", "remove applications' access scopes", f"delete {ACCESS_SCOPE}"),
    _change(
        "PutApplicationAuthenticationMethod", "set how applications sign in", *_put(AUTHENTICATION_METHOD)
    ),
    _change(
        "DeleteApplicationAuthenticationMethod",
        "remove ways in which applications sign in",
        f"delete {AUTHENTICATION_METHOD}",
    ),
    _change("CreateApplicationAssignment", "assign to applications", f"create {APPLICATION_ASSIGNMENT}"),
    _change(
        "DeleteApplicationAssignment",
        "remove assignments to applications",
        f"delete {APPLICATION_ASSIGNMENT}",
    ),
)
