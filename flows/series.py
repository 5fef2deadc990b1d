"""What zones held each hour and what was due to expire each local day, kept as two series.

Enters: movements, stock, layout, items and lots' dates as they are committed. Leaves: rows of
`occupancy_hourly` and `expiry_daily` for hours and local days that the clock has closed, made from
the earliest one that is not right any more. A series is one transaction on one snapshot, so that a
run that was killed has done nothing; of two at a time one works. Made from scratch the rows would
be the same. May fail with psycopg's errors, or with Trouble when the database does not answer.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from psycopg.rows import dict_row

from connectors.queries import QUERIES, text
from connectors.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import psycopg

    from connectors.queries import Row
    from flows.settings import Settings

    Around = Callable[[psycopg.Connection], AbstractContextManager[None]]

PATIENCE = 30.0
TIMEOUT_MS = 600_000
_FAMILY = 0x57415453
"""The first half of the advisory locks' key; the second is the series."""


class Series(Struct, frozen=True):
    """A table of closed periods: its name, its time column, its queries."""

    number: int
    table: str
    period: str
    due: str
    make: str


HOURS = Series(1, "occupancy_hourly", "hour", "occupancy_due", "occupancy_make")
DAYS = Series(2, "expiry_daily", "day", "expiry_due", "expiry_make")


class Kept(Struct, frozen=True):
    """What a run did with a series of a warehouse: made anew from `since`, closed until `upto`."""

    series: str
    warehouse: str
    starts: datetime
    since: datetime
    upto: datetime


def keep_series(
    settings: Settings,
    warehouse: str | None = None,
    *,
    now: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    around: Around = lambda _: nullcontext(),
) -> list[Kept]:
    """Bring both series up to date where a period has closed, or `now` wherever they are not.

    `around` is entered with the connection while it works, so that a caller can cancel it.
    """
    session = Session(
        settings.need_dsn(), patience=PATIENCE, stopping=stopping,
        statement_timeout_ms=TIMEOUT_MS, name="waterline series",
    )  # fmt: skip
    kept = []
    try:
        for series in (HOURS, DAYS):
            if not stopping():
                work = partial(_keep, series=series, warehouse=warehouse, now=now, around=around)
                kept += session.run(work)
    finally:
        session.close()
    return kept


def _keep(
    connection: psycopg.Connection, series: Series, warehouse: str | None, around: Around, *,
    now: bool,
) -> list[Kept]:  # fmt: skip
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    # What the planner knows of a table that has just been filled is nothing: never rows × rows.
    connection.execute("SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off")
    lock = "SELECT pg_try_advisory_xact_lock(%s, %s)"
    if connection.execute(lock, (_FAMILY, series.number)).fetchone() != (True,):
        return []
    with around(connection):
        (mark,) = _ask(connection, "series_marks", series=series.table)
        wanted = {"warehouse": warehouse, "now": now, "mark": mark["mark"]}
        due = _ask(connection, series.due, **wanted)
        _forget(connection, series, due)
        if due:
            connection.execute(text(QUERIES, series.make), _parameters(series, due))
        for row in due:
            connection.execute(text(QUERIES, "series_note"), {"series": series.table, **row})
    return [_kept(series, row) for row in due]


def _ask(connection: psycopg.Connection, query: str, **parameters: Any) -> list[Row]:
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute(text(QUERIES, query), parameters).fetchall()


def _forget(connection: psycopg.Connection, series: Series, due: list[Row]) -> None:
    """Delete what is before a series' beginning, and whole series of warehouses that are gone."""
    whole = f"DELETE FROM inventory.{series.table} WHERE warehouse = %s"  # noqa: S608 - constants
    before = f"{whole} AND {series.period} < %s"
    for row in due:
        if row["shorter"]:
            first = row["starts"] if series is HOURS else row["starts_on"]
            connection.execute(before.encode(), (row["warehouse"], first))
    for row in _ask(connection, "series_gone", series=series.table):
        connection.execute(whole.encode(), (row["warehouse"],))
        connection.execute(
            "DELETE FROM inventory.series_runs WHERE series = %s AND warehouse = %s",
            (series.table, row["warehouse"]),
        )


def _parameters(series: Series, due: list[Row]) -> Row:
    oldest = min(row["since"] for row in due)
    return {
        "warehouses": [row["warehouse"] for row in due],
        "timezones": [row["timezone"] for row in due],
        "sinces": [row["since"] for row in due],
        "uptos": [row["upto" if series is HOURS else "upto_on"] for row in due],
        "wholes": [row["since"] == row["starts"] for row in due],
        "oldest": oldest,
        "before": oldest - timedelta(hours=1),
        "after": oldest if series is HOURS else _instant(oldest) - timedelta(days=1),
    }


def _instant(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _kept(series: Series, row: Row) -> Kept:
    since = row["since"] if series is HOURS else row["since_at"]
    return Kept(series.table, row["warehouse"], row["starts"], since, row["upto"])
