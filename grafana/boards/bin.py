"""One bin: what lies in it, its limits and how they are used, its latest movements, its neighbours.

It is found by its code, or by aisle and position: a cell of the heat map's matrix knows only these.
Where they are given, the list of bins has just those that stand there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels
from grafana.board import Board, listed, search, url, warehouses

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "bin"
HERE = "warehouse = ${warehouse:sqlstring}"
THIS = f"{HERE} AND bin = {house.typed('bin')}"
BINS = f"""
    WITH bins AS MATERIALIZED (
        SELECT bin, zone, row_name, position FROM screen.bins_now WHERE {HERE})
    SELECT bin AS __text, bin AS __value FROM bins
    WHERE bin <> ''
      AND {house.typed("aisle")} IN ('', row_name)
      AND {house.typed("position")} IN ('', position::text)
    ORDER BY zone NULLS LAST, bin LIMIT 3000"""
USE = f"""
    SELECT occupancy, used_quantity, max_quantity, used_volume, max_volume, used_weight, max_weight,
        overweight
    FROM screen.bins_now WHERE {THIS}"""
GOODS = f"""
    SELECT sku, item_:lang AS item, lot, status, quantity, weight, expires_on, days_left,
        received_at AS received
    FROM screen.bin_goods WHERE {THIS}
    ORDER BY expires_on NULLS LAST, sku, lot LIMIT 50"""
MOVES = f"""
    SELECT occurred_at AS at, type, sku, item_:lang AS item, lot, quantity, operator, device,
        document
    FROM screen.bin_moves WHERE {THIS}
    ORDER BY occurred_at DESC, sku LIMIT 50"""
ALERTS = f"""
    SELECT severity, state, opened_at AS at, message_:lang AS message
    FROM screen.place_alerts
    WHERE {HERE} AND (bin = {house.typed("bin")}
        OR state <> 'resolved' AND (
            bin = '' AND zone IN (SELECT zone FROM screen.bins_now WHERE {THIS})
            OR sku IN (SELECT sku FROM screen.bin_goods WHERE {THIS})))
    ORDER BY state = 'resolved', rank, opened_at DESC LIMIT 20"""
NEIGHBOURS = f"""
    WITH this AS MATERIALIZED (SELECT row_name, position FROM screen.aisle_bins WHERE {THIS})
    SELECT bin, occupancy, used_quantity, max_quantity, free::int AS free
    FROM screen.aisle_bins
    WHERE {HERE} AND row_name = (SELECT row_name FROM this)
      AND abs(position - (SELECT position FROM this)) <= 4
    ORDER BY position, bin LIMIT 20"""


def build(say: Say) -> Board:
    """Return the board."""
    variables = [
        warehouses(say, several=False),
        search(say, "aisle"),
        search(say, "position"),
        listed(say, "bin", BINS, several=False),
    ]
    board = Board(say, NAME, variables=variables)
    board.add("use", (0, 0, 20, 5), _use(say))
    board.add("age", (20, 0, 4, 5), panels.age(say))
    board.add("goods", (0, 5, 24, 9), _goods(say))
    board.add("moves", (0, 14, 15, 14), _moves(say))
    board.add("alerts", (15, 14, 9, 6), _alerts(say))
    board.add("neighbours", (15, 20, 9, 8), _neighbours(say))
    return board


def _use(say: Say) -> Json:
    plain, cubic = house.fixed(house.IDLE), {"unit": "suffix: m³", "decimals": 2}
    kilograms = {"unit": "suffix: kg"}
    figures = {
        "occupancy": house.by_thresholds(house.FILLED) | {"unit": "percent"},
        "used_quantity": house.fixed(house.BLUE),
        "max_quantity": plain,
        "used_volume": house.fixed(house.BLUE) | cubic,
        "max_volume": plain | cubic,
        "used_weight": house.fixed(house.BLUE) | kilograms,
        "max_weight": plain | kilograms,
        "overweight": house.by_thresholds([(None, house.IDLE), (0.001, house.RED)]) | kilograms,
    }
    return panels.stats(say, USE, figures, texts=f"{NAME}.column", title_size=16, size=32)


def _to_sku(say: Say) -> list[Json]:
    return [house.link(say(f"{NAME}.link.sku"), url(say, "sku", sku=house.VALUE))]


def _goods(say: Say) -> Json:
    states = {"sellable": house.GREEN, "hold": house.YELLOW, "damaged": house.ORANGE,
              "returned": house.BLUE}  # fmt: skip
    shown = [
        c.text("sku", 130, links=_to_sku(say)),
        c.text("item"),
        c.text("lot", 150),
        c.badge("status", say.family(f"{NAME}.status"), states, 100),
        c.number("quantity", 110),
        c.number("weight", 110, "suffix: kg", 1),
        c.date("expires_on", 120),
        c.graded("days_left", house.DAYS_LEFT, 110),
        c.moment("received", 130),
    ]
    return panels.table(say, GOODS, shown, board=NAME)


def _moves(say: Say) -> Json:
    shown = [
        c.moment("at", 130, "MM-DD HH:mm:ss"),
        c.words("type", say.family(f"{NAME}.type"), 100),
        c.text("sku", 120, links=_to_sku(say)),
        c.text("item"),
        c.text("lot", 130),
        c.number("quantity", 80),
        c.text("operator", 80),
        c.text("device", 120),
        c.text("document", 140),
    ]
    return panels.table(say, MOVES, shown, board=NAME)


def _alerts(say: Say) -> Json:
    shown = [
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 80),
        c.badge("state", say.family("state"), house.STATE_COLOURS, 100),
        c.moment("at", 110),
        c.text("message"),
    ]
    return panels.table(say, ALERTS, shown, board=NAME)


def _neighbours(say: Say) -> Json:
    there = url(say, NAME, warehouse="${warehouse:percentencode}", aisle="", position="",
                bin=house.VALUE)  # fmt: skip
    shown = [
        c.text("bin", 120, links=[house.link(say(f"{NAME}.link.bin"), there)]),
        c.gauge("occupancy", house.FILLED, 100, 200),
        c.number("used_quantity", 100),
        c.number("max_quantity", 100),
        c.words("free", {"0": "–", "1": say(f"{NAME}.free")}, 90),
    ]
    return panels.table(say, NEIGHBOURS, shown, board=NAME)
