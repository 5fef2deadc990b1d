"""Named read queries: one file of `sql/queries/` each, run with named parameters.

Enters: a DSN, the folder, a query's name, values for its `%(name)s` parameters.
Leaves: rows as dicts. Guarantee: the session is read-only, so that a look-up changes nothing.
May fail: psycopg's errors; a dead server is noticed within about 15 seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from connectors.migrate import SQL
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
QUERIES = SQL / "queries"
"""The folder of this installation's queries."""

TIMEOUTS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class Queries:
    """The queries of one folder over one connection; use it as a context manager."""

    def __init__(self, folder: Path, dsn: str, seconds: int = 30) -> None:
        """Connect; each statement may take `seconds`."""
        self.folder = folder
        self.connection = connect(dsn, seconds)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.connection.close()

    def rows(self, name: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query; every parameter of the file must be given."""
        return self.connection.execute(text(self.folder, name), parameters).fetchall()

    def table(self, name: str, parameters: Row) -> tuple[list[str], list[Row]]:
        """Return the columns and the rows of a query: columns also where there is no row."""
        cursor = self.connection.execute(text(self.folder, name), parameters)
        return [column.name for column in cursor.description or ()], cursor.fetchall()

    def row(self, name: str, **parameters: Any) -> Row:
        """Return the only row of a query, such as a row of totals."""
        return self.rows(name, **parameters)[0]


def connect(dsn: str, seconds: int = 30) -> psycopg.Connection[Row]:
    """Open a read-only session that finds plain names in `inventory` and `screen`."""
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        raise Trouble(f"WATERLINE_DSN is not a connection string: {error}".strip()) from error
    settings = {"application_name": "waterline", **TIMEOUTS, **given}
    connection = psycopg.connect(**settings, row_factory=dict_row, autocommit=True)
    connection.execute("set search_path = inventory, screen, public")
    connection.execute("set default_transaction_read_only = on")
    connection.execute("select set_config('statement_timeout', %s, false)", (f"{seconds}s",))
    return connection


def text(folder: Path, name: str) -> LiteralString:
    """Return the SQL of a query; the file is ours, hence as trusted as a literal."""
    return (folder / f"{name}.sql").read_text(encoding="utf-8")
