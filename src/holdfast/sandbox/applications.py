"""Applications of the instance: settings, scopes, grants, authentication methods, and who is assigned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.sandbox.access import Principal
from holdfast.sandbox.identifiers import Identifiers
from holdfast.sandbox.wire import Document, conflict, missing

OWN_PROVIDER = "arn:aws:sso::aws:applicationProvider/custom"
SAML_PROVIDER = "arn:aws:sso::aws:applicationProvider/custom-saml"
QUICKSIGHT_PROVIDER = "arn:aws:sso::aws:applicationProvider/quicksight"
AUTHORIZATION_CODE = "authorization_code"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# The member of the union `Grant` that each grant type fills.
GRANT_MEMBERS = {
    AUTHORIZATION_CODE: "AuthorizationCode",
    JWT_BEARER: "JwtBearer",
    "refresh_token": "RefreshToken",
    "urn:ietf:params:oauth:grant-type:token-exchange": "TokenExchange",
}


@dataclass(frozen=True, slots=True)
class Provider:
    """What an application is an instance of. The API makes applications of OWN_PROVIDER alone."""

    seq: int
    arn: str
    protocol: str
    name: str


# The last two are AWS managed: their service makes the application, and background sessions are on.
PROVIDERS = {
    each.arn: each
    for each in (
        Provider(1, OWN_PROVIDER, "OAUTH", "Custom application"),
        Provider(2, SAML_PROVIDER, "SAML", "Custom SAML 2.0 application"),
        Provider(3, QUICKSIGHT_PROVIDER, "OAUTH", "Amazon QuickSight"),
        Provider(4, "arn:aws:sso::aws:applicationProvider/redshift", "OAUTH", "Amazon Redshift"),
    )
}


@dataclass(frozen=True, slots=True)
class Scope:
    """An access scope: its place in the order, and the ARNs that it is for; None when it names none."""

    seq: int
    name: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationAssignment:
    """One principal with access to one application."""

    seq: int
    application: str
    principal: Principal


@dataclass(slots=True)
class Application:
    """An application with everything put on it. Grants and methods are in the API's own structures."""

    seq: int
    arn: str
    name: str
    provider: str
    account: str
    created: float
    description: str | None = None
    status: str = "ENABLED"
    visibility: str = "ENABLED"
    sign_in: Document | None = None
    assignment_required: bool = True
    background_sessions: str = "DISABLED"
    scopes: dict[str, Scope] = field(default_factory=dict)
    grants: dict[str, Document] = field(default_factory=dict)
    methods: dict[str, Document] = field(default_factory=dict)
    assigned: dict[Principal, ApplicationAssignment] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Applications:
    """Applications by ARN, oldest first. Several may have one name."""

    def __init__(self, identifiers: Identifiers, sequence: Iterator[int]) -> None:
        self._ids, self._sequence = identifiers, sequence
        self.all: dict[str, Application] = {}

    def add(self, name: str, provider: str, account: str, now: float) -> Application:
        """The new application, with nothing on it and nobody assigned."""
        made = Application(
            next(self._sequence), self._ids.application_arn(account), name, provider, account, now
        )
        if provider not in (OWN_PROVIDER, SAML_PROVIDER):
            made.background_sessions = "ENABLED"
        self.all[made.arn] = made
        return made

    def get(self, arn: str) -> Application:
        """The application. Raises: ApiRefusal (ResourceNotFoundException)."""
        if arn not in self.all:
            raise missing(f"Application with ARN {arn} not found.")
        return self.all[arn]

    def put_scope(self, holder: Application, name: str, targets: tuple[str, ...]) -> None:
        """Adds the scope at the end, or gives the one of that name other targets."""
        known = holder.scopes.get(name)
        holder.scopes[name] = Scope(known.seq if known else next(self._sequence), name, targets)

    def assign(self, application: Application, principal: Principal) -> None:
        """Gives the principal access. Raises: ApiRefusal (ConflictException) when it has it already."""
        if principal in application.assigned:
            raise conflict(f"{principal.kind} {principal.id} is already assigned to {application.name}.")
        made = ApplicationAssignment(next(self._sequence), application.arn, principal)
        application.assigned[principal] = made

    def of_principal(self, principal: Principal) -> list[ApplicationAssignment]:
        """The assignments of the principal itself."""
        return [each.assigned[principal] for each in self.all.values() if principal in each.assigned]

    def revoke_all(self, principal: Principal) -> None:
        """Removes every assignment of a principal that is going away."""
        for each in self.all.values():
            each.assigned.pop(principal, None)
