"""The outbox and what became of its messages: tables `outbox`, `dispatches`, `deliveries`.

Enters: a connection inside a transaction. Leaves: messages to be sent, and each try written down.
A message that was claimed is leased: until then no other relay sends it, and when its sender was
killed it is sent again afterwards, under the same id: at least once. What was delivered stays
delivered. May fail with psycopg's errors. The unit of parallelism is the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from psycopg.rows import class_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    import psycopg

KAFKA = "kafka"
"""The receiver that gets every message; all others are endpoints."""
AT_ONCE = 500

_UNSPREAD = """
SELECT message_id, number, topic, name, body ->> 'state' AS state, created_at
FROM inventory.outbox WHERE NOT spread ORDER BY number LIMIT %s FOR UPDATE SKIP LOCKED
"""
_DISPATCH = """
INSERT INTO inventory.dispatches (message_id, receiver, number, topic, created_at)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT (message_id, receiver) DO NOTHING
"""
_SPREAD = """
UPDATE inventory.outbox SET spread = true, answered = message_id <> ALL (%s)
WHERE message_id = ANY (%s)
"""
_CLAIM = """
WITH due AS (
    SELECT message_id FROM inventory.dispatches
    WHERE receiver = %(receiver)s AND state = 'waiting' AND next_attempt_at <= now()
      AND (leased_until IS NULL OR leased_until <= now())
    ORDER BY next_attempt_at, number LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE inventory.dispatches AS d
    SET leased_until = now() + %(lease)s, attempts = d.attempts + 1
    FROM due WHERE d.message_id = due.message_id AND d.receiver = %(receiver)s
    RETURNING d.message_id, d.receiver, d.number, d.attempts
)
SELECT c.message_id, c.receiver, o.topic, o.warehouse, o.body::text AS body,
    c.attempts AS attempt, o.created_at, clock_timestamp() AS at
FROM claimed AS c JOIN inventory.outbox AS o USING (message_id) ORDER BY c.number
"""
_DELIVERY = """
INSERT INTO inventory.deliveries (at, message_id, receiver, channel, attempt, outcome, status,
    error, latency_ms, duration_ms)
VALUES (%(at)s, %(message_id)s, %(receiver)s, %(channel)s, %(attempt)s, %(outcome)s, %(status)s,
    %(error)s, %(latency_ms)s, %(duration_ms)s)
"""
# Who lost its lease may still say that it delivered, not that it failed: another is at it.
_DELIVERED = """
UPDATE inventory.dispatches
SET state = 'delivered', delivered_at = %(at)s, leased_until = NULL
WHERE message_id = %(message_id)s AND receiver = %(receiver)s AND state = 'waiting'
"""
_FAILED = """
UPDATE inventory.dispatches
SET next_attempt_at = now() + %(pause)s, leased_until = NULL, last_error = %(error)s
WHERE message_id = %(message_id)s AND receiver = %(receiver)s AND state = 'waiting'
  AND attempts = %(attempt)s
"""
# Locked in the order of their ids: two receivers of the same message are recorded at once.
_TOLD = """
WITH told AS (
    SELECT o.message_id, unnest(o.about) AS alert_id FROM inventory.outbox AS o
    WHERE o.message_id = ANY (%s) AND o.topic = 'inventory.alerts'
      AND o.body ->> 'transition' = 'opened'
), firsts AS (
    SELECT t.alert_id, min(d.at) AS at
    FROM told AS t JOIN unnest(%s::text[], %s::timestamptz[]) AS d (message_id, at)
      USING (message_id)
    GROUP BY t.alert_id
), locked AS (
    SELECT a.alert_id FROM inventory.alert_times AS a JOIN firsts USING (alert_id)
    WHERE a.sent_at IS NULL ORDER BY a.alert_id FOR UPDATE OF a
)
UPDATE inventory.alert_times AS a SET sent_at = f.at
FROM locked AS l JOIN firsts AS f USING (alert_id)
WHERE a.alert_id = l.alert_id AND a.sent_at IS NULL
"""
_GIVE_UP = """
UPDATE inventory.dispatches
SET state = 'given_up', given_up_at = now(), leased_until = NULL, last_error = %s
WHERE receiver = %s AND state = 'waiting'
"""
# Also what waits for an endpoint that nothing is sent to any more: nobody else would end it.
_OVERDUE = """
UPDATE inventory.dispatches AS d
SET state = 'given_up', given_up_at = now(), leased_until = NULL,
    last_error = coalesce(d.last_error, 'it was never tried')
WHERE d.state = 'waiting' AND d.receiver <> 'kafka'
  AND (d.leased_until IS NULL OR d.leased_until <= now())
  AND (d.first_at <= now() - %s
       OR NOT EXISTS (SELECT FROM inventory.endpoints AS e WHERE e.name = d.receiver AND e.active))
