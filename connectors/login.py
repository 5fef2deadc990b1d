"""Make a login that may read what one group role may read, and nothing else.

Enters: the administrator's DSN, the login's name and password. Leaves: the login with settings of
its own, because PostgreSQL does not hand a group's settings down; running it again changes nothing
but the password. Guarantees that the password leaves this process as a SCRAM verifier only, so that
neither the server's log nor pg_stat_activity shows it. May fail with Trouble: no such group, a name
that belongs to a role with more rights, rights that lack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import Error, errors, sql

from connectors.migrate import connect, first_line
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

SCREEN = "waterline_screen"
SCREEN_SETTINGS = {
    "search_path": "screen, public",
    "statement_timeout": "2s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "10s",
    "default_transaction_read_only": "on",
}
CONNECTIONS = 30
"""Connections of the login: the pools of Grafana's data sources and some to spare."""
_POWERS = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
    OR NOT rolcanlogin
FROM pg_roles WHERE rolname = %s
"""
_GROUPS = """
SELECT g.rolname FROM pg_auth_members AS m
JOIN pg_roles AS g ON g.oid = m.roleid
JOIN pg_roles AS l ON l.oid = m.member
WHERE l.rolname = %s AND g.rolname <> %s
"""


def make_screen_login(dsn: str, name: str, password: str) -> str:
    """Make or mend the login of boards; return the database's name."""
    with connect(dsn) as conn:
        try:
            with conn.transaction():
                _make(conn, name, password)
        except errors.InsufficientPrivilege as error:
            raise Trouble(
                f"role {conn.info.user} may not make the login {name} ({first_line(error)}):"
                " run this as an administrator of the database"
            ) from error
        except Error as error:
            raise Trouble(f"cannot make the login {name}: {first_line(error)}") from error
        return conn.info.dbname


def _make(conn: Connection, name: str, password: str) -> None:
    if conn.execute("SELECT to_regrole(%s)", [SCREEN]).fetchone() == (None,):
        raise Trouble(f"there is no role {SCREEN}: run `waterline migrate` first")
    # One at a time: two that alter the same role would make each other fail.
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    powers = conn.execute(_POWERS, [name]).fetchone()
    if powers is None:
        conn.execute(_of("CREATE ROLE {} LOGIN", name))
    elif powers[0]:
        raise Trouble(f"{name} is a role with rights of its own: name another login")
    for (group,) in conn.execute(_GROUPS, [name, SCREEN]).fetchall():
        conn.execute(_of("REVOKE {} FROM {}", group, name))
    conn.execute(_of("GRANT {} TO {}", SCREEN, name))
    verifier = conn.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    conn.execute(
        _of(f"ALTER ROLE {{}} INHERIT CONNECTION LIMIT {CONNECTIONS} PASSWORD ", name)
        + sql.Literal(verifier)
    )
    _set(conn, name, SCREEN_SETTINGS)


def _set(conn: Connection, name: str, settings: Mapping[str, str]) -> None:
    """Set what holds in every database; `search_path` is a list, the others are one value."""
    for setting, value in settings.items():
        values = sql.SQL(", ").join(sql.Literal(one.strip()) for one in value.split(","))
        conn.execute(_of("ALTER ROLE {} SET {} = ", name, setting) + values)


def _of(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
