"""Heat map of one warehouse: its bins as a grid and on the floor, its zones, and what to do there.

The grid is every aisle × every position, so that a bin that does not exist is a hole and the aisles
keep their order. Bins that have no place on it are in a list of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels
from grafana.board import Board, url, warehouses, zones

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "heat_map"
HERE = "warehouse = ${warehouse:sqlstring}"
ZONE = house.chosen("zone")
BINS = f"""
    WITH bins AS MATERIALIZED (SELECT * FROM screen.bins_now WHERE {HERE})"""
"""Kept before it is filtered: with a condition on more than warehouse and bin, PostgreSQL would add
up the bins of all warehouses."""
GRID = f"""{BINS},
    cells AS (
        SELECT row_name AS aisle, position AS col, max(occupancy) AS occupancy
        FROM bins WHERE {ZONE} AND aside IS NULL
        GROUP BY 1, 2)
    SELECT aisle, col, occupancy
    FROM (SELECT DISTINCT aisle FROM cells) AS aisles
    CROSS JOIN (SELECT DISTINCT col FROM cells) AS cols
    LEFT JOIN cells USING (aisle, col)
    ORDER BY aisle, col
    LIMIT 3000"""
FLOOR = f"""{BINS}
    SELECT x::double precision AS x, y::double precision AS y,
        occupancy::double precision AS occupancy, bin, zone,
        used_quantity::double precision AS quantity
    FROM bins WHERE {ZONE} AND x IS NOT NULL AND y IS NOT NULL AND active
    ORDER BY bin LIMIT 3000"""
ZONES = f"""
    SELECT zone, occupancy, bins, free_bins, overweight_bins, skus, quantity
    FROM screen.zones_now WHERE {HERE} AND {ZONE} AND bins > 0
    ORDER BY occupancy DESC NULLS LAST, zone LIMIT 50"""
FREE = f"""{BINS},
    distances AS MATERIALIZED (
        SELECT bin, distance FROM screen.bin_distances WHERE {HERE}),
    free AS MATERIALIZED (SELECT * FROM bins WHERE {ZONE} AND free AND active)
    SELECT bin, zone, max_quantity, max_weight, distance
    FROM free LEFT JOIN distances USING (bin)
    ORDER BY distance NULLS LAST, bin LIMIT 50"""
HEAVY = f"""{BINS}
    SELECT bin, zone, overweight, used_weight, max_weight FROM bins
    WHERE {ZONE} AND overweight > 0
    ORDER BY overweight DESC, bin LIMIT 50"""
ASIDE = f"""{BINS}
    SELECT coalesce(nullif(bin, ''), '–') AS bin, aside, zone, cells, used_quantity AS quantity
    FROM bins
    WHERE ({ZONE} OR zone IS NULL) AND aside IS NOT NULL
      AND (known OR NOT free)
    ORDER BY array_position(ARRAY['no_bin', 'unknown', 'closed', 'no_place'], aside), quantity DESC
    LIMIT 50"""
FAST = f"""
    SELECT place, sku, item_:lang AS item, issues, zone, bin, quantity, distance
    FROM screen.fast_movers WHERE {HERE} AND ({ZONE} OR zone IS NULL)
    ORDER BY place, distance NULLS LAST, bin LIMIT 50"""
MOVES = f"""
    SELECT n, kind, sku, item_:lang AS item, quantity, from_bin, to_bin, from_occupancy,
        from_afterwards, to_occupancy, to_afterwards, reason_:lang AS reason
    FROM screen.moves_proposed
    WHERE {HERE} AND ({house.chosen("zone", "from_zone")} OR {house.chosen("zone", "to_zone")})
    ORDER BY n LIMIT 50"""
FIGURES: dict[str, Json] = {
    "occupancy": house.by_thresholds(house.FILLED) | {"unit": "percent"},
    "bins": house.fixed(house.IDLE),
    "free_bins": house.by_thresholds([(None, house.IDLE), (1, house.GREEN)]),
    "over_bins": house.by_thresholds([(None, house.IDLE), (1, house.YELLOW)]),
    "overweight_bins": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
}
TOTALS = f"""{BINS}
    SELECT
        round(100 * greatest(
            sum(used_quantity) FILTER (WHERE max_quantity > 0) / sum(nullif(max_quantity, 0)),
            sum(used_volume) FILTER (WHERE max_volume > 0) / sum(nullif(max_volume, 0)),
            sum(used_weight) FILTER (WHERE max_weight > 0) / sum(nullif(max_weight, 0))
        )) AS occupancy,
        count(*) AS bins,
        count(*) FILTER (WHERE free) AS free_bins,
        count(*) FILTER (WHERE occupancy > 100) AS over_bins,
        count(*) FILTER (WHERE overweight > 0) AS overweight_bins
    FROM bins WHERE {ZONE} AND active"""


def build(say: Say) -> Board:
    """Return the board."""
    board = Board(say, NAME, variables=[warehouses(say, several=False), zones(say)])
    board.add("totals", (0, 0, 20, 4), _totals(say))
    board.add("age", (20, 0, 4, 4), panels.age(say))
    board.add("grid", (0, 4, 14, 14), _grid(say))
    board.add("zones", (14, 4, 10, 14), _zones(say))
    board.add("matrix", (0, 18, 24, 14), _matrix(say))
    board.add("floor", (0, 32, 24, 11), _floor(say))
    board.add("free", (0, 43, 8, 10), _free(say))
    board.add("heavy", (8, 43, 8, 10), _heavy(say))
    board.add("aside", (16, 43, 8, 10), _aside(say))
    board.add("fast", (0, 53, 24, 10), _fast(say))
    board.add("moves", (0, 63, 24, 10), _moves(say))
    board.share({"grid": GRID})
    return board


def to_bin(say: Say, value: str = house.VALUE) -> list[Json]:
    """Return the link of a bin's code to its details."""
    where = url(
        say, "bin", warehouse="${warehouse:percentencode}", aisle="", position="", bin=value
    )
    return [house.link(say("heat_map.link.bin"), where)]


