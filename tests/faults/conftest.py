"""Servers of the fault suite's own, settings on them, and the table that tests fill.

They are not the servers that other tests share: here they are killed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from connectors.migrate import migrate, prepare_database
from flows.settings import Settings
from tests.conftest import NUMBERS, SESSION, close_sessions, temporary_database
from tests.faults.servers import Servers
from tests.faults.tally import TALLY, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Give running servers that may be killed; who kills one starts it again."""
    ours = Servers()
    try:
        ours.up()
        yield ours
    finally:
        ours.remove()


@pytest.fixture(scope="session")
def pattern(servers: Servers) -> Iterator[str]:
    """Give the name of a migrated database there, to be copied."""
    dsn = str(servers.up().dsn)
    name = f"waterline_template_{SESSION}"
    with temporary_database(dsn, name=name) as target:
        migrate(target)
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            close_sessions(conn, name)
        yield name
        servers.up()  # who dropped a server must not keep the database from being dropped


@pytest.fixture
def new_place(servers: Servers, pattern: str, tmp_path) -> Iterator[Callable[[], Settings]]:
    """Give a function that makes settings with a database and topics of their own."""
    opened = []

    def make() -> Settings:
        where = servers.up()
        database = temporary_database(str(where.dsn), pattern)
        dsn = database.__enter__()
        opened.append(database)
        prepare_database(dsn)
        number = next(NUMBERS)
        return Settings(
            dsn=dsn,
            brokers=where.brokers,
            topic_prefix=f"f{number}-",
            lang="en",
            tz="Asia/Shanghai",
            home=tmp_path / f"home-{number}",
        )

    yield make
    servers.up()
    for database in reversed(opened):
        database.__exit__(None, None, None)


@pytest.fixture
def place(new_place: Callable[[], Settings]) -> Settings:
    """Give settings on servers that may be killed."""
    return new_place()


@pytest.fixture
def calm(place: Settings, new_place: Callable[[], Settings]) -> Settings:
    """Give other settings, for the undisturbed run that is compared with."""
    return replace(new_place(), home=place.home)


@pytest.fixture
def reference(settings: Settings, new_database) -> Iterator[Settings]:
    """Give settings of another database on the log of `settings`, for the undisturbed run."""
    with new_database() as dsn:
        yield replace(settings, dsn=dsn)


@pytest.fixture
def tally() -> Tally:
    """Give the table of what was done."""
    return TALLY
