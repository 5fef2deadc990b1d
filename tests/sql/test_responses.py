"""What is open, and how long answers take: the views on alerts and actions made by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.shelves import CLOCK, figures, insert, item, rows, warehouse

pytestmark = pytest.mark.stack


@pytest.fixture
def conn(migrated):
    """Give a connection to a warehouse with an item; what a test writes is taken back."""
    with psycopg.connect(migrated) as made:
        warehouse(made)
        item(made, "tea", name="Tea", name_zh="茶", category="drinks")
        figures(made, "tea", 42, 2, safety_stock=100)
        yield made
        made.rollback()


@pytest.fixture
def now(conn):
    """Give the time of the transaction, at which rows are committed."""
    return conn.execute("SELECT now()").fetchone()[0]


def episode(conn, alert_id, rule="below_safety", sku="tea", ago=0, **times) -> None:
    """Insert an episode committed so many seconds ago; times are seconds after that."""
    at = conn.execute("SELECT now()").fetchone()[0] - timedelta(seconds=ago)
    moments = {name: at + timedelta(seconds=after) for name, after in times.items()}
    key = {"alert_id": alert_id, "rule": rule, "severity": "warning", "warehouse": "W"}
    insert(conn, "alert_times", occurred_at=at - timedelta(seconds=2), committed_at=at,
           **key, **moments)  # fmt: skip
    transition(conn, alert_id, at, rule=rule, sku=sku)


def transition(conn, alert_id, at, **more) -> None:
    """Insert a transition."""
    row = {"transition": "opened", "state": "open", "rule": "below_safety", "sku": "tea", **more}
    insert(conn, "alerts", alert_id=alert_id, at=at, occurred_at=CLOCK, version=1,
           severity="warning", warehouse="W", message_en=row["transition"],
           message_zh="中", **row)  # fmt: skip


def standing(conn, alert_id, **more) -> None:
    """Insert where an episode stands."""
    row = {"rule": "below_safety", "warehouse": "W", "sku": "tea", "state": "open", **more}
    insert(conn, "alert_state", alert_id=alert_id, version=1, severity="critical",
           opened_at=CLOCK, seen_at=CLOCK, **row)  # fmt: skip


def action(conn, action_id, at, **more) -> None:
    """Insert an action whose row was first committed at a time."""
    row = {"kind": "replenishment", "state": "proposed", "standing": True, "sku": "tea",
           "approval": "manual", "quantity": 60, **more}  # fmt: skip
    insert(conn, "actions", action_id=action_id, warehouse="W", proposed_at=at, created_at=at,
           log_partition=0, log_offset=0, **row)  # fmt: skip


def times(conn, columns: str) -> list:
    """Return columns of response_times by alert."""
    return rows(conn, f"SELECT {columns} FROM response_times ORDER BY alert_id")


def test_open_alerts_have_names_stock_and_the_last_sentence(conn, now):
    """What is over is not shown; what is about no stock is."""
    standing(conn, "a1", observed=Jsonb({"available": 42}))
    standing(conn, "a2", rule="lag_high", sku="")
    standing(conn, "a3", rule="stock_out", state="resolved", resolved_at=CLOCK)
    transition(conn, "a1", now - timedelta(hours=1))
    transition(conn, "a1", now, transition="escalated")
    columns = "alert_id, name, name_zh, category, on_hand, available, safety_stock, message_en"
    assert rows(conn, f"SELECT {columns} FROM open_alerts ORDER BY alert_id") == [
        ("a1", "Tea", "茶", "drinks", 42, 42, 100, "escalated"),
        ("a2", None, None, None, None, None, None, None),
    ]


def test_open_actions_stand_and_are_not_done(conn, now):
    """Decided against, finished or without a reason left: none of them is open."""
    for state in ("proposed", "approved", "sent", "rejected", "failed"):
        action(conn, state, now, state=state)
    action(conn, "cured", now, state="proposed", standing=False)
    columns = "action_id, name, quantity, projected"
    assert rows(conn, f"SELECT {columns} FROM open_actions ORDER BY action_id") == [
        (state, "Tea", 60, 42) for state in ("approved", "proposed", "sent")
    ]


def test_seconds_go_from_the_event_to_the_row_and_from_the_row_on(conn):
    """Told after 1.5 s, acknowledged after 30 s, over after 600 s."""
    episode(conn, "a1", sent_at=1.5, acknowledged_at=30, resolved_at=600)
    episode(conn, "a2", sku="cup")
    columns = "sku, to_alert_s, to_sent_s, to_answer_s, to_resolved_s, to_order_s"
    assert times(conn, columns) == [
        ("tea", 2, Decimal("1.5"), 30, 600, None),
        ("cup", 2, None, None, None, None),
    ]


def test_the_first_answer_counts_be_it_a_word_or_a_decision(conn, now):
    """Of an acknowledgement after 30 s and a decision after 20 s, the decision."""
    episode(conn, "a1", rule="near_expiry", acknowledged_at=30)
    action(conn, "c1", now, kind="clearance", alert_id="a1", state="approved",
           decided_at=now + timedelta(seconds=20))  # fmt: skip
    assert times(conn, "to_answer_s, replenished") == [(20, False)]


def test_who_resolves_a_finding_has_answered_it(conn, now):
    """A finding that a person settles needs no acknowledgement; what cures itself is no answer."""
    episode(conn, "a1", rule="shrinkage", resolved_at=40)
    episode(conn, "a2", rule="shrinkage", resolved_at=40)
    for alert_id, actor in (("a1", "李四"), ("a2", None)):
        transition(conn, alert_id, now + timedelta(seconds=40), rule="shrinkage",
                   transition="resolved", state="resolved", actor=actor)  # fmt: skip
    assert times(conn, "to_answer_s") == [(40,), (None,)]


def test_a_shortage_is_answered_by_the_replenishment_of_its_sku(conn, now):
    """Though the action names no alert; other rules and other SKUs it does not answer."""
    episode(conn, "a1", rule="stock_out")
    episode(conn, "a2", rule="overstock")
    episode(conn, "a3", sku="cup")
    action(conn, "r1", now, state="sent", decided_at=now + timedelta(seconds=50),
           sent_at=now + timedelta(seconds=55))  # fmt: skip
    assert times(conn, "to_answer_s, to_order_s, replenished") == [
        (50, 55, True), (None, None, False), (None, None, False)
    ]  # fmt: skip


def test_what_was_decided_before_the_alert_answers_it_at_once(conn, now):
    """Ordered yesterday, short today: nobody has to do anything."""
    episode(conn, "a1")
    before = now - timedelta(days=1)
    action(conn, "r1", before, state="sent", decided_at=before, sent_at=before)
    assert times(conn, "to_answer_s, to_order_s") == [(0, 0)]


def test_what_was_over_before_the_alert_does_not_answer_it(conn, now):
    """Last month's order was for last month's shortage."""
    episode(conn, "a1")
    before = now - timedelta(days=30)
    action(conn, "r1", before, state="done", standing=False, decided_at=before,
           updated_at=before)  # fmt: skip
    assert times(conn, "to_answer_s, replenished") == [(None, False)]


def test_what_decides_by_itself_does_so_when_it_is_proposed(conn, now):
    """Its time is that of the commit, though the event's clock may be another day."""
    episode(conn, "a1", rule="near_expiry", ago=7)
    action(conn, "c1", now, kind="clearance", alert_id="a1", state="approved", approval="auto",
           decided_at=CLOCK)  # fmt: skip
    assert times(conn, "to_answer_s") == [(7,)]


