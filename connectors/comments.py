"""COMMENT ON every object that an analyst sees, from the catalogue `sql/comments/`.

In: lines `object<TAB>English<TAB>中文`; an object is `table`, `table.column`, `function()`,
`screen.view` or `screen.view.column`; `*.column` speaks for every column of that name which has
no line of its own. Out: the English sentences as comments in the database;
boards and pages take the Chinese ones from the same file. May fail with Trouble naming the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from connectors.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

FIELDS = 3
OBJECTS = """
WITH spaces AS (
    SELECT oid, nspname, CASE nspname WHEN 'inventory' THEN '' ELSE nspname || '.' END AS prefix
    FROM pg_namespace WHERE nspname IN ('inventory', 'screen')
),
relations AS (
    SELECT c.oid, s.prefix || c.relname AS name, format('%I.%I', s.nspname, c.relname) AS identity,
        CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS kind,
        CASE c.relkind WHEN 'c' THEN obj_description(c.reltype, 'pg_type')
                       ELSE obj_description(c.oid, 'pg_class') END AS comment
    FROM pg_class AS c JOIN spaces AS s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'c')
)
SELECT name, kind, identity, comment FROM relations
UNION ALL
SELECT r.name || '.' || a.attname, 'COLUMN', r.identity || '.' || quote_ident(a.attname),
    col_description(r.oid, a.attnum)
FROM relations AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT s.prefix || p.proname || '()', 'FUNCTION', p.oid::regprocedure::text,
    obj_description(p.oid, 'pg_proc')
FROM pg_proc AS p JOIN spaces AS s ON s.oid = p.pronamespace
ORDER BY 1
"""


@dataclass(frozen=True)
class Comment:
    """What one object of the database is, in both languages."""

    name: str
    english: str
    chinese: str


def read_comments(folder: Path) -> list[Comment]:
    """Read the catalogue, a file a room; empty lines and lines that begin with # are skipped."""
    return [comment for path in sorted(folder.glob("*.tsv")) for comment in _read(path)]


def _read(path: Path) -> list[Comment]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != FIELDS or not all(fields):
            raise Trouble(f"{path.name} line {number}: not object<TAB>English<TAB>中文")
        found.append(Comment(*fields))
    return found


def apply_comments(conn: Connection, comments: list[Comment]) -> int:
    """Write the comments that differ; return how many. Unknown objects are Trouble."""
    conn.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    texts = {comment.name: comment.english for comment in comments}
    unknown = set(texts)
    changes = []
    for name, kind, identity, present in conn.execute(OBJECTS).fetchall():
        found = name if name in texts or kind != "COLUMN" else f"*.{name.rpartition('.')[2]}"
        unknown.discard(found)
        if texts.get(found) not in (None, present):
            target = sql.SQL(f"COMMENT ON {kind} {identity} IS ")
            changes.append(target + sql.Literal(texts[found]))
    if unknown:
        names = ", ".join(sorted(unknown))
        raise Trouble(f"sql/comments names what the database does not have: {names}")
    if changes:
        conn.execute(sql.SQL("; ").join(changes))
    return len(changes)
