"""Reports: stock, flows, turnover, expiry, space and alerts by day, week or month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import choices, house, panels
from grafana import columns as c
from grafana.board import Board, categories, listed, warehouses

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "reports"
WORDS = f"{NAME}.column"
HERE = house.chosen("warehouse")
CHOSEN = f"""
    {HERE} AND {house.chosen("category")}"""
PERIOD = "${period:sqlstring}"
DAYS = "day BETWEEN ($__timeFrom())::timestamptz::date AND ($__timeTo())::timestamptz::date"
LEVEL = f"""
    SELECT day, sum(sum(value_net)) OVER (ORDER BY day) AS value,
        sum(sum(net)) OVER (ORDER BY day) AS on_hand
    FROM screen.turnover_days
    WHERE day <= ($__timeTo())::timestamptz::date AND {CHOSEN} GROUP BY day"""
"""What was there at the end of each day on which anything moved."""
WINDOW_COLOURS = {
    "expired": house.DARK_RED, "≤7": house.RED, "≤15": house.ORANGE, "≤30": house.YELLOW,
}  # fmt: skip


def build(say: Say) -> Board:
    """Return the board."""
    rows = ", ".join(
        f"({place}, {choices.literal(text)}, {choices.literal(code)})"
        for place, (code, text) in enumerate(say.family("period").items())
    )
    values = f"(VALUES {rows}) AS v (place, __text, __value)"
    sql = f"SELECT v.__text, v.__value FROM {values} ORDER BY v.place"
    period = listed(say, "period", sql, several=False)
    variables = [warehouses(say), categories(say), period]
    board = Board(say, NAME, refresh="1m", since="now-30d", variables=variables)
    board.add("summary", (0, 0, 21, 4), _summary(say))
    board.add("age", (21, 0, 3, 4), panels.age(say))
    board.add("value", (0, 4, 12, 8), _value(say))
    board.add("flow", (12, 4, 12, 8), _flow(say))
    board.add("periods", (0, 12, 14, 10), _periods(say))
    board.add("turnover", (14, 12, 10, 10), _turnover(say))
    board.add("expiry", (0, 22, 8, 8), _expiry(say))
    board.add("occupancy", (8, 22, 8, 8), _occupancy(say))
    board.add("alerts", (16, 22, 8, 8), _alerts(say))
    return board


def _summary(say: Say) -> Json:
    money = say("unit.money_each")
    sql = f"""
        WITH level AS ({LEVEL}),
        ends AS (
            SELECT (SELECT value FROM level ORDER BY day DESC LIMIT 1) AS closing,
                (SELECT value FROM level WHERE day < ($__timeFrom())::timestamptz::date
                 ORDER BY day DESC LIMIT 1) AS opening
        ),
        moved AS (
            SELECT sum(issue_cost) AS issue_cost FROM screen.turnover_days
            WHERE {DAYS} AND {CHOSEN}
        ),
        raised AS (
            SELECT count(*) AS alerts, count(resolved_at) AS resolved FROM screen.alert_episodes
            WHERE $__timeFilter(time) AND ({HERE} OR warehouse = '')
        )
        SELECT opening / {money} AS opening, closing / {money} AS closing,
            100 * (closing - opening) / nullif(opening, 0) AS change,
            issue_cost / {money} AS issue_cost, alerts, resolved
        FROM ends, moved, raised"""
    unit = {"unit": say("unit.money"), "decimals": 1}
    blue = house.fixed(house.LIGHT_BLUE)
    figures = {
        "opening": blue | unit, "closing": blue | unit,
        "change": blue | {"unit": "percent", "decimals": 1}, "issue_cost": blue | unit,
        "alerts": blue, "resolved": blue,
    }  # fmt: skip
    return panels.stats(say, sql, figures, texts=WORDS, ground=False, title_size=16, size=30)


def _value(say: Say) -> Json:
    sql = f"""
        WITH level AS ({LEVEL})
        SELECT day::timestamptz AS time, value / {say("unit.money_each")} AS value
        FROM level WHERE {DAYS} ORDER BY day"""
    series = {"value": house.fixed(house.BLUE)}
    query = [house.query(say, sql, form="time_series")]
    return panels.lines(say, query, series, texts=WORDS, unit=say("unit.money"), decimals=1)


def _flow(say: Say) -> Json:
    sql = f"""
        WITH halves AS (
            SELECT time_bucket('30 minutes', time) AS time, timezone,
                sum(inbound) AS inbound, sum(outbound) AS outbound
            FROM screen.throughput_local
            WHERE $__timeFilter(time) AND {HERE}
              AND type IN ('inbound', 'transfer_in', 'return', 'outbound', 'transfer_out', 'scrap')
            GROUP BY 1, 2
        )
        SELECT date_trunc({PERIOD}, h.time AT TIME ZONE h.timezone) AT TIME ZONE 'UTC' AS time,
            sum(h.inbound) AS inbound, sum(h.outbound) AS outbound
        FROM halves AS h GROUP BY 1 ORDER BY 1"""
    series = {"inbound": house.fixed(house.BLUE), "outbound": house.fixed(house.ORANGE)}
    query = [house.query(say, sql, form="time_series")]
    return panels.lines(say, query, series, unit="short", bars=True)


def _periods(say: Say) -> Json:
    money = say("unit.money_each")
    sql = f"""
        WITH level AS ({LEVEL}),
        moved AS (
            SELECT date_trunc({PERIOD}, day)::date AS period, sum(issues) AS issues,
                sum(issue_cost) AS issue_cost, sum(value_net) AS value_net, max(day) AS last_day
            FROM screen.turnover_days WHERE {DAYS} AND {CHOSEN} GROUP BY 1
        ),
        raised AS (
            SELECT date_trunc({PERIOD}, time AT TIME ZONE '{house.TIMEZONE}')::date AS period,
                count(*) AS alerts,
                count(*) FILTER (WHERE severity = 'critical') AS critical,
                count(acknowledged_at) AS acknowledged, count(resolved_at) AS resolved
            FROM screen.alert_episodes
            WHERE $__timeFilter(time) AND ({HERE} OR warehouse = '') GROUP BY 1
        )
        SELECT to_char(m.period, 'YYYY-MM-DD') AS period, m.issues,
            m.issue_cost / {money} AS issue_cost, l.value / {money} AS closing,
            100 * m.value_net / nullif(l.value - m.value_net, 0) AS change,
            coalesce(r.alerts, 0) AS alerts, coalesce(r.critical, 0) AS critical,
            coalesce(r.acknowledged, 0) AS acknowledged, coalesce(r.resolved, 0) AS resolved
        FROM moved AS m
        JOIN level AS l ON l.day = m.last_day
        LEFT JOIN raised AS r USING (period)
        ORDER BY m.period DESC LIMIT 50"""
    unit = say("unit.money")
    shown = [
        c.date("period"),
        c.number("issues", 110),
        c.number("issue_cost", 120, unit, 1),
        c.number("closing", 120, unit, 1),
        c.number("change", 90, "percent", 1),
        *(c.number(name, 80) for name in ("alerts", "critical", "acknowledged", "resolved")),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _turnover(say: Say) -> Json:
    windows = ", ".join(
        f"max(annualised) FILTER (WHERE days = {days}) AS turnover_{days}"
        for days in (7, 30, 90, 365)
    )
    whole = choices.literal(say(f"{NAME}.all"))
    sql = f"""
        SELECT CASE scope WHEN 'all' THEN {whole} ELSE warehouse_:lang END AS warehouse_name,
            {windows}, max(days_of_inventory) FILTER (WHERE days = 30) AS days_of_inventory
        FROM screen.turnover_scopes
        WHERE scope = 'all' OR (scope = 'warehouse' AND {HERE})
        GROUP BY scope, warehouse, 1 ORDER BY scope, 3 LIMIT 40"""
    shown = [
        c.text("warehouse_name"),
        *(c.number(f"turnover_{days}", 75, "none", 2) for days in (7, 30, 90, 365)),
        c.number("days_of_inventory", 90, "none", 1),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _expiry(say: Say) -> Json:
    windows = say.family(f"{NAME}.window")
    parts = ", ".join(
        f"sum(value) FILTER (WHERE expiry_window = {choices.literal(code)})"
        f" / {say('unit.money_each')} AS w{place}"
        for place, code in enumerate(WINDOW_COLOURS)
    )
    sql = f"""
        SELECT time, {parts}
        FROM screen.expiry_days WHERE {DAYS} AND {CHOSEN} GROUP BY time ORDER BY time"""
    paints = {f"w{place}": house.fixed(c) for place, c in enumerate(WINDOW_COLOURS.values())}
    query = [house.query(say, sql, form="time_series")]
    series = {name: paint for name, paint in paints.items() if name in windows}
    return panels.lines(
        say, query, series, texts=f"{NAME}.window", unit=say("unit.money"), stack=True, fill=70
    )


def _occupancy(say: Say) -> Json:
    sql = f"""
        SELECT time_bucket('6 hours', time) AS time, warehouse_:lang AS metric,
            sum(occupancy::double precision * bins) / nullif(sum(bins), 0) AS value
        FROM screen.occupancy_hours
        WHERE $__timeFilter(time) AND {HERE} AND occupancy IS NOT NULL
          AND extract(hour FROM time)::integer % 6 = 5
        GROUP BY 1, 2 ORDER BY 1, 2"""
    query = [house.query(say, sql, form="time_series")]
    return panels.lines(say, query, {}, unit="percent", fill=0)


def _alerts(say: Say) -> Json:
    sql = f"""
        SELECT date_trunc({PERIOD}, time AT TIME ZONE '{house.TIMEZONE}') AT TIME ZONE 'UTC'
                AS time,
            count(*) FILTER (WHERE severity = 'critical') AS critical,
            count(*) FILTER (WHERE severity = 'warning') AS warning,
            count(*) FILTER (WHERE severity = 'info') AS info
        FROM screen.alert_episodes
        WHERE $__timeFilter(time) AND ({HERE} OR warehouse = '') GROUP BY 1 ORDER BY 1"""
    series = {name: house.fixed(colour) for name, colour in house.SEVERITY_COLOURS.items()}
    query = [house.query(say, sql, form="time_series")]
    return panels.lines(say, query, series, texts="severity", bars=True, stack=True)
