"""The statements of the hot path, made once from one table of columns and types."""

from __future__ import annotations

from typing import Any

COLUMNS = {
    "movements": "occurred_at, warehouse, sku, lot, bin, status, type, quantity, variance,"
    " correction, event_id, device_seq, order_id, line_id, document, operator, device, video_url,"
    " counterpart, reason, recorded_at, expires_on, produced_on, due_at, unit_cost,"
    " log_partition, log_offset",
    "journal": "occurred_at, event_id, type, warehouse, sku, key, line_id, device_seq, body,"
    " log_partition, log_offset",
    "stock_history": "warehouse, sku, on_hand, reserved, available, water_level, log_partition,"
    " log_offset",
    "alerts": "occurred_at, alert_id, rule, version, severity, state, transition, warehouse, sku,"
    " lot, bin, subject, roles, threshold, observed, events, actor, note, message_en, message_zh,"
    " log_partition, log_offset",
}
"""What is appended by COPY; the other columns have defaults (committed_at is now())."""

T, Q, L, N, TS, D, B, J = (
    "text",
    "numeric",
    "bigint",
    "integer",
    "timestamptz",
    "date",
    "boolean",
    "jsonb",
)
MOMENT, VALUE, VALUE_MOMENT = "numeric/10", "numeric/16", "numeric/22"
"""Kinds of columns whose parameters are ints in units of 10^-n: SQL moves the point, cheaper."""
Columns = dict[str, str]

_LINE = {"warehouse": T, "order_id": T, "line_id": T, "sku": T, "ordered": Q}
_LINE_END = {"cancelled": Q, "state": T, "version": L, "due_at": TS, "document": T}
TIMES = {
    "ordered_at": TS,
    "received_at": TS,
    "lead_seconds": L,
    "received_scanned_at": TS,
    "received_reported_most": Q,
    "received_reported_at": TS,
}
"""The columns of a purchase line's `Times`, in the order of its fields."""
_KEPT: dict[str, tuple[Columns, int]] = {
    "stock_figures": (
        {
            "warehouse": T,
            "sku": T,
            **dict.fromkeys(
                (
                    "on_hand",
                    "on_hold",
                    "reserved",
                    "available",
                    "in_transit",
                    "incoming",
                    "projected",
                    "safety_stock",
                    "reorder_point",
                    "max_stock",
                ),
                Q,
            ),
            "water_level": T,
            "unit_cost": Q,
            "value": Q,
            "moved_to": TS,
            "counted_to": TS,
            "updated_at": TS,
            "next_change_at": TS,
            "version": L,
            "demand_per_day": "numeric/8",
            **dict.fromkeys(("stock_out_on", "below_safety_on", "first_on", "issued_on", "day"), D),
            "day_net": Q,
            "day_moment": MOMENT,
            "day_issues": Q,
            **dict.fromkeys(
                ("window_net", "window_moment", "window_issues", "demand"), "numeric[]"
            ),
            "layer_days": "date[]",
            "layer_quantities": "numeric[]",
            "lead_count": N,
            "lead_seconds": Q,
            "lead_squares": Q,
            "review_at": TS,
            "basis": "double precision[]",
        },
        2,
    ),
    "stock_daily": (
        {
            "warehouse": T,
            "sku": T,
            "day": D,
            **dict.fromkeys(("opening", "inbound", "outbound", "other", "closing"), Q),
            "area": "numeric/10",
            **dict.fromkeys(("min", "max", "issues", "received"), Q),
            "moment": MOMENT,
            "unit_cost": "numeric/12",
            **dict.fromkeys(("issue_cost", "value", "value_net"), VALUE),
            "value_moment": VALUE_MOMENT,
        },
        3,
    ),
    "demand_daily": ({"warehouse": T, "sku": T, "day": D, "issues": Q}, 3),
    "stock_bins": (
        {
            "warehouse": T,
            "sku": T,
            "lot": T,
            "bin": T,
            "status": T,
            "quantity": Q,
            "expires_on": D,
            "received_at": TS,
        },
        5,
    ),
    "lot_dates": (
        {
            "warehouse": T,
            "sku": T,
            "lot": T,
            "expires_on": D,
            "expires_occurred_at": TS,
            "expires_device_seq": L,
            "expires_event_id": T,
            "produced_on": D,
            "produced_occurred_at": TS,
            "produced_device_seq": L,
            "produced_event_id": T,
            "received_at": TS,
        },
        3,
    ),
    "orders": (
        {
            **_LINE,
            "shipped": Q,
            "shipped_reported": Q,
            "shipped_scanned": Q,
            **_LINE_END,
            "occurred_at": TS,
            "event_id": T,
        },
        4,
    ),
    "purchases": (
        {
            **_LINE,
            "received": Q,
            "received_reported": Q,
            "received_scanned": Q,
            **_LINE_END,
            "counterpart": T,
            "occurred_at": TS,
            "event_id": T,
            **TIMES,
        },
        4,
    ),
    "counts": (
        {
            "warehouse": T,
            "sku": T,
            "occurred_at": TS,
            "device_seq": L,
            "event_id": T,
            "scope": T,
            "bin": T,
            "lines": J,
            "document": T,
            "operator": T,
            "device": T,
            "video_url": T,
            "cancelled": B,
        },
        5,
    ),
    "cancels": (
        {"log_partition": N, "cancel_id": T, "target_id": T, "occurred_at": TS, "log_offset": L},
        2,
    ),
    "ticks": ({"log_partition": N, "at": TS, "log_offset": L}, 2),
    "device_sequences": (
        {
            "log_partition": N,
            "device": T,
            "warehouse": T,
            **dict.fromkeys(("last_seq", "recorded", "open_blocks", "reused"), L),
            "unrecorded": L,
            "last_seen_at": TS,
            "clock_offset_ms": L,
        },
        2,
    ),
    "device_blocks": (
        {"device": T, "span": N, "first_seq": L, "log_partition": N, "bits": "bit(1024)"},
        4,
    ),
}
_CONFLICT = {"counts": "warehouse, sku, occurred_at, event_id"}


