"""The real fold for tests: `fold_tables` runs it, the rest compares its tables with the model's.

The one place that knows the names of the fold's rows.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from flows.domain.decode.canonical import decode, encode
from flows.domain.events import Event
from flows.domain.ledger import Ledger, cut
from flows.domain.memory import MemoryStore
from tests.builders import BROKER_TIME
from tests.reference import Reference, Tables

UNIT = Decimal("0.0001")
ZONE = "Asia/Shanghai"
DIGITS = {
    **dict.fromkeys(("cost",), 12),
    **dict.fromkeys(("value", "value_net", "issue_cost", "value_moment"), 16),
}
"""Decimals behind the fold's ints, four where nothing is said."""
DAY = (
    *("opening", "closing", "inbound", "outbound", "issues", "other", "low", "high", "received"),
    *("area", "moment", "cost", "issue_cost", "value", "value_net", "value_moment"),
)
TURNOVER = ("issues", "issue_cost", "net", "moment", "value_net", "value_moment")

STOCK = (
    *("on_hand", "on_hold", "reserved", "available", "in_transit", "incoming", "projected"),
    *("safety_stock", "reorder_point", "max_stock", "water_level", "unit_cost", "value"),
    *("lead_count", "lead_seconds", "lead_squares"),
)
LINE = ("ordered", "fulfilled", "cancelled", "state", "version", "due_at", "at", "event_id")
TIMES = ("ordered_at", "received_at", "lead")
PLAIN = {"version", "lead_count", "lead_seconds", "lead_squares"}
"""Whole numbers that are no quantities."""
NAMES = {"fulfilled": "shipped", "at": "occurred_at"}
"""The model's word for a field of the fold's rows."""


def fold_tables(batches: list[list[Event]], *, cold=False, after=None, **part: Any) -> Any:
    """Fold the batches of one partition and return the store's tables as it has them.

    `cold`: a new ledger, knowing nothing but the store, folds each batch. `after` is called with
    the store's tables when a batch is applied. `accounts`: how many stay in memory.
    """
    number = part.get("partition", 0)
    owns = part.get("owns", lambda _: True)
    room = part.get("accounts", 1000)

    def opened() -> Ledger:
        return Ledger(number, recall=store, zone=ZONE, owns=owns, accounts=room)

    store = MemoryStore(partition=number)
    ledger = opened()
    offset = 0
    for batch in batches:
        ledger = opened() if cold else ledger
        log = [(offset + n, BROKER_TIME, read(event)) for n, event in enumerate(batch)]
        for piece in cut(log):
            changes = ledger.fold(piece)
            store.apply(changes)
        offset += len(batch)
        told = changes.counters
        assert told.consumed == offset == told.applied + told.repeats + told.rejects
        if after:
            after(store.tables())
    return store.tables()


def read(event: Event) -> Event:
    """Return the event as it comes out of the log: in the decoder's normal form."""
    [found] = decode(encode(event))
    assert isinstance(found, Event), found.message
    return found


