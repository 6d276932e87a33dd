"""What planned changes need and the target lacks: found before the first of them, not by its failing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.domain.changes import Change, Verb
from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import RecordView, split_key
from holdfast.kernel.workers import Workers
from holdfast.systems.identity_center.clients.iam_client import IamClient
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    MANAGED_POLICY,
    PERMISSION_SET,
    PermissionSet,
    PolicyReference,
)
from holdfast.systems.identity_center.records.mapping import permission_set_from
from holdfast.systems.identity_center.restore.compatibility import Organization, closed_accounts
from holdfast.systems.identity_center.restore.facets import read_boundary

# Default quotas of IAM Identity Center; both can be raised, and newer instances have higher ones.
SETS_PER_INSTANCE, SETS_PER_ACCOUNT = 2_000, 250

Accounts = dict[str, set[PolicyReference]]


@dataclass(slots=True)
class Sets:
    """The permission sets at one moment: where each is assigned, its policies in the accounts, and those of AWS."""

    accounts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    policies: dict[str, set[PolicyReference]] = field(default_factory=lambda: defaultdict(set))
    managed: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def sets_of(view: RecordView) -> Sets:
    """The permission sets of a view and their assignments."""
    found = Sets()
    for record in view.records(PERMISSION_SET):
        whole = permission_set_from(record)
        found.names.add(record.key)
        found.policies[record.key] = set(_references(whole))
        found.managed.update(
            whole.managed_policies, [whole.boundary] if isinstance(whole.boundary, str) else []
        )
    for record in view.records(ASSIGNMENT):
        account, name, *_ = split_key(record.key)
        found.accounts[name].add(account)
    return found


def _references(whole: PermissionSet) -> Iterator[PolicyReference]:
    yield from whole.customer_policies
    if isinstance(whole.boundary, PolicyReference):
        yield whole.boundary


@dataclass(slots=True)
class Planned:
    """What a plan adds to the sets, and takes away."""

    accounts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    policies: dict[str, set[PolicyReference]] = field(default_factory=lambda: defaultdict(set))
    detached: dict[str, set[PolicyReference]] = field(default_factory=lambda: defaultdict(set))
    managed: set[str] = field(default_factory=set)
    made: int = 0

    def add(self, change: Change) -> None:
        """Take a change into account."""
        name, *rest = split_key(change.key)
        if change.type == ASSIGNMENT and change.verb is Verb.CREATE:
            self.accounts[rest[0]].add(name)
        elif change.type == PERMISSION_SET and change.verb is not Verb.UPDATE:
            self.made += 1 if change.verb is Verb.CREATE else -1
        elif change.type == CUSTOMER_POLICY:
            side = self.detached if change.verb is Verb.DELETE else self.policies
            side[name].add(PolicyReference.of(rest[0]))
        elif change.type == MANAGED_POLICY and change.verb is Verb.CREATE:
            self.managed.add(rest[0])
        elif change.type == BOUNDARY:
            self._bound(name, change)

    def _bound(self, name: str, change: Change) -> None:
        before, after = read_boundary(change.before), read_boundary(change.after)
        if isinstance(before, PolicyReference):
            self.detached[name].add(before)
        if isinstance(after, PolicyReference):
            self.policies[name].add(after)
        elif after:
            self.managed.add(after)


def needed_policies(present: Sets, planned: Planned) -> Accounts:
    """The customer-managed policies that each account must have for a plan and that nothing shows it to have.

    A policy that a provisioned role of the account uses is there: IAM deletes none that is attached.
    """
    needed: Accounts = defaultdict(set)
    for name, accounts in planned.accounts.items():
        after = (present.policies[name] - planned.detached[name]) | planned.policies[name]
        for account in accounts:
            needed[account] |= after
    for name, policies in planned.policies.items():
        for account in present.accounts[name]:
            needed[account] |= policies
    for name, accounts in present.accounts.items():
        for account in accounts & needed.keys():
            needed[account] -= present.policies[name]
    return {account: policies for account, policies in sorted(needed.items()) if policies}


def prerequisites(
    iam: IamClient,
    organization: Callable[[], Organization],
    present: RecordView,
    changes: Iterable[Change],
    concurrency: int,
) -> list[Finding]:
    """What the changes need and the service lacks, as errors; what could not be checked, as warnings.

    At most `concurrency` accounts are looked into at once, each policy of an account once.
    """
    planned = Planned()
    for change in changes:
        planned.add(change)
    if not (planned.accounts or planned.policies or planned.managed or planned.made):
        return []
    now = sets_of(present)
    findings = [*_accounts(organization, planned), *_quotas(now, planned)]
    findings += _managed(iam, planned.managed - now.managed)
    needed = needed_policies(now, planned)
    return findings + (_missing(iam, needed, concurrency) if iam.role else [])


def _accounts(organization: Callable[[], Organization], planned: Planned) -> Iterator[Finding]:
    """The accounts where assignments that are planned would fail; the restore's first look was a warning."""
    named = sorted(set().union(*planned.accounts.values()))
    try:
        yield from closed_accounts(named, organization(), Severity.ERROR) if named else ()
    except (AccessDenied, RemoteError) as error:
        if not error.permanent:
            raise


