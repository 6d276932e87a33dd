"""Bundles opened: what a real one holds, and what no sound one is."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from holdfast.systems.quicksight.capture import bundle
from holdfast.systems.quicksight.capture.bundle import open_bundle
from holdfast.systems.quicksight.errors import BadBundle
from holdfast.systems.quicksight.records.assets import read_member, write_member
from tests.systems.quicksight.small_estate import asset

REAL = Path(__file__).parents[5] / "shared/realdata/quicksight/TotalDeathByCountry.qs"
REAL_MEMBERS = {
    ("data_source", "8e5eb8e2-7430-4e3a-a4f7-940af71a93f6"): "athena",
    ("data_set", "2b4bd673-99f3-4d18-a475-ac37d56af357"): "us_simplified",
    ("analysis", "2f99f271-1f84-4a57-9843-31646734d5c9"): "Death By Countries",
    ("dashboard", "e0772d4e-bd69-444e-a421-cb3f165dbad8"): "TotalDeathByCountry",
}


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


THEME = b'{"resourceType":"theme","themeId":"t"}'


@pytest.mark.skipif(not REAL.exists(), reason="the real bundle is not beside the checkout")
def test_a_real_bundle_is_read_whole_and_written_again_as_it_was() -> None:
    data = REAL.read_bytes()
    opened = open_bundle(data, REAL_MEMBERS.keys())
    assert opened.whole
    assert {name: member["name"] for name, member in opened.members.items()} == REAL_MEMBERS
    with zipfile.ZipFile(BytesIO(data)) as held:
        texts = [msgspec.json.decode(held.read(name)) for name in held.namelist()]
    again = [msgspec.json.decode(write_member(member)) for member in opened.members.values()]
    assert all(text in texts for text in again) and len(again) == len(texts)


def test_a_schedule_that_does_not_name_its_dataset_is_the_one_that_was_asked_for() -> None:
    name = ("refresh_schedule", "d\x1fnightly")
    data = zipped(("x.json", b'{"resourceType":"refreshschedule","scheduleId":"nightly"}'))
    assert open_bundle(data, [name]).members.keys() == {name}
    twice = [name, ("refresh_schedule", "e\x1fnightly")]
    assert open_bundle(data, twice).missing == set(twice)


def cut() -> bytes:
    return zipped(("theme/t.json", THEME))[:-30]


def flipped() -> bytes:
    data = bytearray(zipped(("theme/t.json", THEME)))
    data[data.index(b'"t"') + 1] ^= 1
    return bytes(data)


def spoiled() -> bytes:
    """A member whose compressed bytes are none."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("theme/t.json", THEME * 50)
    data = bytearray(out.getvalue())
    data[len("theme/t.json") + 30] = 0xFF
    return bytes(data)


BAD = {
    "compressed bytes that are none": spoiled(),
    "JSON without a bottom": zipped(("theme/t.json", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "not a number": zipped(("theme/t.json", b'{"resourceType":"theme","themeId":"t","x":NaN}')),
    "no zip": b"<html>",
    "cut off": cut(),
    "a bit flipped": flipped(),
    "no JSON": zipped(("theme/t.json", b"{")),
    "no object": zipped(("theme/t.json", b"[]")),
    "an asset twice": zipped(("theme/t.json", THEME), ("theme/u.json", THEME)),
}


@pytest.mark.parametrize("what", BAD)
def test_bytes_that_are_no_sound_bundle_are_refused(what: str) -> None:
    with pytest.raises(BadBundle):
        open_bundle(BAD[what], [("theme", "t")])


def test_a_bundle_that_unpacks_to_more_than_an_import_takes_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 10)
    with pytest.raises(BadBundle, match="unpacks to more than"):
        open_bundle(zipped(("theme/t.json", THEME)), [("theme", "t")])


def test_a_record_of_a_member_keeps_the_digits_of_fractions() -> None:
    data = zipped(("theme/t.json", b'{"resourceType":"theme","themeId":"t","x":0.10}'))
    member = open_bundle(data, [("theme", "t")]).members["theme", "t"]
    assert asset("theme", "t", {"x": member["x"]}).body.count(b'{"#":"0.10"}') == 1
    assert b'"x":0.10' in write_member(member)


@pytest.mark.parametrize("text", ['"hello"', r'"1,\"y\":2"', '"01"', '""'])
def test_a_text_under_the_name_that_marks_fractions_stays_a_text(text: str) -> None:
    data = f'{{"x":{{"#":{text}}}}}'.encode()
    assert write_member(read_member(data)) == data
