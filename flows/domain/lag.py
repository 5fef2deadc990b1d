"""How late events are, stage by stage: histograms of buckets that grow by a tenth from 1 ms.

Stages: occurred → recorded (saved on the device) → sent (left it) → broker (on the log) →
committed; and the whole way. Live events, rows that a device held while offline, and replayed
history are counted apart: only the first say how fast the pipeline is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

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
STAGES = ("total", "to_recorded", "to_sent", "to_broker", "to_committed")
"""The whole way from occurred to committed, and its parts."""
QUANTILES = (0.50, 0.95, 0.99)
_UPPER = 0.001 * GROWTH ** np.arange(BUCKETS)

Timing = tuple[str, datetime, datetime | None, datetime | None, datetime]
"""Warehouse, occurred at, recorded at, sent at, appended by the broker at."""
Key = tuple[datetime, str, str]
"""Minute of the commit, warehouse, kind."""
Seconds = npt.NDArray[np.float64]
Histogram = npt.NDArray[np.int64]


class Lag(Struct, frozen=True):
    """Counts of one key; `stages` has a row of BUCKETS counts for each of STAGES."""

    events: int
    over_1s: int
    over_3s: int
    stages: Histogram

    def plus(self, other: Lag) -> Lag:
        """Return both counts as one."""
        return Lag(
            self.events + other.events,
            self.over_1s + other.over_1s,
            self.over_3s + other.over_3s,
            self.stages + other.stages,
        )

    def quantiles(self) -> list[list[float | None]]:
        """Return, for each stage, the QUANTILES in seconds: at most 10 % too high."""
        return [[quantile(stage, q) for q in QUANTILES] for stage in self.stages]


def quantile(histogram: Histogram, q: float) -> float | None:
    """Return the upper bound of the bucket in which the quantile lies; None of nothing.

    The SQL function `lag_quantile` gives the same.
    """
    upto = np.cumsum(histogram)
    total = int(upto[-1])
    if not total:
        return None
    return float(_UPPER[np.searchsorted(upto, max(q * total, 1))])


def measure(timings: Sequence[Timing], committed_at: datetime) -> dict[Key, Lag]:
    """Return the counts of a batch; times that an event does not state count in no stage."""
    if not timings:
        return {}
    minute = committed_at.replace(second=0, microsecond=0)
    count = len(timings)
    occurred, broker = (_seconds(timings, n, count) for n in (1, 4))
    recorded = _stated((t[2] for t in timings), count)
    sent = _stated((t[3] for t in timings), count)
    begun = np.where(np.isnan(recorded), occurred, recorded)
    left = np.where(np.isnan(sent), begun, sent)
    now = committed_at.timestamp()
    stages = [now - occurred, recorded - occurred, sent - begun, broker - left, now - broker]
    kinds = np.where(left - occurred > HELD, 1, np.where(broker - occurred > PAST, 2, 0))
    names = [t[0] for t in timings]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    where = np.fromiter((places[name] for name in names), np.int64, count) * len(KINDS) + kinds
    found = {}
    for name, place in places.items():
        for number, kind in enumerate(KINDS):
            chosen = where == place * len(KINDS) + number
            if chosen.any():
                found[minute, name, kind] = _count([stage[chosen] for stage in stages])
    return found


def _seconds(timings: Sequence[Timing], place: int, count: int) -> Seconds:
    return np.fromiter((t[place].timestamp() for t in timings), np.float64, count)  # type: ignore[union-attr]


def _stated(times: Iterable[datetime | None], count: int) -> Seconds:
    return np.fromiter((np.nan if t is None else t.timestamp() for t in times), np.float64, count)


def _count(stages: list[Seconds]) -> Lag:
    whole = stages[0]
    return Lag(
        len(whole),
        int((whole > 1).sum()),
        int((whole > 3).sum()),  # noqa: PLR2004 the contract's figure
        np.stack([_histogram(stage) for stage in stages]),
    )


def _histogram(lags: Seconds) -> Histogram:
    buckets = np.searchsorted(_UPPER[:-1], lags[~np.isnan(lags)])
    return np.bincount(buckets, minlength=BUCKETS).astype(np.int64)