def part_of(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return some fields of a row; ints are 1/10000 units but for `PLAIN`."""
    found = {NAMES.get(name, name): getattr(row, name) for name in names}
    return {
        name: value * UNIT if isinstance(value, int) and name not in PLAIN else value
        for name, value in found.items()
    }


def bought(row: Any) -> dict[str, Any]:
    """Return the fields of a purchase line, its times included."""
    return {**part_of(row, LINE), **{name: getattr(row.times, name) for name in TIMES}}


def image(row: Any) -> dict[str, Any]:
    """Return the event of a row of master data as a dict."""
    return msgspec.structs.asdict(getattr(row, "event", row))


def from_fold(tables: Any) -> Tables:
    """Return what `store.tables()` gives in the shape of the model."""
    netted: dict[Any, Decimal] = {}
    for row in tables["movements"]:
        key = (row.at, row.warehouse, row.sku, row.lot, row.bin, row.status)
        netted[key] = netted.get(key, Decimal(0)) + row.quantity * UNIT
    return Tables(
        movements=netted,
        stock={key: part_of(row, STOCK) for key, row in tables["stock"].items()},
        stock_bins={
            key: part_of(row, ("quantity", "expires_on"))
            for key, row in tables["stock_bins"].items()
        },
        orders={key: part_of(row, LINE) for key, row in tables["orders"].items()},
        purchases={key: bought(row) for key, row in tables["purchases"].items()},
        transfers={
            key: part_of(row, ("shipped", "received", "lost"))
            for key, row in tables["transfers"].items()
        },
        items={_tuple(key): image(row) for key, row in tables["items"].items()},
        bins={_tuple(key): image(row) for key, row in tables["bins"].items()},
        warehouses={_tuple(key): image(row) for key, row in tables["warehouses"].items()},
        policies={key: {"value": row.value} for key, row in tables["policies"].items()},
        figures={key: _figures(row) for key, row in tables["stock"].items()},
        stock_daily={
            (house, sku, date.fromordinal(number)): _day(day)
            for (house, sku, number), day in tables["stock_daily"].items()
        },
        turnover_daily={
            (house, category, date.fromordinal(number)): {
                name: _exact(name, value) for name, value in zip(TURNOVER, sums, strict=True)
            }
            for (house, category, number), sums in tables["turnover_daily"].items()
        },
        demand_daily={
            (house, sku, date.fromordinal(number)): _exact("", issues)
            for (house, sku, number), issues in tables["demand_daily"].items()
        },
    )


def _exact(name: str, value: int | None) -> Fraction | None:
    """Return what an int of the fold means, from the decimals that its name has."""
    return None if value is None else Fraction(value, 10 ** DIGITS.get(name, 4))


def _date(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)


def _day(day: Any) -> dict[str, Any]:
    return {name: _exact(name, getattr(day, name)) for name in DAY}


def _figures(row: Any) -> dict[str, Any]:
    """Return what a row of the stock says of time."""
    per_day, windows = row.demand_per_day, row.windows
    sums = windows and list(zip(windows.net, windows.moment, windows.issues, strict=True))
    sums = sums and [tuple(_exact("", value) for value in window) for window in sums]
    recent = [_exact("", issues) for issues in windows.demand] if windows else []
    return {
        "demand_per_day": None if per_day is None else Fraction(per_day, 10**8),
        **{
            name: _date(getattr(row, name))
            for name in ("stock_out_on", "below_safety_on", "first_on", "issued_on", "day")
        },
        **{
            name: _exact("", getattr(row, name)) for name in ("day_net", "day_moment", "day_issues")
        },
        "windows": sums if sums and any(map(any, sums)) else None,
        "recent": recent if any(recent) else None,
        "layers": [(_date(day), _exact("", quantity)) for day, quantity in row.layers],
    }


def _tuple(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def normal(tables: Tables) -> dict[str, dict[Any, Any]]:
    """Return the tables without rows that say nothing and fields that say where, not what."""
    stock = {}
    for key, row in tables.stock.items():
        kept = {name: row[name] for name in STOCK}
        kept["safety_stock"] = kept["safety_stock"] or 0
        kept["value"] = None if kept["value"] is None else kept["value"].quantize(UNIT)
        kept["reorder_point"] = kept["reorder_point"] or 0
        if any(isinstance(value, Decimal) and value for value in kept.values()):
            stock[key] = kept
    return {
        "movements": {key: value for key, value in tables.movements.items() if value},
        "stock": stock,
        "stock_bins": {key: row for key, row in tables.stock_bins.items() if row["quantity"]},
        "orders": _lines(tables.orders),
        "purchases": _lines(tables.purchases),
        "transfers": {key: row for key, row in tables.transfers.items() if any(row.values())},
        "items": _images(tables.items),
        "bins": _images(tables.bins),
        "warehouses": _images(tables.warehouses),
        "policies": {k: row["value"] for k, row in tables.policies.items() if row["value"]},
        "figures": {key: row for key, row in tables.figures.items() if any(row.values())},
        "stock_daily": tables.stock_daily,
        "turnover_daily": {k: row for k, row in tables.turnover_daily.items() if any(row.values())},
        "demand_daily": tables.demand_daily,
    }


def _lines(rows: dict[Any, Any]) -> dict[Any, Any]:
    """Leave out the rows of SKUs that are no longer the line's (ordered 0)."""
    names = [*(NAMES.get(name, name) for name in LINE), *TIMES]
    return {key: {n: row.get(n) for n in names} for key, row in rows.items() if row["ordered"]}


def _images(rows: dict[Any, Any]) -> dict[Any, Any]:
    places = ("source", "sent_at", "recorded_at")
    return {
        key: {name: value for name, value in row.items() if name not in places}
        for key, row in rows.items()
        if row.get("known", True)
    }


def differences(got: Tables, wanted: Tables) -> list[str]:
    """Return one line per differing row."""
    found = []
    left, right = normal(got), normal(wanted)
    for table in left:
        for key in sorted({*left[table], *right[table]}, key=str):
            one, two = left[table].get(key), right[table].get(key)
            if one != two:
                if isinstance(one, dict) and isinstance(two, dict):
                    names = [name for name in one if one[name] != two.get(name)]
                    one, two = ({n: row.get(n) for n in names} for row in (one, two))
                found.append(f"{table} {key}: fold {one}, model {two}")
    return found


def check(tables: Any, events: list[Event]) -> None:
    """Compare the fold's tables with the model's."""
    found = differences(from_fold(tables), Reference(events).tables())
    assert not found, "\n".join(found)


ARRIVAL = {"review_at", "basis", "version", "updated_at", "moved_to", "offset", "forced"}
"""Fields of the fold's rows that say when something was learnt, not what is so."""


LOT = ("expires_on", "produced_on", "received_at")


def exact(tables: Any) -> dict[str, Any]:
    """Return every field and every row of the store that must be a function of the set."""
    rows = {
        name: {key: _fields(row) for key, row in table.items()}
        for name, table in tables.items()
        if isinstance(table, dict)
    }
    lots = rows["lot_dates"].items()
    rows["lot_dates"] = {k: v for k, v in lots if any(v[name] for name in LOT)}
    rows["movements"] = {k: v for k, v in from_fold(tables).movements.items() if v}
    return rows


def _fields(row: Any) -> Any:
    if not isinstance(row, msgspec.Struct):
        return row
    return {
        name: value for name, value in msgspec.structs.asdict(row).items() if name not in ARRIVAL
    }
