"""Makers of EPCIS events and documents for tests: a valid event, changed as a test wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.domain.decode import canonical, epcis
from flows.domain.rejects import CODES, Reject

DATA = Path(__file__).parent / "data" / "epcis"
CONTEXT = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
SITE = "urn:epc:id:sgln:0614141.00888.0"
GLN = "0614141008889"
FAR = "urn:epc:id:sgln:4012345.00225.0"
FAR_GLN = "4012345002256"
MILK = "urn:epc:class:lgtin:4012345.012345.L7"
MILK_SKU = "04012345123456"
EVENT = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:1",
    "eventTime": "2026-03-02T10:00:00+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "bizLocation": {"id": SITE},
    "quantityList": [{"epcClass": MILK, "quantity": 5}],
}


def event(**changes: Any) -> dict[str, Any]:
    """Return the valid event with other or fewer fields: None takes a field away."""
    return {name: value for name, value in (EVENT | changes).items() if value is not None}


def document(*events: Any, **changes: Any) -> dict[str, Any]:
    """Return a valid document of events."""
    whole = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T11:00:00Z",
        "epcisBody": {"eventList": [*events]},
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def decoded(message: Any) -> list[Any]:
    """Return what a message gives; every event of it survives the log, every reject is one."""
    value = message if isinstance(message, bytes) else json.dumps(message).encode()
    found = epcis.decode(value)
    assert isinstance(found, list)
    for one in found:
        if isinstance(one, Reject):
            assert one.code in CODES
            assert one.message.endswith(".")
        else:
            assert canonical.decode(canonical.encode(one)) == [one]
    return found


def read(**changes: Any) -> list[Any]:
    """Return what the valid event, changed, gives."""
    return decoded(document(event(**changes)))


def only(**changes: Any) -> Any:
    """Return the one thing that the valid event, changed, gives."""
    [found] = read(**changes)
    return found
