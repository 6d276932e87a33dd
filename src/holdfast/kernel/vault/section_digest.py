"""The digest over a section's records, and the records as the rows that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter, lt
from typing import TYPE_CHECKING

import msgspec
from blake3 import blake3

from holdfast.domain.errors import Refused
from holdfast.domain.records import Record, show_key
from holdfast.kernel.vault.ahead import submit
from holdfast.kernel.vault.rows import LISTED_ROWS, Row, key_of

if TYPE_CHECKING:
    from concurrent.futures import Future

# By position, as itemgetter takes several fields of a record at once.
_row_of = itemgetter(*map(Record._fields.index, ("key", "schema", "body", "personal")))
_type_of = itemgetter(Record._fields.index("type"))
HASHED_HERE = 32 << 10  # bytes that are hashed sooner than another thread could be asked to


class SectionDigest:
    """BLAKE3 over a section's records in key order, however they are stored; hashed beside the caller's thread."""

    def __init__(self) -> None:
        self._hasher = blake3()
        self._encode = msgspec.msgpack.Encoder().encode
        self._hashing: Future[blake3] | None = None
        self.count = 0

    def extend(self, rows: Sequence[Row]) -> None:
        """Count the next records in."""
        self.count += len(rows)
        # The rows as one array, without the front that says how many there are: they lie back to back.
        front = 1 if len(rows) < 1 << 4 else 3 if len(rows) < 1 << 16 else 5
        data = memoryview(self._encode(rows))[front:]
        self._wait()
        if len(data) < HASHED_HERE:
            self._hasher.update(data)
        else:
            self._hashing = submit(self._hasher.update, data)

    def hex(self) -> str:
        """The digest of what was added."""
        self._wait()
        return self._hasher.hexdigest()

    def _wait(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None


def ordered_rows(type_name: str, records: Iterable[Record], digest: SectionDigest) -> Iterator[list[Row]]:
    """The records as lists of rows, counted into the digest. Raises: Refused for disorder, repeats, other types."""
    last: str | None = None
    source = iter(records)
    while held := list(islice(source, LISTED_ROWS)):
        rows: list[Row] = list(map(_row_of, held))
        keys = list(map(key_of, rows))
        rising = all(map(lt, keys, keys[1:])) and (last is None or last < keys[0])
        if not rising or set(map(_type_of, held)) != {type_name}:
            raise _disorder(type_name, held, last)
        last = keys[-1]
        digest.extend(rows)
        yield rows


def _disorder(type_name: str, held: Sequence[Record], last: str | None) -> Refused:
    """Why the first record that is out of place is."""
    for record in held:
        if record.type != type_name or (last is not None and record.key <= last):
            break
        last = record.key
    if record.type != type_name:
        what = f"a record of type {record.type} came in the section {type_name}"
    elif record.key == last:
        what = f"two records of type {type_name} have the key {show_key(record.key)}"
    else:
        what = (
            f"{type_name} records are out of order: {show_key(record.key)} came after {show_key(last or '')}"
        )
    return Refused(
        f"{what}.", "Nothing was sealed. Report this: the capture must give each key once and in order."
    )
