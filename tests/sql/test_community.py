"""What needs TimescaleDB's community licence: understood by the server, left out without it.

The licence of the servers that run these tests is Apache's: the statements are parsed, and what
they call is looked up, but they are not run.
"""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg import errors

from connectors.migrate import SQL, migrate, read_folder, run_community, statements
from connectors.trouble import Trouble

pytestmark = pytest.mark.stack
FILES = read_folder(SQL / "community")
STATEMENTS = [(file.name, one) for file in FILES for one in statements(file.text)]
CALLS = [one for _, one in STATEMENTS if re.search("^SELECT", one, re.MULTILINE)]


def parse(conn, statement) -> None:
    """Let the server's own parser read a statement, without running it."""
    body = statement.replace("%", "%%")
    conn.execute(
        "CREATE FUNCTION pg_temp.parsed() RETURNS void LANGUAGE plpgsql"
        f" AS $body$ BEGIN {body}\n; END $body$".replace("%%", "%").encode()
    )


@pytest.fixture
def conn(migrated):
    """Give a connection; what a test does is taken back."""
    with psycopg.connect(migrated) as made:
        yield made
        made.rollback()


def test_the_parser_is_the_servers(conn):
    """A statement with a mistake in it is refused, so that the next test means something."""
    with pytest.raises(errors.SyntaxError):
        parse(conn, "ALTER TABLE inventory.movements SET (timescaledb.compress,, x)")


@pytest.mark.parametrize(("name", "statement"), STATEMENTS)
def test_every_statement_parses(conn, name, statement):
    """Each statement of sql/community is SQL as this server reads it."""
    del name
    parse(conn, statement)


@pytest.mark.parametrize("statement", CALLS)
def test_what_a_statement_calls_is_there(conn, statement):
    """Each function has these arguments, each query these columns."""
    head = r"^(--[^\n]*\n)*(CREATE MATERIALIZED VIEW.*?\) AS\n)?"
    query = re.sub(head, "", statement, flags=re.DOTALL)
    if "inventory.movements_hourly" in query:
        conn.execute("CREATE VIEW inventory.movements_hourly AS SELECT 1 AS one")
    conn.execute(f"PREPARE one AS {query.removesuffix('WITH NO DATA')}".encode())


def test_apache_server_is_left_untouched(migrated, listing):
    """Without the licence nothing is run, and one sentence says so."""
    said: list[str] = []
    before = [listing(migrated, name) for name in ("schema", "privileges")]
    report = migrate(migrated, say=said.append)
    assert report.community == 0
    assert said == ["left out sql/community: the server's TimescaleDB licence is apache"]
    assert [listing(migrated, name) for name in ("schema", "privileges")] == before


def test_with_the_licence_statements_are_run_one_by_one(conn):
    """This server lacks it and says so: the file is named, and the owner's role is given back."""
    conn.autocommit = True
    with pytest.raises(Trouble, match=r"100_compression\.sql: .*license"):
        run_community(conn, FILES, "timescale", print)
    assert conn.execute("SELECT current_user <> 'waterline_owner'").fetchone() == (True,)
