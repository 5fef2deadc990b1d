"""The comparison of the fault suite itself: one changed, missing or doubled row is found."""

from __future__ import annotations

import pytest

from tests.dataflow.running import change, drain, lay
from tests.faults.compare import same
from tests.faults.crew import same_homes
from tests.faults.story import story

pytestmark = pytest.mark.stack
SPOILT = {
    "movements": "UPDATE movements SET quantity = quantity + 1 WHERE event_id ="
    " (SELECT min(event_id) FROM movements)",
    "journal": "DELETE FROM journal WHERE event_id = (SELECT min(event_id) FROM journal)",
    "stock_bins": "UPDATE stock_bins SET quantity = quantity + 1 WHERE sku = 'S1'",
    "orders": "DELETE FROM orders WHERE order_id = (SELECT min(order_id) FROM orders)",
    "offsets": "UPDATE offsets SET applied = applied + 1, consumed = consumed + 1"
    " WHERE log_partition = 0",
    "event_ids": "DELETE FROM event_ids WHERE log_partition = 0",
    "lag": "UPDATE lag SET events = events + 1",
    "ticks": "INSERT INTO ticks VALUES (0, now(), 1)",
}


def test_what_differs_is_found(settings, reference):
    """Equal at first; then each table is spoilt in turn, and named."""
    lay(settings, story(1500, seed=40))
    same_homes(settings, reference)
    drain(settings)
    drain(reference)
    assert same(settings, reference) > 1500
    for table, statement in SPOILT.items():
        assert change(settings, statement), table
        with pytest.raises(AssertionError, match=f"'{table}'"):
            same(settings, reference)
