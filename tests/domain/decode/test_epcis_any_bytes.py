"""No message makes the EPCIS decoder raise, and what it takes survives the log unchanged."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.domain.decode import epcis
from flows.domain.decode.epcis.keys import item, place
from flows.domain.rejects import Reject
from tests.domain.decode.epcis_events import DATA, decoded

EXAMPLES = [json.loads(path.read_text()) for path in sorted((DATA / "json").iterdir())]
PAGES = [path.read_bytes() for path in sorted((DATA / "xml").iterdir())]
SCHEMA = jsonschema_rs.Draft7Validator(
    json.loads((Path(epcis.__file__).parent / "schema.json").read_text()), validate_formats=True
)
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            *("", "\x00", "urn:x:1", "ex:y", "receiving", "shipping", "ADD", "DELETE", "NaN"),
            *("2026-03-02T10:00:00Z", "9999-12-31T23:59:60-14:00", "0001-01-01T00:00:00+14:00"),
            *("urn:epc:class:lgtin:4012345.012345.%00", "geo:1", "EPCISDocument", "ObjectEvent"),
            *([], {}, [[]], [{}], {"id": "urn:x:1"}, {"declarationTime": "2026-03-02T10:00:00Z"}),
        ]
    ),
)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, part in inner:
        found.append((*path, key))
        if isinstance(part, dict | list):
            found += spots(part, (*path, key))
    return found


@st.composite
def mutated(draw: Any) -> Any:
    """Draw an example with one to three values replaced, removed or added."""
    message = copy.deepcopy(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        *way, last = draw(st.sampled_from(spots(message)))
        inner = message
        for step in way:
            inner = inner[step]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "remove":
            del inner[last]
        elif how == "replace":
            inner[last] = copy.deepcopy(draw(odd))
        elif isinstance(inner, dict):
            name = draw(st.text(max_size=6) | st.just("errorDeclaration"))
            inner[name] = copy.deepcopy(draw(odd))
        else:
            inner.append(copy.deepcopy(draw(odd)))
        if not spots(message):
            break
    return message


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes(value):
    """Whatever comes is a list of events and rejects."""
    decoded(value)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_examples(message):
    """A published example with anything changed in it, too; the schema's word is the decoder's."""
    value = json.dumps(message).encode()
    rejects = [one for one in decoded(value) if isinstance(one, Reject)]
    if not SCHEMA.is_valid(json.loads(value)):
        assert rejects
    for one in rejects if SCHEMA.is_valid(json.loads(value)) else ():
        # the schema knows no years, no sizes of quantities and no control characters
        assert one.code in ("bad_time", "bad_text") or one.field.endswith(".quantity")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PAGES), st.data())
def test_mutated_xml(page, data):
    """An XML example with bytes cut out, doubled or replaced, too."""
    start = data.draw(st.integers(min_value=0, max_value=len(page)))
    end = min(len(page), start + data.draw(st.integers(min_value=0, max_value=40)))
    filling = data.draw(st.sampled_from([b"", b"0", b"\x00", b"<a>", b"&lt;", page[start:end] * 2]))
    decoded(page[:start] + filling + page[end:])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["urn:epc:id:sgtin:", "https://id.gs1.org/01/", "urn:epc:id:sgln:", ""]),
    st.text(alphabet="0123456789./%*10/21/25441aé\x00", max_size=40),
)
def test_any_identifier(scheme, rest):
    """An identifier of any form is an item, a place or neither."""
    found = item(scheme + rest)
    assert found is None or len(found.sku) == 14
    where = place(scheme + rest)
    assert where is None or 0 < len(where.code) <= 100


@pytest.mark.parametrize("depth", [50, 200, 900, 5000])
def test_deep_extensions(depth):
    """Nesting is read or refused, never a crash."""
    message = copy.deepcopy(EXAMPLES[0])
    text = json.dumps(message).replace('"action"', '"ex:deep":HERE,"action"')
    assert decoded(text.replace("HERE", "[" * depth + "]" * depth).encode())