def _names(columns: Columns) -> str:
    return ", ".join(columns)


def _arrays(columns: Columns) -> str:
    """Return the parameters: one array a column; a column of arrays is an array of texts."""
    return ", ".join(
        f"%s::{T if kind[-1] == ']' else kind.partition('/')[0]}[]" for kind in columns.values()
    )


def _selected(columns: Columns) -> str:
    return ", ".join(f"new.{name}{_shaped(kind)}" for name, kind in columns.items())


def _shaped(kind: str) -> str:
    """Return what makes a parameter's element the column's value."""
    if kind[-1] == "]":
        return f"::{kind}"
    places = kind.partition("/")[2]
    return f" * 0.{'0' * (int(places) - 1)}1" if places else ""


def _set(columns: list[str]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns)


def upserting(table: str, columns: Columns, key: int) -> str:
    """Return an upsert of rows by their first `key` columns, given as one array a column."""
    names = list(columns)
    conflict = _CONFLICT.get(table, ", ".join(names[:key]))
    return (
        f"INSERT INTO inventory.{table} AS kept ({_names(columns)}) "
        f"SELECT {_selected(columns)} FROM unnest({_arrays(columns)}) AS new ({_names(columns)}) "
        f"ON CONFLICT ({conflict}) DO UPDATE SET {_set(names[key:])}"
    )


def _gone(table: str, columns: Columns, more: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"DELETE FROM inventory.{table} WHERE ({names}) IN "
        f"(SELECT * FROM unnest({_arrays(columns)})){more}"
    )


def _first(columns: Columns, count: int) -> Columns:
    return dict(list(columns.items())[:count])


_POLICY: dict[str, str] = {
    "warehouse": T,
    "category": T,
    "sku": T,
    "field": T,
    "value": Q,
    "occurred_at": TS,
    "device_seq": L,
    "event_id": T,
}
_NEWER = (
    '(excluded.occurred_at, coalesce(excluded.device_seq, 0), excluded.event_id COLLATE "C") >'
    ' (kept.occurred_at, coalesce(kept.device_seq, 0), kept.event_id COLLATE "C")'
)
_TRANSFER = (
    'INSERT INTO inventory.transfers AS kept (document, sku, "from", "to", shipped, received,'
    " lost, due_at, shipped_at, received_at) SELECT * FROM unnest(%s::text[], %s::text[],"
    " %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[],"
    " %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])"
    ' ON CONFLICT (document, sku, "from", "to") DO UPDATE SET'
    " shipped = kept.shipped + excluded.shipped, received = kept.received + excluded.received,"
    " lost = kept.lost + excluded.lost, {}"
)
UPSERTS: dict[str, str] = {
    **{table: upserting(table, columns, key) for table, (columns, key) in _KEPT.items()},
    "transfers": _TRANSFER.format(
        "due_at = greatest(kept.due_at, excluded.due_at),"
        " shipped_at = least(kept.shipped_at, excluded.shipped_at),"
        " received_at = greatest(kept.received_at, excluded.received_at)"
    ),
    "transfers_exact": _TRANSFER.format(
        "due_at = excluded.due_at, shipped_at = excluded.shipped_at,"
        " received_at = excluded.received_at"
    ),
    "policies": upserting("policies", _POLICY, 4) + f" WHERE {_NEWER}",
    "policies_forced": upserting("policies", _POLICY, 4),
}


