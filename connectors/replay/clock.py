"""Time in the replay: virtual milliseconds, what they are on the wall, and who acts next.

Virtual time is real time (milliseconds since 1970) through the history. From the moment of
`Clock.anchor` on, it runs `speed` times as fast as the wall, so that a warehouse's day can be
watched in minutes while every event carries the wall's time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ZONE = "Asia/Shanghai"
OFFSET = 8 * HOUR  # China has had one offset and no summer time since 1991
TZ = timezone(timedelta(milliseconds=OFFSET))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).astimezone(TZ)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NEVER = 1 << 62


class Clock:
    """Virtual milliseconds → wall milliseconds, texts and local days."""

    def __init__(self) -> None:
        """Start in history: virtual is real."""
        self._from = _NEVER
        self._real = 0
        self._speed = 1.0
        self._minute = -1
        self._prefix = ""
        self._utc_minute = -1
        self._utc_prefix = ""

    def anchor(self, virtual: int, real: int, speed: float) -> None:
        """From `virtual` on, which is `real` on the wall, run `speed` times as fast."""
        self._from, self._real, self._speed = virtual, real, speed

    def real(self, virtual: int) -> int:
        """Return the wall's milliseconds of a virtual instant."""
        if virtual < self._from:
            return virtual
        return self._real + int((virtual - self._from) / self._speed)

    def text(self, real: int) -> str:
        """Return RFC 3339 with the warehouse's offset, to the millisecond."""
        minute, rest = divmod(real, MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._prefix = moment(minute * MINUTE).strftime("%Y-%m-%dT%H:%M:")
        return f"{self._prefix}{rest // 1000:02d}.{rest % 1000:03d}+08:00"

    def utc(self, real: int) -> str:
        """Return RFC 3339 in UTC, to the microsecond, as a change feed of a database has it."""
        minute, rest = divmod(real, MINUTE)
        if minute != self._utc_minute:
            self._utc_minute = minute
            self._utc_prefix = moment(minute * MINUTE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:")
        return f"{self._utc_prefix}{rest // 1000:02d}.{rest % 1000:03d}000Z"

    def day(self, virtual: int) -> int:
        """Return the local day of a virtual instant, in days since 1970."""
        return (self.real(virtual) + OFFSET) // DAY


def moment(real: int) -> datetime:
    """Return wall milliseconds as a datetime with the warehouse's offset."""
    return _EPOCH + timedelta(milliseconds=real)


def day_text(day: int) -> str:
    """Return days since 1970 as an ISO date."""
    return date.fromordinal(_EPOCH_DAY + day).isoformat()


def next_local(virtual: int, hour: float) -> int:
    """Return the first virtual instant after `virtual` at that local hour of the day."""
    midnight = (virtual + OFFSET) // DAY * DAY - OFFSET
    instant = midnight + int(hour * HOUR)
    return instant if instant > virtual else instant + DAY


Act = Callable[[int], object]


class Agenda:
    """What is to happen, in virtual time order; equal times keep the order they were made in."""

    def __init__(self) -> None:
        """Start empty."""
        self._heap: list[tuple[int, int, Act]] = []
        self._count = 0

    def at(self, virtual: int, act: Act) -> None:
        """Have `act(virtual)` called at that instant."""
        self._count += 1
        heapq.heappush(self._heap, (virtual, self._count, act))

    @property
    def next_at(self) -> int:
        """Return the instant of the next act, far in the future when there is none."""
        return self._heap[0][0] if self._heap else _NEVER

    def step(self) -> None:
        """Call the next act."""
        virtual, _, act = heapq.heappop(self._heap)
        act(virtual)
