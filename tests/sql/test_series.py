"""The two series against a count of every period anew, after whatever may change them."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest

from flows.series import DAYS, HOURS, _keep, keep_series
from tests.sql import series_model as model
from tests.sql.shelves import CLOCK, day, insert, item, place, rows, warehouse

pytestmark = pytest.mark.stack
BEGIN = datetime(2026, 3, 5, 3, tzinfo=UTC)
SPAN_S = int((CLOCK - BEGIN).total_seconds())
BINS = ("A1", "A2", "B1", "N1", "Z9", "")
PATHS = "SET search_path = inventory, public"


def leg(conn, at, sku, quantity, **more) -> None:
    """Insert a leg that is committed now."""
    row = {"warehouse": "W", "bin": "A1", "lot": "", "status": "sellable", "type": "inbound"}
    rest = {"event_id": "e", "log_partition": 0, "log_offset": 0}
    insert(conn, "movements", occurred_at=at, sku=sku, quantity=quantity, **(row | rest | more))


def legs(seed: int, count: int = 90):
    """Return random legs, some of them after the clock."""
    random = Random(seed)
    for _ in range(count):
        yield {
            "at": BEGIN + timedelta(seconds=random.randrange(SPAN_S + 240)),
            "sku": random.choice(["box", "tin", "new"]),
            "quantity": random.choice([-3, -1, 2, 4, 7]),
            "warehouse": random.choice("WV"), "bin": random.choice(BINS),
            "lot": random.choice(["", "L1", "L2", "L3"]),
            "status": random.choice(["sellable", "sellable", "hold"]),
        }  # fmt: skip


@pytest.fixture
def house(settings):
    """Give settings of a database with two warehouses in two time zones, and no movement yet."""
    with psycopg.connect(settings.dsn) as conn:
        warehouse(conn)
        warehouse(conn, "V", partition=1)
        conn.execute(
            "UPDATE inventory.warehouses SET timezone = 'America/New_York' WHERE warehouse = 'V'"
        )
        item(conn, "box", category="c", unit_volume="0.01", unit_weight=5)
        item(conn, "tin", category="d", unit_volume="0.3")
        for name in ("W", "V"):
            place(conn, "A1", warehouse=name, max_quantity=90, max_weight=50)
            place(conn, "A2", warehouse=name, max_quantity=110)
            place(conn, "B1", "B", warehouse=name, max_volume=2, max_weight=0)
            place(conn, "N1", None, warehouse=name, max_quantity=10, active=False)
            for n, lot in enumerate(("L1", "L2", "")):
                for sku in ("box", "new"):
                    dates = {"warehouse": name, "sku": sku, "lot": lot}
                    insert(conn, "lot_dates", **dates, expires_on=day(9 * n - 2))
            for sku, cost in (("box", 2), ("new", None)):
                insert(conn, "stock_figures", warehouse=name, sku=sku, unit_cost=cost)
    return settings


def fill(settings, moved) -> None:
    """Commit legs, and the stock that they make."""
    with psycopg.connect(settings.dsn) as conn:
        conn.execute(PATHS)
        for one in moved:
            leg(conn, **one)
        model.settle(conn)


def right(settings):
    """Compare both series with the model, return their rows."""
    with psycopg.connect(settings.dsn) as conn:
        conn.execute(PATHS)
        hours, days = model.occupancy(conn), model.expiry(conn)
        assert model.found(conn, "occupancy_hourly") == hours
        assert model.found(conn, "expiry_daily") == days
    return hours, days


@pytest.mark.parametrize("seed", range(2))
def test_every_period_is_a_count_of_the_movements_before_its_end(house, seed):
    """Hours by UTC, days by the warehouse's own midnight; nothing of what is not closed yet."""
    fill(house, legs(seed))
    done = keep_series(house)
    assert len(done) == 4
    hours, days = right(house)
    assert max(hours)[0] == CLOCK - model.HOUR
    assert {key[0] for key in days if key[1] == "W"} == {day(n) for n in range(-5, 0)}
    assert len({key[3] for key in days}) > 2
    assert keep_series(house) == []
    assert keep_series(house, now=True) != []
    assert right(house) == (hours, days)


