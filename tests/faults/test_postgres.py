"""The database killed, cut into, frozen and away, while intake and stock work."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.dataflow.running import clean, rows, wait_for
from tests.faults.compare import same
from tests.faults.crew import TWO, Crew, finish, kill_under_load, moved, read_by, undisturbed
from tests.faults.servers import DATABASE
from tests.faults.story import Feed, messages
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
SEED = 20_262
KILLS = 40 if LONG else 3
CHUNK = 1200 if LONG else 2000
SOME = 12_000 if LONG else 6000
FROZEN = 60 if LONG else 8
WAYS = ("server", "postmaster", "backend")


@pytest.fixture(autouse=True)
def _running(servers):
    yield
    servers.thaw(servers.pids(DATABASE))
    servers.up()


def test_a_killed_database_is_waited_for(servers, place, calm, tmp_path, tally):
    """The whole server, the postmaster alone, or one backend of a flow: SIGKILL, start, go on."""
    chance = random.Random(SEED)
    found = messages(KILLS * CHUNK, SEED)
    undisturbed(calm, found)

    def once(number):
        begun, before = time.monotonic(), moved(place)
        kill(servers, place, WAYS[number % 3], chance)
        return begun, before

    with Crew(place, tmp_path) as crew:
        loaded, seconds = kill_under_load(crew, found, once, kills=KILLS, seed=SEED)
        crew.end()
        restarts = len(crew.restarts)
    same(place, calm, any_order=True)
    clean(place)
    result = f"same tables, audit clean; flows ended and restarted {restarts} times"
    tally.add(
        f"kill -9 of PostgreSQL: server, postmaster, backend (seed {SEED})",
        KILLS, loaded=loaded, seconds=seconds, result=result,
    )  # fmt: skip


def kill(servers, settings, way, chance):
    """Kill in one of three ways; after a backend's death the server restarts itself."""
    if way == "backend":
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND starts_with(application_name, 'waterline') ORDER BY pid"
        )
        pids = [pid for (pid,) in rows(settings, query)]
        if pids:
            os.kill(chance.choice(pids), signal.SIGKILL)
        return
    servers.kill(DATABASE, first_only=way == "postmaster")
    servers.up()


def test_a_frozen_database_is_no_silent_stall(servers, place, calm, tmp_path, tally):
    """SIGSTOP of all its processes: the flows say that they wait, and go on when it wakes."""
    found = messages(SOME, SEED + 1)
    undisturbed(calm, found)
    feed = Feed(place)
    with Crew(place, tmp_path) as crew:
        feed.send(found[: SOME // 2])
        # One that is still starting would have asked nothing yet.
        wait_for(lambda: all(read_by(place, name) > 0 for name in TWO[1:]))
        pids = servers.freeze(DATABASE)
        try:
            time.sleep(FROZEN)
        finally:
            servers.thaw(pids)
        begun = time.monotonic()
        feed.send(found[SOME // 2 :])
        before = moved(place)
        wait_for(lambda: moved(place) > before)
        seconds = [time.monotonic() - begun]
        finish(crew)
        crew.end()
        # "no answer for 5 s", or who was about to connect: "timeout expired; retrying"
        words = [name for name in TWO if "database: " in crew.said(name)]
        assert set(TWO[1:]) <= set(words)  # stock always asks; intake only when it has something
    feed.close()
    same(place, calm, any_order=True)
    clean(place)
    said = f"said by {', '.join(words) or 'nobody'}"
    tally.add(
        f"SIGSTOP of PostgreSQL for {FROZEN} s",
        seconds=seconds, result=f"same tables, audit clean; the wait was {said}",
    )  # fmt: skip


def test_no_database_at_the_start(servers, place, calm, tmp_path, tally):
    """The flows wait for it with a sentence, and work when it comes."""
    found = messages(1000, SEED + 2)
    undisturbed(calm, found)
    feed = Feed(place)
    feed.send(found)
    feed.close()
    servers.kill(DATABASE)
    with Crew(place, tmp_path) as crew:
        wait_for(lambda: all("retrying" in crew.said(name) for name in TWO))
        assert {process.poll() for process in crew.running.values()} == {None}
        servers.up()
        begun = time.monotonic()
        finish(crew)
        seconds = [time.monotonic() - begun]
        crew.end()
    same(place, calm, any_order=True)
    clean(place)
    tally.add("no database at start", seconds=seconds, result="waits with a sentence, then works")
