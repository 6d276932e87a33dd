"""What goes out in any format comes back as the same records, byte for byte."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import canonical
from holdfast.kernel.exchange.exporting import Shape
from tests.simulators.exchanged import examined, outgoing, records_in, written

EVERY_SHAPE = [
    Shape("json"),
    Shape("yaml"),
    Shape("csv"),
    Shape("csv", "zip"),
    Shape("json", "gzip"),
    Shape("json", "zip"),
    Shape("yaml", "gzip"),
    Shape("yaml", "zip"),
]
PLAIN = [Shape("json"), Shape("yaml"), Shape("csv")]

ODD = [
    "", " ", "'", "''", "=1+1", "+49 30", "-1", "@SUM(A1)", "\tcell", "\rcell", "\ncell", "＝1", "007", "1e5", "0x10", "true",
    "NULL", "~", "yes", "2026-11-20", "12:30", "a\r\nb", 'say "so", then', "nul\x00here", "\x7f\x85\u2028\u2029\ufeff",
    "\ufffe\uffff", "Å Ω 漢 🙂", "#no comment", "- no list", "{no: map}", "&no *alias !no-tag", "[1]", "end\\", "a: b",
]  # fmt: skip


def thing(name: str, personal: bytes = b"", **fields: object) -> Record:
    return Record("thing", name, canonical({"Name": name, **fields}), personal)  # type: ignore[dict-item]


HARD = {
    "thing": sorted(
        [
            *(thing(f"odd-{number:02}", Value=text) for number, text in enumerate(ODD)),
            *(thing(text, canonical({"Mail": text})) for text in ODD if text and "\x1f" not in text),
            thing("a-null", Value=None),
            thing("absent"),
            thing("numbers", Big=10**17, Minus=-5, Zero=0, Yes=True, No=False),
            thing("nested", Deep={"a": [{"b": []}, {}, None, "x", [[1]]], "=cmd|' /C calc'!A0": "in a name"}),
            Record("thing", "older", b"{}", schema=3),
        ],
        key=lambda record: record.key,
    ),
    "link": [Record("link", join_key("a", "b c"), b'{"From":"a","To":"b c"}')],
    "rest": [],
}


@pytest.mark.parametrize("shape", EVERY_SHAPE, ids=str)
def test_every_format_brings_back_the_same_records_digests_and_root(shape: Shape, tmp_path: Path) -> None:
    snapshot = outgoing(HARD, left_out="gone")
    files = written(snapshot, shape)
    assert records_in(files, tmp_path) == {**HARD, "gone": []}
    found = examined(written(outgoing(HARD), shape), tmp_path)
    assert (found.problems, found.edited) == ([], [])
    assert [part.digest for part in found.sections.values()] == [
        part.summary.digest for part in snapshot.sections[:3]
    ]
    assert dict(found.metadata.labels) == {"why": "test"}


def test_equal_snapshots_give_equal_bytes() -> None:
    for shape in EVERY_SHAPE:
        assert written(outgoing(HARD), shape) == written(outgoing(HARD), shape)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=8) | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)
fields = st.dictionaries(st.text(max_size=4) | st.sampled_from(ODD), values, max_size=3)
names = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), min_size=1, max_size=6)


@given(st.dictionaries(names, st.tuples(fields, fields), max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_record_comes_back_from_every_format(
    tmp_path: Path, drawn: dict[str, tuple[dict[str, None], ...]]
) -> None:
    records = [
        Record("thing", key, canonical(body), canonical(personal) if personal else b"")
        for key, (body, personal) in sorted(drawn.items())
    ]
    for shape in PLAIN:
        assert records_in(written(outgoing({"thing": records}), shape), tmp_path)["thing"] == records


def test_other_readers_of_json_yaml_and_csv_see_the_same_values(tmp_path: Path) -> None:
    (as_json,) = written(outgoing(HARD), Shape("json")).values()
    (as_yaml,) = written(outgoing(HARD), Shape("yaml")).values()
    assert yaml.safe_load(as_yaml) == json.loads(as_json)
    table = written(outgoing({"thing": [thing("a", Value="=1+1"), thing("b", Value="0042")]}), Shape("csv"))
    rows = list(csv.DictReader(io.StringIO(table["thing.csv"].decode(), newline="")))
    assert [row["body.Value"] for row in rows] == ["'=1+1", "'0042"]


def test_no_cell_of_a_table_begins_like_a_formula() -> None:
    tables = written(outgoing(HARD), Shape("csv"))
    rows = [
        row
        for name in tables
        if name.endswith(".csv")
        for row in csv.reader(io.StringIO(tables[name].decode(), newline=""))
    ]
    assert [
        cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    ] == []


def test_a_document_whose_names_another_tool_sorted_is_read(tmp_path: Path) -> None:
    (made,) = written(outgoing(HARD), Shape("json")).values()
    again = json.dumps(json.loads(made), sort_keys=True, indent=3).encode()
    assert records_in(again, tmp_path) == HARD
    assert examined(again, tmp_path).edited == []


def test_without_personal_fields_the_file_says_so_and_is_partial(tmp_path: Path) -> None:
    records = {"thing": [thing("a", b'{"Mail":"a@example.com"}')], "link": HARD["link"]}
    for shape in PLAIN:
        files = written(outgoing(records, personal=False), shape)
        assert b"a@example.com" not in b"".join(files.values())
        found = examined(files, tmp_path)
        assert found.metadata.personal == "left out"
        assert {name: part.complete for name, part in found.sections.items()} == {
            "thing": False,
            "link": True,
        }
        assert found.sections["thing"].reason == "personal fields were left out of the export"
        assert found.edited == []


@pytest.mark.parametrize("shape", PLAIN, ids=str)
def test_a_changed_file_is_told_from_the_one_that_was_exported(shape: Shape, tmp_path: Path) -> None:
    files = written(outgoing({"thing": [thing("a", Value="before"), thing("b")]}), shape)
    changed = {name: data.replace(b"before", b"behind") for name, data in files.items()}
    assert changed != files
    assert examined(changed, tmp_path).edited == ["section thing"]
