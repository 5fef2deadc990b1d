"""Watchers at work: answers of people, reminders, several at once, one that fails in part."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from flows.watching import Watcher, Watching, connect
from tests.builders import decision, inbound, policy
from tests.dataflow.running import drain, lay, rows, wait_for
from tests.dataflow.watched_tables import decide, lag, look, silent, stock, told
from tests.sql.shelves import CLOCK

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("decision", ["acknowledge", "resolve"])
def test_a_person_takes_an_alert_up(shop, decision):
    """It is acknowledged once, by whom and why; it goes on and ends as the tables say."""
    watcher = Watcher()
    with psycopg.connect(shop.dsn) as conn:
        lag(conn, CLOCK, 85)
    look(shop, watcher, CLOCK)
    decide(shop, decision)
    for minute in (1, 2):
        look(shop, watcher, CLOCK + timedelta(minutes=minute))
    assert [one for one, _ in told(shop)] == ["opened", "acknowledged"]
    assert rows(shop, "SELECT actor, note FROM alerts WHERE state = 'acknowledged'") == [
        ("张三", "on its way")
    ]
    assert rows(shop, "SELECT state, acknowledged_by, next_reminder_at FROM alert_state") == [
        ("acknowledged", "张三", None)
    ]
    with psycopg.connect(shop.dsn) as conn:
        lag(conn, CLOCK + timedelta(days=2), 70)
    look(shop, watcher, CLOCK + timedelta(days=2))
    assert [one for one, _ in told(shop)] == ["opened", "acknowledged", "resolved"]


def test_what_becomes_worse_is_open_again_in_spite_of_an_older_answer(shop):
    """The answer was about the warning; another one is needed for what is critical."""
    watcher = Watcher()

    def after(minute, bucket):
        at = CLOCK + timedelta(minutes=minute)
        with psycopg.connect(shop.dsn) as conn:
            lag(conn, at, bucket)
        look(shop, watcher, at)
        return rows(shop, "SELECT state FROM alert_state")

    assert after(0, 85) == [("open",)]
    decide(shop)
    assert after(1, 85) == [("acknowledged",)]
    assert after(2, 120) == [("open",)]
    assert after(3, 120) == [("open",)]
    decide(shop, name="李四")
    assert after(4, 120) == [("acknowledged",)]
    assert rows(shop, "SELECT acknowledged_by FROM alert_state") == [("李四",)]


def test_who_has_not_answered_is_reminded_each_day(shop):
    """Twenty-four hours after it was opened or last reminded of; information is not."""
    watcher = Watcher()
    with psycopg.connect(shop.dsn) as conn:
        stock(conn, 99)
        lag(conn, CLOCK, 85)
    for after in (0, 23.9, 24, 24.1, 47.9, 48.1):
        look(shop, watcher, CLOCK + timedelta(hours=after))
    assert sorted(told(shop)) == [("opened", "info"), ("opened", "warning"),
                                  ("reminded", "warning"), ("reminded", "warning")]  # fmt: skip
    assert rows(shop, "SELECT count(DISTINCT message_id) FROM outbox") == [(4,)]


def test_watchers_at_the_same_time_raise_one_alert(shop):
    """One works, the others find it done or leave it out."""
    with psycopg.connect(shop.dsn) as conn:
        lag(conn, CLOCK, 85)
        stock(conn, 99)
        silent(conn, CLOCK, 60)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: look(shop, Watcher(), CLOCK), range(8)))
    assert sorted(told(shop)) == [("opened", "info"), ("opened", "warning"), ("opened", "warning")]
    assert rows(shop, "SELECT count(*) FROM outbox") == [(3,)]


def test_a_part_that_fails_leaves_the_others_alone(shop):
    """Its transaction is undone and it is said; what was to be seen elsewhere is seen."""
    with psycopg.connect(shop.dsn) as conn:
        conn.execute("ALTER TABLE inventory.lag RENAME TO away")
        stock(conn, 99)
    failures = []
    look(shop, Watcher(), CLOCK, lambda error, what: failures.append((type(error), what)))
    assert failures == [(psycopg.errors.UndefinedTable, "lag not watched")]
    assert told(shop) == [("opened", "info")]


def test_the_writer_role_may_watch(shop):
    """What the flows are allowed is enough."""
    with psycopg.connect(shop.dsn) as conn:
        lag(conn, CLOCK, 85)
        stock(conn, 99)
    failures = []
    with connect(shop.dsn) as connection:
        connection.execute("SET ROLE waterline_writer")
        Watcher().round(connection, lambda error, _: failures.append(error), CLOCK)
    assert failures == []
    assert len(told(shop)) == 2


def test_rounds_are_made_when_woken(shop):
    """As the clock flow does after each minute's ticks."""
    with psycopg.connect(shop.dsn) as conn:
        stock(conn, 99)
    watching = Watching(shop, lambda: False)
    try:
        watching.wake()
        wait_for(lambda: told(shop) == [("opened", "info")])
    finally:
        watching.close()


def test_a_decision_on_the_log_is_taken_up(settings):
    """From an event that was late to the answer in the alert: the fold journals it for us."""
    now = datetime.now(UTC)
    late = inbound(warehouse="W", at=now - timedelta(seconds=1), id="late")
    lay(settings, [policy(warehouse="W", lag_high_seconds="0.0001", at=now), late])
    drain(settings)
    watcher = Watcher()
    look(settings, watcher, None)
    ((alert,),) = rows(settings, "SELECT alert_id FROM alert_state WHERE rule = 'lag_high'")
    answer = decision(
        warehouse="W", alert_id=alert, action_id=None, decision="acknowledge", at=now,
        decided_by="张三", reason="网络中断", id="d1",
    )  # fmt: skip
    lay(settings, [answer])
    drain(settings)
    look(settings, watcher, None)
    assert rows(
        settings, "SELECT transition, actor, note FROM alerts WHERE rule = 'lag_high' ORDER BY at"
    ) == [("opened", None, None), ("acknowledged", "张三", "网络中断")]
    assert rows(settings, "SELECT count(*) FROM rejects") == [(0,)]
