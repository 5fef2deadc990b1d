"""Boards' queries as Grafana sends them: variables and macros expanded, run as the boards' role.

`python tests/grafana/asking.py water [DSN]` runs each query of a board and prints what comes back.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

BOARDS = Path(__file__).resolve().parents[2] / "grafana" / "dashboards"
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
    """Return values as Grafana's `:sqlstring` does: quoted, ' doubled, " and \\ escaped."""
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
    assert not left, f"not expanded: {left}"
    return sql


def span(board: Mapping[str, Any], panel: Mapping[str, Any], now: datetime) -> datetime:
    """Return since when a panel asks: its own time or its board's."""
    text = panel.get("timeFrom") or board["time"]["from"].removeprefix("now-").split("/")[0]
    match = re.fullmatch(r"(\d+)([smhdwMy])", text)
    if match is None:
        return now - timedelta(days=1)
    return now - timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def defaults(board: Mapping[str, Any], connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Return what each variable holds when the board opens: All, its text, or the first value."""
    chosen: dict[str, list[str]] = {}
    now = datetime.now(UTC)
    for one in board["templating"]["list"]:
        if one["type"] == "textbox":
            chosen[one["name"]] = [one["query"]]
        elif one.get("includeAll"):
            chosen[one["name"]] = [ALL]
        elif one["type"] == "query":
            rows = connection.execute(expanded(one["query"], chosen, now, now).encode()).fetchall()
            chosen[one["name"]] = [str(rows[0][-1])] if rows else [""]
        else:
            chosen[one["name"]] = [str(one["current"]["value"])]
    return chosen


def connect(dsn: str) -> psycopg.Connection[Any]:
    """Open a connection that may do what the boards' role may."""
    options = (
        "-c role=waterline_screen -c statement_timeout=2000 -c default_transaction_read_only=on"
    )
    return psycopg.connect(dsn, autocommit=True, options=options + " -c search_path=screen,public")


def main(name: str, dsn: str) -> None:
    """Print each query of a board: time, rows, columns, the first rows."""
    for lang in ("en", "zh-CN"):
        board = json.loads((BOARDS / lang / f"{name}.json").read_text())
        with connect(dsn) as connection:
            now, chosen = datetime.now(UTC), defaults(board, connection)
            sys.stdout.write(f"{board['uid']} {chosen}\n")
            for panel, target in queries(board):
                sql = expanded(target["rawSql"], chosen, span(board, panel, now), now)
                connection.execute(sql.encode())
                began = time.perf_counter()
                cursor = connection.execute(sql.encode())
                rows = cursor.fetchall()
                took = (time.perf_counter() - began) * 1000
                names = [column.name for column in cursor.description or ()]
                head = f"{panel['title']} [{target['refId']}] {took:.1f} ms, {len(rows)} rows"
                sys.stdout.write(f"  {head}\n    {names}\n")
                for row in rows[:3] if lang == "en" else []:
                    sys.stdout.write(f"    {row}\n")


if __name__ == "__main__":
    import os

    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else os.environ["WATERLINE_DSN"])