def _quotas(now: Sets, planned: Planned) -> Iterator[Finding]:
    sets = len(now.names) + planned.made
    if planned.made > 0 and sets > SETS_PER_INSTANCE:
        yield _quota(f"The instance would have {sets:,} permission sets", SETS_PER_INSTANCE)
    held: dict[str, set[str]] = defaultdict(set)
    for name, account in (*_pairs(now), *_pairs(planned)):
        held[account].add(name)
    for account in sorted(set().union(*planned.accounts.values())):
        if len(held[account]) > SETS_PER_ACCOUNT:
            yield _quota(
                f"Account {account} would have {len(held[account]):,} permission sets", SETS_PER_ACCOUNT
            )


def _pairs(sets: Sets | Planned) -> Iterator[tuple[str, str]]:
    return ((name, account) for name, accounts in sets.accounts.items() for account in accounts)


def _quota(what: str, quota: int) -> Finding:
    message = f"{what}; the service's default quota is {quota:,}."
    advice = "Look at the quota in force in Service Quotas, and have it raised before."
    return Finding(Severity.WARNING, "quota", PERMISSION_SET, "", message, advice)


def _managed(iam: IamClient, arns: set[str]) -> Iterator[Finding]:
    """AWS managed policies that no permission set here has yet and that AWS does not have."""
    for arn in sorted(arns):
        try:
            if iam.has_managed_policy(arn):
                continue
        except (AccessDenied, RemoteError) as error:
            if not error.permanent:
                raise
            message = f"Whether AWS managed policies such as {arn} exist was not checked: {error}"
            yield Finding(Severity.WARNING, "policies-unchecked", PERMISSION_SET, "", message, error.advice)
            return
        message = f"AWS has no managed policy {arn} here."
        advice = "Map it to another one under `policies` in the mapping."
        yield Finding(Severity.ERROR, "missing-policy", PERMISSION_SET, "", message, advice)


def _missing(iam: IamClient, needed: Accounts, concurrency: int) -> list[Finding]:
    """An error for each policy with the accounts that lack it; a warning with the accounts that were not checked."""

    def lacking(account: str) -> list[str] | HoldfastError:
        names = sorted((policy.path_and_name, policy) for policy in needed[account])
        try:
            return [name for name, policy in names if not iam.has_policy(account, policy)]
        except (AccessDenied, RemoteError) as error:
            if not error.permanent:
                raise
            return error

    with Workers(concurrency) as workers:
        found = list(zip(needed, workers.each(list(needed), lacking), strict=True))
    lacked: dict[str, list[str]] = defaultdict(list)
    for account, result in found:
        for name in result if isinstance(result, list) else ():
            lacked[name].append(account)
    refused = [(account, result) for account, result in found if isinstance(result, HoldfastError)]
    findings = [_lacked(name, accounts) for name, accounts in sorted(lacked.items())]
    return [*findings, *([_unchecked(iam, refused)] if refused else [])]


def _lacked(policy: str, accounts: list[str]) -> Finding:
    message = f"The customer managed policy {policy} is missing in account {', '.join(accounts)}."
    advice = "Create it there under that path and name, map it to one that is there, or drop the account."
    return Finding(Severity.ERROR, "missing-policy", ASSIGNMENT, "", message, advice)


def _unchecked(iam: IamClient, refused: list[tuple[str, HoldfastError]]) -> Finding:
    accounts = ", ".join(account for account, _ in refused)
    message = (
        f"Whether the customer managed policies are there was not checked in account {accounts}, "
        f"for lack of access as {iam.role_arn(refused[0][0])}: {refused[0][1]}"
    )
    advice = (
        "Let the role be assumed and allow it iam:GetPolicy, or name another one as `member_role` of "
        "[identity_center]; empty leaves the check out."
    )
    return Finding(Severity.WARNING, "policies-unchecked", ASSIGNMENT, "", message, advice)
