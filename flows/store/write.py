"""One batch's changes as SQL: COPY for what is appended, upserts by key for what is kept.

Enters: `Changes` and a cursor inside the batch's transaction. Rows that several
partitions write (master data) go in the order of their keys, so that two writers never wait for
each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from msgspec import json

from connectors.timescale import NULL, array, copy_rows
from flows.domain.changes import Changes
from flows.domain.decode.canonical import encode
from flows.domain.fixed import text
from flows.domain.leads import UNKNOWN, Times
from flows.domain.master import order_of
from flows.domain.rows import CountRow, LineRow, MasterRow, Order, Row
from flows.store import alerts, devices, throughput, windows
from flows.store.arrays import columns, upsert
from flows.store.statements import (
    CELLS_GONE,
    COLUMNS,
    LINES_GONE,
    LOTS_GONE,
    MASTER,
    MASTER_COLUMNS,
    MASTER_GONE,
    REGISTERS_GONE,
)


def write(cursor: psycopg.Cursor, partition: int, zone: str, changes: Changes) -> None:
    """Write a batch, all but its offset; `zone` is for warehouses that name none."""
    p = str(partition)
    copy_rows(cursor, "movements", COLUMNS["movements"], [_leg(r, p) for r in changes.movements])
    copy_rows(cursor, "journal", COLUMNS["journal"], _entries(changes, p))
    copy_rows(cursor, "stock_history", COLUMNS["stock_history"], _history(changes, p))
    throughput.write(cursor, changes)
    _stock(cursor, changes)
    windows.write(cursor, changes)
    _cells(cursor, changes)
    _lots(cursor, changes)
    _lines(cursor, "orders", changes.orders)
    _lines(cursor, "purchases", changes.purchases)
    _transfers(cursor, changes)
    _rare(cursor, partition, zone, changes)
    _ids(cursor, partition, changes)
    alerts.write(cursor, partition, changes)


def _leg(row: Row, partition: str) -> tuple[str, ...]:
    facts = row.facts
    return (
        row.at.isoformat(),
        row.warehouse,
        row.sku,
        row.lot,
        row.bin,
        row.status,
        row.type,
        text(row.quantity),
        "t" if row.variance else "f",
        "t" if row.correction else "f",
        row.event_id,
        NULL if row.seq is None else str(row.seq),
        NULL if facts.order_id is None else facts.order_id,
        NULL if facts.line_id is None else facts.line_id,
        NULL if facts.document is None else facts.document,
        NULL if facts.operator is None else facts.operator,
        NULL if facts.device is None else facts.device,
        NULL if facts.video_url is None else facts.video_url,
        NULL if facts.counterpart is None else facts.counterpart,
        NULL if facts.reason is None else facts.reason,
        NULL if facts.recorded_at is None else facts.recorded_at.isoformat(),
        NULL if facts.expires_on is None else facts.expires_on.isoformat(),
        NULL if facts.produced_on is None else facts.produced_on.isoformat(),
        NULL if facts.due_at is None else facts.due_at.isoformat(),
        NULL if facts.unit_cost is None else str(facts.unit_cost),
        partition,
        str(row.offset),
    )


def _entries(changes: Changes, partition: str) -> Iterable[tuple[str, ...]]:
    for entry in changes.journal:
        event = entry.event
        yield (
            event.occurred_at.isoformat(),
            event.event_id,
            entry.type,
            entry.warehouse,
            entry.sku,
            entry.key,
            entry.line_id,
            NULL if event.device_seq is None else str(event.device_seq),
            encode(event).decode(),
            partition,
            str(entry.offset),
        )


def _history(changes: Changes, partition: str) -> Iterable[tuple[str, ...]]:
    for row in changes.history:
        yield (
            row.warehouse,
            row.sku,
            text(row.on_hand),
            text(row.reserved),
            text(row.available),
            row.water_level,
            partition,
            str(row.offset),
        )


def _units(value: int | None) -> str | None:
    return None if value is None else text(value)


def _stock(cursor: psycopg.Cursor, changes: Changes) -> None:
    upsert(
        cursor,
        "stock_figures",
        (
            (
                row.warehouse,
                row.sku,
                text(row.on_hand),
                text(row.on_hold),
                text(row.reserved),
                text(row.available),
                text(row.in_transit),
                text(row.incoming),
                text(row.projected),
                _units(row.safety_stock),
                _units(row.reorder_point),
                _units(row.max_stock),
                row.water_level,
                row.unit_cost,
                row.value,
                row.moved_to,
                row.counted_to,
                row.updated_at,
                row.next_change_at,
                row.version,
                *windows.of_stock(row),
                row.lead_count,
                row.lead_seconds,
                row.lead_squares,
                row.review_at,
                None if row.basis is None else "{" + ",".join(map(repr, row.basis)) + "}",
            )
            for row in changes.stock
        ),
    )


def _cells(cursor: psycopg.Cursor, changes: Changes) -> None:
    rows = changes.cells
    gone = [(r.warehouse, r.sku, r.lot, r.bin, r.status) for r in rows if not r.quantity]
    if gone:
        cursor.execute(CELLS_GONE, columns(gone))
    upsert(
        cursor,
        "stock_bins",
        [
            (
                row.warehouse,
                row.sku,
                row.lot,
                row.bin,
                row.status,
                text(row.quantity),
                row.expires_on,
                row.received_at,
            )
            for row in rows
            if row.quantity
        ],
    )


def _lots(cursor: psycopg.Cursor, changes: Changes) -> None:
    rows = {(row.warehouse, row.sku, row.lot): row for row in changes.lots}
    gone = sorted(key for key, row in rows.items() if row.empty)
    if gone:
        cursor.execute(LOTS_GONE, columns(gone))
    upsert(
        cursor,
        "lot_dates",
        [
            (
                *key,
                row.expires_on,
                *_order(row.expires_by),
                row.produced_on,
                *_order(row.produced_by),
                row.received_at,
            )
            for key, row in sorted(rows.items())
            if not row.empty
        ],
    )


def _order(order: Order | None) -> tuple[Any, ...]:
    return (None, None, None) if order is None else (order.at, order.seq, order.event_id)


def _lines(
    cursor: psycopg.Cursor,
    table: str,
    lines: dict[tuple[str, str, str, str], LineRow | None],
) -> None:
    gone = sorted(key for key, row in lines.items() if row is None)
    if gone:
        cursor.execute(LINES_GONE[table], columns(gone))
    upsert(
        cursor,
        table,
        [
            (
                *key,
                text(row.ordered),
                text(row.fulfilled),
                text(row.reported),
                text(row.scanned),
                text(row.cancelled),
                row.state,
                row.version,
                row.due_at,
                row.document,
                *(() if table == "orders" else (row.counterpart,)),
                row.at,
                row.event_id,
                *(() if table == "orders" else _times(row.times or UNKNOWN)),
            )
            for key, row in sorted(lines.items())
            if row is not None
        ],
    )


def _times(times: Times) -> tuple[Any, ...]:
    return (
        times.ordered_at,
        times.received_at,
        times.lead,
        times.scanned_at,
        _units(times.most),
        times.most_at,
    )


def _transfers(cursor: psycopg.Cursor, changes: Changes) -> None:
    rows = sorted(changes.transfers.items())
    for name, exact in (("transfers", False), ("transfers_exact", True)):
        upsert(
            cursor,
            name,
            [
                (
                    *key,
                    text(row.shipped),
                    text(row.received),
                    text(row.lost),
                    row.due_at,
                    row.shipped_at,
                    row.received_at,
                )
                for key, row in rows
                if row.exact == exact
            ],
        )
    corrected = [key for key, row in rows if row.exact]
    if corrected:
        cursor.execute(LINES_GONE["transfers"], columns(corrected))


def _rare(cursor: psycopg.Cursor, partition: int, zone: str, changes: Changes) -> None:
    """Write what most batches have none of."""
    anchors = {(r.warehouse, r.sku, r.at, r.event_id): r for r in changes.counts}
    upsert(cursor, "counts", [_count(row) for _, row in sorted(anchors.items())])
    upsert(
        cursor,
        "cancels",
        [(partition, r.cancel_id, r.target_id, r.at, r.offset) for r in changes.cancels],
    )
    _policies(cursor, changes)
    _master(cursor, "items", changes.items, zone)
    _master(cursor, "warehouses", changes.warehouses, zone)
    _master(cursor, "bins", changes.bins, zone)
    upsert(cursor, "ticks", [(partition, at, offset) for at, offset in dict(changes.ticks).items()])
    devices.write(cursor, partition, changes)


def _count(row: CountRow) -> tuple[Any, ...]:
    lines = [
        {"lot": cell.lot, "bin": cell.bin, "status": cell.status, "quantity": text(quantity)}
        for cell, quantity in sorted(row.lines.items())
    ]
    return (
        row.warehouse,
        row.sku,
        row.at,
        row.seq,
        row.event_id,
        row.scope,
        row.bin,
        json.encode(lines).decode(),
        row.document,
        row.operator,
        row.device,
        row.video_url,
        row.cancelled,
    )


def _policies(cursor: psycopg.Cursor, changes: Changes) -> None:
    rows = sorted(changes.policies.items())
    gone = [key for key, row in rows if not row.order.event_id]
    if gone:
        cursor.execute(REGISTERS_GONE, columns(gone))
    for name, forced in (("policies", False), ("policies_forced", True)):
        upsert(
            cursor,
            name,
            [
                (*key, row.value, *row.order)
                for key, row in rows
                if row.order.event_id and row.forced == forced
            ],
        )


def _master(cursor: psycopg.Cursor, table: str, rows: dict[Any, MasterRow], zone: str) -> None:
    if not rows:
        return
    names_types, key = MASTER_COLUMNS[table]
    ordered = [row for _, row in sorted(rows.items())]
    gone = [row.event for row in ordered if row.deleted]
    if gone:
        names = list(names_types)[:key]
        cursor.execute(MASTER_GONE[table], [array([getattr(e, n) for e in gone]) for n in names])
    for statement, forced in zip(MASTER[table], (False, True), strict=True):
        kept = [row.event for row in ordered if not row.deleted and row.forced == forced]
        if kept:
            values = {name: array([getattr(event, name) for event in kept]) for name in names_types}
            orders = columns([order_of(event) for event in kept])
            values |= dict(zip(("occurred_at", "device_seq", "event_id"), orders, strict=True))
            cursor.execute(statement, {**values, "default_timezone": zone})


def _ids(cursor: psycopg.Cursor, partition: int, changes: Changes) -> None:
    if changes.dropped_runs:
        cursor.execute(
            "DELETE FROM inventory.event_ids WHERE log_partition = %s AND run = ANY(%s)",
            (partition, changes.dropped_runs),
        )
    for run in changes.runs:
        cursor.execute(
            "INSERT INTO inventory.event_ids (log_partition, run, count, newest, ids, prints,"
            " times) VALUES (%s, %s, %s, %s, %b, %b, %b)",
            (partition, run.run, run.count, run.newest, run.ids, run.prints, run.times),
        )
