"""The clock flow killed with SIGKILL while it makes a forecast: the old or the new one, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from flows.forecasting import make_due
from flows.store.forecasts import Forecasting
from tests.dataflow.running import ROOT, environ, rows, wait_for
from tests.dataflow.selling import place, sell, shop, tick

pytestmark = pytest.mark.stack

NOW = datetime.now(UTC)
TODAY = NOW.date()
"""In UTC, where the warehouse of these tests is."""
SKUS = 40
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'waterline forecast'"
)


@contextmanager
def the_clock(settings):
    """Run the clock flow in a process of its own; kill it."""
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "flow", "clock"],
        cwd=ROOT, env=environ(settings), stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            running.kill()


def fitting(running):
    """Return the process that fits for this one, or None."""
    children = Path(f"/proc/{running.pid}/task").glob("*/children")
    for child in " ".join(file.read_text() for file in children).split():
        command = Path(f"/proc/{child}/cmdline")
        if command.exists() and "flows.fitting" in command.read_text():
            return command
    return None


def kept(settings):
    """Return all that a run writes, in order."""
    names = ("forecasts", "forecast_quality", "classes", "forecast_runs")
    return [rows(settings, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in names]


WHOLE = """
SELECT f.made_on
FROM (
    SELECT made_on, count(*), count(DISTINCT sku) AS skus, min(day) AS day
    FROM forecasts GROUP BY made_on
) AS f
FULL JOIN (SELECT made_on, series FROM forecast_runs) AS r USING (made_on)
FULL JOIN (SELECT day AS made_on, count(*) FROM classes GROUP BY day) AS c USING (made_on)
JOIN (SELECT made_on, count(*) FROM forecast_quality GROUP BY made_on) AS q USING (made_on)
WHERE (f.count, f.skus, f.day, r.series, c.count, q.count) = (28 * %s, %s, f.made_on, %s, %s, %s)
"""


def whole(settings):
    """Return the day of the forecast; fail unless every table has all SKUs of that day alone."""
    ((made_on,),) = rows(settings, WHOLE, *[SKUS] * 5)
    return made_on


@pytest.fixture
def business(settings):
    """Give settings of a warehouse with yesterday's forecast, to which midnight has come."""
    place(settings, zone="UTC")
    for number in range(SKUS):
        sell(settings, f"S{number:02}", shop(200, seed=number), today=TODAY)
    tick(settings, NOW - timedelta(days=1))
    with Forecasting(settings.dsn) as store:
        make_due(store, "SHA", 5.0)
    tick(settings, NOW - timedelta(minutes=2))
    assert whole(settings) == TODAY - timedelta(days=1)
    return settings


def test_killed_while_it_fits_the_old_forecast_stays(business):
    """Its fitting process goes with it; the next clock makes the new one."""
    before = kept(business)
    with the_clock(business) as running:
        wait_for(lambda: fitting(running))
        child = fitting(running)
    assert running.returncode == -signal.SIGKILL
    wait_for(lambda: not child.exists() or not child.read_text())
    assert kept(business) == before
    with the_clock(business):
        wait_for(lambda: whole(business) == TODAY)


def test_killed_while_it_writes_the_old_forecast_stays(business):
    """All rows written and not committed: none of them is there; the next clock makes them."""
    before = kept(business)
    with psycopg.connect(business.dsn) as holder:
        holder.execute("LOCK TABLE inventory.forecast_runs IN EXCLUSIVE MODE")
        with the_clock(business):
            wait_for(lambda: rows(business, f"{BACKENDS} AND wait_event_type = 'Lock'") == [(1,)])
    wait_for(lambda: rows(business, BACKENDS) == [(0,)])
    assert kept(business) == before
    with the_clock(business):
        wait_for(lambda: whole(business) == TODAY)


def test_killed_when_it_has_written_the_new_forecast_stays(business):
    """The next clock finds it done and leaves it alone."""
    with the_clock(business):
        wait_for(lambda: whole(business) == TODAY)
    before = kept(business)
    with Forecasting(business.dsn) as store:
        assert make_due(store, "SHA", 5.0) is None
    assert kept(business) == before
