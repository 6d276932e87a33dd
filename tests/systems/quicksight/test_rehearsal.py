"""What a drill presupposes: where records are of, and what they name and do not hold."""

from __future__ import annotations

from holdfast.bootstrap.quicksight_rehearsal import Place, rehearse_quicksight
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from holdfast.systems.quicksight.records.arns import named_in
from holdfast.systems.quicksight.settings import QuickSightSettings
from tests.simulators.quiet import SilentProgress
from tests.simulators.sleeping_time import SleepingTime
from tests.systems.quicksight.small_estate import ACCOUNT, ALL_TYPES, REGION, arn, asset, person, view

BOARD = asset(
    "dashboard",
    "board",
    {"declared": [arn("dataset/up"), arn("dataset/held")], "shared": arn("dataset/theirs", "222222222222")},
    {person("user/default/anna"): ("quicksight:View",), person("group/sales/Staff"): ("quicksight:View",)},
)


def test_the_place_of_records_is_that_which_most_of_their_arns_name() -> None:
    assert Place.of(named_in(view([BOARD]), ["dashboard"])) == Place(ACCOUNT, REGION, "us-east-1")
    assert Place.of(named_in(view([]), ALL_TYPES)) == Place("123456789012", "us-east-1", "us-east-1")


def test_what_the_backup_names_and_does_not_hold_is_there_and_is_told() -> None:
    wanted = MemoryView([Part("data_set", [asset("data_set", "held")]), Part("dashboard", [BOARD])])
    with rehearse_quicksight(wanted, QuickSightSettings(), SleepingTime()) as stage:
        assert stage.description.endswith(
            "; 3 that the backup names and does not hold are there: "
            "group/sales/Staff, user/default/anna, dataset/up"
        )
        types = ("namespace", "user", "group", "data_set")
        found = {
            part.type: [each.key for each in part.records]
            for part in stage.system.source().capture(types, SilentProgress())
        }
    assert found == {
        "namespace": ["default", "sales"],
        "user": ["default\x1fanna"],
        "group": ["sales\x1fStaff"],
        "data_set": ["up"],
    }  # fmt: skip
