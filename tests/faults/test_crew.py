"""Intake and stock killed at random instants under load: every table as if nothing had been."""

from __future__ import annotations

import random
import time

import pytest

from tests.dataflow.running import clean
from tests.faults.compare import same
from tests.faults.crew import TWO, Crew, finish, left, read_by, undisturbed
from tests.faults.story import Feed, messages
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
SEED = 20_261
KILLS = 130 if LONG else 6
CHUNK = 800 if LONG else 1500
"""Events between two kills: enough that work is left at nearly each."""


def test_flows_killed_at_any_instant_leave_the_tables_of_an_undisturbed_run(
    place, calm, tmp_path, tally
):
    """SIGKILL of intake and of both stock processes, in turn and together, started at once."""
    chance = random.Random(SEED)
    found = messages(KILLS * CHUNK, SEED)
    undisturbed(calm, found)
    feed, loaded, seconds = Feed(place), 0, []
    with Crew(place, tmp_path) as crew:
        for chunk in chunks(found, KILLS):
            feed.send(chunk)
            names = chance.choices([[name] for name in TWO] + [list(TWO)], (5, 5, 5, 1))[0]
            wait_a_moment(place, names[0], chance)
            loaded += left(place) > 0
            before = read_by(place, names[0])
            for name in names:
                crew.again(name)
            seconds += until_it_reads_on(place, names[0], before)
            crew.mend()
        finish(crew)
        crew.end()
    feed.close()
    compared = same(place, calm, any_order=True)
    report = clean(place)
    assert compared > KILLS * CHUNK
    assert report.messages > KILLS * CHUNK
    tally.add(f"kill -9 of intake, stock (seed {SEED})", KILLS, loaded=loaded, seconds=seconds)


def chunks(found, count):
    """Return the messages in so many parts."""
    size = -(-len(found) // count)
    return [found[start : start + size] for start in range(0, len(found), size)]


def wait_a_moment(settings, name, chance):
    """Wait a random time; three times in four only once the flow has committed something new.

    Else it may be killed while it starts: before it claims, between the claim and the first read.
    """
    if chance.random() < 0.25:
        time.sleep(chance.random() * 1.5)
        return
    before, deadline = read_by(settings, name), time.monotonic() + 3
    while read_by(settings, name) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(chance.random() ** 2 * 0.4)


def until_it_reads_on(settings, name, before):
    """Return, in a list, how many seconds until the flow commits again; none if it has no work."""
    begun = time.monotonic()
    while time.monotonic() - begun < 20:
        if read_by(settings, name) > before:
            return [time.monotonic() - begun]
        if left(settings) == 0:
            return []
        time.sleep(0.05)
    raise AssertionError(f"{name} did not go on within 20 s")
