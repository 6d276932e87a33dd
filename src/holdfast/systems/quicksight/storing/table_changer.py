"""Makes tables and writes their items, each once, however often it is asked to."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from holdfast.domain.changes import Change
from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteError, RemoteUnavailable
from holdfast.domain.outcomes import DONE, Outcome, OutcomeKind
from holdfast.domain.records import join_key
from holdfast.kernel.canonical import canonical, plain
from holdfast.kernel.ports import Clock
from holdfast.kernel.runs.comparison import ALREADY, failed_by, found_done
from holdfast.kernel.system import Present
from holdfast.systems.quicksight.storing.errors import StorageQuota, TableMissing, TableTaken, no_answer
from holdfast.systems.quicksight.storing.items import Attributes
from holdfast.systems.quicksight.storing.names import PARTITION, SORT_KEYS
from holdfast.systems.quicksight.storing.plan import ITEMS, TABLE, TableValue, table_value
from holdfast.systems.quicksight.storing.table_gateway import KeySchema, TableGateway, TableState
from holdfast.systems.quicksight.storing.where import table_of

BATCH = 25
"""Items that one BatchWriteItem takes."""
RETRIES = 3
"""Repeats of a batch of which the service took nothing, as drawn."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 20.0
"""Seconds before the first repeat of what was left unprocessed, and at most before a later one."""
LOOK = 1.0
"""Seconds between looks at a table that is being made."""
ACTIVE_WITHIN = 300.0
"""Seconds after which a table that is still being made counts as failed."""
TOO_NEW, PROTECTED_AFTER = "ContinuousBackupsUnavailableException", 10.0
"""What a table that was just made answers to UpdateContinuousBackups, and the seconds before it is asked again."""
OTHER_SCHEMA = "schema-differs"
"""Code of an outcome: a table of this name is there, with other keys."""
WITHOUT_OPTIONS = "table-without-options"
"""Code of an outcome: the table is there, but TTL or point-in-time recovery could not be turned on."""
WRITE_ERROR = "write-error"
SCHEMA_WORDS = "does not match the schema"
"""What DynamoDB says of every item alike where a table has other keys."""


def key_schema(sort_key: str) -> KeySchema:
    """The keys of a table of ours."""
    return (PARTITION, "HASH", "S"), (sort_key, "RANGE", "S")


