"""Local days: a day is a day in the warehouse's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of that IANA name."""
    return ZoneInfo(name)


@lru_cache(maxsize=8192)
def local_date(at: datetime, zone_name: str) -> date:
    """Return the day of an instant in a zone."""
    return at.astimezone(zone(zone_name)).date()


@lru_cache(maxsize=8192)
def midnight(day: date, zone_name: str) -> datetime:
    """Return the instant at which a local day begins, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
    return start.astimezone(UTC)
