"""The owner of one log partition: fold a batch, hand it over, commit it while the next is folded.

Enters: batches in log order. Leaves: committed transactions, in that order, each with its offset.
One batch may be on its way while the next is folded; `close` returns when all are committed. A
failure of the committing thread is raised by the next call. Guarantee: see connectors/timescale.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue
from typing import Any

import psycopg
from msgspec import structs

from connectors.rejects import insert_rejects
from connectors.timescale import Checkpoint, Standing, session
from flows.domain.changes import Changes
from flows.domain.ledger import Ledger, Message
from flows.domain.rows import Counters
from flows.store.lag import LagMeter
from flows.store.recall import DatabaseRecall
from flows.store.write import write

Refusals = list[tuple[Any, ...]]


class PartitionWriter:
    """The fold and the commits of one claimed partition; `start` is the offset to read from."""

    def __init__(
        self,
        dsn: str,
        partition: int,
        standing: Standing,
        *,
        zone: str,
        owns: Callable[[str], bool],
        stopping: Callable[[], bool],
        failed: Callable[[Exception], None] = lambda _: None,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """Load what the fold starts from at `standing`, the claimed checkpoint.

        `failed` hears of a failed commit at once: no later call may come to raise it. `committed`
        is called after each commit.
        """
        self._failed, self._committed = failed, committed
        self._partition = partition
        self._zone = zone
        self._reader = session(dsn, f"waterline recall {partition}", stopping)
        self._failure: Exception | None = None
        self._queue: Queue[tuple[Changes, Refusals] | None] = Queue(maxsize=1)
        self._idle = threading.Event()
        self._idle.set()
        self._checkpoint = Checkpoint(dsn, partition, standing, stopping)
        self._lag = LagMeter(partition)
        counters = Counters(standing.consumed, standing.applied, standing.repeats, standing.rejects)
        recall = DatabaseRecall(
            partition,
            self._reader,
            self.settle,
            (standing.next_offset, standing.clock_at, counters),
        )
        self.start = standing.next_offset
        self._ledger = Ledger(partition, recall, zone, owns)
        self._thread = threading.Thread(target=self._work, name=f"commit-{partition}", daemon=True)
        self._thread.start()

    def fold(self, batch: list[Message]) -> Changes:
        """Return the changes of a batch; they are not handed over yet."""
        self._check()
        return self._ledger.fold(batch)

    def hand_over(self, changes: Changes, refused: Refusals) -> None:
        """Commit a batch and the rows of its refusals, in the background, after the one before."""
        self.settle()
        self._idle.clear()
        self._queue.put((changes, refused))

    def settle(self) -> None:
        """Wait until everything handed over is committed."""
        self._idle.wait()
        self._check()

    def close(self) -> None:
        """Finish what was handed over and let go."""
        self._queue.put(None)
        self._thread.join()
        self._checkpoint.close()
        self._reader.close()
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._commit(*work)
            except Exception as error:  # noqa: BLE001 - raised again by the folding thread
                self._failure = error
                self._failed(error)
            finally:
                self._idle.set()

    def _commit(self, changes: Changes, refused: Refusals) -> None:
        def work(cursor: psycopg.Cursor) -> None:
            write(cursor, self._partition, self._zone, changes)
            if refused:
                insert_rejects(cursor.connection, refused)
            self._lag.write(cursor, changes.timings)  # last: nearest to the commit

        values = {"clock_at": changes.clock_at, **structs.asdict(changes.counters)}
        self._checkpoint.commit(changes.next_offset, values, work)
        self._lag.keep()
        self._committed()
