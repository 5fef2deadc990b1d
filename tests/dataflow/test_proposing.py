"""Suggested moves as actions: proposed through the log, withdrawn, not too many of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from connectors.kafka import LOG, ensure_topics
from flows.domain.decode import canonical
from flows.domain.events import Proposal
from flows.proposing import MOST, propose
from flows.rebalancing import rebalance
from flows.upkeep import Upkeep
from tests.builders import bin_master, decision, inbound, move, scrap, warehouse
from tests.dataflow.running import clean, counters, drain, lay, read, rows, wait_for
from tests.sql.shelves import insert

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC)
ACTIONS = "SELECT sku, lot, subject, state FROM actions ORDER BY log_offset"
S1 = ("s1", "L", "A1 → B1")


@pytest.fixture
def crowded(settings):
    """Give settings of a folded business: zone A of W is at 90 %, zone B has room."""
    lay(
        settings,
        [
            warehouse("W", at=NOW, id="w"),
            bin_master("A1", warehouse="W", zone="A", max_quantity=100, at=NOW, id="a1"),
            bin_master("B1", warehouse="W", zone="B", max_quantity=100, at=NOW, id="b1"),
            inbound("s1", 60, warehouse="W", bin="A1", lot="L", at=NOW, id="i1"),
            inbound("s2", 30, warehouse="W", bin="A1", lot="L", at=NOW, id="i2"),
        ],
    )
    drain(settings)
    return settings


def suggested(settings, at=NOW):
    """Look at space and put what follows on the log; return how many are new and gone."""
    rebalance(settings)
    made = propose(settings, at)
    drain(settings)
    return made


def on_log(settings):
    """Return the proposals on the log."""
    parts = range(ensure_topics(settings.brokers, settings.topic_prefix)[LOG])
    events = [canonical.decode(m.value())[0] for p in parts for m in read(settings, LOG, p)]
    return [event for event in events if isinstance(event, Proposal)]


def test_a_suggestion_becomes_an_action_that_waits_for_a_person(crowded):
    """With its bins, quantity, numbers and reasons; while it stands it is not proposed again."""
    assert suggested(crowded) == (1, 0)
    assert rows(crowded, ACTIONS) == [(*S1, "proposed")]
    ((quantity, payload),) = rows(crowded, "SELECT quantity, payload FROM actions")
    assert quantity == 60
    assert (payload["from_bin"], payload["to_bin"], payload["kind"]) == (
        "A1", "B1", "slow_mover_out",
    )  # fmt: skip
    assert (payload["from_occupancy"], payload["to_afterwards"]) == ("90", "60")
    assert "zone A is 90 % full" in payload["reason_en"]
    assert "90 %" in payload["reason_zh"]
    for hours in (0, 1):
        assert suggested(crowded, NOW + timedelta(hours=hours)) == (0, 0)
    assert rows(crowded, ACTIONS) == [(*S1, "proposed")]
    clean(crowded)


def test_what_is_not_folded_yet_is_sent_again_as_the_same_event(crowded):
    """Two clock flows, or one that starts again: repeats, one action, nothing refused."""
    rebalance(crowded)
    assert [propose(crowded, NOW), propose(crowded, NOW)] == [(1, 0)] * 2
    assert propose(crowded, NOW - timedelta(hours=1)) == (1, 0)
    assert len({event.event_id for event in on_log(crowded)}) == 2
    drain(crowded)
    assert rows(crowded, ACTIONS) == [(*S1, "proposed")]
    _, _, _, repeats, rejects = counters(crowded)
    assert (repeats, rejects) == (1, 0)


def test_a_move_that_is_suggested_no_longer_is_withdrawn(crowded):
    """And proposed anew when it is suggested again."""
    suggested(crowded)
    lay(crowded, [scrap("s2", 30, warehouse="W", bin="A1", lot="L", at=NOW, reason="broken")])
    drain(crowded)
    assert suggested(crowded) == (0, 1)
    assert rows(crowded, ACTIONS) == [(*S1, "withdrawn")]
    lay(crowded, [inbound("s2", 30, warehouse="W", bin="A1", lot="L", at=NOW)])
    drain(crowded)
    assert suggested(crowded, NOW - timedelta(hours=1)) == (1, 0)
    assert [one[-1] for one in rows(crowded, ACTIONS)] == ["withdrawn", "proposed"]
    assert rows(crowded, "SELECT count(*) FROM rejects") == [(0,)]


def test_an_approved_move_ends_when_it_is_scanned(crowded):
    """What a person has approved is not withdrawn; the scan of the move makes it done."""
    suggested(crowded)
    ((action,),) = rows(crowded, "SELECT action_id FROM actions")
    lay(crowded, [decision(warehouse="W", action_id=action, at=NOW)])
    drain(crowded)
    with psycopg.connect(crowded.dsn) as conn:
        conn.execute("DELETE FROM inventory.rebalancing")
    assert propose(crowded, NOW) == (0, 0)
    lay(crowded, [move("s1", 60, "A1", "B1", warehouse="W", lot="L", at=NOW)])
    drain(crowded)
    assert rows(crowded, ACTIONS) == [(*S1, "done")]


def test_at_most_fifty_of_a_warehouse_wait_or_are_under_way(settings):
    """The first of the plan; what was rejected or has ended takes no place."""
    states = ["proposed"] * 20 + ["approved"] * 20 + ["sent"] * 5 + ["rejected"] * 3
    with psycopg.connect(settings.dsn) as conn:
        for name, count in (("W", 70), ("V", 60)):
            for n in range(1, count + 1):
                insert(
                    conn, "rebalancing", warehouse=name, n=n, kind="slow_mover_out", sku=f"s{n}",
                    quantity=1, from_bin="A", to_bin="B", issues=0, reason_en="r", reason_zh="r",
                )  # fmt: skip
        for n, state in enumerate([*states, *["withdrawn"] * 9], 1):
            insert(
                conn, "actions", action_id=f"a{n}", kind="rebalance", warehouse="W", sku=f"s{n}",
                subject="A → B", state=state, standing=state != "withdrawn", approval="manual",
                proposed_at=NOW, log_partition=0, log_offset=0,
            )  # fmt: skip
    assert propose(settings, NOW) == (5 + MOST, 0)
    skus = {name: [e.sku for e in on_log(settings) if e.warehouse == name] for name in "WV"}
    assert skus["W"] == [f"s{n}" for n in range(49, 54)]
    assert skus["V"] == [f"s{n}" for n in range(1, MOST + 1)]


def test_the_upkeep_of_the_clock_flow_proposes(crowded):
    """With its first round, and not again within the hour."""
    upkeep = Upkeep(crowded, lambda: False)
    try:
        upkeep.wake()
        wait_for(lambda: upkeep._retained is not None)
        upkeep.round()
        assert [event.sku for event in on_log(crowded)] == ["s1"]
    finally:
        upkeep.close()
