"""One SKU: what it is, its figures in each warehouse, where it lies, how it went, what is open.

The text box takes a code or a barcode, or a part of a code or a name: the board shows the first
match and lists the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels, trails
from grafana.board import Board, search, warehouses
from grafana.boards import flow_trace

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "sku"
HEADS = "flow"
FOUND = f"screen.sku_found(btrim({house.typed('sku')}))"
ONE = f"(SELECT found.sku FROM {FOUND} AS found ORDER BY found.place LIMIT 1)"
HERE = house.chosen("warehouse")
FIGURES = f"screen.sku_figures({ONE}) WHERE {HERE}"
COVER = ((None, house.RED), (3, house.YELLOW), (7, house.GREEN))
"""Days for which what is available lasts → colour."""
LETTERS = {"A": house.GREEN, "B": house.BLUE, "C": house.IDLE}
STATUS = {
    "sellable": house.GREEN, "hold": house.YELLOW, "damaged": house.ORANGE,
    "returned": house.PURPLE,
}  # fmt: skip
OPEN = {"order": house.BLUE, "purchase": house.GREEN, "transfer": house.PURPLE}
ACTING = {
    "proposed": house.YELLOW, "approved": house.BLUE, "sent": house.BLUE, "done": house.GREEN,
    "failed": house.RED, "rejected": house.IDLE,
}  # fmt: skip


def build(say: Say) -> Board:
    """Return the board."""
    board = Board(say, NAME, variables=[search(say, "sku"), warehouses(say)], since="now-7d")
    board.add("card", (0, 0, 20, 4), _card(say))
    board.add("age", (20, 0, 4, 4), panels.age(say))
    board.add("sums", (0, 4, 24, 4), _sums(say))
    board.add("figures", (0, 8, 24, 9), _figures(say))
    board.add("days", (0, 17, 8, 9), _days(say))
    board.add("changes", (8, 17, 8, 9), _changes(say))
    board.add("demand", (16, 17, 8, 9), _demand(say))
    board.add("cells", (0, 26, 12, 10), _cells(say))
    board.add("open", (12, 26, 12, 10), _open(say))
    board.add("alerts", (0, 36, 8, 8), _alerts(say))
    board.add("actions", (8, 36, 8, 8), _actions(say))
    board.add("matches", (16, 36, 8, 8), _matches(say))
    board.add("trail", (0, 44, 24, 12), _trail(say))
    return board


def _card(say: Say) -> Json:
    kinds = " , ".join(
        f"CASE WHEN {kind} THEN {house.literal(say(f'flow.special.{kind}'))} END"
        for kind in ("fragile", "high_value", "bonded")
    )
    sql = f"""
        SELECT f.sku, f.item_:lang AS item, f.category, f.barcode, i.unit_cost, i.shelf_life_days,
            i.unit_weight, concat_ws(' · ', {kinds}) AS special, i.protection
        FROM {FOUND} AS f LEFT JOIN screen.item_cards AS i USING (sku)
        ORDER BY f.place LIMIT 1"""
    shown = [
        c.text("sku", 140, links=trails.to_trail(say, sku=house.VALUE)),
        c.text("item"),
        c.text("category", 160),
        c.text("barcode", 140),
        c.money("unit_cost", decimals=2),
        c.number("shelf_life_days", 120),
        c.number("unit_weight", 110, "suffix: kg", 3),
        c.text("special", 160),
        c.text("protection", 260),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _sums(say: Say) -> Json:
    sql = f"""
        SELECT sum(on_hand) AS on_hand, sum(available) AS available,
            sum(safety_stock) AS safety_stock, sum(reserved) AS reserved, sum(on_hold) AS on_hold,
            sum(in_transit) AS in_transit, sum(incoming) AS incoming, sum(value) AS value,
            count(*) FILTER (WHERE level = 'red') AS red
        FROM {FIGURES}"""
    figures = {
        "on_hand": house.fixed(house.IDLE),
        "available": house.by_thresholds([(None, house.RED), (0.0001, house.GREEN)]),
        "safety_stock": house.fixed(house.IDLE),
        "reserved": house.fixed(house.IDLE),
        "on_hold": house.by_thresholds([(None, house.IDLE), (0.0001, house.YELLOW)]),
        "in_transit": house.fixed(house.PURPLE),
        "incoming": house.fixed(house.BLUE),
        "value": {**house.fixed(house.IDLE), "unit": "prefix:¥"},
        "red": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
    }
    return panels.stats(say, sql, figures, texts="sku.figure", size=30, title_size=15)


def _figures(say: Say) -> Json:
    sql = f"""
        SELECT level, warehouse_:lang AS warehouse_name, on_hand, available, reserved, on_hold,
            in_transit, incoming, safety_stock, reorder_point, max_stock, demand_per_day,
            days_of_cover, stock_out_on, turnover_7d, turnover_30d, turnover_90d, abc, xyz,
            unit_cost, value
        FROM {FIGURES}
        ORDER BY array_position(ARRAY['red', 'yellow', 'over', 'green'], level), warehouse
        LIMIT 50"""
    shown = [
        c.badge("level", say.family("level"), house.LEVEL_COLOURS, 70),
        c.text("warehouse_name"),
        *(c.number(name, 80) for name in ("on_hand", "available", "reserved", "on_hold")),
        *(c.number(name, 90) for name in ("in_transit", "incoming", "safety_stock")),
        *(c.number(name, 90) for name in ("reorder_point", "max_stock")),
        c.number("demand_per_day", 85, decimals=1),
        c.graded("days_of_cover", COVER, 90, decimals=1),
        c.date("stock_out_on", 105),
        *(c.number(f"turnover_{days}d", 85, decimals=2) for days in (7, 30, 90)),
        c.badge("abc", {x: x for x in LETTERS}, LETTERS, 55),
        c.text("xyz", 55),
        c.money("unit_cost", 85, decimals=2),
        c.money("value", 95),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _days(say: Say) -> Json:
    sql = f"""
        WITH days AS (
            SELECT time, sum(inbound) AS inbound, sum(outbound) AS outbound,
                sum(closing - opening) AS net
            FROM screen.sku_days({ONE}) WHERE {HERE} GROUP BY time
        ),
        present AS (
            SELECT sum(on_hand) AS on_hand, sum(safety_stock) AS safety_stock FROM {FIGURES}
        )
        SELECT d.time, d.inbound, d.outbound, p.on_hand - coalesce(sum(d.net) OVER (
                ORDER BY d.time DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
                AS on_hand, p.safety_stock
        FROM days AS d CROSS JOIN present AS p ORDER BY d.time LIMIT 400"""
    line = {"custom__drawStyle": "line", "custom__fillOpacity": 0, "custom__lineWidth": 2}
    series = {
        "inbound": house.fixed(house.GREEN),
        "outbound": house.fixed(house.ORANGE),
        "on_hand": house.fixed(house.LIGHT_BLUE) | line,
        "safety_stock": house.fixed(house.YELLOW) | line,
    }
    return panels.lines(say, sql, series, bars=True, timeFrom="60d", hideTimeOverride=True)


def _changes(say: Say) -> Json:
    sql = f"""
        WITH changes AS (
            SELECT time, on_hand - lag(on_hand) OVER past AS on_hand,
                available - lag(available) OVER past AS available
            FROM screen.stock_changes
            WHERE sku = {ONE} AND {HERE} AND time >= $__timeFrom()
            WINDOW past AS (PARTITION BY warehouse ORDER BY time)
        ),
        present AS (
            SELECT sum(on_hand) AS on_hand, sum(available) AS available,
                sum(safety_stock) AS safety_stock
            FROM {FIGURES}
        ),
        levels AS (
            SELECT c.time, p.on_hand - coalesce(sum(c.on_hand) OVER later, 0) AS on_hand,
                p.available - coalesce(sum(c.available) OVER later, 0) AS available, p.safety_stock
            FROM changes AS c CROSS JOIN present AS p
            WINDOW later AS (
                ORDER BY c.time DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            UNION ALL
            SELECT now(), on_hand, available, safety_stock FROM present
        )
        SELECT time, on_hand, available, safety_stock FROM (
            SELECT DISTINCT ON (time_bucket('$__interval', time)) * FROM levels
            WHERE time <= greatest($__timeTo(), now())
            ORDER BY time_bucket('$__interval', time) DESC, time DESC LIMIT 1500) AS shown
        ORDER BY time"""
    step = {"custom__lineInterpolation": "stepAfter"}
    series = {
        "on_hand": house.fixed(house.LIGHT_BLUE) | step,
        "available": house.fixed(house.GREEN) | step,
        "safety_stock": house.fixed(house.YELLOW) | {"custom__fillOpacity": 0},
    }
    return panels.lines(say, sql, series, interval="1m")


def _demand(say: Say) -> Json:
    sql = f"""
        SELECT to_char(time, 'MM-DD') AS day, sum(sold) AS sold, sum(expected) AS expected,
            sum(low) AS low, sum(high) AS high
        FROM screen.sku_demand({ONE})
        WHERE {HERE} AND time BETWEEN now() - interval '15 days' AND now() + interval '14 days'
        GROUP BY time ORDER BY time LIMIT 40"""
    series = {
        "sold": house.fixed(house.BLUE),
        "low": house.fixed(house.GREY),
        "expected": house.fixed(house.GREEN),
        "high": house.fixed(house.LIGHT_BLUE),
    }
    return panels.bars(say, sql, "day", series, texts="sku.column", decimals=1)


def _cells(say: Say) -> Json:
    sql = f"""
        SELECT warehouse_:lang AS warehouse_name, zone, bin, lot, {ONE} AS sku, status, quantity,
            expires_on, days_to_expiry, received_at
        FROM screen.sku_cells({ONE}) WHERE {HERE}
        ORDER BY days_to_expiry NULLS LAST, warehouse, bin, lot LIMIT 50"""
    follow = trails.to_trail(say, sku=house.field("sku"), lot=house.VALUE)
    shown = [
        c.text("warehouse_name"),
        c.text("zone", 60),
        c.text("bin", 80),
        c.text("lot", 130, links=follow),
        c.hidden("sku"),
        c.badge("status", say.family("flow.status"), STATUS, 90),
        c.number("quantity", 80),
        c.date("expires_on", 105),
        c.graded("days_to_expiry", house.DAYS_LEFT, 90),
        c.moment("received_at"),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _open(say: Say) -> Json:
    sql = f"""
        SELECT kind, warehouse_:lang AS warehouse_name, document, other_:lang AS other, ordered,
            done, remaining, due_at
        FROM screen.sku_open WHERE sku = {ONE} AND {HERE}
        ORDER BY due_at NULLS LAST, kind, document LIMIT 50"""
    shown = [
        c.badge("kind", say.family("flow.open"), OPEN, 90),
        c.text("warehouse_name"),
        c.text("document", 170, links=trails.to_trail(say, document=house.VALUE)),
        c.text("other", 150),
        *(c.number(name, 75) for name in ("ordered", "done", "remaining")),
        c.moment("due_at"),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _alerts(say: Say) -> Json:
    sql = f"""
        SELECT severity, rule, warehouse_:lang AS warehouse_name, state, time
        FROM screen.sku_alerts WHERE sku = {ONE} AND {HERE}
        ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity), time LIMIT 30"""
    shown = [
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 75),
        c.words("rule", say.family("flow.rule")),
        c.text("warehouse_name", 150),
        c.badge("state", say.family("state"), house.STATE_COLOURS, 90),
        c.moment("time", 110),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _actions(say: Say) -> Json:
    sql = f"""
        SELECT kind, state, warehouse_:lang AS warehouse_name, quantity, value, time
        FROM screen.sku_actions WHERE sku = {ONE} AND {HERE}
        ORDER BY time DESC LIMIT 30"""
    shown = [
        c.words("kind", say.family("flow.action"), 100),
        c.badge("state", say.family("flow.state"), ACTING),
        c.text("warehouse_name"),
        c.number("quantity", 75),
        c.money("value", 85),
        c.moment("time", 110),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _matches(say: Say) -> Json:
    sql = f"""
        SELECT sku, item_:lang AS item, category
        FROM {FOUND} ORDER BY place LIMIT 20"""
    shown = [
        c.text("sku", 120, links=trails.to_sku(say)),
        c.text("item"),
        c.text("category", 140),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _trail(say: Say) -> Json:
    sql = f"""
        {flow_trace.trail_rows(say)}
        FROM (
            SELECT * FROM screen.trail({ONE}, '', '')
            WHERE sku = {ONE} AND {HERE} ORDER BY step DESC LIMIT 30
        ) AS trail
        ORDER BY step DESC"""
    return panels.table(say, sql, flow_trace.trail_columns(say), board=HEADS)
