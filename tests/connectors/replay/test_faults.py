"""Faults of the way: nothing is lost, and what comes twice is the same."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta

import msgspec

from connectors.replay import MASTER, SCANS, with_faults

from .conftest import UNTIL, small


def _ordered(messages):
    return all(a.at <= b.at for a, b in itertools.pairwise(messages))


def test_repeats_are_the_same_bytes(day):
    """A share of the messages comes twice, byte for byte, within ten minutes."""
    sent = list(with_faults(iter(day), small(repeats=0.1)))
    once, twice = Counter(m.value for m in day), Counter(m.value for m in sent)
    assert set(once) == set(twice)
    assert 0.08 * len(day) < len(sent) - len(day) < 0.12 * len(day)
    assert max(twice.values()) == 2
    assert _ordered(sent)


def test_late_ones_are_all_there(day):
    """Late messages come after later ones; none is missing, master data are never late."""
    sent = list(with_faults(iter(day), small(late=0.05)))
    assert Counter(m.value for m in sent) == Counter(m.value for m in day)
    place = {m.value: n for n, m in enumerate(day)}
    order = [place[m.value] for m in sent]
    assert order != sorted(order)
    assert [m for m in sent if m.topic == MASTER] == [m for m in day if m.topic == MASTER]
    assert _ordered(sent)


def test_an_offline_warehouse_catches_up(day):
    """Its scans of those hours come at once in their order, with `sent_at` of the time after."""
    back = UNTIL - timedelta(minutes=30)
    sent = list(with_faults(iter(day), small(offline=(("CAN", 3.0),))))
    gone = [m for m in day if m.topic == SCANS and m.key == b"CAN" and b'"device":' in m.value
            and back - timedelta(hours=3) <= m.at < back]  # fmt: skip
    assert len(gone) > 2
    ids = [msgspec.json.decode(m.value)["event_id"] for m in gone]
    caught_up = []
    for message in sent:
        event = msgspec.json.decode(message.value)
        if event.get("event_id") in set(ids):
            caught_up.append(event["event_id"])
            assert message.at > back
            assert event["sent_at"] >= back.isoformat()
            assert event["recorded_at"] < back.isoformat()
    assert caught_up == ids
    assert len(sent) == len(day)
    assert _ordered(sent)


def test_faults_are_the_same_each_time(day):
    """Faults follow the seed."""
    options = small(repeats=0.02, late=0.02, offline=(("SHA", 1.0),))
    assert list(with_faults(iter(day), options)) == list(with_faults(iter(day), options))
