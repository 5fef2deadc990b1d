"""Days, windows and demand as SQL, and as they come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import psycopg

from flows.domain.changes import Changes
from flows.domain.days import Day
from flows.domain.fixed import (
    COST_PLACES,
    PLACES,
    SECOND_PLACES,
    VALUE_PLACES,
    scaled,
    text,
    unscaled,
)
from flows.domain.rows import StockRow, WindowRow
from flows.store.arrays import columns, upsert
from flows.store.statements import DAYS_GONE, DEMAND_GONE, SUMS_GONE

MOMENT_PLACES = PLACES + SECOND_PLACES
VALUE_MOMENT_PLACES = VALUE_PLACES + SECOND_PLACES
AREA_PLACES = 10
RATE_PLACES = 8
AREA, PER_DAY = 10, 864_000
"""1/10000 units × µs to 10^−10 units × days."""

UNITS = f"numeric(40, {PLACES})[]::text"
MOMENTS = f"numeric(60, {MOMENT_PLACES})[]::text"
VALUES = f"numeric(60, {VALUE_PLACES})[]::text"
"""How sums are read: as arrays, each number with all its places."""
_NO_WINDOWS = (None,) * 4
_NO_LAYERS = (None,) * 2
DAY = (
    f"day, ARRAY[opening, inbound, outbound, issues, other, min, max, received]::{UNITS},"
    f" ARRAY[moment]::{MOMENTS}, unit_cost, ARRAY[issue_cost, value, value_net]::{VALUES},"
    " value_moment"
)
"""The columns of stock_daily in the order of `day_of`."""


@lru_cache(maxsize=4096)
def iso(ordinal: int) -> str:
    """Return a day as SQL reads it."""
    return date.fromordinal(ordinal).isoformat()


def of_stock(row: StockRow) -> tuple[int | str | None, ...]:
    """Return the columns of stock_figures that windows bring, from demand_per_day on."""
    windows = row.windows
    return (
        row.demand_per_day,
        None if row.stock_out_on is None else iso(row.stock_out_on),
        None if row.below_safety_on is None else iso(row.below_safety_on),
        None if row.first_on is None else iso(row.first_on),
        None if row.issued_on is None else iso(row.issued_on),
        None if row.day is None else iso(row.day),
        text(row.day_net),
        row.day_moment,
        text(row.day_issues),
        *(_NO_WINDOWS if windows is None else _windows(windows)),
        *(_layers(row.layers) if row.layers else _NO_LAYERS),
    )


@lru_cache(maxsize=65_536)
def _windows(row: WindowRow) -> tuple[str, ...]:
    moments = ",".join([scaled(moment, MOMENT_PLACES) for moment in row.moment])
    return (_list(row.net), f"{{{moments}}}", _list(row.issues), _list(row.demand))


def _list(quantities: Iterable[int]) -> str:
    return "{" + ",".join(map(text, quantities)) + "}"


def _layers(layers: Sequence[tuple[int, int]]) -> tuple[str, str]:
    days = ",".join([iso(day) for day, _ in layers])
    return f"{{{days}}}", _list([quantity for _, quantity in layers])


def write(cursor: psycopg.Cursor, changes: Changes) -> None:
    """Write what a batch changed of days, sums and demand."""
    days = changes.days.items()
    gone = [(w, sku, iso(day)) for (w, sku, day), row in days if row is None]
    if gone:
        cursor.execute(DAYS_GONE, columns(gone))
    upsert(cursor, "stock_daily", [_day(key, row) for key, row in days if row is not None])
    sums = sorted(changes.turnover.items())
    upsert(cursor, "turnover_daily", [_sums(key, row) for key, row in sums])
    if changes.reached_back and sums:
        cursor.execute(SUMS_GONE, columns([(w, c, iso(day)) for (w, c, day), _ in sums]))
    demand = sorted(changes.demand.items())
    gone = [(w, sku, iso(day)) for (w, sku, day), issues in demand if not issues]
    if gone:
        cursor.execute(DEMAND_GONE, columns(gone))
    rows = [(w, sku, iso(day), text(issues)) for (w, sku, day), issues in demand if issues]
    upsert(cursor, "demand_daily", rows)


def _day(key: tuple[str, str, int], row: Day) -> tuple[int | str | None, ...]:
    return (
        key[0],
        key[1],
        iso(key[2]),
        text(row.opening),
        text(row.inbound),
        text(row.outbound),
        text(row.other),
        text(row.closing),
        row.area * AREA // PER_DAY,
        text(row.low),
        text(row.high),
        text(row.issues),
        text(row.received),
        row.moment,
        row.cost,
        row.issue_cost,
        row.value,
        row.value_net,
        row.value_moment,
    )


def _sums(key: tuple[str, str, int], row: list[int]) -> tuple[int | str, ...]:
    issues, cost, net, moment, value, value_moment = row
    return (
        key[0],
        key[1],
        iso(key[2]),
        text(issues),
        cost,
        text(net),
        moment,
        value,
        value_moment,
    )


def day_of(row: Sequence[Any]) -> Day:
    """Return a day from the columns `DAY`, not measured: that takes the time zone."""
    day, units, moments, cost, values, value_moment = row
    opening, inbound, outbound, issues, other, low, high, received = ints(units)
    issue_cost, value, value_net = ints(values)
    (moment,) = ints(moments)
    return Day(
        day.toordinal(), opening, inbound, outbound, issues, other, moment, low, high,
        received, None if cost is None else unscaled(cost, COST_PLACES), issue_cost, value,
        value_net, unscaled(value_moment, VALUE_MOMENT_PLACES),
    )  # fmt: skip


def ints(array: str) -> tuple[int, ...]:
    """Return the ints behind an array that is read as `UNITS`, `MOMENTS` or `VALUES`.

    Measured: a third of the time of Decimals, of which an account at midnight has sixty.
    """
    return tuple(map(int, array[1:-1].replace(".", "").split(",")))


def windows_of(units: Sequence[int], moments: Sequence[int]) -> WindowRow:
    """Return the windows from window_net, window_issues and demand, one after another."""
    count = len(moments)
    return WindowRow(
        tuple(units[:count]), tuple(moments), tuple(units[count : 2 * count]),
        tuple(units[2 * count :]),
    )  # fmt: skip


def layers_of(days: Iterable[date], quantities: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return the layers from layer_days and layer_quantities."""
    return tuple(zip(map(date.toordinal, days), quantities, strict=True))
