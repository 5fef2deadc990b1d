"""Turnover of warehouses and categories against the step function of made-up movements."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import dict_row

pytestmark = pytest.mark.stack
CLOCK = datetime(2025, 11, 12, 15, 30, tzinfo=UTC)
ZONES = {"E": "Asia/Shanghai", "N": "America/New_York"}
CATEGORIES = ("food", "tools", "")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Moved:
    """A movement: units, their value, and how much of them was an issue."""

    at: datetime
    warehouse: str
    category: str
    units: int
    value: int
    issues: int
    cost: int


def moves(seed: int, after: timedelta = timedelta()) -> list[Moved]:
    """Return 400 days of movements up to the clock (and `after` it), in the order of time."""
    chance = random.Random(seed)
    made = []
    for _ in range(900):
        units = chance.choice((-5, -3, -1, 4, 6, 9))
        price = chance.randint(1, 9)
        issued = units < 0 and chance.random() < 0.8
        made.append(
            Moved(
                CLOCK + after - timedelta(seconds=chance.randint(0, 400 * 86400)),
                chance.choice(tuple(ZONES)),
                chance.choice(CATEGORIES),
                units,
                units * price,
                -units if issued else 0,
                -units * price if issued else 0,
            )
        )
    return sorted(made, key=lambda one: one.at)


def seconds(at: datetime) -> Decimal:
    """Return seconds since 1970."""
    return Decimal(int((at - EPOCH).total_seconds()))


def local_day(one: Moved) -> date:
    """Return the local day of a movement."""
    return one.at.astimezone(ZoneInfo(ZONES[one.warehouse])).date()


def midnight(day: date, warehouse: str) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, time(), ZoneInfo(ZONES[warehouse])).astimezone(UTC)


def fill(conn, made: list[Moved]) -> None:
    """Write the sums of turnover_daily, the warehouses and their clock."""
    sums = defaultdict(lambda: [Decimal(0)] * 6)
    for one in made:
        at = seconds(one.at)
        added = (one.issues, one.cost, one.units, one.units * at, one.value, one.value * at)
        key = local_day(one), one.warehouse, one.category
        sums[key] = [a + b for a, b in zip(sums[key], added, strict=True)]
    conn.cursor().executemany(
        "INSERT INTO turnover_daily VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [(*key, *row) for key, row in sums.items()],
    )
    for number, (warehouse, zone) in enumerate(ZONES.items()):
        conn.execute(
            "INSERT INTO warehouses (warehouse, timezone) VALUES (%s, %s)", [warehouse, zone]
        )
        conn.execute("INSERT INTO partitions VALUES (%s, %s)", [warehouse, number])
        conn.execute(
            "INSERT INTO offsets (log_partition, topic, clock_at) VALUES (%s, 't', %s)",
            [number, CLOCK],
        )


@dataclass(frozen=True)
class Figures:
    """What the step function of one warehouse and category says of one window."""

    issues: int
    cost: int
    per_day: Fraction
    mean_quantity: Fraction
    mean_value: Fraction
    simple: Fraction


def integrate(made: list[Moved], warehouse: str, category: str, window: tuple) -> Figures:
    """Integrate stock and value over the window, step by step."""
    starts, ends = window
    ours = [one for one in made if (one.warehouse, one.category) == (warehouse, category)]
    units = sum(one.units for one in ours if one.at < starts)
    opening = value = sum(one.value for one in ours if one.at < starts)
    inside = [one for one in ours if starts <= one.at <= ends]
    area = worth = Fraction(0)
    before = starts
    for one in inside:
        held = Fraction(int((one.at - before).total_seconds()))
        area, worth = area + units * held, worth + value * held
        units, value, before = units + one.units, value + one.value, one.at
    held = Fraction(int((ends - before).total_seconds()))
    length = Fraction(int((ends - starts).total_seconds()))
    cost = sum(one.cost for one in inside)
    return Figures(
        sum(one.issues for one in inside),
        cost,
        Fraction(cost) * 86400 / length,
        (area + units * held) / length,
        (worth + value * held) / length,
        Fraction(opening + value, 2),
    )


def check(row, parts: list[Figures], ends_tolerance: float = 2e-6) -> None:
    """Compare a row with the sum of its parts."""

    def total(name: str) -> Fraction:
        return sum((Fraction(getattr(part, name)) for part in parts), Fraction(0))

    def ratio(above: Fraction, below: Fraction) -> float | None:
        return float(above / below) if below > 0 else None

    mean, per_day = total("mean_value"), total("per_day")
    near = {"rel": ends_tolerance, "abs": ends_tolerance}
    assert (row["issues"], row["issue_cost"]) == (total("issues"), total("cost"))
    assert float(row["mean_quantity"]) == pytest.approx(float(total("mean_quantity")), **near)
    assert float(row["mean_value"]) == pytest.approx(float(mean), **near)
    for name, expected in (
        ("turnover", ratio(total("cost"), mean)),
        ("turnover_quantity", ratio(total("issues"), total("mean_quantity"))),
        ("turnover_simple", ratio(total("cost"), total("simple"))),
        ("annualised", ratio(365 * per_day, mean)),
    ):
        found = row[name]
        assert (found is None) == (expected is None), name
        assert found is None or float(found) == pytest.approx(expected, **near), name
    stays = ratio(mean, per_day) if mean > 0 else None
    assert (row["days_of_inventory"] is None) == (stays is None)
    assert stays is None or float(row["days_of_inventory"]) == pytest.approx(stays, abs=0.006)


@pytest.fixture
def conn(migrated):
    """Give a connection whose rows are dicts; what a test writes is taken back."""
    with psycopg.connect(migrated, row_factory=dict_row) as made:
        yield made
        made.rollback()


def window(warehouse: str, last: date, days: int, ends: datetime) -> tuple[datetime, datetime]:
    """Return the window of so many local days that ends with `last`, at `ends` at the latest."""
    after = midnight(last + timedelta(days=1), warehouse)
    return midnight(last - timedelta(days=days - 1), warehouse), min(after, ends)


def today(warehouse: str) -> date:
    """Return the local date of the clock."""
    return CLOCK.astimezone(ZoneInfo(ZONES[warehouse])).date()


@pytest.mark.parametrize("seed", range(3))
def test_turnover_is_the_integral_of_the_step_function(conn, seed):
    """Each scope and window is what integrating the movements step by step gives."""
    made = moves(seed)
    fill(conn, made)
    rows = conn.execute("SELECT * FROM turnover").fetchall()
    assert len(rows) == 4 * (1 + 2 + 3 + 6)
    for row in rows:
        parts = [
            integrate(made, w, c, window(w, today(w), row["days"], CLOCK))
            for w in ZONES
            for c in CATEGORIES
            if row["warehouse"] in {None, w} and row["category"] in {None, c}
        ]
        check(row, parts)


def test_scopes_are_named(conn):
    """What a row is of is said, and NULL stands where it is of all."""
    fill(conn, moves(1))
    rows = conn.execute("SELECT scope, warehouse, category FROM turnover WHERE days = 7").fetchall()
    for row in rows:
        named = {
            "all": (False, False),
            "warehouse": (True, False),
            "category": (False, True),
            "warehouse_category": (True, True),
        }[row["scope"]]
        assert (row["warehouse"] is not None, row["category"] is not None) == named


def test_the_missions_example(conn):
    """100 for 10 days, then 40 for 20 days, 60 issued: mean 60, turnover 1, simple 0.857."""
    conn.execute("INSERT INTO warehouses (warehouse, timezone) VALUES ('E', 'UTC')")
    conn.execute("INSERT INTO partitions VALUES ('E', 0)")
    conn.execute(
        "INSERT INTO offsets (log_partition, topic, clock_at) VALUES (0, 't', '2025-07-01Z')"
    )
    for at, net, issues in (("2025-05-31", 100, 0), ("2025-06-11", -60, 60)):
        moment = net * seconds(datetime.fromisoformat(at).replace(tzinfo=UTC))
        conn.execute(
            "INSERT INTO turnover_daily VALUES (%s, 'E', '', %s, %s, %s, %s, %s, %s)",
            [at, issues, 2 * issues, net, moment, 2 * net, 2 * moment],
        )
    [row] = conn.execute(
        "SELECT * FROM turnover_series(30, '2025-06-30', '2025-06-30') WHERE warehouse = 'E'"
    ).fetchall()
    assert (row["mean_quantity"], row["mean_value"]) == (60, 120)
    assert (row["turnover"], row["turnover_quantity"]) == (1, 1)
    assert row["turnover_simple"] == Decimal("0.857143")
    assert row["annualised"] == Decimal("12.166667")
    assert row["days_of_inventory"] == 30


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_series_says_each_day_what_it_was_when_it_ended(conn, days):
    """Every day's window is the integral up to its midnight, across the change of the clocks."""
    made = moves(4)
    fill(conn, made)
    rows = conn.execute(
        "SELECT * FROM turnover_series(%s, '2025-10-28', '2025-11-20')", [days]
    ).fetchall()
    found = {(row["warehouse"], row["day"]) for row in rows}
    span = [date(2025, 10, 28) + timedelta(days=n) for n in range(24)]
    assert found == {(w, day) for w in ZONES for day in span if day <= today(w)}
    for row in rows:
        w = row["warehouse"]
        spans = window(w, row["day"], days, CLOCK)
        check(row, [integrate(made, w, c, spans) for c in CATEGORIES])


