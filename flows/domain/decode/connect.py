"""Kafka Connect's typed values in JSON: decimals, times, numbers and texts of a database row.

Enters: one column's value and its `Kind` (from the message's schema, `PLAIN` without one).
Leaves: Decimal, aware datetime in UTC, or str; raises `Refused` naming the column.

Without a schema a whole number in a time column is taken by its size: below 10^5 days, below
10^11 seconds, below 10^14 milliseconds, below 10^17 microseconds, else nanoseconds, all since
1970. A column without a time zone is read as UTC, which is how Debezium writes it.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from flows.domain.decode.refusal import CONTROL, Refused, nul, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400 * 10**9
_UNITS: dict[str, int] = {  # logical type → nanoseconds of one unit
    "io.debezium.time.Date": _DAY,
    "org.apache.kafka.connect.data.Date": _DAY,
    "io.debezium.time.Timestamp": 10**6,
    "org.apache.kafka.connect.data.Timestamp": 10**6,
    "io.debezium.time.MicroTimestamp": 10**3,
    "io.debezium.time.NanoTimestamp": 1,
}
_SIZES = ((10**5, _DAY), (10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
_MAX_SCALE = 64
_MAX_BYTES = 64
_DATE = len("2025-09-01")
_read_time = msgspec.convert


class Kind(NamedTuple):
    """What the schema says of a column: `decimal` with its scale, `time` with its unit in ns."""

    name: str = ""
    scale: int = 0


PLAIN = Kind()
Kinds = dict[str, Kind]


def kinds(schema: bytes) -> Kinds:
    """Return the columns of a row that are decimals or times, from a message's `schema`.

    The row is `after` (else `before`) of an envelope, or the whole of a flattened message.
    """
    return _kept(schema) if len(schema) <= _KEPT_BYTES else _kinds(schema)


def _kinds(schema: bytes) -> Kinds:
    try:
        fields = _fields(msgspec.json.decode(schema))
    except (ValueError, RecursionError):
        return {}
    rows = [field for field in fields if field.get("field") in ("after", "before")]
    columns = [column for row in rows for column in _fields(row)] or fields
    found = ((column.get("field"), _kind(column)) for column in columns)
    return {name: kind for name, kind in found if isinstance(name, str) and kind is not PLAIN}


# every message of a table carries the same schema; a giant one is not worth the memory
_KEPT_BYTES = 65_536
_kept = lru_cache(maxsize=64)(_kinds)


def _fields(schema: Any) -> list[dict[str, Any]]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return (
        [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    )


def _kind(column: dict[str, Any]) -> Kind:
    name = column.get("name")
    if name == "org.apache.kafka.connect.data.Decimal":
        parameters = column.get("parameters")
        scale = str(parameters.get("scale", 0) if isinstance(parameters, dict) else 0)
        if scale.removeprefix("-").isdecimal() and abs(int(scale[:6])) <= _MAX_SCALE:
            return Kind("decimal", int(scale))
    if isinstance(name, str) and name in _UNITS:
        return Kind("time", _UNITS[name])
    return PLAIN


def decimal_of(value: Any, kind: Kind, field: str) -> Decimal:
    """Return a number column: JSON number, text, base64 with a scale, or VariableScaleDecimal."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, dict):
        return _variable(value, field)
    if not isinstance(value, str):
        raise Refused("wrong_type", field, f"`{field}` must be a number, but it is {shown(value)}.")
    if kind.name == "decimal":
        return _unscaled(value, kind.scale, field)
    try:
        return Decimal(value)
    except ArithmeticError:
        raise _no_number(value, field) from None


def _variable(value: dict[str, Any], field: str) -> Decimal:
    scale, digits = value.get("scale"), value.get("value")
    if not isinstance(scale, int) or not isinstance(digits, str) or abs(scale) > _MAX_SCALE:
        raise Refused("wrong_type", field, f"`{field}` must be a number, but it is {shown(value)}.")
    return _unscaled(digits, scale, field)


def _unscaled(value: str, scale: int, field: str) -> Decimal:
    try:
        unscaled = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        unscaled = b""
    if not 0 < len(unscaled) <= _MAX_BYTES:
        must = "a decimal in base64, as the message's schema says"
        raise Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(value)}.")
    digits = int.from_bytes(unscaled, "big", signed=True)
    return Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), -scale))


def _no_number(value: str, field: str) -> Refused:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        sentence = f"`{field}` must be a number, but it is {shown(value)}."
    else:
        sentence = (
            f"`{field}` is {shown(value)}: perhaps a decimal in base64, which needs the message's "
            "schema (set decimal.handling.mode=string, or schemas.enable=true)."
        )
    return Refused("bad_value", field, sentence)


def text_of(value: Any, kind: Kind, field: str, longest: int) -> str:
    """Return a text column; the number of a numeric identifier becomes its digits."""
    if isinstance(value, str) and kind.name != "decimal":
        text = value
    elif isinstance(value, bool | list) or kind.name == "time":
        raise Refused("wrong_type", field, f"`{field}` must be a text, but it is {shown(value)}.")
    else:
        text = _digits(decimal_of(value, kind, field), field)
    if CONTROL.search(text):
        raise nul(field, text)
    if len(text) > longest:
        must = f"a text of at most {longest} characters"
        raise Refused("bad_text", field, f"`{field}` must be {must}, but it is {shown(text)}.")
    return text


def _digits(value: Decimal, field: str) -> str:
    # adjusted() first: the integer part of 1e999999 must never be written out
    if value.is_finite() and value.adjusted() < _MAX_SCALE and value == value.to_integral_value():
        return str(int(value))
    raise Refused(
        "wrong_type", field, f"`{field}` must be a text or a whole number, not {shown(value)}."
    )


def whole_of(value: Any, kind: Kind, field: str) -> int:
    """Return a whole number in 0 .. 2^63 − 1."""
    number = decimal_of(value, kind, field)
    if number.is_finite() and 0 <= number < 2**63 and number == number.to_integral_value():
        return int(number)
    must = "a whole number from 0 to 9223372036854775807"
    raise Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(value)}.")


def time_of(value: Any, kind: Kind, field: str) -> datetime:
    """Return a time column in UTC: a count of units since 1970, or RFC 3339 with an offset.

    A date is its first instant in UTC.
    """
    try:
        if isinstance(value, str):
            at = _read_time(value if len(value) != _DATE else f"{value}T00:00:00Z", datetime)
            if at.tzinfo is not None:
                return at if at.tzinfo is UTC else at.astimezone(UTC)
        elif isinstance(value, int) and not isinstance(value, bool):
            return instant(value, kind.scale if kind.name == "time" else 0)
    except (msgspec.ValidationError, OverflowError):
        pass
    code = "bad_time" if isinstance(value, str | int) else "wrong_type"
    must = "a time with an offset, or a count since 1970"
    raise Refused(code, field, f"`{field}` must be {must}, but it is {shown(value)}.")


def instant(count: int, nanoseconds: int = 0) -> datetime:
    """Return 1970 plus `count` units; the unit is guessed by size when it is 0."""
    if not nanoseconds:
        size = abs(count)
        nanoseconds = next((unit for limit, unit in _SIZES if size < limit), 1)
    return EPOCH + timedelta(microseconds=count * nanoseconds // 1000)
