"""E-board of one zone, hung up in the warehouse: large type, kiosk, a request a second.

Address: `…?kiosk&autofitpanels&_dash.hideTimePicker&theme=dark&var-warehouse=…&var-zone=…`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels
from grafana.board import Board, warehouses, zones

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "e_board"
HERE = "warehouse = ${warehouse:sqlstring}"
ZONE = "${zone:sqlstring}"
QUERIES = {
    "zone": f"""
        SELECT quantity, skus, bins, free_bins, round(occupancy) AS occupancy, overweight_bins
        FROM screen.zones_now WHERE {HERE} AND zone = {ZONE}""",
    "jobs": f"""
        SELECT lines_open, lines_late, units_picked, picked_percent, units_received,
            receipts_expected, transfers_expected
        FROM screen.jobs_today WHERE {HERE}""",
    "picks": f"""
        SELECT priority, bins, item_:lang AS item, here, to_pick, elsewhere, due_at
        FROM screen.zone_picks WHERE {HERE} AND zone = {ZONE}
        ORDER BY priority, due_at NULLS LAST, sku LIMIT 12""",
    "shortages": f"""
        SELECT item_:lang AS item, here, available, safety_stock, expected
        FROM screen.zone_shortages WHERE {HERE} AND (zone = {ZONE} OR zone IS NULL)
        ORDER BY zone IS NULL, place LIMIT 6""",
    "care": f"""
        SELECT kind, place, note FROM (
            (SELECT 'overweight' AS kind, 1 AS rank, bin AS place, message_:lang AS note
             FROM screen.place_alerts
             WHERE {HERE} AND rule = 'bin_overweight' AND state <> 'resolved' AND zone = {ZONE}
             ORDER BY opened_at DESC, bin LIMIT 5)
            UNION ALL
            (SELECT 'fragile', 2, bins, item_:lang || coalesce(' · ' || protection, '')
             FROM screen.zone_picks
             WHERE {HERE} AND zone = {ZONE} AND fragile
             ORDER BY due_at NULLS LAST, sku LIMIT 5)) AS notes
        ORDER BY rank, place LIMIT 6""",
    "alerts": f"""
        SELECT severity, state, opened_at AS at, message_:lang AS message
        FROM screen.place_alerts
        WHERE {HERE} AND state <> 'resolved' AND (zone = {ZONE} OR zone IS NULL)
        ORDER BY zone IS NULL, rank, opened_at DESC LIMIT 6""",
}
PRIORITY = {"1": house.RED, "2": house.ORANGE, "3": house.YELLOW, "4": house.IDLE}
CARE = {"overweight": house.RED, "fragile": house.YELLOW}


def build(say: Say) -> Board:
    """Return the board."""
    variables = [warehouses(say, several=False), zones(say, several=False)]
    board = Board(say, NAME, refresh="1s", since="now-1h", variables=variables)
    board.add("zone", (0, 0, 20, 6), _zone(say))
    board.add("age", (20, 0, 4, 6), panels.age(say))
    board.add("jobs", (0, 6, 24, 6), _jobs(say))
    board.add("picks", (0, 12, 14, 12), _picks(say))
    board.add("shortages", (14, 12, 10, 6), _shortages(say))
    board.add("care", (14, 18, 10, 6), _care(say))
    board.add("alerts", (0, 24, 24, 7), _alerts(say))
    board.share(QUERIES)
    return board


def _zone(say: Say) -> Json:
    figures = {
        "quantity": house.fixed(house.IDLE),
        "skus": house.fixed(house.IDLE),
        "bins": house.fixed(house.IDLE),
        "free_bins": house.by_thresholds([(None, house.IDLE), (1, house.GREEN)]),
        "occupancy": house.by_thresholds(house.FILLED) | {"unit": "percent"},
        "overweight_bins": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
    }
    return panels.stats(
        say, panels.Shared("zone"), figures, texts=f"{NAME}.column", title_size=24, size=64
    )


def _jobs(say: Say) -> Json:
    done = [(None, house.IDLE), (80, house.GREEN)]
    figures = {
        "lines_open": house.fixed(house.BLUE),
        "lines_late": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
        "units_picked": house.fixed(house.IDLE),
        "picked_percent": house.by_thresholds(done) | {"unit": "percent", "decimals": 1},
        "units_received": house.fixed(house.IDLE),
        "receipts_expected": house.fixed(house.BLUE),
        "transfers_expected": house.fixed(house.BLUE),
    }
    return panels.stats(
        say, panels.Shared("jobs"), figures, texts=f"{NAME}.column", title_size=24, size=56
    )


def _large(say: Say, name: str, shown: list[c.Column]) -> Json:
    panel = panels.table(say, panels.Shared(name), shown, board=NAME)
    panel["options"]["cellHeight"] = "lg"
    return panel


def _picks(say: Say) -> Json:
    shown = [
        c.badge("priority", say.family(f"{NAME}.priority"), PRIORITY, 150),
        c.text("bins", 160),
        c.text("item"),
        c.number("here", 80),
        c.number("to_pick", 80),
        c.number("elsewhere", 80),
        c.moment("due_at", 80, "HH:mm"),
    ]
    return _large(say, "picks", shown)


def _shortages(say: Say) -> Json:
    shown = [
        c.text("item"),
        c.number("here", 90),
        c.number("available", 90, custom__align="right"),
        c.number("safety_stock", 90),
        c.number("expected", 90),
    ]
    return _large(say, "shortages", shown)


def _care(say: Say) -> Json:
    shown = [
        c.badge("kind", say.family(f"{NAME}.care_kind"), CARE, 110),
        c.text("place", 120),
        c.text("note"),
    ]
    return _large(say, "care", shown)


def _alerts(say: Say) -> Json:
    shown = [
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 110),
        c.badge("state", say.family("state"), house.STATE_COLOURS, 130),
        c.moment("at", 130),
        c.text("message"),
    ]
    return _large(say, "alerts", shown)
