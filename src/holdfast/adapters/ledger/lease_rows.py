"""Rows of leases and of the audit chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.tables import audit, leases
from holdfast.domain.errors import Busy
from holdfast.kernel.ports import AuditEntry, Lease, Liveness


class LeaseRows:
    """The part of the ledger that keeps leases and the audit chain; the `Ledger` port says what each call gives."""

    _database: Database
    _alive: Liveness

    def acquire(self, name: str, owner: str, seconds: float, now: datetime) -> Lease:
        with self._database.writing() as connection:
            present = _find(connection, name)
            if present is None:
                lease = Lease(name, owner, 1, now + timedelta(seconds=seconds))
                connection.execute(leases.insert().values(asdict(lease)))
                return lease
            if now < present.expires_at and self._alive(present.owner) is not False:
                raise Busy(
                    f"{name} is held by {present.owner} until {present.expires_at:%H:%M:%S} UTC or longer.",
                    "Wait until that process ends, then run the command again.",
                )
            lease = Lease(name, owner, present.fence + 1, now + timedelta(seconds=seconds))
            connection.execute(leases.update().where(leases.c.name == name).values(asdict(lease)))
            return lease

    def release(self, lease: Lease) -> None:
        with self._database.writing() as connection:
            # The row stays, because its fence must never be given twice.
            ended = datetime.fromtimestamp(0, tz=lease.expires_at.tzinfo)
            connection.execute(leases.update().where(_same(lease)).values(expires_at=ended))

    def append_audit(self, entry: Callable[[int, str], AuditEntry]) -> AuditEntry:
        with self._database.writing() as connection:
            query = sa.select(audit.c.position, audit.c.mac).order_by(audit.c.position.desc()).limit(1)
            head = connection.execute(query).first()
            position, mac = (0, "") if head is None else (head.position, head.mac)
            link = entry(position + 1, mac)
            connection.execute(audit.insert().values(asdict(link)))
            return link

    def audit_head(self) -> AuditEntry | None:
        """The newest link of the audit chain; None for an empty one."""
        with self._database.reading() as connection:
            row = connection.execute(audit.select().order_by(audit.c.position.desc()).limit(1)).first()
        return None if row is None else AuditEntry(**row._mapping)

    def audit(self) -> Iterator[AuditEntry]:
        rows = self._database.pages(audit.select(), audit.c.position)
        return (AuditEntry(**row._mapping) for row in rows)


def _find(connection: sa.Connection, name: str) -> Lease | None:
    row = connection.execute(leases.select().where(leases.c.name == name).with_for_update()).first()
    return None if row is None else Lease(**row._mapping)


def _same(lease: Lease) -> sa.ColumnElement[bool]:
    return (leases.c.name == lease.name) & (leases.c.owner == lease.owner) & (leases.c.fence == lease.fence)