def _totals(say: Say) -> Json:
    return panels.stats(say, TOTALS, FIGURES, texts=f"{NAME}.column", size=44)


def _matrixed(column: str, row: str) -> list[Json]:
    options = {"columnField": column, "rowField": row, "valueField": "occupancy",
               "emptyValue": "null"}  # fmt: skip
    return [{"id": "groupingToMatrix", "options": options}]


def _grid(say: Say) -> Json:
    aisle = say(f"{NAME}.column.aisle")
    options = {
        "calculate": False,
        "cellGap": 2,
        "cellValues": {"unit": "percent", "decimals": 0},
        "showValue": "never",
        "color": {"mode": "scheme", "scheme": "RdYlGn", "reverse": False, "steps": 64,
                  "min": 0, "max": 100, "fill": "dark-orange", "scale": "linear",
                  "exponent": 0.5},
        "filterValues": {"le": -1},
        "rowsFrame": {"layout": "unknown", "value": say("column.occupancy")},
        "legend": {"show": True},
        "yAxis": {"axisPlacement": "left", "reverse": True, "axisLabel": aisle},
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": False},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "selectionMode": "x",
    }  # fmt: skip
    custom = {**panels.LINEAR, **panels.SEEN}
    return panels.panel(
        say, "heatmap", panels.Shared("grid"), options,
        defaults={"unit": "percent", "decimals": 0, "custom": custom},
        transformations=_matrixed("aisle", "col"),
    )  # fmt: skip


def _matrix(say: Say) -> Json:
    cell = {"type": "color-background", "mode": "basic"}
    custom = {"align": "center", "minWidth": 50, "cellOptions": cell, "inspect": False,
              "filterable": False}  # fmt: skip
    this = {"aisle": "${__data.fields[0]}", "position": "${__field.name}"}
    place = url(say, "bin", warehouse="${warehouse:percentencode}", **this)
    title = "${__data.fields[0]}-${__field.name}: ${__value.text} %"
    aisle = {"custom__width": 70, "custom__cellOptions": {"type": "auto"}}
    return panels.panel(
        say, "table", panels.Shared("grid"),
        {"showHeader": True, "cellHeight": "sm", "frozenColumns": {"left": 1}},
        defaults={"unit": "none", "decimals": 0, "min": 0, "max": 100, "noValue": "",
                  "custom": custom, **house.by_thresholds(house.FILLED)},
        overrides=[
            house.override("^[0-9]+$", "byRegexp", links=[house.link(title, place)]),
            house.override(r".*\\.*", "byRegexp", displayName=say(f"{NAME}.column.aisle"), **aisle),
        ],
        transformations=_matrixed("col", "aisle"),
    )  # fmt: skip


