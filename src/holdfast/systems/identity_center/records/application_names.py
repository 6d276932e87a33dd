"""Natural keys of applications, and names in place of the ARNs that grants and access scopes hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from holdfast.domain.records import join_key, split_key
from holdfast.kernel.canonical import Plain, canonical
from holdfast.systems.identity_center.model import Application, ApplicationSummary, Grant, PrincipalType
from holdfast.systems.identity_center.records.mapping import principal_key

CUSTOM_PROVIDER = "custom"
"""The provider of OAuth applications of customers, the only ones that CreateApplication makes."""
_INSTANCE_TARGET = "instance"
_APPLICATION_TARGET = "application:"
_ISSUERS, _ISSUER, _ISSUER_ARN = "AuthorizedTokenIssuers", "TrustedTokenIssuer", "TrustedTokenIssuerArn"

Fields = Mapping[str, Plain]
NameOf = Callable[[str], str]
"""A name by an ARN or an ARN by a name; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class NamedApplicationAssignment:
    """A principal's use of an application; `application` is the application's natural key."""

    application: str
    principal_type: PrincipalType
    principal: str


def provider_name(provider: str) -> str:
    """What stands behind `applicationProvider/` in a provider's ARN."""
    return provider.partition("applicationProvider/")[2] or provider


def can_be_created(provider: str) -> bool:
    """Whether CreateApplication makes applications of the provider: SAML and AWS managed ones it does not."""
    return provider_name(provider) == CUSTOM_PROVIDER


def application_keys(applications: Iterable[ApplicationSummary]) -> dict[str, str]:
    """Natural keys by ARN: the name, and the provider behind it where several applications have the name.

    Those with name and provider in common have one key; only one of them can be kept.
    """
    found = list(applications)
    count = Counter(application.name for application in found)
    return {
        application.arn: application.name
        if count[application.name] == 1
        else join_key(application.name, provider_name(application.provider))
        for application in found
    }


def name_in(key: str) -> str:
    """The application's own name in its natural key."""
    return split_key(key)[0]


def application_assignment_key(assignment: NamedApplicationAssignment) -> str:
    """The natural key of an application assignment: application, principal type, principal key."""
    principal = principal_key(assignment.principal_type, assignment.principal)
    return join_key(assignment.application, assignment.principal_type, principal)


def split_application_assignment(key: str) -> tuple[str, str, str]:
    """Application key, principal type and principal key; an application's key may itself have two parts."""
    *application, kind, principal = split_key(key)
    return join_key(*application), kind, principal


def named_grant(grant: Grant, issuer_name: NameOf) -> dict[str, Plain]:
    """A grant with the names of token issuers; an issuer without a name keeps its ARN. Lists are sorted."""

    def named(row: Fields) -> dict[str, Plain]:
        arn = str(row.get(_ISSUER_ARN, ""))
        name = issuer_name(arn)
        told = {_ISSUER: name} if name else {_ISSUER_ARN: arn}
        return {**told, "AuthorizedAudiences": _sorted(row.get("AuthorizedAudiences"))}

    return _with_issuers(grant, named)


def grant_by_arn(grant: Grant, issuer_arn: NameOf) -> dict[str, Plain]:
    """What `named_grant` named, as the service takes it."""

    def by_arn(row: Fields) -> dict[str, Plain]:
        arn = issuer_arn(str(row[_ISSUER])) if _ISSUER in row else row[_ISSUER_ARN]
        audiences = row.get("AuthorizedAudiences")
        return {_ISSUER_ARN: arn, **({"AuthorizedAudiences": audiences} if audiences else {})}

    return _with_issuers(grant, by_arn)


def issuers_in(grant: Grant) -> tuple[list[str], list[str]]:
    """The token issuers of a named grant: names, and ARNs of those that had none."""
    rows = [row for value in grant.values() for row in _rows(cast("Fields", value).get(_ISSUERS))]
    names = [str(row[_ISSUER]) for row in rows if _ISSUER in row]
    return names, [str(row[_ISSUER_ARN]) for row in rows if _ISSUER not in row]


def named_target(arn: str, instance_arn: str, application_key: NameOf) -> str:
    """A target of an access scope as `instance`, as `application:KEY`, or as the ARN it is."""
    if arn == instance_arn:
        return _INSTANCE_TARGET
    key = application_key(arn)
    return _APPLICATION_TARGET + key if key else arn


def target_by_arn(target: str, instance_arn: str, application_arn: NameOf) -> str:
    """What `named_target` named, as the service takes it."""
    if target == _INSTANCE_TARGET:
        return instance_arn
    key = application_in(target)
    return application_arn(key) if key else target


def application_in(target: str) -> str:
    """The key of the application that a named target is; empty for any other."""
    return target.removeprefix(_APPLICATION_TARGET) if target.startswith(_APPLICATION_TARGET) else ""


def named_application(
    application: Application, issuer_name: NameOf, application_key: NameOf, instance_arn: str
) -> Application:
    """The application as a record holds it."""
    return replace(
        application,
        grants=tuple((kind, named_grant(grant, issuer_name)) for kind, grant in application.grants),
        access_scopes=tuple(
            (scope, tuple(sorted(named_target(arn, instance_arn, application_key) for arn in targets)))
            for scope, targets in application.access_scopes
        ),
    )


def _with_issuers(grant: Grant, each: Callable[[Fields], dict[str, Plain]]) -> dict[str, Plain]:
    changed: dict[str, Plain] = {}
    for kind, value in grant.items():
        fields = dict(cast("Fields", value or {}))
        if _ISSUERS in fields:
            rows: list[Plain] = [each(row) for row in _rows(fields[_ISSUERS])]
            fields[_ISSUERS] = sorted(rows, key=canonical)
        if "RedirectUris" in fields:
            fields["RedirectUris"] = _sorted(fields["RedirectUris"])
        changed[kind] = fields
    return changed


def _sorted(values: Plain) -> Plain:
    return sorted(cast("Sequence[str]", values or ()))


def _rows(value: Plain) -> Sequence[Fields]:
    return cast("Sequence[Fields]", value or ())
