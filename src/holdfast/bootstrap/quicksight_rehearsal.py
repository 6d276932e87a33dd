"""Where a restore of QuickSight is practised: a sandbox in this process, with what a restore presupposes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holdfast.bootstrap.rehearsal import UNTHROTTLED
from holdfast.kernel.system import RehearsalStage

if TYPE_CHECKING:
    from holdfast.domain.records import Record, RecordView
    from holdfast.kernel.canonical import Plain
    from holdfast.kernel.ports import Clock
    from holdfast.sandbox.portrait import Portrait
    from holdfast.systems.quicksight.restore.overrides import Overrides
    from holdfast.systems.quicksight.settings import QuickSightSettings

_SUBNETS = ("subnet-0a", "subnet-0b")
_ACCOUNT, _REGION = "123456789012", "us-east-1"


@contextmanager
def rehearse_quicksight(
    wanted: RecordView, settings: QuickSightSettings, clock: Clock
) -> Iterator[RehearsalStage]:
    """An empty QuickSight in the account and regions that the records name, with the assets that they lack."""
    from dataclasses import replace

    from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
    from holdfast.adapters.web_download import WebDownload
    from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
    from holdfast.sandbox.server import SandboxServer
    from holdfast.systems.quicksight.system import Sessions, quicksight

    named = Named.by(wanted)
    with SandboxServer("empty", async_delay=0.0, account=named.account, region=named.region) as sandbox:
        sandbox.load(named.presupposed(sandbox.dump(), wanted))
        pace = AwsSettings(
            region=named.region, requests_per_second=UNTHROTTLED, other_requests_per_second=UNTHROTTLED
        )
        endpoint = AwsEndpoint(sandbox.url, ACCESS_KEY, SECRET_KEY)
        assets = AwsSession(pace, clock, endpoint=endpoint)
        people = AwsSession(replace(pace, region=named.identity_region), clock, endpoint=endpoint)
        here = replace(settings, identity_region=named.identity_region, poll_seconds=0.01)
        description = (
            f"an empty sandbox at {sandbox.url}, unthrottled, where data in SPICE does not come back "
            "and no credentials, secrets or networks are tried"
        )
        system = quicksight(Sessions(assets, people), here, clock, WebDownload(), _networks(wanted))
        yield RehearsalStage(system, description)


def _networks(wanted: RecordView) -> Overrides:
    """Subnets for every VPC connection, since no backup can know them."""
    from holdfast.systems.quicksight.model import VPC_CONNECTION
    from holdfast.systems.quicksight.restore.overrides import Overrides, VpcConnectionOverride

    given = VpcConnectionOverride(_SUBNETS)
    return Overrides(vpc_connections=dict.fromkeys(wanted.keys(VPC_CONNECTION), given))


@dataclass(slots=True)
class Named:
    """What the ARNs in records name: how often each account and region, and which assets.

    A record has no account of its own, so the one that most ARNs name is taken for it.
    """

    accounts: Counter[str] = field(default_factory=Counter)
    regions: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    assets: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def by(cls, wanted: RecordView) -> Named:
        """What all records of a view name."""
        named = cls()
        for name in wanted.types:
            for record in wanted.records(name):
                named._read(record)
        return named

    @property
    def account(self) -> str:
        """The account that most ARNs name."""
        return _most(self.accounts, _ACCOUNT)

    @property
    def region(self) -> str:
        """The region of the account's assets."""
        return self._region(people=False) or self._region(people=True) or _REGION

    @property
    def identity_region(self) -> str:
        """The region of the account's users and groups."""
        return self._region(people=True) or self.region

    def presupposed(self, empty: Portrait, wanted: RecordView) -> Portrait:
        """The portrait with stand-ins for the assets that the records name and do not hold."""
        from msgspec.structs import replace

        from holdfast.sandbox.quicksight.portraits import AssetPortrait, EstatePortrait, QuickSightPortrait
        from holdfast.systems.quicksight.model import ASSET_KINDS

        missing = sorted((kind, key) for kind, key in self.assets if wanted.find(kind, key) is None)
        kinds = ((ASSET_KINDS[kind], key) for kind, key in missing)
        assets = tuple(
            AssetPortrait(
                kind.type, {"resourceType": kind.folder, kind.id_field: key, "name": f"stand-in for {key}"}
            )
            for kind, key in kinds
        )
        estate = EstatePortrait(self.region, assets)
        here = QuickSightPortrait(self.account, self.identity_region, estates=(estate,))
        return replace(empty, quicksight=(here,))

    def _region(self, *, people: bool) -> str:
        account = self.account
        found = {
            region: count
            for (owner, region, of_people), count in self.regions.items()
            if owner == account and of_people is people
        }
        return _most(Counter(found), "")

    def _read(self, record: Record) -> None:
        from holdfast.kernel.canonical import plain
        from holdfast.systems.quicksight.records.arns import PEOPLE, Arn
        from holdfast.systems.quicksight.records.dependencies import asset_named

        for text in _texts(plain(record.body)):
            arn = Arn.of(text)
            if arn is None:
                continue
            self.accounts[arn.account] += 1
            self.regions[arn.account, arn.region, arn.kind in PEOPLE] += 1
            named = asset_named(text)
            if named is not None and arn.name == named[1]:
                self.assets.add(named)


def _most(counted: Counter[str], default: str) -> str:
    """The name that is there most often, the first by its spelling among several."""
    return min(counted, key=lambda name: (-counted[name], name), default=default)


def _texts(value: Plain) -> Iterator[str]:
    """Every text in a value that may be an ARN, names of fields among them."""
    if isinstance(value, str):
        if value.startswith("arn:"):
            yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(name)
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)
