"""Which event it is: the normal form of an EPCIS event, its id, and its text for the log.

Enters: an event that the schema has passed. Leaves: a form that key order, order in the standard's
lists, spelling of times, words and numbers, recordTime and a later error declaration do not
change; an id of at most 90 characters; JSON text of at most 200,000. May raise `Refused` for a
time that is none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from flows.domain.decode.checks import utc
from flows.domain.decode.epcis.keys import plain
from flows.domain.decode.epcis.words import short
from flows.domain.decode.refusal import Refused, shown

BODY_LENGTH: Final = 200_000
BASE_LENGTH: Final = 90
_LEFT_OUT = frozenset({"@context", "recordTime", "errorDeclaration", "certificationInfo"})
_TIMES = frozenset({"eventTime", "time", "startTime", "endTime"})
_WORDS = frozenset({"bizStep", "disposition", "type"})
_SETS = frozenset(
    {
        *("epcList", "childEPCs", "inputEPCList", "outputEPCList"),
        *("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
        *("bizTransactionList", "sourceList", "destinationList"),
        *("sensorElementList", "sensorReport", "set", "unset"),
    }
)
_IDS = frozenset(
    {
        *("epcList", "childEPCs", "inputEPCList", "outputEPCList"),
        *("epcClass", "id", "parentID", "source", "destination"),
    }
)
_LEAP = re.compile(r":60(?=[.Zz+-])")
_FINE = 60
_LARGEST = 2**63
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


def normal(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event in normal form, without what may differ when it is sent again."""
    return {name: _normal(name, event[name], _text) for name in event if name not in _LEFT_OUT}


def base_id(event: dict[str, Any], form: dict[str, Any]) -> str:
    """Return the eventID, or a hash: of a longer eventID, of the form if there is none."""
    given = event.get("eventID")
    if isinstance(given, str) and given.strip():
        return given if len(given) <= BASE_LENGTH else hashed(given.encode())
    return hashed(_encode(_normal("", form, _identified)))


def hashed(content: bytes) -> str:
    """Return an id made of content."""
    return f"epcis:{hashlib.sha256(content).hexdigest()[:40]}"


def body(form: dict[str, Any]) -> str:
    """Return the form as JSON; if that is too long, with its lists cut to fewer elements."""
    text = _encode(form).decode()
    for most in (1000, 100, 10, 0):
        if len(text) <= BODY_LENGTH:
            return text
        text = _encode({**_cut(form, most), "waterline:cut": most}).decode()
    if len(text) <= BODY_LENGTH:
        return text
    short_texts = {k: v for k, v in form.items() if isinstance(v, str) and len(v) <= _FINE}
    return _encode({**short_texts, "waterline:cut": 0}).decode()[:BODY_LENGTH]


def instant(text: str, field: str) -> datetime:
    """Return the instant of an RFC 3339 text in UTC; a leap second is the next second."""
    leap = _LEAP.search(text)
    try:
        at = msgspec.convert(_LEAP.sub(":59", text), datetime)
    except msgspec.ValidationError:
        at = datetime.min  # noqa: DTZ901 — stands for no time at all, refused below
    if at.tzinfo is None:
        must = "a time in RFC 3339 with an offset (2025-09-01T10:00:00+08:00)"
        raise Refused("bad_time", field, f"`{field}` must be {must}, but it is {shown(text)}.")
    return utc(at, field) + timedelta(seconds=1 if leap else 0)


def _normal(name: str, value: Any, written: Callable[[str, str], str]) -> Any:
    """Return a value with its texts as `written` writes them, and the standard's lists sorted."""
    if isinstance(value, dict):
        return {key: _normal(key, value[key], written) for key in value}
    if isinstance(value, list):
        parts = [_normal(name, part, written) for part in value]
        return sorted(parts, key=_encode) if name in _SETS else parts
    if isinstance(value, str):
        return written(name, value)
    return value if isinstance(value, bool) or value is None else _number(value)


def _text(name: str, value: str) -> str:
    if name in _WORDS:
        return short(value) or value
    if name in _TIMES:
        try:
            return instant(value, name).astimezone(UTC).isoformat()
        except Refused:
            return value
    return value


def _identified(name: str, value: str) -> str:
    """Return an item or a place alike as URN and as Digital Link."""
    return plain(value) if name in _IDS else value


def _number(value: Any) -> Any:
    """Return equal numbers alike: 10, 10.0 and 1E+1 are 10."""
    exact = Decimal(value)
    if not exact or abs(exact.adjusted()) > _FINE or len(exact.as_tuple().digits) > _FINE:
        return exact or 0
    plain = format(exact, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    whole = "." not in plain and abs(exact) < _LARGEST
    return int(plain) if whole else Decimal(plain)


def _cut(value: Any, most: int) -> Any:
    if isinstance(value, dict):
        return {key: _cut(part, most) for key, part in value.items()}
    return [_cut(part, most) for part in value[:most]] if isinstance(value, list) else value
