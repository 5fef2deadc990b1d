"""The slow, careful way to read one canonical event, taken when the quick one fails.

Enters: the bytes of a message. Leaves: the event, after null fields are dropped, empty optional
texts too, and digit strings made whole numbers; or `Refused` with the code, the field's path and
a sentence that names the offending value.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast, get_args, get_origin, get_type_hints

import msgspec

from flows.domain.decode.refusal import Refused, missing, not_json, shown
from flows.domain.events import POLICY_FIELDS, TYPES, AnyEvent, CountLine, Event, Policy, Source

_WHAT = re.compile(r"^(.*?)(?: - at `(.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]*)`")
_STEPS = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_INT_DIGITS = 19


class _Fields(NamedTuple):
    """Names of one struct's fields by what an empty or digit text means for them."""

    known: frozenset[str]
    blank: frozenset[str]
    whole: frozenset[str]
    unset: frozenset[str]


def _leaves(hint: Any) -> set[Any]:
    if get_origin(hint) is None:
        return {hint}
    return {leaf for part in get_args(hint) for leaf in _leaves(part)}


def _fields(kind: type[msgspec.Struct]) -> _Fields:
    hints = {name: _leaves(hint) for name, hint in get_type_hints(kind).items()}
    needed = {field.name for field in msgspec.structs.fields(kind) if field.required}
    dates = {name for name in needed if hints[name] & {datetime, date}}
    return _Fields(
        known=frozenset(hints),
        blank=frozenset(dates | {name for name, leaves in hints.items() if str in leaves}),
        whole=frozenset(name for name, leaves in hints.items() if int in leaves),
        unset=frozenset(POLICY_FIELDS if kind is Policy else ()),
    )


_KINDS: list[type[msgspec.Struct]] = [*TYPES.values(), CountLine, Source]
_FIELDS = {kind: _fields(kind) for kind in _KINDS}


def lenient(text: str) -> Decimal | str:
    """Return a JSON number exactly; one that no decimal can hold stays a text."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


_GENERIC = msgspec.json.Decoder(float_hook=lenient)


def document(value: bytes) -> dict[str, Any]:
    """Return the JSON object in `value`, numbers exact, or refuse what is no object."""
    try:
        found = _GENERIC.decode(value)
    except msgspec.ValidationError as reason:  # an integer of thousands of digits
        raise Refused("bad_value", "", f"A number of the message is too long: {reason}.") from None
    except (ValueError, RecursionError) as reason:
        raise not_json(reason) from None
    if not isinstance(found, dict):
        raise Refused(
            "not_an_object", "", f"The message must be one JSON object, but it is {shown(found)}."
        )
    return found


def reread(value: bytes, allowed: frozenset[str] | None) -> AnyEvent:
    """Return the event in `value`, read leniently where the contract allows it."""
    raw = document(value)
    kind = _kind(raw.get("type"), allowed)
    tidy = _tidy(raw, _FIELDS[kind])
    if isinstance(lines := tidy.get("lines"), list):
        tidy["lines"] = [_part(line, CountLine) for line in lines]
    if "source" in tidy:
        tidy["source"] = _part(tidy["source"], Source)
    try:
        return cast("AnyEvent", msgspec.convert(tidy | {"type": raw["type"]}, kind))
    except msgspec.ValidationError as reason:
        raise explained(str(reason), tidy) from None


def refuse_type(tag: str, allowed: frozenset[str] | None) -> Refused:
    """Return the refusal of a type that is unknown, or not taken where it arrived."""
    if allowed is not None and tag in TYPES:
        takes = ", ".join(sorted(allowed))
        sentence = f"`type` {shown(tag)} is not taken on this topic, which takes {takes}."
    else:
        sentence = f"`type` {shown(tag)} is none of the event types."
    return Refused("unknown_type", "type", sentence)


def _kind(tag: Any, allowed: frozenset[str] | None) -> type[Event]:
    if tag is None or tag == "":
        raise missing("type")
    if not isinstance(tag, str):
        raise Refused("wrong_type", "type", f"`type` must be a text, but it is {shown(tag)}.")
    if tag not in TYPES or (allowed is not None and tag not in allowed):
        raise refuse_type(tag, allowed)
    return TYPES[tag]


def _part(value: Any, kind: type[msgspec.Struct]) -> Any:
    return _tidy(value, _FIELDS[kind]) if isinstance(value, dict) else value


def _tidy(raw: dict[str, Any], fields: _Fields) -> dict[str, Any]:
    tidy: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in fields.known or (value is None and name not in fields.unset):
            continue
        if value == "" and name in fields.blank:
            continue
        tidy[name] = _whole(value) if name in fields.whole else value
    return tidy


def _whole(value: Any) -> Any:
    digits = isinstance(value, str) and value.isascii() and value.isdigit()
    return int(value) if digits and len(value) <= _INT_DIGITS else value


def explained(reason: str, raw: Any) -> Refused:
    """Return msgspec's sentence as a refusal: code, path, and the value found there."""
    what, path = _WHAT.match(reason).groups()  # type: ignore[union-attr]
    steps = _STEPS.findall(path or "")
    field = "".join(f".{name}" if name else f"[{place}]" for name, place in steps).lstrip(".")
    if found := _MISSING.search(what):
        return missing(f"{field}.{found[1]}".lstrip("."))
    value = raw
    for name, place in steps:
        value = value[name] if name else value[int(place)]
    code, must = _demand(what)
    return Refused(code, field, f"`{field}` must be {must}, but it is {shown(value)}.")


_NOUNS = {
    "str": "a text",
    "int": "a whole number",
    "decimal": "a decimal number",
    "datetime": "a time written as text (RFC 3339)",
    "date": "a date written as text (YYYY-MM-DD)",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_LENGTH = re.compile(r"of length (<=|>=) (\d+)")
_EXPECTED = re.compile(r"Expected `(\w+)")


def _demand(what: str) -> tuple[str, str]:
    """Return the code of one of msgspec's sentences, and what the value must be."""
    if "RFC3339 encoded date" in what or "timezone" in what:
        if what.endswith("date"):
            return "bad_time", "a date of the calendar (YYYY-MM-DD)"
        return "bad_time", "a time in RFC 3339 with an offset (2025-09-01T10:00:00+08:00)"
    if "decimal string" in what:
        return "bad_value", "a decimal number"
    if length := _LENGTH.search(what):
        return "bad_text", f"a text of at most {length[2]} characters"
    if found := re.search(r"(<=|>=) (-?\d+)$", what):
        return "bad_value", f"{'at most' if found[1] == '<=' else 'at least'} {found[2]}"
    expected = _EXPECTED.match(what)
    noun = _NOUNS.get(expected[1]) if expected else None
    return ("wrong_type", noun) if noun else ("bad_value", "a value that the contract knows")
