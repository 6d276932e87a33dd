"""What a doctor looks at in QuickSight and where its backups are stored; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteError, SettingsError
from holdfast.domain.outcomes import Finding
from holdfast.kernel.answers import Answer, part, rows, text
from holdfast.kernel.checks import Check, Verdict, failed
from holdfast.kernel.needs import Action, Kind
from holdfast.kernel.ports import PacedSession
from holdfast.kernel.simulation import ACTION, Simulator, missing, objections, simulated
from holdfast.systems.quicksight.clients.assets_client import NAMES, ids_of
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.errors import Missing, NotAccepted
from holdfast.systems.quicksight.model import ASSET_KINDS, REFRESH_SCHEDULE
from holdfast.systems.quicksight.needs.policy import needed, place_of
from holdfast.systems.quicksight.needs.table import ASKING, BACKUP, actions_for_changes
from holdfast.systems.quicksight.settings import QuickSightSettings

TOPIC = "quicksight"
PEOPLE = ("ListUsers", "ListGroups", "ListNamespaces", "ListCustomPermissions")
BUCKETS = "bucket"


@dataclass(frozen=True, slots=True)
class Examined:
    """What is looked at: the sessions to both regions, the gateways over them, and the settings."""

    session: PacedSession
    connection: Connection
    settings: QuickSightSettings

    def checks(self, work: str) -> Iterator[Check]:
        """Credentials, subscription, identity region, the places of storage, each action that the work needs.

        Raises: UsageError for unknown work; RemoteUnavailable, Throttled.
        """
        actions = [action for action in needed(work, self.settings) if action not in ASKING]
        try:
            caller = self.connection.caller()
        except HoldfastError as error:
            yield failed("credentials", "principal", error)
            return
        yield Check("credentials", "principal", Verdict.OK, f"{caller.arn}, region {self.session.region}")
        yield self._seen("subscription", self._subscription)
        yield self._seen("identity region", self._identity_region)
        if work == BACKUP:
            yield from self._storage()
        yield from self._actions(actions)

    def beforehand(self, kinds: Iterable[Kind]) -> list[Finding]:
        """An ERROR for each action that changes of these kinds need and the caller lacks; nothing is tried.

        A WARNING where it cannot be told. Raises: CredentialsError; what looking up the caller raises.
        """
        actions = actions_for_changes(kinds)
        if not actions:
            return []
        return objections(actions, self._simulated(actions))

    def _simulated(self, actions: Sequence[Action]) -> list[Check]:
        caller = self.connection.caller()
        regions = self.session.region, self.connection.identity.region
        place = place_of(self.settings, *regions, caller.account)
        return simulated(Simulator(self._iam), caller.arn, actions, place)

    def _seen(self, name: str, look: Callable[[], Check]) -> Check:
        try:
            return look()
        except HoldfastError as error:
            return failed(TOPIC, name, error)

    def _subscription(self) -> Check:
        told = part(self.connection.data.send("DescribeAccountSubscription", {}), "AccountInfo")
        edition, status = text(told, "Edition"), text(told, "AccountSubscriptionStatus")
        if edition == "STANDARD":
            advice = "Users, groups and bundles of assets need the Enterprise edition."
            return Check(TOPIC, "subscription", Verdict.WRONG, f"{edition}, {status}", advice)
        return Check(TOPIC, "subscription", Verdict.OK, f"{edition}, {status}")

    def _identity_region(self) -> Check:
        """Users are listed in one region only, and another names that in its refusal."""
        here = self.connection.identity.region
        try:
            self.connection.identity.send("ListUsers", {"Namespace": "default", "MaxResults": 1})
        except SettingsError as error:
            advice = "Name it: `[quicksight] identity_region`, or HOLDFAST_QUICKSIGHT_IDENTITY_REGION."
            return Check(TOPIC, "identity region", Verdict.WRONG, error.problems[0], advice)
        return Check(TOPIC, "identity region", Verdict.OK, f"{here} lists users")

    def _storage(self) -> Iterator[Check]:
        """The bucket exists, is this account's and of this region."""
        bucket = self.settings.bucket
        if not bucket:
            told = "none is set: only --mode users-only can run"
            advice = "Set `[quicksight] bucket`, or HOLDFAST_QUICKSIGHT_BUCKET."
            yield Check(BUCKETS, "name", Verdict.WRONG, told, advice)
            return
        yield self._bucket(bucket)

    def _bucket(self, bucket: str) -> Check:
        from botocore.exceptions import ClientError

        owner = {"Bucket": bucket, "ExpectedBucketOwner": self.connection.caller().account}
        try:
            answer = self.session.call("s3", "HeadBucket", owner)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            told = "there is no such bucket" if status == 404 else f"it cannot be looked at ({status})"
            advice = f"Make bucket {bucket} in this account and region, or name another one."
            return Check(BUCKETS, bucket, Verdict.WRONG, told, advice)
        except HoldfastError as error:
            return failed(BUCKETS, bucket, error)
        region = text(answer, "BucketRegion") or self.session.region
        if region != self.session.region:
            told = f"it is in {region}; imports read bundles from {self.session.region} only"
            return Check(BUCKETS, bucket, Verdict.WRONG, told, "Name a bucket of the region of the assets.")
        return Check(BUCKETS, bucket, Verdict.OK, f"there, in {region}, of this account")

    def _actions(self, actions: Sequence[Action]) -> Iterator[Check]:
        """Listings and what they give something to try on are tried; the rest is put to IAM's simulation."""
        checks = dict(self._tried([action for action in actions if action.reads]))
        untried = [action for action in actions if action.name not in checks]
        checks |= {check.name: check for check in self._simulated(untried)}
        yield from (checks[action.name] for action in actions)

    def _iam(self, operation: str, parameters: Mapping[str, object]) -> Answer:
        from botocore.exceptions import ClientError

        given = {name: value for name, value in parameters.items() if value != ""}
        try:
            return self.session.call("iam", operation, given)
        except ClientError as cause:
            error = cause.response.get("Error", {})
            raise RemoteError(f"iam:{operation}", error.get("Code", ""), error.get("Message", "")) from cause

    def _tried(self, actions: Sequence[Action]) -> Iterator[tuple[str, Check]]:
        by_name = {action.operation: action for action in actions if action.service == TOPIC}
        for operation in PEOPLE:
            if operation in by_name:
                own = {"Namespace": "default"} if operation in PEOPLE[:2] else {}
                ask = partial(self.connection.identity.send, operation, {"MaxResults": 1, **own})
                yield by_name[operation].name, _attempt(by_name[operation], ask)
        for kind in ASSET_KINDS:
            if kind != REFRESH_SCHEDULE:
                yield from self._tried_on(kind, by_name)

    def _tried_on(self, kind: str, by_name: Mapping[str, Action]) -> Iterator[tuple[str, Check]]:
        """The listing of a type, and what reads the first asset that it gives."""
        names, held = NAMES[kind], list[Answer]()
        if names.listing not in by_name:
            return

        def listing() -> Answer:
            answer = self.connection.data.send(names.listing, {"MaxResults": 1})
            held.extend(islice(rows(answer, names.rows), 1))
            return answer

        yield by_name[names.listing].name, _attempt(by_name[names.listing], listing)
        if not held:
            return
        here = ids_of(kind, text(held[0], names.id))
        for operation in filter(None, (*names.describe, names.permissions)):
            if operation in by_name:
                ask = partial(self.connection.data.send, operation, here)
                yield by_name[operation].name, _attempt(by_name[operation], ask)


def _attempt(action: Action, ask: Callable[[], Answer]) -> Check:
    try:
        ask()
    except AccessDenied as error:
        return missing(action, str(error))
    except (Missing, NotAccepted):
        pass  # the caller was let in; the thing is not as the call wants it
    except SettingsError as error:
        return Check(ACTION, action.name, Verdict.UNKNOWN, error.problems[0], needed=action.required)
    except RemoteError as error:
        if not error.permanent:
            raise
        return Check(ACTION, action.name, Verdict.UNKNOWN, str(error), error.advice, action.required)
    return Check(ACTION, action.name, Verdict.OK, "tried", needed=action.required)
