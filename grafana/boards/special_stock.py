"""Special stock: what expires or is cleared, what is fragile, dear, bonded, or not for sale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import columns as c
from grafana import house, panels, trails
from grafana.board import Board, categories, warehouses

if TYPE_CHECKING:
    from grafana.columns import Column
    from grafana.house import Json
    from grafana.language import Say

NAME = "special_stock"
HEADS = "flow"
YUAN = "prefix:¥"
CHOSEN = f"""
    {house.chosen("warehouse")} AND {house.chosen("category")}"""
WINDOWS = (
    (None, house.DARK_RED), (1, house.RED), (2, house.ORANGE), (3, house.YELLOW), (4, house.GREEN),
)  # fmt: skip
"""Place of an expiry window, expired being 0 → colour."""
NEAR = {
    "expired": (0, house.DARK_RED), "week": (1, house.RED), "fortnight": (2, house.ORANGE),
    "month": (3, house.YELLOW),
}  # fmt: skip
"""Figure → place of its window, and its colour."""
SUMS = ",\n            ".join(
    f"coalesce(sum(value) FILTER (WHERE place = {place}), 0) AS {name}"
    for name, (place, _) in NEAR.items()
)
CLEARING = {
    "proposed": house.YELLOW, "approved": house.YELLOW, "sent": house.BLUE, "done": house.GREEN,
    "failed": house.RED, "rejected": house.IDLE, "withdrawn": house.IDLE,
}  # fmt: skip
STATUS = {"hold": house.YELLOW, "damaged": house.ORANGE, "returned": house.PURPLE}


def build(say: Say) -> Board:
    """Return the board."""
    board = Board(say, NAME, variables=[warehouses(say), categories(say)], since="now-24h")
    board.add("risk", (0, 0, 20, 5), _risk(say))
    board.add("age", (20, 0, 4, 5), panels.age(say))
    board.add("value", (0, 5, 6, 9), _windows(say, "value", YUAN))
    board.add("lots", (6, 5, 6, 9), _windows(say, "lots", "locale"))
    board.add("by_category", (12, 5, 6, 9), _near(say, "category", "category"))
    board.add("by_warehouse", (18, 5, 6, 9), _near(say, "warehouse_:lang", "warehouse_name"))
    board.add("days_left", (0, 14, 24, 12), _days_left(say))
    board.add("clearance", (0, 26, 24, 9), _clearance(say))
    board.add("kinds", (0, 35, 24, 4), _kinds(say))
    board.add("fragile_picks", (0, 39, 24, 8), _fragile_picks(say))
    board.add("fragile", (0, 47, 24, 9), _places(say, "fragile"))
    board.add("recorded", (0, 56, 24, 10), _recorded(say))
    board.add("bonded", (0, 66, 24, 8), _places(say, "bonded"))
    board.add("unsellable", (0, 74, 24, 9), _unsellable(say))
    return board


def _risk(say: Say) -> Json:
    sql = f"""
        SELECT {SUMS}
        FROM screen.expiry_windows WHERE {CHOSEN}"""
    figures = {
        name: house.by_thresholds([(None, house.IDLE), (0.01, colour)])
        for name, (_, colour) in NEAR.items()
    }
    return panels.stats(say, sql, figures, texts=f"{NAME}.figure", unit=YUAN)


def _windows(say: Say, figure: str, unit: str) -> Json:
    sql = f"""
        SELECT {house.worded("expiry_window", say.family("flow.window"))} AS expiry,
            coalesce(sum({figure}), 0) AS {figure}, place
        FROM screen.expiry_windows
        WHERE place <= 5 AND {CHOSEN}
        GROUP BY expiry_window, place ORDER BY place LIMIT 10"""
    return panels.bars(
        say, sql, "expiry", {figure: {}}, texts="flow.column", unit=unit, colour_by="place",
        steps=WINDOWS,
    )  # fmt: skip


def _near(say: Say, column: str, name: str) -> Json:
    sql = f"""
        SELECT {column} AS {name}, {SUMS}
        FROM screen.expiry_windows WHERE place <= 3 AND {CHOSEN}
        GROUP BY 1 ORDER BY sum(value) DESC NULLS LAST LIMIT 10"""
    series = {figure: house.fixed(colour) for figure, (_, colour) in NEAR.items()}
    return panels.bars(
        say, sql, name, series, texts=f"{NAME}.figure", unit=YUAN, horizontal=True, stack=True
    )


def _goods(say: Say, *between: Column, lot: bool = True) -> list[Column]:
    """Return the columns that say what it is and where: warehouse, SKU, item, lot."""
    follow = trails.to_trail(say, sku=house.field("sku"), lot=house.VALUE)
    shown = [c.text("warehouse_name", 180), *between]
    shown += [c.text("sku", 120, links=trails.to_sku(say)), c.text("item")]
    return [*shown, c.text("lot", 130, links=follow)] if lot else shown


def _days_left(say: Say) -> Json:
    sql = f"""
        SELECT days_to_expiry, expires_on::text AS expires_on, warehouse_:lang AS warehouse_name,
            sku, item_:lang AS item, lot, category, bins, quantity, sellable, value AS risk
        FROM screen.lots_expiring WHERE {CHOSEN}
        ORDER BY days_to_expiry, value DESC NULLS LAST, warehouse, sku, lot LIMIT 50"""
    shown = [
        c.graded("days_to_expiry", house.DAYS_LEFT, 100),
        c.date("expires_on"),
        *_goods(say),
        c.text("category", 150),
        c.text("bins", 160),
        c.number("quantity"),
        c.number("sellable"),
        c.money("risk"),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _clearance(say: Say) -> Json:
    sql = f"""
        SELECT state, days_to_expiry, expires_on, warehouse_:lang AS warehouse_name, sku,
            item_:lang AS item, lot, quantity, value AS risk, proposed_at, sent_at
        FROM screen.clearances WHERE (standing OR finished_at > now() - interval '7 days')
            AND {CHOSEN}
        ORDER BY standing DESC, days_to_expiry, value DESC NULLS LAST, action_id LIMIT 50"""
    shown = [
        c.badge("state", say.family("flow.state"), CLEARING, 110),
        c.graded("days_to_expiry", house.DAYS_LEFT, 100),
        c.date("expires_on"),
        *_goods(say),
        c.number("quantity"),
        c.money("risk"),
        c.moment("proposed_at"),
        c.moment("sent_at", 140),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _kinds(say: Say) -> Json:
    kinds = say.family("flow.special")
    sums = ", ".join(f"sum(quantity) FILTER (WHERE kind = '{kind}') AS {kind}" for kind in kinds)
    sql = f"""
        SELECT {sums}
        FROM screen.special_sums WHERE {CHOSEN}"""
    colours = {"on_hold": house.YELLOW, "damaged": house.ORANGE, "returned": house.PURPLE}
    figures = {kind: house.fixed(colours.get(kind, house.IDLE)) for kind in kinds}
    return panels.stats(say, sql, figures, texts="flow.special", size=32, title_size=16)


def _fragile_picks(say: Say) -> Json:
    sql = f"""
        SELECT due_at, document, warehouse_:lang AS warehouse_name, bin, sku, item_:lang AS item,
            quantity, protection
        FROM screen.fragile_picks WHERE {house.chosen("warehouse")}
        ORDER BY due_at NULLS LAST, document, sku, bin LIMIT 30"""
    shown = [
        c.moment("due_at"),
        c.text("document", 180, links=trails.to_trail(say, document=house.VALUE)),
        *_goods(say, c.text("bin", 90), lot=False),
        c.number("quantity", 70),
        c.text("protection", 420),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _places(say: Say, kind: str) -> Json:
    sql = f"""
        SELECT warehouse_:lang AS warehouse_name, zone, bin, sku, item_:lang AS item, lot, quantity,
            value, protection
        FROM screen.special_places WHERE kind = '{kind}' AND {CHOSEN}
        ORDER BY value DESC NULLS LAST, warehouse, sku, lot, bin LIMIT 40"""
    shown = [
        *_goods(say, c.text("zone", 60), c.text("bin", 80)),
        c.number("quantity", 70),
        c.money("value", 90),
        c.text("protection", 420),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _recorded(say: Say) -> Json:
    sql = f"""
        SELECT time, type AS operation, warehouse_:lang AS warehouse_name, bin, sku,
            item_:lang AS item, lot, quantity, value, operator, device, document,
            video_url AS video
        FROM screen.recorded_moves WHERE high_value AND {CHOSEN}
        ORDER BY time DESC LIMIT 40"""
    shown = [
        trails.recording(say, c.text("video", 80)),
        c.moment("time", 140, "YYYY-MM-DD HH:mm"),
        c.badge("operation", say.family("flow.operation"), trails.OPERATIONS, 120),
        *_goods(say, c.text("bin", 90)),
        c.number("quantity", 80),
        c.money("value"),
        c.text("operator", 90),
        c.text("device", 130),
        c.text("document", 170, links=trails.to_trail(say, document=house.VALUE)),
    ]
    return panels.table(say, sql, shown, board=HEADS)


def _unsellable(say: Say) -> Json:
    sql = f"""
        SELECT kind AS status, warehouse_:lang AS warehouse_name, bin, sku, item_:lang AS item, lot,
            quantity, value, received_at
        FROM screen.special_places WHERE kind IN ('hold', 'damaged', 'returned') AND {CHOSEN}
        ORDER BY value DESC NULLS LAST, warehouse, sku, lot, bin LIMIT 40"""
    shown = [
        c.badge("status", say.family("flow.status"), STATUS),
        *_goods(say, c.text("bin", 80)),
        c.number("quantity", 70),
        c.money("value", 90),
        c.moment("received_at"),
    ]
    return panels.table(say, sql, shown, board=HEADS)
