"""Episodes of the watched rules: read, answered, brought up to date in the present transaction.

Enters: a connection inside a transaction, names of watched rules, what was sighted. Leaves: rows of
alerts, alert_state and alert_times, messages in outbox. Who calls sees to it that nobody else does
so for these rules at the same time. May fail with psycopg's errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from flows.domain.accounts import Episodes
from flows.domain.changes import Changes
from flows.domain.watched import Answer, Sighting, settle
from flows.store.alerts import EPISODE, episode_of, write

_OPEN = f"""
SELECT {EPISODE} FROM inventory.alert_state
WHERE rule = ANY(%s) AND state <> 'resolved' AND (%s::text IS NULL OR warehouse = %s)
"""
# What a person has answered before an alert was raised (again) was about something else.
_ANSWERS = """
SELECT j.body ->> 'alert_id', j.event_id, j.occurred_at,
    coalesce(j.body ->> 'decided_by', j.body ->> 'operator'), j.body ->> 'reason'
FROM inventory.journal AS j
JOIN LATERAL (
    SELECT max(a.at) AS at FROM inventory.alerts AS a
    WHERE a.alert_id = j.body ->> 'alert_id' AND a.transition IN ('opened', 'escalated')
) AS raised ON raised.at < j.committed_at
WHERE j.type = 'decision' AND j.body ->> 'alert_id' = ANY(%s)
ORDER BY j.committed_at, j.log_offset
"""


def open_episodes(
    connection: psycopg.Connection[Any], rules: Sequence[str], warehouse: str | None = None
) -> Episodes:
    """Return what is not resolved of some rules, of one warehouse or of all."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_OPEN.encode(), (list(rules), warehouse, warehouse))
        return {row.key: row for row in map(episode_of, cursor)}


def note(
    connection: psycopg.Connection[Any],
    episodes: Episodes,
    sightings: Iterable[Sighting],
    at: datetime,
) -> Changes:
    """Write what sightings and answers make of the episodes; return what was written."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        changes = settle(episodes, sightings, _answers(cursor, episodes), at)
        write(cursor, None, changes)
    return changes


def _answers(cursor: psycopg.Cursor, episodes: Episodes) -> list[Answer]:
    ids = [row.alert_id for row in episodes.values() if row.state == "open"]
    if not ids:
        return []
    return [Answer(*row) for row in cursor.execute(_ANSWERS, (ids,))]
