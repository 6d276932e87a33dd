"""`--only TYPE:NAME` gives the natural key that the backup has, however the name is written."""

from __future__ import annotations

import pytest

from holdfast.delivery.cli.identity_center import SELECTION
from holdfast.delivery.cli.selecting import RecordName

PART = "\x1f"  # between the names of a composite key


@pytest.mark.parametrize(
    ("written", "record"),
    [
        ("user:Ada.B", ("user", "ada.b")),
        ("group:Ops / Night", ("group", "Ops / Night")),
        ("permission_set:ReadOnly", ("permission_set", "ReadOnly")),
        ("membership:Ops / Ada.B", ("membership", f"Ops{PART}ada.b")),
        ("membership:Ops / Night / Ada.B", ("membership", f"Ops / Night{PART}ada.b")),
        (
            "assignment:111122223333 / ReadOnly / USER / Ada.B",
            ("assignment", f"111122223333{PART}ReadOnly{PART}USER{PART}ada.b"),
        ),
        (
            "assignment:111122223333 / ReadOnly / GROUP / Ops / Night",
            ("assignment", f"111122223333{PART}ReadOnly{PART}GROUP{PART}Ops / Night"),
        ),
        ("application:Wiki / Old", ("application", "Wiki / Old")),
        (
            "application_assignment:Wiki / Old / USER / Ada.B",
            ("application_assignment", f"Wiki / Old{PART}USER{PART}ada.b"),
        ),
        (
            "application_assignment:Wiki / GROUP / Ops / Night",
            ("application_assignment", f"Wiki{PART}GROUP{PART}Ops / Night"),
        ),
    ],
)
def test_a_record_is_named_as_reports_show_it(written: str, record: tuple[str, str]) -> None:
    assert RecordName(SELECTION).convert(written, None, None) == record
