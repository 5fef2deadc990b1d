"""The same set of events sent three times in different orders: the tables of the orderly run."""

from __future__ import annotations

import random

import pytest

from connectors.kafka import LOG
from tests.dataflow.running import clean, counters
from tests.faults.compare import same
from tests.faults.crew import drain_all, undisturbed
from tests.faults.story import BAD, Feed, messages
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
SEED = 20_265
EVENTS = 20_000 if LONG else 3000


def test_sent_three_times_in_any_order(place, calm, tally):
    """Every source repeats everything and nothing arrives in order."""
    found = messages(EVENTS, SEED)
    usable = [one for one in found if one[2] not in BAD]
    undisturbed(calm, usable)
    feed, chance = Feed(place), random.Random(SEED)
    for _ in range(3):
        shuffled = [(topic, anywhere(topic, part, chance), value) for topic, part, value in usable]
        chance.shuffle(shuffled)
        feed.send(shuffled)
    feed.close()
    drain_all(place)
    same(place, calm, any_order=True, without=("intake",))  # it did read three times as much
    assert counters(place)[2] == counters(calm)[2]
    clean(place)
    tally.add(f"all sent three times, shuffled (seed {SEED})", 3 * len(usable))


def anywhere(topic, partition, chance):
    """Return another partition of a foreign topic; ticks stay where the clock puts them."""
    return partition if topic == LOG else chance.randrange(4)
