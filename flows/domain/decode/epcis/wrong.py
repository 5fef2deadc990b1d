"""A schema library's error → the field, what it must be, and what it is, in one sentence.

Of `anyOf` the library says only that no branch fits; here the branch that was meant is chosen: the
words of a vocabulary, or the lists of which one is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jsonschema_rs import ValidationError, ValidationErrorKind

from flows.domain.decode.refusal import shown

_NOUNS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
    "null": "null",
}
_PATTERNS = {
    "eventTimeZoneOffset": "an offset such as +08:00",
    "uom": "a unit's code of two or three capital letters or digits (KGM)",
    "schemaVersion": "a version such as 2.0",
    "hexBinaryValue": "hexadecimal digits",
}
_FEW_WORDS = 14


class Wrong(NamedTuple):
    """One breach; `vague` if it is of the event as a whole, so that a narrower one says more."""

    code: str
    field: str
    sentence: str
    vague: bool = False


def wrong(error: ValidationError) -> Wrong:
    """Return what an error of the schema means."""
    kind, field = error.kind, dotted(error.instance_path)
    if isinstance(kind, ValidationErrorKind.Required):
        return _missing(_inside(field, kind.property))
    if isinstance(kind, ValidationErrorKind.PropertyNames):
        name = kind.error.instance
        return _unknown(_inside(field, str(name)))
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        return _unknown(_inside(field, kind.unexpected[0]))
    if isinstance(kind, ValidationErrorKind.AnyOf):
        return _any_of(error, kind.context)
    code, must = _demand(kind, error.instance_path)
    return Wrong(code, field, f"must be {must}, but it is {shown(error.instance)}.")


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people write it: quantityList[0].quantity."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".")


def _inside(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _missing(field: str) -> Wrong:
    return Wrong("missing_field", field, "is needed, but it is absent.")


def _unknown(field: str) -> Wrong:
    sentence = (
        "is no field that EPCIS has here; a field of an extension is named with its prefix or as "
        "a URI (ex:name)."
    )
    return Wrong("bad_value", field, sentence)


def _demand(  # noqa: PLR0911 — one line a keyword of the schema
    kind: ValidationErrorKind, path: Sequence[str | int]
) -> tuple[str, str]:
    """Return the code, and what the value must be."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    match kind:
        case ValidationErrorKind.Type(types=types):
            return "wrong_type", " or ".join(_NOUNS.get(one, one) for one in types)
        case ValidationErrorKind.Enum(options=options):
            return "bad_value", f"one of {', '.join(map(str, options))}"
        case ValidationErrorKind.Format(format="date-time"):
            return "bad_time", "a time in RFC 3339 with an offset (2025-09-01T10:00:00+08:00)"
        case ValidationErrorKind.Format():
            return "bad_value", "a URI"
        case ValidationErrorKind.MinItems():
            return "bad_value", "a list of at least one element"
        case ValidationErrorKind.UniqueItems():
            return "bad_value", "a list that names nothing twice"
        case ValidationErrorKind.Pattern():
            return "bad_value", _PATTERNS.get(name, "a text as the standard's pattern says")
        case _:
            return "bad_value", "as the standard's schema says"


def _any_of(error: ValidationError, context: list[list[ValidationError]]) -> Wrong:
    field = dotted(error.instance_path)
    inner = [*_leaves(context)]
    here = [one for one in inner if one.instance_path == error.instance_path]
    if isinstance(error.instance, str):
        return _word(error, here)
    if not isinstance(error.instance, dict):
        types = [_NOUNS.get(t, t) for one in here for t in getattr(one.kind, "types", ())]
        if types:
            must = " or ".join(dict.fromkeys(types))
            return Wrong("wrong_type", field, f"must be {must}, but it is {shown(error.instance)}.")
        return wrong(inner[0])
    return _one_of_lists(field, inner)


def _word(error: ValidationError, here: list[ValidationError]) -> Wrong:
    field = dotted(error.instance_path)
    words = [
        str(word)
        for one in here
        if isinstance(one.kind, ValidationErrorKind.Enum)
        for word in one.kind.options
    ]
    if not words:
        code, must = _demand(here[0].kind, error.instance_path)
        return Wrong(code, field, f"must be {must}, but it is {shown(error.instance)}.")
    listed = ", ".join(words) if len(words) <= _FEW_WORDS else f"{words[0]}, {words[1]} …"
    must = f"a word of the Core Business Vocabulary ({listed}) or a URI outside it"
    return Wrong("bad_value", field, f"must be {must}, but it is {shown(error.instance)}.")


def _one_of_lists(field: str, inner: list[ValidationError]) -> Wrong:
    """Return what an event as a whole lacks: one of several lists, or the action of its ilmd."""
    for one in inner:
        if isinstance(one.kind, ValidationErrorKind.Not):
            name = dotted(one.instance_path)
            return Wrong("bad_value", name, "is only for an event whose action is ADD.", vague=True)
    for one in inner:
        if isinstance(one.kind, ValidationErrorKind.MinItems):
            return wrong(one)._replace(vague=True)
    names = [
        _inside(dotted(one.instance_path), one.kind.property)
        for one in inner
        if isinstance(one.kind, ValidationErrorKind.Required)
    ]
    if not names:
        return wrong(inner[0])._replace(vague=True) if inner else Wrong("bad_value", field, "")
    several = ", ".join(dict.fromkeys(names))
    return Wrong("missing_field", names[0], f"is needed (or another of {several}).", vague=True)


def _leaves(context: list[list[ValidationError]]) -> Iterator[ValidationError]:
    for branch in context:
        for error in branch:
            if isinstance(error.kind, ValidationErrorKind.AnyOf):
                yield from _leaves(error.kind.context)
            else:
                yield error
