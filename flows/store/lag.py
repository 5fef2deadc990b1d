"""The lag of one log partition's events, added up by the minute of their commit.

Enters: the timings of a batch inside its transaction. Leaves: rows of the table lag, written over
with the sums so far: a batch that is tried again counts once, because its counts are kept only
after its commit. What an earlier owner counted in the same minute is read first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg

from connectors.timescale import array
from flows.domain.lag import BUCKETS, STAGES, Histogram, Key, Lag, Timing, measure

_HISTOGRAMS = [f"{stage}_counts" for stage in STAGES]
_FIGURES = [f"{name}{q}" for name in ("", *(f"{stage}_" for stage in STAGES[1:]))
            for q in ("p50", "p95", "p99")]  # fmt: skip
_COLUMNS: dict[str, str] = {
    "minute": "timestamptz",
    "warehouse": "text",
    "kind": "text",
    "log_partition": "integer",
    "events": "bigint",
    "over_1s": "bigint",
    "over_3s": "bigint",
    **dict.fromkeys(_FIGURES, "float8"),
    **dict.fromkeys(_HISTOGRAMS, "text"),
}
_VALUES = ", ".join(f"{n}::bigint[]" if n in _HISTOGRAMS else n for n in _COLUMNS)
_UPSERT = (
    f"INSERT INTO inventory.lag ({', '.join(_COLUMNS)}) SELECT {_VALUES}"
    f" FROM unnest({', '.join(f'%s::{kind}[]' for kind in _COLUMNS.values())})"
    f" AS new ({', '.join(_COLUMNS)}) ON CONFLICT (minute, warehouse, kind) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in list(_COLUMNS)[3:])
)
_KNOWN = (
    f"SELECT minute, warehouse, kind, events, over_1s, over_3s, {', '.join(_HISTOGRAMS)}"
    " FROM inventory.lag WHERE log_partition = %s AND minute >= %s"
)


class LagMeter:
    """Adds up what one writer commits."""

    def __init__(self, partition: int) -> None:
        """Read nothing yet."""
        self._partition = partition
        self._sums: dict[Key, Lag] | None = None
        self._next: dict[Key, Lag] = {}

    def write(self, cursor: psycopg.Cursor, timings: Sequence[Timing]) -> None:
        """Write the minute's sums with this batch in them."""
        now = datetime.now(UTC)
        counts = measure(timings, now)
        if not counts:
            return
        if self._sums is None:
            minute = now.replace(second=0, microsecond=0)
            cursor.execute(_KNOWN, (self._partition, minute))
            self._sums = {(r[0], r[1], r[2]): _lag(r[3:]) for r in cursor}
        sums = self._sums
        self._next = {
            key: sums[key].plus(lag) if key in sums else lag for key, lag in counts.items()
        }
        rows = [(*key, self._partition, *_row(lag)) for key, lag in sorted(self._next.items())]
        cursor.execute(_UPSERT, [array(column) for column in zip(*rows, strict=True)])

    def keep(self) -> None:
        """Take over what the committed transaction wrote; forget minutes that are past."""
        if self._sums is None or not self._next:
            return
        oldest = next(iter(self._next))[0] - timedelta(minutes=1)
        self._sums = {key: lag for key, lag in self._sums.items() if key[0] >= oldest}
        self._sums.update(self._next)
        self._next = {}


def _row(lag: Lag) -> tuple[object, ...]:
    figures = [figure for stage in lag.quantiles() for figure in stage]
    counts = [array(np.trim_zeros(stage, "b").tolist()) for stage in lag.stages]
    return (lag.events, lag.over_1s, lag.over_3s, *figures, *counts)


def _lag(row: Sequence[object]) -> Lag:
    events, over_1s, over_3s, *histograms = row
    stages = np.stack([_padded(h) for h in histograms])  # type: ignore[arg-type]
    return Lag(int(events), int(over_1s), int(over_3s), stages)  # type: ignore[call-overload]


def _padded(counts: Sequence[int]) -> Histogram:
    return np.array([*counts, *[0] * (BUCKETS - len(counts))], dtype=np.int64)
