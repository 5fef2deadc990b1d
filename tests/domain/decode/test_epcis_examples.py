"""Published examples of EPCIS: valid ones give events, invalid ones name the field."""

from __future__ import annotations

import pytest

from flows.domain.decode import formats
from flows.domain.rejects import Reject
from tests.domain.decode.epcis_events import DATA, decoded

VALID = sorted(path for folder in ("json", "xml", "xml12") for path in (DATA / folder).iterdir())
TWINS = (
    *("ObjectEvent", "ObjectEvent_with_digitalLink", "TransformationEvent", "AggregationEvent"),
    *("AggregationEvent_with_digitalLink", "ObjectEvent_with_error_declaration"),
)


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_valid_example_is_never_rejected(path):
    """Every event of a published example gives at least one legal event, by its shape alone."""
    value = path.read_bytes()
    found = decoded(value)
    assert found
    assert [one for one in found if isinstance(one, Reject)] == []
    assert formats.decode_scan(value, None, {}) == found
    assert formats.decode_scan(value, None, {"format": b"EPCIS"}) == found


@pytest.mark.parametrize("name", TWINS)
def test_xml_and_json_of_the_same_event_are_the_same(name):
    """Ids, quantities and places do not depend on the binding."""
    one = decoded((DATA / "json" / f"{name}.json").read_bytes())
    assert one == decoded((DATA / "xml" / f"{name}.xml").read_bytes())


EVENTS = "epcisBody.eventList"
BAD_SENSOR = f"{EVENTS}[0].sensorElementList[0].sensorReport[0].type"


@pytest.mark.parametrize(
    ("name", "refusals"),
    [
        (
            "AggregationEvent_with_userExtensions",
            [("bad_value", f"{EVENTS}[0].extension")],
        ),
        (
            "AssociationEvent_with_userExtensions",
            [("bad_value", f"{EVENTS}[0].extension")],
        ),
        (
            "ObjectEvent_all_possible_fields",
            [("bad_value", f"{EVENTS}[0].ilmd.countryOfExport")],
        ),
        ("TransactionEvent_with_userExtensions", [("bad_value", BAD_SENSOR)]),
        ("QueryDocumentWithEventType", [("missing_field", "type")]),
        (
            "SensorData_with_combined_events",
            [
                ("bad_value", f"{EVENTS}[7].sensorElementList[0].sensorReport[1].type"),
                ("missing_field", f"{EVENTS}[8].sensorElementList[0].sensorReport[0].type"),
                ("bad_value", f"{EVENTS}[10].sensorElementList[0].sensorReport[0].type"),
            ],
        ),
    ],
)
def test_an_invalid_example_names_the_field(name, refusals):
    """What breaks the schema is refused with its path; good events beside it are kept."""
    found = decoded((DATA / "invalid" / f"{name}.json").read_bytes())
    rejects = [one for one in found if isinstance(one, Reject)]
    assert [(one.code, one.field) for one in rejects] == refusals
    assert all(f"`{one.field}`" in one.message for one in rejects)
    assert (len(found) > len(rejects)) == (name == "SensorData_with_combined_events")
