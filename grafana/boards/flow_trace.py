"""Flow trace: the whole path of an item, a lot, an order or a document, across warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels, trails
from grafana.board import Board, search, warehouses

if TYPE_CHECKING:
    from grafana.columns import Column
    from grafana.house import Json
    from grafana.language import Say

NAME = "flow_trace"
HEADS = "flow"
TYPED = [f"btrim({house.typed(name)})" for name in ("sku", "lot", "document")]
TRAIL = f"""
    SELECT * FROM screen.trail({", ".join(TYPED)})
    WHERE {house.chosen("warehouse")}"""
ANY = f"({' || '.join(TYPED)}) <> ''"
WAYS = f"""
        WITH trail AS (
            SELECT t.*, min(warehouse) OVER () = max(warehouse) OVER () AS alone,
                coalesce(from_zone, to_zone, '') AS out_of,
                coalesce(to_zone, from_zone, '') AS in_to
            FROM ({TRAIL}) AS t
            WHERE source IS NOT NULL
        ),
        named AS (
            SELECT CASE WHEN source <> 'here' THEN source WHEN alone AND out_of <> ''
                    THEN '+' || out_of ELSE '=' || warehouse_:lang END AS source,
                CASE WHEN target <> 'here' THEN target WHEN alone AND in_to <> ''
                    THEN '+' || in_to ELSE '=' || warehouse_:lang END AS target, moved
            FROM trail
        ),
        ways AS (
            SELECT CASE WHEN turned THEN target ELSE source END AS source,
                CASE WHEN turned THEN source ELSE target END AS target, abs(moved) AS moved
            FROM (
                SELECT source, target, sum(moved) AS moved,
                    target = 'count' AND sum(moved) < 0 AS turned
                FROM named WHERE source <> target GROUP BY source, target
            ) AS sums
            WHERE moved > 0 OR turned
        ),
        places AS (
            SELECT place FROM (
                SELECT source AS place, moved FROM ways UNION ALL SELECT target, moved FROM ways
            ) AS ends
            GROUP BY place ORDER BY sum(moved) DESC, place LIMIT 12
        ),
        edges AS (
            SELECT source, target, moved FROM ways
            WHERE source IN (SELECT place FROM places) AND target IN (SELECT place FROM places)
            ORDER BY moved DESC, source, target LIMIT 40
        )"""
"""At most 12 places and 40 ways between them; a warehouse that is alone is its zones."""
SHORT = "rtrim(to_char({}, 'FM999,999,990.####'), '.')"
"""SQL of a number as text: node graphs show texts as they are."""
STATES = {
    "received": house.GREEN,
    "moved": house.BLUE,
    "counted": house.GREY,
    "changed": house.IDLE,
    "shipped": house.LIGHT_BLUE,
    "sent": house.PURPLE,
    "in_transit": house.YELLOW,
    "returned": house.ORANGE,
    "scrapped": house.DARK_RED,
}
"""What was last done with the goods in a warehouse; the number of a state is its place here."""
STATE_OF = {
    "received": ("inbound", "transfer_in"),
    "moved": ("move",),
    "counted": ("stocktake", "variance", "adjustment"),
    "changed": ("status",),
    "shipped": ("order_outbound", "outbound"),
    "sent": ("transfer_out",),
    "in_transit": (),
    "returned": ("return", "return_supplier"),
    "scrapped": ("scrap", "lost"),
}
"""State → the operations that lead to it."""


def build(say: Say) -> Board:
    """Return the board."""
    boxes = [
        search(say, "sku") | {"name": name, "label": say(f"flow.variable.{name}")}
        for name in ("sku", "lot", "document")
    ]
    board = Board(say, NAME, variables=[*boxes, warehouses(say)], since="now-60d")
    board.add("sums", (0, 0, 20, 4), _sums(say))
    board.add("age", (20, 0, 4, 4), panels.age(say))
    board.add("trail", (0, 4, 24, 13), _trail(say))
    board.add("path", (0, 17, 12, 15), _path(say))
    board.add("timeline", (12, 17, 12, 8), _timeline(say))
    board.add("daily", (12, 25, 12, 7), _daily(say))
    return board


def _sums(say: Say) -> Json:
    sql = f"""
        SELECT count(*) AS steps, count(DISTINCT warehouse) AS warehouses,
            coalesce(sum(moved) FILTER (WHERE source = 'supplier'), 0) AS received,
            coalesce(sum(moved) FILTER (WHERE target = 'customer'), 0) AS shipped,
            coalesce(sum(moved) FILTER (WHERE source = 'customer'), 0) AS returned,
            coalesce(sum(moved) FILTER (WHERE target = 'scrap'), 0) AS scrapped
        FROM ({TRAIL}) AS trail"""
    figures = {
        "steps": house.fixed(house.IDLE),
        "warehouses": house.fixed(house.IDLE),
        "received": house.fixed(house.GREEN),
        "shipped": house.fixed(house.BLUE),
        "returned": house.fixed(house.ORANGE),
        "scrapped": house.by_thresholds([(None, house.IDLE), (0.0001, house.RED)]),
    }
    return panels.stats(say, sql, figures, texts=f"{NAME}.figure", size=34, title_size=16)


def trail_columns(say: Say) -> list[Column]:
    """Return the columns of a trail."""
    to_lot = trails.to_trail(say, sku=house.field("sku"), lot=house.VALUE)
    return [
        c.moment("time", 130, "YYYY-MM-DD HH:mm"),
        c.badge("operation", say.family("flow.operation"), trails.OPERATIONS, 120),
        c.text("warehouse_name", 170),
        c.text("place", 130),
        c.text("other", 170),
        c.number("quantity", 75),
        c.text("operator", 80),
        c.text("device", 115),
        c.text("sku", 110, links=trails.to_sku(say)),
        c.text("item"),
        c.text("lot", 125, links=to_lot),
        c.text("document", 170, links=trails.to_trail(say, document=house.VALUE)),
        c.text("note", 130),
        trails.recording(say, c.text("video", 70)),
    ]


def trail_rows(say: Say) -> str:
    """Return the SQL of a trail's columns, from rows of screen.trail called trail."""
    status = house.worded("status", say.family("flow.status"))
    from_status = house.worded("from_status", say.family("flow.status"))
    undone = house.literal(say("flow.correction"))
    return f"""
        SELECT time, operation, warehouse_:lang AS warehouse_name,
            concat_ws(' → ', from_bin, to_bin) AS place, other_:lang AS other, quantity, operator,
            device, sku, item_:lang AS item, lot, coalesce(order_id, document) AS document,
            concat_ws(' · ', CASE WHEN correction THEN {undone} END,
                CASE WHEN operation = 'status' THEN {from_status} || ' → ' || {status}
                     WHEN status <> 'sellable' THEN {status} END, reason) AS note,
            video_url AS video"""


