"""The scenarios of throughput, rules and memory: fill a topic, then drain it by a process.

Each run has its own database and topics. Time begins where the process makes its first Kafka
client (imports are over) and ends where a reader of the database sees the last message counted;
`whole_s` is the process from its start to its end. Fails with Trouble when counts do not add up.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.kafka import LOG, ORDER_LINES, SCANS
from connectors.trouble import Trouble
from flows.bench import load
from flows.bench.child import LIMIT, UNRULED, Child, flow, stock
from flows.bench.meter import Meter
from flows.bench.stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import LiteralString

    import psycopg

    from flows.settings import Settings

    Tell = Callable[[str, int, int], None]

POLL = 0.02
"""Seconds between two looks at the counters."""

_STOCK_COUNT: LiteralString = "SELECT coalesce(sum(consumed), 0) FROM inventory.offsets"
_TRANSITIONS: LiteralString = "SELECT count(*) FROM inventory.alerts"
_INTAKE_COUNT: LiteralString = "SELECT coalesce(sum(consumed), 0) FROM inventory.intake"
_SUMS: dict[str, LiteralString] = {
    "stock": "SELECT sum(consumed), sum(applied), sum(rejects) FROM inventory.offsets",
    "intake": "SELECT sum(consumed), sum(events), sum(rejects) FROM inventory.intake",
}


@dataclass(frozen=True)
class Plan:
    """How much: `events` None is each scenario's own number."""

    events: int | None = None
    rate: int = 2000
    seconds: int = 20
    start: datetime = field(default_factory=lambda: datetime.now(UTC))

    def count(self, usual: int) -> int:
        """Return how many events a scenario takes."""
        return usual if self.events is None else self.events


@dataclass
class Run:
    """What one run cost; `others` is the share of the machine that other programs used.

    `details` are further figures of a scenario.
    """

    events: int
    work_s: float
    whole_s: float | None
    cpu_s: dict[str, float | None]
    rss_mib: float
    others: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def events_per_s(self) -> float:
        """Events by the seconds from the first Kafka client to the last one seen committed."""
        return self.events / self.work_s

    @property
    def events_per_s_whole(self) -> float | None:
        """Events by the seconds of the whole process, interpreter and shut-down included."""
        return self.events / self.whole_s if self.whole_s else None

    @property
    def cost(self) -> float | None:
        """CPU microseconds an event, of flow and database: steady on a busy machine, too."""
        flow, database = self.cpu_s["flow"], self.cpu_s["database"]
        if flow is None or database is None:
            return None
        return round(1_000_000 * (flow + database) / self.events, 1)


@contextmanager
def measured(settings: Settings) -> Iterator[tuple[Stage, psycopg.Connection, Meter]]:
    """Give a stage, a connection for looking on, and a meter that is not entered yet."""
    with stage(settings) as place, place.connect() as looking:
        backend = looking.info.backend_pid
        broker = _broker(settings)
        yield place, looking, Meter(place.database, backend, broker, frozenset({backend}))


