"""Bring a database to this version's schema: roles, tables, views, functions, grants, comments.

In: a DSN and the folder `sql/`. Out: the objects in schemas `inventory` and `screen`, and a
report of what was done. Order, under an advisory lock of that database:

1. `server/*.sql` with the connecting role: group roles, schemas, the database's settings;
2. `migrations/NNNN_*.sql` as waterline_owner, each once, in a transaction of its own;
3. `replaceable/*.sql` and `comments/*.tsv` as waterline_owner, every time, in one transaction;
4. `community/*.sql` statement by statement, where the server runs TimescaleDB's community licence.

Running it again changes nothing. May fail with Trouble: no database, no TimescaleDB, rights that
lack, a released file that was edited, a database of a newer version, a file's own SQL error.
"""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from connectors.comments import apply_comments, read_comments
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Connection

SQL = Path(__file__).resolve().parent.parent / "sql"
MIN_POSTGRES = 150000
MIN_TIMESCALE = (2, 13)
LOCK_KEY = 0x57415445524C4E45
OWNER = "waterline_owner"
RACES = (errors.InternalError_, errors.UniqueViolation, errors.DeadlockDetected)
TRIES = 6


@dataclass(frozen=True)
class SqlFile:
    """One file of `sql/`: its name, text and sum."""

    name: str
    text: str
    sha256: str


@dataclass(frozen=True)
class MigrationReport:
    """What a run did: migrations run now, how many were there before, files run every time."""

    database: str
    applied: tuple[str, ...]
    before: int
    replaced: int
    comments: int
    community: int = 0


def silent(_sentence: str) -> None:
    """Say nothing."""


def migrate(dsn: str, sql_dir: Path = SQL, say: Callable[[str], None] = silent) -> MigrationReport:
    """Bring the database at `dsn` up to date; `say` gets a sentence for each thing done."""
    server = read_folder(sql_dir / "server")
    migrations = read_folder(sql_dir / "migrations")
    replaceable = read_folder(sql_dir / "replaceable")
    comments = read_comments(sql_dir / "comments")
    community = read_folder(sql_dir / "community") if (sql_dir / "community").exists() else []
    with connect(dsn) as conn, only_one(conn, say):
        require_timescale(conn)
        prepare(conn, server, say)
        before = recorded(conn)
        with as_owner(conn):  # all or nothing: an upgrade that fails leaves the views in place
            if before and {file.name for file in migrations} - before.keys():
                execute(conn, replaceable[0])  # views hold on to the tables that they read
            applied = run_migrations(conn, migrations, before, say)
            for file in replaceable:
                execute(conn, file)
            commented = apply_comments(conn, comments)
        extra = run_community(conn, community, licence_of(conn), say)
        return MigrationReport(
            conn.info.dbname, applied, len(before), len(replaceable), commented, extra
        )


def prepare_database(dsn: str, sql_dir: Path = SQL) -> None:
    """Set what neither a copy nor a dump of a database brings along: its roles' settings."""
    with connect(dsn) as conn:
        prepare(conn, read_folder(sql_dir / "server"), silent)


def read_folder(folder: Path) -> list[SqlFile]:
    """Read a folder's SQL files in the order of their names; none at all is Trouble."""
    paths = sorted(folder.glob("*.sql"))
    if not paths:
        raise Trouble(f"no SQL files in {folder}: is this the project's sql folder?")
    return [
        SqlFile(path.name, data.decode(), hashlib.sha256(data).hexdigest())
        for path in paths
        for data in (path.read_bytes(),)
    ]


def freeze(sql_dir: Path) -> int:
    """Write the sums of all migrations to `frozen.txt`: from now on they are released."""
    path = sql_dir / "migrations" / "frozen.txt"
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    files = read_folder(sql_dir / "migrations")
    path.write_text("\n".join([*head, *(f"{file.sha256}  {file.name}" for file in files)]) + "\n")
    return len(files)


@contextmanager
def connect(dsn: str) -> Iterator[Connection]:
    """Open a plain autocommit connection, or say in one sentence why that failed."""
    try:
        conn = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise Trouble(f"cannot reach the database {place(dsn)}: {first_line(error)}") from error
    with conn:
        yield conn


def place(dsn: str) -> str:
    """Name the database of a DSN without its password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return "(the DSN cannot be read)"
    host = parts.get("host") or "localhost"
    return f"{parts.get('dbname') or ''} at {host}:{parts.get('port') or 5432}"


def first_line(error: psycopg.Error) -> str:
    """Return the server's own sentence, or the end of the client's first line."""
    lines = str(error).strip().splitlines()
    client = lines[0].rpartition("failed: ")[2] if lines else type(error).__name__
    return error.diag.message_primary or client


@contextmanager
def only_one(conn: Connection, say: Callable[[str], None]) -> Iterator[None]:
    """Hold this database's migration lock; a second `migrate` waits for the first."""
    conn.execute("SET statement_timeout = 0; SET lock_timeout = '60s'")
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone()
    if row is None or not row[0]:
        say("another migration of this database is running: waiting for it")
        try:
            conn.execute("SET lock_timeout = '600s'")
            conn.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            conn.execute("SET lock_timeout = '60s'")
        except errors.LockNotAvailable as error:
            raise Trouble(
                "another migration of this database has been running for ten minutes"
            ) from error
    try:
        yield
    finally:
        if not conn.broken:
            conn.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def require_timescale(conn: Connection) -> None:
    """Install the extension when it is missing; refuse servers that are too old or lack it."""
    if conn.info.server_version < MIN_POSTGRES:
        have = conn.info.server_version // 10000
        raise Trouble(f"PostgreSQL {have} is too old: Waterline needs {MIN_POSTGRES // 10000}")
    row = conn.execute(
        "SELECT default_version, installed_version FROM pg_available_extensions"
        " WHERE name = 'timescaledb'"
    ).fetchone()
    if row is None:
        raise Trouble(
            "the server has no timescaledb extension: install TimescaleDB for this PostgreSQL,"
            " add it to shared_preload_libraries and restart the server"
        )
    version = str(row[1] or row[0])
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < MIN_TIMESCALE:
        need = ".".join(map(str, MIN_TIMESCALE))
        raise Trouble(f"TimescaleDB {version} is too old: Waterline needs {need}")
    if row[1] is None:
        install(conn)


