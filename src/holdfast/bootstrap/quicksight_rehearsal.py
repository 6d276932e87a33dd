"""Where a restore of QuickSight is practised: a sandbox in this process, with what a restore presupposes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.bootstrap.rehearsal import UNTHROTTLED
from holdfast.kernel.system import RehearsalStage

if TYPE_CHECKING:
    from holdfast.domain.records import RecordView
    from holdfast.kernel.ports import Clock
    from holdfast.sandbox.quicksight.portraits import QuickSightPortrait
    from holdfast.systems.quicksight.records.arns import Arn
    from holdfast.systems.quicksight.restore.overrides import Overrides
    from holdfast.systems.quicksight.settings import QuickSightSettings

_SUBNETS = ("subnet-0a", "subnet-0b")
_NAMED = 10
"""How many of what the backup lacks are named where the stand-in is described."""


@contextmanager
def rehearse_quicksight(
    wanted: RecordView, settings: QuickSightSettings, clock: Clock
) -> Iterator[RehearsalStage]:
    """An empty QuickSight in the account and regions that the records name, with what they name and do not hold."""
    from dataclasses import replace

    from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
    from holdfast.adapters.web_download import WebDownload
    from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
    from holdfast.sandbox.portrait import Portrait
    from holdfast.sandbox.server import SandboxServer
    from holdfast.systems.quicksight.records.arns import named_in
    from holdfast.systems.quicksight.system import Sessions, quicksight

    named = named_in(wanted, wanted.types)
    place = Place.of(named)
    missing = _missing(named, place, wanted)
    with SandboxServer("empty", async_delay=0.0, account=place.account, region=place.region) as sandbox:
        sandbox.load(Portrait(place.account, place.region, quicksight=(_presupposed(place, missing),)))
        pace = AwsSettings(
            region=place.region, requests_per_second=UNTHROTTLED, other_requests_per_second=UNTHROTTLED
        )
        endpoint = AwsEndpoint(sandbox.url, ACCESS_KEY, SECRET_KEY)
        assets = AwsSession(pace, clock, endpoint=endpoint)
        people = AwsSession(replace(pace, region=place.identity_region), clock, endpoint=endpoint)
        here = replace(settings, identity_region=place.identity_region, poll_seconds=0.01)
        system = quicksight(Sessions(assets, people), here, clock, WebDownload(), _networks(wanted))
        yield RehearsalStage(system, _described(sandbox.url, missing))


def _described(url: str, missing: Sequence[Arn]) -> str:
    names = ", ".join(arn.resource for arn in missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
    added = f"; {len(missing)} that the backup names and does not hold are there: {names}" if missing else ""
    return (
        f"an empty sandbox at {url}, unthrottled, where data in SPICE does not come back and no credentials, "
        f"secrets or networks are tried{added}"
    )


def _networks(wanted: RecordView) -> Overrides:
    """Subnets for every VPC connection, since no backup can know them."""
    from holdfast.systems.quicksight.model import VPC_CONNECTION
    from holdfast.systems.quicksight.restore.overrides import Overrides, VpcConnectionOverride

    given = VpcConnectionOverride(_SUBNETS)
    return Overrides(vpc_connections=dict.fromkeys(wanted.keys(VPC_CONNECTION), given))


@dataclass(frozen=True, slots=True)
class Place:
    """Where records are of; a record has no account of its own, so that which most ARNs name is taken for it."""

    account: str = "123456789012"
    region: str = "us-east-1"
    identity_region: str = "us-east-1"

    @classmethod
    def of(cls, named: Counter[Arn]) -> Place:
        """The account that is named most often, and the regions of its assets and of its people."""
        from holdfast.systems.quicksight.records.arns import PEOPLE

        account = _most(named, lambda arn: arn.account) or cls().account
        own = Counter({arn: count for arn, count in named.items() if arn.account == account})
        people = Counter({arn: count for arn, count in own.items() if arn.kind in PEOPLE})
        assets = _most(own - people, lambda arn: arn.region)
        identity = _most(people, lambda arn: arn.region)
        region = assets or identity or cls().region
        return cls(account, region, identity or region)


def _missing(named: Counter[Arn], place: Place, wanted: RecordView) -> list[Arn]:
    """What is named in the place and is not in the backup; people only where it left them out."""
    from holdfast.systems.quicksight.records.dependencies import asset_named, principal_named

    def lacks(arn: Arn) -> bool:
        asset, person = asset_named(arn.text), principal_named(arn.text)
        if asset is not None:
            return arn.region == place.region and arn.name == asset[1] and wanted.find(*asset) is None
        return person is not None and person[0] not in wanted.types

    return sorted(arn for arn in named if arn.account == place.account and lacks(arn))


def _presupposed(place: Place, missing: Sequence[Arn]) -> QuickSightPortrait:
    from holdfast.sandbox.quicksight.portraits import (
        AssetPortrait,
        EstatePortrait,
        NamespacePortrait,
        QuickSightGroupPortrait,
        QuickSightPortrait,
        QuickSightUserPortrait,
    )
    from holdfast.systems.quicksight.model import ASSET_KINDS
    from holdfast.systems.quicksight.records.dependencies import asset_named

    named = [(arn, asset_named(arn.text)) for arn in missing]
    kinds = [(ASSET_KINDS[asset[0]], asset[1]) for _, asset in named if asset is not None]
    people = [(arn.kind, *arn.name.partition("/")[::2]) for arn, asset in named if asset is None]
    spaces = sorted({space for _, space, _ in people} - {"default"})
    assets = (
        AssetPortrait(
            kind.type, {"resourceType": kind.folder, kind.id_field: key, "name": f"stands in for {key}"}
        )
        for kind, key in kinds
    )
    return QuickSightPortrait(
        place.account,
        place.identity_region,
        namespaces=tuple(NamespacePortrait(space) for space in spaces),
        users=tuple(QuickSightUserPortrait(name, space) for kind, space, name in people if kind == "user"),
        groups=tuple(QuickSightGroupPortrait(name, space) for kind, space, name in people if kind == "group"),
        estates=(EstatePortrait(place.region, tuple(assets)),),
    )


def _most(counted: Counter[Arn], part: Callable[[Arn], str]) -> str:
    """The part that most have, the first by its spelling among several; empty where nothing is counted."""
    found: Counter[str] = Counter()
    for arn, count in counted.items():
        found[part(arn)] += count
    return min(found, key=lambda name: (-found[name], name), default="")
