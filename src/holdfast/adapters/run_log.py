"""The log of a run: JSON lines, personal fields masked, on the standard library's logging."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import IO

import msgspec

from holdfast.kernel.ids import timestamp
from holdfast.kernel.ports import Clock
from holdfast.kernel.showing import Json, masked

ROOT = "holdfast"
RUN_LOGGER = "holdfast.run"


class JsonLog:
    """A `RunLog` on an open file; while the context lasts, it also takes what Holdfast's modules log.

    Each line is an object with `at`, `level`, `run`, `event` and the event's facts. Modules log
    `logger.info("event", extra={"facts": {...}})`; messages of other libraries are not taken, since
    nothing can mask them. `lost` counts lines that could not be written.
    """

    def __init__(self, file: IO[bytes], run_id: str, clock: Clock) -> None:
        self._handler = _JsonHandler(file, run_id, clock)
        self._logger = logging.getLogger(ROOT)

    def __enter__(self) -> JsonLog:
        self._level = self._logger.level
        self._logger.addHandler(self._handler)
        if not self._logger.isEnabledFor(logging.INFO):
            self._logger.setLevel(logging.INFO)
        return self

    def __exit__(self, *error: object) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._level)
        self._handler.close()

    @property
    def lost(self) -> int:
        """Lines that could not be written, for example on a full disk."""
        return self._handler.lost

    def event(self, name: str, facts: Mapping[str, Json] | None = None) -> None:
        """Write one line at level INFO; a line that cannot be written is counted in `lost`."""
        logging.getLogger(RUN_LOGGER).info(name, extra={"facts": facts or {}})


class _JsonHandler(logging.Handler):
    """Turns log records into JSON lines; logging's own lock makes it safe across threads."""

    def __init__(self, file: IO[bytes], run_id: str, clock: Clock) -> None:
        super().__init__(logging.INFO)
        self._file = file
        self._run = run_id
        self._clock = clock
        self._cut_off = False
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self._line(record))
        except (OSError, ValueError, TypeError):
            # A log that cannot be written must not stop a change half way; the caller reads `lost`.
            self.lost += 1

    def _write(self, line: bytes) -> None:
        """One write a line; what a filling disk cut off is ended first, so that later lines can be read."""
        whole = b"\n" + line if self._cut_off else line
        written = self._file.write(whole)
        self._cut_off = written < len(whole)
        self.lost += self._cut_off

    def _line(self, record: logging.LogRecord) -> bytes:
        facts: Mapping[str, Json] = getattr(record, "facts", {})
        line: dict[str, Json] = {
            "at": timestamp(self._clock.now()),
            "level": record.levelname.lower(),
            "run": self._run,
            "event": record.getMessage(),
        }
        return msgspec.json.encode({**line, **_as_mapping(masked(facts)), **line}) + b"\n"


def _as_mapping(facts: Json) -> Mapping[str, Json]:
    return facts if isinstance(facts, Mapping) else {}
