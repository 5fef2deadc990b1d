"""Fold the whole log again with the same pure code and compare with every live table.

Enters: the log up to the offsets that one snapshot of the database holds, and that snapshot.
Leaves: the differences, key by key. What is compared is what a fold decides; what depends on the
clock or on how the log was cut into batches (commit times, stock_history, lag) is not. Fails with
`Trouble` when the beginning of the log is gone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct, field

from connectors.kafka import LOG, PartitionReader
from connectors.session import DEAD_PEER
from connectors.trouble import Trouble
from flows.audit_tables import TABLES, Table
from flows.domain.ledger import Ledger
from flows.domain.memory import MemoryStore
from flows.steps import Batch
from flows.stock import decode

if TYPE_CHECKING:
    from flows.settings import Settings

NEVER_EVICT = 1 << 60
QUIET = 60.0
"""Seconds without a message after which the log is said to be unreadable."""
Progress = Callable[[int, int, int], None]
Values = tuple[Any, ...]


class Difference(Struct):
    """One row that differs; None means that the side has no such row."""

    table: str
    key: Values
    columns: list[str]
    live: Values | None
    expected: Values | None


class Report(Struct):
    """What an audit found."""

    messages: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def audit(settings: Settings, progress: Progress = lambda *_: None, keep: int = 100) -> Report:
    """Compare; `progress(partition, done, total)`; keep at most `keep` differences a table."""
    report = Report()
    with psycopg.connect(settings.need_dsn(), **DEAD_PEER) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 0")
        ends = dict(connection.execute("SELECT log_partition, next_offset FROM inventory.offsets"))
        homes = dict(
            connection.execute("SELECT warehouse, log_partition FROM inventory.partitions")
        )
        stores = []
        for partition, end in sorted(ends.items()):
            store = refold(settings, partition, end, homes, progress)
            report.messages += store.counters.consumed
            stores.append(store)
        for table in TABLES:
            compare(connection, table, stores, report, keep)
    return report


def refold(
    settings: Settings, partition: int, end: int, homes: dict[str, int], progress: Progress
) -> MemoryStore:
    """Fold one partition of the log from its beginning up to `end`."""
    store = MemoryStore(partition, settings.tz)
    ledger = Ledger(
        partition,
        store,
        settings.tz,
        lambda warehouse: homes.get(warehouse) == partition,
        accounts=NEVER_EVICT,
    )
    for batch in _batches(settings, partition, end):
        store.apply(ledger.fold(decode(batch)[0][1].messages))
        progress(partition, store.next_offset, end)
    return store


def _batches(settings: Settings, partition: int, end: int) -> Iterator[Batch]:
    topic = settings.topic_prefix + LOG
    if end == 0:
        return
    reader = PartitionReader(settings.need_brokers(), topic, partition)
    try:
        marks = reader.watermarks(timeout=10.0)
        if marks is None:
            raise Trouble(f"no broker answers for {topic}/{partition}")
        if marks[0] > 0:
            raise Trouble(
                f"the log {topic}/{partition} starts at offset {marks[0]}: its beginning is gone, "
                "so it cannot be folded from the start"
            )
        heard = time.monotonic()
        while reader.position < end:
            messages = [m for m in reader.read() if (m.offset() or 0) < end]
            if messages:
                heard = time.monotonic()
                yield Batch(topic, partition, messages)
            elif time.monotonic() - heard > QUIET:
                raise Trouble(f"the log {topic}/{partition} cannot be read past {reader.position}")
            else:
                time.sleep(0.005)
    finally:
        reader.close()


def compare(
    connection: psycopg.Connection,
    table: Table,
    stores: list[MemoryStore],
    report: Report,
    keep: int,
) -> None:
    """Compare one table as a multiset of (key, values)."""
    expected: Counter[tuple[Values, Values]] = Counter()
    for key, values in table.expected(stores):
        expected[key, values] += 1
    rows = 0
    extra: Counter[tuple[Values, Values]] = Counter()
    for key, values in _live(connection, table):
        rows += 1
        left = expected.get((key, values), 0)
        if left > 1:
            expected[key, values] = left - 1
        elif left:
            del expected[key, values]
        else:
            extra[key, values] += 1
    report.rows[table.name] = rows
    found = _differences(table, extra, expected)
    if found:
        report.differing[table.name] = len(found)
        report.differences += found[:keep]


def _differences(
    table: Table,
    extra: Counter[tuple[Values, Values]],
    missing: Counter[tuple[Values, Values]],
) -> list[Difference]:
    wanted: dict[Values, list[Values]] = {}
    for key, values in missing.elements():
        wanted.setdefault(key, []).append(values)
    found = []
    for key, values in extra.elements():
        others = wanted.get(key)
        found.append(
            Difference(table.name, key, table.columns, values, others.pop() if others else None)
        )
    for key, left in wanted.items():
        found += [Difference(table.name, key, table.columns, None, values) for values in left]
    return sorted(found, key=lambda difference: str(difference.key))


def _live(connection: psycopg.Connection, table: Table) -> Iterable[tuple[Values, Values]]:
    columns = ", ".join(f'"{name}"' for name in (*table.key, *table.columns))
    query = f"SELECT {columns} FROM inventory.{table.name}{table.where}"
    with connection.cursor(name=f"audit_{table.name}") as cursor:
        cursor.itersize = 10_000
        cursor.execute(query)
        width = len(table.key)
        for row in cursor:
            plain = tuple(map(table.plain, row))
            yield plain[:width], plain[width:]
