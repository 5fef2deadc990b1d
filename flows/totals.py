"""Sums for screens, worked out anew beside the stock flow every few seconds, each whole.

Enters: the committed tables, a hint that something was committed. Leaves: tables *_totals as their
query `sql/queries/totals_*.sql` says, only rows that differ written; in table `totals_made` when
each was made. Each is one transaction; one that fails is a line in the log and tried again. A
process leaves a sum alone that another has just made, and any for at least ten times as long as it
took. A drained flow makes all of them once more when everything is committed.
"""

from __future__ import annotations

import logging
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct
from psycopg import sql

from connectors.queries import QUERIES, text
from connectors.session import DEAD_PEER
from connectors.trouble import one_line
from flows.minutely import Minutely

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
IDLE_S = 10.0
"""How often at least a sum is made while nothing is committed: time changes some of them."""
REST, LONG_REST = 10, 40
"""A sum is left alone for so many times as long as it took, the slower ones for the latter."""
RETRY_S = 10.0
NEARLY = 0.9
"""An age that is so much of a pace counts as one: clocks and round trips differ by milliseconds."""
LOOK_S = 1.0
"""How often to look whether something was committed."""
# Sums of everything: hashing instead of sorting on disk, and no plan that asks row by row.
OPTIONS = (
    "-c search_path=inventory,screen,public -c jit=off -c work_mem=64MB -c enable_memoize=off"
    " -c max_parallel_workers_per_gather=0 -c statement_timeout=30000 -c lock_timeout=10000"
    " -c idle_in_transaction_session_timeout=10000"
)
_LOCK = 0x544F5441
_LOG = logging.getLogger("waterline.totals")

_ALONE = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
_NEXT = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
_AGE = """
SELECT extract(epoch FROM clock_timestamp() - t.made_at)::float8, t.duration_ms / 1000.0::float8
FROM inventory.totals_made AS t WHERE t.relation = %s
"""
_COLUMNS = """
SELECT a.attname, a.attnum = ANY(i.indkey)
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = ('inventory.' || %s)::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attname <> 'made_at'
ORDER BY a.attnum
"""
_MAKE = """
WITH made AS MATERIALIZED (
{query}
),
gone AS (
    DELETE FROM inventory.{table} AS kept
    WHERE NOT EXISTS (SELECT FROM made WHERE ({made_key}) = ({kept_key}))
    RETURNING 1
),
put AS (
    INSERT INTO inventory.{table} AS kept ({columns}, made_at)
    SELECT {columns}, statement_timestamp() FROM made
    ON CONFLICT ({key}) DO UPDATE SET ({values}, made_at) = ROW({new}, excluded.made_at)
    WHERE ({old}) IS DISTINCT FROM ({new})
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)
"""
_NOTE = """
INSERT INTO inventory.totals_made (relation, made_at, changed, duration_ms)
VALUES (%(relation)s, clock_timestamp() - %(took)s * interval '1 ms', %(changed)s, %(took)s)
ON CONFLICT (relation) DO UPDATE
SET made_at = excluded.made_at, changed = excluded.changed, duration_ms = excluded.duration_ms
"""


class Total(Struct):
    """One table: its query, its pace, and when it may be made again."""

    relation: str
    query: str
    every: float
    rest: int = LONG_REST
    began: float = -inf
    took: float = 0.0
    seen: int = -1
    """How many commits there were before it was last made."""
    after: float = -inf
    """Not before then, because it failed or somebody else has made it."""

    def pace(self, commits: int) -> float:
        """Return how old it may be after so many commits, in seconds."""
        return max(self.every, IDLE_S) if self.seen == commits else self.every

    def due(self, commits: int) -> float:
        """Return when it is due, after so many commits."""
        pace = max(self.pace(commits), self.rest * self.took)
        return max(self.began + pace, self.after)


def totals() -> list[Total]:
    """Return all of them, none made yet."""
    return [
        Total("stock_totals", "totals_stock", 1.0, REST),
        Total("shortage_totals", "totals_shortages", 1.0, REST),
        Total("zone_totals", "totals_zones", 5.0),
        Total("expiry_totals", "totals_expiry", 20.0),
        Total("special_totals", "totals_special", 20.0),
        Total("turnover_totals", "totals_turnover", 60.0),
        Total("response_totals", "totals_responses", 60.0),
    ]


def connect(dsn: str) -> Connection:
    """Open a connection on which sums are made."""
    return psycopg.connect(
        dsn, autocommit=True, options=OPTIONS, application_name="waterline totals", **DEAD_PEER
    )


