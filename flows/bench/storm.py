"""The storm: one policy by which every SKU of a warehouse has too little, all in one batch.

Enters: a warehouse with goods, on one partition, and both its stock processes waiting. Leaves: the
seconds from the policy's being produced until a reader sees its batch committed, with an alert and
a proposal for each SKU, and in how many messages people are told of them. Fails with Trouble when
one is missing.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from connectors.kafka import LOG
from connectors.trouble import Trouble
from flows.bench import load
from flows.bench.child import Child, stock
from flows.bench.latency import Watcher
from flows.bench.scenarios import Plan, Run, measured

if TYPE_CHECKING:
    from typing import LiteralString

    import psycopg

    from flows.bench.scenarios import Tell
    from flows.settings import Settings

SKUS = 50_000
HERE = load.WAREHOUSES[0]
_COUNTS: LiteralString = """
SELECT (SELECT count(*) FROM inventory.alerts), (SELECT count(*) FROM inventory.actions),
  count(*), count(*) FILTER (WHERE (body->>'count')::int = 1) FROM inventory.outbox
"""


def storm(settings: Settings, plan: Plan, tell: Tell) -> Run:
    """Policy produced → every alert of its warehouse visible."""
    count = plan.count(SKUS)
    cells = range(0, count * len(load.WAREHOUSES), len(load.WAREHOUSES))
    with measured(settings) as (place, looking, meter), Watcher(place) as watcher:
        meter.looking_on |= {watcher.backend}
        # No other warehouse has anything, so its partition is the only one that needs the items.
        masters = [(HERE, value) for value in load.masters(plan.start, cells.stop)]
        before = [*masters, *load.opening(plan.start, cells)]
        with ExitStack() as stack:
            stack.enter_context(meter)
            children = [
                stack.enter_context(Child(command, place, meter)) for command in stock(drain=False)
            ]
            place.produce(LOG, before, lambda sent: tell("produce", sent, len(before)))
            watcher.wait_for(len(before), children)
            meter.sample()
            cpu, began = meter.cpu_s(), time.time()
            place.produce(LOG, [(HERE, load.raised(plan.start, HERE))], lambda _: None)
            watcher.wait_for(len(before) + 1, children)
            took = max(times[-1] for _, times in watcher.seen.values()) - began
            meter.sample()
            used = meter.since(cpu)
        return Run(
            count, took, None, used, meter.rss_mib(), meter.others, _details(looking, count, took)
        )


def _details(looking: psycopg.Connection, count: int, took: float) -> dict[str, Any]:
    opened, proposed, messages, alone = looking.execute(_COUNTS).fetchone() or (0, 0, 0, 0)
    if (opened, proposed) != (count, count):
        raise Trouble(f"{opened:,} alerts and {proposed:,} actions of {count:,} SKUs")
    return {"seconds": round(took, 2), "messages": messages, "messages_of_one": alone}
