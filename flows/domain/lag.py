"""How late events are: histograms whose buckets grow by a tenth, 1 ms to half a day.

Live events, rows that a device held while offline, and replayed history are counted apart: only
the first say how fast the pipeline is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import log
from typing import NamedTuple

from msgspec import Struct

BUCKETS = 184
GROWTH = 1.1
_STEP = log(GROWTH)
HELD = 10.0
"""Seconds from occurred to sent after which a device is said to have been offline."""
PAST = 300.0
"""Seconds from occurred to the broker after which an event is history, when nothing was held."""


class Timing(NamedTuple):
    """The times that one applied event carries."""

    warehouse: str
    occurred_at: datetime
    broker_at: datetime
    sent_at: datetime | None


class Lag(Struct):
    """Counts of one (minute, warehouse, kind)."""

    events: int
    over_1s: int
    over_3s: int
    event_lag: list[int]
    broker_lag: list[int]

    def add(self, event_lag: float, broker_lag: float) -> None:
        """Count one event: seconds from occurred and from the broker's append to the commit."""
        self.events += 1
        self.over_1s += event_lag > 1
        self.over_3s += event_lag > 3  # noqa: PLR2004 the contract's figure
        self.event_lag[bucket(event_lag)] += 1
        self.broker_lag[bucket(broker_lag)] += 1


def bucket(seconds: float) -> int:
    """Return the first bucket whose bound, 1 ms × 1.1^i, is not below `seconds`."""
    if seconds <= 0.001:  # noqa: PLR2004 one millisecond
        return 0
    return min(int(log(seconds * 1000) / _STEP) + 1, BUCKETS - 1)


def kind_of(timing: Timing) -> str:
    """Return live, offline or replay."""
    before_broker = (timing.broker_at - timing.occurred_at).total_seconds()
    sent_at = timing.sent_at
    if sent_at is not None and (sent_at - timing.occurred_at).total_seconds() > HELD:
        return "offline"
    return "replay" if before_broker > PAST else "live"


def measure(
    timings: Iterable[Timing], committed_at: datetime
) -> dict[tuple[datetime, str, str], Lag]:
    """Return the counts of a batch by (minute, warehouse, kind)."""
    minute = committed_at - timedelta(
        seconds=committed_at.second, microseconds=committed_at.microsecond
    )
    found: dict[tuple[datetime, str, str], Lag] = {}
    for timing in timings:
        key = (minute, timing.warehouse, kind_of(timing))
        lag = found.get(key)
        if lag is None:
            lag = found[key] = Lag(0, 0, 0, [0] * BUCKETS, [0] * BUCKETS)
        lag.add(
            (committed_at - timing.occurred_at).total_seconds(),
            (committed_at - timing.broker_at).total_seconds(),
        )
    return found
