"""Tables as the watched rules find them, made by hand, and one look at them.

Enters: a connection or settings of a test, what it cares about. Leaves: rows in place of what was
there, transitions. The clock is that of tests/sql/shelves.py: noon in Shanghai.
"""

from __future__ import annotations

from datetime import timedelta

import psycopg
from psycopg.types.json import Jsonb

from flows.domain.numbers import Numbers
from flows.domain.rows import DeviceRow
from flows.watching import connect
from tests.dataflow.running import rows
from tests.sql.shelves import CLOCK, cell, insert, item, place


def look(settings, watcher, at, failed=None):
    """Make one round as of a time; a part that fails is an error, unless somebody hears of it."""

    def raising(error, what):
        raise AssertionError(what) from error

    with connect(settings.dsn) as connection:
        watcher.round(connection, failed or raising, at)


def told(settings, since=0):
    """Return (transition, severity) of every alert, in order."""
    return rows(
        settings,
        "SELECT transition, severity FROM alerts ORDER BY at, transition OFFSET %s",
        since,
    )


def lag(conn, at, bucket, warehouse="W", kind="live"):
    """Say that all events of the last minute took 1 ms × 1.1^bucket."""
    conn.execute("DELETE FROM inventory.lag WHERE warehouse = %s", (warehouse,))
    insert(
        conn, "lag", minute=at - timedelta(minutes=1), warehouse=warehouse, kind=kind,
        log_partition=0, events=20, over_1s=0, over_3s=0,
        total_counts=[0] * bucket + [20],
        **{f"to_{stage}_counts": [] for stage in ("recorded", "sent", "broker", "committed")},
    )  # fmt: skip


def device(conn, name, last_seen_at, warehouse="W", numbers=()):
    """Put the row and the blocks of a device in place of what there is of it."""
    for table in ("device_sequences", "device_blocks"):
        conn.execute(f"DELETE FROM inventory.{table} WHERE device = %s".encode(), (name,))
    row, book = DeviceRow(name), Numbers(lambda _: {})
    book.open({name: list(numbers)}, {name: row})
    book.add(row, list(numbers))
    insert(
        conn, "device_sequences", log_partition=0, device=name, warehouse=warehouse,
        last_seq=max(numbers, default=None), recorded=row.recorded, open_blocks=row.open_blocks,
        last_seen_at=last_seen_at,
    )  # fmt: skip
    for key, bits in book.flush().items():
        if bits:
            insert(
                conn, "device_blocks", device=name, span=key.span, first_seq=key.first_seq,
                log_partition=0, bits=f"{bits:01024b}",
            )  # fmt: skip


def stock(conn, quantity):
    """Let zone A hold so much of a hundred."""
    conn.execute("DELETE FROM inventory.stock_bins")
    if not conn.execute("SELECT FROM inventory.bin_places").fetchall():
        item(conn, "S")
        place(conn, "A1", max_quantity=100)
    cell(conn, "A1", "S", quantity)


def hours(conn, count, occupancy):
    """Let zone A have held so much at the end of each of so many hours."""
    conn.execute("DELETE FROM inventory.occupancy_hourly")
    for n in range(1, count + 1):
        insert(
            conn, "occupancy_hourly", hour=CLOCK - timedelta(hours=n), warehouse="W", zone="A",
            bins=1, occupancy=occupancy,
            **dict.fromkeys(("quantity", "volume", "weight"), 0),
            **dict.fromkeys(("filled_quantity", "filled_volume", "filled_weight"), 0),
        )  # fmt: skip


def scan(conn, at, device_name="pda-2"):
    """Insert a movement that a device sent."""
    insert(
        conn, "movements", occurred_at=at, warehouse="W", sku="S", type="inbound", quantity=1,
        status="sellable", event_id="e", device=device_name, log_partition=0, log_offset=0,
    )  # fmt: skip


def silent(conn, at, minutes):
    """Let a device have been silent so long, where others work since 08:00."""
    device(conn, "pda-1", at - timedelta(minutes=minutes))
    device(conn, "pda-2", at)
    conn.execute("DELETE FROM inventory.movements")
    scan(conn, CLOCK - timedelta(hours=4))


def decide(settings, decision="acknowledge", name="张三", rule="lag_high"):
    """Journal a person's answer to the alert that is open, as the fold does."""
    state = "SELECT alert_id, warehouse FROM alert_state WHERE rule = %s"
    ((alert, home),) = rows(settings, state, rule)
    body = {"alert_id": alert, "decision": decision, "decided_by": name, "reason": "on its way"}
    with psycopg.connect(settings.dsn) as conn:
        insert(
            conn, "journal", occurred_at=CLOCK, event_id=f"d-{decision}", type="decision",
            warehouse=home, body=Jsonb(body), log_partition=0, log_offset=1,
        )  # fmt: skip
