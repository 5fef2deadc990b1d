"""Fixtures that tests share: the servers, a fresh migrated database, topics, settings.

The servers are those that WATERLINE_DSN and WATERLINE_BROKERS name; what is not named is the
local stack, which is started when it does not run and stopped again by the session that did so.
A database is a copy of one migrated template and is dropped after its test.
Several processes may run tests at once (`make test`): each has its own databases and topics on the
same servers; who starts them holds the lock of the stack, and the first process stops them.
"""

from __future__ import annotations

import itertools
import os
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from connectors.migrate import migrate, prepare_database
from deploy.local import stack as local
from flows.settings import Settings
from tests.faults.servers import remove_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.local.stack import Endpoints

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".waterline"
SESSION = uuid.uuid4().hex[:8]
NUMBERS = itertools.count(1)
# As in flows/fitting.py: threads that wait for each other make small arrays eight times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
PREFIXES: set[str] = set()
WORKER = "PYTEST_XDIST_WORKER" in os.environ
"""Whether another process hands out the tests."""
TOGETHER = ("tests/faults/",)
"""Folders whose tests one process runs, one after the other: they share servers that are killed."""
FIRST = (
    "tests/faults/",
    "tests/e2e/test_demo",
    "tests/domain/test_fold_properties",
    "tests/e2e/test_edge",
    "tests/e2e/test_run_supervised",
    "tests/bench/",
    "tests/dataflow/test_cluster",
    "tests/dataflow/",
    "tests/connectors/edge/",
    "tests/domain/test_",
)
"""What takes longest, so that nothing long is begun when all else is done."""
pytest_plugins = ["tests.faults.tally"]


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, where several processes share the work."""
    if WORKER:
        items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in FIRST])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each process whole files, so that what a file shares is made once."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - one file's tests need no xdist

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            shared = [folder for folder in TOGETHER if nodeid.startswith(folder)]
            return shared[0] if shared else super()._split_scope(nodeid)

    tidy_at_the_end(config)
    config.option.loadscopereorder = False  # else the files with most tests come first
    return Files(config, log)


def tidy_at_the_end(config):
    """Stop the servers after the last process has ended, when they do not run now."""
    if local.endpoints(HOME) is None:
        config.add_cleanup(lambda: local.down(HOME, print))
    config.add_cleanup(remove_left)


@pytest.fixture(scope="session")
def stack() -> Iterator[Endpoints]:
    """Give running servers; topics that this session made are deleted at its end."""
    dsn, brokers = os.environ.get("WATERLINE_DSN"), os.environ.get("WATERLINE_BROKERS")
    missing = [name for name, given in ((local.POSTGRES, dsn), (local.KAFKA, brokers)) if not given]
    before = local.endpoints(HOME)
    if missing:
        ours = local.up(HOME, print, services=missing)
        dsn, brokers = dsn or ours.dsn, brokers or ours.brokers
    yield local.Endpoints(dsn, brokers, None, None)
    if missing and before is None:
        if not WORKER:  # else others may still be at work
            local.down(HOME, print)
    elif brokers and PREFIXES:
        delete_topics(brokers)


def delete_topics(brokers: str) -> None:
    """Delete the topics of the prefixes that tests were given."""
    admin = AdminClient({"bootstrap.servers": brokers})
    ours = [
        name for name in admin.list_topics(timeout=10).topics if name.startswith(tuple(PREFIXES))
    ]
    if ours:
        for done in admin.delete_topics(ours).values():
            done.result()


def at_database(dsn: str, name: str) -> str:
    """Return the DSN with another database."""
    if dsn.startswith(("postgresql://", "postgres://")):
        return urlsplit(dsn)._replace(path=f"/{name}").geturl()
    return make_conninfo(dsn, dbname=name)


def drop_database(dsn: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        conn.execute(drop.format(sql.Identifier(name)))


def create_database(dsn: str, name: str, template: str | None = None) -> str:
    """Create a database and return its DSN; TimescaleDB's workers may hold a template briefly."""
    make = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        make += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with psycopg.connect(dsn, autocommit=True) as conn:
        for attempt in range(20):
            try:
                conn.execute(make)
                break
            except errors.ObjectInUse:
                if attempt == 19:
                    raise
                close_sessions(conn, template or "template1")
                time.sleep(0.1)
    return at_database(dsn, name)


def close_sessions(conn: psycopg.Connection, name: str) -> None:
    """End every session in a database, background workers included."""
    conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
    )


@contextmanager
def temporary_database(
    dsn: str, template: str | None = None, name: str | None = None
) -> Iterator[str]:
    """Give the DSN of a new database, empty or a copy, and drop it afterwards."""
    name = name or f"waterline_test_{SESSION}_{next(NUMBERS)}"
    try:
        yield create_database(dsn, name, template)
    finally:
        drop_database(dsn, name)


@pytest.fixture(scope="session")
def template(stack: Endpoints) -> Iterator[str]:
    """Give the name of a migrated database that nobody may enter, to be copied."""
    assert stack.dsn is not None
    name = f"waterline_template_{SESSION}"
    with temporary_database(stack.dsn, name=name) as dsn:
        migrate(dsn)
        with psycopg.connect(stack.dsn, autocommit=True) as conn:
            target = sql.Identifier(name)
            conn.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(target))
            close_sessions(conn, name)
        yield name


@pytest.fixture(scope="session")
def new_database(stack: Endpoints, template: str) -> Callable[[], Iterator[str]]:
    """Give a context manager that makes a migrated database and yields its DSN."""

    @contextmanager
    def make() -> Iterator[str]:
        assert stack.dsn is not None
        with temporary_database(stack.dsn, template) as dsn:
            prepare_database(dsn)
            yield dsn

    return make


@pytest.fixture(scope="session")
def empty_database(stack: Endpoints) -> Callable[[], Iterator[str]]:
    """Give a context manager that makes a database without anything in it."""
    assert stack.dsn is not None
    return lambda: temporary_database(str(stack.dsn))


@pytest.fixture
def database(new_database) -> Iterator[str]:
    """Give the DSN of a fresh migrated database."""
    with new_database() as dsn:
        yield dsn


@pytest.fixture
def topic_prefix() -> str:
    """Give a prefix that no other test has."""
    prefix = f"t{SESSION}-{next(NUMBERS)}-"
    PREFIXES.add(prefix)
    return prefix


@pytest.fixture
def settings(stack: Endpoints, database: str, topic_prefix: str, tmp_path: Path) -> Settings:
    """Give settings for this test's own database, topics and folder."""
    return Settings(
        dsn=database,
        brokers=stack.brokers,
        topic_prefix=topic_prefix,
        lang="en",
        tz="Asia/Shanghai",
        home=tmp_path / ".waterline",
    )
