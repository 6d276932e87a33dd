"""Dates and times on the command line."""

from __future__ import annotations

from datetime import datetime

import click


class When(click.ParamType[datetime]):
    """A date or an RFC 3339 time; a date stands for its first moment in UTC, or with `end` for its last."""

    name = "date|time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, with a time zone. Raises: BadParameter for anything else."""
        from holdfast.kernel.vault.catalogue import parse_moment

        if isinstance(value, datetime):
            return value
        text = str(value)
        is_date = len(text) == len("2026-11-20")
        moment = parse_moment(f"{text}T00:00:00+00:00" if is_date and not self._end else text)
        if moment is None:
            self.fail(f"{text!r} is no date or time: write 2026-11-20 or 2026-11-20T09:00:00Z", param, ctx)
        return moment


since_option = click.option("--since", type=When(), help="From this moment on.")
until_option = click.option("--until", type=When(end=True), help="Up to this moment; a date counts whole.")
