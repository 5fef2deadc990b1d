"""What the tests of the relay share: running it, and what became of its messages."""

from __future__ import annotations

import threading
from contextlib import closing

from msgspec import json

from connectors.kafka import LOG
from connectors.partitions import LogPartitions
from flows import relay
from flows.domain.decode import canonical
from flows.stopping import Stop
from tests.dataflow.running import change, read, rows


def drain(settings, times=1):
    """Relay what is due now; after that, what failed is due again, `times` in all."""
    for _ in range(times):
        change(settings, "UPDATE dispatches SET next_attempt_at = now() WHERE state = 'waiting'")
        change(settings, "UPDATE endpoints SET open_until = now() WHERE open_until IS NOT NULL")
        relay.run(settings, Stop(), drain=True)


class Running:
    """A relay in a thread of its own."""

    def __init__(self, settings):
        """Start it."""
        self.stop = Stop()
        self.thread = threading.Thread(target=relay.run, args=(settings, self.stop))
        self.thread.start()

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *_):
        """End it in order."""
        self.stop.request()
        self.thread.join(10)
        assert not self.thread.is_alive()


def states(settings, receiver):
    """Return how many messages of a receiver are in which state."""
    query = "SELECT state, count(*)::int FROM dispatches WHERE receiver = %s GROUP BY 1"
    return dict(rows(settings, query, receiver))


def tries(settings, receiver):
    """Return (attempt, outcome, status) of each try to reach a receiver, in order."""
    return rows(settings, "SELECT attempt, outcome, status FROM deliveries WHERE receiver = %s"
                          " ORDER BY at", receiver)  # fmt: skip


def on_topic(settings, topic):
    """Return (id, key, body) of each message of a topic."""
    return [
        (dict(one.headers())["id"].decode(), (one.key() or b"").decode(), json.decode(one.value()))
        for one in read(settings, topic)
    ]


def home(settings, house):
    """Return the partition of a warehouse, giving it one."""
    partitions = LogPartitions(settings.dsn, 8, patience=5)
    with closing(partitions):
        return partitions.of(house)


def on_log(settings, house):
    """Return the events on the log, on the partition of a warehouse."""
    found = read(settings, LOG, home(settings, house))
    return [canonical.decode(one.value())[0] for one in found]