def test_a_series_of_a_category_ends_with_what_the_view_says(conn):
    """The last day, today so far, is the view's own row."""
    fill(conn, moves(5))
    day = today("E")
    [row] = conn.execute(
        "SELECT * FROM turnover_series(30, %s, %s, 'food') WHERE warehouse = 'E'", [day, day]
    ).fetchall()
    view = conn.execute(
        "SELECT * FROM turnover WHERE scope = 'warehouse_category' AND warehouse = 'E'"
        " AND category = 'food' AND days = 30"
    ).fetchone()
    assert {name: view[name] for name in row if name != "day"} == {
        name: row[name] for name in row if name != "day"
    }


def test_movements_ahead_of_the_clock_end_the_window_later(conn):
    """A movement of today after the latest tick is in the window, which ends with it."""
    last = CLOCK + timedelta(minutes=1)
    made = [*moves(6), Moved(last, "E", "food", -5, -50, 5, 50)]
    fill(conn, made)
    conn.execute(
        "INSERT INTO movements (occurred_at, warehouse, sku, status, type, quantity, event_id,"
        " log_partition, log_offset) VALUES (%s, 'E', 's', 'sellable', 'outbound', -5, 'e', 0, 0)",
        [last],
    )
    row = conn.execute(
        "SELECT * FROM turnover WHERE scope = 'warehouse' AND warehouse = 'E' AND days = 7"
    ).fetchone()
    spans = window("E", today("E"), 7, last)
    check(row, [integrate(made, "E", c, spans) for c in CATEGORIES])


