"""The stock flow in tests: events onto the log, the flow here or in a process of its own.

Enters: settings of a test, events or bytes. Leaves: rows of the tables, processes. Times are
near now, because the broker's clock judges what is on a real log.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from connectors.kafka import LOG, LOG_PARTITIONS, Outlet, PartitionReader, ensure_topics
from connectors.partitions import LogPartitions
from flows import stock
from flows.audit import audit
from flows.domain import routing
from flows.domain.decode.canonical import encode
from flows.steps import Stop, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from flows.audit import Difference, Report
    from flows.domain.events import Event
    from flows.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
BASE = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
"""Midnight three days ago."""


def at(minutes: float) -> datetime:
    """Return the instant so many minutes after BASE."""
    return BASE + timedelta(minutes=minutes)


def put(settings: Settings, partition: int, *values: Event | bytes | None) -> None:
    """Send events or bytes to one partition of the log."""
    ensure_topics(settings.brokers, settings.topic_prefix)
    out = Outlet(settings.brokers, patience=20)
    for value in values:
        body = value if isinstance(value, bytes | None) else encode(value)
        out.send(settings.topic_prefix + LOG, None, body, None, partition)
    out.flush()
    out.close()


def lay(settings: Settings, events: Iterable[Event]) -> int:
    """Send events to the partitions on which intake would lay them; return how many messages."""
    ensure_topics(settings.brokers, settings.topic_prefix)
    out = Outlet(settings.brokers, patience=20)
    homes = LogPartitions(settings.dsn, LOG_PARTITIONS, patience=20)
    for event in events:
        for partition, headers in routing.placed(event, homes.of, LOG_PARTITIONS):
            topic = settings.topic_prefix + LOG
            out.send(topic, routing.key(event), encode(event), headers, partition)
    out.flush()
    out.close()
    homes.close()
    return out.sent


def receipts(count: int, first: int = 0, house: str = "A") -> list[bytes]:
    """Return the bytes of numbered receipts, quickly made."""
    text = (
        '{"event_id":"in-%d","type":"inbound","occurred_at":"%s","warehouse":"%s","sku":"S%d",'
        '"quantity":2,"to_bin":"P","lot":"L1"}'
    )
    return [
        (text % (n, at(n % 4000).isoformat(), house, n % 500)).encode()
        for n in range(first, first + count)
    ]


def drain(settings: Settings) -> None:
    """Run the stock flow until it has read everything."""
    stop = Stop()
    run(stock.build(settings, stop, drain=True), stop)


def environ(settings: Settings) -> dict[str, str]:
    """Return the environment of a process with these settings."""
    return {
        **os.environ,
        "WATERLINE_DSN": settings.dsn,
        "WATERLINE_BROKERS": settings.brokers,
        "WATERLINE_TOPIC_PREFIX": settings.topic_prefix,
        "WATERLINE_HOME": str(settings.home),
        "WATERLINE_LANG": settings.lang,
        "WATERLINE_TZ": settings.tz,
    }


def command(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `waterline …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=ROOT, env=environ(settings), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@contextmanager
def flow(settings: Settings, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run `waterline flow stock …` in a process of its own, which is killed if it still lives."""
    running = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "flow", "stock", *words],
        cwd=ROOT, env=environ(settings), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        try:
            yield running
        finally:
            running.kill()


def ended(running: subprocess.Popen[str], seconds: float = 10.0) -> tuple[int, str]:
    """Return the exit code and what was said, of a process that ends by itself."""
    _, told = running.communicate(timeout=seconds)
    return running.returncode, told


def rows(settings: Settings, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query on schema inventory."""
    with psycopg.connect(settings.dsn, options="-c search_path=inventory,public") as connection:
        return connection.execute(query, values).fetchall()


def change(settings: Settings, statement: str) -> int:
    """Run one statement as the owner; return how many rows it changed."""
    with psycopg.connect(settings.dsn, options="-c search_path=inventory,public") as connection:
        return connection.execute(statement).rowcount


def counters(settings: Settings) -> tuple[int, ...]:
    """Return the sums of next_offset, consumed, applied, repeats and rejects."""
    names = ("next_offset", "consumed", "applied", "repeats", "rejects")
    sums = ", ".join(f"coalesce(sum({name}), 0)::int" for name in names)
    return rows(settings, f"SELECT {sums} FROM offsets")[0]


def consumed(settings: Settings) -> int:
    """Return how many messages are committed."""
    return counters(settings)[1]


def wait_for(what: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until `what()` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.02)


def read(settings: Settings, topic: str, partition: int = 0) -> list[Any]:
    """Return all messages of a partition."""
    name = settings.topic_prefix + topic
    reader = PartitionReader(settings.brokers, name, partition, 0, until_end=True)
    found: list[Any] = []
    wait_for(lambda: found.extend(reader.read()) or reader.at_end)
    reader.close()
    return found


def clean(settings: Settings) -> Report:
    """Audit; fail with the differences when there are any, or when the sums do not agree."""
    report = audit(settings)
    shown = [(one.table, one.key, unlike(one)) for one in report.differences[:10]]
    assert not report.differing, f"{report.differing}: {shown}"
    assert uneven(settings) == []
    return report


def unlike(one: Difference) -> Any:
    """Return column → (live, expected) of what differs in a row, or both rows whole."""
    if one.live is None or one.expected is None:
        return one.live, one.expected
    pairs = zip(one.columns, one.live, one.expected, strict=True)
    return {name: (live, wanted) for name, live, wanted in pairs if live != wanted}


def uneven(settings: Settings) -> list[tuple[Any, ...]]:
    """Return the accounts where Σ movements, Σ stock_bins and stock.on_hand are not one figure."""
    return rows(
        settings,
        """
        SELECT warehouse, sku, m.sum, b.sum, s.on_hand
        FROM (SELECT warehouse, sku, sum(quantity) FROM stock_as_of('infinity') AS t
              (warehouse, sku, lot, bin, status, quantity) GROUP BY 1, 2) AS m
        FULL JOIN (SELECT warehouse, sku, sum(quantity) FROM stock_bins GROUP BY 1, 2) AS b
          USING (warehouse, sku)
        FULL JOIN stock AS s USING (warehouse, sku)
        WHERE coalesce(m.sum, 0) <> coalesce(b.sum, 0) OR coalesce(b.sum, 0) <> s.on_hand
           OR s.on_hand IS NULL
        """,
    )
