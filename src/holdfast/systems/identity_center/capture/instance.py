"""Reading what holds for the whole instance: its name and tags, and the attributes for access control."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from holdfast.kernel.paging import every
from holdfast.kernel.reading import Listing, read_one
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    INSTANCE,
    AttributeConfiguration,
    InstanceSettings,
)


@dataclass(frozen=True, slots=True)
class InstanceListing:
    """What was read; what was not asked for stays empty. No attributes: they are not enabled."""

    settings: Listing[InstanceSettings] = field(default_factory=Listing)
    attributes: Listing[AttributeConfiguration | None] = field(default_factory=Listing)


def read_instance(reader: Reader, wanted: frozenset[str]) -> InstanceListing:
    """The types asked for: two calls for the instance, one for its attributes for access control."""
    gateway, tags = reader.connection.applications, reader.connection.sso_admin.list_tags

    def settings() -> InstanceSettings:
        found = gateway.describe_instance()
        return replace(found, tags=tuple(sorted(every(partial(tags, found.arn)))))

    return InstanceListing(
        settings=read_one(settings) if INSTANCE in wanted else Listing(),
        attributes=read_one(gateway.access_control_attributes)
        if ACCESS_CONTROL_ATTRIBUTES in wanted
        else Listing(),
    )
