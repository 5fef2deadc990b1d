"""Phone, 390 pixels wide: alerts, decisions, the red list, promotion day; the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import choices, house, panels
from grafana import columns as c
from grafana.board import Board, url, warehouses

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "phone"
HERE = house.here()
SHORT = ((None, house.RED), (90, house.YELLOW))
"""Available in percent of the safety stock, of what is red."""
LASTS = ((None, house.RED), (24, house.YELLOW), (72, house.GREEN))
"""Hours that the stock lasts → colour."""


def build(say: Say) -> Board:
    """Return the board: panels as wide as the screen, tables of about 340 pixels."""
    variables = [warehouses(say), choices.constant("app_url", choices.APP_URL)]
    board = Board(say, NAME, variables=variables, since="now-24h")
    board.add("figures", (0, 0, 24, 5), _figures(say))
    board.add("open", (0, 5, 24, 9), _open(say))
    board.add("approvals", (0, 14, 24, 7), _approvals(say))
    board.add("red", (0, 21, 24, 8), _red(say))
    board.add("pace", (0, 29, 24, 6), _pace(say))
    board.add("hot", (0, 35, 24, 8), _hot(say))
    board.add("zones", (0, 43, 24, 9), _zones(say))
    board.add("age", (0, 52, 24, 3), panels.age(say))
    return board


def _figures(say: Say) -> Json:
    sql = f"""
        SELECT count(*) FILTER (WHERE severity = 'critical') AS critical,
            count(*) FILTER (WHERE state = 'open') AS unacknowledged,
            (SELECT sum(red) FROM screen.totals WHERE {house.chosen("warehouse")}) AS red,
            (SELECT count(*) FROM screen.actions_waiting WHERE {HERE}) AS waiting
        FROM screen.open_alerts WHERE {HERE}"""
    trouble = house.by_thresholds([(None, house.GREEN), (1, house.RED)])
    some = house.by_thresholds([(None, house.IDLE), (1, house.YELLOW)])
    figures = {
        "critical": trouble,
        "unacknowledged": some,
        "red": trouble,
        "waiting": house.by_thresholds([(None, house.IDLE), (1, house.BLUE)]),
    }
    return panels.stats(say, sql, figures, texts=f"{NAME}.figure", title_size=14, size=30)


def _open(say: Say) -> Json:
    rules = house.worded("rule", choices.rules(say))
    sql = f"""
        SELECT severity,
            concat_ws(' · ', {rules}, coalesce(nullif(item_:lang, ''), nullif(bin, ''),
                nullif(subject, ''))) AS what,
            warehouse_:lang AS warehouse_name, alert_id
        FROM screen.open_alerts WHERE {HERE}
        ORDER BY rank, state DESC, opened_at, alert_id LIMIT 15"""
    why = url(say, "alert_center", alert=house.field("alert_id"))
    shown = [
        c.badge("severity", say.family(f"{NAME}.severity"), house.SEVERITY_COLOURS, 55),
        c.text(
            "what", 200, custom__wrapText=True, links=[house.link(say(f"{NAME}.link.why"), why)]
        ),
        c.text("warehouse_name", 85, custom__wrapText=True),
        c.hidden("alert_id"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _approvals(say: Say) -> Json:
    sql = f"""
        SELECT item_:lang AS item, quantity, projected,
            {house.literal(say(f"{NAME}.decide"))} AS decide, action_id
        FROM screen.actions_waiting WHERE kind = 'replenishment' AND {HERE}
        ORDER BY proposed_at, action_id LIMIT 15"""
    page = f"${{app_url:raw}}/m/actions/{house.field('action_id')}"
    shown = [
        c.text("item", 145, custom__wrapText=True),
        c.number("quantity", 60),
        c.number("projected", 65),
        c.text("decide", 70, links=[house.link(say(f"{NAME}.link.decide"), page)]),
        c.hidden("action_id"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _red(say: Say) -> Json:
    sql = f"""
        SELECT item_:lang AS item, warehouse, safety_percent, sku
        FROM screen.red_now WHERE {house.chosen("warehouse")}
        ORDER BY safety_percent NULLS FIRST, short DESC, warehouse, sku LIMIT 15"""
    sku = url(say, "sku", sku=house.field("sku"))
    shown = [
        c.text(
            "item", 165, custom__wrapText=True, links=[house.link(say(f"{NAME}.link.sku"), sku)]
        ),
        c.text("warehouse", 55),
        c.gauge("safety_percent", SHORT, 100, 120),
        c.hidden("sku"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _pace(say: Say) -> Json:
    sql = f"""
        SELECT time, sum(lines)::double precision AS lines FROM screen.outbound_pace
        WHERE $__timeFilter(time) AND {house.chosen("warehouse")} GROUP BY 1 ORDER BY 1"""
    data = [house.query(say, sql, form="time_series")]
    series = {"lines": house.fixed(house.LIGHT_BLUE)}
    return panels.lines(say, data, series, texts=f"{NAME}.figure", bars=True)


def _hot(say: Say) -> Json:
    sql = f"""
        SELECT item_:lang AS item, warehouse, available, hours_of_cover, sku
        FROM screen.selling_out WHERE {house.chosen("warehouse")}
        ORDER BY hours_of_cover, warehouse, sku LIMIT 15"""
    sku = url(say, "sku", sku=house.field("sku"))
    shown = [
        c.text(
            "item", 150, custom__wrapText=True, links=[house.link(say(f"{NAME}.link.sku"), sku)]
        ),
        c.text("warehouse", 55),
        c.number("available", 60),
        c.graded("hours_of_cover", LASTS, 75, say(f"{NAME}.hours")),
        c.hidden("sku"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _zones(say: Say) -> Json:
    sql = f"""
        SELECT warehouse_:lang || ' ' || zone AS name, occupancy::double precision AS occupancy
        FROM screen.zones_now
        WHERE zone <> '' AND occupancy IS NOT NULL AND {house.chosen("warehouse")}
        ORDER BY occupancy DESC, 1 LIMIT 12"""
    return panels.bar_gauge(say, sql)
