"""Boards' queries as Grafana sends them: variables and macros expanded, run as the boards' role.

`python tests/grafana/asking.py water [DSN]` runs each query of a board and prints what comes back.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]  # when run as a program

from grafana.asking import ALL, BOARDS, expanded, panels, queries, span  # noqa: E402

__all__ = ["BOARDS", "choices", "connect", "defaults", "expanded", "panels", "queries", "span"]


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


NASTY = """O'Brien "5in" 折叠刀 100% _x\\'); DROP TABLE inventory.stock_figures; --"""
"""What a person, or somebody else, may type or put into an address."""


def choices(
    board: Mapping[str, Any], connection: psycopg.Connection[Any]
) -> dict[str, dict[str, list[str]]]:
    """Return ways to choose → variable → values: as opened, one each, two each, and nasty ones."""
    opened = defaults(board, connection)
    ways = {"opened": opened, "one": dict(opened), "several": dict(opened), "nasty": dict(opened)}
    now = datetime.now(UTC)
    for one in board["templating"]["list"]:
        name = one["name"]
        if one["type"] == "query":
            for way in ("one", "several"):
                sql = expanded(one["query"], ways[way], now, now)
                rows = connection.execute(sql.encode()).fetchall()
                most = 2 if way == "several" and one.get("multi") else 1
                ways[way][name] = [str(row[-1]) for row in rows[:most]] or [""]
        if one["type"] in {"query", "textbox"}:
            ways["nasty"][name] = [NASTY, "x"] if one.get("multi") else [NASTY]
        for option in one["options"] if one["type"] == "custom" else ():
            ways[f"{name}={option['value']}"] = opened | {name: [str(option["value"])]}
    return ways


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
