"""Water level: how many SKUs are red, yellow, green and over, and the list of the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels
from grafana.board import Board, categories, search, url, warehouses

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "water"
SAFETY = ((None, house.RED), (90, house.YELLOW), (115, house.GREEN), (600, house.BLUE))
"""Available in percent of the safety stock → colour."""
CHOSEN = f"""
    {house.chosen("warehouse")} AND {house.chosen("category")}"""
WORST = f"""
    SELECT * FROM screen.water
    WHERE level <> 'green' AND {CHOSEN}
      AND (sku ILIKE '%' || {house.typed("sku")} || '%'
           OR item_:lang ILIKE '%' || {house.typed("sku")} || '%')
    ORDER BY rank, safety_percent NULLS LAST, warehouse, sku
    LIMIT 40"""
LIST = f"""
    SELECT warehouse || '/' || sku AS key, level, warehouse_:lang AS warehouse_name, sku,
        item_:lang AS item, available, safety_stock, safety_percent, max_stock, days_of_cover,
        in_transit, incoming
    FROM ({WORST}) AS worst"""
TREND = f"""
    SELECT d.time, d.warehouse || '/' || d.sku AS key, d.closing::double precision AS value
    FROM screen.closing_daily AS d
    JOIN ({WORST}) AS worst USING (warehouse, sku)
    WHERE d.day >= current_date - 14
    ORDER BY 1"""


def build(say: Say) -> Board:
    """Return the board."""
    variables = [warehouses(say), categories(say), search(say, "sku")]
    board = Board(say, NAME, variables=variables, since="now-24h")
    board.add("totals", (0, 0, 20, 5), _totals(say))
    board.add("age", (20, 0, 4, 5), panels.age(say))
    board.add("list", (0, 5, 24, 15), _list(say))
    board.add("warehouses", (0, 20, 24, 8), _warehouses(say))
    return board


def _totals(say: Say) -> Json:
    sql = f"""
        SELECT sum(red) AS red, sum(yellow) AS yellow, sum(green) AS green, sum("over") AS over
        FROM screen.totals WHERE {CHOSEN}"""
    figures = {
        "red": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
        "yellow": house.by_thresholds([(None, house.IDLE), (1, house.YELLOW)]),
        "green": house.fixed(house.GREEN),
        "over": house.by_thresholds([(None, house.IDLE), (1, house.BLUE)]),
    }
    return panels.stats(say, sql, figures, size=56)


def _list(say: Say) -> Json:
    to_sku = [house.link(say("water.link.sku"), url(say, "sku", sku=house.VALUE))]
    shown = [
        c.badge("level", say.family("level"), house.LEVEL_COLOURS),
        c.text("warehouse_name", 150),
        c.text("sku", 130, links=to_sku),
        c.text("item"),
        c.number("available"),
        c.number("safety_stock"),
        c.gauge("safety_percent", SAFETY, 200, 220),
        c.number("max_stock"),
        c.number("days_of_cover", decimals=1),
        c.number("in_transit"),
        c.number("incoming"),
        c.sparkline("trend", "Trend.*"),
    ]
    queries = [house.query(say, LIST), house.query(say, TREND, "B", "time_series")]
    return panels.table(
        say, queries, shown, board=NAME, sort=("safety_percent", False),
        timeFrom="15d", hideTimeOverride=True,
        transformations=[
            {"id": "timeSeriesTable", "options": {"B": {"stat": "lastNotNull"}}},
            {"id": "joinByField", "options": {"byField": "key", "mode": "outer"}},
            {"id": "organize", "options": {"excludeByName": {"key": True}}},
        ],
    )  # fmt: skip


def _warehouses(say: Say) -> Json:
    sql = f"""
        SELECT warehouse_:lang AS warehouse_name, sum(red) AS red, sum(yellow) AS yellow
        FROM screen.totals WHERE {CHOSEN} GROUP BY 1 ORDER BY 2 DESC LIMIT 20"""
    series = {"red": house.fixed(house.RED), "yellow": house.fixed(house.YELLOW)}
    return panels.bars(say, sql, "warehouse_name", series)
