"""The relay: every message of the outbox reaches Kafka and whoever registered; it is proven."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from connectors.endpoints import Wish
from connectors.kafka.topics import ACTIONS, ALERTS
from connectors.outbox import Message
from flows import relay
from flows.stopping import Stop
from tests.builders import inbound, outbound, tick
from tests.dataflow.relaying import Running, drain, home, on_log, on_topic, states, tries
from tests.dataflow.running import change, clean, lay, rows, wait_for
from tests.dataflow.running import drain as stock
from tests.receiving import once, propose, receiving, register, reply, tell

pytestmark = pytest.mark.stack


def test_messages_reach_kafka_and_whoever_wants_them(settings, receiver):
    """Constant id, the warehouse as key, the body as it is in the outbox; each try recorded."""
    register(settings, "erp", receiver.url, "below_safety")
    ids = tell(settings, 3) + tell(settings, 2, name="overstock", house="")
    drain(settings)
    found = on_topic(settings, ALERTS)
    assert [one[0] for one in found] == ids
    assert [one[1] for one in found] == ["A", "A", "A", "", ""]
    assert all(body["id"] == message_id for message_id, _, body in found)
    assert sorted(receiver.ids) == ids[:3]
    assert receiver.requests[0].body["text_zh"] == "低于安全库存"
    assert tries(settings, "erp") == [(1, "delivered", 204)] * 3
    proof = "SELECT receiver, messages::int, delivered::int, share FROM delivery_proof ORDER BY 1"
    assert rows(settings, proof) == [("erp", 3, 3, 1.0), ("kafka", 5, 5, 1.0)]
    assert rows(settings, "SELECT * FROM undelivered") == []
    told = "SELECT count(*) FROM alert_times WHERE sent_at BETWEEN committed_at AND now()"
    assert rows(settings, told) == [(5,)]


def test_only_the_opening_counts_as_telling(settings):
    """A reminder of an alert is not the first word of it, nor is a second receiver."""
    tell(settings, transition="reminded")
    drain(settings)
    assert rows(settings, "SELECT sent_at FROM alert_times") == [(None,)]
    tell(settings)
    drain(settings)
    first = rows(settings, "SELECT sent_at FROM alert_times")
    assert first == rows(
        settings, "SELECT min(delivered_at) FROM dispatches WHERE message_id LIKE '%%opened'"
    )
    assert first != [(None,)]


def test_before_the_relay_runs_nothing_is_proven(settings):
    """A relay that does not run is not 100 %."""
    tell(settings, 2)
    proof = "SELECT topic, receiver, messages::int, waiting::int, share FROM delivery_proof"
    assert rows(settings, proof) == [("inventory.alerts", "kafka", 2, 2, 0.0)]
    assert len(rows(settings, "SELECT * FROM undelivered")) == 2


@pytest.mark.parametrize(
    ("state", "told"),
    [("proposed", False), ("approved", True), ("rejected", False), ("sent", False),
     ("withdrawn", False), ("done", True), ("failed", False)],
)  # fmt: skip
def test_systems_hear_of_actions_once_they_are_approved(state, told):
    """And when they are done, so that a mark is taken off; Kafka has every state."""
    message = Message("m", 1, ACTIONS, "clearance", state, datetime.now(UTC))
    wishes = [Wish("shop", ["clearance"]), Wish("all", ["*"]), Wish("erp", ["replenishment"])]
    assert relay.receivers(message, wishes) == (["shop", "all"] if told else [])


def test_an_approved_action_is_sent_when_every_receiver_has_it(settings, receiver):
    """Only then is the decision on the log, with the stored time: a repeat says the same."""
    register(settings, "erp", receiver.url, "replenishment")
    home(settings, "A")
    home(settings, "B")
    receiver.answer = 500
    propose(settings, "p1", state="proposed", house="B")
    propose(settings, "a1", "a2", house="B")
    drain(settings)
    assert on_log(settings, "B") == []
    receiver.answer = 204
    drain(settings)
    change(settings, "UPDATE outbox SET answered = false")  # as if killed before that was kept
    relay.run(settings, Stop(), drain=True)
    events = [one for one in on_log(settings, "B") if one.event_id.startswith("a")]
    delivered = rows(settings, "SELECT max(delivered_at) FROM dispatches WHERE receiver = 'erp'")
    assert [(one.event_id, one.action_id, one.decision, one.decided_by, one.warehouse)
            for one in events[:2]] == [
        ("a1-sent", "a1", "sent", "relay", "B"), ("a2-sent", "a2", "sent", "relay", "B"),
    ]  # fmt: skip
    assert events[0].occurred_at == delivered[0][0]
    assert events[2:] == events[:2]
    assert on_log(settings, "A") == []
    assert [one[2]["state"] for one in on_topic(settings, ACTIONS)] == ["proposed", "approved"]


def test_from_a_lot_near_its_date_to_the_shop_and_back(settings, receiver):
    """Marked when it is near its date, noted as sent, and taken off when the lot is sold."""
    register(settings, "shop", receiver.url, "clearance")
    now = datetime.now(UTC)
    until = now.date() + timedelta(days=5)
    lay(settings, [inbound(id="i1", quantity=8, lot="L1", expires_on=until, at=now), tick(now)])
    stock(settings)
    drain(settings)
    stock(settings)
    assert rows(settings, "SELECT kind, state, decided_by FROM actions") == [
        ("clearance", "sent", "policy")
    ]
    sent = "SELECT sent_at = (SELECT max(delivered_at) FROM dispatches) FROM actions"
    assert rows(settings, sent + " WHERE sent_at IS NOT NULL") == [(True,)]
    lay(settings, [outbound(id="o1", quantity=8, lot="L1", at=datetime.now(UTC))])
    stock(settings)
    drain(settings)
    told = [one.body["actions"][0] for one in receiver.requests]
    assert [(one["state"], one["payload"]["command"]) for one in told] == [
        ("approved", "mark"), ("done", "unmark"),
    ]  # fmt: skip
    assert rows(settings, "SELECT state FROM actions") == [("done",)]
    opened = "SELECT bool_and(sent_at >= committed_at) FROM alert_times WHERE rule = 'near_expiry'"
    assert rows(settings, opened) == [(True,)]
    assert set(rows(settings, "SELECT share FROM delivery_proof")) == {(1.0,)}
    clean(settings)


def test_what_is_given_up_failed(settings, receiver):
    """After the days that settings say; what never was tried waits as long as what was."""
    register(settings, "erp", receiver.url, "*")
    receiver.answer = (500, {}, b"no room")
    message = propose(settings, "a1")
    drain(settings)
    change(settings, "UPDATE dispatches SET first_at = now() - interval '4 days 23 hours'")
    drain(settings)
    assert states(settings, "erp") == {"waiting": 1}
    change(settings, "UPDATE dispatches SET first_at = now() - interval '5 days 1 second'")
    drain(settings)
    assert states(settings, "erp") == {"given_up": 1}
    event = on_log(settings, "A")[0]
    assert (event.event_id, event.decision) == ("a1-failed", "failed")
    assert event.reason == "erp: HTTP 500 no room"
    found = rows(settings, "SELECT message_id, receiver, state, last_error FROM undelivered")
    assert found == [(message, "erp", "given_up", "HTTP 500 no room")]
    proof = "SELECT receiver, given_up::int, share FROM delivery_proof ORDER BY 1"
    assert rows(settings, proof) == [("erp", 1, 0.0), ("kafka", 0, 1.0)]


def test_a_notification_wakes_a_running_relay(settings, receiver):
    """From the commit of the message to the receiver in well under a second."""
    register(settings, "erp", receiver.url, "*")
    with Running(settings):
        tell(settings)
        wait_for(lambda: receiver.ids)
        began = time.monotonic()
        ids = tell(settings, 10, first=1)
        wait_for(lambda: len(receiver.ids) == 11)
        assert time.monotonic() - began < 1.5
        wait_for(lambda: states(settings, "kafka") == {"delivered": 11})
        assert sorted(receiver.ids[1:]) == sorted(ids)
    latency = "SELECT max(p99) FROM delivery_proof"
    assert rows(settings, latency)[0][0] < 3


def test_a_slow_endpoint_delays_no_other(settings, receiver):
    """Each receiver has its own thread, and its own circuit."""
    with receiving() as slow:
        slow.answer = lambda _: time.sleep(4)
        register(settings, "slow", slow.url, "*")
        register(settings, "quick", receiver.url, "*")
        with Running(replace(settings, relay_timeout=4.5)):
            tell(settings, 50)
            wait_for(lambda: len(receiver.ids) == 50, 3)
            assert len(slow.ids) <= 8
    assert states(settings, "slow") == {"waiting": 50}
    assert rows(settings, "SELECT count(*) FROM dispatches WHERE leased_until > now()") == [(0,)]


def test_an_endpoint_that_registers_later_is_served_at_once(settings, receiver):
    """And one that was removed no more; what it waited for is given up."""
    with Running(settings):
        tell(settings)
        wait_for(lambda: states(settings, "kafka") == {"delivered": 1})
        register(settings, "erp", receiver.url, "*")
        ids = tell(settings, first=1)
        wait_for(lambda: receiver.ids == ids)
        change(settings, "UPDATE endpoints SET active = false")
        tell(settings, first=2)
        wait_for(lambda: states(settings, "kafka") == {"delivered": 3})
    assert receiver.ids == ids


def test_two_relays_at_once_share_the_work(settings, receiver):
    """Each message goes once: rows that one has claimed the other skips."""
    register(settings, "erp", receiver.url, "*")
    with Running(settings), Running(settings):
        ids = [one for part in range(10) for one in tell(settings, 30, first=30 * part)]
        wait_for(lambda: states(settings, "erp") == {"delivered": 300})
        wait_for(lambda: states(settings, "kafka") == {"delivered": 300})
    assert sorted(receiver.ids) == sorted(ids)
    assert sorted(one[0] for one in on_topic(settings, ALERTS)) == sorted(ids)
    assert rows(settings, "SELECT count(*) FROM deliveries") == [(600,)]


def test_a_success_that_comes_after_the_lease_still_counts(settings, receiver):
    """Another relay has the message by then; it may go twice, under one id."""
    register(settings, "erp", receiver.url, "*")

    def late(handler):
        change(settings, "UPDATE dispatches SET leased_until = now() WHERE receiver = 'erp'")
        relay.run(settings, Stop(), drain=True)
        reply(handler, 204, {}, b"")

    receiver.answer = once(late)
    ids = tell(settings)
    drain(settings)
    assert tries(settings, "erp") == [(2, "delivered", 204), (1, "delivered", 204)]
    assert receiver.ids == ids * 2
    assert states(settings, "erp") == {"delivered": 1}


def test_the_relays_role_is_enough(settings, receiver):
    """It needs nothing but what waterline_relay may do."""
    register(settings, "erp", receiver.url, "*")
    home(settings, "A")
    tell(settings, 3)
    propose(settings, "a1")
    name = settings.topic_prefix.replace("-", "_") + "relay"
    with psycopg.connect(settings.dsn, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}' IN ROLE waterline_relay")
        try:
            own = make_conninfo(settings.dsn, user=name, password=name)
            relay.run(replace(settings, dsn=own), Stop(), drain=True)
        finally:
            owner.execute(f"DROP ROLE {name}")
    assert states(settings, "erp") == {"delivered": 4}
    assert [one.event_id for one in on_log(settings, "A")] == ["a1-sent"]