@dataclass(frozen=True, slots=True)
class TableChanger:
    """A `Changer` whose facets are tables and their items.

    A table that cannot be written to at all is remembered: its other items fail by the same error without a call.
    """

    gateway: TableGateway
    clock: Clock
    run: str
    jitter: Callable[[], float] = random.random
    concurrency: int = 4
    _stopped: dict[str, Outcome] = field(default_factory=dict)

    def batch_size(self, change_type: str) -> int:
        return BATCH if change_type in ITEMS else 1

    def guarded_by_service(self, change: Change) -> bool:
        # CreateTable refuses a name that is taken. Nobody else writes items under this backup's id.
        return True

    def await_settled(self, change_types: Sequence[str]) -> None:
        return  # `apply` itself waits for a new table

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        found: dict[str, Present] = {}
        for table, of_table in groupby(sorted(changes, key=table_of), key=table_of):
            found |= self._present(table, list(of_table))
        return [found[change.key] for change in changes]

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        if changes[0].type == TABLE:
            return [self._table(change, note_request) for change in changes]
        return self._items(table_of(changes[0]), changes)

    def _present(self, table: str, changes: Sequence[Change]) -> dict[str, Present]:
        try:
            if changes[0].type == TABLE:
                # What is not wholly so is made again: every step of making a table bears repeating.
                held = self._is_made(table, table_value(changes[0]))
                return {change.key: Present(change.after if held else None) for change in changes}
            items = self._read(table, changes)
        except TableMissing:
            items = {}
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            raise no_answer(error, self.run) from error
        except HoldfastError as error:
            if error.ends_run:
                raise
            failure = failed_by(error)
            return {change.key: Present(None, failure) for change in changes}
        return {change.key: Present(items.get(change.key)) for change in changes}

    def _is_made(self, table: str, wanted: TableValue) -> bool:
        state = self.gateway.describe(table)
        plainly = not wanted.expires and not wanted.point_in_time_recovery
        return plainly and state is not None and state.active and state.keys == key_schema(wanted.sort_key)

    def _read(self, table: str, changes: Sequence[Change]) -> dict[str, bytes]:
        """What the table holds of these items, by the change's key."""
        sort_key = SORT_KEYS[ITEMS[changes[0].type]]
        keys = [_item_key(change, sort_key) for change in changes]
        items = self.gateway.read(table, keys)
        return {join_key(table, str(item[sort_key])): canonical(dict(item)) for item in items}

    def _table(self, change: Change, note_request: Callable[[str], None]) -> Outcome:
        wanted, table = table_value(change), change.key
        try:
            return self._make(table, wanted, note_request)
        except HoldfastError as error:
            if error.ends_run:
                raise
            if isinstance(error, RemoteUnavailable):
                self._look_again(table, error)
            self._stopped[table] = failed_by(self._with_usage(table, error))
            return self._stopped[table]

    def _make(self, table: str, wanted: TableValue, note_request: Callable[[str], None]) -> Outcome:
        keys, made = key_schema(wanted.sort_key), False
        state = self.gateway.describe(table)
        if state is None:
            try:
                self.gateway.create(table, keys)
                made = True
            except TableTaken:
                pass  # another run of this day made it a moment ago
        state = self._await_active(table, state, note_request)
        if state.keys != keys:
            told = f"has the keys {_shown(state.keys)} instead of {_shown(keys)}"
            advice = f"Give the tables of [quicksight] another name, or remove {table} if nobody needs it."
            return Outcome(OutcomeKind.SKIPPED, told, advice, OTHER_SCHEMA)
        trouble = self._set_options(table, wanted)
        if trouble is not None:
            return Outcome(OutcomeKind.DONE, str(trouble), trouble.advice, WITHOUT_OPTIONS)
        return DONE if made else Outcome(OutcomeKind.SKIPPED, "is there already", code=ALREADY)

    def _await_active(
        self, table: str, state: TableState | None, note_request: Callable[[str], None]
    ) -> TableState:
        """The table's state once it can be written to. Raises: RemoteError after five minutes; Busy."""
        until = self.clock.monotonic() + ACTIVE_WITHIN
        while state is None or not state.active:
            note_request(table)
            if self.clock.monotonic() >= until:
                said = f"{table} is not ACTIVE after {ACTIVE_WITHIN:.0f} s"
                raise RemoteError("dynamodb:CreateTable", "not active", said)
            if state is not None:
                self.clock.sleep(LOOK)
            state = self.gateway.describe(table) or TableState(False, ())
        return state

    def _set_options(self, table: str, wanted: TableValue) -> HoldfastError | None:
        """Turn TTL and recovery on where wanted; the error where that failed, which keeps no item from its table."""
        try:
            if wanted.expires:
                self.gateway.expire_by(table, wanted.expires)
            if wanted.point_in_time_recovery:
                self._protect(table)
        except HoldfastError as error:
            if error.ends_run:
                raise
            return error
        return None

    def _protect(self, table: str) -> None:
        """Turn recovery on, which DynamoDB refuses for a while where the table is new."""
        for _ in range(RETRIES):
            try:
                self.gateway.protect(table)
                return
            except RemoteError as error:
                if error.error != TOO_NEW:
                    raise
            self.clock.sleep(PROTECTED_AFTER)
        self.gateway.protect(table)

    def _items(self, table: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        if table in self._stopped:
            return [self._stopped[table]] * len(changes)
        try:
            return self._written(changes, self._write(table, changes))
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            return self._found(table, changes, error)
        except (AccessDenied, StorageQuota, TableMissing) as error:
            self._stopped[table] = failed_by(self._with_usage(table, error))
        except RemoteError as error:
            failed = failed_by(error, WRITE_ERROR)
            if SCHEMA_WORDS in error.service_said:
                self._stopped[table] = failed
            elif len(changes) == 1:
                return [failed]
        # One item that the service refuses makes it refuse the whole batch.
        return [outcome for change in changes for outcome in self._items(table, [change])]

    def _write(self, table: str, changes: Sequence[Change]) -> Sequence[Attributes]:
        """Write items until the service has taken all, or none of them three times in a row; those it did not take."""
        waiting: Sequence[Attributes] = [plain(change.after or b"") for change in changes]
        pause, refused = FIRST_PAUSE, 0
        while True:
            left = self.gateway.write(table, waiting)
            refused = refused + 1 if len(left) == len(waiting) else 0
            if not left or refused > RETRIES:
                return left
            self.clock.sleep(pause * (0.5 + self.jitter() / 2))
            waiting, pause = left, min(LONGEST_PAUSE, pause * 2)

    def _written(self, changes: Sequence[Change], left: Sequence[Attributes]) -> Sequence[Outcome]:
        lacking = {canonical(dict(item)) for item in left}
        told = f"DynamoDB left it unprocessed, also after {RETRIES} repeats"
        advice = "Run the backup again when the table has room for more writes."
        failed = Outcome(OutcomeKind.FAILED, told, advice, WRITE_ERROR)
        return [failed if change.after in lacking else DONE for change in changes]

    def _found(self, table: str, changes: Sequence[Change], error: RemoteUnavailable) -> Sequence[Outcome]:
        """The outcomes of a batch whose answer was lost, by what the table holds. Raises: ServiceSilent."""
        held = self._present(table, changes)
        failed = failed_by(error, WRITE_ERROR)
        return [found_done() if held[change.key] == Present(change.after) else failed for change in changes]

    def _look_again(self, table: str, error: RemoteUnavailable) -> None:
        """Return where the service answers something else at least. Raises: ServiceSilent."""
        try:
            self.gateway.describe(table)
        except RemoteUnavailable as again:
            if again.ends_run:
                raise
            raise no_answer(error, self.run) from error

    def _with_usage(self, table: str, error: HoldfastError) -> HoldfastError:
        """The error, that of a reached limit with what is used now."""
        if not isinstance(error, StorageQuota):
            return error
        return StorageQuota(error.operation, error.error, error.service_said, self._usage(table))

    def _usage(self, table: str) -> str:
        try:
            state, tables = self.gateway.describe(table), self.gateway.tables()
        except HoldfastError as error:
            if error.ends_run:
                raise
            return f"What is used now could not be read: {error}"
        own = f"{table} has {state.items:,} items and {state.size:,} bytes; " if state else ""
        return f"Used now: {own}{tables:,} tables in the region."


def _item_key(change: Change, sort_key: str) -> Mapping[str, str]:
    item = plain(change.after or b"")
    return {PARTITION: str(item[PARTITION]), sort_key: str(item[sort_key])}


def _shown(keys: KeySchema) -> str:
    return ", ".join(f"{name} ({role} {kind})" for name, role, kind in keys) or "none"
