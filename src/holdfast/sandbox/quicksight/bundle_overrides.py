"""What an import job's request changes about the members of its bundle before they are imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from holdfast.sandbox.quicksight.bundle_rules import Member, kind_and_key
from holdfast.sandbox.quicksight.bundle_store import Job
from holdfast.sandbox.quicksight.kinds import KINDS, Kind, camel
from holdfast.sandbox.wire import Document, Json, Parameters

_EVERY = "*"
_GROUPS = {
    "VPCConnections": KINDS["vpc_connection"],
    "RefreshSchedules": KINDS["refresh_schedule"],
    "DataSources": KINDS["data_source"],
    "DataSets": KINDS["data_set"],
    "Themes": KINDS["theme"],
    "Analyses": KINDS["analysis"],
    "Dashboards": KINDS["dashboard"],
    "Folders": KINDS["folder"],
    "TopicsV2": KINDS["topic"],
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset as it is to be after the import. `permissions` and `tags` are None where the import leaves them.

    `told` is the member's ARN as jobs name it; `secret` and `credentials` are what the request gives a data source.
    """

    kind: Kind
    key: str
    arn: str
    held: Document
    permissions: dict[str, tuple[str, ...]] | None
    tags: dict[str, str] | None
    folders: tuple[str, ...]
    secret: str = ""
    credentials: bool = False


class Overrides:
    """The overrides of one job, looked up by what is in the bundle."""

    def __init__(self, job: Job, members: list[Member]) -> None:
        self._job, self._inside = job, {(each.kind.type, each.key) for each in members}
        asked = job.asked
        configuration = asked.part("OverrideParameters").part("ResourceIdOverrideConfiguration")
        self.prefix = configuration.find("PrefixForAllResources") or ""
        self._parameters = dict(_parameters(asked.part("OverrideParameters")))

    def strangers(self) -> list[str]:
        """Whatever is overridden and is not in the bundle, as `<folder>/<id>`."""
        named = {
            (kind.type, each)
            for part in ("OverridePermissions", "OverrideTags")
            for kind, some in _by_group(self._job.asked.part(part))
            for each in some.texts(_ids_name(kind))
            if each != _EVERY
        }
        named |= set(self._parameters)
        return sorted(f"{KINDS[kind].folder}/{key}" for kind, key in named - self._inside)

    def apply(self, member: Member) -> Wanted:
        """The member with its overrides, and with its ARNs made those of the job's account and region."""
        held: Document = dict(member.held)
        shared, labels, around = (
            held.pop("permissions", None),
            held.pop("tags", None),
            held.pop("folderArns", []),
        )
        given = dict(self._parameters.get((member.kind.type, member.key), {}))
        credentials = Parameters(cast(Document, given.pop("credentials", None) or {}))
        held |= given
        held = cast(Document, self._moved(held))
        key = self._prefixed(member.kind, member.key)
        held[member.kind.id_field] = key.rpartition("/")[2]
        if member.kind.type == "refresh_schedule":
            held |= {"dataSetId": key.partition("/")[0], "scheduleId": key.partition("/")[2]}
        return Wanted(
            member.kind,
            key,
            member.kind.arn_of(self._job.region, self._job.account, key),
            held,
            self._permissions(member, shared),
            self._tags(member, labels),
            tuple(str(each) for each in cast("list[Json]", self._moved(around))),
            credentials.find("secretArn") or "",
            "credentialPair" in credentials or "secretArn" in credentials,
        )

    def _moved(self, value: Json) -> Json:
        """The value with the ARNs of what is in the bundle made those that it will have here."""
        if isinstance(value, str):
            found = kind_and_key(value)
            if found is None or (found[0].type, found[1]) not in self._inside:
                return value
            return found[0].arn_of(self._job.region, self._job.account, self._prefixed(*found))
        if isinstance(value, Mapping):
            return {name: self._moved(each) for name, each in value.items()}
        return [self._moved(each) for each in value] if isinstance(value, list) else value

    def _prefixed(self, kind: Kind, key: str) -> str:
        if kind.type != "refresh_schedule":
            return self.prefix + key
        # The schedule's own id is unique within its dataset, whose id has the prefix.
        data_set, _, schedule = key.partition("/")
        inside = ("data_set", data_set) in self._inside
        return f"{self.prefix if inside else ''}{data_set}/{self.prefix}{schedule}"

    def _permissions(self, member: Member, own: Json) -> dict[str, tuple[str, ...]] | None:
        chosen = self._for("OverridePermissions", member)
        if chosen:
            shared: dict[str, tuple[str, ...]] = {}
            for each in chosen:
                granted = each.part("Permissions")
                for who in granted.texts("Principals"):
                    shared[who] = (*shared.get(who, ()), *granted.texts("Actions"))
            return shared
        if own is None:
            return None
        listed = [Parameters(each) for each in cast("list[Document]", own)]
        return {each.text("principal"): each.texts("actions") for each in listed}

    def _tags(self, member: Member, own: Json) -> dict[str, str] | None:
        chosen = self._for("OverrideTags", member)
        if chosen:
            return {tag.text("Key"): tag.text("Value") for each in chosen for tag in each.parts("Tags")}
        if own is None:
            return None
        listed = [Parameters(each) for each in cast("list[Document]", own)]
        return {each.text("key"): each.text("value") for each in listed}

    def _for(self, part: str, member: Member) -> list[Parameters]:
        """The entries of an override that are for a member, by its id or for every one of its type."""
        return [
            each
            for kind, each in _by_group(self._job.asked.part(part))
            if kind is member.kind and {_EVERY, member.key} & set(each.texts(_ids_name(kind)))
        ]


def _by_group(part: Parameters) -> Iterator[tuple[Kind, Parameters]]:
    for name, kind in _GROUPS.items():
        for each in part.parts(name):
            yield kind, each


def _ids_name(kind: Kind) -> str:
    return f"{kind.id_name}s"


def _parameters(part: Parameters) -> Iterator[tuple[tuple[str, str], Document]]:
    """What is to be set by type and key, as members have it."""
    for kind, each in _by_group(part):
        key = each.text(kind.id_name)
        given = {
            name: value for name, value in each.values.items() if name not in (kind.id_name, "DataSetId")
        }
        if kind.type == "refresh_schedule":
            key = f"{each.text('DataSetId')}/{key}"
        if "StartAfterDateTime" in given:
            given["StartAfterDateTime"] = _moment(given["StartAfterDateTime"])
        yield (kind.type, key), cast(Document, _camel(given))


def _camel(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {camel(name): _camel(each) for name, each in value.items()}
    return [_camel(each) for each in value] if isinstance(value, list) else value


def _moment(value: Json) -> Json:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
