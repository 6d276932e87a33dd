"""What a restore decides about applications, token issuers and the instance, and what of them cannot return."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, show_key
from holdfast.kernel.canonical import plain
from holdfast.kernel.preview import CANNOT_RETURN
from holdfast.kernel.side_by_side import Pair
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    ACCESS_SCOPE,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    GRANT,
    INSTANCE,
    TRUSTED_TOKEN_ISSUER,
)
from holdfast.systems.identity_center.records.application_mapping import application_from
from holdfast.systems.identity_center.records.application_names import (
    application_in,
    issuers_in,
    provider_name,
    split_application_assignment,
)
from holdfast.systems.identity_center.restore.application_facets import (
    DEFAULTS,
    ONLY_OF_OWN,
    grant_of,
    is_own,
    scope_targets,
)
from holdfast.systems.identity_center.restore.comparison import Comparison
from holdfast.systems.identity_center.restore.conflicts import FIXED, differences, replaced
from holdfast.systems.identity_center.restore.facets import facets_of
from holdfast.systems.identity_center.restore.order import make_change, owner_of
from holdfast.systems.identity_center.restore.permissions import facet_changes

SETTINGS = (TRUSTED_TOKEN_ISSUER, APPLICATION, INSTANCE, ACCESS_CONTROL_ATTRIBUTES)
"""The types that `settings` plans."""
_SAML = "custom-saml"


def settings(comparison: Comparison, type_name: str) -> Iterator[Decision]:
    """Changes of token issuers, applications, the instance or its attributes, in no order, and what cannot return."""
    created = 0
    for pair in comparison.pairs(type_name):
        if pair.backup is not None and pair.live is not None:
            yield from _existing(comparison, pair, pair.backup, pair.live)
        elif pair.backup is not None and comparison.can_create(pair.backup):
            created += 1
            yield from _created(comparison, pair.backup)
        elif pair.backup is not None:
            yield _not_creatable(comparison, pair.backup)
    if created and type_name == APPLICATION:
        yield _new_arns(created)


def _created(comparison: Comparison, backup: Record) -> Iterator[Change | Finding]:
    made = (
        make_change(facet.type, facet.key, DEFAULTS.get(facet.type), facet.value)
        for facet in facets_of(backup)
    )
    yield from _with_references(comparison, (change for change in made if change.before != change.after))


def _existing(comparison: Comparison, pair: Pair, backup: Record, live: Record) -> Iterator[Decision]:
    if not comparison.same_thing(backup, live):
        yield _other_provider(backup, live)
        return
    fields = differences(backup, live) if comparison.to_decide(pair) else ()
    if not fields:
        return
    conflict = comparison.conflict(backup.type, backup.key, fields)
    yield conflict
    if conflict.resolution is ConflictStrategy.SKIP:
        return
    changes = list(facet_changes(backup, live, keep_extras=conflict.resolution is ConflictStrategy.MERGE))
    if backup.type == APPLICATION and not is_own(backup):
        kept = [change for change in changes if change.type not in ONLY_OF_OWN]
        if kept != changes:
            yield _not_settable(backup)
        changes = kept
    yield from _unset(backup, live, conflict)
    yield from _with_references(comparison, iter(changes))


def _with_references(comparison: Comparison, changes: Iterator[Change]) -> Iterator[Change | Finding]:
    """The changes without those that would refer to an issuer or application that is not there; these as findings."""
    for change in changes:
        missing = [name for name in _references(change) if not comparison.exists_after(*name)]
        nameless = issuers_in(grant_of(change.after))[1] if change.type == GRANT and change.after else []
        if missing or nameless:
            yield _missing_reference(change, [key for _, key in missing] + nameless)
        else:
            yield change


def _references(change: Change) -> Iterator[tuple[str, str]]:
    if change.type == GRANT and change.after:
        for name in issuers_in(grant_of(change.after))[0]:
            yield TRUSTED_TOKEN_ISSUER, name
    elif change.type == ACCESS_SCOPE and change.after:
        for target in scope_targets(change.after):
            if application_in(target):
                yield APPLICATION, application_in(target)


def _missing_reference(change: Change, missing: list[str]) -> Finding:
    kind = TRUSTED_TOKEN_ISSUER if change.type == GRANT else APPLICATION
    return Finding(
        Severity.ERROR,
        f"{kind.replace('_', '-')}-missing",
        APPLICATION,
        owner_of(change.type, change.key),
        f"The {change.type.partition('.')[2].replace('_', ' ')} {show_key(change.key)} names "
        f"{kind.replace('_', ' ')} {', '.join(map(show_key, missing))}, "
        "which the service does not have and this restore cannot create.",
        "Create it, then run the restore again.",
    )


def _new_arns(created: int) -> Finding:
    return Finding(
        Severity.NOTE,
        CANNOT_RETURN,
        APPLICATION,
        "",
        f"Applications created anew: {created}. They get new ARNs, by which their software and other accounts' "
        "policies know them; client secrets of the software itself are not kept here.",
        "Give the software the new application ARNs.",
    )


def _not_creatable(comparison: Comparison, backup: Record) -> Finding:
    provider = provider_name(application_from(backup).summary.provider)
    assigned = _assigned(comparison, backup.key)
    waiting = f" Assignments that wait for it: {assigned}." if assigned else ""
    if is_own(backup):
        told = "The service has another application of this name under a provider of its own, so it is not created."
        advice = "Rename that one, then run the restore again."
    elif provider == _SAML:
        told = (
            "No API creates SAML applications, nor reads their metadata, certificates and attribute mappings."
        )
        advice = (
            "Add it in the IAM Identity Center console under the same name, exchange metadata and certificate with "
            "the service provider, then run the restore again: the rest is put on it by name."
        )
    else:
        told = f"Only its own service ({provider}) creates this AWS managed application."
        advice = (
            "Enable Identity Center in that service again, under the same name, then run the restore again: "
            "the rest is put on it by name."
        )
    return Finding(Severity.ERROR, CANNOT_RETURN, APPLICATION, backup.key, told + waiting, advice)


def _assigned(comparison: Comparison, key: str) -> int:
    if not comparison.comparable(APPLICATION_ASSIGNMENT):
        return 0
    pairs = comparison.pairs(APPLICATION_ASSIGNMENT)
    return sum(pair.backup is not None and split_application_assignment(pair.key)[0] == key for pair in pairs)


def _other_provider(backup: Record, live: Record) -> Finding:
    ours, theirs = (provider_name(application_from(each).summary.provider) for each in (backup, live))
    return Finding(
        Severity.ERROR,
        CANNOT_RETURN,
        APPLICATION,
        backup.key,
        f"The application of this name in the service is of another provider ({theirs}, in the backup {ours}).",
        "Nothing is put on it. Rename or remove the one in the service, then run the restore again.",
    )


def _not_settable(backup: Record) -> Finding:
    return Finding(
        Severity.ERROR,
        CANNOT_RETURN,
        APPLICATION,
        backup.key,
        "Its grants, access scopes or authentication methods differ; the API sets them only on OAuth applications "
        "of your own.",
        "Set them in the service that the application belongs to.",
    )


def _unset(backup: Record, live: Record, conflict: Conflict) -> Iterator[Finding]:
    """What no call sets on a thing that exists already: fixed fields, and texts that cannot be emptied."""
    ours, theirs = (plain(facets_of(each)[0].value) for each in (backup, live))
    fixed = [name for name in FIXED.get(backup.type, ()) if ours.get(name) != theirs.get(name)]
    if fixed:
        what = " and ".join(fixed)
        yield Finding(
            Severity.ERROR,
            CANNOT_RETURN,
            backup.type,
            backup.key,
            f"No API changes {what} of what exists; it stays {', '.join(str(theirs.get(name)) for name in fixed)}.",
            "Remove it in the service, then run the restore again: it is created as in the backup."
            if backup.type == TRUSTED_TOKEN_ISSUER
            else "Change it in the console.",
        )
    emptied = (
        sorted(theirs.keys() - ours.keys() - {*fixed, *replaced(ours)})
        if backup.type in (APPLICATION, INSTANCE)
        else []
    )
    if emptied and conflict.resolution is ConflictStrategy.OVERWRITE:
        message = f"The live {' and '.join(emptied)} cannot be emptied through the API and stays."
        yield Finding(
            Severity.NOTE, CANNOT_RETURN, backup.type, backup.key, message, "Clear it in the console."
        )


def refuse_extras(comparison: Comparison, extras: list[Record]) -> Iterator[Finding]:
    """Takes out of the applications to delete those that no rollback could bring back; says so."""
    kept = [record for record in extras if not (is_own(record) and comparison.name_is_free(record))]
    for record in kept:
        extras.remove(record)
        yield Finding(
            Severity.WARNING,
            "not-deleted",
            APPLICATION,
            record.key,
            "This extra application is not deleted: the API could not create it again, "
            "or the backup has one of its name under another provider.",
            "Remove it in the console if it is to go.",
        )
