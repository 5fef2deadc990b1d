"""What the schemas `inventory` and `screen` consist of, read from the live catalogue.

Out: tables, views, types and functions in the order of their names, with columns, types, keys and
the comments in the database. In: an open connection. Nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import tuple_row

if TYPE_CHECKING:
    from psycopg import Connection

RELATIONS = """
WITH spaces AS (
    SELECT oid, CASE nspname WHEN 'inventory' THEN '' ELSE nspname || '.' END AS prefix, nspname
    FROM pg_namespace WHERE nspname IN ('inventory', 'screen')
)
SELECT s.prefix || c.relname AS name,
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'c' THEN 'type' ELSE 'table' END AS kind,
    coalesce(CASE c.relkind WHEN 'c' THEN obj_description(c.reltype, 'pg_type')
                            ELSE obj_description(c.oid, 'pg_class') END, '') AS comment,
    (SELECT array_agg(pg_get_constraintdef(k.oid) ORDER BY k.contype, k.conname)
     FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u')) AS keys,
    (SELECT d.column_name FROM timescaledb_information.dimensions AS d
     WHERE d.hypertable_schema = s.nspname AND d.hypertable_name = c.relname
       AND d.dimension_number = 1) AS time_column,
    (SELECT jsonb_agg(jsonb_build_array(
            a.attname, format_type(a.atttypid, a.atttypmod),
            coalesce(col_description(c.oid, a.attnum), '')) ORDER BY a.attnum)
     FROM pg_attribute AS a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_class AS c
JOIN spaces AS s ON s.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'c')
UNION ALL
SELECT s.prefix || p.proname, 'function', coalesce(obj_description(p.oid, 'pg_proc'), ''),
    ARRAY[pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)], NULL, NULL
FROM pg_proc AS p
JOIN spaces AS s ON s.oid = p.pronamespace
"""


@dataclass(frozen=True)
class Column:
    """A column: its name, its type as SQL writes it, its comment."""

    name: str
    kind: str
    comment: str


@dataclass(frozen=True)
class Thing:
    """A table, view, type or function; the keys of a function are its arguments and its result."""

    name: str
    kind: str
    comment: str
    keys: tuple[str, ...]
    time_column: str | None
    columns: tuple[Column, ...]


def things(conn: Connection[Any]) -> list[Thing]:
    """Return all there is, by name."""
    with conn.transaction():
        conn.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        rows = conn.cursor(row_factory=tuple_row).execute(RELATIONS).fetchall()
    made = [
        Thing(
            name,
            kind,
            comment,
            tuple(keys or ()),
            time,
            tuple(Column(*one) for one in columns or ()),
        )
        for name, kind, comment, keys, time, columns in rows
    ]
    return sorted(made, key=lambda one: (one.name, one.keys))
