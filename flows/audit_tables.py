"""What the audit compares: for each table its key, its columns and the rows that a fold expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from flows import audit_alerts
from flows.audit_values import Expected, Values, plain
from flows.domain.events import Bin, Event, Item, Warehouse
from flows.domain.fixed import COST_PLACES, PLACES, VALUE_PLACES, decimal, scaled
from flows.domain.leads import UNKNOWN
from flows.domain.master import order_of
from flows.domain.memory import MemoryStore
from flows.domain.numbers import WIDTH
from flows.domain.rows import LineRow, Order, StockRow
from flows.domain.throughput import begin, summands
from flows.store.statements import MASTER_COLUMNS, TIMES
from flows.store.windows import (
    AREA,
    AREA_PLACES,
    MOMENT_PLACES,
    PER_DAY,
    RATE_PLACES,
    VALUE_MOMENT_PLACES,
)


class Table(Struct):
    """One comparison."""

    name: str
    key: list[str]
    columns: list[str]
    expected: Callable[[list[MemoryStore]], Expected]
    where: str = ""
    aged: int | None = None
    """Which of key and values is the day or time by which old rows go (table retention)."""


def _q(units: int | None) -> Decimal | None:
    return None if units is None else decimal(units)


def _movements(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for rows in store.movements.values():
            for r in rows:
                f = r.facts
                yield (
                    (store.partition, r.offset),
                    (
                        r.at, r.seq, r.event_id, r.warehouse, r.sku, r.lot, r.bin, r.status, r.type,
                        _q(r.quantity), r.variance, r.correction, f.order_id, f.line_id, f.document,
                        f.operator, f.device, f.video_url, f.counterpart, f.reason, f.recorded_at,
                        f.expires_on, f.produced_on, f.due_at, plain(f.unit_cost),
                    ),
                )  # fmt: skip


def _throughput(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        rows = (row for rows in store.movements.values() for row in rows)
        for (warehouse, kind, number), (lines, inbound, outbound) in summands(rows).items():
            yield (warehouse, kind, begin(number)), (lines, _q(inbound), _q(outbound))


def _stock(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for key, r in store.stock.items():
            yield (
                tuple(key),
                (
                    _q(r.on_hand), _q(r.on_hold), _q(r.reserved), _q(r.available),
                    _q(r.in_transit), _q(r.incoming), _q(r.projected), _q(r.safety_stock),
                    _q(r.reorder_point), _q(r.max_stock), r.water_level, plain(r.unit_cost),
                    plain(r.value), r.moved_to, r.counted_to, r.updated_at, r.next_change_at,
                    *_windows(r),
                    r.lead_count, r.lead_seconds, r.lead_squares,
                ),
            )  # fmt: skip


def _windows(r: StockRow) -> Values:
    w = r.windows
    moments = None if w is None else tuple(plain(_n(m, MOMENT_PLACES)) for m in w.moment)
    return (
        None if r.demand_per_day is None else _n(r.demand_per_day, RATE_PLACES),
        *map(_date, (r.stock_out_on, r.below_safety_on, r.first_on, r.issued_on, r.day)),
        _q(r.day_net), _n(r.day_moment, MOMENT_PLACES), _q(r.day_issues),
        None if w is None else _qs(w.net), moments, None if w is None else _qs(w.issues),
        None if w is None else _qs(w.demand),
        tuple(date.fromordinal(day) for day, _ in r.layers) or None,
        _qs(n for _, n in r.layers) or None,
    )  # fmt: skip


def _n(units: int, places: int) -> Decimal:
    return Decimal(scaled(units, places))


def _qs(quantities: Iterable[int]) -> Values:
    return tuple(plain(decimal(units)) for units in quantities)


def _date(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)


def _days(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for key, days in store.day_rows.items():
            for d in days.values():
                yield (
                    (*key, _date(d.day)),
                    (
                        _q(d.opening), _q(d.inbound), _q(d.outbound), _q(d.other), _q(d.closing),
                        _n(d.area * AREA // PER_DAY, AREA_PLACES), _q(d.low), _q(d.high),
                        _q(d.issues), _q(d.received), _n(d.moment, MOMENT_PLACES),
                        None if d.cost is None else _n(d.cost, COST_PLACES),
                        _n(d.issue_cost, VALUE_PLACES), _n(d.value, VALUE_PLACES),
                        _n(d.value_net, VALUE_PLACES), _n(d.value_moment, VALUE_MOMENT_PLACES),
                    ),
                )  # fmt: skip


def _turnover(stores: list[MemoryStore]) -> Expected:
    places = (PLACES, VALUE_PLACES, PLACES, MOMENT_PLACES, VALUE_PLACES, VALUE_MOMENT_PLACES)
    for store in stores:
        for (warehouse, category, day), sums in store.turnover.items():
            key = (warehouse, category, _date(day))
            yield key, tuple(_n(value, n) for value, n in zip(sums, places, strict=True))


def _demand(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for (warehouse, sku, day), issues in store.demand.items():
            yield (warehouse, sku, _date(day)), (_q(issues),)


def _cells(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for cells in store.cells.values():
            for r in cells.values():
                key = (r.warehouse, r.sku, r.lot, r.bin, r.status)
                yield key, (_q(r.quantity), r.expires_on, r.received_at)


def _order(order: Order | None) -> Values:
    return (None, None, None) if order is None else tuple(order)


def _lots(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for lots in store.lots.values():
            for r in lots.values():
                yield (
                    (r.warehouse, r.sku, r.lot),
                    (
                        r.expires_on,
                        *_order(r.expires_by),
                        r.produced_on,
                        *_order(r.produced_by),
                        r.received_at,
                    ),
                )


def _lines(table: str) -> Callable[[list[MemoryStore]], Expected]:
    def expected(stores: list[MemoryStore]) -> Expected:
        for store in stores:
            for key, lines in store.lines[table].orders.items():
                for line, row in lines.items():
                    yield (*key, *line), _line(table, row)

    return expected


def _line(table: str, r: LineRow) -> Values:
    more: Values = ()
    times: Values = ()
    if table == "purchases":
        t = r.times or UNKNOWN
        more = (r.counterpart,)
        times = (t.ordered_at, t.received_at, t.lead, t.scanned_at, _q(t.most), t.most_at)
    return (
        _q(r.ordered), _q(r.fulfilled), _q(r.reported), _q(r.scanned), _q(r.cancelled), r.state,
        r.version, r.due_at, r.document, *more, r.at, r.event_id, *times,
    )  # fmt: skip


def _transfers(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for key, r in store.transfers.items():
            amounts = (_q(r.shipped), _q(r.received), _q(r.lost))
            yield key, (*amounts, r.due_at, r.shipped_at, r.received_at)


def _counts(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for counts in store.anchors.values():
            for r in counts.values():
                yield (
                    (r.warehouse, r.sku, r.at, r.event_id),
                    (r.seq, r.scope, r.bin, r.document, r.operator, r.device, r.cancelled),
                )


def _cancels(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for r in store.cancels:
            yield (store.partition, r.cancel_id), (r.target_id, r.at, r.offset)


def _policies(stores: list[MemoryStore]) -> Expected:
    best: dict[Values, Any] = {}
    for store in stores:
        for registers in store.registers.values():
            for key, row in registers.items():
                if row.order.event_id and (key not in best or row.order > best[key].order):
                    best[key] = row
    return [(key, (plain(r.value), *r.order)) for key, r in best.items()]


def _images(table: str) -> Callable[[list[MemoryStore]], Expected]:
    names = list(MASTER_COLUMNS[table][0])

    def expected(stores: list[MemoryStore]) -> Expected:
        best: dict[Any, Event] = {}
        zone = stores[0].zone if stores else ""
        for store in stores:
            for key, event in store.winners[table].items():
                if key not in best or order_of(event) > order_of(best[key]):
                    best[key] = event
        return [_image(table, names, event, zone) for event in best.values()]

    return expected


def _image(table: str, names: list[str], event: Event, zone: str) -> tuple[Values, Values]:
    assert isinstance(event, Item | Bin | Warehouse)  # noqa: S101 what `winners` holds
    values = tuple(_value(event, n, zone) for n in names)
    width = MASTER_COLUMNS[table][1]
    return values[:width], (*values[width:], event.occurred_at, event.event_id)


def _value(event: Event, name: str, zone: str) -> Any:
    value = plain(getattr(event, name))
    return zone if value is None and name == "timezone" else value


def _offsets(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        c = store.counters
        counted = (c.consumed, c.applied, c.repeats, c.rejects)
        yield (store.partition,), (store.next_offset, store.clock_at, *counted)


def _ticks(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for at, offset in dict(store.ticks).items():
            yield (store.partition, at), (offset,)


def _devices(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for r in store.device_rows.values():
            yield (
                (store.partition, r.device),
                (
                    r.warehouse, r.last_seq, r.recorded, r.open_blocks, r.reused, r.unrecorded,
                    r.last_seen_at, r.clock_offset_ms,
                ),
            )  # fmt: skip


def _blocks(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for key, bits in store.device_blocks.items():
            yield (store.partition, *key), (f"{bits:0{WIDTH}b}",)


def _journal(stores: list[MemoryStore]) -> Expected:
    for store in stores:
        for events in store.journal.values():
            for event in events:
                yield (store.partition, event.event_id), (event.occurred_at,)


_FACTS = [
    "occurred_at", "device_seq", "event_id", "warehouse", "sku", "lot", "bin", "status", "type",
    "quantity", "variance", "correction", "order_id", "line_id", "document", "operator", "device",
    "video_url", "counterpart", "reason", "recorded_at", "expires_on", "produced_on", "due_at",
    "unit_cost",
]  # fmt: skip
_LINE_KEY = ["warehouse", "order_id", "line_id", "sku"]
_LINE_END = ["cancelled", "state", "version", "due_at", "document"]


def _master(table: str) -> Table:
    names = list(MASTER_COLUMNS[table][0])
    width = MASTER_COLUMNS[table][1]
    columns = [*names[width:], "occurred_at", "event_id"]
    return Table(table, names[:width], columns, _images(table))


TABLES = [
    Table("offsets", ["log_partition"],
          ["next_offset", "clock_at", "consumed", "applied", "repeats", "rejects"], _offsets),
    Table("movements", ["log_partition", "log_offset"], _FACTS, _movements, aged=2),
    Table("throughput", ["warehouse", "type", "at"], ["lines", "inbound", "outbound"],
          _throughput, aged=2),
    Table("journal", ["log_partition", "event_id"], ["occurred_at"], _journal),
    Table("stock", ["warehouse", "sku"],
          ["on_hand", "on_hold", "reserved", "available", "in_transit", "incoming", "projected",
           "safety_stock", "reorder_point", "max_stock", "water_level", "unit_cost", "value",
           "moved_to", "counted_to", "updated_at", "next_change_at", "demand_per_day",
           "stock_out_on", "below_safety_on", "first_on", "issued_on", "day", "day_net",
           "day_moment", "day_issues", "window_net", "window_moment", "window_issues", "demand",
           "layer_days", "layer_quantities", "lead_count", "lead_seconds", "lead_squares"], _stock),
    Table("stock_daily", ["warehouse", "sku", "day"],
          ["opening", "inbound", "outbound", "other", "closing", "area", "min", "max", "issues",
           "received", "moment", "unit_cost", "issue_cost", "value", "value_net",
           "value_moment"], _days),
    Table("turnover_daily", ["warehouse", "category", "day"],
          ["issues", "issue_cost", "net", "moment", "value_net", "value_moment"], _turnover),
    Table("demand_daily", ["warehouse", "sku", "day"], ["issues"], _demand, aged=2),
    Table("stock_bins", ["warehouse", "sku", "lot", "bin", "status"],
          ["quantity", "expires_on", "received_at"], _cells),
    Table("lot_dates", ["warehouse", "sku", "lot"],
          ["expires_on", "expires_occurred_at", "expires_device_seq", "expires_event_id",
           "produced_on", "produced_occurred_at", "produced_device_seq", "produced_event_id",
           "received_at"], _lots),
    Table("orders", _LINE_KEY,
          ["ordered", "shipped", "shipped_reported", "shipped_scanned", *_LINE_END,
           "occurred_at", "event_id"], _lines("orders")),
    Table("purchases", _LINE_KEY,
          ["ordered", "received", "received_reported", "received_scanned", *_LINE_END,
           "counterpart", "occurred_at", "event_id", *TIMES], _lines("purchases")),
    Table("transfers", ["document", "sku", "from", "to"],
          ["shipped", "received", "lost", "due_at", "shipped_at", "received_at"], _transfers),
    Table("counts", ["warehouse", "sku", "occurred_at", "event_id"],
          ["device_seq", "scope", "bin", "document", "operator", "device", "cancelled"], _counts),
    Table("cancels", ["log_partition", "cancel_id"],
          ["target_id", "occurred_at", "log_offset"], _cancels),
    Table("policies", ["warehouse", "category", "sku", "field"],
          ["value", "occurred_at", "device_seq", "event_id"], _policies),
    _master("items"),
    _master("warehouses"),
    _master("bins"),
    Table("device_sequences", ["log_partition", "device"],
          ["warehouse", "last_seq", "recorded", "open_blocks", "reused", "unrecorded",
           "last_seen_at", "clock_offset_ms"], _devices),
    Table("device_blocks", ["log_partition", "device", "span", "first_seq"], ["bits"], _blocks),
    Table("ticks", ["log_partition", "at"], ["log_offset"], _ticks),
    Table("stock_figures", ["warehouse", "sku"], ["review_at", "basis"], audit_alerts.reviews),
    Table("alert_state", audit_alerts.STATE_KEY, audit_alerts.STATE, audit_alerts.episodes,
          audit_alerts.FOLDED),
    Table("alerts", audit_alerts.TRANSITION_KEY, audit_alerts.TRANSITION,
          audit_alerts.transitions, audit_alerts.FOLDED, aged=4),
    Table("actions", ["action_id"], audit_alerts.ACTION, audit_alerts.actions),
]  # fmt: skip
