"""How late events are: histograms whose buckets grow by a tenth, 1 ms to half a day.

Live events, rows that a device held while offline, and replayed history are counted apart: only
the first say how fast the pipeline is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from msgspec import Struct

BUCKETS = 184
GROWTH = 1.1
HELD = 10.0
"""Seconds from occurred to sent after which a device is said to have been offline."""
PAST = 300.0
"""Seconds from occurred to the broker after which an event is history, when nothing was held."""
KINDS = ("live", "offline", "replay")
_BOUNDS = 0.001 * GROWTH ** np.arange(BUCKETS - 1)

Timing = tuple[str, datetime, datetime, datetime | None]
"""Warehouse, occurred at, appended by the broker at, sent at."""


class Lag(Struct):
    """Counts of one (minute, warehouse, kind)."""

    events: int
    over_1s: int
    over_3s: int
    event_lag: list[int]
    broker_lag: list[int]


def measure(
    timings: Sequence[Timing], committed_at: datetime
) -> dict[tuple[datetime, str, str], Lag]:
    """Return the counts of a batch by (minute, warehouse, kind)."""
    if not timings:
        return {}
    minute = committed_at - timedelta(
        seconds=committed_at.second, microseconds=committed_at.microsecond
    )
    now = committed_at.timestamp()
    count = len(timings)
    occurred = np.fromiter((t[1].timestamp() for t in timings), np.float64, count)
    broker = np.fromiter((t[2].timestamp() for t in timings), np.float64, count)
    sent = np.fromiter(
        (t[1].timestamp() if t[3] is None else t[3].timestamp() for t in timings),
        np.float64,
        count,
    )
    kinds = np.where(sent - occurred > HELD, 1, np.where(broker - occurred > PAST, 2, 0))
    names = [t[0] for t in timings]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    where = np.fromiter((places[name] for name in names), np.int64, count)
    found = {}
    for name, place in places.items():
        for number, kind in enumerate(KINDS):
            chosen = (where == place) & (kinds == number)
            if chosen.any():
                found[minute, name, kind] = _count(now - occurred[chosen], now - broker[chosen])
    return found


def _count(event: npt.NDArray[np.float64], broker: npt.NDArray[np.float64]) -> Lag:
    return Lag(
        len(event),
        int((event > 1).sum()),
        int((event > 3).sum()),  # noqa: PLR2004 the contract's figure
        _histogram(event),
        _histogram(broker),
    )


def _histogram(lags: npt.NDArray[np.float64]) -> list[int]:
    buckets = np.searchsorted(_BOUNDS, lags)
    counts: list[int] = np.bincount(buckets, minlength=BUCKETS).tolist()
    return counts