"""
_DUE_NOW = """
UPDATE inventory.dispatches SET next_attempt_at = now()
WHERE receiver = %s AND state = 'waiting' AND next_attempt_at > now()
"""
_UNANSWERED = """
SELECT o.message_id, o.body::text AS body, r.why, r.finished_at
FROM inventory.outbox AS o
CROSS JOIN LATERAL (
    SELECT bool_or(d.state = 'waiting') AS waiting,
        max(coalesce(d.delivered_at, d.given_up_at)) AS finished_at,
        string_agg(d.receiver || ': ' || d.last_error, '; ' ORDER BY d.receiver)
            FILTER (WHERE d.state = 'given_up') AS why
    FROM inventory.dispatches AS d WHERE d.message_id = o.message_id
) AS r
WHERE o.spread AND NOT o.answered AND NOT r.waiting
ORDER BY o.number LIMIT %s FOR UPDATE OF o SKIP LOCKED
"""
_ANSWERED = "UPDATE inventory.outbox SET answered = true WHERE message_id = ANY (%s)"


class Message(Struct, frozen=True):
    """A message that has not been handed to its receivers; `state` is that of actions."""

    message_id: str
    number: int
    topic: str
    name: str
    state: str | None
    created_at: datetime


class Claim(Struct, frozen=True):
    """A message that this process is to send to one receiver now; `at` is the database's clock."""

    message_id: str
    receiver: str
    topic: str
    warehouse: str
    body: str
    attempt: int
    created_at: datetime
    at: datetime


class Try(Struct, frozen=True):
    """How a claim went; a failed one is tried again after `pause`."""

    claim: Claim
    outcome: str
    at: datetime
    duration: float
    pause: timedelta
    status: int | None = None
    error: str | None = None


class Settled(Struct, frozen=True):
    """An approved action's message that every receiver has; `why` it was given up, if so."""

    message_id: str
    body: str
    why: str | None
    finished_at: datetime


def unspread(connection: psycopg.Connection) -> list[Message]:
    """Return messages that no relay has handed to receivers yet, locked, the oldest first."""
    with connection.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(_UNSPREAD, (AT_ONCE,)).fetchall()


def spread(
    connection: psycopg.Connection,
    to: Sequence[tuple[Message, Iterable[str]]],
    asking: Sequence[str],
) -> None:
    """Hand messages to Kafka and to these receivers; ids in `asking` want an answer on the log."""
    rows = [
        (one.message_id, receiver, one.number, one.topic, one.created_at)
        for one, receivers in to
        for receiver in (KAFKA, *receivers)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_DISPATCH, rows)
        cursor.execute(_SPREAD, (list(asking), [one.message_id for one, _ in to]))


def claim(
    connection: psycopg.Connection, receiver: str, limit: int, lease: timedelta
) -> list[Claim]:
    """Return what is due to a receiver, leased to this process for so long."""
    values = {"receiver": receiver, "limit": limit, "lease": lease}
    with connection.cursor(row_factory=class_row(Claim)) as cursor:
        return cursor.execute(_CLAIM, values).fetchall()


def record(connection: psycopg.Connection, channel: str, tries: Sequence[Try]) -> None:
    """Write down how each try went, and when alerts were first told of."""
    ordered = sorted(tries, key=lambda one: one.claim.message_id)
    rows = [_row(one, channel) for one in ordered]
    delivered = [row for row in rows if row["outcome"] == "delivered"]
    with connection.cursor() as cursor:
        cursor.executemany(_DELIVERY, rows)
        cursor.executemany(_DELIVERED, delivered)
        cursor.executemany(_FAILED, [row for row in rows if row["outcome"] != "delivered"])
        if delivered:
            ids, ats = [row["message_id"] for row in delivered], [row["at"] for row in delivered]
            cursor.execute(_TOLD, (ids, ids, ats))


def give_up(connection: psycopg.Connection, receiver: str, why: str | None) -> int:
    """Give up everything that waits for a receiver; return how many messages."""
    return connection.execute(_GIVE_UP, (why, receiver)).rowcount


def give_up_overdue(connection: psycopg.Connection, age: timedelta) -> int:
    """Give up what has waited for so long, or for nobody; return how many."""
    return connection.execute(_OVERDUE, (age,)).rowcount


def due_now(connection: psycopg.Connection, receiver: str) -> None:
    """Let everything that waits for its next try be tried now: the receiver is back."""
    connection.execute(_DUE_NOW, (receiver,))


def unanswered(connection: psycopg.Connection, limit: int = 100) -> list[Settled]:
    """Return approved actions that are settled with every receiver, locked, not answered yet."""
    with connection.cursor(row_factory=class_row(Settled)) as cursor:
        return cursor.execute(_UNANSWERED, (limit,)).fetchall()


def answered(connection: psycopg.Connection, message_ids: Sequence[str]) -> None:
    """Note that the log has the answers."""
    connection.execute(_ANSWERED, (list(message_ids),))


def _row(one: Try, channel: str) -> dict[str, Any]:
    claim = one.claim
    return {
        "at": one.at,
        "message_id": claim.message_id,
        "receiver": claim.receiver,
        "channel": channel,
        "attempt": claim.attempt,
        "outcome": one.outcome,
        "status": one.status,
        "error": one.error,
        "latency_ms": round((one.at - claim.created_at).total_seconds() * 1000),
        "duration_ms": round(one.duration * 1000),
        "pause": one.pause,
    }