def test_shares_in_time_leave_out_what_is_not_known_yet(conn, now):
    """Answered in time 1 of 3; over by itself in time, or still inside it: neither."""
    episode(conn, "in-time", sku="s1", ago=5000, acknowledged_at=600)
    episode(conn, "late", sku="s2", ago=5000, acknowledged_at=601)
    episode(conn, "never", sku="s3", ago=5000)
    episode(conn, "cured", sku="s4", ago=5000, resolved_at=100)
    episode(conn, "new", sku="s5", ago=10)
    episode(conn, "old", sku="s6", ago=31 * 86_400)
    for sku, sent in (("s1", 3600), ("s2", 3601), ("s4", None), ("s5", None)):
        at = now - timedelta(seconds=5000)
        action(conn, sku, at, sku=sku, sent_at=sent and at + timedelta(seconds=sent))
    columns = "rule, alerts, unanswered, answered_within_10_min, ordered_within_1_h"
    assert rows(conn, f"SELECT {columns} FROM response_summary") == [
        ("below_safety", 5, 2, Decimal("0.3333"), Decimal("0.5"))
    ]


def test_medians_and_95th_percentiles_are_of_what_happened(conn):
    """Of 1, 2 and 9 seconds to the first message: 2, and 8.3."""
    for name, after in (("a1", 1), ("a2", 2), ("a3", 9)):
        episode(conn, name, sent_at=after)
    columns = "to_alert_p50_s, to_sent_p50_s, to_sent_p95_s, to_answer_p50_s"
    assert rows(conn, f"SELECT {columns} FROM response_summary") == [
        (2, 2, Decimal("8.3"), None)
    ]  # fmt: skip
