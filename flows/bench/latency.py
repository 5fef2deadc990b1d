"""Latency: scans at a steady rate through both flows, until a reader of the database sees them.

Or sees the alert: in `alerts` every fiftieth scan leaves less of a SKU than its safety stock.

`occurred_at` of a scan is the instant at which it was produced. It is visible when a reader, who
asks the table `offsets` every few ms, finds its log offset passed: offset and rows are one
transaction. Beside that, `to_commit_start`: committed_at − occurred_at of the rows, where
committed_at is the start of the transaction; and `lag_table`: what Waterline says of itself,
warm-up included. The first two seconds are a warm-up and do not count.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from connectors.kafka import LOG, SCANS, Outlet
from connectors.trouble import Trouble
from flows.bench import load
from flows.bench.child import Child, flow, stock
from flows.bench.scenarios import Plan, Run, measured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import LiteralString

    import numpy.typing as npt
    import psycopg

    from flows.bench.scenarios import Tell
    from flows.bench.stage import Stage
    from flows.settings import Settings

    Numbers = npt.NDArray[Any]

WARM = 2
"""Seconds of warm-up."""

LOOK = 0.004
"""Seconds between two looks of the reader: what the visible latency is exact to."""

CROSSES = 50
"""One scan of so many crosses a threshold, in `alerts`."""

PATIENCE = 60.0
_MARKS = (("p50_ms", 50.0), ("p95_ms", 95.0), ("p99_ms", 99.0), ("p999_ms", 99.9))
_ROWS = """
SELECT log_partition, log_offset, extract(epoch FROM occurred_at)::float8,
  extract(epoch FROM committed_at)::float8
FROM inventory.movements WHERE device = 'scan'
"""
_OPENED = """
SELECT log_partition, log_offset, extract(epoch FROM occurred_at)::float8,
  extract(epoch FROM at)::float8
FROM inventory.alerts WHERE events[1] LIKE 'scan-%' AND transition = 'opened'
"""
_LAG = """
SELECT p50, p95, p99 FROM screen.lag_now WHERE kind = 'live'
"""


class Watcher:
    """A reader: notes when each partition's offset was seen to have moved."""

    def __init__(self, place: Stage) -> None:
        """Begin with nothing seen."""
        self._connection = place.connect()
        self.backend = self._connection.info.backend_pid
        self.seen: dict[int, tuple[list[int], list[float]]] = {}
        self.consumed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def wait_for(self, count: int, children: list[Child]) -> None:
        """Return when `count` messages are committed; raise Trouble when it takes too long."""
        end = time.monotonic() + PATIENCE
        while self.consumed < count:
            alive = [child.look() for child in children]
            if time.monotonic() > end or not all(alive):
                raise Trouble(f"{self.consumed:,} of {count:,} scans were committed in a minute")
            time.sleep(0.05)

    def visible_at(self, partition: int, offsets: Numbers) -> Numbers:
        """Return when each offset of a partition was first seen passed."""
        ends, times = self.seen[partition]
        return np.asarray(times)[np.searchsorted(np.asarray(ends), offsets, side="right")]

    def _work(self) -> None:
        query = "SELECT log_partition, next_offset, consumed FROM inventory.offsets"
        while not self._stop.wait(LOOK):
            rows = self._connection.execute(query).fetchall()
            now = time.time()
            for partition, end, _ in rows:
                ends, times = self.seen.setdefault(partition, ([0], [now]))
                if end > ends[-1]:
                    ends.append(end)
                    times.append(now)
            self.consumed = sum(row[2] for row in rows)


