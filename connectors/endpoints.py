"""The endpoints: who has registered for which messages, their secrets, and the circuit of each.

Enters: a connection inside a transaction. Leaves: rows of `endpoints`. The circuit is in the
table, so that several relays share it: `take` says how many messages may go now, `note` how they
went. Both lock the endpoint's row first. May fail with psycopg's errors.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from psycopg.rows import class_row

from connectors import outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

ALL = "*"
_ACTIVE = "SELECT name, names FROM inventory.endpoints WHERE active ORDER BY name FOR KEY SHARE"
_TAKE = """
SELECT e.url, e.allow_private, s.secret, e.open_until IS NOT NULL AS probing,
    coalesce(e.open_until > now(), false) AS open
FROM inventory.endpoints AS e LEFT JOIN inventory.endpoint_secrets AS s USING (name)
WHERE e.name = %s AND e.active FOR NO KEY UPDATE OF e
"""
_PROBE = "UPDATE inventory.endpoints SET open_until = now() + %s WHERE name = %s"
_FAILURES = "SELECT failures FROM inventory.endpoints WHERE name = %s FOR NO KEY UPDATE"
_NOTE = """
UPDATE inventory.endpoints
SET failures = %s, open_until = now() + %s::interval, active = active AND NOT %s WHERE name = %s
"""
_PUT = """
INSERT INTO inventory.endpoints (name, url, names, allow_private)
VALUES (%(name)s, %(url)s, %(names)s, %(allow_private)s)
ON CONFLICT (name) DO UPDATE SET url = excluded.url, names = excluded.names,
    allow_private = excluded.allow_private, active = true, failures = 0, open_until = NULL
"""
_PUT_KEY = """
INSERT INTO inventory.endpoint_secrets (name, secret) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET secret = excluded.secret
"""
_REMOVE = "DELETE FROM inventory.endpoints WHERE name = %s"
_TARGET = """
SELECT e.url, s.secret, e.allow_private
FROM inventory.endpoints AS e LEFT JOIN inventory.endpoint_secrets AS s USING (name)
WHERE e.name = %s
"""


class Wish(Struct, frozen=True):
    """An active endpoint and the names of rules and kinds of actions that it wants."""

    name: str
    names: list[str]

    def wants(self, name: str) -> bool:
        """Return whether it wants messages of this rule or kind."""
        return name in self.names or ALL in self.names


class Target(Struct, frozen=True):
    """Where to post; the secret is None where none is stored."""

    url: str
    secret: str | None
    allow_private: bool


class Taken(Struct, frozen=True):
    """What is to be posted now, and where."""

    target: Target
    claims: list[outbox.Claim]


def active(connection: psycopg.Connection) -> list[Wish]:
    """Return the endpoints that messages go to."""
    with connection.cursor(row_factory=class_row(Wish)) as cursor:
        return cursor.execute(_ACTIVE).fetchall()


def take(connection: psycopg.Connection, name: str, limit: int, lease: timedelta) -> Taken | None:
    """Claim what is due to an endpoint: nothing while its circuit is open, then one message.

    None: there is no such endpoint any more, or nothing goes to it.
    """
    row = connection.execute(_TAKE, (name,)).fetchone()
    if row is None:
        return None
    url, allow_private, secret, probing, closed = row
    target = Target(url, secret, allow_private)
    if closed:
        return Taken(target, [])
    claims = outbox.claim(connection, name, 1 if probing else limit, lease)
    if probing and claims:
        connection.execute(_PROBE, (lease, name))  # no other relay probes at the same time
    return Taken(target, claims)


def note(
    connection: psycopg.Connection,
    name: str,
    tries: Sequence[outbox.Try],
    pause_after: Callable[[int], timedelta | None],
    hold: timedelta | None,
) -> None:
    """Record tries to an endpoint, and what they say about it.

    `pause_after(failures in a row)` is for how long nothing more is sent, `hold` what the endpoint
    asked for itself.
    """
    row = connection.execute(_FAILURES, (name,)).fetchone()
    outbox.record(connection, "webhook", tries)
    if row is None:
        return
    before, taken = int(row[0]), any(one.outcome == "delivered" for one in tries)
    failures = 0 if taken else before + len(tries)
    pauses = [one for one in (pause_after(failures), hold) if one is not None]
    gone = next((one for one in tries if one.outcome == "gone"), None)
    connection.execute(_NOTE, (failures, max(pauses, default=None), gone is not None, name))
    if gone is not None:
        outbox.give_up(connection, name, gone.error)
    elif taken and pause_after(before) is not None:
        outbox.due_now(connection, name)


def put(
    connection: psycopg.Connection,
    name: str,
    target: Target,
    names: Sequence[str],
) -> None:
    """Register an endpoint, or change what is registered; its circuit is closed."""
    values = {"name": name, "url": target.url, "names": list(names),
              "allow_private": target.allow_private}  # fmt: skip
    connection.execute(_PUT, values)
    connection.execute(_PUT_KEY, (name, target.secret))


def remove(connection: psycopg.Connection, name: str) -> int | None:
    """Forget an endpoint; return how many messages are given up, None if there is none such."""
    if not connection.execute(_REMOVE, (name,)).rowcount:
        return None
    return outbox.give_up(connection, name, "the endpoint was removed")


def target_of(connection: psycopg.Connection, name: str) -> Target | None:
    """Return where an endpoint is, with its secret."""
    with connection.cursor(row_factory=class_row(Target)) as cursor:
        return cursor.execute(_TARGET, (name,)).fetchone()
