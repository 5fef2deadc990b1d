"""One log folded twice: into a store in memory, and into the tables of a database.

Enters: batches of events, as dicts. Leaves: what differs between the two stores.
"""

from __future__ import annotations

from typing import Any

import psycopg

from connectors.timescale import claim
from flows.audit import Report, compare
from flows.audit_tables import TABLES
from flows.domain import routing
from flows.domain.ledger import Ledger, cut
from flows.domain.memory import MemoryStore
from flows.store.writer import PartitionWriter
from tests.builders import BROKER_TIME
from tests.dataflow.running import unlike
from tests.folding import read

ZONE = "Asia/Shanghai"


class Both:
    """One partition folded twice: into memory, and into the tables of a database."""

    def __init__(self, dsn: str, partition: int, homes: dict[str, int]) -> None:
        """Open nothing yet; `homes` says where each warehouse lives."""
        self.dsn, self.partition, self.homes = dsn, partition, homes
        self.store = MemoryStore(partition, ZONE)
        self.writer: PartitionWriter | None = None

    def owns(self, house: str) -> bool:
        """Return whether the warehouse lives on this partition; what has none is on the first."""
        return self.homes.get(house, 0) == self.partition

    def open(self) -> PartitionWriter:
        """Return a writer that claims the partition and knows nothing but the tables."""
        standings = claim(self.dsn, "log", [self.partition], "test", lambda: False)
        return PartitionWriter(
            self.dsn,
            self.partition,
            standings[self.partition],
            zone=ZONE,
            owns=self.owns,
            stopping=lambda: False,
        )

    def fold(self, batch: list[Any], *, cold: bool, settled: bool = False) -> None:
        """Fold a batch into both; `cold`: by a writer that knows nothing but the tables.

        `settled`: the next batch is folded when this one is committed, not before.
        """
        first = self.store.next_offset
        log = [(first + n, BROKER_TIME, read(event)) for n, event in enumerate(batch)]
        ledger = Ledger(self.partition, self.store, ZONE, self.owns)
        if self.writer is None:
            self.writer = self.open()
            assert self.writer.start == first
        for piece in cut(log):
            self.store.apply(ledger.fold(piece))
            self.writer.hand_over(self.writer.fold(list(piece)), [])
        if settled:
            self.writer.settle()
        if cold:
            self.close()

    def close(self) -> None:
        """Commit what is on its way and forget."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def both(
    dsn: str,
    batches: list[list[Any]],
    homes: dict[str, int],
    *,
    cold: bool,
    settled: bool = False,
) -> list[Any]:
    """Fold the batches on the partitions of `homes`; return what differs."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO inventory.partitions VALUES (%s, %s)", list(homes.items()))
    parts = [Both(dsn, number, homes) for number in sorted(set(homes.values()))]
    try:
        for batch in batches:
            for part in parts:
                part.fold(
                    [event for event in batch if goes_to(event, part)], cold=cold, settled=settled
                )
    finally:
        for part in parts:
            part.close()
    return compared(dsn, [part.store for part in parts])


def goes_to(event: Any, part: Both) -> bool:
    """Return whether intake would lay the event on this partition."""
    names = routing.targets(event)
    return not names or any(part.owns(name) for name in names)


def compared(dsn: str, stores: list[MemoryStore]) -> list[Any]:
    """Return the differences between the tables and what the stores in memory hold."""
    report = Report()
    with psycopg.connect(dsn) as connection:
        for table in TABLES:
            compare(connection, table, stores, report, 20)
    return [(x.table, x.key, unlike(x)) for x in report.differences]
