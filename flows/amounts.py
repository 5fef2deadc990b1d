"""Numbers, days and spans as a person reads them in a sentence, in either language.

Enters: a value as rows and JSON have it (quantities are exact, days and times texts of ISO 8601)
and a way to show it. Leaves: the text, or None when it says nothing: an empty text, no lot,
`some` of nothing. Numbers have no zeros at their end. May fail with ValueError on a text that is
no day or time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    Number = Decimal | int | float
    Show = Callable[[Any, int], str | None]

NAMED = {
    **dict.fromkeys(("expires_on", "stock_out_on", "below_safety_on", "issued_on"), "day"),
    **dict.fromkeys(("due_at", "last_seen_at"), "time"),
    **dict.fromkeys(("demand_per_day", "p50", "p95", "p99"), "rate"),
    **dict.fromkeys(("hours_late", "occupancy"), "tenth"),
    "value": "money",
    "type": "word",
}
"""How values of these names are shown unless the template says how."""
HOUR, DAY = 60, 24 * 60
"""In minutes."""


def shown_as(name: str, how: str | None, lang: str) -> Show:
    """Return what shows values of a name; KeyError for a way that there is not."""
    return ways(lang)[how or NAMED.get(name, "plain")]


@cache
def ways(lang: str) -> dict[str, Show]:
    """Return the ways to show a value: functions of the value and the year of the sentence."""
    say = _Spans(lang)
    return {
        "plain": lambda value, _: (value or None) if isinstance(value, str) else _plain(value),
        "some": _some,
        "many": _many,
        "signed": lambda value, _: f"+{number(value)}" if value > 0 else number(value),
        "size": lambda value, _: number(abs(value)),
        "digits": lambda value, _: str(value),
        "rate": lambda value, _: rate(value),
        "tenth": lambda value, _: number(round(value, 1)),
        "kilograms": lambda value, _: number(round(value, 2)),
        "money": lambda value, _: number(round(value, 2)),
        "cost": lambda value, _: number(abs(round(value, 2))),
        "word": lambda value, _: words(lang).get(f"type.{value}", str(value)),
        "days": lambda value, _: say.days(value),
        "ahead": lambda value, _: say.ahead(int(value)),
        "span": lambda value, _: say.span(int(value)),
        "day": say.day,
        "time": say.time,
    }


def _some(value: Number, _: int) -> str | None:
    return number(value) if value else None


def _many(value: Number, _: int) -> str | None:
    return number(value) if value > 1 else None


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else number(value)


@lru_cache(maxsize=1 << 16)
def number(value: Number) -> str:
    """Return a number with its thousands apart and no zeros at its end."""
    text = f"{value:,f}" if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=1 << 14)
def rate(value: Number) -> str:
    """Return a number with some three digits that count."""
    size = abs(float(value))
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004
    return number(round(value, places))


class _Spans:
    """Days and spans in one language."""

    def __init__(self, lang: str) -> None:
        """Take up its names of days and months."""
        self._say = words(lang)
        self._months = self._say("span.months").split()
        self._weekdays = self._say("span.weekdays").split()
        self.day = lru_cache(maxsize=1 << 14)(self._day)
        self.time = lru_cache(maxsize=1 << 14)(self._time)

    def days(self, value: Number) -> str:
        """Return a number of days."""
        return (
            self._say("span.day")
            if value == 1
            else self._say("span.days", days=number(round(value, 1)))
        )

    def ahead(self, days: int) -> str:
        """Return how far a day is from today."""
        near = {0: "span.today", 1: "span.tomorrow", -1: "span.yesterday"}.get(days)
        if near:
            return self._say(near)
        return self._say("span.ahead" if days > 0 else "span.ago", days=abs(days))

    def span(self, minutes: int) -> str:
        """Return a length of time in its two largest units."""
        if minutes < HOUR:
            return self._say("span.minutes", minutes=minutes)
        if minutes < DAY:
            hours, minutes = divmod(minutes, HOUR)
            return self._say("span.hours", hours=hours, minutes=minutes)
        days, minutes = divmod(minutes, DAY)
        return self._say("span.days_hours", days=days, hours=minutes // HOUR)

    def _day(self, value: str | date, year: int) -> str:
        day = date.fromisoformat(value) if isinstance(value, str) else value
        return self._say(
            "span.date" if day.year == year else "span.date_year",
            weekday=self._weekdays[day.weekday()],
            month=self._months[day.month - 1],
            day=day.day,
            year=day.year,
        )

    def _time(self, value: str | datetime, year: int) -> str:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        zone = "UTC" if at.tzinfo is UTC or not at.utcoffset() else at.isoformat()[-6:]
        return f"{self._day(at.date(), year)} {at:%H:%M} {zone}"
