"""Rows in lists: cutting, aligning, overlaying and comparing them is right wherever the lists happen to end."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.kernel.vault.rows import Row, aligned, changed_rows, cut_by_size, newest_rows, overlay

Contents = dict[str, bytes | None]

whole = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from([b"1", b"2"]))
changes = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from([b"1", b"2", None]))
cuts = st.integers(1, 4)


def lists_of(contents: dict[str, bytes] | Contents, length: int) -> Iterator[list[Row]]:
    rows: list[Row] = [(key, 1, contents[key], b"") for key in sorted(contents)]
    return (rows[start : start + length] for start in range(0, len(rows), length))


def contents_in(lists: Iterator[list[Row]]) -> list[tuple[str, bytes | None]]:
    return [(key, body) for rows in lists for key, _, body, _ in rows]


def test_a_block_ends_with_the_row_that_fills_it() -> None:
    rows: list[Row] = [("a", 1, b"123456789", b""), ("b", 1, None, b""), ("c", 1, b"1234", b"5678")]
    cut = list(cut_by_size(iter([rows[:2], rows[2:]]), 10))
    assert cut == [rows[:1], rows[1:]]
    assert list(cut_by_size(iter([rows]), 11)) == [rows[:2], rows[2:]]
    assert list(cut_by_size(iter([rows]), 1)) == [[row] for row in rows]
    assert list(cut_by_size(iter([rows]), 1000)) == [rows]
    assert list(cut_by_size(iter([]), 10)) == []


@settings(max_examples=60, deadline=None)
@given(old=whole, new=whole, of_old=cuts, of_new=cuts)
def test_the_changes_between_two_contents_turn_one_into_the_other(
    old: dict[str, bytes], new: dict[str, bytes], of_old: int, of_new: int
) -> None:
    found = contents_in(changed_rows(lists_of(new, of_new), lists_of(old, of_old)))
    assert found == sorted(found)
    expected: Contents = {key: None for key in old if key not in new}
    expected |= {key: body for key, body in new.items() if old.get(key) != body}
    assert dict(found) == expected


@settings(max_examples=60, deadline=None)
@given(lowest=whole, one=changes, two=changes, length=cuts)
def test_of_the_rows_of_a_key_the_newest_counts(
    lowest: dict[str, bytes], one: Contents, two: Contents, length: int
) -> None:
    upper = newest_rows([lists_of(one, length), lists_of(two, 3)])
    merged = lowest | one | two
    expected = [(key, merged[key]) for key in sorted(merged) if merged[key] is not None]
    assert contents_in(overlay(lists_of(lowest, length), upper)) == expected


def test_aligned_lists_share_no_key_with_another_pair() -> None:
    left: list[list[Row]] = [[("a", 1, b"", b""), ("d", 1, b"", b"")], [("e", 1, b"", b"")]]
    right: list[list[Row]] = [
        [("b", 1, b"", b"")],
        [("c", 1, b"", b""), ("f", 1, b"", b"")],
        [("g", 1, b"", b"")],
    ]
    keys = [tuple("".join(row[0] for row in rows) for rows in pair) for pair in aligned(left, right)]
    assert keys == [("a", "b"), ("d", "c"), ("e", ""), ("", "f"), ("", "g")]
