"""The fields of one Qimen object: texts, quantities, times and dates, each under its path.

Enters: a dict of the message and the path at which it stands. Leaves: exact values or `Refused`
naming the path. A field may be written `itemCode` or `item_code`; null, empty and blank are absent.

Times have no offset in this protocol: they are China's (UTC+8, no summer time); one that has an
offset (RFC 3339) keeps it. A date may carry a time, which is dropped.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from flows.domain.decode.checks import FIRST_YEAR, LAST_YEAR, out_of_years, utc
from flows.domain.decode.quantities import ZERO, positive
from flows.domain.decode.refusal import CONTROL, Refused, missing, nul, shown

CHINA = timezone(timedelta(hours=8))
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
_IS_TIME = re.compile(_DATE + _TIME)
_IS_DATE = re.compile(f"{_DATE}({_TIME})?")
_DAY = len("2026-11-22")
ID, TEXT = 100, 200


class Fields:
    """One object of the message; what it does not say, the objects around it may."""

    def __init__(self, values: dict[str, Any], path: str = "", *around: Fields) -> None:
        """Take an object, where it stands, and the objects around it, the nearest first."""
        self.values = values
        self.path = path
        self.around = around

    @property
    def own(self) -> Fields:
        """Return this object alone, without those around it."""
        return Fields(self.values, self.path)

    def place(self, name: str) -> str:
        """Return the path of a field of this object."""
        return f"{self.path}.{name}" if self.path else name

    def find(self, *names: str) -> tuple[Any, str] | None:
        """Return the first named field's value and path, here or around; None if nobody says."""
        for fields in (self, *self.around):
            for name in names:
                for written in (name, _HUMP.sub("_", name).lower()):
                    value = fields.values.get(written)
                    blank = not value.strip() if isinstance(value, str) else value in (None, {}, [])
                    if not blank:
                        return value, fields.place(written)
        return None

    def text(self, *names: str, longest: int = ID) -> str | None:
        """Return a text without the blanks around it; a whole number becomes its digits."""
        found = self.find(*names)
        if found is None:
            return None
        value, path = found
        if type(value) is int:
            value = str(value)
        if not isinstance(value, str):
            raise Refused("wrong_type", path, f"`{path}` must be a text, but it is {shown(value)}.")
        value = value.strip()
        if len(value) > longest:
            must = f"a text of at most {longest} characters"
            raise Refused("bad_text", path, f"`{path}` must be {must}, but it is {shown(value)}.")
        if CONTROL.search(value):
            raise nul(path, value)
        return value

    def needed(self, *names: str) -> str:
        """Return a text that somebody must say."""
        value = self.text(*names)
        if value is None:
            raise missing(self.place(names[0]))
        return value

    def quantity(self, name: str) -> Decimal:
        """Return this object's own signed quantity, with four fraction digits."""
        found = self.own.find(name)
        if found is None:
            raise missing(self.place(name))
        value, path = found
        if type(value) is int:
            value = Decimal(value)
        if isinstance(value, str):
            value = _decimal(value.strip(), path)
        if not isinstance(value, Decimal):
            must = f"`{path}` must be a decimal number, but it is {shown(value)}."
            raise Refused("wrong_type", path, must)
        if value.is_zero():
            return ZERO
        size = positive(value.copy_abs(), path)
        return -size if value.is_signed() else size

    def time(self, *names: str) -> datetime:
        """Return the first named time in UTC; somebody must say one."""
        found = self.find(*names)
        if found is None:
            raise missing(self.place(names[0]))
        value, path = found
        text = value.strip() if isinstance(value, str) else ""
        at = _parsed(text) if _IS_TIME.fullmatch(text) else None
        if at is None:
            must = "a time as YYYY-MM-DD HH:MM:SS of China, or RFC 3339 with an offset"
            raise Refused("bad_time", path, f"`{path}` must be {must}, but it is {shown(value)}.")
        at = utc(at if at.tzinfo is not None else at.replace(tzinfo=CHINA), path)
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise out_of_years(at, path)
        return at

    def date(self, name: str) -> date | None:
        """Return this object's own date, None if it does not say."""
        found = self.own.find(name)
        if found is None:
            return None
        value, path = found
        text = value.strip() if isinstance(value, str) else ""
        day = _parsed(text[:_DAY]) if _IS_DATE.fullmatch(text) else None
        if day is None:
            must = "a date of the calendar (YYYY-MM-DD)"
            raise Refused("bad_time", path, f"`{path}` must be {must}, but it is {shown(value)}.")
        return day.date()


def _decimal(text: str, path: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        must = "a decimal number"
        raise Refused("bad_value", path, f"`{path}` must be {must}, but it is {shown(text)}.")
    return Decimal(text)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def rows(of: Fields, name: str, one: str) -> list[tuple[str, Any]]:
    """Return path and value of each row of a list, whichever way a platform writes it.

    {name: {one: […]}}, {name: {one: {…}}}, {name: […]}, and {name: {…}} for a single object.
    """
    found = of.own.find(name)
    if found is None:
        return []
    inner, path = found
    if isinstance(inner, dict):
        # the SDKs name a list's element after its type: whatever alone holds objects is the list
        only = one if one in inner else next(iter(inner))
        if only == one or (len(inner) == 1 and isinstance(inner[only], list | dict)):
            inner, path = inner[only], f"{path}.{only}"
    if inner in (None, "", {}):
        return []
    many = inner if isinstance(inner, list) else [inner]
    return [(f"{path}[{place}]", value) for place, value in enumerate(many)]


def row(path: str, value: Any, *around: Fields) -> Fields:
    """Return one row's fields, or refuse what is no object."""
    if not isinstance(value, dict):
        raise Refused("wrong_type", path, f"`{path}` must be an object, but it is {shown(value)}.")
    return Fields(value, path, *around)
