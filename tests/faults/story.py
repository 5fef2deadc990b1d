"""The seeded events of the fault suite, as the log has them and as foreign systems send them.

Enters: a count and a seed. Leaves: the same events each time: out of order, some twice, some
cancelled; and the same as messages of the foreign topics, with what cannot be used among them.
"""

from __future__ import annotations

import json
import random

from connectors.kafka import LOG, LOG_PARTITIONS, MASTER, ORDER_LINES, SCANS, Outlet, ensure_topics
from connectors.partitions import LogPartitions
from flows.domain.decode.canonical import encode
from flows.domain.events import Item, OrderLine, Policy, PurchaseLine, Tick
from tests.builders import (
    cancel,
    customer_return,
    inbound,
    item,
    move,
    order_line,
    outbound,
    policy,
    purchase_line,
    stocktake,
    tick,
    transfer_in,
    transfer_out,
)
from tests.dataflow.running import at

HOUSES = ("A", "B", "C")
BAD = (
    b"",
    b"{",
    b"\xff\x00",
    b"[1]",
    b'{"type":"dance","event_id":"d","occurred_at":"2026-01-01T00:00:00Z"}',
    b'{"type":"inbound","event_id":"q","occurred_at":"2026-01-01T00:00:00Z","quantity":"many"}',
)
SOURCES = 4
"""Partitions of each foreign topic."""


def story(count, seed=7):  # noqa: C901 - a table of shares
    """Return seeded events of three warehouses: out of order, some twice, some cancelled."""
    chance = random.Random(seed)
    makers = (inbound, inbound, outbound, customer_return, move)
    events = []
    for number in range(count):
        sku, house = f"S{chance.randrange(200)}", chance.choice(HOUSES)
        fields = {"id": f"e{number}", "at": at(chance.randrange(4000)), "warehouse": house}
        kind = chance.random()
        if kind < 0.70:
            event = chance.choice(makers)(sku, chance.randrange(1, 9), **fields)
        elif kind < 0.80:
            lines = {"line_id": "1", "version": number, **fields}
            make = chance.choice((order_line, purchase_line))
            event = make(f"O{chance.randrange(300)}", sku, 9, **lines)
        elif kind < 0.86:
            event = stocktake(sku, 5, bin="P", scope=chance.choice(("lot", "bin", "sku")), **fields)
        elif kind < 0.90:
            other = chance.choice([name for name in HOUSES if name != house])
            event = transfer_out(sku, 2, to=other, document=f"T{number % 50}", **fields)
        elif kind < 0.93:
            other = chance.choice([name for name in HOUSES if name != house])
            event = transfer_in(sku, 1, other, document=f"T{number % 50}", **fields)
        elif kind < 0.97 and number:
            event = cancel(f"e{chance.randrange(number)}", **fields)
        elif kind < 0.98:
            event = item(sku, unit_cost=chance.randrange(1, 9), id=f"e{number}", at=fields["at"])
        elif kind < 0.985:
            event = policy(warehouse=house, safety_stock=3, id=f"e{number}", at=fields["at"])
        elif kind < 0.986:
            event = tick(at=fields["at"].replace(second=0), id=f"e{number}")
        else:
            event = chance.choice(events) if events else tick(at=at(0))
        events.append(event)
    return events


def messages(count, seed=7):
    """Return the story as (topic, partition, value): half the order lines as Debezium sends them.

    One in 200 cannot be used; ticks go on every partition of the log, as the clock puts them.
    """
    chance = random.Random(seed)
    found = []
    for event in story(count, seed):
        partition = chance.randrange(SOURCES)
        if chance.random() < 0.005:
            found.append((topic_of(event), partition, chance.choice(BAD)))
        if isinstance(event, Tick):
            found += [(LOG, number, encode(event)) for number in range(LOG_PARTITIONS)]
        elif isinstance(event, OrderLine) and chance.random() < 0.5:
            found.append((ORDER_LINES, partition, change(event)))
        else:
            found.append((topic_of(event), partition, encode(event)))
    return found


def topic_of(event) -> str:
    """Return the topic of an event's kind."""
    if isinstance(event, OrderLine | PurchaseLine):
        return ORDER_LINES
    return MASTER if isinstance(event, Item | Policy) else SCANS


def change(event) -> bytes:
    """Return an order line as Debezium reports that it was written."""
    names = ("warehouse", "order_id", "line_id", "sku", "version")
    row = {name: getattr(event, name) for name in names} | {"ordered": int(event.ordered)}
    milliseconds = int(event.occurred_at.timestamp() * 1000)
    return json.dumps(
        {
            "op": "c",
            "before": None,
            "after": {**row, "occurred_at": event.occurred_at.isoformat()},
            "source": {"ts_ms": milliseconds, "lsn": event.version, "table": "order_line"},
            "ts_ms": milliseconds,
        }
    ).encode()


class Feed:
    """Sends messages to topics; warehouses get their partitions first, the same in every run."""

    def __init__(self, settings) -> None:
        """Make the topics and settle where the warehouses live."""
        ensure_topics(settings.brokers, settings.topic_prefix, patience=30)
        homes = LogPartitions(settings.dsn, LOG_PARTITIONS, patience=20)
        homes.of_many(HOUSES)
        homes.close()
        self._prefix = settings.topic_prefix
        self._out = Outlet(settings.brokers, patience=120)
        self.sent = 0

    def send(self, found) -> None:
        """Send (topic, partition, value); return when all are acknowledged."""
        for topic, partition, value in found:
            self._out.send(self._prefix + topic, None, value, None, partition)
        self._out.flush()
        self.sent += len(found)

    def close(self) -> None:
        """Let go."""
        self._out.close()
