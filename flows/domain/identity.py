"""Which events were seen before, exactly, for as long as the ledger keeps them.

An event is known by a 64-bit hash of its id; a second 64-bit hash of its content tells a repeat
from a conflict. Recent ones are in a dict, older ones in sorted arrays (24 bytes an event) that
are stored with the batch they belong to, so that a look-up costs no query and the ledger needs no
unique index: that index would halve the throughput.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from flows.domain.rows import IdRun

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SMALL_RUNS = 256
RECENT = 20_000
LARGEST = 4_000_000


Sighting = tuple[int, datetime]
"""The content hash of an event seen before, and when it occurred."""


class Level(Struct):
    """Sorted hashes with their content hashes and times."""

    ids: npt.NDArray[np.uint64]
    prints: npt.NDArray[np.uint64]
    times: npt.NDArray[np.int64]


def digest(event_id: str) -> int:
    """Return the 64-bit hash (xxh3) of an id."""
    return xxh3_64_intdigest(event_id.encode())


def content_print(content: bytes) -> int:
    """Return the 64-bit hash (xxh3) of an event's content."""
    return xxh3_64_intdigest(content)


class Seen:
    """The ids of one log partition."""

    def __init__(self, runs: Iterable[IdRun] = ()) -> None:
        """Take what was stored: small runs become recent again, large ones sorted levels."""
        self._recent: dict[int, Sighting] = {}
        self._fresh: dict[int, Sighting] = {}
        self._small: list[int] = []
        self._levels: list[Level] = []
        self._next_run = 0
        for run in runs:
            self._next_run = max(self._next_run, run.run + 1)
            if run.count < RECENT:
                self._small.append(run.run)
                self._recent.update(_entries(run))
            else:
                self._push(_level(run))

    def older(self, ids: list[int]) -> dict[int, Sighting]:
        """Return those of a batch's hashes that are in the sorted levels."""
        hits: dict[int, Sighting] = {}
        if not self._levels:
            return hits
        wanted = np.unique(np.array(ids, dtype=np.uint64))
        for level in self._levels:
            spots = np.searchsorted(level.ids, wanted)
            spots[spots == len(level.ids)] = 0
            for spot in spots[level.ids[spots] == wanted].tolist():
                hits[int(level.ids[spot])] = (
                    int(level.prints[spot]),
                    EPOCH + timedelta(microseconds=int(level.times[spot])),
                )
        return hits

    def get(self, key: int) -> Sighting | None:
        """Return the recent sighting of a hash."""
        return self._recent.get(key)

    def add(self, key: int, sighting: Sighting) -> None:
        """Remember a new event of the current batch."""
        self._recent[key] = self._fresh[key] = sighting

    def flush(self) -> tuple[list[IdRun], list[int]]:
        """Return the runs to store with this batch and the numbers of those they replace."""
        if not self._fresh:
            return [], []
        if len(self._recent) < RECENT and len(self._small) < SMALL_RUNS:
            run, dropped = self._run(self._fresh), []
            self._small.append(run.run)
        else:
            run, dropped = self._run(self._recent), self._small
            self._small = []
            if run.count < RECENT:
                self._small = [run.run]
            else:
                self._push(_level(run))
                self._recent = {}
        self._fresh = {}
        return [run], dropped

    def _run(self, entries: dict[int, Sighting]) -> IdRun:
        ids = np.fromiter(entries, dtype=np.uint64, count=len(entries))
        prints = np.array([content for content, _ in entries.values()], dtype=np.uint64)
        # A double holds the microseconds of these centuries exactly enough to be rounded right.
        seconds = np.array([at.timestamp() for _, at in entries.values()])
        times = np.rint(seconds * 1e6).astype(np.int64)
        order = np.argsort(ids, kind="stable")
        number, self._next_run = self._next_run, self._next_run + 1
        return IdRun(
            number,
            ids[order].tobytes(),
            prints[order].tobytes(),
            times[order].tobytes(),
            EPOCH + timedelta(microseconds=int(times.max())),
            len(entries),
        )

    def _push(self, level: Level) -> None:
        """Add a level, merged with its neighbours so that few remain."""
        while self._levels and len(level.ids) < LARGEST:
            last = self._levels[-1]
            if len(last.ids) > 2 * len(level.ids) or len(last.ids) >= LARGEST:
                break
            level = _merged(self._levels.pop(), level)
        self._levels.append(level)


def _level(run: IdRun) -> Level:
    return Level(
        np.frombuffer(run.ids, dtype=np.uint64),
        np.frombuffer(run.prints, dtype=np.uint64),
        np.frombuffer(run.times, dtype=np.int64),
    )


def _entries(run: IdRun) -> dict[int, Sighting]:
    level = _level(run)
    return {
        key: (content, EPOCH + timedelta(microseconds=at))
        for key, content, at in zip(
            level.ids.tolist(), level.prints.tolist(), level.times.tolist(), strict=True
        )
    }


def _merged(one: Level, other: Level) -> Level:
    ids = np.concatenate([one.ids, other.ids])
    order = np.argsort(ids, kind="stable")
    return Level(
        ids[order],
        np.concatenate([one.prints, other.prints])[order],
        np.concatenate([one.times, other.times])[order],
    )