def test_what_is_dated_after_today_is_not_in_a_window(conn):
    """The clock is behind by a day: tomorrow's movements wait for it."""
    made = moves(7, after=timedelta(days=2))
    fill(conn, made)
    rows = conn.execute("SELECT * FROM turnover WHERE scope = 'warehouse' AND days = 30").fetchall()
    assert max(one.at for one in made) > CLOCK + timedelta(days=1)
    for row in rows:
        w = row["warehouse"]
        known = [one for one in made if one.warehouse == w and local_day(one) <= today(w)]
        assert row["closing_value"] == sum(one.value for one in known)
        first = today(w) - timedelta(days=29)
        assert row["issue_cost"] == sum(one.cost for one in known if local_day(one) >= first)


def test_without_a_clock_there_is_no_window(conn):
    """Before the first tick nothing is known of windows."""
    fill(conn, moves(8))
    conn.execute("UPDATE offsets SET clock_at = NULL")
    assert conn.execute("SELECT * FROM turnover").fetchall() == []
    series = "SELECT * FROM turnover_series(7, '2025-01-01', '2025-01-09')"
    assert conn.execute(series).fetchall() == []


def test_a_zone_that_nobody_knows_is_utc(conn):
    """Clocks name a zone that the server can use."""
    fill(conn, moves(9))
    conn.execute("UPDATE warehouses SET timezone = 'No/Where' WHERE warehouse = 'E'")
    rows = conn.execute("SELECT warehouse, timezone, today FROM clocks ORDER BY 1").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("E", "UTC", date(2025, 11, 12)),
        ("N", "America/New_York", date(2025, 11, 12)),
    ]