def _floor(say: Say) -> Json:
    custom = {
        "show": "points", "pointShape": "square", "pointSize": {"fixed": 14},
        "pointStrokeWidth": 0, "fillOpacity": 100, "axisPlacement": "auto", "axisLabel": "",
        "axisGridShow": False, "axisBorderShow": False, "axisColorMode": "text",
        "axisCenteredZero": False, **panels.LINEAR, **panels.SEEN,
    }  # fmt: skip
    by_name = {name: {"matcher": {"id": "byName", "options": name}} for name in ("x", "y")}
    first = {"matcher": {"id": "byIndex", "options": 0}}
    series = {
        "frame": first, "name": {"fixed": say(f"{NAME}.column.bin")}, **by_name,
        "color": {"matcher": {"id": "byName", "options": "occupancy"}},
    }  # fmt: skip
    options = {"mapping": "manual", "series": [series], "legend": panels.NO_LEGEND,
               "tooltip": {"mode": "single", "sort": "none"}}  # fmt: skip
    names = {name: say.get(f"{NAME}.column.{name}") for name in ("bin", "zone", "quantity")}
    return panels.panel(
        say, "xychart", FLOOR, options,
        defaults={"decimals": 0, "custom": custom, **house.by_thresholds(house.FILLED)},
        overrides=[
            house.override("occupancy", unit="percent", displayName=say("column.occupancy")),
            house.override("x", unit="lengthm", displayName="X"),
            house.override("y", unit="lengthm", displayName="Y",
                           links=to_bin(say, "${__data.fields[3]}")),
            *(house.override(name, displayName=text) for name, text in names.items()),
        ],
    )  # fmt: skip


def _zones(say: Say) -> Json:
    there = url(say, NAME, warehouse="${warehouse:percentencode}",
                zone=house.VALUE)  # fmt: skip
    shown = [
        c.text("zone", 80, links=[house.link(say(f"{NAME}.link.zone"), there)]),
        c.gauge("occupancy", house.FILLED, 100, 210),
        c.number("bins", 70),
        c.number("free_bins", 70),
        c.graded("overweight_bins", [(None, "transparent"), (1, house.RED)], 80),
        c.number("skus", 80),
        c.number("quantity"),
    ]
    return panels.table(say, ZONES, shown, board=NAME)


def _free(say: Say) -> Json:
    shown = [
        c.text("bin", 110, links=to_bin(say)),
        c.text("zone", 70),
        c.number("max_quantity", 100),
        c.number("max_weight", 110, "suffix: kg"),
        c.number("distance", 100, "suffix: m"),
    ]
    return panels.table(say, FREE, shown, board=NAME)


def _heavy(say: Say) -> Json:
    shown = [
        c.text("bin", 110, links=to_bin(say)),
        c.text("zone", 70),
        c.graded("overweight", [(None, house.RED)], 110, "suffix: kg"),
        c.number("used_weight", 110, "suffix: kg"),
        c.number("max_weight", 110, "suffix: kg"),
    ]
    return panels.table(say, HEAVY, shown, board=NAME)


def _aside(say: Say) -> Json:
    shown = [
        c.text("bin", 110, links=to_bin(say)),
        c.words("aside", say.family(f"{NAME}.aside"), 150),
        c.text("zone", 70),
        c.number("cells", 80),
        c.number("quantity", 90),
    ]
    return panels.table(say, ASIDE, shown, board=NAME)


def _fast(say: Say) -> Json:
    sku = url(say, "sku", sku=house.VALUE)
    shown = [
        c.number("place", 70),
        c.text("sku", 130, links=[house.link(say(f"{NAME}.link.sku"), sku)]),
        c.text("item"),
        c.number("issues", 120),
        c.text("zone", 80),
        c.text("bin", 120, links=to_bin(say)),
        c.number("quantity", 100),
        c.graded("distance", [(None, house.GREEN), (60, house.YELLOW)], 130, "suffix: m"),
    ]
    return panels.table(say, FAST, shown, board=NAME)


def _moves(say: Say) -> Json:
    shown = [
        c.number("n", 60),
        c.words("kind", say.family(f"{NAME}.kind"), 160),
        c.text("sku", 120),
        c.text("item", 200),
        c.number("quantity"),
        c.text("from_bin", 100, links=to_bin(say)),
        c.text("to_bin", 100, links=to_bin(say)),
        *(c.number(name, 95, "percent", 1) for name in
          ("from_occupancy", "from_afterwards", "to_occupancy", "to_afterwards")),
        c.text("reason"),
    ]  # fmt: skip
    return panels.table(say, MOVES, shown, board=NAME)