def _trail(say: Say) -> Json:
    sql = f"""
        {trail_rows(say)}
        FROM ({TRAIL} ORDER BY step DESC LIMIT 50) AS trail
        ORDER BY CASE WHEN {ANY} THEN step ELSE -step END"""
    return panels.table(say, sql, trail_columns(say), board=HEADS)


def _path(say: Say) -> Json:
    known = house.worded("place", say.family("flow_trace.node"))
    zone = house.literal(say("flow_trace.zone", zone="%"))
    title = (
        f"CASE WHEN place LIKE '+%' THEN replace({zone}, '%', substr(place, 2))"
        f" ELSE ltrim({known}, '=') END"
    )
    came, went = (house.literal(say(f"flow_trace.stat.{name}") + " ") for name in ("came", "went"))
    nodes = f"""{WAYS}
        SELECT place AS id, {title} AS title,
            {came} || {SHORT.format("coalesce(sum(edges.moved) FILTER (WHERE target = place), 0)")}
                AS mainstat,
            {went} || {SHORT.format("coalesce(sum(edges.moved) FILTER (WHERE source = place), 0)")}
                AS secondarystat,
            CASE place WHEN 'supplier' THEN '{house.GREEN}' WHEN 'customer' THEN '{house.ORANGE}'
                WHEN 'transit' THEN '{house.PURPLE}' WHEN 'scrap' THEN '{house.DARK_RED}'
                WHEN 'count' THEN '{house.GREY}' ELSE '{house.BLUE}' END AS color
        FROM places JOIN edges ON place IN (source, target)
        GROUP BY place ORDER BY place LIMIT 12"""
    lines = f"""{WAYS}
        SELECT source || '→' || target AS id, source, target,
            {SHORT.format("moved")} AS mainstat,
            least(8, 1 + 7 * moved / max(moved) OVER ())::double precision AS thickness
        FROM edges ORDER BY source, target LIMIT 40"""
    queries = [house.query(say, nodes, "nodes"), house.query(say, lines, "edges")]
    names = {"mainstat": "came", "secondarystat": "went", "color": "kind"}
    overrides = [
        house.override(name, displayName=say(f"flow_trace.stat.{text}"))
        for name, text in names.items()
    ]
    options = {"nodes": {}, "edges": {}, "zoomMode": "cooperative", "layoutAlgorithm": "layered"}
    return panels.panel(say, "nodeGraph", queries, options, overrides=overrides)


