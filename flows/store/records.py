"""Records of the database as the rows of the fold: quantities as ints, empty keys as ""."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flows.domain.fixed import fixed, unscaled
from flows.domain.leads import Times
from flows.domain.rows import Cell, CellRow, CountRow, Facts, LineRow, LotRow, Order, Row, StockRow
from flows.store.windows import (
    MOMENT_PLACES,
    MOMENTS,
    RATE_PLACES,
    UNITS,
    ints,
    layers_of,
    windows_of,
)

Record = dict[str, Any]
LEG = (
    "occurred_at AS at, device_seq AS seq, event_id, warehouse, sku, lot, bin, status, type,"
    " quantity, log_offset AS offset, variance, correction, order_id, line_id, document, operator,"
    " device, video_url, counterpart, reason, recorded_at, expires_on, produced_on, due_at,"
    " unit_cost"
)
"""The columns of movements that `leg_of` takes."""


STOCK = (
    "warehouse, sku, ARRAY[on_hand, on_hold, reserved, available, in_transit, incoming,"
    " projected]::text, safety_stock, reorder_point, max_stock, water_level, unit_cost, value,"
    " moved_to, counted_to, updated_at, next_change_at, version, demand_per_day, stock_out_on,"
    " below_safety_on, first_on, issued_on, day, day_net, day_moment, day_issues,"
    f" (window_net || window_issues || demand)::{UNITS}, window_moment::{MOMENTS}, layer_days,"
    f" layer_quantities::{UNITS}, lead_count, lead_seconds, lead_squares, review_at, basis"
)
"""The columns of stock_figures that `stock_of` takes."""
CELL = "warehouse, sku, lot, bin, status, quantity, expires_on, received_at"
"""The columns of stock_bins that `cell_of` takes."""
LOT = (
    "warehouse, sku, lot, expires_on, expires_occurred_at, expires_device_seq, expires_event_id,"
    " produced_on, produced_occurred_at, produced_device_seq, produced_event_id, received_at"
)
"""The columns of lot_dates that `lot_of` takes."""


def leg_of(row: Record) -> Row:
    """Return a leg of the ledger."""
    facts = Facts(**{name: row.pop(name) for name in Facts.__struct_fields__})
    row["quantity"] = fixed(row["quantity"])
    return Row(**row, facts=facts)


def _units(value: Any) -> int | None:
    return None if value is None else fixed(value)


def stock_of(values: Sequence[Any]) -> StockRow:
    """Return the figures of an account from the columns `STOCK`."""
    (warehouse, sku, sums, safety, reorder, most, level, cost, value, moved_to, counted_to,
     updated_at, next_change_at, version, per_day, out_on, below_on, first_on, issued_on, day,
     net, moment, issues, windows, moments, layer_days, layers, count, seconds, squares,
     review_at, basis) = values  # fmt: skip
    on_hand, on_hold, reserved, available, in_transit, incoming, projected = ints(sums)
    return StockRow(
        warehouse, sku, on_hand, on_hold, reserved, available, in_transit, incoming, projected,
        _units(safety), _units(reorder), _units(most), level, cost, value,
        moved_to, counted_to, updated_at, next_change_at, version,
        None if per_day is None else unscaled(per_day, RATE_PLACES),
        _day(out_on), _day(below_on), _day(first_on), _day(issued_on), _day(day),
        fixed(net), unscaled(moment, MOMENT_PLACES), fixed(issues),
        None if windows is None else windows_of(ints(windows), ints(moments)),
        () if layers is None else layers_of(layer_days, ints(layers)),
        count, int(seconds), int(squares), review_at, None if basis is None else tuple(basis),
    )  # fmt: skip


def _day(on: date | None) -> int | None:
    return None if on is None else on.toordinal()


def line_of(values: tuple[Any, ...]) -> LineRow:
    """Return a line; those of purchases have their times at the end."""
    row = LineRow(*values[:4], *map(fixed, values[4:9]), *values[9:16])
    if times := values[16:]:
        ordered_at, received_at, seconds, scanned_at, most, most_at = times
        row.times = Times(ordered_at, received_at, seconds, scanned_at, _units(most), most_at)
    return row


def cell_of(values: Sequence[Any]) -> CellRow:
    """Return the stock of a cell from the columns `CELL`."""
    warehouse, sku, lot, place, status, quantity, *dates = values
    return CellRow(warehouse, sku, lot, place, status, fixed(quantity), *dates)


def lot_of(values: Sequence[Any]) -> LotRow:
    """Return the dates of a lot from the columns `LOT`."""
    (warehouse, sku, lot, expires_on, expires_at, expires_seq, expires_by, produced_on,
     produced_at, produced_seq, produced_by, received_at) = values  # fmt: skip
    return LotRow(
        warehouse, sku, lot, expires_on, _order(expires_at, expires_seq, expires_by),
        produced_on, _order(produced_at, produced_seq, produced_by), received_at,
    )  # fmt: skip


def _order(at: datetime | None, seq: int | None, event_id: str) -> Order | None:
    return None if at is None else Order(at, seq or 0, event_id)


def count_of(row: Record) -> CountRow:
    """Return a count."""
    lines = row.pop("lines")
    counted = {Cell(x["lot"], x["bin"], x["status"]): fixed(Decimal(x["quantity"])) for x in lines}
    return CountRow(**row, lines=counted)
