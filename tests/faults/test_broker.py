"""The broker killed, frozen, and not there yet, while intake and stock work."""

from __future__ import annotations

import time

import pytest

from tests.dataflow.running import clean, wait_for
from tests.faults.compare import same
from tests.faults.crew import TWO, Crew, finish, kill_under_load, moved, read_by, undisturbed
from tests.faults.servers import BROKER
from tests.faults.story import Feed, messages
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
SEED = 20_263
KILLS = 40 if LONG else 1
CHUNK = 1200 if LONG else 4000
FROZEN = 20 if LONG else 3
SOME = 10_000 if LONG else 5000


@pytest.fixture(autouse=True)
def _running(servers):
    yield
    servers.thaw(servers.pids(BROKER))
    servers.up()


def test_a_killed_broker_is_waited_for(servers, place, calm, tmp_path, tally):
    """SIGKILL under load: nothing acknowledged is lost, nothing is applied twice."""
    found = messages(KILLS * CHUNK, SEED)
    undisturbed(calm, found)

    def kill(_number):
        servers.kill(BROKER)
        servers.up()
        return time.monotonic(), moved(place)

    with Crew(place, tmp_path) as crew:
        loaded, seconds = kill_under_load(crew, found, kill, kills=KILLS, seed=SEED)
        crew.end()
        restarts = len(crew.restarts)
    same(place, calm, any_order=True)
    clean(place)
    result = f"same tables, audit clean; flows ended and restarted {restarts} times"
    tally.add(
        f"kill -9 of the broker (seed {SEED})",
        KILLS, loaded=loaded, seconds=seconds, result=result,
    )  # fmt: skip


def test_a_frozen_broker_is_waited_for(servers, place, calm, tmp_path, tally):
    """SIGSTOP for some seconds under load, then on as before."""
    found = messages(SOME, SEED + 1)
    undisturbed(calm, found)
    feed = Feed(place)
    with Crew(place, tmp_path) as crew:
        feed.send(found)
        wait_for(lambda: read_by(place, "intake") > 0)
        pids = servers.freeze(BROKER)
        try:
            time.sleep(FROZEN)
        finally:
            servers.thaw(pids)
        begun = time.monotonic()
        finish(crew)
        seconds = [time.monotonic() - begun]
        crew.end()
    feed.close()
    same(place, calm, any_order=True)
    clean(place)
    tally.add(f"SIGSTOP of the broker for {FROZEN} s", seconds=seconds)


def test_no_broker_at_the_start(servers, place, calm, tmp_path, tally):
    """The flows wait for it with a sentence, and work when it comes."""
    found = messages(1000, SEED + 2)
    undisturbed(calm, found)
    feed = Feed(place)
    feed.send(found)
    feed.close()
    servers.kill(BROKER)
    with Crew(place, tmp_path, (*TWO, "clock")) as crew:
        wait_for(lambda: all("no Kafka broker answers" in crew.said(name) for name in crew.names))
        assert {process.poll() for process in crew.running.values()} == {None}
        crew.stop("clock")  # its minutes would be in no other run
        servers.up()
        begun = time.monotonic()
        finish(crew)
        seconds = [time.monotonic() - begun]
        crew.end()
    same(place, calm, any_order=True)
    clean(place)
    tally.add("no broker at start", seconds=seconds, result="waits with a sentence, then works")
