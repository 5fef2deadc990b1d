"""What one query of a board gives the boards' role: rows as dictionaries, in a small database.

Enters: a connection, a board, the name of a panel or of a shared query, what is chosen. Leaves:
rows. Everything that is not chosen is All.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.grafana.asking import ALL, expanded, queries

if TYPE_CHECKING:
    import psycopg

    from grafana.board import Board


def answer(
    conn: psycopg.Connection[Any],
    board: Board,
    name: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    **chosen: list[str] | str,
) -> list[dict[str, Any]]:
    """Ask it, and be the administrator again afterwards."""
    until = until or datetime.now(UTC)
    values = {"warehouse": ALL, "category": ALL, "period": "day"} | chosen
    lists = {key: [one] if isinstance(one, str) else one for key, one in values.items()}
    statement = expanded(_sql(board, name), lists, since or until - timedelta(days=7), until)
    conn.execute("SET ROLE waterline_screen")
    cursor = conn.execute(statement.encode())
    names = [column.name for column in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    conn.execute("RESET ROLE")
    return found


def _sql(board: Board, name: str) -> str:
    """Return the statement of a shared query, else that of a panel."""
    asked = [(panel["id"], target) for panel, target in queries(board.json())]
    shared = [target["rawSql"] for _, target in asked if target["refId"] == name]
    own = [target["rawSql"] for number, target in asked if number == board.ids.get(name)]
    [statement] = shared or own
    return str(statement)
