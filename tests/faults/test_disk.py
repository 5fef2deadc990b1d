"""The disk of PostgreSQL full under load: clear words, no wrong rows, on again when space."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from connectors.migrate import migrate
from tests.dataflow.running import clean, drain, lay, wait_for
from tests.faults.compare import same
from tests.faults.crew import Crew, read_by, same_homes
from tests.faults.servers import DATABASE, Servers
from tests.faults.story import story
from tests.faults.tally import LONG

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not LONG, reason="a server of its own: in `make test-faults`"),
]
MOUNT, UNMOUNT = ("mount", "-t", "tmpfs", "-o"), ("umount", "--lazy")
SIZE = 420
"""MiB of the small file system: an empty server, one database, some WAL."""
EVENTS = 20_000


@pytest.fixture
def small_disk():
    """Give a database server whose data lie on a small file system of memory."""
    servers = Servers((DATABASE,))
    data = servers.data(DATABASE)
    data.mkdir(parents=True)
    words = [*MOUNT, f"size={SIZE}m", "tmpfs", str(data)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        servers.remove()
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    try:
        servers.up()
        yield servers
    finally:
        servers.kill(DATABASE)
        subprocess.run([*UNMOUNT, str(data)], check=True)
        servers.remove()


def test_a_full_disk(small_disk, settings, tmp_path, tally):
    """The flow says so and waits; freed, it goes on; row by row as on a large disk."""
    tight = replace(settings, dsn=str(small_disk.up().dsn))
    migrate(tight.dsn)
    lay(settings, story(500, seed=30))
    same_homes(settings, tight)
    with Crew(tight, tmp_path, ("stock",)) as crew:
        wait_for(lambda: read_by(tight, "stock") > 0)
        ballast = fill(small_disk)
        lay(settings, story(EVENTS, seed=30)[500:])
        wait_for(lambda: "No space left" in small_disk.log(DATABASE), 60)
        time.sleep(5)
        crew.mend()
        fell = not small_disk.pids(DATABASE)
        ballast.unlink()
        small_disk.up()  # a server that could not write its WAL has ended: its owner starts it
        begun = time.monotonic()
        drain(settings)
        wait_for(lambda: caught_up(crew, settings), 90)
        seconds = [time.monotonic() - begun]
        said = crew.said("stock")
        crew.end()
        restarts = len(crew.restarts)
    assert "database" in said
    same(tight, settings)
    clean(tight)
    server = "the server ended and was started" if fell else "the server went on"
    tally.add("disk full under PostgreSQL", seconds=seconds,
              result=f"said and retried, {restarts} restarts, {server}; same tables, audit clean",
              )  # fmt: skip


def fill(servers):
    """Fill the file system but for two megabytes; return the file that does."""
    ballast = servers.data(DATABASE) / "ballast"
    found = os.statvfs(ballast.parent)
    free = found.f_bavail * found.f_frsize
    with ballast.open("wb") as sink:
        sink.write(bytes(max(free - (2 << 20), 0)))
    return ballast


def caught_up(crew, reference):
    """Return whether the flow has read as much as the reference, starting it again if it ended."""
    crew.mend()
    with suppress(psycopg.OperationalError):
        return read_by(crew.settings, "stock") == read_by(reference, "stock")
    return False
