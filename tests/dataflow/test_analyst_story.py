"""Named queries and turnover on what the flow itself writes, against sums over the ledger."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.named import read_named
from connectors.queries import Queries
from flows.commands.query import ANALYST
from tests.builders import (
    BASE,
    cancel,
    customer_return,
    inbound,
    item,
    outbound,
    scrap,
    stocktake,
    tick,
    warehouse,
)
from tests.dataflow.two_stores import both

pytestmark = pytest.mark.stack
FILES = {one.name: one for one in read_named(ANALYST)}
ZONES = {"A": "Asia/Shanghai", "B": "America/New_York"}
SKUS = ("S1", "S2", "S3")
END = BASE + timedelta(days=3, hours=5)


def events(chance: random.Random) -> list[Any]:
    """Return forty days of movements with counts, cancels and late ones, out of order."""
    made: list[Any] = []
    for _ in range(160):
        at = END - timedelta(minutes=chance.randint(1, 40 * 1440))
        fields = {"at": at, "warehouse": chance.choice(tuple(ZONES)), "operator": "张三"}
        sku, quantity = chance.choice(SKUS), chance.randint(1, 9)
        kind = chance.choice(("in", "in", "out", "out", "out", "return", "scrap", "count"))
        if kind == "in":
            made.append(inbound(sku, 3 * quantity, **fields))
        elif kind == "out":
            made.append(outbound(sku, quantity, **fields))
        elif kind == "return":
            made.append(customer_return(sku, 1, **fields))
        elif kind == "scrap":
            made.append(scrap(sku, 1, reason="broken", **fields))
        else:
            made.append(stocktake(sku, 10 + quantity, scope="sku", **fields))
    undone = chance.sample(made, 12)
    made += [cancel(one, at=one.occurred_at, warehouse=one.warehouse) for one in undone]
    chance.shuffle(made)
    return made


@pytest.fixture(scope="module")
def story(new_database):
    """Give a database that the flow's own fold and writer filled."""
    head = [warehouse(name, timezone=zone) for name, zone in ZONES.items()]
    head += [item(sku, category=f"c-{sku}", unit_cost=Decimal(2)) for sku in SKUS]
    with new_database() as dsn:
        made = events(random.Random(7))
        batches = [head, made[:60], made[60:], [tick(at=END)]]
        assert both(dsn, batches, {"A": 0, "B": 1}, cold=True) == []
        yield dsn


def ask(dsn: str, name: str, **given: Any) -> list[dict[str, Any]]:
    """Return the rows of a named query."""
    query = FILES[name]
    with Queries(ANALYST, dsn) as queries:
        values = dict.fromkeys(one.name for one in query.parameters) | given
        return queries.table(query.file, values)[1]


def ledger(dsn: str, statement: str, *values: Any) -> list[tuple]:
    """Return rows of the ledger; `local` is the local day of a movement."""
    source = (
        "WITH m AS (SELECT m.*, (m.occurred_at AT TIME ZONE w.timezone)::date AS local"
        " FROM inventory.movements AS m JOIN inventory.warehouses AS w USING (warehouse)) "
    )
    with psycopg.connect(dsn) as conn:
        return conn.execute((source + statement).encode(), values).fetchall()


def last_day(name: str) -> date:
    """Return the local date of the clock."""
    return {"A": END + timedelta(hours=8), "B": END - timedelta(hours=5)}[name].date()


@pytest.mark.parametrize("back", [0, 3, 17, 33])
def test_stock_on_a_date_is_the_sum_of_the_ledger(story, back):
    """Whichever side it is counted from, the local day's end is the ledger's."""
    asked = last_day("B") - timedelta(days=back)
    found = {
        (row["warehouse"], row["sku"]): row["on_hand"]
        for row in ask(story, "stock_on_date", day=asked)
    }
    rows = ledger(
        story,
        "SELECT warehouse, sku, sum(quantity) FROM m WHERE local <= %s GROUP BY 1, 2"
        " HAVING sum(quantity) <> 0",
        asked,
    )
    assert found == {(name, sku): quantity for name, sku, quantity in rows}


