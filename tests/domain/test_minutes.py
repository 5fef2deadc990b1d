"""Which minutes are due, and what their ticks are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flows.domain.minutes import due, minute, tick

NOW = datetime(2026, 11, 22, 16, 5, 44, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_tick_is_named_after_its_minute_in_utc():
    """The same minute in another zone is the same tick."""
    shanghai = NOW.astimezone(datetime.strptime("+0800", "%z").tzinfo)
    assert tick(NOW) == tick(shanghai)
    assert tick(NOW).event_id == "tick-2026-11-22T16:05Z"
    assert tick(NOW).occurred_at == minute(NOW)


def test_without_a_past_only_this_minute_is_due():
    """A new installation begins now."""
    assert due(None, NOW) == [minute(NOW)]


def test_this_minute_is_due_once():
    """Nothing is due until the next minute begins."""
    assert due(minute(NOW), NOW) == []
    assert due(minute(NOW), minute(NOW) + MINUTE) == [minute(NOW) + MINUTE]


def test_missed_minutes_are_made_up_in_order():
    """An outage of three hours gives every minute of it."""
    found = due(minute(NOW) - timedelta(hours=3), NOW)
    assert len(found) == 180
    assert found == sorted(found)
    assert found[-1] == minute(NOW)


def test_before_seven_days_by_the_hour():
    """Of ten days missed, three are made up by the hour and seven by the minute."""
    found = due(minute(NOW) - timedelta(days=10), NOW)
    dense = minute(NOW) - timedelta(days=7)
    old = [at for at in found if at <= dense]
    assert len(old) == 72
    assert all(at.minute == 0 for at in old)
    assert found == sorted(set(found))
    assert len(found) - len(old) == 7 * 24 * 60
    assert found[-1] == minute(NOW)


def test_a_last_tick_ahead_of_now_gives_nothing():
    """Time that went back makes no tick twice."""
    assert due(NOW + timedelta(days=1), NOW) == []
