"""A message of EPCIS: bytes → the canonical events of every event in it, and rejects.

Enters: an EPCISDocument, an EPCISQueryDocument, one event, or a list of events, as JSON or JSON-LD;
a document as XML. Leaves: for each good event its canonical events, for each bad one a reject with
its path (`epcisBody.eventList[2].action`); one reject if the document as a whole is wrong. A
document of master data alone is one observation. Nothing is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from flows.domain.decode.epcis import reading, schema, words, xml
from flows.domain.decode.epcis.identity import body, hashed, instant, normal
from flows.domain.decode.refusal import CONTROL, ID_LENGTH, Refused, missing, not_json, shown
from flows.domain.decode.reread import lenient
from flows.domain.events import AnyEvent, Observation
from flows.domain.rejects import CODES, Reject

_DOCUMENT = ("epcisBody",)
_QUERY = ("epcisBody", "queryResults", "resultsBody")
_BODIES = {"EPCISDocument": _DOCUMENT, "EPCISQueryDocument": _QUERY}
_SHELLS = {"EPCISDocument": "epcisDocument", "EPCISQueryDocument": "epcisQueryDocument"}
_BOM = b"\xef\xbb\xbf"
_read = msgspec.json.Decoder(float_hook=lenient).decode
_Found = list[AnyEvent | Reject]
_XML_HEAD = 8192
_XML_SIGNS = (b"urn:epcglobal:epcis", b"<eventTimeZoneOffset>")
_SIGNS = (b'"EPCISDocument"', b'"EPCISQueryDocument"', b'"eventTimeZoneOffset"', b'"@context"')


def looks(value: bytes) -> bool:
    """Tell whether a message is EPCIS by its shape; quotes inside texts are escaped, so no sign."""
    if value[:64].lstrip().removeprefix(_BOM).startswith(b"<"):
        return any(sign in value[:_XML_HEAD] for sign in _XML_SIGNS)
    return any(sign in value for sign in _SIGNS)


def decode(value: bytes | None, key: bytes | None = None) -> list[AnyEvent | Reject]:
    """Return the canonical events and the rejects of one message; nothing is raised."""
    del key  # a capture message has none
    text = (value or b"").removeprefix(_BOM).strip()
    if not text:
        return [Reject("empty", "", f"An EPCIS message needs a document, but {CODES['empty']}.")]
    try:
        if text.startswith(b"<"):
            return _opened(xml.document(text), loose=True)
        return _opened(_json(text), loose=False)
    except Refused as refused:
        return [refused.reject()]
    except RecursionError as reason:
        return [not_json(reason).reject()]


def _json(text: bytes) -> Any:
    try:
        return _read(text)
    except msgspec.ValidationError as reason:  # an integer of thousands of digits
        raise Refused("bad_value", "", f"A number of the message is too long: {reason}.") from None
    except (ValueError, RecursionError) as reason:
        raise not_json(reason) from None


def _opened(found: Any, *, loose: bool) -> _Found:
    """Return what the document's events give, or raise `Refused` for the document."""
    if isinstance(found, list):
        return [
            *(one for n, event in enumerate(found) for one in _one(event, f"[{n}].", loose=loose))
        ]
    if not isinstance(found, dict):
        must = "an EPCIS document, an event or a list of events"
        raise Refused("not_an_object", "", f"The message must be {must}, not {shown(found)}.")
    kind = found.get("type")
    if isinstance(kind, str) and kind in _BODIES:
        return _document(found, kind, loose=loose)
    if "@context" not in found and not loose:
        if kind is None:
            raise missing("type")
        raise missing("@context")
    return _one(found, "", loose=loose)


def _document(document: dict[str, Any], kind: str, *, loose: bool) -> _Found:
    steps = _BODIES[kind]
    events, shell = _without_events(document, steps)
    schema.refuse(_SHELLS[kind], shell, "", loose=loose)
    path = ".".join((*steps, "eventList"))
    if not events:
        return [*_master_data(document)]
    return [
        one
        for place, event in enumerate(events)
        for one in _one(event, f"{path}[{place}].", loose=loose)
    ]


def _without_events(
    document: dict[str, Any], steps: tuple[str, ...]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the list of events, and the document with that list empty."""
    name, rest = (steps[0], steps[1:]) if steps else ("eventList", ())
    inner = document.get(name)
    if not steps:
        events = inner if isinstance(inner, list) else []
        return events, document | ({name: []} if isinstance(inner, list) else {})
    if not isinstance(inner, dict):
        return [], document
    events, shell = _without_events(inner, rest)
    return events, document | {name: shell}


def _one(event: Any, path: str, *, loose: bool) -> _Found:
    """Return the canonical events of one event, or its reject."""
    try:
        schema.refuse(_definition(event, path), event, path, loose=loose)
        return [*reading.read(event, path)]
    except Refused as refused:
        return [refused.reject(_known_as(event))]
    except RecursionError:
        field = path.rstrip(".")
        sentence = "The event is nested too deeply to be read."
        return [Refused("not_json", field, sentence).reject(_known_as(event))]


def _definition(event: Any, path: str) -> str:
    """Return the schema's name for an event, by its type."""
    field = path.rstrip(".")
    if not isinstance(event, dict):
        sentence = f"`{field}` must be an event, but it is {shown(event)}."
        raise Refused("wrong_type", field, sentence)
    kind = event.get("type")
    if kind is None:
        raise missing(f"{path}type")
    if isinstance(kind, str) and kind not in schema.EVENTS and ":" not in kind:
        must = f"one of {', '.join(schema.EVENTS)}, or a type of an extension with its prefix"
        sentence = f"`{path}type` must be {must}, but it is {shown(kind)}."
        raise Refused("unknown_type", f"{path}type", sentence)
    return schema.event_schema(kind) if isinstance(kind, str) else "EPCIS-Document-Event"


def _known_as(event: Any) -> str:
    given = event.get("eventID") if isinstance(event, dict) else None
    return CONTROL.sub("\ufffd", given[:ID_LENGTH]) if isinstance(given, str) else ""


def _master_data(document: dict[str, Any]) -> Iterator[Observation]:
    """Give one observation of a document that names no event, if it says when it was made."""
    made = document.get("creationDate")
    if made is None:
        return
    form = {name: value for name, value in normal(document).items() if name != "creationDate"}
    text = body(form)
    at = instant(made, "creationDate")
    name = hashed(f"{at.isoformat()} {text}".encode())
    yield Observation(event_id=f"{name}/1", occurred_at=at, why=words.MASTER_DATA, body=text)
