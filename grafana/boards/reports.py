"""Reports: stock, flows, turnover, alerts, expiry, space and losses by day, week or month.

A period is shown whole: the first one begins where it begins, not where the time range does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafana import choices, house, panels
from grafana import columns as c
from grafana.board import Board, categories, warehouses
from grafana.panels import Shared

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "reports"
WORDS = f"{NAME}.column"
PERIOD = """(CASE ${period:sqlstring}
        WHEN 'week' THEN 'week' WHEN 'month' THEN 'month' ELSE 'day' END)"""
"""Whatever an address says: days, if it is nothing that is known."""
HERE = house.chosen("warehouse")
CHOSEN = f"{HERE} AND {house.chosen('category')}"
FIRST = f"""(SELECT date_trunc({PERIOD},
        ($__timeFrom())::timestamptz AT TIME ZONE '{house.TIMEZONE}'))"""
"""The bounds are subqueries: each is worked out once, not once a row."""
UNTIL = "least(($__timeTo())::timestamptz, now())"
LAST = f"(SELECT ({UNTIL} AT TIME ZONE '{house.TIMEZONE}')::date)"
SHOWN = f"starts_on BETWEEN (SELECT {FIRST}::date) AND {LAST}"
DAYS = f"day BETWEEN (SELECT {FIRST}::date) AND {LAST}"
SINCE = f"(SELECT {FIRST} AT TIME ZONE '{house.TIMEZONE}' - interval '2 days')"
"""Before the first period anywhere on earth: what bounds an index of times."""
BEFORE = f"(SELECT ({LAST} + 1)::timestamp AT TIME ZONE '{house.TIMEZONE}')"
STARTS = f"date_trunc({PERIOD}, day::timestamp)::date"
BEGINS = f"starts_on::timestamp AT TIME ZONE '{house.TIMEZONE}'"
ENDS = f"(starts_on + ('1 ' || {PERIOD})::interval) AT TIME ZONE '{house.TIMEZONE}'"
TIME = f"{BEGINS} AS time"
STEPS = f"""(
            SELECT starts_on FROM sums
            UNION
            SELECT g::date FROM generate_series({FIRST}, {LAST}, ('1 ' || {PERIOD})::interval) AS g
            WHERE g::date > (SELECT min(starts_on) FROM sums)
        ) AS steps"""
"""The periods of `sums`, and those that are shown though nothing moved in them."""
LABEL = f"""to_char(starts_on, CASE {PERIOD} WHEN 'day' THEN 'MM-DD'
        WHEN 'week' THEN 'IYYY-"W"IW' ELSE 'YYYY-MM' END) AS period"""
LEVELS = f"""
    WITH parts AS (
        SELECT {STARTS} AS starts_on, warehouse, timezone, clock_at, sum(issues) AS issues,
            sum(issue_cost) AS issue_cost, sum(value_net) AS value_net,
            sum(value_moment) AS value_moment
        FROM screen.turnover_days WHERE day <= {LAST} AND {CHOSEN}
        GROUP BY 1, warehouse, timezone, clock_at
    ),
    bounds AS MATERIALIZED (
        SELECT *, extract(epoch FROM starts_on::timestamp AT TIME ZONE timezone) AS starts,
            extract(epoch FROM least(clock_at,
                (starts_on + ('1 ' || {PERIOD})::interval) AT TIME ZONE timezone)) AS ends
        FROM parts
    ),
    sums AS (
        SELECT starts_on, max(ends - starts) / 86400 AS days, sum(issues) AS issues,
            sum(issue_cost) AS issue_cost, sum(value_net) AS value_net,
            sum(CASE WHEN ends > starts
                THEN (value_moment - starts * value_net) / (ends - starts) ELSE 0 END) AS ahead
        FROM bounds GROUP BY starts_on
    ),
    levels AS (
        SELECT starts_on, coalesce(s.issues, 0) AS issues, coalesce(s.issue_cost, 0) AS issue_cost,
            coalesce(s.value_net, 0) AS value_net, coalesce(s.ahead, 0) AS ahead,
            sum(coalesce(s.value_net, 0)) OVER (ORDER BY starts_on) AS value,
            coalesce(s.days, extract(epoch FROM least({UNTIL}, {ENDS}) - {BEGINS}) / 86400) AS days
        FROM {STEPS} LEFT JOIN sums AS s USING (starts_on)
    ),
    figures AS (
        SELECT *, value - value_net AS opening, value_net + issue_cost AS other,
            greatest(value - ahead, 0) AS mean
        FROM levels WHERE {SHOWN}
    )"""
"""Per period: value before and after, what made the difference, and its mean over time."""
DATE = "to_char(starts_on, 'YYYY-MM-DD') AS date"
TYPES = {
    "received": ("inbound", "'inbound'"),
    "returned": ("inbound", "'return'"),
    "transfer_in": ("inbound", "'transfer_in'"),
    "shipped": ("outbound", "'outbound'"),
    "to_supplier": ("outbound", "'return'"),
    "transfer_out": ("outbound", "'transfer_out'"),
    "scrap": ("outbound", "'scrap'"),
    "count_loss": ("outbound", "'stocktake', 'adjustment'"),
    "count_gain": ("inbound", "'stocktake', 'adjustment'"),
}
"""What a column of flows sums: side and types of movements; moves inside are in none."""
FLOWS = tuple(TYPES)[:7]
RATIO: Json = {"unit": "none", "decimals": 1}
WINDOWS = {
    "expired": house.DARK_RED, "d7": house.ORANGE, "d15": house.YELLOW, "d30": house.LIGHT_BLUE,
    "d60": house.BLUE,
}  # fmt: skip


def build(say: Say) -> Board:
    """Return the board."""
    period = choices.choice(say, "period", say.family("period"), several=False)
    variables = [warehouses(say), categories(say), period]
    board = Board(say, NAME, refresh="1m", since="now-30d", variables=variables)
    board.add("summary", (0, 0, 21, 4), _summary(say))
    board.add("age", (21, 0, 3, 4), panels.age(say))
    board.add("periods", (0, 4, 14, 9), _periods(say))
    paint = house.fixed
    annual = _bars(say, "periods", {"annual": paint(house.BLUE)}, texts=WORDS, **RATIO)
    board.add("turnover", (14, 4, 10, 9), annual)
    board.add("value", (0, 13, 8, 8), _trend(say, "value", "warehouse_:lang", say("unit.money")))
    board.add("quantity", (8, 13, 8, 8), _trend(say, "net", "warehouse_:lang", say("unit.many")))
    board.add("category", (16, 13, 8, 8), _categories(say))
    both = {"inbound": paint(house.BLUE), "outbound": paint(house.ORANGE)}
    board.add("flow", (0, 21, 10, 8), _bars(say, "flow", both, unit="short"))
    types = [c.date("date", 110), *(c.number(name, 115) for name in FLOWS)]
    board.add("types", (10, 21, 14, 8), _rows(say, "flow", types))
    severities = {one: paint(colour) for one, colour in house.SEVERITY_COLOURS.items()}
    alerts = _bars(say, "raised", severities, texts="severity", stack=True)
    board.add("alerts", (0, 29, 12, 8), alerts)
    board.add("handled", (12, 29, 12, 8), _handled(say))
    board.add("expiry", (0, 37, 8, 8), _expiry(say))
    board.add("occupancy", (8, 37, 8, 8), _occupancy(say))
    lost = {
        "scrap": paint(house.ORANGE), "count_loss": paint(house.YELLOW),
        "count_gain": paint(house.BLUE),
    }  # fmt: skip
    losses = _bars(say, "flow", lost, texts=WORDS, unit="short")
    board.add("losses", (16, 37, 8, 8), losses)
    board.share(_queries(say))
    return board


def _summary(say: Say) -> Json:
    money = say("unit.money_each")
    sql = f"""
        {LEVELS}
        SELECT (array_agg(opening ORDER BY starts_on))[1] / {money} AS opening,
            sum(other) / {money} AS other, sum(issue_cost) / {money} AS issue_cost,
            (array_agg(value ORDER BY starts_on DESC))[1] / {money} AS closing,
            365 * sum(issue_cost) / nullif(sum(mean * days), 0) AS annual,
            sum(mean * days) / nullif(sum(issue_cost), 0) AS cover
        FROM figures"""
    money_of = house.fixed(house.LIGHT_BLUE) | {"unit": say("unit.money"), "decimals": 1}
    figures = dict.fromkeys(("opening", "other", "issue_cost", "closing"), money_of)
    figures["annual"] = house.fixed(house.LIGHT_BLUE) | {"unit": "none", "decimals": 2}
    figures["cover"] = house.fixed(house.LIGHT_BLUE) | {"unit": "none", "decimals": 1}
    return panels.stats(say, sql, figures, texts=WORDS, ground=False, title_size=16, size=30)


def _queries(say: Say) -> dict[str, str]:
    """Return the queries that several panels show."""
    money = say("unit.money_each")
    counts = ", ".join(
        f"count(*) FILTER (WHERE severity = '{one}') AS {one}" for one in house.SEVERITY_COLOURS
    )
    return {
        "periods": f"""
            {LEVELS}
            SELECT {LABEL}, {DATE}, opening / {money} AS opening, other / {money} AS other,
                issue_cost / {money} AS issue_cost, value / {money} AS closing, issues,
                365 * issue_cost / nullif(mean * days, 0) AS annual
            FROM figures ORDER BY starts_on DESC LIMIT 50""",
        "flow": f"""
            WITH sums AS (
                SELECT {STARTS} AS starts_on, type, sum(inbound) AS inbound,
                    sum(outbound) AS outbound
                FROM screen.throughput_days
                WHERE at >= {SINCE} AND at < {BEFORE} AND {HERE}
                    AND type NOT IN ('move', 'status')
                GROUP BY 1, 2
            ),
            types AS (SELECT starts_on, {_types_of("sums")} FROM sums GROUP BY 1)
            SELECT {LABEL}, {DATE}, {", ".join(FLOWS)}, count_loss, count_gain,
                received + returned + transfer_in AS inbound,
                shipped + to_supplier + transfer_out + scrap AS outbound
            FROM types WHERE {SHOWN} ORDER BY starts_on DESC LIMIT 50""",
        "raised": f"""
            SELECT {LABEL}, {DATE}, {", ".join(house.SEVERITY_COLOURS)}, raised, handled, resolved,
                100.0 * handled / raised AS share, lasted[1] AS p50, lasted[2] AS p95
            FROM (
                SELECT {STARTS} AS starts_on, {counts}, count(*) AS raised,
                    count(*) FILTER (WHERE handled) AS handled,
                    count(*) FILTER (WHERE resolved) AS resolved,
                    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds) AS lasted
                FROM screen.alerts_raised
                WHERE committed_at >= {SINCE} AND occurred_at >= {SINCE} AND occurred_at < {BEFORE}
                    AND {house.here()}
                GROUP BY 1
            ) AS sums WHERE {SHOWN} ORDER BY starts_on DESC LIMIT 50""",
    }


def _types_of(sums: str) -> str:
    """Return the columns FLOWS and the differences of counts, out of rows of one type each."""
    parts = (
        f"sum({sums}.{side}) FILTER (WHERE type IN ({types})) AS {name}"
        for name, (side, types) in TYPES.items()
    )
    return ", ".join(f"coalesce({part.replace(' AS ', ', 0) AS ')}" for part in parts)


def _bars(say: Say, query: str, series: dict[str, Json], **more: Any) -> Json:
    """Return bars per period of some columns of a shared query, the oldest on the left."""
    names = {"names": ["date", "period", *series]}
    steps = [
        {"id": "sortBy", "options": {"sort": [{"field": "date", "desc": False}]}},
        {"id": "filterFieldsByName", "options": {"include": names}},
        {"id": "organize", "options": {"excludeByName": {"date": True}}},
    ]
    return panels.bars(say, Shared(query), "period", series, transformations=steps, **more)


def _rows(say: Say, query: str, shown: list[c.Column]) -> Json:
    """Return a table of some columns of a shared query."""
    names = {"names": [one.name for one in shown]}
    steps = [{"id": "filterFieldsByName", "options": {"include": names}}]
    return panels.table(say, Shared(query), shown, board=NAME, transformations=steps)


def _periods(say: Say) -> Json:
    unit = say("unit.money")
    shown = [
        c.date("date", 110),
        *(c.number(name, 125, unit, 1) for name in ("opening", "other", "issue_cost", "closing")),
        c.number("issues", 110),
        c.number("annual", 100, "none", 2),
    ]
    return _rows(say, "periods", shown)


def _trend(say: Say, what: str, name: str, unit: str, top: str = "") -> Json:
    """Return what was there at the end of each period, a line per `name`."""
    column, each = ("value_net", "money") if what == "value" else ("net", "many")
    sql = f"""
        WITH {top}sums AS (
            SELECT {STARTS} AS starts_on, {name} AS metric, sum({column}) AS moved
            FROM screen.turnover_days WHERE day <= {LAST} AND {CHOSEN} GROUP BY 1, 2
        ),
        levels AS (
            SELECT d.starts_on, n.metric, coalesce(sum(s.moved)
                OVER (PARTITION BY n.metric ORDER BY d.starts_on), 0) AS value
            FROM (SELECT starts_on FROM {STEPS}) AS d
            CROSS JOIN (SELECT DISTINCT metric FROM sums) AS n
            LEFT JOIN sums AS s USING (starts_on, metric)
        )
        SELECT {TIME}, metric, value / {say(f"unit.{each}_each")} AS value
        FROM levels WHERE {SHOWN} ORDER BY 1, 2"""
    query = [house.query(say, sql, form="time_series")]
    return panels.lines(say, query, {}, unit=unit, decimals=1, fill=0)


def _categories(say: Say) -> Json:
    other, none = (house.literal(say(f"big_screen.{name}")) for name in ("other", "none"))
    top = f"""top AS (
            SELECT category FROM screen.totals WHERE {CHOSEN}
            GROUP BY category ORDER BY sum(value) DESC NULLS LAST, category LIMIT 7
        ), """
    name = f"""CASE WHEN category IN (SELECT category FROM top)
                THEN coalesce(nullif(category, ''), {none}) ELSE {other} END"""
    return _trend(say, "value", name, say("unit.money"), top)


def _handled(say: Say) -> Json:
    shown = [
        c.date("date", 110),
        *(c.number(name, 90) for name in ("raised", "handled", "resolved")),
        c.number("share", 90, "percent"),
        c.lasting("p50", 150),
        c.lasting("p95", 150),
    ]
    return _rows(say, "raised", shown)


def _expiry(say: Say) -> Json:
    """Return the value by window at the end of each period: its last day that is known."""
    codes = ("expired", "≤7", "≤15", "≤30", "≤60")
    parts = ", ".join(
        f"coalesce(sum(value) FILTER (WHERE expiry_window = {house.literal(code)}), 0)"
        f" / {say('unit.money_each')} AS {name}"
        for code, name in zip(codes, WINDOWS, strict=True)
    )
    sql = f"""
        SELECT {TIME}, {", ".join(WINDOWS)}
        FROM (
            SELECT {STARTS} AS starts_on, {parts}
            FROM (
                SELECT *, max(day) OVER (PARTITION BY warehouse, {STARTS}) AS last_day
                FROM screen.expiry_days WHERE {DAYS} AND {CHOSEN}
            ) AS days
            WHERE day = last_day GROUP BY 1
        ) AS sums ORDER BY 1"""
    query = [house.query(say, sql, form="time_series")]
    paints = {name: house.fixed(colour) for name, colour in WINDOWS.items()}
    unit = say("unit.money")
    return panels.lines(
        say, query, paints, texts=f"{NAME}.window", unit=unit, decimals=1, stack=True, fill=70
    )


def _occupancy(say: Say) -> Json:
    """Return how full each warehouse was: what was filled of its limits, four times a day."""
    parts = ", ".join(
        f"100 * sum(filled_{what}) / nullif(sum(max_{what}), 0)"
        for what in ("quantity", "volume", "weight")
    )
    sql = f"""
        SELECT {TIME}, metric, value
        FROM (
            SELECT {STARTS} AS starts_on, warehouse_:lang AS metric, greatest({parts}) AS value
            FROM screen.occupancy_hours WHERE hour >= {SINCE} AND {DAYS} AND {HERE}
              AND hour = ANY (ARRAY(SELECT generate_series(date_trunc('day', {SINCE}),
                    ($__timeTo())::timestamptz, '6 hours')))
            GROUP BY 1, 2
        ) AS sums ORDER BY 1, 2"""
    query = [house.query(say, sql, form="time_series")]
    return panels.lines(say, query, {}, unit="percent", decimals=1, fill=0)
