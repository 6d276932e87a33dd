"""Files that are damaged, ambiguous or hostile: each is refused with its place, and nothing of it is kept."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from holdfast.domain.records import Record
from holdfast.kernel.exchange.containers import zipped
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.exporting import Shape
from tests.simulators.exchanged import archive, document, examined, outgoing, written

ROW = {"key": ["a"], "body": {"Name": "a"}}
GOOD = document(ROW)
YAML = b"""\
format: holdfast-export/1
metadata: {system: things, snapshot: s, kind: full, taken_at: "2026-11-20T09:00:00Z"}
sections:
- name: thing
  records:
  - key: [a]
    body: {Name: BODY}
  summary: {count: 1}
summary: {}
"""
LAUGHS = b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"


def tables(**changes: bytes) -> dict[str, bytes]:
    """A folder of tables with changed files, dots in names written as underscores."""
    made = written(outgoing({"thing": [Record("thing", "a", b'{"Name":"a"}')]}), Shape("csv"))
    return made | {name.replace("_", "."): data for name, data in changes.items()}


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def packed(made: dict[str, bytes]) -> list[tuple[str | zipfile.ZipInfo, bytes]]:
    return list(made.items())


def lying_zip() -> bytes:
    """A zip whose member says that it is small."""
    data = bytearray(archive(("snapshot.json", b" " * 20_000_000)))
    real, small = struct.pack("<I", 20_000_000), struct.pack("<I", 100)
    return bytes(data).replace(real, small)


CASES: dict[str, tuple[dict[str, bytes] | bytes, str]] = {
    "syntax": (GOOD.replace(b'"Name": "a"', b'"Name": a'), "line 18: no JSON"),
    "cut off": (GOOD[:-20], "line 2"),
    "empty": (b"", "empty"),
    "trailing garbage": (GOOD + b"{}", "something follows the end"),
    "a name twice in a record": (GOOD.replace(b'"Name": "a"', b'"Name": "a", "Name": "b"'), 'the name "Name" is there twice'),
    "a name twice in the document": (GOOD.replace(b'"summary": {}', b'"format": "x"'), 'the name "format" is there twice'),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
    "utf-16": (GOOD.decode().encode("utf-16"), "byte order mark"),
    "not utf-8": (GOOD.replace(b'"a"', b'"\xff"', 1), "a byte is not UTF-8"),
    "a huge number": (document({**ROW, "body": {"N": 10**30}}), "more than 18 digits"),
    "a number of many digits": (GOOD.replace(b'"Name": "a"', b'"N": ' + b"9" * 100_000), "more than 18 digits"),
    "a fraction": (document({**ROW, "body": {"N": 1.5}}), "no whole number"),
    "not a number": (GOOD.replace(b'"Name": "a"', b'"N": NaN'), "no whole number"),
    "deep": (GOOD.replace(b'"Name": "a"', b'"N": ' + b"[" * 10_000 + b"]" * 10_000), "deep in one another"),
    "rather deep": (GOOD.replace(b'"Name": "a"', b'"N": ' + b"[" * 40 + b"]" * 40), "deep in one another"),
    "deep and open": (b"[" * 10_000, "expected '{'"),
    "another tool's": (json.dumps({"users": []}).encode(), "'users' stands where 'format' is expected"),
    "a newer format": (document(format="holdfast-export/2"), "written by something newer"),
    "an unknown member": (document(ROW, metadata={"system": "things", "x": 1}), "unknown field `x`"),
    "time to come": (
        document(ROW, metadata={"system": "things", "snapshot": "s", "kind": "full", "taken_at": "2031-01-01T00:00:00Z"}),
        "taken_at is in the future",
    ),
    "a section twice": (
        document(sections=[{"name": "thing", "records": [], "summary": {"count": 0}}] * 2),
        "the section is there twice",
    ),
    "yaml syntax": (YAML.replace(b"[a]", b"[a"), "no YAML"),
    "yaml alias": (YAML.replace(b"BODY", b"*x"), "anchors and aliases are refused"),
    "billion laughs": (LAUGHS + YAML, "stands where 'format'"),
    "billion laughs in a record": (YAML.replace(b"{Name: BODY}", b"&a {x: [1]}"), "anchors and aliases are refused"),
    "yaml tag": (YAML.replace(b"BODY", b"!!python/object/apply:os.system [x]"), "is refused"),
    "yaml merge": (YAML.replace(b"Name: BODY", b"<<: {a: b}"), "merge keys are refused"),
    "yaml name twice": (YAML.replace(b"Name: BODY", b"N: a, N: b"), 'the name "N" is there twice'),
    "yaml deep": (YAML.replace(b"BODY", b"[" * 10_000 + b"]" * 10_000), "line 7"),
    "yaml fraction": (YAML.replace(b"BODY", b"1.5"), "no whole number"),
    "yaml huge number": (YAML.replace(b"BODY", b"9" * 50), "more than 18 digits"),
    "a yaml value without end": (YAML.replace(b"BODY", b"x" * 9_000_000), "longer than"),
    "a json value without end": (GOOD.replace(b'"Name": "a"', b'"Name": "' + b"x" * 9_000_000), "longer than"),
    "two yaml documents": (YAML + b"---\nx: 1\n", "a second document follows"),
    "yaml not utf-8": (YAML.replace(b"BODY", b"\xff"), "no YAML"),
    "yaml byte order mark": (b"\xef\xbb\xbf" + YAML, "byte order mark"),
    "gzip cut off": (gzip.compress(GOOD)[:-12], "cut off"),
    "gzip damaged": (gzip.compress(GOOD)[:-8] + b"\0" * 8, "damaged"),
    "gzip with more behind": (gzip.compress(GOOD) + b"x", "something follows"),
    "gzip bomb": (gzip.compress(GOOD + b" " * 100_000_000, 9), "as a zip bomb does"),
    "zip bomb": (archive(("snapshot.json", GOOD + b" " * 100_000_000)), "as a zip bomb does"),
    "zip that lies of sizes": (lying_zip(), "damaged"),
    "zip with many members": (archive(*((f"{n}.csv", b"") for n in range(300))), "more than 200 members"),
    "zip cut off": (archive(("snapshot.json", GOOD))[:-4], "cut off"),
    "zip with more behind": (archive(("snapshot.json", GOOD)) + b"x", "something follows its end"),
    "zip member above": (archive(("../snapshot.json", GOOD)), "not a plain file name"),
    "zip member at the root": (archive(("/etc/snapshot.json", GOOD)), "not a plain file name"),
    "zip member of windows": (archive(("C:snapshot.json", GOOD)), "not a plain file name"),
    "zip link": (archive((special("snapshot.json", 0o120777), b"/etc/passwd")), "a link or another special file"),
    "zip names by case": (archive(*packed(tables()), ("THING.csv", b"")), "differ by case alone"),
    "zip of something": (archive(("a", b""), ("b", b"")), "neither tables"),
    "zip in a zip": (archive(("x.zip", archive(("snapshot.json", GOOD)))), "no YAML"),
    "table not there": ({k: v for k, v in tables().items() if k == "manifest.json"} | {"x": b""}, "thing.csv: is in the manifest and not there"),
    "table too many": (tables() | {"more.csv": b""}, "more.csv: is not in the manifest"),
    "table columns": (tables(thing_csv=b"key,schema\r\n"), "thing.csv, row 1: the columns"),
    "table byte order mark": (tables(thing_csv=b"\xef\xbb\xbfkey,schema\r\n"), "byte order mark"),
    "table not utf-8": (tables(thing_csv=b"key,schema,body.Name\r\n\xff,1,a\r\n"), "a byte is not UTF-8"),
    "table quote open": (tables(thing_csv=b'key,schema,body.Name\r\n"a,1,a\r\n'), "no CSV"),
    "manifest": (tables(manifest_json=b"{}"), "manifest.json: the format is not"),
    "manifest with more behind": (tables(manifest_json=tables()["manifest.json"] + b"{}"), "something follows the value"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read_is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    files, told = CASES[case]
    with pytest.raises(Malformed) as caught:
        examined(files, tmp_path, "yaml" if case == "empty" else "auto")
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_every_problem_of_a_file_is_told_with_its_place(tmp_path: Path) -> None:
    rows = [
        {"key": ["b"], "body": {}},
        {"key": ["a"], "body": {}},
        {"key": ["a"], "body": {}},
        {"key": "c", "body": {}},
        {"key": ["d"], "body": {}, "more": 1},
        {"key": ["e\x1ff"], "body": {}},
        {"key": ["g"], "body": {"Text": "\ud800"}},
        {"key": [], "body": {}},
    ]
    sections = [
        {"name": "thing", "records": rows, "summary": {"count": 8}},
        {"name": "strange", "records": [], "summary": {"count": 0}},
    ]
    found = examined(document(sections=sections), tmp_path)
    assert [finding.message.partition(": ")[2][:44] for finding in found.problems] == [
        "thing a stands after b; records come in key ",
        "thing a is there twice",
        "Expected `array`, got `str` - at `$.key`",
        "Object contains unknown field `more`",
        "the key has no parts, or a part with the uni",
        "a text holds half of a surrogate pair, which",
        "the key has no parts, or a part with the uni",
        "Things has no such type",
    ]
    assert [finding.key for finding in found.problems[:2]] == ["line 19", "line 25"]


def test_a_bad_cell_is_told_by_row_and_column(tmp_path: Path) -> None:
    records = [Record("thing", name, b'{"Deep":[1],"Name":"x"}') for name in "abc"]
    made = written(outgoing({"thing": records}), Shape("csv"))
    made["thing.csv"] = (
        made["thing.csv"].replace(b"'[b", b"'[b").replace(b"[1]", b"[1", 2).replace(b"[1,", b"[1],", 1)
    )
    found = examined(made, tmp_path)
    assert [finding.key for finding in found.problems] == ["thing.csv, row 3, column body.Deep"]


def test_the_limit_on_what_may_be_unpacked_is_kept(tmp_path: Path) -> None:
    for files in (gzip.compress(GOOD), archive(("snapshot.json", GOOD))):
        with pytest.raises(Malformed, match="unpacks to more than 100 bytes"):
            examined(files, tmp_path, most=100)


def test_a_zip_of_ours_is_a_zip_to_others() -> None:
    made = b"".join(zipped([("a.csv", iter([b"x" * 10, b"y"])), ("b.csv", iter(()))]))
    with zipfile.ZipFile(io.BytesIO(made)) as read:
        assert read.testzip() is None
        assert {each.filename: (each.file_size, each.date_time) for each in read.infolist()} == {
            "a.csv": (11, (1980, 1, 1, 0, 0, 0)),
            "b.csv": (0, (1980, 1, 1, 0, 0, 0)),
        }
        assert zlib.crc32(b"x" * 10 + b"y") == read.getinfo("a.csv").CRC