def _adding(table: str, columns: Columns, key: int, where: str = "") -> str:
    """Return an upsert that adds to what is kept under the first `key` columns."""
    names = list(columns)
    sums = ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in names[key:])
    return (
        f"INSERT INTO inventory.{table} AS kept ({_names(columns)}) "
        f"SELECT {_selected(columns)} FROM unnest({_arrays(columns)}) AS new ({_names(columns)})"
        f"{where} ON CONFLICT ({', '.join(names[:key])}) DO UPDATE SET {sums}"
    )


_SUMS = ("issues", "issue_cost", "net", "moment", "value_net", "value_moment")
_SUM_KEY: Columns = {"warehouse": T, "category": T, "day": D}
_SUM_COLUMNS: Columns = {
    **_SUM_KEY,
    **dict(zip(_SUMS, (Q, VALUE, Q, MOMENT, VALUE, VALUE_MOMENT), strict=True)),
}
_THROUGHPUT: Columns = {
    "warehouse": T,
    "type": T,
    "at": TS,
    "lines": L,
    "inbound": Q,
    "outbound": Q,
}
_KEEPING = (
    " WHERE new.at >= coalesce((SELECT r.gone_before FROM inventory.retention AS r"
    " WHERE r.relation = 'throughput'), '-infinity')"
)
"""A late event must not leave a part of ten minutes that retention has taken."""
UPSERTS["turnover_daily"] = _adding("turnover_daily", _SUM_COLUMNS, 3)
UPSERTS["throughput"] = _adding("throughput", _THROUGHPUT, 3, _KEEPING)


def _master(table: str, columns: Columns, key: int) -> tuple[str, str]:
    """Return the upsert of newer images and the one of forced images."""
    every = {**columns, "occurred_at": TS, "device_seq": L, "event_id": T}
    names = list(every)
    known = ", known" if table == "warehouses" else ""
    true = ", true" if known else ""
    values = ", ".join(
        f"coalesce(new.{n}, %(default_timezone)s::text)" if n == "timezone" else f"new.{n}"
        for n in names
    )
    insert = (
        f"INSERT INTO inventory.{table} AS kept ({', '.join(names)}{known}) "
        f"SELECT {values}{true} FROM unnest({{arrays}}) AS new ({', '.join(names)}) "
        f"ON CONFLICT ({', '.join(names[:key])}) DO UPDATE "
        f"SET {_set(names[key:])}{', known = true' if known else ''}"
    )
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in every.items())
    forced = insert.format(arrays=arrays)
    return f"{forced} WHERE {_NEWER}", forced


MASTER_COLUMNS: dict[str, tuple[Columns, int]] = {
    "items": (
        {
            **dict.fromkeys(("sku", "name", "name_zh", "category", "barcode"), T),
            **dict.fromkeys(("unit_cost", "unit_volume", "unit_weight"), Q),
            "shelf_life_days": N,
            **dict.fromkeys(("fragile", "high_value", "bonded"), B),
            "protection": T,
        },
        1,
    ),
    "warehouses": (dict.fromkeys(("warehouse", "name", "name_zh", "region", "timezone"), T), 1),
    "bins": (
        {
            **dict.fromkeys(("warehouse", "bin", "zone", "aisle"), T),
            "position": N,
            **dict.fromkeys(("x", "y", "max_quantity", "max_volume", "max_weight"), Q),
            "active": B,
        },
        2,
    ),
}
_STORED_AS = {"bins": "bin_places"}
MASTER = {
    table: _master(_STORED_AS.get(table, table), *columns)
    for table, columns in MASTER_COLUMNS.items()
}
MASTER_GONE = {
    table: _gone(_STORED_AS.get(table, table), _first(columns, key))
    for table, (columns, key) in MASTER_COLUMNS.items()
}
LOTS_GONE = _gone("lot_dates", _first(_KEPT["lot_dates"][0], 3))
CELLS_GONE = _gone("stock_bins", _first(_KEPT["stock_bins"][0], 5))
BLOCKS_GONE = _gone("device_blocks", _first(_KEPT["device_blocks"][0], 4))
DAYS_GONE = _gone("stock_daily", _first(_KEPT["stock_daily"][0], 3))
DEMAND_GONE = _gone("demand_daily", _first(_KEPT["demand_daily"][0], 3))
SUMS_GONE = _gone("turnover_daily", _SUM_KEY, "".join(f" AND {name} = 0" for name in _SUMS))
REGISTERS_GONE = _gone("policies", _first(_POLICY, 4))
_TRANSFER_KEY = {"document": T, "sku": T, "from": T, "to": T}
LINES_GONE: dict[str, Any] = {
    "orders": _gone("orders", _first(_KEPT["orders"][0], 4)),
    "purchases": _gone("purchases", _first(_KEPT["purchases"][0], 4)),
    "transfers": _gone(
        "transfers", _TRANSFER_KEY, " AND shipped = 0 AND received = 0 AND lost = 0"
    ),
}
