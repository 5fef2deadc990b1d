"""Sums for screens: equal to what they add up, soon, by one process, and never in the way."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import pairwise

import psycopg
import pytest

from connectors.queries import QUERIES, text
from flows.steps import Stop
from flows.totals import Maker, Totals, connect, totals
from tests.builders import cancel, inbound, outbound, stocktake
from tests.dataflow.running import (
    at,
    change,
    clean,
    consumed,
    drain,
    ended,
    flow,
    lay,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.dataflow.test_audit import more
from tests.dataflow.test_stock import day

pytestmark = pytest.mark.stack

MOVED = """
SELECT public.time_bucket('10 minutes', occurred_at), warehouse, type, count(*),
    coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0),
    coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0)
FROM movements GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
KEPT = "SELECT at, warehouse, type, lines, inbound, outbound FROM throughput ORDER BY 1, 2, 3"
QUIET = {"response_totals"}
"""What goes by the clock of the machine, from one second to the next."""


def different(settings) -> dict[str, int]:
    """Return of each total how many rows are not those of its query."""
    found = {}
    for total in totals():
        query = text(QUERIES, total.query)
        columns = "SELECT * FROM (SELECT to_jsonb(t) - 'made_at' FROM {} AS t) AS x"
        one = columns.format(total.relation)
        other = columns.format(f"({query})")
        both = f"({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one})"
        ((count,),) = rows(settings, f"SELECT count(*) FROM ({both}) AS x")
        if count and total.relation not in QUIET:
            found[total.relation] = count
    return found


def made(settings, name="stock_totals"):
    """Return when a total was made last."""
    return rows(settings, "SELECT made_at FROM totals_made WHERE relation = %s", name)


def test_a_drained_run_leaves_every_total_as_its_query_says(settings):
    """Nothing but the stock flow, to its end: the sums are there, then those of what came after."""
    lay(settings, day())
    drain(settings)
    assert different(settings) == {}
    assert rows(settings, "SELECT count(*) FROM totals_made") == [(len(totals()),)]
    lay(settings, more())
    put(settings, 5, *receipts(300, house="F"))
    drain(settings)
    assert different(settings) == {}
    assert rows(settings, "SELECT sum(skus) FROM stock_totals WHERE warehouse = 'F'") == [(300,)]
    change(settings, "UPDATE stock_figures SET water_level = 'red'")
    change(settings, "UPDATE stock_bins SET status = 'hold' WHERE warehouse = 'F'")
    drain(settings)
    assert different(settings) == {}
    count = "SELECT count(*) FROM shortage_totals WHERE warehouse = 'F'"
    assert rows(settings, count) == [(20,)]
    filled = {
        total.relation
        for total in totals()
        if rows(settings, f"SELECT 1 FROM {total.relation} LIMIT 1")
    }
    assert filled >= {
        "stock_totals", "shortage_totals", "zone_totals", "expiry_totals", "special_totals",
    }  # fmt: skip


def test_a_running_flow_follows_within_its_pace(settings):
    """Three seconds after a commit the sums of stock have it."""
    put(settings, 0, *receipts(10))
    with flow(settings) as running:
        wait_for(lambda: rows(settings, "SELECT skus FROM stock_totals") == [(10,)])
        put(settings, 0, *receipts(40, first=10))
        wait_for(lambda: consumed(settings) == 50)
        wait_for(lambda: rows(settings, "SELECT skus FROM stock_totals") == [(50,)], seconds=3)
        wait_for(lambda: not different(settings), seconds=30)
        running.terminate()
        assert ended(running) == (0, "")


def test_throughput_is_what_the_movements_come_to(settings):
    """Late, cancelled, counted, corrected and repeated: each in its own ten minutes."""
    lay(settings, day())
    drain(settings)
    assert rows(settings, KEPT) == rows(settings, MOVED) != []
    lay(settings, more())
    lay(
        settings,
        [
            stocktake("S7", 50, bin="P", at=at(700)),
            outbound("S7", 4, bin="P", id="late", at=at(650)),
            inbound("S7", 9, bin="P", id="undone", at=at(705)),
            cancel("undone", at=at(1500)),
        ],
    )
    drain(settings)
    assert rows(settings, KEPT) == rows(settings, MOVED)
    assert rows(settings, "SELECT count(*) FROM movements WHERE correction") != [(0,)]
    clean(settings)


def test_throughput_after_a_kill_counts_nothing_twice(settings):
    """SIGKILL in the middle of a backlog, then on from the offset."""
    for partition, house in enumerate("AB"):
        put(settings, partition, *receipts(20_000, house=house))
    with flow(settings) as running:
        wait_for(lambda: rows(settings, "SELECT 1 FROM movements LIMIT 1"))
        running.kill()
        running.wait()
    assert rows(settings, KEPT) == rows(settings, MOVED)
    drain(settings)
    assert rows(settings, KEPT) == rows(settings, MOVED)
    assert rows(settings, "SELECT sum(lines) FROM throughput") == [(40_000,)]
    assert different(settings) == {}


