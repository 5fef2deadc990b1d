"""A board's queries as Grafana sends them: variables and macros expanded, nothing else.

Enters: a board's JSON, the values of its variables, a span of time. Leaves: the SQL that reaches
the database. Raises ValueError for a variable or macro that is not known here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

BOARDS = Path(__file__).with_name("dashboards")
ALL = "__all__"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000}


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every panel, also those in closed rows."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def queries(board: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield (panel, query) of everything that goes to the database."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            if "rawSql" in target:
                yield panel, target


def sqlstring(values: Sequence[str]) -> str:
    r"""Return values as Grafana's `:sqlstring` does: quoted, ' doubled, " and \ escaped."""
    escaped = (re.sub(r'(["\\])', r"\\\1", value.replace("'", "''")) for value in values)
    return ",".join(f"'{value}'" for value in escaped)


def variable(text: str, name: str, values: Sequence[str]) -> str:
    """Put values in place of one variable, in the formats that the boards use; All is ALL."""
    if list(values) == [ALL]:  # the custom All value goes in as it is written
        text = re.sub(rf"\$\{{{name}(:\w+)?\}}", f"'{ALL}'", text)
        return re.sub(rf"\${name}\b", f"'{ALL}'", text)
    text = re.sub(rf"\$\{{{name}:sqlstring\}}", lambda _: sqlstring(values), text)
    text = re.sub(rf"\$\{{{name}(:raw)?\}}", lambda _: ",".join(values), text)
    return re.sub(rf"\${name}\b", lambda _: ",".join(values), text)


def expanded(
    sql: str,
    values: Mapping[str, Sequence[str]],
    since: datetime,
    until: datetime,
    interval: str = "1m",
) -> str:
    """Return the statement that reaches the database."""
    for name, chosen in values.items():
        sql = variable(sql, name, chosen)
    start, end = since.isoformat(), until.isoformat()
    seconds = int(interval[:-1]) * _UNITS[interval[-1]]
    sql = re.sub(r"\$__timeFilter\(([^)]+)\)", rf"\1 BETWEEN '{start}' AND '{end}'", sql)
    sql = re.sub(
        r"\$__timeGroup(?:Alias)?\(([^,]+),\s*([^)]+)\)",
        lambda m: f"time_bucket('{m[2].strip()}', {m[1]})", sql,
    )  # fmt: skip
    sql = sql.replace("$__timeFrom()", f"'{start}'").replace("$__timeTo()", f"'{end}'")
    sql = re.sub(r"\$\{__from(:date)?\}", str(int(since.timestamp() * 1000)), sql)
    sql = re.sub(r"\$\{__to(:date)?\}", str(int(until.timestamp() * 1000)), sql)
    sql = sql.replace("$__interval_ms", str(seconds * 1000)).replace("$__interval", interval)
    left = re.findall(r"\$\{?[A-Za-z_][\w:]*\}?", sql)
    if left:
        raise ValueError(f"not expanded: {left}")
    return sql


def span(board: Mapping[str, Any], panel: Mapping[str, Any], now: datetime) -> datetime:
    """Return since when a panel asks: its own time or its board's."""
    text = panel.get("timeFrom") or board["time"]["from"].removeprefix("now-").split("/")[0]
    match = re.fullmatch(r"(\d+)([smhdwMy])", text)
    if match is None:
        return now - timedelta(days=1)
    return now - timedelta(seconds=int(match[1]) * _UNITS[match[2]])
