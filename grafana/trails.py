"""What the boards about goods on their way share: operations, and links to the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import house
from grafana.board import url

if TYPE_CHECKING:
    from grafana.columns import Column
    from grafana.house import Json
    from grafana.language import Say

OPERATIONS = {
    "inbound": house.GREEN,
    "return": house.ORANGE,
    "return_supplier": house.ORANGE,
    "transfer_out": house.PURPLE,
    "transfer_in": house.PURPLE,
    "order_outbound": house.BLUE,
    "outbound": house.BLUE,
    "move": house.IDLE,
    "status": house.IDLE,
    "stocktake": house.IDLE,
    "variance": house.YELLOW,
    "adjustment": house.YELLOW,
    "scrap": house.ORANGE,
    "lost": house.RED,
    "order_line": house.GREY,
    "purchase_line": house.GREY,
}
"""Operation of a trail → colour; only what is lost is red."""


def to_trail(say: Say, **values: str) -> list[Json]:
    """Return the link to the trail of what is given; it shows the last 60 days, not our hours."""
    address = url(say, "flow_trace", **values).replace("${__url_time_range}", "from=now-60d&to=now")
    return [house.link(say("flow.link.trail"), address)]


def to_sku(say: Say) -> list[Json]:
    """Return the link from a SKU to its details."""
    return [house.link(say("flow.link.sku"), url(say, "sku", sku=house.VALUE))]


def recording(say: Say, column: Column) -> Column:
    """Return a column of addresses of recordings as a link with a short word."""
    shown = {"color": house.LIGHT_BLUE, "text": say("flow.video"), "index": 0}
    column.properties["mappings"] = [
        {"type": "regex", "options": {"pattern": "^.+$", "result": shown}}
    ]
    column.properties["links"] = [
        house.link(say("flow.link.video"), "${__value.raw}", new_tab=True)
    ]
    return column
