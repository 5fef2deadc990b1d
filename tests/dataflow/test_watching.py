"""The watched rules on the real tables: what they raise, how that goes on, and how it ends."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from flows.domain.rules import RULES
from flows.watching import Watcher
from tests.dataflow.running import rows
from tests.dataflow.watched_tables import device, hours, lag, look, silent, stock, told
from tests.sql.shelves import CLOCK, policy

pytestmark = pytest.mark.stack
STEP = timedelta(minutes=11)
"""Between two looks: zones are due again, devices have had their minute."""


def lag_high(conn, at, bucket):
    """Make lag."""
    lag(conn, at, bucket)


def device_silent(conn, at, minutes):
    """Let a device have been silent so long."""
    silent(conn, at, minutes)


def sequence_gap(conn, at, missing):
    """Let a device have sent 300 numbers of which so many have not come."""
    device(conn, "pda-1", at, numbers=[*range(1, 101), *range(101 + missing, 301)])


def zone_full(conn, _at, quantity):
    """Fill the zone."""
    stock(conn, Decimal(quantity))


def zone_idle(conn, _at, value):
    """Let the zone hold so much now, and so much in the hours before."""
    quantity, count, occupancy = value
    stock(conn, Decimal(quantity))
    hours(conn, count, Decimal(occupancy))


OPEN, WORSE, BETTER, ENDED = "opened", "escalated", "eased", "resolved"
STORIES = {
    # 1 ms × 1.1^n: 84 is just below 3 s, 85 above; 109 above 30 s; 76 below 1.5 s, 77 above.
    "lag_high": (
        lag_high,
        [(83, None), (84, None), (85, (OPEN, "warning")), (108, None), (109, (WORSE, "critical")),
         (108, (BETTER, "warning")), (77, None), (76, (ENDED, "warning")), (77, None)],
    ),
    "device_silent": (
        device_silent,
        [(59, None), (60, (OPEN, "warning")), (6000, None), (60, None), (59, (ENDED, "warning"))],
    ),
    "sequence_gap": (
        sequence_gap,
        [(0, None), (1, (OPEN, "warning")), (99, None), (100, (WORSE, "critical")),
         (99, (BETTER, "warning")), (1, None), (0, (ENDED, "warning")), (0, None)],
    ),
    "zone_full": (
        zone_full,
        [("94.99", None), ("95", (OPEN, "info")), ("94", None), ("90.01", None),
         ("90", (ENDED, "info")), ("94.99", None), ("120", (OPEN, "info"))],
    ),
    "zone_idle": (
        zone_idle,
        [(("10.01", 24, "10"), None), (("10", 23, "10"), None), (("10", 24, "10.01"), None),
         (("10", 24, "10"), (OPEN, "info")), (("14.99", 1, "99"), None),
         (("15", 24, "10"), (ENDED, "info")), (("0", 24, "0"), (OPEN, "info"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", STORIES)
def test_a_rule_fires_stays_quiet_and_ends_at_its_thresholds(shop, rule):
    """Step by step: just below, at and above each threshold, with the margin on the way back."""
    arrange, steps = STORIES[rule]
    watcher, at, seen = Watcher(), CLOCK, 0
    look(shop, watcher, at)
    for value, expected in steps:
        at += STEP
        with psycopg.connect(shop.dsn) as conn:
            arrange(conn, at, value)
        look(shop, watcher, at)
        if rule == "sequence_gap":
            at += STEP
            look(shop, watcher, at)
        found = told(shop, seen)
        assert found == ([expected] if expected else []), (rule, value)
        seen += len(found)
    keys = rows(shop, "SELECT DISTINCT rule, warehouse, subject FROM alert_state")
    subject = {"device_silent": "pda-1", "sequence_gap": "pda-1", "lag_high": ""}.get(rule, "A")
    assert keys == [(rule, "W", subject)]


def test_every_watched_rule_has_a_story():
    """All but the invariants, which have tests of their own."""
    watched = {rule.name for rule in RULES.values() if rule.watched}
    assert watched - {"invariant_drift"} == set(STORIES)


def test_an_alert_tells_its_numbers_in_both_languages_and_is_sent(shop, caplog):
    """One row and one message in the same transaction, no place in the log; a line in ours."""
    with psycopg.connect(shop.dsn) as conn:
        lag(conn, CLOCK, 85)
    with caplog.at_level(logging.WARNING, "waterline.watching"):
        look(shop, Watcher(), CLOCK)
    (row,) = rows(
        shop,
        "SELECT alert_id, roles, threshold, observed, events, occurred_at, log_partition,"
        " log_offset, message_en, message_zh FROM alerts",
    )
    assert row[0].startswith("lag_high-")
    assert row[1:3] == (["platform"], 3)
    assert row[3] == {"p50": 3.299, "p95": 3.299, "p99": 3.299, "events": 20}
    assert row[4:8] == ([], CLOCK, None, None)
    assert "3.3" in row[8]
    assert "3.3" in row[9]
    assert row[8] in caplog.text
    ((about, body),) = rows(shop, "SELECT about, body FROM outbox")
    assert about == [row[0]]
    assert (body["rule"], body["transition"]) == ("lag_high", "opened")
    assert rows(shop, "SELECT alert_id FROM alert_times") == [(row[0],)]
    assert rows(shop, "SELECT state, events, next_reminder_at FROM alert_state") == [
        ("open", [], CLOCK + timedelta(days=1))
    ]


def test_thresholds_come_from_the_policy_of_the_warehouse(shop):
    """The warehouse's own before everybody's."""
    with psycopg.connect(shop.dsn) as conn:
        policy(conn, "lag_high_seconds", 60)
        policy(conn, "lag_high_seconds", "0.5", warehouse="strict")
        for name in ("W", "strict"):
            lag(conn, CLOCK, 70, name)
    look(shop, Watcher(), CLOCK)
    assert rows(shop, "SELECT warehouse, threshold FROM alerts") == [("strict", Decimal("0.5"))]


def test_numbers_of_an_open_episode_are_kept_up_to_date(shop):
    """What is open shows the latest numbers, without a transition."""
    watcher = Watcher()
    for minute, bucket in ((0, 85), (1, 90)):
        at = CLOCK + timedelta(minutes=minute)
        with psycopg.connect(shop.dsn) as conn:
            lag(conn, at, bucket)
        look(shop, watcher, at)
    assert len(told(shop)) == 1
    ((observed, seen_at),) = rows(shop, "SELECT observed, seen_at FROM alert_state")
    assert (observed["p95"], seen_at) == (5.313, at)


def test_lag_of_what_is_not_live_or_is_past_raises_nothing_and_ends_nothing(shop):
    """A replay, rows held offline, and minutes ago; without live events an episode stands."""
    watcher = Watcher()
    with psycopg.connect(shop.dsn) as conn:
        for kind in ("offline", "replay"):
            lag(conn, CLOCK, 120, f"W-{kind}", kind)
        lag(conn, CLOCK - timedelta(minutes=4), 120, "W-old")
        lag(conn, CLOCK, 85)
    look(shop, watcher, CLOCK)
    assert rows(shop, "SELECT warehouse FROM alerts") == [("W",)]
    look(shop, watcher, CLOCK + timedelta(minutes=30))
    assert told(shop) == [("opened", "warning")]


def test_an_empty_installation_raises_nothing(settings, shop):
    """No device, no zone, no event: two looks find nothing to say."""
    watcher = Watcher()
    for minutes in (0, 11):
        look(settings, watcher, CLOCK + timedelta(minutes=minutes))
    assert told(shop) == []


def test_zones_go_by_the_clock_of_the_log_and_are_looked_at_every_ten_minutes(shop):
    """The alert bears the time of the last tick, whatever the wall clock says."""
    watcher, wall = Watcher(), CLOCK + timedelta(days=40)
    look(shop, watcher, wall)
    with psycopg.connect(shop.dsn) as conn:
        stock(conn, 99)
    look(shop, watcher, wall + timedelta(minutes=9))
    assert told(shop) == []
    look(shop, watcher, wall + timedelta(minutes=10))
    assert rows(shop, "SELECT occurred_at FROM alerts") == [(CLOCK,)]


def test_a_zone_that_is_no_more_has_no_episode(shop):
    """Its last bin became another zone's."""
    watcher = Watcher()
    with psycopg.connect(shop.dsn) as conn:
        stock(conn, 99)
    look(shop, watcher, CLOCK)
    with psycopg.connect(shop.dsn) as conn:
        conn.execute("UPDATE inventory.bin_places SET zone = 'B'")
    look(shop, watcher, CLOCK + STEP)
    assert rows(shop, "SELECT subject, state FROM alert_state ORDER BY 1") == [
        ("A", "resolved"), ("B", "open"),
    ]  # fmt: skip
