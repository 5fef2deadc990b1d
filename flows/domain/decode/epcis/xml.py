"""EPCIS in XML (2.0, and 1.2 with its `extension` elements) → the structure that JSON has.

Enters: bytes of a document, a query document or one event. Leaves: the same as a JSON document:
CBV words as short names, quantities as decimals, times with an offset, elements of other
namespaces under their whole URI. What is no EPCIS raises `Refused`; wrong fields are found by the
schema afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from flows.domain.decode.epcis.tree import Element, tree
from flows.domain.decode.epcis.words import short
from flows.domain.decode.markup import qualified
from flows.domain.decode.refusal import Refused, shown
from flows.domain.decode.reread import lenient

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
_OWN = re.compile(r"(urn:epcglobal:epcis(-query|-masterdata)?:xsd:[0-9.]+)?")
_WRAPPERS = ("extension", "baseExtension")
_DOCUMENTS = ("EPCISDocument", "EPCISQueryDocument")
_TIMES = ("eventTime", "recordTime", "declarationTime", "time", "startTime", "endTime")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_NUMBERS = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def document(text: bytes) -> dict[str, Any]:
    """Return an XML document, or one event, as JSON has it."""
    root = tree(text)
    if not _OWN.fullmatch(root.space):
        raise _no_epcis(root)
    if root.name not in _DOCUMENTS:
        if not root.name.endswith("Event"):
            raise _no_epcis(root)
        return _event(root)
    made = root.attributes.get("creationDate") or root.attributes.get("createdAt")
    found: dict[str, Any] = {"@context": CONTEXT, "type": root.name}
    if made:
        found["creationDate"] = _time(made, "Z")
    if "schemaVersion" in root.attributes:
        found["schemaVersion"] = root.attributes["schemaVersion"]
    return found | _bodies(root)


def _no_epcis(root: Element) -> Refused:
    must = f"one of {', '.join(_DOCUMENTS)} or an event"
    sentence = f"The XML's root must be {must} of EPCIS, but it is {shown(root.name)}."
    return Refused("unknown_format", "", sentence)


def _bodies(root: Element) -> dict[str, Any]:
    """Return `epcisBody` (and master data) of a document."""
    found: dict[str, Any] = {}
    vocabularies = [
        entry
        for path in (("EPCISHeader", "extension", "EPCISMasterData", "VocabularyList"),)
        for entry in _at(root, path).children
    ] or _at(root, ("EPCISHeader", "EPCISMasterData", "VocabularyList")).children
    if vocabularies:
        listed = [_vocabulary(entry) for entry in vocabularies]
        found["epcisHeader"] = {"epcisMasterData": {"vocabularyList": listed}}
    body = root.first("EPCISBody")
    if body is None:
        return found
    results = body.first("QueryResults")
    if results is None:
        return found | {"epcisBody": _events_of(body)}
    inner = results.first("resultsBody")
    named = results.first("queryName")
    return found | {
        "epcisBody": {
            "queryResults": {
                "queryName": named.text if named else "",
                "resultsBody": _events_of(inner) if inner else {},
            }
        }
    }


def _at(element: Element, path: tuple[str, ...]) -> Element:
    """Return the element at the end of a path, an empty one if there is none."""
    for name in path:
        element = element.first(name) or Element("", name, {}, [])
    return element


def _vocabulary(entry: Element) -> dict[str, Any]:
    elements = _at(entry, ("VocabularyElementList",)).children
    named = [{"id": one.attributes.get("id", "")} for one in elements if one.attributes.get("id")]
    return {"type": entry.attributes.get("type", ""), "vocabularyElementList": named}


def _events_of(body: Element) -> dict[str, Any]:
    listed = body.first("EventList")
    return {} if listed is None else {"eventList": [_event(one) for one in _flat(listed)]}


def _flat(element: Element) -> Iterator[Element]:
    """Give the children, those inside the wrappers of EPCIS 1.2 too."""
    for child in element.children:
        if child.name in _WRAPPERS and _OWN.fullmatch(child.space):
            yield from _flat(child)
        else:
            yield child


def _event(element: Element) -> dict[str, Any]:
    own = bool(_OWN.fullmatch(element.space))
    # the deprecated QuantityEvent of 1.x is, as an extension's event is, kept without effect
    known = own and element.name != "QuantityEvent"
    event: dict[str, Any] = {"type": element.name if known else _uri(element)}
    offset = element.first("eventTimeZoneOffset")
    zone = offset.text if offset is not None else "Z"
    for child in _flat(element):
        _put(event, child, zone)
    return event


def _uri(element: Element) -> str:
    space = element.space or "urn:epcglobal:epcis:xsd:1"
    return f"{space}{'' if space[-1] in '/#:' else '#'}{element.name}"


def _put(event: dict[str, Any], child: Element, zone: str) -> None:
    """Add a child of an event under the name, and in the shape, that JSON has for it."""
    if not _OWN.fullmatch(child.space):
        _more(event, _uri(child), _any(child))
        return
    name = child.name
    if name in _TIMES:
        value: Any = _time(child.text, zone)
    elif name in _SHAPES:
        value = _SHAPES[name](child, zone)
    elif name == "certificationInfo":
        _more(event, name, child.text)
        return
    else:
        value = _any(child)
    if value not in ("", None):
        event[name] = value


def _more(event: dict[str, Any], name: str, value: Any) -> None:
    """Add a value; a name that comes again makes a list."""
    if name not in event:
        event[name] = value
    elif isinstance(event[name], list):
        event[name].append(value)
    else:
        event[name] = [event[name], value]


def _any(element: Element) -> Any:
    if not element.children:
        return element.text
    found: dict[str, Any] = {}
    for child in element.children:
        _more(found, child.name if _OWN.fullmatch(child.space) else _uri(child), _any(child))
    return found


def _time(text: str, zone: str) -> str:
    """Return an xsd:dateTime with seconds and an offset: where none is said, the event's."""
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    day, minute, second, offset = found.groups()
    return f"{day}T{minute}{second or ':00'}{offset or zone}"


