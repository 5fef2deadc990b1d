"""Forecasts and classes on a real database: once a local day, whole or not at all, by one."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from flows import clock
from flows.fitting import Fitter
from flows.forecasting import make, make_due
from flows.nightly import Nightly
from flows.steps import Stop, run
from flows.store.forecasts import Forecasting
from tests.dataflow.running import change, command, rows, wait_for
from tests.dataflow.selling import TODAY, place, sell, shop, tick

pytestmark = pytest.mark.stack

MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""When TODAY begins in Shanghai."""
TABLES = ("forecasts", "forecast_quality", "classes")


def once(settings, warehouse="SHA", minutes=0.0, **more):
    """Make what is due of a warehouse."""
    with Forecasting(settings.dsn) as store:
        return make_due(store, warehouse, minutes, **more)


def tables(settings):
    """Return all rows that a run writes."""
    return [rows(settings, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in TABLES]


@pytest.fixture
def business(settings):
    """Give settings of a warehouse just after its midnight, five SKUs of five kinds; no fitting."""
    place(settings)
    tick(settings, MIDNIGHT + timedelta(minutes=1))
    sell(settings, "milk", shop(300), cost="10")
    sell(settings, "drill", shop(300, level=3, chance=0.15))
    sell(settings, "new", shop(20, level=5))
    sell(settings, "unpriced", shop(300, level=9, seed=2), cost=None)
    sell(settings, "asleep", [3, *[0] * 200])
    return replace(settings, forecast_minutes=0.0)


def test_a_night_forecasts_what_sells_and_says_how_well(business):
    """28 local days of each SKU that sold in 90 days, its method and its errors."""
    made = once(business, minutes=5)
    assert (made.made_on, made.series) == (TODAY, 4)
    found = rows(
        business,
        "SELECT sku, method, min(day), max(day), count(*), history_days, wape IS NOT NULL,"
        " bool_and(low <= quantity AND quantity <= high) FROM forecast_now"
        " GROUP BY sku, method, history_days, wape ORDER BY sku",
    )
    end = TODAY + timedelta(days=27)
    assert [line[2:5] for line in found] == [(TODAY, end, 28)] * 4
    assert {line[0]: (line[5], line[6], line[7]) for line in found} == {
        "drill": (300, True, True),
        "milk": (300, True, True),
        "new": (20, False, None),
        "unpriced": (300, True, True),
    }
    assert {line[0]: line[1] for line in found}["new"] == "mean"
    ((total,),) = rows(business, "SELECT sum(quantity) FROM forecasts WHERE sku = 'milk'")
    assert float(total) == pytest.approx(20 * 28, rel=0.15)
    ((noted,),) = rows(business, "SELECT methods FROM forecast_runs WHERE made_on = %s", TODAY)
    assert noted == made.methods
    assert made.wape <= made.plain_wape


def test_a_night_classes_every_sku(business):
    """By value of 90 days and by steadiness; unknown cost and no issues are said as such."""
    made = once(business)
    found = {
        sku: (letter, steady, value, day)
        for sku, letter, steady, value, day in rows(
            business, "SELECT sku, abc, xyz, issue_value, day FROM classes"
        )
    }
    ((milk,),) = rows(
        business,
        "SELECT 10 * sum(issues) FROM demand_daily WHERE sku = 'milk' AND day >= %s",
        TODAY - timedelta(days=90),
    )
    assert found["milk"] == ("A", "X", milk, TODAY)
    assert found["unpriced"] == (None, "X", 0, TODAY)
    assert found["asleep"] == ("C", None, 0, TODAY)
    assert found["new"][1] is None
    assert found["drill"][1] in {"Y", "Z"}
    assert (found["drill"][0], found["new"][0]) == ("C", "C")
    assert (made.class_a, made.class_b, made.class_c, made.unclassed) == (1, 0, 3, 1)
    assert rows(business, "SELECT abc, xyz FROM stock WHERE sku = 'milk'") == [("A", "X")]


def test_a_night_is_made_once_and_again_gives_the_same(business):
    """The second time nothing is due; forced, it writes the same rows."""
    assert once(business, minutes=5).skipped == 0
    before = tables(business)
    assert once(business) is None
    with Forecasting(business.dsn) as store:
        make(store, store.places()[0], 5.0)
    assert tables(business) == before
    tick(business, MIDNIGHT + timedelta(hours=23, minutes=59))
    assert once(business) is None
    tick(business, MIDNIGHT + timedelta(hours=24))
    assert once(business).made_on == TODAY + timedelta(days=1)


def test_the_most_valuable_come_first_and_the_rest_say_so(business, monkeypatch):
    """The time is over after the dearest SKU: the others get the plain method, and say so."""
    sell(business, "bread", shop(300, seed=3), cost="1")
    monkeypatch.setattr("flows.forecasting.AT_ONCE", 1)
    fitters = []
    monkeypatch.setattr(
        "flows.forecasting.Fitter", lambda *some: fitters.append(Fitter(*some)) or fitters[0]
    )

    def end(*done_of):
        if done_of[0]:
            fitters[0]._until = 0.0

    with Forecasting(business.dsn) as store:
        made = make(store, store.places()[0], 5.0, progress=end)
    assert (made.series, made.skipped) == (5, 2)
    found = rows(business, "SELECT DISTINCT sku, method, rejected, skipped FROM forecast_now")
    why = {sku: (method, rejected, skipped) for sku, method, rejected, skipped in found}
    assert why["bread"] == why["unpriced"] == ("weekday_mean", None, "budget")
    assert "ets" in why["milk"]
    assert why["milk"][2] is None
    assert (why["drill"][2], why["new"][2]) == (None, None)
    assert rows(business, "SELECT skipped FROM forecast_runs") == [(2,)]


def test_no_minutes_no_seasonal_method(business, monkeypatch):
    """Zero starts no process; what sells rarely still has its method."""
    monkeypatch.setattr("subprocess.Popen", None)
    made = once(business, minutes=0.0)
    assert (made.skipped, made.methods.get("ets")) == (2, None)


def test_a_warehouse_has_the_part_of_the_minutes_that_its_skus_are(business):
    """Five SKUs here, one there: five sixths and one sixth; of nothing nothing."""
    place(business, "BJS", partition=1)
    sell(business, "milk", shop(100), "BJS")
    with Forecasting(business.dsn) as store:
        assert [store.part(name) for name in ("SHA", "BJS", "XXX")] == [5 / 6, 1 / 6, 0]


def test_midnight_is_the_warehouses_own(settings):
    """At the same tick it is another day in Chicago, and none without a tick."""
    place(settings)
    place(settings, "CHI", "America/Chicago", 1)
    with Forecasting(settings.dsn) as store:
        assert store.places() == []
    tick(settings, MIDNIGHT)
    assert once(settings, "SHA").made_on == TODAY
    assert once(settings, "CHI").made_on == TODAY - timedelta(days=1)
    tick(settings, datetime(2026, 3, 2, 6, tzinfo=UTC))
    assert once(settings, "SHA") is None
    assert once(settings, "CHI").made_on == TODAY


def test_after_a_pause_only_the_latest_day_is_made(business):
    """Ten days without anybody: one run, of the tenth, and no forecast of days gone by."""
    once(business)
    tick(business, MIDNIGHT + timedelta(days=10, hours=5))
    assert once(business).made_on == TODAY + timedelta(days=10)
    assert once(business) is None
    assert rows(business, "SELECT DISTINCT made_on, min(day) FROM forecasts GROUP BY 1") == [
        (TODAY + timedelta(days=10), TODAY + timedelta(days=10))
    ]


def test_what_sells_no_more_has_no_forecast(business):
    """Ninety days without demand: the rows are gone, the others stay."""
    once(business)
    tick(business, MIDNIGHT + timedelta(days=91))
    assert once(business).series == 0
    assert rows(business, "SELECT count(*) FROM forecasts") == [(0,)]
    assert rows(business, "SELECT DISTINCT abc, xyz FROM classes") == [("C", None)]


def test_of_quality_the_latest_and_every_28_days_is_kept(business):
    """A night in four for sixty days: those of day 0, 28, 56 and the last."""
    for night in range(0, 61, 4):
        tick(business, MIDNIGHT + timedelta(days=night))
        once(business)
    kept = rows(business, "SELECT made_on FROM forecast_quality WHERE sku = 'milk' ORDER BY 1")
    assert [(made_on - TODAY).days for (made_on,) in kept] == [0, 28, 56, 60]


def test_two_clocks_make_it_once(business):
    """Who finds the other at work leaves it alone; who comes later finds it done."""
    with Forecasting(business.dsn) as other, other.only_one("SHA") as alone:
        assert alone
        assert once(business) is None
        assert rows(business, "SELECT count(*) FROM forecast_runs") == [(0,)]
    made, threads = [], []
    for _ in range(4):
        threads.append(threading.Thread(target=lambda: made.append(once(business))))
        threads[-1].start()
    for one in threads:
        one.join()
    assert len([one for one in made if one]) == 1


def test_a_run_that_is_ended_has_done_nothing(business, monkeypatch):
    """Stopped between chunks, or killed before its commit: the next one does it all."""
    monkeypatch.setattr("flows.forecasting.AT_ONCE", 1)
    asked = iter([False] * 5)
    assert once(business, stopping=lambda: next(asked, True)) is None
    assert tables(business) == [[], [], []]
    with psycopg.connect(business.dsn) as holder:
        holder.execute("LOCK TABLE inventory.forecast_runs IN EXCLUSIVE MODE")
        nightly = Nightly(business, lambda: False)
        nightly.wake()
        wait_for(lambda: rows(
            business, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
            " AND application_name = 'waterline forecast'") == [(1,)])  # fmt: skip
        nightly.close()
    assert tables(business) == [[], [], []]
    assert once(business).series == 4


def test_a_warehouse_that_fails_is_said_and_tried_again(business, caplog):
    """The others are made; the clock's thread lives and makes it when it can."""
    place(business, "BJS", partition=1)
    sell(business, "milk", shop(100), "BJS")
    change(business, "ALTER TABLE forecasts ADD CONSTRAINT broken CHECK (warehouse <> 'BJS')")
    done = "SELECT warehouse FROM forecast_runs ORDER BY 1"
    nightly = Nightly(business, lambda: False)
    try:
        nightly.wake()
        wait_for(lambda: rows(business, done) == [("SHA",)])
        wait_for(lambda: "forecast of BJS not made, tried again in a minute" in caplog.text)
        assert "Traceback" not in caplog.text
        change(business, "ALTER TABLE forecasts DROP CONSTRAINT broken")
        nightly.wake()
        wait_for(lambda: rows(business, done) == [("BJS",), ("SHA",)])
    finally:
        nightly.close()


def test_the_clock_flow_makes_it_after_its_ticks(business):
    """Within seconds; a drain makes none; the thread ends with the flow."""
    noted = "SELECT warehouse, made_on FROM forecast_runs"
    tick(business, datetime.now(UTC))
    stop = Stop()
    run(clock.build(business, stop, drain=True), stop)
    assert rows(business, noted) == []
    change(business, "UPDATE offsets SET clock_at = clock_at - interval '3 minutes'")
    stop = Stop()
    running = threading.Thread(target=run, args=(clock.build(business, stop), stop))
    running.start()
    wait_for(lambda: rows(business, noted))
    stop.request()
    running.join(5)
    assert not running.is_alive()
    assert "nightly" not in {thread.name for thread in threading.enumerate()}


def test_the_writer_role_may_do_it(business):
    """What the flows are allowed is enough."""
    with Forecasting(business.dsn) as store:
        store.connection.execute("SET ROLE waterline_writer")
        assert make_due(store, "SHA", 5.0).series == 4


def test_forecast_as_a_command(business):
    """A page, or one document; made again whenever it is asked."""
    found = command(business, "forecast")
    assert (found.returncode, found.stderr) == (0, "")
    assert "SHA" in found.stdout
    assert "2026-03-02" in found.stdout
    assert "weekday mean" in found.stdout
    found = command(business, "forecast", "--warehouse", "SHA", "--json")
    assert found.returncode == 0
    document = json.loads(found.stdout)
    assert document["busy"] == []
    (one,) = document["forecasts"]
    assert (one["warehouse"], one["made_on"], one["series"]) == ("SHA", "2026-03-02", 4)
    assert sum(one["methods"].values()) == 4


def test_forecast_says_what_is_wrong(business):
    """An unknown warehouse, a busy one, no clock: one sentence each, exit code 1."""
    found = command(business, "forecast", "--warehouse", "XXX")
    assert (found.returncode, found.stdout) == (1, "")
    assert "there is no warehouse 'XXX' here; there are: SHA" in found.stderr
    with Forecasting(business.dsn) as other, other.only_one("SHA"):
        found = command(business, "forecast")
        assert found.returncode == 1
        assert "another process is making its forecast" in found.stdout
    change(business, "DELETE FROM offsets")
    found = command(business, "forecast")
    assert found.returncode == 1
    assert "waterline tick" in found.stderr
