"""The assets of one account in one region, each as a bundle's member holds it and as the API tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from holdfast.sandbox.journal import Journal
from holdfast.sandbox.paging import Pager
from holdfast.sandbox.quicksight.bundle_store import BundleStore
from holdfast.sandbox.quicksight.identities import Identities
from holdfast.sandbox.quicksight.kinds import KINDS, Kind, key_of
from holdfast.sandbox.wire import Document

# "The following data source types are not supported": the user guide on asset bundle export.
UNEXPORTABLE_SOURCES = frozenset(
    {"ADOBE_ANALYTICS", "FILE", "GITHUB", "JIRA", "SALESFORCE", "SERVICENOW", "TWITTER"}
)
# The themes that AWS provides: listed with Type QUICKSIGHT, neither exported, changed nor deleted.
STARTER_THEMES = {"CLASSIC": "Classic", "MIDNIGHT": "Midnight", "SEASIDE": "Seaside", "RAINIER": "Rainier"}
_LONG_AGO = 1_577_836_800.0


@dataclass(slots=True)
class Version:
    """A state of an asset that creation or an update made; it takes hold at `due` (seconds since 1970).

    `errors` (type, message) are those of a dashboard's or analysis's definition.
    """

    number: int
    created: float
    member: Document
    due: float = 0.0
    failure: str = ""
    description: str = ""
    errors: tuple[tuple[str, str], ...] = ()

    def status(self, now: float) -> str:
        """The API's ResourceStatus."""
        verb = "CREATION" if self.number == 1 else "UPDATE"
        if now < self.due:
            return f"{verb}_IN_PROGRESS"
        return f"{verb}_FAILED" if self.failure else f"{verb}_SUCCESSFUL"


@dataclass(slots=True)
class HeldAsset:
    """An asset. `member` is what a bundle holds of it: camel-case JSON with resourceType, id and name.

    `permissions` are actions by principal's ARN; `members` of a folder the ARNs in it, with their places.
    `unexportable` is what an export job says of it, `undescribable` what its Describe refuses with; both empty for
    most. A refresh schedule's key is `<dataset>/<schedule>`. `own` is False for what AWS provides, such as starter
    themes. `deleted` is when what was deleted is gone for good: until then an analysis or a VPC connection is
    still listed.
    """

    seq: int
    kind: Kind
    key: str
    arn: str
    created: float
    updated: float
    versions: list[Version]
    version: int = 1
    permissions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    unexportable: str = ""
    undescribable: str = ""
    secret: str = ""
    own: bool = True
    deleted: float | None = None

    @property
    def member(self) -> Document:
        """The published state: of a dashboard the published version, else the latest."""
        return self.at(self.version).member

    @property
    def id(self) -> str:
        """Its id in the API: the last part of a refresh schedule's key."""
        return self.key.rpartition("/")[2] if self.kind.type == "refresh_schedule" else self.key

    def status(self, now: float) -> str:
        """The API's status: of its latest version, or of its deletion."""
        if self.deleted is None:
            return self.latest.status(now)
        return "DELETED" if self.kind.type == "analysis" else "DELETION_IN_PROGRESS"

    @property
    def errors(self) -> tuple[tuple[str, str], ...]:
        """Those of the published version: type and message."""
        return self.at(self.version).errors

    @property
    def name(self) -> str:
        return str(self.member.get("name", self.key))

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def at(self, number: int) -> Version:
        """A version that must be there."""
        return next(each for each in self.versions if each.number == number)

    def replace(self, member: Document, now: float, publish: bool = True) -> Version:
        """A new version, published at once unless the asset publishes on demand.

        What was wrong with the definition is gone with it; the same definition again has the same errors.
        """
        made = Version(self.versions[-1].number + 1, now, member)
        if member == self.member:
            made.errors = self.errors
        else:
            self.unexportable = ""
        self.versions.append(made)
        self.updated = now
        if publish:
            self.version = made.number
        return made


class Estate:
    """The assets of one (account, region): by ARN, and by type and key."""

    def __init__(self, account: str, region: str, identities: Identities, sequence: Iterator[int]) -> None:
        self.account, self.region, self.identities = account, region, identities
        self._sequence = sequence
        self.assets: dict[str, HeldAsset] = {}
        self._shelves: dict[str, dict[str, HeldAsset]] = {name: {} for name in KINDS}
        for theme, name in STARTER_THEMES.items():
            member: Document = {"resourceType": "theme", "themeId": theme, "name": name, "configuration": {}}
            self._keep(
                KINDS["theme"], theme, f"arn:aws:quicksight::aws:theme/{theme}", member, _LONG_AGO
            ).own = False

    @property
    def holds_own(self) -> bool:
        """Whether anything is here beside what AWS provides."""
        return any(each.own for each in self.assets.values())

    def of(self, kind: str) -> Iterable[HeldAsset]:
        """All assets of a type, deleted analyses among them, in the order in which they came."""
        return self._shelves[kind].values()

    def find(self, kind: str, key: str) -> HeldAsset | None:
        return self._shelves[kind].get(key)

    def place(self) -> int:
        return next(self._sequence)

    def add(self, kind: Kind, member: Document, now: float) -> HeldAsset:
        """A new asset of a member, in place of one with its key; its id is the member's."""
        key = key_of(kind, dict(member))
        return self._keep(kind, key, kind.arn_of(self.region, self.account, key), member, now)

    def _keep(self, kind: Kind, key: str, arn: str, member: Document, now: float) -> HeldAsset:
        made = HeldAsset(self.place(), kind, key, arn, now, now, [Version(1, now, member)])
        self.assets[arn] = self._shelves[kind.type][key] = made
        return made

    def settle(self, now: float) -> None:
        """Takes away what was deleted and is due."""
        lingering = (each for kind in ("analysis", "vpc_connection") for each in self.of(kind))
        for each in [each for each in lingering if each.deleted is not None and each.deleted <= now]:
            self.remove(each)

    def remove(self, asset: HeldAsset) -> None:
        """Takes it away for good, out of its folders too."""
        del self.assets[asset.arn]
        del self._shelves[asset.kind.type][asset.key]
        for folder in self.of("folder"):
            folder.members.pop(asset.arn, None)


class QuickSight:
    """QuickSight of every account and region. Handlers get this and the call; not thread safe."""

    def __init__(self, journal: Journal, pager: Pager, home: str) -> None:
        self.journal, self.pager, self.async_delay = journal, pager, 0.05
        self._home, self._sequence = home, count(1)
        self.identities_of: dict[str, Identities] = {}
        self.estates: dict[tuple[str, str], Estate] = {}
        self.bundles = BundleStore()

    def settle(self, now: float) -> None:
        """Ends what is due by now."""
        for held in self.identities_of.values():
            held.settle(now)
        for estate in self.estates.values():
            estate.settle(now)

    def identities(self, account: str) -> Identities:
        """The account's identities; an account that nobody described has QuickSight, and home as identity region."""
        if account not in self.identities_of:
            self.identities_of[account] = Identities(account, self._home, self._sequence)
        return self.identities_of[account]

    def estate(self, account: str, region: str) -> Estate:
        """The account's assets in the region; none where nobody made any."""
        held = self.estates.get((account, region))
        if held is None:
            held = self.estates[account, region] = Estate(
                account, region, self.identities(account), self._sequence
            )
        return held
