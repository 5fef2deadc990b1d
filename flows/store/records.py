"""Records of the database as the rows of the fold: quantities as ints, empty keys as ""."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flows.domain.fixed import fixed, unscaled
from flows.domain.leads import Times
from flows.domain.rows import Cell, CountRow, Facts, LineRow, LotRow, Order, Row, StockRow
from flows.store.windows import MOMENT_PLACES, RATE_PLACES, layers_of, windows_of

Record = dict[str, Any]
LEG = (
    "occurred_at AS at, device_seq AS seq, event_id, warehouse, sku, lot, bin, status, type,"
    " quantity, log_offset AS offset, variance, correction, order_id, line_id, document, operator,"
    " device, video_url, counterpart, reason, recorded_at, expires_on, produced_on, due_at,"
    " unit_cost"
)
"""The columns of movements that `leg_of` takes."""


def leg_of(row: Record) -> Row:
    """Return a leg of the ledger."""
    facts = Facts(**{name: row.pop(name) for name in Facts.__struct_fields__})
    row["quantity"] = fixed(row["quantity"])
    return Row(**row, facts=facts)


def _units(value: Any) -> int | None:
    return None if value is None else fixed(value)


def stock_of(row: Record) -> StockRow:
    """Return the figures of an account."""
    for name in ("on_hand", "on_hold", "reserved", "available", "in_transit", "incoming"):
        row[name] = fixed(row[name])
    row["projected"] = fixed(row["projected"])
    for name in ("safety_stock", "reorder_point", "max_stock"):
        row[name] = _units(row[name])
    for name in ("stock_out_on", "below_safety_on", "first_on", "issued_on", "day"):
        row[name] = None if row[name] is None else row[name].toordinal()
    for name in ("lead_seconds", "lead_squares"):
        row[name] = int(row[name])
    row["day_net"], row["day_issues"] = fixed(row["day_net"]), fixed(row["day_issues"])
    row["day_moment"] = unscaled(row["day_moment"], MOMENT_PLACES)
    if row["demand_per_day"] is not None:
        row["demand_per_day"] = unscaled(row["demand_per_day"], RATE_PLACES)
    names = ("window_net", "window_moment", "window_issues", "demand")
    row["windows"] = windows_of([row.pop(name) for name in names])
    row["layers"] = layers_of(row.pop("layer_days"), row.pop("layer_quantities"))
    row["basis"] = None if row["basis"] is None else tuple(row["basis"])
    return StockRow(**row)


def line_of(values: tuple[Any, ...]) -> LineRow:
    """Return a line; those of purchases have their times at the end."""
    row = LineRow(*values[:4], *map(fixed, values[4:9]), *values[9:16])
    if times := values[16:]:
        ordered_at, received_at, seconds, scanned_at, most, most_at = times
        row.times = Times(ordered_at, received_at, seconds, scanned_at, _units(most), most_at)
    return row


def lot_of(row: Record) -> LotRow:
    """Return the dates of a lot."""

    def order(kind: str) -> Order | None:
        at = row[f"{kind}_occurred_at"]
        if at is None:
            return None
        return Order(at, row[f"{kind}_device_seq"] or 0, row[f"{kind}_event_id"])

    return LotRow(
        row["warehouse"],
        row["sku"],
        row["lot"],
        row["expires_on"],
        order("expires"),
        row["produced_on"],
        order("produced"),
        row["received_at"],
    )


def count_of(row: Record) -> CountRow:
    """Return a count."""
    lines = row.pop("lines")
    counted = {Cell(x["lot"], x["bin"], x["status"]): fixed(Decimal(x["quantity"])) for x in lines}
    return CountRow(**row, lines=counted)
