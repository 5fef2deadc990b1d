"""Numbers, days and spans as a person reads them in a sentence, in either language.

Enters: a value as rows and JSON have it (quantities are exact, days and times texts of ISO 8601)
and a way to show it. Leaves: the text, or None when it says nothing: an empty text, no lot,
`some` of nothing. Numbers have no zeros at their end. May fail with ValueError on a text that is
no day or time.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from flows.settings import LANGUAGES
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    Number = Any  # Decimal, int or float
    Show = Callable[..., str | None]

NAMED = {
    **dict.fromkeys(("expires_on", "stock_out_on", "below_safety_on", "issued_on"), "day"),
    **dict.fromkeys(("due_at", "last_seen_at"), "time"),
    **dict.fromkeys(("demand_per_day", "p50", "p95", "p99"), "rate"),
    "occupancy": "tenth",
    **dict.fromkeys(("value", "cost"), "money"),
    "holes": "list",
    "type": "word",
    **dict.fromkeys(("place", "behind", "receipts", "invariant", "subjects", "change"), "pair"),
}
"""How values of these names are shown unless the template says how."""
DATED = {"day", "time", *(name for name, how in NAMED.items() if how in {"day", "time"})}
"""What is shown with its year unless that is the sentence's: a function of the value and it."""
KEPT = 1 << 15
"""Texts that are kept ready, of each way to show a value."""
HOUR, DAY = 60, 24 * 60
"""In minutes."""


def shown_as(name: str, how: str | None, lang: str) -> tuple[Show, bool]:
    """Return what shows values of a name, and whether it does so alike in all languages.

    KeyError for a way that there is not.
    """
    way = how or NAMED.get(name, "plain")
    alike = way in _ALIKE
    return (_ALIKE[way] if alike else _ways(lang)[way]), alike


@cache
def _ways(lang: str) -> dict[str, Show]:
    """Return the ways to show a value that differ by language."""
    say = _Spans(lang)
    ways: dict[str, Show] = {
        "word": lambda value: words(lang).get(f"type.{value}", value),
        "days": say.days,
        "ahead": say.ahead,
        "span": say.span,
        "day": say.day,
        "time": say.time,
    }
    ways = {way: lru_cache(maxsize=KEPT)(show) for way, show in ways.items()}
    place = LANGUAGES.index(lang)
    return {**ways, "pair": lambda pair: pair[place] or None}


def plain(value: Any) -> str | None:
    """Return a text as it is, or a number."""
    return (value or None) if isinstance(value, str) else number(value)


def number(value: Number) -> str:
    """Return a number with its thousands apart and no zeros at its end."""
    text = f"{value:,f}" if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate(value: Number) -> str:
    """Return a number with some three digits that count."""
    size = abs(float(value))
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004
    return number(round(value, places))


_ALIKE: dict[str, Show] = {
    "plain": plain,
    "digits": str,
    "some": lambda value: number(value) if value else None,
    "many": lambda value: number(value) if value > 1 else None,
    "signed": lambda value: f"+{number(value)}" if value > 0 else number(value),
    "size": lambda value: number(abs(value)),
    "rate": rate,
    "tenth": lambda value: number(round(value, 1)),
    "kilograms": lambda value: number(round(value, 2)),
    "money": lambda value: number(round(value, 2)),
    "cost": lambda value: number(abs(round(value, 2))),
}
_ALIKE = {way: lru_cache(maxsize=KEPT)(show) for way, show in _ALIKE.items()}
_ALIKE["list"] = ", ".join


class _Spans:
    """Days and spans in one language."""

    def __init__(self, lang: str) -> None:
        """Take up its names of days and months."""
        self._say = words(lang)
        self._months = self._say("span.months").split()
        self._weekdays = self._say("span.weekdays").split()

    def days(self, value: Number) -> str:
        """Return a number of days."""
        text = number(round(value, 1))
        return self._say("span.day") if text == "1" else self._say("span.days", days=text)

    def ahead(self, value: Number) -> str:
        """Return how far a day is from today."""
        days = int(value)
        near = {0: "span.today", 1: "span.tomorrow", -1: "span.yesterday"}.get(days)
        if near:
            return self._say(near)
        return self._say("span.ahead" if days > 0 else "span.ago", days=abs(days))

    def span(self, value: Number) -> str:
        """Return a length of time in its two largest units."""
        minutes = int(value)
        if minutes < HOUR:
            return self._say("span.minutes", minutes=minutes)
        if minutes < DAY:
            hours, minutes = divmod(minutes, HOUR)
            return self._say("span.hours", hours=hours, minutes=minutes)
        days, minutes = divmod(minutes, DAY)
        return self._say("span.days_hours", days=days, hours=minutes // HOUR)

    def day(self, value: str | date, year: int) -> str:
        """Return a day with its weekday."""
        day = date.fromisoformat(value) if isinstance(value, str) else value
        return self._say(
            "span.date" if day.year == year else "span.date_year",
            weekday=self._weekdays[day.weekday()],
            month=self._months[day.month - 1],
            day=day.day,
            year=day.year,
        )

    def time(self, value: str | datetime, year: int) -> str:
        """Return a time to the minute, in the zone that it is given in."""
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        zone = at.isoformat()[-6:] if at.utcoffset() else "UTC"
        return self._say("span.time", day=self.day(at.date(), year), time=f"{at:%H:%M}", zone=zone)