def core(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Log → every table of stock: items, thresholds, the clock and goods are there before."""
    return _work(settings, plan, tell, stock(drain=True))


def crossing(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Do core's work without goods there before: stock walks around zero and crosses often."""
    return _work(settings, plan, tell, stock(drain=True), opening=False)


def rules(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Do core's work without rules and then with them."""
    without = _work(settings, plan, tell, stock(drain=True, module=UNRULED))
    run = _work(settings, plan, tell, stock(drain=True))
    costs = run.cost, without.cost
    run.details |= {
        "without": {"events_per_s": round(without.events_per_s), "cpu_us_per_event": costs[1]},
        "share": round(1 - run.events_per_s / without.events_per_s, 4),
        "cpu_share": costs[0] and costs[1] and round(1 - costs[1] / costs[0], 4),
    }
    run.others = max(run.others, without.others)
    return run


def _work(
    settings: Settings,
    plan: Plan,
    tell: Tell,
    commands: Sequence[Sequence[str]],
    *,
    opening: bool = True,
) -> Run:
    count = plan.count(300_000)
    cells = min(load.CELLS, count)
    with measured(settings) as (place, looking, meter):
        opened = cells if opening else 0
        before = place.lay(load.masters(plan.start, cells)) + opened
        _fill(place, LOG, load.opening(plan.start, range(opened)), opened, tell)
        _unmeasured((place, looking, meter), commands, before, tell)
        _fill(place, LOG, load.log_events(count, plan.start, cells), count, tell)
        run = _drain((place, looking, meter), commands, _STOCK_COUNT, before + count, tell)
        run.events = count
        _add_up(looking, "stock", before + count, before + count)
        _rows(looking, opened + count)
        run.details["transitions"] = int(_row(looking, _TRANSITIONS)[0])
        return run


def limit(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Run the same bytes as `core` through the plain loop, beside the same goods."""
    count = plan.count(300_000)
    cells = min(load.CELLS, count)
    with measured(settings) as (place, looking, meter):
        _fill(place, LOG, load.opening(plan.start, range(cells)), cells, tell)
        _unmeasured((place, looking, meter), [LIMIT], cells, tell)
        _fill(place, LOG, load.log_events(count, plan.start, cells), count, tell)
        run = _drain((place, looking, meter), [LIMIT], _STOCK_COUNT, cells + count, tell)
        run.events = count
        _add_up(looking, "stock", cells + count, cells + count)
        _rows(looking, cells + count)
        return run


def memory(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Log → stock, each event of another (warehouse, sku)."""
    count = plan.count(200_000)
    with measured(settings) as (place, looking, meter):
        _fill(place, LOG, load.log_once(count, plan.start), count, tell)
        run = _drain((place, looking, meter), stock(drain=True), _STOCK_COUNT, count, tell)
        _add_up(looking, "stock", count, count)
        run.details["keys"] = count
        return run


def intake(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Foreign topics → log: as many Debezium changes as canonical scans."""
    count = plan.count(200_000)
    with measured(settings) as (place, looking, meter):
        _fill(place, ORDER_LINES, load.order_changes(count, plan.start), count, tell)
        _fill(place, SCANS, load.scans(count, plan.start), count, tell)
        both = 2 * count
        run = _drain(
            (place, looking, meter), [flow("intake", drain=True)], _INTAKE_COUNT, both, tell
        )
        _add_up(looking, "intake", both, both)
        return run


def _fill(
    place: Stage, topic: str, messages: Iterator[tuple[str, bytes]], count: int, tell: Tell
) -> None:
    place.produce(topic, messages, lambda sent: tell("produce", sent, count))


def _unmeasured(
    where: tuple[Stage, psycopg.Connection, Meter],
    commands: Sequence[Sequence[str]],
    count: int,
    tell: Tell,
) -> None:
    """Drain what is there before the work."""
    place, looking, _ = where
    spare = Meter(place.database, looking.info.backend_pid, None, frozenset())
    _drain((place, looking, spare), commands, _STOCK_COUNT, count, tell)


def _drain(
    where: tuple[Stage, psycopg.Connection, Meter],
    commands: Sequence[Sequence[str]],
    counter: LiteralString,
    count: int,
    tell: Tell,
) -> Run:
    place, looking, meter = where
    seen_at: float | None = None
    with meter, ExitStack() as stack:
        children = [stack.enter_context(Child(command, place, meter)) for command in commands]
        while True:
            looks = [child.look() for child in children]  # each of them, even if one runs
            running = any(looks)
            done = int(_row(looking, counter)[0])
            if done >= count and seen_at is None:
                seen_at = time.monotonic()
            tell("consume", done, count)
            if not running:
                break
            time.sleep(POLL)
    ready = [child.ready_at for child in children if child.ready_at is not None]
    ended = max(child.ended_at or 0.0 for child in children)
    if seen_at is None or len(ready) < len(children):
        raise Trouble(f"the process ended when {done:,} of {count:,} messages were counted")
    whole = ended - min(child.began_at for child in children)
    cpu, memory_peak = meter.cpu_s(), meter.rss_mib()
    took = min(seen_at, ended) - min(ready)
    return Run(count, took, whole, cpu, memory_peak, meter.others)


def _add_up(looking: psycopg.Connection, what: str, messages: int, taken: int) -> None:
    """Raise Trouble when the bench's own messages were not all taken, each once."""
    found = tuple(int(value or 0) for value in _row(looking, _SUMS[what]))
    if found != (messages, taken, 0):
        raise Trouble(
            f"the counts of {what} do not add up: consumed, taken and refused are {found}, "
            f"not {(messages, taken, 0)}"
        )


def _rows(looking: psycopg.Connection, count: int) -> None:
    rows = int(_row(looking, "SELECT count(*) FROM inventory.movements")[0])
    if rows != count:
        raise Trouble(f"there are {rows:,} movements of {count:,} events")


def _row(looking: psycopg.Connection, query: LiteralString) -> tuple[Any, ...]:
    return looking.execute(query).fetchone() or (0,)


def _broker(settings: Settings) -> int | None:
    """Return the broker's pid when it is the local stack's."""
    from deploy.local.stack import endpoints  # noqa: PLC0415 - only where it is needed

    found = endpoints(settings.home)
    ours = found is not None and found.brokers == settings.brokers
    return found.kafka_pid if found is not None and ours else None