def _timeline(say: Say) -> Json:
    numbers = {state: str(number) for number, state in enumerate(STATES, 1)}
    cases = "\n".join(
        f"                WHEN operation IN ({', '.join(map(house.literal, known))})"
        f" THEN {numbers[state]}"
        for state, known in STATE_OF.items()
        if known
    )
    sql = f"""
        WITH trail AS (
            {TRAIL} AND {ANY} AND NOT correction
            ORDER BY step DESC LIMIT 300
        ),
        states AS (
            SELECT time, step, warehouse_:lang AS lane, CASE
{cases} END AS state
            FROM trail
            UNION ALL
            SELECT time, step, other_:lang, {numbers["in_transit"]}
            FROM trail WHERE operation = 'transfer_out' AND other IS NOT NULL
        ),
        latest AS (
            SELECT DISTINCT ON (time, lane) time, lane, state FROM states
            WHERE state IS NOT NULL ORDER BY time, lane, step DESC
        ),
        grid AS (
            SELECT i.time, l.lane, s.state,
                count(s.state) OVER (PARTITION BY l.lane ORDER BY i.time) AS part
            FROM (SELECT DISTINCT time FROM latest UNION SELECT now()) AS i
            CROSS JOIN (SELECT DISTINCT lane FROM latest ORDER BY lane LIMIT 10) AS l
            LEFT JOIN latest AS s ON s.time = i.time AND s.lane = l.lane
        )
        SELECT time, lane AS metric,
            (max(state) OVER (PARTITION BY lane, part))::double precision AS value
        FROM grid ORDER BY time, lane LIMIT 3000"""
    texts = {numbers[state]: text for state, text in say.family("flow_trace.state").items()}
    colours = {numbers[state]: colour for state, colour in STATES.items()}
    defaults = {
        "color": {"mode": "fixed", "fixedColor": house.IDLE},
        "custom": {"lineWidth": 0, "fillOpacity": 85, "spanNulls": False},
        "mappings": house.mapping(texts, colours),
        "noValue": say("flow_trace.hint"),
        "decimals": 0,
    }
    options = {
        "showValue": "auto",
        "rowHeight": 0.8,
        "mergeValues": True,
        "alignValue": "center",
        "legend": panels.NO_LEGEND,
        "tooltip": {"mode": "single", "sort": "none"},
    }
    queries = [house.query(say, sql, form="time_series")]
    return panels.panel(say, "state-timeline", queries, options, defaults=defaults)


def _daily(say: Say) -> Json:
    sql = f"""
        SELECT date_trunc('day', time, '{house.TIMEZONE}') AS time,
            sum(quantity) FILTER (WHERE quantity > 0) AS inbound,
            -sum(quantity) FILTER (WHERE quantity < 0) AS outbound
        FROM ({TRAIL}) AS trail
        WHERE source IS NOT NULL AND operation NOT IN ('move', 'lost')
        GROUP BY 1 ORDER BY 1 LIMIT 1000"""
    series = {"inbound": house.fixed(house.GREEN), "outbound": house.fixed(house.BLUE)}
    return panels.lines(say, sql, series, bars=True)
