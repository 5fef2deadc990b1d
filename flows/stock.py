"""Dataflow: the log → decode → fold → one transaction a batch, the offset in it.

Enters: inventory.events. Leaves: every table of stock, exactly once each event; refusals as topic
and table; beside it, in a thread, sums for screens (flows/totals.py). The checkpoint is the
database: a partition resumes from the offset and the state that its last transaction left. Fails
with `Trouble` when another flow took a partition over, when the log no longer holds the offset,
when too much is refused.
"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from connectors.kafka import LOG, REJECTS, Outlet, PartitionReader, ensure_topics, topic_ids
from connectors.partitions import LogPartitions
from connectors.timescale import Standing, Watch, claim
from connectors.trouble import STOPPED, Trouble
from flows.domain.decode.formats import decode_log
from flows.domain.events import TransferOut
from flows.domain.ledger import cut
from flows.domain.limit import RejectLimit
from flows.domain.refused import Refused, too_many
from flows.domain.rejects import Reject
from flows.domain.routing import HOMES, homes_of
from flows.steps import Batch, BatchSource, Dataflow, KeyedSink, Stop, inlet, outlet, step
from flows.store.writer import PartitionWriter
from flows.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from confluent_kafka import Message as Raw

    from flows.domain.changes import Changes
    from flows.domain.ledger import Message
    from flows.settings import Settings

LIMIT = 40_000
"""Messages of one transaction at most: in a backlog each touches an account once, however often it
moved. Measured with days, windows and cost: 16 % less CPU an event than with 20,000."""
HURRY = 1.0
"""Seconds after SIGTERM until which batches are still folded: a backlog holds more than can be
committed in time, and the offset says where to read on."""
_NO_HEADERS: Mapping[str, bytes] = {}


class Decoded(Struct, gc=False):
    """One batch of one partition, decoded; `raw` is kept for the payload of refusals."""

    partition: int
    messages: list[Message]
    raw: list[Raw]


def build(
    settings: Settings,
    stop: Stop,
    *,
    drain: bool = False,
    share: tuple[int, int] = (0, 1),
    together: bool = False,
) -> Dataflow:
    """Return the dataflow; topics are made here, so this waits for a broker.

    `share` (n, of): this process is the n-th of so many, each with partitions of its own; with
    `together` they are members of one cluster.
    """
    topics = ensure_topics(
        settings.need_brokers(), settings.topic_prefix, patience=None, stopping=stop
    )
    partitions = range(share[0], topics[LOG], share[1])
    totals = Totals(settings, stop, drain=drain)
    stop.at_end(totals.close)  # after the stock: with `drain` everything is committed then
    stock = Stock(settings, stop, partitions, topics[LOG], totals.committed)
    stop.at_end(stock.close)
    source = BatchSource(
        settings.topic_prefix + LOG,
        partitions,
        partial(stock.reader, until_end=drain),
        stop,
        drain=drain,
        limit=LIMIT,
    )
    flow = Dataflow("stock")
    batches = inlet("log", flow, source)
    decoded = step("decode", batches, stop, decode)
    everywhere = map(str, range(topics[LOG])) if together else None
    names = map(str, partitions)
    tables = KeyedSink(names, stock.writer, stop, everywhere=everywhere, hurry=HURRY)
    outlet("tables", decoded, tables)
    return flow


def decode(batch: Batch) -> list[tuple[str, Decoded]]:
    """Decode one batch: each message becomes one event or one reject; it is cut at its ticks."""
    messages: list[Message] = []
    last, broker_time = -1, datetime.now(UTC)
    for raw in batch.messages:
        milliseconds = raw.timestamp()[1]
        if milliseconds != last:
            last, broker_time = milliseconds, datetime.fromtimestamp(milliseconds / 1000, UTC)
        found = decode_log(raw.value(), None, _NO_HEADERS)
        messages.append((raw.offset() or 0, broker_time, found[0]))
    pieces, start = [], 0
    for piece in cut(messages):
        end = start + len(piece)
        decoded = Decoded(batch.partition, list(piece), batch.messages[start:end])
        pieces.append((str(batch.partition), decoded))
        start = end
    return pieces


def _header(raw: Raw, name: str) -> bytes | None:
    value = dict(raw.headers() or ()).get(name)
    return value.encode() if isinstance(value, str) else value


class Stock:
    """What the partitions of one process share: the map of warehouses, a producer, the limit."""

    def __init__(
        self,
        settings: Settings,
        stop: Stop,
        partitions: Sequence[int],
        count: int,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """Connect to nothing yet; `partitions` of the log's `count` are this process's.

        `committed` is called after each commit.
        """
        self._committed = committed
        self._settings, self._stop = settings, stop
        self._partitions = partitions
        self._topic = settings.topic_prefix + LOG
        self._homes = LogPartitions(settings.need_dsn(), count, stopping=stop)
        self._out: Outlet | None = None
        self._limit = RejectLimit(settings.reject_window, settings.reject_share)
        self._last: Refused | None = None
        self._writers: dict[int, PartitionWriter] = {}
        self._known: dict[str, int] = {}
        self._watch = Watch(settings.need_dsn(), stop.fail)

    def reader(self, partition: int, *, until_end: bool) -> PartitionReader:
        """Open a partition of the log at the offset that its tables hold."""
        start = self._writer(partition).start
        return PartitionReader(
            self._settings.need_brokers(), self._topic, partition, start, until_end=until_end
        )

    def writer(self, name: str) -> _Writer:
        """Open the sink of one partition."""
        return _Writer(self, self._writer(int(name)))

    def claim(self, batch: Decoded) -> None:
        """Give warehouses that nobody has seen yet to the partition on which they appear."""
        known = self._known
        for (_, _, event), raw in zip(batch.messages, batch.raw, strict=True):
            if isinstance(event, TransferOut):
                if event.warehouse in known and event.counterpart in known:
                    continue
            elif isinstance(event, Reject) or getattr(event, "warehouse", None) in known:
                continue
            for warehouse in homes_of(event, _header(raw, HOMES)):
                if warehouse not in known:
                    known[warehouse] = self._homes.claim(warehouse, batch.partition)
            if isinstance(event, TransferOut):
                known.update(self._homes.all())

    def refuse(self, batch: Decoded, changes: Changes) -> list[Refused]:
        """Put the batch's refusals on the topic; return them for the table."""
        if not changes.rejects:
            return []
        raws = {raw.offset(): raw for raw in batch.raw}
        refused = [
            Refused(
                self._topic,
                batch.partition,
                row.offset,
                0,
                row.reject,
                raws[row.offset].value(),
                datetime.now(UTC),
            )
            for row in changes.rejects
        ]
        if self._out is None:
            self._out = Outlet(self._settings.need_brokers(), giving_up=self._stop)
        topic = self._settings.topic_prefix + REJECTS
        for one in refused:
            self._out.send(topic, self._topic.encode(), one.document())
        self._out.flush()
        return refused

    def judge(self, batch: Decoded, refused: list[Refused]) -> None:
        """Raise Trouble when too many of the last messages were refused."""
        first = batch.messages[0][0]
        self._last = refused[-1] if refused else self._last
        if self._limit.passed_by(len(batch.messages), [x.offset - first for x in refused]) is None:
            return
        raise Trouble(too_many("messages of the log", self._last), STOPPED)

    def close(self) -> None:
        """Let go of everything; what was handed over is committed first."""
        with ExitStack() as closing:
            closing.callback(self._homes.close)
            closing.callback(self._watch.close)
            if self._out is not None:
                closing.callback(self._out.close)
            for writer in self._writers.values():
                closing.callback(writer.close)

    def _writer(self, partition: int) -> PartitionWriter:
        writer = self._writers.get(partition)
        if writer is None:
            writer = self._writers[partition] = PartitionWriter(
                self._settings.need_dsn(),
                partition,
                self._standings[partition],
                zone=self._settings.tz,
                owns=lambda warehouse: self._known.get(warehouse) == partition,
                stopping=self._stop,
                failed=self._stop.fail,
                committed=self._committed,
            )
        return writer

    @cached_property
    def _standings(self) -> dict[int, Standing]:
        """Claim this process's partitions, when the first is opened."""
        owner = f"{socket.gethostname()}:{os.getpid()}"
        dsn = self._settings.need_dsn()
        topic = self._topic
        log_id = topic_ids(self._settings.need_brokers(), [topic], self._stop)[topic]
        standings = claim(dsn, topic, self._partitions, owner, self._stop, topic_id=log_id)
        for partition, standing in standings.items():
            self._watch.expect(partition, standing.generation)
        return standings


class _Writer:
    """A sink partition: fold, put refusals on their topic, hand over for commit."""

    def __init__(self, stock: Stock, writer: PartitionWriter) -> None:
        self._stock, self._partition = stock, writer

    def write(self, items: list[Decoded]) -> None:
        for batch in items:
            if not batch.messages:
                continue
            self._stock.claim(batch)
            changes = self._partition.fold(batch.messages)
            refused = self._stock.refuse(batch, changes)
            self._partition.hand_over(changes, [one.row() for one in refused])
            self._stock.judge(batch, refused)

    def close(self) -> None:
        self._partition.settle()
