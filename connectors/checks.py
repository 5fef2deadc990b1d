"""The invariants of the tables, asked of one snapshot each, and where their findings are kept.

Enters: a DSN, queries that give one row per figure with `expected` and `found`. Leaves: per query
how many were compared, how many differ and the worst of them; and rows of `invariants`, in one
transaction with the alerts that they raise. Looking writes nothing. All tables of a partition of
the log change in one transaction, so a snapshot agrees with itself: a difference in it is real.
May fail with psycopg's errors. One checker at a time: see `only_one`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from connectors.queries import text
from connectors.session import DEAD_PEER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

Row = dict[str, Any]
EXAMPLES = 20
KEPT_DAYS = 30
LOCK_KEY = 0x57415445_43484B53
OPTIONS = (
    "-c jit=off -c max_parallel_workers_per_gather=0 -c work_mem=64MB"
    " -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000"
)

# What was compared is read twice, once to count and once for the examples: materialized.
_SUMMED = """
WITH pairs AS MATERIALIZED ({pairs}),
wrong AS (
    SELECT
        abs(p.found - p.expected) AS gap,
        to_jsonb(p) || jsonb_build_object('expected', trim_scale(p.expected)::text,
            'found', trim_scale(p.found)::text) AS pair
    FROM pairs AS p WHERE p.found <> p.expected
)
SELECT
    (SELECT count(*) FROM pairs) AS checked,
    (SELECT count(*) FROM wrong) AS wrong,
    (SELECT trim_scale(coalesce(sum(gap), 0)) FROM wrong) AS drift,
    (SELECT coalesce(jsonb_agg(w.pair ORDER BY w.gap DESC, w.pair::text), '[]'::jsonb)
     FROM (SELECT * FROM wrong ORDER BY gap DESC, pair::text LIMIT %(examples)s) AS w) AS worst,
    now() AS looked_at
"""
_LAST = """
SELECT DISTINCT ON (name) name, at, wrong, upto, began_at, whole_since FROM inventory.invariants
WHERE name = ANY(%s) AND at > now() - interval '1 day' ORDER BY name, at DESC
"""
_KEEP = """
INSERT INTO inventory.invariants
    (name, checked, wrong, drift, worst, duration_ms, upto, began_at, whole_since)
VALUES (%(name)s, %(checked)s, %(wrong)s, %(drift)s, %(worst)s, %(duration_ms)s, %(upto)s,
    %(began_at)s, %(whole_since)s)
"""
_FORGET = "DELETE FROM inventory.invariants WHERE at < now() - make_interval(days => %s)"


@dataclass
class Finding:
    """What one check of one invariant found; times are the database's."""

    name: str
    checked: int = 0
    wrong: int = 0
    drift: Decimal | int = 0
    worst: list[Row] = field(default_factory=list)
    duration_ms: int = 0
    looked_at: datetime | None = None
    upto: str | None = None
    began_at: datetime | None = None
    whole_since: datetime | None = None

    def add(self, more: Finding) -> None:
        """Take in what was found of other keys of the same invariant."""
        self.checked += more.checked
        self.wrong += more.wrong
        self.drift += more.drift
        self.duration_ms += more.duration_ms
        self.looked_at = more.looked_at
        worst = [*self.worst, *more.worst]
        worst.sort(key=lambda pair: -abs(Decimal(pair["found"]) - Decimal(pair["expected"])))
        self.worst = worst[:EXAMPLES]


class Checks:
    """One connection that looks, and writes down what was found."""

    def __init__(self, dsn: str, folder: Path, seconds: int) -> None:
        """Connect; `folder` holds the queries, a statement may take `seconds` (0: any time)."""
        self._folder = folder
        self.connection = psycopg.connect(
            dsn,
            autocommit=True,
            options=f"{OPTIONS} -c statement_timeout={seconds * 1000}",
            application_name="waterline checks",
            row_factory=dict_row,
            **DEAD_PEER,
        )
        self.connection.isolation_level = IsolationLevel.REPEATABLE_READ
        self.connection.prepare_threshold = None  # plans are made for the keys at hand

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection, and with it the lock."""
        self.connection.close()

    def look(self, name: str, only: Sequence[str] | None = None) -> Finding:
        """Return what one invariant gives in a snapshot of its own; of the keys in `only`."""
        statement = _SUMMED.format(pairs=text(self._folder, f"check_{name}").rstrip())
        began = monotonic()
        with self._snapshot():
            if only is not None:  # few keys of large tables: never read those whole
                self.connection.execute("SET LOCAL enable_seqscan = off")
            row = self._row(statement, {"only": only, "examples": EXAMPLES})
        return Finding(name, duration_ms=round((monotonic() - began) * 1000), **row)

    def keys(self, query: str, **values: Any) -> list[str]:
        """Return the first column of a query: keys to look at."""
        with self._snapshot():
            found = self.connection.execute(query.encode(), values).fetchall()
        return [next(iter(row.values())) for row in found]

    def now(self) -> datetime:
        """Return the database's time."""
        at: datetime = self._row("SELECT clock_timestamp() AS at", {})["at"]
        return at

    def last(self, names: Iterable[str]) -> dict[str, Row]:
        """Return the last row of each invariant, of the last day."""
        return {row["name"]: row for row in self.connection.execute(_LAST, [list(names)])}

    @contextmanager
    def saving(self, findings: Iterable[Finding]) -> Iterator[psycopg.Connection[Row]]:
        """Write findings, in one transaction with what is done inside."""
        self.connection.read_only = False
        with self.connection.transaction():
            for one in findings:
                self.connection.execute(_KEEP, {**vars(one), "worst": Jsonb(one.worst)})
            self.connection.execute(_FORGET, [KEPT_DAYS])
            yield self.connection

    @contextmanager
    def only_one(self) -> Iterator[bool]:
        """Give whether no other checker is at work on this database, and keep others out."""
        row = self._row("SELECT pg_try_advisory_lock(%(key)s) AS got", {"key": LOCK_KEY})
        got = bool(row["got"])
        try:
            yield got
        finally:
            if got and not self.connection.closed:
                self.connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        self.connection.read_only = True
        with self.connection.transaction():
            yield

    def _row(self, statement: str, values: Mapping[str, Any]) -> Row:
        row: Row | None = self.connection.execute(statement.encode(), values).fetchone()
        if row is None:
            raise psycopg.DataError("a query of totals gave no row")
        return row
