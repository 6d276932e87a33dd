"""What Describe calls say becomes what a bundle holds."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import botocore
import pytest

from holdfast.domain.records import Record
from holdfast.sandbox.faults import FaultRule
from holdfast.systems.quicksight.clients.assets_client import NAMES
from holdfast.systems.quicksight.model import ASSET_KINDS
from holdfast.systems.quicksight.records.described import MAPS, camel, member_of
from holdfast.systems.quicksight.records.people import comparable
from tests.systems.quicksight.capture.capturing import Capturing

MODEL = Path(botocore.__file__).parent / "data/quicksight/2018-04-01/service-2.json.gz"
CAMEL = {
    "DataSetArn": "dataSetArn",
    "QBusinessInsightsStatus": "qbusinessInsightsStatus",
    "ExportToCSVOption": "exportToCSVOption",
    "DataQAEnabledOption": "dataQAEnabledOption",
    "S3Source": "s3Source",
}
"""The first four as a real bundle has them."""


def test_the_map_typed_members_are_those_of_the_service_s_own_model() -> None:
    model = json.loads(gzip.decompress(MODEL.read_bytes()))
    shapes, seen, maps = model["shapes"], set[str](), set[str]()

    def walk(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        shape = shapes[name]
        for member, ref in shape.get("members", {}).items():
            if shapes[ref["shape"]]["type"] == "map":
                maps.add(member)
            walk(ref["shape"])
        for inner in ("member", "value"):
            if inner in shape:
                walk(shape[inner]["shape"])

    for names in NAMES.values():
        for operation in names.describe:
            walk(model["operations"][operation]["output"]["shape"])
    assert maps == MAPS
    # A name that is a map in one shape is a structure in none, or its keys would be touched or left by mistake.
    structures = [shapes[each] for each in seen if shapes[each]["type"] == "structure"]
    kinds = {
        shapes[ref["shape"]]["type"] for each in structures for m, ref in each["members"].items() if m in MAPS
    }
    assert kinds == {"map"}


@pytest.mark.parametrize("name", CAMEL)
def test_names_are_spelled_as_a_real_bundle_spells_them(name: str) -> None:
    assert camel(name) == CAMEL[name]


def test_keys_of_maps_are_left_as_they_are() -> None:
    answer = {"DataSet": {"DataSetId": "d", "PhysicalTableMap": {"MyTable": {"CustomSql": {"Name": "Q"}}}}}
    member = member_of("data_set", "d", answer)
    assert member["physicalTableMap"] == {"MyTable": {"customSql": {"name": "Q"}}}


def test_fractions_keep_their_digits() -> None:
    answer = {"Theme": {"ThemeId": "t", "Version": {"Configuration": {"Sheet": {"Opacity": 0.1}}}}}
    assert member_of("theme", "t", answer)["configuration"] == {"sheet": {"opacity": {"#": "0.1"}}}


def test_a_description_gives_the_member_that_a_bundle_holds(capturing: Capturing) -> None:
    capturing.load("tiny")
    kinds = tuple(ASSET_KINDS)
    bundled = capturing.capture(kinds, name="bundled")
    capturing.faults(FaultRule(operation="StartAssetBundleExportJob", deny=True))
    described = capturing.capture(kinds, name="described")
    for kind in kinds:
        exported = {record.key: told(record) for record in bundled.part(kind).records}
        assert exported
        assert {record.key: told(record) for record in described.part(kind).records} == exported


def told(record: Record) -> bytes:
    """A record without the two things that the sandbox's members and its descriptions have apart."""
    return re.sub(rb'"id":"read",|,"(?i:vpcid)":"[^"]*"', b"", comparable(record))
