"""What a capture tells of beside its records: codes and sentences in one place."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.domain.outcomes import Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.records import show_key
from holdfast.systems.quicksight.model import DATA_SET, RECORD_TYPES, AssetSummary

NO_ASSETS = "no-assets"
DELETED = "deleted-analysis"
GONE = "gone-meanwhile"
LINKED = "shared-by-link"
UPLOADED = "uploaded-file"
"""Code of what nobody but who uploaded it has: no API gives the data."""
DESCRIBED = "described"
"""Code of what no bundle could be made of and Describe calls told; it is in the backup."""
UNREAD = "unread"
"""Code of what neither an export nor a description could be had of."""

KEEP_THE_FILE = "Keep the uploaded file itself; nobody but who has it can restore the data."
MAKE_BY_HAND = (
    "No later export cures that: to restore it, make it by hand, from the definition in the backup."
)

_TITLES = {kind.name: kind.title for kind in RECORD_TYPES}


def none_found(type_name: str) -> Finding:
    """The drawn "No Assets Warning"."""
    message = f"There are no {_TITLES[type_name]}; their export is skipped."
    return Finding(Severity.WARNING, NO_ASSETS, type_name, "", message)


def deleted(assets: Sequence[AssetSummary]) -> Finding:
    """Analyses that wait for their end are listed all the same."""
    names = ", ".join(asset.name or asset.key for asset in assets)
    message = f"Deleted analyses are left out ({len(assets):,}): {names}."
    return Finding(Severity.NOTE, DELETED, assets[0].type, "", message)


def gone(asset: AssetSummary) -> Finding:
    """The drawn "Resource Not Found": a warning, and on with the next."""
    message = f"{asset.name or show_key(asset.key)} was there when it was listed and is gone; it is not in the backup."
    return Finding(Severity.WARNING, GONE, asset.type, asset.key, message)


def linked(asset: AssetSummary, who: Sequence[str]) -> Finding:
    """What no record holds."""
    message = f"{asset.name or asset.key} is open to whoever has its link in {', '.join(who)}."
    advice = "Share it by link again after a restore: UpdateDashboardPermissions, GrantLinkPermissions."
    return Finding(Severity.NOTE, LINKED, asset.type, asset.key, message, advice)


def left_out(asset: AssetSummary, why: str) -> Item:
    """An uploaded file that was not asked for."""
    what = "dataset" if asset.type == DATA_SET else "data source"
    outcome = Outcome(
        OutcomeKind.SKIPPED,
        f"FILE {what} {asset.name or asset.key} is excluded: {why}.",
        "Keep the uploaded file itself; `--include-file-datasets` lists such as impossible.",
        UPLOADED,
    )
    return Item(asset.type, asset.key, outcome)


def only_described(asset: AssetSummary, kind: OutcomeKind, why: str, code: str, advice: str) -> Item:
    """In the backup, yet in no bundle."""
    outcome = Outcome(
        kind,
        f"No bundle could be made of {asset.name or show_key(asset.key)}: {why}. "
        "Its definition was read with Describe calls and is in the backup.",
        advice or "Look at what the service said of it; an export again shows whether it is cured.",
        code,
    )
    return Item(asset.type, asset.key, outcome)


def not_even_described(asset: AssetSummary, kind: OutcomeKind, why: str, told: str, advice: str) -> Item:
    """Not in the backup, and why."""
    named = asset.name or show_key(asset.key)
    reason = f"No bundle could be made of {named}: {why}. Describe calls do not give it either: {told}"
    return Item(asset.type, asset.key, Outcome(kind, reason, advice, UNREAD))
