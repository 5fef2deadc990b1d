"""One PostgreSQL server with TimescaleDB on this machine's loopback address.

Enters: where its programs, data and log are, its port and the administrator's password. Leaves: a
server that accepts connections and has the database `waterline`. May fail: with the last lines of
its log and the log's path. Commits are durable: fsync and synchronous_commit stay on.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.local import debian, ports, processes
from deploy.local.account import Account, make_private
from deploy.local.trouble import StackError

if TYPE_CHECKING:
    from pathlib import Path

PORT = 5432
ADMIN = "waterline_admin"
DATABASE = "waterline"
_ORPHANS = 15.0
"""Seconds for the backends of a killed server to notice that it is gone."""
_PATIENCE = 120.0
_ENV = {"LC_ALL": "C", "TZ": "GMT", "PATH": "/usr/bin:/bin"}
_INITDB = (
    f"--username={ADMIN}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
_SETTINGS = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
default_text_search_config = 'pg_catalog.simple'
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
jit = off
shared_buffers = 512MB
effective_cache_size = 2GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
fsync = on
synchronous_commit = on
autovacuum = on
max_locks_per_transaction = 256
max_worker_processes = 24
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
log_autovacuum_min_duration = -1
"""


@dataclass(frozen=True, slots=True)
class Server:
    """One server: its programs, data, log, port, password, and the account it runs as."""

    tree: Path
    data: Path
    log: Path
    port: int
    password: str
    account: Account | None

    @property
    def dsn(self) -> str:
        """The administrator's connection to the database `waterline`."""
        return dsn(self.port, self.password)


def dsn(port: int, password: str, database: str = DATABASE) -> str:
    """Return the administrator's connection address; the password is hexadecimal."""
    return f"postgresql://{ADMIN}:{password}@{ports.HOST}:{port}/{database}"


def place(port: int) -> tuple[str, int, str, str]:
    """Return host, port, user and database of the administrator's connection."""
    return ports.HOST, port, ADMIN, DATABASE


def mark(data: Path) -> str:
    """Return the argument by which the server of `data` is known."""
    return f"-D{data}"


def start(server: Server) -> int:
    """Start the server and wait until the database `waterline` is there; return its process."""
    _initialise(server)
    _configure(server)
    _drop_stale_lock(server.data)
    since = processes.size(server.log)
    pid = processes.start(
        [_program(server, "postgres"), mark(server.data)],
        log=server.log,
        account=server.account,
        env=_ENV,
        cwd=server.data,
    )
    begun = time.monotonic()
    while not _has_database(server):
        waited = time.monotonic() - begun
        if waited > 1 and not processes.marked(pid, mark(server.data)):
            raise StackError(_failure(server, since, "ended while starting"))
        if waited > _PATIENCE:
            raise StackError(_failure(server, since, f"did not answer within {_PATIENCE:.0f} s"))
        time.sleep(0.1)
    return pid


def stop(pid: int, data: Path) -> None:
    """Stop the server cleanly: connections are cut, everything committed is on disk."""
    processes.stop(pid, mark(data), how=signal.SIGINT, patience=10)


def _program(server: Server, name: str) -> str:
    return str(debian.programs(server.tree) / name)


def _initialise(server: Server) -> None:
    """Make the data folder once; a half-made one, from a start that was cut off, is made anew."""
    if (server.data / "PG_VERSION").is_file() and (server.data / "waterline.made").is_file():
        return
    shutil.rmtree(server.data, ignore_errors=True)
    make_private(server.data, server.account)
    with tempfile.NamedTemporaryFile("w", dir=server.data.parent, prefix=".password-") as secret:
        secret.write(server.password)
        secret.flush()
        if server.account is not None:
            os.chown(secret.name, server.account.uid, server.account.gid)
        processes.run(
            [
                _program(server, "initdb"),
                f"--pgdata={server.data}",
                f"--pwfile={secret.name}",
                *_INITDB,
            ],
            what="preparing PostgreSQL's data",
            account=server.account,
            env=_ENV,
            cwd=server.data,
        )
    (server.data / "waterline.made").touch()


def _configure(server: Server) -> None:
    path = server.data / "postgresql.conf"
    path.write_text(_SETTINGS.format(host=ports.HOST, port=server.port), encoding="utf-8")
    path.chmod(0o644)
    link = server.data / "zoneinfo"
    link.unlink(missing_ok=True)
    link.symlink_to(debian.zones(server.tree))


def _drop_stale_lock(data: Path) -> None:
    """Remove the lock of a server that is gone, lest its number, now another's, stop the start.

    After a kill -9 its backends may live on for a moment: two servers must never share the data.
    """
    lock = data / "postmaster.pid"
    if not lock.is_file() or processes.find(mark(data)) is not None:
        return
    begun = time.monotonic()
    while holders := processes.inside(data, "postgres"):
        if time.monotonic() - begun > _ORPHANS:
            raise StackError(
                f"processes of a PostgreSQL that was killed still use {data}"
                f" ({', '.join(map(str, holders))}): end them, then try again"
            )
        time.sleep(0.1)
    lock.unlink()


def _has_database(server: Server) -> bool:
    """Say whether the server accepts us, with the database `waterline` in it (made if missing)."""
    import psycopg  # noqa: PLC0415 - for starting only

    if not ports.open_to(server.port):
        return False
    try:
        with psycopg.connect(
            dsn(server.port, server.password, "postgres"), connect_timeout=5, autocommit=True
        ) as connection:
            known = "select 1 from pg_database where datname = %s"
            if connection.execute(known, (DATABASE,)).fetchone() is None:
                connection.execute(f"create database {DATABASE}")
    except psycopg.OperationalError as error:
        if "authentication failed" in str(error):
            raise StackError(
                f"PostgreSQL does not accept the password in stack.json: "
                f"`waterline down --purge` starts afresh (its data in {server.data} are deleted)"
            ) from error
        return False
    return True


def _failure(server: Server, since: int, what: str) -> str:
    return (
        f"PostgreSQL {what}; its log, {server.log}, ends with:\n{processes.tail(server.log, since)}"
    )