def test_changes_are_those_of_the_ledger(story):
    """Inbound, outbound and the rest of a fortnight add up to what the ledger says."""
    first, last = last_day("B") - timedelta(days=20), last_day("B") - timedelta(days=7)
    rows = ask(story, "changes_between", from_day=first, to_day=last)
    found = {(row["warehouse"], row["sku"]): row["closing"] - row["opening"] for row in rows}
    issues = {(row["warehouse"], row["sku"]): row["issues"] for row in rows}
    told = ledger(
        story,
        "SELECT warehouse, sku, sum(quantity), -coalesce(sum(quantity)"
        " FILTER (WHERE type IN ('outbound', 'return')), 0) FROM m"
        " WHERE local BETWEEN %s AND %s GROUP BY 1, 2",
        first,
        last,
    )
    assert {key: net for key, net in found.items() if net} == {
        (name, sku): net for name, sku, net, _ in told if net
    }
    assert {key: sold for key, sold in issues.items() if sold} == {
        (name, sku): sold for name, sku, _, sold in told if sold
    }


@pytest.mark.parametrize("name", ZONES)
def test_turnover_is_the_integral_of_the_ledger(story, name):
    """At one cost for all, turnover by cost is issues / ∫ stock dt, step by step."""
    with psycopg.connect(story) as conn:
        [row] = conn.execute(
            "SELECT issues, mean_quantity, mean_value, turnover FROM inventory.turnover"
            " WHERE scope = 'warehouse' AND warehouse = %s AND days = 30",
            [name],
        ).fetchall()
        [starts] = conn.execute(
            "SELECT inventory.local_start(%s, %s)",
            [last_day(name) - timedelta(days=29), ZONES[name]],
        ).fetchone() or (None,)
    steps = ledger(
        story,
        "SELECT occurred_at, quantity, type FROM m WHERE warehouse = %s ORDER BY occurred_at",
        name,
    )
    level = sum(quantity for at, quantity, _ in steps if at < starts)
    sold, area, before = 0, Decimal(0), starts
    for at, quantity, kind in steps:
        if at >= starts:
            area += level * seconds(at - before)
            level, before = level + quantity, at
            sold -= quantity if kind in {"outbound", "return"} else 0
    mean = (area + level * seconds(END - before)) / seconds(END - starts)
    assert row[:3] == (sold, round(mean, 6), round(2 * mean, 6))
    assert row[3] == round(sold / mean, 6)


def seconds(span: timedelta) -> Decimal:
    """Return seconds."""
    return Decimal(span.days * 86400 + span.seconds)


def test_shrinkage_is_what_the_corrections_leave(story):
    """Late events and cancels are in it: losses less finds are the ledger's own sum."""
    rows = ask(story, "shrinkage", days=60)
    net = sum(row["missing"] + row["scrapped"] + row["lost"] - row["found"] for row in rows)
    [(told,)] = ledger(story, "SELECT -sum(quantity) FROM m WHERE type IN ('stocktake', 'scrap')")
    assert net == told
    assert {row["operator"] for row in rows} == {"张三"}


def test_every_named_query_answers(story):
    """None stumbles over what the flow writes."""
    for query in FILES.values():
        ask(story, query.name, **{one.name: "x" for one in query.parameters if one.required})


def test_turnover_of_a_sku_is_that_of_a_category_of_one(story):
    """Each SKU of the story is alone in its category: both views say the same, by cost too."""
    names = (
        "days, issues, issue_cost, mean_quantity, mean_value, closing_value, turnover,"
        " turnover_quantity, turnover_simple, annualised, days_of_inventory"
    )
    with psycopg.connect(story) as connection:
        whole = connection.execute(
            f"SELECT warehouse, category, {names} FROM inventory.turnover"
            " WHERE scope = 'warehouse_category' ORDER BY 1, 2, days".encode()
        ).fetchall()
        single = connection.execute(
            f"SELECT warehouse, 'c-' || sku, {names} FROM inventory.turnover_skus"
            " ORDER BY 1, 2, days".encode()
        ).fetchall()
    assert len(whole) == len(ZONES) * len(SKUS) * 4
    assert single == whole