def test_ten_minutes_that_are_gone_stay_gone(settings):
    """A late event leaves no part of what retention has taken, and the audit agrees."""
    put(settings, 0, *receipts(50))
    drain(settings)
    change(settings, f"UPDATE retention SET gone_before = '{at(20)}' WHERE relation = 'throughput'")
    change(settings, f"DELETE FROM throughput WHERE at < '{at(20)}'")
    put(settings, 0, *receipts(50, first=4000))
    drain(settings)
    assert rows(settings, "SELECT min(at), sum(lines) FROM throughput") == [(at(20), 60)]
    clean(settings)


def test_what_vanishes_disappears(settings):
    """A warehouse, a category and a zone that nothing is in any more have no row left."""
    lay(settings, day())
    drain(settings)
    assert rows(settings, "SELECT count(*) FROM stock_totals WHERE warehouse = 'B'") != [(0,)]
    change(settings, "DELETE FROM stock_figures WHERE warehouse = 'B'")
    change(settings, "DELETE FROM stock_bins WHERE warehouse = 'B'")
    change(settings, "UPDATE items SET category = 'new'")
    drain(settings)
    assert different(settings) == {}
    for table in ("stock_totals", "shortage_totals", "expiry_totals"):
        assert rows(settings, f"SELECT count(*) FROM {table} WHERE warehouse = 'B'") == [(0,)]
    assert ("new",) in rows(settings, "SELECT DISTINCT category FROM stock_totals")


def test_rows_that_stay_the_same_are_not_written(settings):
    """A round that finds nothing new touches one row, in table totals_made."""
    lay(settings, day())
    drain(settings)
    where = "SELECT xmin::text, ctid::text FROM stock_totals ORDER BY 1, 2"
    before, at_first = rows(settings, where), made(settings)
    drain(settings)
    assert rows(settings, where) == before
    assert made(settings) > at_first
    changed = "SELECT changed FROM totals_made WHERE relation = 'stock_totals'"
    assert rows(settings, changed) == [(0,)]


def test_what_another_process_has_just_made_is_left_alone(settings):
    """It says how long to wait, also while the other is at it; without a pace it is made."""
    stock = totals()[0]
    with connect(settings.dsn) as one, connect(settings.dsn) as other:
        assert Maker(one).make(stock, 60) == 0
        before = made(settings)
        assert 50 < Maker(other).make(stock, 60) <= 60
        assert made(settings) == before
        change(settings, "UPDATE totals_made SET made_at = made_at - interval '1 minute'")
        assert Maker(other).make(stock, 60) == 0
        with one.transaction():
            one.execute("SELECT pg_advisory_xact_lock(%s, hashtext('stock_totals'))", (0x544F5441,))
            assert Maker(other).make(stock, 5) == 5
        before = made(settings)
        Maker(other).make(stock)
        assert made(settings) > before


def test_of_two_flows_one_does_the_work(settings):
    """Together they make a sum as often as one alone would."""
    put(settings, 0, *receipts(10))
    drain(settings)
    both = [Totals(settings, lambda: False) for _ in range(2)]
    seen = set()

    def four() -> bool:
        for one in both:
            one.committed()
        seen.update(made(settings))
        return len(seen) == 5

    try:
        wait_for(four)
    finally:
        for one in both:
            one.close()
    times = sorted(when for (when,) in seen)
    assert all((b - a).total_seconds() > 0.85 for a, b in pairwise(times[1:]))


def test_a_sum_that_fails_stops_neither_the_flow_nor_the_others(settings, caplog):
    """One line in the log; the others are made, the drain ends well; mended, it is made."""
    put(settings, 0, *receipts(20))
    change(settings, "ALTER TABLE stock_totals ADD CHECK (skus < 0)")
    with caplog.at_level(logging.WARNING, "waterline.totals"):
        drain(settings)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "stock_totals not made"
    ]
    assert set(different(settings)) == {"stock_totals"}
    change(settings, "ALTER TABLE stock_totals DROP CONSTRAINT stock_totals_skus_check")
    drain(settings)
    assert different(settings) == {}


def test_a_database_that_is_away_is_tried_again(settings, caplog):
    """It is said, and with the database the sums come."""
    away = replace(settings, dsn="postgresql://nobody@127.0.0.1:1/none")
    making = Totals(away, Stop())
    try:
        with caplog.at_level(logging.WARNING, "waterline.totals"):
            wait_for(lambda: "not made" in caplog.text)
        making._dsn = settings.dsn
        making._after = 0.0
        wait_for(lambda: made(settings, "response_totals"), seconds=15)
    finally:
        making.close()


def test_closing_does_not_wait_for_what_takes_long(settings):
    """The statement at work is cancelled, and no word is lost about it."""
    with psycopg.connect(settings.dsn) as conn:
        conn.execute("LOCK TABLE inventory.stock_figures IN ACCESS EXCLUSIVE MODE")
        making = Totals(settings, Stop())
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waterline totals'"
        )
        wait_for(lambda: rows(settings, f"{waiting} AND wait_event_type = 'Lock'") != [(0,)])
        making.close()
        wait_for(lambda: rows(settings, waiting) == [(0,)], seconds=3)