CHANGES = {
    "a lot's date": "UPDATE lot_dates SET expires_on = '2026-03-30' WHERE lot = 'L1'",
    "a lot's date that goes": "UPDATE lot_dates SET expires_on = NULL WHERE lot = 'L2'",
    "an item's volume": "UPDATE items SET unit_volume = 0.2 WHERE sku = 'box'",
    "an item's master data": "INSERT INTO items (sku, category, unit_weight, occurred_at, event_id)"
    " VALUES ('new', 'c', 3, now(), 'e')",
    "an item's category": "UPDATE items SET category = NULL WHERE sku = 'box'",
    "a cost": "UPDATE stock_figures SET unit_cost = 3 WHERE sku = 'new'",
    "a bin's zone": "UPDATE bin_places SET zone = 'B' WHERE bin = 'A1'",
    "a zone that goes": "UPDATE bin_places SET zone = NULL WHERE bin = 'B1' AND warehouse = 'W'",
    "a bin that closes": "UPDATE bin_places SET active = false WHERE bin = 'A2'",
    "a bin's limit": "UPDATE bin_places SET max_quantity = 7 WHERE bin = 'A1'",
    "a bin that comes": "INSERT INTO bin_places (warehouse, bin, zone, occurred_at, event_id)"
    " VALUES ('W', 'Z9', 'Z', now(), 'e')",
    "a bin that goes": "DELETE FROM bin_places WHERE bin = 'B1'",
    "a time zone": "UPDATE warehouses SET timezone = 'Asia/Kathmandu' WHERE warehouse = 'W'",
    "an earlier clock": "UPDATE offsets SET clock_at = clock_at - interval '30 hours'",
    "a later clock": "UPDATE offsets SET clock_at = clock_at + interval '50 hours'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_in_all_rows_after_the_next_run(house, change):
    """Layout, sizes, dates, categories, costs, zones and the clock hold for all time."""
    fill(house, legs(7))
    keep_series(house)
    before = right(house)
    with psycopg.connect(house.dsn) as conn:
        conn.execute(PATHS)
        conn.execute(CHANGES[change].encode())
        model.settle(conn)
    keep_series(house, now=True)
    assert right(house) != before


def test_late_movement_is_made_again_from_its_hour_on(house):
    """The rest stays: so does the other warehouse, from the local day of its last run on."""
    fill(house, legs(3))
    keep_series(house)
    forget_overlap(house)
    late = BEGIN + timedelta(hours=50, minutes=7)
    fill(house, [{"at": late, "sku": "box", "quantity": 11, "lot": "L1"}])
    done = {(one.series, one.warehouse): one.since for one in keep_series(house, now=True)}
    assert done == {
        (HOURS.table, "W"): late.replace(minute=0),
        (HOURS.table, "V"): datetime(2026, 3, 10, 4, tzinfo=UTC),
        (DAYS.table, "W"): datetime(2026, 3, 6, 16, tzinfo=UTC),
        (DAYS.table, "V"): datetime(2026, 3, 10, 4, tzinfo=UTC),
    }
    right(house)


def forget_overlap(settings) -> None:
    """Let the last runs have been a while ago, and what they saw before them."""
    with psycopg.connect(settings.dsn) as conn:
        conn.execute(
            "UPDATE inventory.movements SET committed_at = committed_at - interval '1 day'"
        )
        conn.execute(
            "UPDATE inventory.series_runs SET committed_to = committed_to - interval '20 minutes'"
        )


def test_cancel_takes_a_movement_out_of_every_row(house):
    """Its row is negated at its own time: the series are those without both."""
    fill(house, legs(5))
    keep_series(house)
    without = right(house)
    wrong = {"at": BEGIN + timedelta(hours=30), "sku": "box", "lot": "L2", "bin": "B1"}
    fill(house, [wrong | {"quantity": 9}])
    keep_series(house, now=True)
    assert right(house) != without
    forget_overlap(house)
    fill(house, [wrong | {"quantity": -9, "correction": True}])
    keep_series(house, now=True)
    assert right(house) == without


def test_any_order_of_arrival_gives_the_same_rows(house):
    """However the legs are shared out to runs, and whatever the clock then was."""
    moved = list(legs(11))
    Random(1).shuffle(moved)
    for n in range(3):
        with psycopg.connect(house.dsn) as conn:
            conn.execute(
                "UPDATE inventory.offsets SET clock_at = %s", [CLOCK - (2 - n) * model.DAY]
            )
        fill(house, moved[n * 30 : n * 30 + 30])
        keep_series(house)
        forget_overlap(house)
    right(house)


def test_new_sku_of_today_does_not_make_everything_again(house):
    """It has no stock before its first day, so its size changes no older row."""
    fill(house, (one for one in legs(3) if one["sku"] != "new"))
    keep_series(house)
    forget_overlap(house)
    with psycopg.connect(house.dsn) as conn:
        item(conn, "new", unit_volume=1)
        conn.execute("UPDATE inventory.offsets SET clock_at = clock_at + interval '3 hours'")
    fill(house, [{"at": CLOCK + model.HOUR, "sku": "new", "quantity": 1}])
    done = [one for one in keep_series(house) if one.series == HOURS.table]
    assert min(one.since for one in done) > CLOCK - model.DAY
    right(house)


def test_retention_is_how_far_back_they_go(house):
    """Fewer days: older rows go; more days again: they come back; not before kept movements."""
    fill(house, legs(2))
    keep_series(house)
    whole = right(house)
    for days in (2, 400):
        with psycopg.connect(house.dsn) as conn:
            conn.execute(
                "UPDATE inventory.retention SET keep_days = %s"
                " WHERE relation IN ('occupancy_hourly', 'expiry_daily')", [days],
            )  # fmt: skip
        keep_series(house, now=True)
        with psycopg.connect(house.dsn) as conn:
            conn.execute(PATHS)
            kept = [model.found(conn, table) for table in model.KEPT]
        starts = {
            "W": CLOCK.replace(hour=16) - 3 * model.DAY,
            "V": CLOCK.replace(hour=5) - 2 * model.DAY,
        }
        if days == 2:
            assert kept == [
                {key: row for key, row in whole[0].items() if key[0] >= starts[key[1]]},
                {key: row for key, row in whole[1].items() if key[0] >= day(-2)},
            ]
    right(house)
    for relation in ("movements", "expiry_daily"):
        with psycopg.connect(house.dsn) as conn:
            conn.execute("UPDATE inventory.retention SET gone_before = NULL")
            conn.execute(
                "UPDATE inventory.retention SET gone_before = %s WHERE relation = %s",
                [CLOCK - model.DAY, relation],
            )
        done = keep_series(house, now=True)
        early = {one.series for one in done if one.starts < CLOCK - 2 * model.DAY}
        assert early == (set() if relation == "movements" else {HOURS.table})


def test_warehouse_without_movements_any_more_has_no_series(house):
    """Tables that were made anew leave nothing of the old ones."""
    fill(house, legs(2))
    keep_series(house)
    with psycopg.connect(house.dsn) as conn:
        conn.execute("DELETE FROM inventory.movements WHERE warehouse = 'V'")
        conn.execute("DELETE FROM inventory.stock_figures WHERE warehouse = 'V'")
        conn.execute("DELETE FROM inventory.stock_bins WHERE warehouse = 'V'")
    keep_series(house)
    right(house)
    with psycopg.connect(house.dsn) as conn:
        assert rows(conn, "SELECT DISTINCT warehouse FROM inventory.series_runs") == [("W",)]


def test_of_two_at_a_time_one_works(house):
    """The other leaves it to the first."""
    fill(house, legs(2))
    with psycopg.connect(house.dsn) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(%s, 1), pg_advisory_xact_lock(%s, 2)",
                     [0x57415453, 0x57415453])  # fmt: skip
        assert keep_series(house) == []
    assert len(keep_series(house, "W")) == 2


def test_writer_may_do_it(house):
    """The flows' own role has the rights that the job needs."""
    fill(house, legs(2))
    with psycopg.connect(house.dsn, autocommit=True) as conn:
        conn.execute("SET ROLE waterline_writer")
        for series in (HOURS, DAYS):
            with conn.transaction():
                assert _keep(conn, series, None, lambda _: nullcontext(), now=False)
    right(house)
