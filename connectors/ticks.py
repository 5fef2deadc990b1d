"""Up to when the clock's ticks have been folded: `inventory.offsets.clock_at`.

Enters: a Session. Leaves: the time that every partition has reached which has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg

    from connectors.session import Session


def clock_at(session: Session) -> datetime | None:
    """Return the earliest of the partitions' clocks; None when no tick was ever folded."""
    return session.run(_clock_at)


def _clock_at(connection: psycopg.Connection) -> datetime | None:
    row = connection.execute("SELECT min(clock_at) FROM inventory.offsets").fetchone()
    earliest: datetime | None = row[0] if row else None
    return earliest
