"""The table `inventory.rejects`: written once per refusal, however often it is read again.

Enters: rows as (topic, partition, offset, n, code, field, message, event_id, payload, size),
inside the caller's transaction. A row that is there already stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

_INSERT = """
INSERT INTO inventory.rejects
  (topic, partition, "offset", n, code, field, message, event_id, payload, payload_size)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (topic, partition, "offset", n) DO NOTHING
"""


def insert_rejects(connection: psycopg.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert the rows in one round trip."""
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, list(rows))
