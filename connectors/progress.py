"""How far intake has come: the table `inventory.intake`, written with the rejects it counts.

Enters: per topic partition what was counted since the last save. Leaves: one transaction. The
counters only grow and count a message once: a save that begins before the stored `next_offset`
(the same one again after a lost answer, or a second process) changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.rejects import insert_rejects
from connectors.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import psycopg

Place = tuple[str, int]
"""Topic with prefix, partition."""

_SAVE = """
INSERT INTO inventory.intake AS i
  (topic, partition, topic_id, next_offset, consumed, events, ignored, rejects)
VALUES (%(topic)s, %(partition)s, %(topic_id)s, %(next)s,
  %(consumed)s, %(events)s, %(ignored)s, %(rejects)s)
ON CONFLICT (topic, partition) DO UPDATE SET
  next_offset = excluded.next_offset, consumed = i.consumed + excluded.consumed,
  events = i.events + excluded.events, ignored = i.ignored + excluded.ignored,
  rejects = i.rejects + excluded.rejects, updated_at = now()
WHERE i.next_offset <= %(first)s
"""
_RENEWED = """
SELECT DISTINCT i.topic
FROM inventory.intake AS i
JOIN unnest(%s::text[], %s::text[]) AS n (topic, topic_id) USING (topic)
WHERE i.topic_id <> n.topic_id
"""
_ADOPT = """
UPDATE inventory.intake AS i
SET topic_id = n.topic_id,
    next_offset = CASE WHEN i.topic_id <> n.topic_id THEN 0 ELSE i.next_offset END
FROM unnest(%s::text[], %s::text[]) AS n (topic, topic_id)
WHERE i.topic = n.topic AND i.topic_id IS DISTINCT FROM n.topic_id
"""


@dataclass(slots=True)
class Counts:
    """What was counted of one partition, from offset `first` up to before `next`."""

    first: int
    next: int
    consumed: int = 0
    events: int = 0
    ignored: int = 0
    rejects: int = 0

    def add(self, other: Counts) -> None:
        """Take in what follows."""
        self.next = other.next
        self.consumed += other.consumed
        self.events += other.events
        self.ignored += other.ignored
        self.rejects += other.rejects


class Progress:
    """Reads and writes intake's counters over one connection."""

    def __init__(self, dsn: str, *, stopping: Callable[[], bool] = lambda: False) -> None:
        """Connect to nothing yet."""
        self._session = Session(dsn, stopping=stopping)
        self._ids: dict[str, str] = {}

    def adopt(self, ids: dict[str, str]) -> set[str]:
        """Take Kafka's ids of the topics; return those that were made anew since the last save.

        What was counted of such a topic stays in the sums; its offsets begin again.
        """
        self._ids = ids
        columns = (list(ids), list(ids.values()))

        def work(connection: psycopg.Connection) -> set[str]:
            renewed = {str(topic) for (topic,) in connection.execute(_RENEWED, columns)}
            connection.execute(_ADOPT, columns)
            return renewed

        return self._session.run(work)

    def next_offsets(self) -> dict[Place, int]:
        """Return place → the offset up to which messages have been counted."""
        return self._session.run(_next_offsets)

    def save(self, counts: Mapping[Place, Counts], rejects: Sequence[tuple[Any, ...]]) -> None:
        """Write counters and rejects in one transaction."""

        def work(connection: psycopg.Connection) -> None:
            if rejects:
                insert_rejects(connection, rejects)
            for (topic, partition), one in sorted(counts.items()):
                place = {"topic": topic, "partition": partition, "topic_id": self._ids.get(topic)}
                connection.execute(_SAVE, {**place, **_values(one)})

        self._session.run(work)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()


def _next_offsets(connection: psycopg.Connection) -> dict[Place, int]:
    rows = connection.execute("SELECT topic, partition, next_offset FROM inventory.intake")
    return {(str(topic), int(partition)): int(offset) for topic, partition, offset in rows}


def _values(one: Counts) -> dict[str, int]:
    return {name: getattr(one, name) for name in Counts.__slots__}
