"""The relay: receivers that fail, are away, gone, or not to be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.kafka.topics import ALERTS
from flows import relay
from flows.stopping import Stop
from tests.dataflow.relaying import drain, on_topic, states, tries
from tests.dataflow.running import change, rows
from tests.receiving import cut, once, register, tell

pytestmark = pytest.mark.stack


def test_failures_are_tried_again_under_the_same_id(settings, receiver):
    """An error, an answer that was lost after the request was read, then success."""
    register(settings, "erp", receiver.url, "*")
    receiver.answer = once(503, cut, (302, {"location": "/x"}, b""))
    ids = tell(settings)
    drain(settings, times=5)
    assert receiver.ids == ids * 4
    assert [(n, outcome, status) for n, outcome, status in tries(settings, "erp")] == [
        (1, "failed", 503), (2, "failed", None), (3, "failed", 302), (4, "delivered", 204),
    ]  # fmt: skip
    assert len(on_topic(settings, ALERTS)) == 1


def test_a_drain_leaves_what_is_not_due(settings, receiver):
    """The pause after a failure is at random, up to the settings' own."""
    slow = replace(settings, relay_first_retry=3600, relay_longest_retry=7200)
    register(settings, "erp", receiver.url, "*")
    receiver.answer = 500
    tell(settings, 4)
    relay.run(slow, Stop(), drain=True)
    assert len(receiver.ids) == 4
    pauses = [row[0] for row in rows(settings, "SELECT next_attempt_at - now() FROM dispatches"
                                              " WHERE receiver = 'erp'")]  # fmt: skip
    assert len(set(pauses)) == 4
    assert timedelta(0) < max(pauses) <= timedelta(hours=1)


def test_an_endpoint_that_is_down_is_asked_with_one_message(settings, receiver):
    """After five failures in a row its circuit is open; one message that is taken closes it."""
    quick = replace(settings, relay_first_retry=0, relay_longest_retry=0)
    register(settings, "erp", receiver.url, "*")
    receiver.answer = 500
    ids = tell(settings, 30)
    relay.run(quick, Stop(), drain=True)
    assert len(receiver.ids) == 8  # what was on its way at once
    relay.run(quick, Stop(), drain=True)
    assert len(receiver.ids) == 8
    found = rows(settings, "SELECT failures, open_until - now() > interval '200 s' FROM endpoints")
    assert found == [(8, True)]
    drain(quick)
    assert len(receiver.ids) == 9
    receiver.answer = 204
    change(settings, "UPDATE dispatches SET next_attempt_at = now() + interval '3 hours'"
                     " WHERE attempts > 0 AND state = 'waiting'")  # fmt: skip
    change(settings, "UPDATE endpoints SET open_until = now()")
    relay.run(quick, Stop(), drain=True)
    assert states(settings, "erp") == {"delivered": 30}  # those that waited for hours, too
    assert sorted(set(receiver.ids)) == sorted(ids)
    assert rows(settings, "SELECT failures, open_until FROM endpoints") == [(0, None)]


def test_nothing_is_lost_while_an_endpoint_is_away_for_an_hour(settings, receiver):
    """Nobody listens; messages go on coming, few are tried, and all are there in the end."""
    register(settings, "erp", "http://127.0.0.1:9/hook", "*")
    ids = []
    for minute in range(0, 60, 12):
        ids += tell(settings, 24, first=10 * minute)
        drain(settings)
    assert states(settings, "erp") == {"waiting": 120}
    assert len(tries(settings, "erp")) < 30
    register(settings, "erp", receiver.url, "*")
    drain(settings, times=2)
    assert sorted(receiver.ids) == sorted(ids)
    assert states(settings, "erp") == {"delivered": 120}
    proof = "SELECT share FROM delivery_proof"
    assert rows(settings, proof) == [(1.0,), (1.0,)]


def test_an_endpoint_that_asks_for_time_gets_it(settings, receiver):
    """429 with Retry-After: nothing is sent until then, neither this message nor another."""
    register(settings, "erp", receiver.url, "*")
    receiver.answer = once((429, {"retry-after": "900"}, b""))
    tell(settings)
    relay.run(settings, Stop(), drain=True)
    tell(settings, 5, first=1)
    relay.run(settings, Stop(), drain=True)
    assert len(receiver.ids) == 1
    left = "SELECT open_until - now() > interval '890 s' FROM endpoints"
    due = (
        "SELECT next_attempt_at - now() > interval '890 s' FROM dispatches WHERE attempts = 1"
        " AND receiver = 'erp'"
    )
    assert rows(settings, left) == rows(settings, due) == [(True,)]
    drain(settings)
    assert states(settings, "erp") == {"delivered": 6}


def test_an_endpoint_that_is_gone_gets_nothing_more(settings, receiver):
    """410: what waited for it is given up, what comes later is not even meant for it."""
    register(settings, "erp", receiver.url, "*")
    receiver.answer = 410
    tell(settings, 20)
    drain(settings)
    assert len(receiver.ids) == 8
    assert states(settings, "erp") == {"given_up": 20}
    assert rows(settings, "SELECT active FROM endpoints") == [(False,)]
    tell(settings, first=30)
    drain(settings)
    assert states(settings, "erp") == {"given_up": 20}
    assert states(settings, "kafka") == {"delivered": 21}


def test_private_addresses_are_refused_unless_allowed(settings, receiver):
    """Nothing leaves, and each try says why."""
    register(settings, "erp", receiver.url.replace("http", "https"), "*", allow_private=False)
    tell(settings)
    drain(settings)
    assert receiver.ids == []
    found = rows(settings, "SELECT error FROM deliveries WHERE receiver = 'erp'")
    assert found == [("127.0.0.1 is 127.0.0.1, and private addresses are not allowed",)]
