"""The clock's minutes: which are due, and the tick event of one.

Enters: instants. Leaves: whole minutes in UTC, in order, and Tick events whose id is the minute,
so that a minute said twice is a repeat. Pure: what time it is now is the caller's to say.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flows.domain.events import Tick

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BY_THE_MINUTE = timedelta(days=7)
"""How far back every missed minute is made up; before that, one tick an hour."""


def minute(at: datetime) -> datetime:
    """Return the minute that `at` is in, in UTC."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def tick(at: datetime) -> Tick:
    """Return the tick of the minute that `at` is in."""
    when = minute(at)
    return Tick(event_id=f"tick-{when:%Y-%m-%dT%H:%MZ}", occurred_at=when)


def due(last: datetime | None, now: datetime) -> list[datetime]:
    """Return the minutes after `last` up to now's, in order; without a `last` only now's."""
    current = minute(now)
    if last is None:
        return [current]
    after = minute(last)
    dense = max(after, current - BY_THE_MINUTE)
    hours = []
    hour = after.replace(minute=0) + HOUR
    while hour <= dense:
        hours.append(hour)
        hour += HOUR
    minutes = (current - dense) // MINUTE
    return hours + [dense + MINUTE * n for n in range(1, minutes + 1)]
