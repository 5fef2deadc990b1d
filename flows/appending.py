"""Canonical events of ours onto the log: decisions, proposals, what the relay has to say.

Enters: events. Leaves: each on the partitions where it belongs, acknowledged by the broker. May
fail with Trouble, or `Undelivered`, when the broker does not answer; then some may be there.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from connectors.kafka import LOG, Outlet, ensure_topics
from connectors.partitions import LogPartitions
from flows.domain import routing
from flows.domain.decode import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flows.domain.events import Event
    from flows.settings import Settings

PATIENCE = 30.0


def append(out: Outlet, log: str, homes: LogPartitions, events: Iterable[Event]) -> None:
    """Put events on the topic `log`, and wait until they are acknowledged."""
    for event in events:
        key, value = routing.key(event), canonical.encode(event)
        for partition, headers in routing.placed(event, homes.of, homes.count):
            out.send(log, key, value, headers, partition)
    out.flush()


def put(
    settings: Settings,
    events: Sequence[Event],
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Connect, put events of warehouses on the log, let go; return warehouse → partition."""
    brokers, prefix = settings.need_brokers(), settings.topic_prefix
    count = ensure_topics(brokers, prefix)[LOG]
    out = Outlet(brokers, patience=PATIENCE, giving_up=stopping)
    try:
        with closing(LogPartitions(settings.need_dsn(), count, patience=PATIENCE)) as homes:
            places = homes.of_many(routing.targets(event)[0] for event in events)
            append(out, prefix + LOG, homes, events)
            return places
    finally:
        out.close(grace=0.0)
