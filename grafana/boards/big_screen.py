"""The big screen: all warehouses as one, on a wall. One request a second: see Board.share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import choices, house, panels, why
from grafana import columns as c
from grafana.board import Board, categories, url, warehouses
from grafana.panels import Shared

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "big_screen"
WORDS = f"{NAME}.column"
HERE = house.chosen("warehouse")
CHOSEN = f"""
    {HERE} AND {house.chosen("category")}"""
SECONDS = "suffix: s"
SHOWN = "($__timeTo())::timestamptz - ($__timeFrom())::timestamptz"
STEP = f"""CASE WHEN {SHOWN} <= '2 days' THEN interval '10 minutes'
                WHEN {SHOWN} <= '15 days' THEN interval '1 hour' ELSE interval '1 day' END"""
"""What a point of the trend sums: a longer time is shown in larger steps."""


def build(say: Say) -> Board:
    """Return the board."""
    variables = [warehouses(say), categories(say)]
    board = Board(say, NAME, refresh="1s", since="now-12h", variables=variables)
    many, money = say("unit.many"), say("unit.money")
    stock = Shared("stock")
    board.add("on_hand", (0, 0, 3, 4), panels.stat(say, stock, "on_hand", unit=many, decimals=1))
    available = panels.stat(say, stock, "available", unit=many, decimals=1)
    board.add("available", (3, 0, 3, 4), available)
    board.add("value", (6, 0, 4, 4), panels.stat(say, stock, "value", unit=money, decimals=1))
    turnover = panels.stat(say, Shared("turnover"), "annual", unit="none", decimals=2)
    board.add("turnover", (10, 0, 2, 4), turnover)
    board.add("cover", (12, 0, 2, 4), panels.stat(say, Shared("turnover"), "days"))
    board.add("levels", (14, 0, 10, 4), _levels(say))
    board.add("severities", (0, 4, 8, 4), _severities(say))
    board.add("responses", (8, 4, 6, 4), _responses(say))
    board.add("lag", (14, 4, 8, 4), _lag(say))
    board.add("age", (22, 4, 2, 4), panels.age(say, Shared("age"), 24))
    board.add("categories", (0, 8, 5, 8), panels.donut(say, Shared("category"), unit=money))
    board.add("warehouses", (5, 8, 7, 8), _warehouses(say))
    board.add("flow", (12, 8, 7, 8), _flow(say))
    board.add("types", (19, 8, 5, 8), _types(say))
    board.add("alerts", (0, 16, 12, 9), _alerts(say))
    board.add("shortages", (12, 16, 8, 9), _shortages(say))
    board.add("zones", (20, 16, 4, 9), panels.bar_gauge(say, Shared("zone")))
    board.share(_queries(say), {"flow": "time_series"})
    return board


def _queries(say: Say) -> dict[str, str]:
    """Return the queries that all panels share, by name."""
    pipeline = {
        "lag": """
            SELECT p50, p95, p99, 100 * share_over_1s AS over_1s,
                100 * share_over_3s AS over_3s
            FROM screen.lag_now WHERE kind = 'live'""",
        "age": panels.AGE,
    }
    return _of_stock(say) | _of_alerts(say) | pipeline


def _of_stock(say: Say) -> dict[str, str]:
    many, money = say("unit.many_each"), say("unit.money_each")
    other, none = house.literal(say(f"{NAME}.other")), house.literal(say(f"{NAME}.none"))
    return {
        "stock": f"""
            SELECT sum(on_hand) / {many} AS on_hand,
                sum(available) / {many} AS available, sum(value) / {money} AS value,
                sum(red) AS red, sum(yellow) AS yellow, sum(green) AS green, sum("over") AS over
            FROM screen.totals WHERE {CHOSEN}""",
        "turnover": f"""
            SELECT sum(annual_cost) / nullif(sum(mean_value), 0) AS annual,
                365 * sum(mean_value) / nullif(sum(annual_cost), 0) AS days
            FROM screen.turnover_now WHERE days = 30 AND {CHOSEN}""",
        "category": f"""
            WITH sums AS (
                SELECT category, sum(value) AS value,
                    row_number() OVER (ORDER BY sum(value) DESC NULLS LAST, category) AS place
                FROM screen.totals WHERE {CHOSEN} GROUP BY category
            )
            SELECT CASE WHEN place > 7 THEN {other} ELSE coalesce(nullif(category, ''), {none}) END
                    AS name,
                (sum(value) / {money})::double precision AS value
            FROM sums WHERE value > 0 GROUP BY 1 ORDER BY min(place) LIMIT 8""",
        "warehouse": f"""
            SELECT warehouse_:lang AS name, sum(value) / {money} AS value, sum(red) AS red
            FROM screen.totals WHERE {CHOSEN} GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 12""",
        "flow": f"""
            SELECT time_bucket({STEP}, time) AS time, sum(inbound) AS inbound,
                sum(outbound) AS outbound
            FROM screen.throughput WHERE $__timeFilter(time) AND {HERE}
            GROUP BY 1 ORDER BY 1""",
        "shortage": f"""
            SELECT warehouse_:lang AS warehouse_name, sku, item_:lang AS item, available,
                safety_stock, short
            FROM screen.top_shortages WHERE {CHOSEN}
            ORDER BY value_at_risk DESC NULLS LAST, short DESC, warehouse, sku LIMIT 12""",
        "zone": f"""
            SELECT warehouse || ' ' || zone AS name, occupancy::double precision AS occupancy
            FROM screen.zones_now WHERE zone <> '' AND occupancy IS NOT NULL AND {HERE}
            ORDER BY occupancy DESC, warehouse, zone LIMIT 10""",
    }


def _of_alerts(say: Say) -> dict[str, str]:
    rule = house.worded("rule", choices.rules(say))
    return {
        "severity": f"""
            SELECT count(*) FILTER (WHERE severity = 'critical') AS critical,
                count(*) FILTER (WHERE severity = 'warning') AS warning,
                count(*) FILTER (WHERE severity = 'info') AS info,
                count(*) FILTER (WHERE acknowledged_at IS NULL) AS unanswered
            FROM screen.open_alerts WHERE {house.here()}""",
        "response": """
            SELECT to_answer_p50_s AS p50, to_answer_p95_s AS p95,
                100 * answered_within_10_min AS within
            FROM screen.responses_day""",
        "type": f"""
            SELECT {rule} AS name, count(*) AS alerts
            FROM screen.open_alerts WHERE {house.here()}
            GROUP BY rule ORDER BY 2 DESC, 1 LIMIT 10""",
        "alert": f"""
            SELECT s.severity, s.rule, m.message_:lang AS message,
                extract(epoch FROM now() - s.opened_at)::double precision AS since,
                s.acknowledged_by AS who, s.alert_id
            FROM (SELECT * FROM screen.open_alerts WHERE {house.here()}
                  ORDER BY rank, opened_at DESC, alert_id LIMIT 20) AS s
            {why.SAID}
            ORDER BY s.rank, s.opened_at DESC, s.alert_id""",
    }


def _levels(say: Say) -> Json:
    figures = {
        "red": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
        "yellow": house.by_thresholds([(None, house.IDLE), (1, house.YELLOW)]),
        "green": house.fixed(house.GREEN),
        "over": house.by_thresholds([(None, house.IDLE), (1, house.BLUE)]),
    }
    only = {"id": "filterFieldsByName", "options": {"include": {"names": list(figures)}}}
    chosen = "${warehouse:queryparam}&${category:queryparam}"
    there = f"/d/{say.uid('water')}?{chosen}&${{__url_time_range}}"
    panel = panels.stats(
        say, Shared("stock"), figures, texts=WORDS, title_size=18, transformations=[only]
    )
    panel["fieldConfig"]["defaults"]["links"] = [house.link(say(f"{NAME}.link.levels"), there)]
    return panel


def _severities(say: Say) -> Json:
    figures = {
        "critical": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
        "warning": house.by_thresholds([(None, house.IDLE), (1, house.YELLOW)]),
        "info": house.by_thresholds([(None, house.IDLE), (1, house.BLUE)]),
        "unanswered": house.by_thresholds([(None, house.IDLE), (1, house.ORANGE)]),
    }
    return panels.stats(say, Shared("severity"), figures, texts=WORDS, title_size=18)


def _responses(say: Say) -> Json:
    quick = house.by_thresholds([(None, house.GREEN), (600, house.YELLOW), (3600, house.RED)])
    share = house.by_thresholds([(None, house.RED), (80, house.YELLOW), (95, house.GREEN)])
    figures = {"p50": quick, "p95": quick, "within": share | {"unit": "percent"}}
    return panels.stats(
        say,
        Shared("response"),
        figures,
        texts=WORDS,
        unit="s",
        ground=False,
        title_size=16,
        size=28,
    )


def _lag(say: Say) -> Json:
    late = house.by_thresholds(house.LATE)
    share = house.by_thresholds([(None, house.GREEN), (0.1, house.YELLOW), (1, house.RED)])
    share |= {"unit": "percent"}
    figures = {"p50": late, "p95": late, "p99": late, "over_1s": share, "over_3s": share}
    return panels.stats(
        say, Shared("lag"), figures, texts=WORDS, unit=SECONDS, decimals=2, ground=False,
        title_size=16, size=28,
    )  # fmt: skip


def _warehouses(say: Say) -> Json:
    red = house.fixed(house.RED) | {"unit": "locale", "custom__axisPlacement": "right"}
    series = {"value": house.fixed(house.BLUE), "red": red}
    unit = say("unit.money")
    return panels.bars(say, Shared("warehouse"), "name", series, texts=f"{NAME}.bar", unit=unit)


def _flow(say: Say) -> Json:
    series = {"inbound": house.fixed(house.BLUE), "outbound": house.fixed(house.ORANGE)}
    return panels.lines(say, Shared("flow"), series, unit="short")


def _types(say: Say) -> Json:
    series = {"alerts": house.fixed(house.ORANGE)}
    return panels.bars(say, Shared("type"), "name", series, texts=WORDS, horizontal=True)


def _alerts(say: Say) -> Json:
    alert = house.field("alert_id")
    there = house.link(say(f"{NAME}.link.alert"), url(say, "alert_center", alert=alert))
    shown = [
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 70),
        c.words("rule", choices.rules(say), 130),
        c.text("message", links=[there]),
        c.lasting("since", 120),
        c.text("who", 100),
        c.hidden("alert_id"),
    ]
    return panels.table(say, Shared("alert"), shown, board=NAME)


def _shortages(say: Say) -> Json:
    sku = house.link(say(f"{NAME}.link.sku"), url(say, "sku", sku=house.VALUE))
    shown = [
        c.text("warehouse_name", 130),
        c.text("sku", 110, links=[sku]),
        c.text("item"),
        c.number("available", 80),
        c.number("safety_stock", 80),
        c.number("short", 70),
    ]
    return panels.table(say, Shared("shortage"), shown, board=NAME)
