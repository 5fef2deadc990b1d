"""What master data of the instance or lot (ilmd) say of a lot: its number and its dates.

Enters: the `ilmd` of an event, whatever it holds. Leaves: a `Lot`; what cannot be read is unknown.
Names count without prefix, in CBV's or the GS1 web vocabulary's spelling.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, NamedTuple

from flows.domain.decode.epcis.keys import TEXT_LENGTH, shortened
from flows.domain.decode.refusal import CONTROL

_LOCAL = re.compile(r"[^:/#]+$")
_EXPIRES = ("itemexpirationdate", "expirationdate", "bestbeforedate", "sellbydate")
_PRODUCED = ("productiondate",)
_NUMBER = ("lotnumber", "hasbatchlotnumber", "batchlotnumber")
_DAY = 10


class Lot(NamedTuple):
    """A lot's number and dates, each as far as it is known."""

    number: str | None
    expires_on: date | None
    produced_on: date | None


def lot_of(ilmd: Any) -> Lot:
    """Return what `ilmd` says of the lot."""
    if not isinstance(ilmd, dict):
        return Lot(None, None, None)
    named: dict[str, str] = {}
    for name in sorted(ilmd):
        if (local := _LOCAL.search(name)) and (value := _text(ilmd[name])):
            named.setdefault(local[0].lower(), value)
    number = next((named[name] for name in _NUMBER if name in named), None)
    return Lot(
        shortened(CONTROL.sub("?", number), TEXT_LENGTH) if number else None,
        _day(named, _EXPIRES),
        _day(named, _PRODUCED),
    )


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return min(filter(None, map(_text, value)), default=None)
    if isinstance(value, dict):
        return _text(value.get("@value"))
    return value.strip() if isinstance(value, str) else None


def _day(named: dict[str, str], names: tuple[str, ...]) -> date | None:
    for name in names:
        try:
            return date.fromisoformat(named[name][:_DAY])
        except (KeyError, ValueError):
            continue
    return None
