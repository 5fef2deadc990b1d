"""Latency: scans at a steady rate through both flows, until a reader of the database sees them.

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
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from connectors.kafka import SCANS, Outlet
from connectors.trouble import Trouble
from flows.bench import load
from flows.bench.child import Child, flow, stock
from flows.bench.scenarios import Plan, Run, measured

if TYPE_CHECKING:
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

PATIENCE = 60.0
_MARKS = (("p50_ms", 50.0), ("p95_ms", 95.0), ("p99_ms", 99.0), ("p999_ms", 99.9))
_ROWS = """
SELECT log_partition, log_offset, extract(epoch FROM occurred_at)::float8,
  extract(epoch FROM committed_at)::float8
FROM inventory.movements WHERE device = 'scan'
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
            topic = place.settings.topic_prefix + SCANS
            warm = _send(out, topic, "warm", rate=plan.rate, seconds=WARM, tell=_silent)
            watcher.wait_for(warm, children)
            meter.sample()
            before, began = meter.cpu_s(), time.monotonic()
            sent = _send(out, topic, "scan", rate=plan.rate, seconds=plan.seconds, tell=tell)
            watcher.wait_for(warm + sent, children)
            took = time.monotonic() - began
            meter.sample()
            cpu = _since(before, meter.cpu_s())
        details = {**_figures(looking, watcher, sent), "rate": plan.rate}
        return Run(sent, took, None, cpu, meter.rss_mib(), meter.others, details)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing of the warm-up."""


def _send(out: Outlet, topic: str, device: str, *, rate: int, seconds: int, tell: Tell) -> int:
    """Send at a steady rate; return how many."""
    chosen = random.Random(load.SEED)  # noqa: S311 - the same cells every time, no secrets
    total, n, began = rate * seconds, 0, time.monotonic()
    while n < total:
        due = min(int((time.monotonic() - began) * rate) + 1, total)
        for number in range(n, due):
            cell = int(chosen.random() * load.CELLS)
            now = datetime.now(UTC)
            value = load.movement(number, cell, now, device, outbound=number % 2 == 1)
            out.send(topic, load.warehouse_of(cell).encode(), value)
        if due > n:
            out.poll()
            tell("produce", due, total)
        n = due
        time.sleep(0.001)
    out.flush()
    return total


def _figures(looking: psycopg.Connection, watcher: Watcher, sent: int) -> dict[str, Any]:
    rows = np.asarray(looking.execute(_ROWS).fetchall(), dtype=float)
    if len(rows) != sent:
        raise Trouble(f"there are {len(rows):,} movements of {sent:,} scans")
    visible = np.empty(sent)
    for partition in np.unique(rows[:, 0]):
        ours = rows[:, 0] == partition
        visible[ours] = watcher.visible_at(int(partition), rows[ours, 1])
    own = looking.execute(_LAG).fetchone()
    return {
        **_spread(visible - rows[:, 2]),
        "to_commit_start": _spread(rows[:, 3] - rows[:, 2]),
        "lag_table": own
        and {name: round(1000 * float(v), 1) for (name, _), v in zip(_MARKS, own, strict=False)},
    }


def _spread(seconds: Numbers) -> dict[str, float]:
    marks = {name: round(1000 * float(np.percentile(seconds, at)), 1) for name, at in _MARKS}
    return {
        **marks,
        "over_1s": round(float((seconds > 1).mean()), 6),
        "over_3s": round(float((seconds > 3).mean()), 6),  # noqa: PLR2004 - the promise is 3 s
    }


def _since(
    before: dict[str, float | None], after: dict[str, float | None]
) -> dict[str, float | None]:
    return {
        name: None if now is None else round(now - (before[name] or 0.0), 2)
        for name, now in after.items()
    }
