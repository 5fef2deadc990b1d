"""The series as the flow's own tables give them: late events, counts and cancels, in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest

from flows.series import keep_series
from tests.builders import (
    bin_master,
    cancel,
    inbound,
    item,
    move,
    outbound,
    stocktake,
    tick,
    warehouse,
)  # fmt: skip
from tests.dataflow.running import at, drain, lay, rows
from tests.sql import series_model as model

pytestmark = pytest.mark.stack
EXPIRES = date.fromordinal(at(0).date().toordinal() + 9)


def story():
    """Return three days of a warehouse with a late count, a cancel and a bin that changes zone."""
    wrong = outbound("S1", 30, bin="P", lot="L", at=at(900))
    return [
        warehouse("A", at=at(0)),
        item("S1", unit_volume="0.02", unit_weight="1.5", unit_cost=4, category="c", at=at(0)),
        bin_master("P", zone="A", max_quantity=100, at=at(0)),
        bin_master("Q", zone="B", max_volume=4, at=at(0)),
        inbound("S1", 80, bin="P", lot="L", expires_on=EXPIRES, at=at(61)),
        move("S1", 30, "P", "Q", lot="L", at=at(700)),
        wrong,
        stocktake("S1", 41, bin="P", lot="L", at=at(1500)),
        outbound("S1", 5, bin="Q", lot="L", at=at(3000)),
        inbound("S1", 6, bin="Z", lot="M", expires_on=EXPIRES, at=at(3100)),
        tick(at(4000)),
        cancel(wrong, at=at(3200)),
        outbound("S1", 9, bin="P", lot="L", at=at(1400)),
        bin_master("Q", zone="A", max_volume=5, at=at(3300)),
        inbound("S1", 2, bin="P", lot="L", expires_on=EXPIRES - timedelta(days=3), at=at(800)),
    ]


def right(settings):
    """Compare both series with a count anew from the tables, return their rows."""
    with psycopg.connect(settings.dsn, options="-c search_path=inventory,public") as conn:
        kept = model.found(conn, "occupancy_hourly"), model.found(conn, "expiry_daily")
        assert kept == (model.occupancy(conn), model.expiry(conn))
    return kept


def test_series_follow_late_events_and_do_not_know_the_order(settings, new_database, topic_prefix):
    """Told in three parts with runs between, and told backwards at once: the same rows."""
    events = story()
    for part in (events[:8], events[8:11], events[11:]):
        lay(settings, part)
        drain(settings)
        keep_series(settings, now=True)
    kept = right(settings)
    assert len(kept[0]) > 60
    assert {key[0] for key in kept[1]} >= {at(0).date(), at(1440).date()}
    assert rows(settings, "SELECT count(*) FROM occupancy_hourly WHERE zone = 'B'") == [(0,)]

    with new_database() as dsn:
        other = replace(settings, dsn=dsn, topic_prefix=f"{topic_prefix}back-")
        lay(other, events[::-1])
        drain(other)
        keep_series(other)
        assert right(other) == kept
