"""Letting go of old rows, as table `retention` says.

Enters: a database. Leaves: what was dropped of each table. Each table is a transaction of its own:
a deadlock or a lock that a writer holds is tried again for a minute. Meant to be run once a day; a
second run on the same day, or at the same time, finds nothing to do. May fail with Trouble when
the database does not answer.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from connectors.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from flows.settings import Settings

PATIENCE = 60.0
TIMEOUT_MS = 600_000
_RULES = "SELECT relation, keep_days FROM inventory.retention ORDER BY relation"
_FORGET = "SELECT before, chunks, rows FROM inventory.forget(%s, %s)"


class Forgotten(Struct, frozen=True):
    """What went of one table: everything before an instant, so many chunks or rows."""

    relation: str
    keep_days: int | None
    before: datetime | None = None
    chunks: int = 0
    rows: int = 0


def retain(
    settings: Settings, *, dry_run: bool = False, stopping: Callable[[], bool] = lambda: False
) -> list[Forgotten]:
    """Let go of what is older than it must be kept, or only tell what would go."""
    session = Session(
        settings.need_dsn(), patience=PATIENCE, stopping=stopping,
        statement_timeout_ms=TIMEOUT_MS, name="waterline retention",
    )  # fmt: skip
    try:
        rules = session.run(lambda connection: connection.execute(_RULES).fetchall())
        return [
            session.run(partial(_forget, name=name, days=days, dry_run=dry_run))
            for name, days in rules
            if not stopping()
        ]
    finally:
        session.close()


def _forget(
    connection: psycopg.Connection, name: str, days: int | None, *, dry_run: bool
) -> Forgotten:
    row = connection.execute(_FORGET, (name, dry_run)).fetchone()
    if row is None:
        return Forgotten(name, days)
    before, chunks, count = row
    return Forgotten(name, days, before, chunks or 0, count or 0)
