"""The sample company's QuickSight at every scale: a few of its assets no export job takes, each with its reason."""

from __future__ import annotations

import random
from dataclasses import dataclass

from holdfast.sandbox.company_quicksight_data import (
    Place,
    data_set,
    data_source,
    file_data_set,
    identifier,
    issue_tracker,
    refresh_schedule,
    topic,
    tracker_data_set,
    uploaded_file,
    vpc_connection,
)
from holdfast.sandbox.company_quicksight_people import (
    CUSTOM_PERMISSIONS,
    PARTNERS,
    People,
    quicksight_people,
)
from holdfast.sandbox.company_quicksight_views import analysis, dashboard, folder, theme
from holdfast.sandbox.quicksight.bundle_rules import SILENT
from holdfast.sandbox.quicksight.kinds import KINDS
from holdfast.sandbox.quicksight.portraits import (
    AssetPortrait,
    EstatePortrait,
    NamespacePortrait,
    QuickSightPortrait,
)
from holdfast.sandbox.wire import Document

ERRORS = "has associated errors and cannot be exported"
_UPLOADED = "The data set type is not supported through API yet"
_OWNER = {
    "data_source": ("Describe", "Update", "Delete", "Pass"),
    "data_set": ("Describe", "Update", "Delete", "Pass"),
    "topic": ("Describe", "Update", "Delete"),
    "theme": ("Describe", "Update", "Delete"),
    "analysis": ("Describe", "Update", "Delete", "Query", "Restore"),
    "dashboard": ("Describe", "Update", "Delete", "Query", "List"),
    "folder": ("Describe", "Update", "Delete", "Create"),
}
_SHAPES = {
    "data_source": "DataSource", "data_set": "DataSet", "topic": "Topic", "theme": "Theme",
    "analysis": "Analysis", "dashboard": "Dashboard", "folder": "Folder",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many of each there are."""

    users: int
    groups: int
    vpcs: int
    sources: int
    sets: int
    schedules: int
    topics: int
    themes: int
    analyses: int
    dashboards: int
    folders: int


AMOUNTS = {
    "tiny": Amounts(10, 4, 1, 4, 6, 2, 1, 1, 4, 5, 2),
    "small": Amounts(60, 12, 3, 24, 84, 30, 6, 6, 54, 75, 18),
    "medium": Amounts(300, 40, 6, 90, 360, 120, 24, 20, 220, 300, 60),
    "large": Amounts(2_000, 60, 10, 300, 1_500, 500, 100, 60, 1_000, 1_280, 250),
}
"""Small has 300 assets, large 5,000. At both seven cannot be exported; tiny has three of these."""


def quicksight(scale: str, seed: int, account: str, region: str) -> tuple[QuickSightPortrait, ...]:
    """QuickSight of the company's account, assets in its identity region; nothing at scale `empty`."""
    size = AMOUNTS.get(scale)
    if size is None:
        return ()
    chance = random.Random(f"quicksight {scale} {seed}")
    people = quicksight_people(size.users, size.groups, account, region, chance)
    drawn = _Drawing(Place(account, region), people, chance)
    _draw(drawn, size)
    return (
        QuickSightPortrait(
            account=account,
            identity_region=region,
            namespaces=(NamespacePortrait(PARTNERS, region, {"owner": "partner-team"}),),
            custom_permissions=dict(CUSTOM_PERMISSIONS),
            users=people.users,
            groups=people.groups,
            estates=(EstatePortrait(region, tuple(drawn.assets)),),
        ),
    )


class _Drawing:
    """Assets as they are made, and their ARNs by type."""

    def __init__(self, place: Place, people: People, chance: random.Random) -> None:
        self.place, self.people, self.chance = place, people, chance
        self.assets: list[AssetPortrait] = []
        self.arns: dict[str, list[str]] = {name: [] for name in KINDS}

    def add(
        self,
        kind: str,
        member: Document,
        unexportable: str = "",
        undescribable: str = "",
        errors: tuple[tuple[str, str], ...] = (),
        members: tuple[str, ...] = (),
        odd: bool = False,
    ) -> str:
        """The ARN of the asset, which is shared and tagged as such things are; of an odd one nothing is made."""
        found = KINDS[kind]
        key = str(member[found.id_field])
        self.assets.append(
            AssetPortrait(
                kind,
                dict[str, object](member),
                self._shared(kind),
                self._tags(),
                members,
                errors,
                unexportable,
                undescribable,
            )
        )
        arn = self.place.arn(
            found.arn.format(*([member["dataSetId"]] if found.arn.count("{}") > 1 else []), key)
        )
        if not odd:
            self.arns[kind].append(arn)
        return arn

    def key(self) -> str:
        return identifier(self.chance)

    def some(self, kind: str, number: int, most: int = 2) -> list[str]:
        """One or two different ones of a type, each in its turn."""
        held = self.arns[kind]
        wanted = min(len(held), 1 + number % most)
        return [held[(number + each) % len(held)] for each in range(wanted)]

    def _shared(self, kind: str) -> dict[str, tuple[str, ...]]:
        verbs = _OWNER.get(kind)
        if verbs is None or self.chance.random() < 0.03:
            return {}
        shape = _SHAPES[kind]
        every = tuple(sorted(f"quicksight:{each}{shape}" for each in verbs))
        shared = {self.chance.choice(self.people.owners): every}
        if self.chance.random() < 0.6:
            shared[self.chance.choice(self.people.viewers)] = (f"quicksight:Describe{shape}",)
        return shared

    def _tags(self) -> dict[str, str]:
        if self.chance.random() < 0.4:
            return {}
        return {"department": self.chance.choice(("data", "finance", "support")), "stage": "production"}


def _draw(drawn: _Drawing, size: Amounts) -> None:
    odd = 3 if size.sources < 10 else 7
    _draw_sources(drawn, size, odd)
    _draw_sets(drawn, size, odd)
    for number in range(size.topics):
        drawn.add("topic", topic(drawn.key(), number, drawn.some("data_set", number)))
    for number in range(size.themes):
        drawn.add("theme", theme(drawn.key(), number))
    _draw_views(drawn, size, odd)
    _draw_folders(drawn, size)


def _draw_sources(drawn: _Drawing, size: Amounts, odd: int) -> None:
    vpcs = [
        drawn.add("vpc_connection", vpc_connection(drawn.key(), number, drawn.place))
        for number in range(size.vpcs)
    ]
    for number in range(size.sources - (2 if odd == 7 else 1)):
        drawn.add("data_source", data_source(drawn.key(), number, vpcs[number % len(vpcs)]))


def _draw_sets(drawn: _Drawing, size: Amounts, odd: int) -> None:
    """The ordinary ones, then the uploaded files and the issue tracker with their data sources."""
    sources = list(drawn.arns["data_source"])
    odd_sets = 3 if odd == 7 else 1
    for number in range(size.sets - odd_sets):
        made = drawn.arns["data_set"]
        base, rules = (made[number // 2] if made else ""), (made[0] if made else "")
        drawn.add("data_set", data_set(drawn.key(), number, sources, base, rules))
    for number in range(size.schedules):
        held = drawn.arns["data_set"][number % (size.sets - odd_sets)].rpartition("/")[2]
        drawn.add("refresh_schedule", refresh_schedule(held, f"refresh-{number}", number))
    uploaded = drawn.add("data_source", uploaded_file(drawn.key()), odd=True)
    for name in ("headcount", "budget")[: odd_sets - (1 if odd == 7 else 0)]:
        made_file = file_data_set(drawn.key(), name, uploaded)
        drawn.add("data_set", made_file, undescribable=_UPLOADED, odd=True)
    if odd == 7:
        tracker = drawn.add("data_source", issue_tracker(drawn.key()), odd=True)
        drawn.add("data_set", tracker_data_set(drawn.key(), tracker), odd=True)


def _draw_views(drawn: _Drawing, size: Amounts, odd: int) -> None:
    """Analyses and dashboards; the last of each is over an uploaded file, the first two dashboards have errors."""
    uploaded = next(
        drawn.place.arn(f"dataset/{each.member['dataSetId']}") for each in drawn.assets if each.undescribable
    )
    themes = ["", *drawn.arns["theme"]]
    for number in range(size.analyses):
        data = [uploaded] if number == size.analyses - 1 else drawn.some("data_set", number)
        silent = SILENT if odd == 7 and number == 1 else ""
        drawn.add("analysis", analysis(drawn.key(), number, data, themes[number % len(themes)]), silent)
    gone = drawn.place.arn(f"dataset/{drawn.key()}")
    for number in range(size.dashboards):
        data = [uploaded] if number == size.dashboards - 1 else drawn.some("data_set", number)
        source = drawn.arns["analysis"][number % size.analyses]
        made = dashboard(
            drawn.key(), number, [gone] if number == 0 else data, themes[number % len(themes)], source
        )
        if number == 0:
            lost = (("DATA_SET_NOT_FOUND", f"Data set {gone} is not found."),)
            drawn.add("dashboard", made, ERRORS, errors=lost, odd=True)
        else:
            odd_column = (("COLUMN_NOT_FOUND", "Column margin is not in the data set."),)
            drawn.add("dashboard", made, errors=odd_column if number == 1 else ())


def _draw_folders(drawn: _Drawing, size: Amounts) -> None:
    """Folders, every third below the one before; in each a few assets of each kind that folders take."""
    parent = ""
    for number in range(size.folders):
        inside: list[str] = []
        for kind in ("dashboard", "analysis", "data_set", "data_source", "topic"):
            inside += drawn.some(kind, number, 3)
        made = folder(drawn.key(), number, parent if number % 3 == 2 else "")
        parent = drawn.add("folder", made, members=tuple(inside if number else ()))
