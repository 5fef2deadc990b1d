"""The limit: the same bytes to the same rows by one plain loop, without a framework.

Run as a process: `python -m flows.bench.limit`. Enters: the log of the settings, from where the
last such process ended up to its end.
Leaves: a row of `movements` an event, `stock` (on_hand) and the offsets, in one transaction a
batch. No feature of Waterline: no checks, repeats, bins, lots, orders, late counts, history, lag
or refusals, no work beside waiting. It reads only what the bench sends: text that COPY need not
escape, no commas in it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from confluent_kafka import Consumer, TopicPartition

from connectors.kafka import LOG
from connectors.kafka.client import common
from connectors.trouble import Trouble
from connectors.watermarks import ends
from flows.settings import current

if TYPE_CHECKING:
    from confluent_kafka import Message

    from flows.settings import Settings

BATCH = 10_000
WAIT = 0.1
_COPY = """COPY inventory.movements (occurred_at, warehouse, sku, bin, status, type, quantity,
 event_id, device_seq, device, log_partition, log_offset) FROM STDIN"""
_STOCK = """
INSERT INTO inventory.stock_figures AS s (warehouse, sku, on_hand, available, projected)
SELECT w, k, q, q, q FROM unnest(%s::text[], %s::text[], %s::numeric[]) AS n (w, k, q)
ON CONFLICT (warehouse, sku) DO UPDATE SET on_hand = excluded.on_hand,
  available = excluded.available, projected = excluded.projected
"""
_OFFSET = """
INSERT INTO inventory.offsets AS o (log_partition, topic, next_offset, consumed, applied)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (log_partition) DO UPDATE SET next_offset = excluded.next_offset,
  consumed = o.consumed + excluded.consumed, applied = o.applied + excluded.applied
"""


class Scan(msgspec.Struct, gc=False):
    """What the loop reads of an event; times stay text, the database reads them."""

    type: str
    event_id: str
    occurred_at: str
    device: str
    device_seq: int
    warehouse: str
    sku: str
    quantity: Decimal
    from_bin: str = ""
    to_bin: str = ""


_read = msgspec.json.Decoder(Scan).decode
Stock = dict[tuple[str, str], Decimal]


def drain(settings: Settings) -> int:
    """Read the log to its end; return the number of messages that were new."""
    topic, brokers = settings.topic_prefix + LOG, settings.need_brokers()
    with psycopg.connect(settings.need_dsn(), autocommit=True) as database:
        places = database.execute("SELECT log_partition, next_offset FROM inventory.offsets")
        begin: dict[int, int] = dict(places.fetchall())
        rows = database.execute("SELECT warehouse, sku, on_hand FROM inventory.stock_figures")
        stock: Stock = defaultdict(Decimal, {(w, k): quantity for w, k, quantity in rows})
        left = ends(brokers, [topic])
        total = sum(left.values()) - sum(begin.values())
        consumer = Consumer(
            {**common(brokers), "group.id": "waterline-limit", "enable.auto.commit": False}
        )
        try:
            consumer.assign([TopicPartition(topic, p, begin.get(p, 0)) for _, p in left])
            done = total
            while done > 0:
                messages = consumer.consume(min(BATCH, done), WAIT)
                if messages:
                    done -= len(messages)
                    _commit(database, topic, messages, stock)
        finally:
            consumer.close()
    return total


def _commit(
    database: psycopg.Connection, topic: str, messages: list[Message], stock: Stock
) -> None:
    lines, touched, places = _fold(messages, stock)
    with database.transaction(), database.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            copy.write("".join(lines))
        keys = list(touched)
        columns = [key[0] for key in keys], [key[1] for key in keys], [stock[key] for key in keys]
        cursor.execute(_STOCK, columns)
        for partition, (next_, count) in places.items():
            cursor.execute(_OFFSET, (partition, topic, next_, count, count))


def _fold(
    messages: list[Message], stock: Stock
) -> tuple[list[str], dict[tuple[str, str], None], dict[Any, tuple[int, int]]]:
    lines: list[str] = []
    touched: dict[tuple[str, str], None] = {}
    places: dict[Any, tuple[int, int]] = {}
    for message in messages:
        value, partition, offset = message.value(), message.partition(), message.offset()
        if message.error() is not None or value is None or offset is None:
            raise Trouble(f"{message.topic()}/{partition}: {message.error()}")
        one = _read(value)
        quantity = one.quantity if one.type == "inbound" else -one.quantity
        key = one.warehouse, one.sku
        stock[key] += quantity
        touched[key] = None
        places[partition] = offset + 1, places.get(partition, (0, 0))[1] + 1
        lines.append(
            f"{one.occurred_at}\t{one.warehouse}\t{one.sku}\t{one.from_bin or one.to_bin}\t"
            f"sellable\t{one.type}\t{quantity}\t{one.event_id}\t{one.device_seq}\t{one.device}\t"
            f"{partition}\t{offset}\n"
        )
    return lines, touched, places


if __name__ == "__main__":
    try:
        drain(current())
    except Trouble as trouble:
        sys.exit(f"waterline: {trouble}")