def statement(connection: Connection, total: Total) -> sql.Composed:
    """Return what makes a table equal to its query."""
    found = connection.execute(_COLUMNS, (total.relation,)).fetchall()
    key = [name for name, keyed in found if keyed]
    values = [name for name, keyed in found if not keyed]
    return sql.SQL(_MAKE).format(
        query=sql.SQL(text(QUERIES, total.query)),
        table=sql.Identifier(total.relation),
        columns=_names([*key, *values]),
        key=_names(key),
        values=_names(values),
        made_key=_names(key, "made"),
        kept_key=_names(key, "kept"),
        old=_names(values, "kept"),
        new=_names(values, "excluded"),
    )


def _names(names: list[str], of: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.Identifier(name) if of is None else sql.Identifier(of, name) for name in names
    )


class Maker:
    """Makes sums over one connection; the statement of each is put together once."""

    def __init__(self, connection: Connection) -> None:
        """Know no statement yet."""
        self.connection = connection
        self._statements: dict[str, sql.Composed] = {}

    def make(self, total: Total, pace: float | None = None) -> float:
        """Make one whole; return 0, or with a `pace` the seconds to wait: it is no older than that.

        Without a pace it is made after whoever is at it.
        """
        name = total.relation
        with self.connection.transaction():
            if pace is None:
                self.connection.execute(_NEXT, (_LOCK, name))
            else:
                wait = self._wait(total, pace)
                if wait > 0:
                    return wait
            began = monotonic()
            if name not in self._statements:
                self._statements[name] = statement(self.connection, total)
            row = self.connection.execute(self._statements[name]).fetchone()
            values = {
                "relation": name,
                "changed": row and row[0],
                "took": round(1000 * (monotonic() - began)),
            }
            self.connection.execute(_NOTE, values)
        return 0.0

    def _wait(self, total: Total, pace: float) -> float:
        name = total.relation
        alone = self.connection.execute(_ALONE, (_LOCK, name)).fetchone()
        if not (alone and alone[0]):
            return pace
        row = self.connection.execute(_AGE, (name,)).fetchone()
        if row is None:
            return 0.0
        age, took = row
        return float(NEARLY * max(pace, total.rest * took) - max(age, 0.0))


class Totals(Minutely):
    """Makes sums in a thread of its own; `committed` says that there may be something new."""

    def __init__(
        self, settings: Settings, stopping: Callable[[], bool], *, drain: bool = False
    ) -> None:
        """Begin a second from now; with `drain` make all of them at the end."""
        self._dsn, self._drain = settings.need_dsn(), drain
        self._commits = 0
        self._maker: Maker | None = None
        self._totals = totals()
        self._after = monotonic() + LOOK_S
        super().__init__("totals", "totals not made", stopping, _LOG)

    def committed(self) -> None:
        """Note that a batch was committed."""
        self._commits += 1

    def pause(self) -> float:
        """Return how long to wait: until something is due, but not more than a second."""
        due = min(total.due(self._commits) for total in self._totals)
        return max(min(max(due, self._after) - monotonic(), LOOK_S), 0.0)

    def round(self) -> None:
        """Make what has been due longest, if anything is."""
        now = monotonic()
        total = min(self._totals, key=lambda total: total.due(self._commits))
        if now < max(total.due(self._commits), self._after):
            return
        try:
            self._make(total, now)
        except psycopg.Error as error:
            self.failed(error, f"{total.relation} not made")
            total.after = monotonic() + RETRY_S
            if self._maker is None or self._maker.connection.closed:
                self._let_go()
                self._after = total.after

    def close(self) -> None:
        """End; of a flow that has read everything, make all of them first."""
        super().close()
        self._let_go()
        if self._drain and not self._stopping():
            self._last()
            self._let_go()

    def _make(self, total: Total, began: float) -> None:
        if self._maker is None:
            self._maker = Maker(connect(self._dsn))
        seen = self._commits
        with self.cancelling(self._maker.connection):
            wait = self._maker.make(total, total.pace(seen))
        now = monotonic()
        if wait > 0:  # what was committed here may not be in what the other process has made
            total.after = now + wait
            return
        total.seen, total.began = seen, began
        total.took = now - began

    def _last(self) -> None:
        for total in self._totals:
            try:
                if self._maker is None:
                    self._maker = Maker(connect(self._dsn))
                self._maker.make(total)
            except psycopg.Error as error:
                _LOG.warning("%s not made: %s", total.relation, one_line(error))
                self._let_go()

    def _let_go(self) -> None:
        if self._maker is not None:
            self._maker.connection.close()
            self._maker = None