def latency(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Scan produced → row visible, at `rate` a second for `seconds`."""
    with _sent(settings, plan, tell) as (looking, watcher, run):
        run.details |= _seen(looking, watcher, _ROWS, run.events)
        own = looking.execute(_LAG).fetchone()
        names = [name for name, _ in _MARKS]
        run.details["lag_table"] = own and {
            name: round(1000 * float(value), 1) for name, value in zip(names, own, strict=False)
        }
    return run


def alerts(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Scan produced → alert visible: one of `CROSSES` scans leaves too little of a SKU."""
    with _sent(settings, plan, tell, crosses=CROSSES) as (looking, watcher, run):
        opened = -(-run.events // CROSSES)
        run.details |= {
            **_seen(looking, watcher, _OPENED, opened),
            "scans": _seen(looking, watcher, _ROWS, run.events),
            "opened": opened,
        }
    return run


@contextmanager
def _sent(
    settings: Settings, plan: Plan, tell: Tell, *, crosses: int = 0
) -> Iterator[tuple[psycopg.Connection, Watcher, Run]]:
    """Give a reader, what was seen, and the run, when all scans are committed."""
    with measured(settings) as (place, looking, meter), Watcher(place) as watcher:
        meter.looking_on |= {watcher.backend}
        out = Outlet(place.brokers, patience=PATIENCE)
        with ExitStack() as stack:
            stack.callback(out.close, grace=0.0)
            stack.enter_context(meter)
            children = [
                stack.enter_context(Child(command, place, meter))
                for command in (flow("intake", drain=False), *stock(drain=False))
            ]
            laid = _lay(place, plan, crosses)
            watcher.wait_for(laid, children)
            topic = place.settings.topic_prefix + SCANS
            sender = Sender(out, topic, plan.rate, crosses)
            warm = laid + sender.send("warm", WARM, _silent)
            watcher.wait_for(warm, children)
            meter.sample()
            before, began = meter.cpu_s(), time.monotonic()
            sent = sender.send("scan", plan.seconds, tell)
            watcher.wait_for(warm + sent, children)
            took = time.monotonic() - began
            meter.sample()
            cpu = meter.since(before)
        details = {"rate": plan.rate}
        yield looking, watcher, Run(sent, took, None, cpu, meter.rss_mib(), meter.others, details)


def _lay(place: Stage, plan: Plan, crosses: int) -> int:
    """Put items, thresholds and goods on the log; return how many messages that are."""
    scans = plan.rate * (WARM + plan.seconds)
    cells = _cells(plan.rate) + (scans // crosses + 2 if crosses else 0)
    laid = place.lay(load.masters(plan.start, cells))
    return laid + place.produce(LOG, load.opening(plan.start, range(cells)), lambda _: None)


def _cells(rate: int) -> int:
    """Return among how many (warehouse, sku) the scans are."""
    return min(load.CELLS, 10 * rate)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing of the warm-up."""


class Sender:
    """Sends scans at a steady rate; one of `crosses` leaves too little of a SKU of its own."""

    def __init__(self, out: Outlet, topic: str, rate: int, crosses: int) -> None:
        """Send nothing yet; the cells are the same every time."""
        self._out, self._topic, self._rate, self._crosses = out, topic, rate, crosses
        self._chosen = random.Random(load.SEED)  # noqa: S311 - the same every time, no secrets
        self._cells = self._next = _cells(rate)

    def send(self, device: str, seconds: int, tell: Tell) -> int:
        """Send for so long; return how many."""
        total, n, began = self._rate * seconds, 0, time.monotonic()
        while n < total:
            due = min(int((time.monotonic() - began) * self._rate) + 1, total)
            for number in range(n, due):
                self._scan(number, device)
            if due > n:
                self._out.poll()
                tell("produce", due, total)
            n = due
            time.sleep(0.001)
        self._out.flush()
        return total

    def _scan(self, number: int, device: str) -> None:
        cell = int(self._chosen.random() * self._cells)
        outbound, quantity = number % 2 == 1, None
        if self._crosses and number % self._crosses == 0:
            cell, self._next = self._next, self._next + 1
            outbound, quantity = True, load.CROSSING
        now = datetime.now(UTC)
        value = load.movement(number, cell, now, device, outbound=outbound, quantity=quantity)
        self._out.send(self._topic, load.warehouse_of(cell).encode(), value)


def _seen(
    looking: psycopg.Connection, watcher: Watcher, query: LiteralString, count: int
) -> dict[str, Any]:
    """Return how long `count` rows took until a reader saw them, and until their transaction."""
    rows = np.asarray(looking.execute(query).fetchall(), dtype=float)
    if len(rows) != count:
        raise Trouble(f"there are {len(rows):,} rows of {count:,} scans: {query}")
    visible = np.empty(count)
    for partition in np.unique(rows[:, 0]):
        ours = rows[:, 0] == partition
        visible[ours] = watcher.visible_at(int(partition), rows[ours, 1])
    return {**_spread(visible - rows[:, 2]), "to_commit_start": _spread(rows[:, 3] - rows[:, 2])}


def _spread(seconds: Numbers) -> dict[str, float]:
    marks = {name: round(1000 * float(np.percentile(seconds, at)), 1) for name, at in _MARKS}
    return {
        **marks,
        "over_1s": round(float((seconds > 1).mean()), 6),
        "over_3s": round(float((seconds > 3).mean()), 6),  # noqa: PLR2004 - the promise is 3 s
    }