def install(conn: Connection) -> None:
    """Create the extension in this database."""
    try:
        conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except psycopg.Error as error:
        raise Trouble(f"cannot create the timescaledb extension: {first_line(error)}") from error


def prepare(conn: Connection, files: list[SqlFile], say: Callable[[str], None]) -> None:
    """Run `server/`; roles are the server's, so another database's migration may race us."""

    def warn(notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING" and notice.message_primary:
            say(f"warning: {notice.message_primary}")

    conn.add_notice_handler(warn)
    try:
        for file in files:
            until_no_race(lambda file=file: execute(conn, file))  # type: ignore[misc]
    finally:
        conn.remove_notice_handler(warn)


def until_no_race(step: Callable[[], None]) -> None:
    """Repeat a step that lost a race for a row that all databases share."""
    for attempt in range(1, TRIES + 1):
        try:
            step()
        except Trouble as trouble:
            if attempt == TRIES or not isinstance(trouble.__cause__, RACES):
                raise
            time.sleep(0.05 * attempt)
        else:
            return


def execute(conn: Connection, file: SqlFile) -> None:
    """Run one file in a transaction (or inside the one that is open); errors name the file."""
    try:
        with conn.transaction():
            conn.execute("SET LOCAL search_path = pg_catalog, pg_temp")
            conn.execute(file.text.encode())
    except errors.InsufficientPrivilege as error:
        raise Trouble(
            f"role {conn.info.user} lacks a right that {file.name} needs ({first_line(error)}):"
            f" migrate as a superuser, or as a member of {OWNER} once one has done it"
        ) from error
    except errors.LockNotAvailable as error:
        raise Trouble(
            f"{file.name} waited for a lock for a minute: something holds a table;"
            " stop it or try again later"
        ) from error
    except psycopg.Error as error:
        raise Trouble(f"{file.name}: {first_line(error)}") from error


@contextmanager
def as_owner(conn: Connection) -> Iterator[None]:
    """Open a transaction that acts as the owner of all objects, whoever connected."""
    with conn.transaction():
        try:
            conn.execute(f"SET LOCAL ROLE {OWNER}")
        except psycopg.Error as error:
            raise Trouble(
                f"role {conn.info.user} may not act as {OWNER}: GRANT {OWNER} TO {conn.info.user}"
            ) from error
        yield


def recorded(conn: Connection) -> dict[str, str]:
    """Return name → sum of the migrations that this database has."""
    row = conn.execute("SELECT to_regclass('inventory.schema_migrations')").fetchone()
    if row is None or row[0] is None:
        return {}
    with as_owner(conn):
        rows = conn.execute("SELECT name, sha256 FROM inventory.schema_migrations").fetchall()
    return dict(rows)


def run_migrations(
    conn: Connection, files: list[SqlFile], before: dict[str, str], say: Callable[[str], None]
) -> tuple[str, ...]:
    """Run what is new, each file in its own transaction with its row of schema_migrations."""
    refuse_changes(files, before)
    applied = []
    for file in files:
        if file.name in before:
            continue
        with as_owner(conn):
            execute(conn, file)
            conn.execute(
                "INSERT INTO inventory.schema_migrations (name, sha256) VALUES (%s, %s)",
                [file.name, file.sha256],
            )
        say(f"applied {file.name}")
        applied.append(file.name)
    return tuple(applied)


def licence_of(conn: Connection) -> str:
    """Return which of TimescaleDB's licences the server runs: apache or timescale."""
    row = conn.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
    return str(row and row[0])


def run_community(
    conn: Connection, files: list[SqlFile], licence: str, say: Callable[[str], None]
) -> int:
    """Run what only the community licence allows, if it is that; return how many files.

    A continuous aggregate cannot be made in a transaction, so that each statement stands alone and
    may have been run before.
    """
    if not files or licence != "timescale":
        if files:
            say(f"left out sql/community: the server's TimescaleDB licence is {licence}")
        return 0
    conn.execute(f"SET ROLE {OWNER}")
    try:
        for file in files:
            for statement in statements(file.text):
                try:
                    conn.execute(statement.encode())
                except psycopg.Error as error:
                    raise Trouble(f"{file.name}: {first_line(error)}") from error
    finally:
        conn.execute("RESET ROLE")
    return len(files)


def statements(text: str) -> list[str]:
    """Split a file of plain statements, each of which ends a line with its semicolon."""
    parts = re.split(r";[ \t]*$", text, flags=re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]


def refuse_changes(files: list[SqlFile], before: dict[str, str]) -> None:
    """Raise Trouble when what ran here is not what the files say, or is unknown to them."""
    sums = {file.name: file.sha256 for file in files}
    for name, sha256 in sorted(before.items()):
        if name not in sums:
            raise Trouble(
                f"the database has migration {name}, which this version does not know:"
                " it belongs to a newer Waterline"
            )
        if sums[name] != sha256:
            raise Trouble(
                f"migration {name} was changed after it ran here: a released file is never"
                " edited, a change of the schema is a new file"
            )
