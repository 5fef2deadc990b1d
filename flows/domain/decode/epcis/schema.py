"""The standard's JSON schema: does an event or a document obey it, and if not, which field?

`refuse(name, value, path)` holds `value` against the definition `name` of schema.json (formats of
URIs and times included) and raises `Refused` with the path of the first wrong field, what it must
be and what it is; further wrong fields are named. XML has no such schema of words: `loose` takes
any text for a URI and any URI for a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Any, Final, cast

import jsonschema_rs
import msgspec
from jsonschema_rs import ValidationError

from flows.domain.decode.epcis.wrong import Wrong, wrong
from flows.domain.decode.refusal import Refused

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_MOST_NAMED = 3
_SMALL = 8192
_MOST_LISTED = 1000
_OPEN_LISTS = ("@context", "certificationInfo")
"""Lists of which the schema says `anyOf`: as many errors as elements, in one."""

_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode
EVENTS: Final = (
    *("ObjectEvent", "AggregationEvent", "AssociationEvent"),
    *("TransactionEvent", "TransformationEvent"),
)


def event_schema(kind: str) -> str:
    """Return the definition for an event's `type`."""
    return kind if kind in EVENTS else "Extended-Event"


def refuse(name: str, value: Any, path: str, *, loose: bool = False) -> None:
    """Raise `Refused` if `value` breaks the definition `name`."""
    validator = _validator(name, loose)
    if validator.is_valid(value):
        return
    found = sorted(_breaches(validator, value), key=lambda one: one.vague)
    first = found[0]
    fields = [path + one.field for one in found if one.field != first.field and not one.vague]
    others = ", ".join(f"`{field}`" for field in dict.fromkeys(fields[:_MOST_NAMED]))
    more = f" Also wrong: {others}." if others else ""
    raise Refused(first.code, _at(path, first), _sentence(path, first) + more)


def _breaches(validator: jsonschema_rs.Draft7Validator, value: Any) -> Iterator[Wrong]:
    """Give the first breach; all of them if there cannot be many.

    The library copies what is wrong into each error, and an error into each branch of `anyOf`: all
    errors of a hostile message would fill the memory.
    """
    if len(_encode(value)) <= _SMALL:
        yield from map(wrong, validator.iter_errors(value))
        return
    for name in _OPEN_LISTS:
        listed = value.get(name) if isinstance(value, dict) else None
        if isinstance(listed, list) and len(listed) > _MOST_LISTED:
            must = f"a list of at most {_MOST_LISTED} elements in a message that breaks the schema"
            yield Wrong("bad_value", name, f"must be {must}, but it has {len(listed)}.")
            return
    try:
        validator.validate(value)
    except ValidationError as error:
        yield wrong(error)


def _at(path: str, found: Wrong) -> str:
    return (path + found.field).rstrip(".")


def _sentence(path: str, found: Wrong) -> str:
    field = _at(path, found)
    return f"`{field}` {found.sentence}" if field else f"The message {found.sentence}"


@lru_cache(maxsize=32)
def _validator(name: str, loose: bool) -> jsonschema_rs.Draft7Validator:  # noqa: FBT001 — a key
    definitions = _definitions()
    schema = {"$schema": _DRAFT, "$ref": f"#/definitions/{name}", "definitions": definitions}
    if not loose:
        return jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    return jsonschema_rs.Draft7Validator(
        schema | {"definitions": _loosened(definitions)},
        validate_formats=True,
        formats={"uri": lambda text: bool(text.strip())},
    )


def _loosened(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the definitions without what only the JSON binding asks for."""
    report = {
        name: rule for name, rule in definitions["sensorReport"].items() if name != "required"
    }
    # the last rule of an ObjectEvent keeps ilmd to action ADD
    objects = {"allOf": definitions["ObjectEvent"]["allOf"][:-1]}
    return {
        **definitions,
        "vocab-other-uri": {"type": "string"},
        "vocab-nonGS1WebVoc-uri": {"type": "string"},
        "sensorReport": report,
        "ObjectEvent": objects,
    }


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("schema.json").read_bytes()
    return cast("dict[str, Any]", msgspec.json.decode(text)["definitions"])