def _texts(element: Element, _zone: str) -> list[str]:
    return [child.text for child in element.children]


def _word(element: Element, _zone: str) -> str | None:
    return short(element.text)


def _quantities(element: Element, _zone: str) -> list[dict[str, Any]]:
    return [_quantity(child) for child in element.children]


def _quantity(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {child.name: child.text for child in element.children if child.text}
    if "quantity" in found:
        found["quantity"] = _exact(found["quantity"])
    return found


def _exact(text: str) -> Decimal | str:
    """Return a number; what is none stays a text, which the schema refuses."""
    number = lenient(text)
    return number if isinstance(number, Decimal) and number.is_finite() else text


def _place(element: Element, _zone: str) -> dict[str, Any]:
    return {child.name: child.text for child in element.children if child.name == "id"}


def _typed(key: str) -> Callable[[Element, str], list[dict[str, Any]]]:
    def entries(element: Element, _zone: str) -> list[dict[str, Any]]:
        found = []
        for child in element.children:
            kind = short(child.attributes.get("type"))
            found.append(({"type": kind} if kind else {}) | {key: child.text})
        return found

    return entries


def _dispositions(element: Element, _zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element.children:
        found.setdefault(child.name, []).append(short(child.text))
    return found


def _declaration(element: Element, zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in _flat(element):
        if child.name == "declarationTime":
            found[child.name] = _time(child.text, zone)
        elif child.name == "correctiveEventIDs":
            found[child.name] = _texts(child, zone)
        elif child.name == "reason":
            found[child.name] = short(child.text)
        else:
            _more(found, _uri(child), _any(child))
    return found


def _ilmd(element: Element, _zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in _flat(element):
        _more(found, _uri(child) if child.space else child.name, _any(child))
    return found


def _sensors(element: Element, zone: str) -> list[dict[str, Any]]:
    return [_sensor(child, zone) for child in element.children]


def _sensor(element: Element, zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in _flat(element):
        if child.name == "sensorReport":
            found.setdefault("sensorReport", []).append(_attributes(child, zone))
        elif child.name == "sensorMetadata":
            found["sensorMetadata"] = _attributes(child, zone)
        else:
            _more(found, _uri(child), _any(child))
    return found


def _attributes(element: Element, zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for whole, text in element.attributes.items():
        space, name = qualified(whole)
        if space:
            found[f"{space}{'' if space[-1] in '/#:' else '#'}{name}"] = text
        elif name in _TIMES:
            found[name] = _time(text, zone)
        elif name == "booleanValue":
            found[name] = _TRUTH.get(text, text)
        else:
            found[name] = _exact(text) if name in _NUMBERS else text
    return found


_SHAPES: Final[dict[str, Callable[[Element, str], Any]]] = {
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _texts),
    **dict.fromkeys(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
        _quantities,
    ),
    **dict.fromkeys(("bizStep", "disposition"), _word),
    **dict.fromkeys(("readPoint", "bizLocation"), _place),
    "bizTransactionList": _typed("bizTransaction"),
    "sourceList": _typed("source"),
    "destinationList": _typed("destination"),
    "persistentDisposition": _dispositions,
    "errorDeclaration": _declaration,
    "ilmd": _ilmd,
    "sensorElementList": _sensors,
}
