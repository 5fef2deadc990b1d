"""What the boards about goods on their way share: words inside SQL, and links to the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import house
from grafana.board import url

if TYPE_CHECKING:
    from grafana.columns import Column
    from grafana.house import Json
    from grafana.language import Say

VALUE = "${__value.raw:percentencode}"
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


def quoted(text: str) -> str:
    """Return a text of the catalogue as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def spelled(say: Say, family: str, column: str) -> str:
    """Return SQL that turns the codes of a column into the words of a family of the catalogue.

    For where Grafana maps no values: categories of bars, titles of nodes, texts of several parts.
    """
    cases = " ".join(
        f"WHEN {quoted(code)} THEN {quoted(text)}" for code, text in say.family(family).items()
    )
    return f"CASE {column} {cases} ELSE {column} END"


def field(name: str) -> str:
    """Return the value of another column of the row, for a link."""
    return f"${{__data.fields.{name}:percentencode}}"


def to_trail(say: Say, **values: str) -> list[Json]:
    """Return the link to the trail of what is given; it shows the last 60 days, not our hours."""
    address = url(say, "flow_trace", **values).replace("${__url_time_range}", "from=now-60d&to=now")
    return [house.link(say("flow.link.trail"), address)]


def to_sku(say: Say) -> list[Json]:
    """Return the link from a SKU to its details."""
    return [house.link(say("flow.link.sku"), url(say, "sku", sku=VALUE))]


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
