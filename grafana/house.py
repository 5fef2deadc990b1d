"""The house style: colours, units, thresholds, value mappings, and the query of a panel.

Colours are readable under white text on dark and on light; red is for trouble only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana.language import Say

Json = dict[str, Any]

VERSION = "12.4.0"
"""Said by every panel: without it Grafana migrates a panel as if it were an old one."""
SOURCE: Json = {"type": "grafana-postgresql-datasource", "uid": "waterline"}
SHARED: Json = {"type": "datasource", "uid": "-- Dashboard --"}
SHARED_PANEL = 100
"""Id of the panel whose queries others of its board share."""
TIMEZONE = "Asia/Shanghai"
RUNBOOK = "https://waterline.example.com/runbook"
"""Where `deploy/runbook.md` is served: Grafana replaces no variables in annotations."""

GREEN, YELLOW, RED, BLUE, IDLE = "#2f7d4f", "#d9a400", "#d13c3c", "#3274d9", "#3a4252"
ORANGE, DARK_RED, LIGHT_BLUE, PURPLE, GREY = "#ff9830", "#8e1b1b", "#8ab8ff", "#8f5bb8", "#8e8e8e"

LEVEL_COLOURS = {"red": RED, "yellow": YELLOW, "green": GREEN, "over": BLUE}
SEVERITY_COLOURS = {"critical": RED, "warning": YELLOW, "info": BLUE}
STATE_COLOURS = {"open": ORANGE, "acknowledged": BLUE, "resolved": GREEN}
FILLED = ((None, IDLE), (1, GREEN), (70, YELLOW), (95, RED))
"""Percent of a place that is filled → colour."""
DAYS_LEFT = ((None, DARK_RED), (0, RED), (8, ORANGE), (16, YELLOW), (31, GREEN))
LATE = ((None, GREEN), (1.0, YELLOW), (3.0, RED))
"""Seconds from an operation to the tables → colour."""
AGE = ((None, GREEN), (75, YELLOW), (180, RED))
"""Seconds since the last commit: the clock makes one a minute where nothing moves."""


def thresholds(steps: Sequence[tuple[float | None, str]]) -> Json:
    """Return absolute thresholds; the first step has no value."""
    return {"mode": "absolute", "steps": [{"color": c, "value": v} for v, c in steps]}


def by_thresholds(steps: Sequence[tuple[float | None, str]]) -> Json:
    """Return the properties that colour a field by thresholds."""
    return {"color": {"mode": "thresholds"}, "thresholds": thresholds(steps)}


def fixed(colour: str) -> Json:
    """Return the property that gives a field one colour."""
    return {"color": {"mode": "fixed", "fixedColor": colour}}


def mapping(texts: dict[str, str], colours: dict[str, str] | None = None) -> list[Json]:
    """Return the value mapping raw value → text, with a colour where there is one."""
    options = {
        value: {"text": text, "index": index}
        | ({"color": colours[value]} if colours and value in colours else {})
        for index, (value, text) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]


def override(name: str, matcher: str = "byName", **properties: Any) -> Json:
    """Return a field override; `custom__width=80` is the property custom.width."""
    items = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": matcher, "options": name}, "properties": items}


def query(say: Say, sql: str, ref: str = "A", form: str = "table") -> Json:
    """Return a query; `form` is table or time_series."""
    return {
        "refId": ref,
        "datasource": SOURCE,
        "editorMode": "code",
        "format": form,
        "rawQuery": True,
        "rawSql": say.sql(sql),
    }


def chosen(variable: str, column: str | None = None) -> str:
    """Return the SQL condition that keeps what a variable of several values has chosen."""
    values = f"${{{variable}:sqlstring}}"
    return f"('__all__' IN ({values}) OR {column or variable} IN ({values}))"


def here() -> str:
    """Return the condition of the chosen warehouses, or of none: what is about none is shown."""
    return f"({chosen('warehouse')} OR warehouse = '')"


def typed(variable: str) -> str:
    """Return the SQL value of a text box; Grafana's sqlstring escapes " in it."""
    return f"""replace(${{{variable}:sqlstring}}, '\\"', '"')"""


VALUE = "${__value.raw:percentencode}"
"""In an address: the value of the cell that is clicked."""


def field(name: str) -> str:
    """Return, for an address, the value of another column of the row."""
    return f"${{__data.fields.{name}:percentencode}}"


def literal(text: str) -> str:
    """Return a text of the catalogue as SQL."""
    return "'" + text.replace("'", "''") + "'"


def worded(column: str, texts: dict[str, str]) -> str:
    """Return the SQL of a column's words: what no mapping reaches, such as names of bars."""
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(text)}" for code, text in texts.items())
    return f"CASE {column} {cases} ELSE {column} END"


def link(title: str, url: str, *, new_tab: bool = False) -> Json:
    """Return a data link."""
    return {"title": title, "url": url, "targetBlank": new_tab}
