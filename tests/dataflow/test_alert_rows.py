"""Alerts, actions and messages in the database: as the fold made them, and as it gets them back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from flows.domain.changes import Changes
from flows.domain.episodes import ActionRow, AlertRow, EpisodeKey, EpisodeRow
from flows.domain.rules import ACTION_ROLES, RULES
from flows.store import alerts
from flows.store.alerts import ACTION, EPISODE, action_of, episode_of

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SHORT = {
    "name": "oat milk 1 L",
    "name_zh": "燕麦奶 1 L",
    "available": Decimal("42.0000"),
    "safety_stock": Decimal("100.0000"),
}


def episode(number: int = 1, rule: str = "below_safety", **changed: Any) -> EpisodeRow:
    """Return an open episode of a numbered SKU."""
    key = EpisodeKey(rule, "SH", f"S{number}")
    row = EpisodeRow(key, f"a{number}", 1, "warning", "open", NOW, NOW, None, Decimal(100),
                     dict(SHORT), (f"e{number}",), number)  # fmt: skip
    return structs.replace(row, **changed)


def opened(number: int = 1, **changed: Any) -> AlertRow:
    """Return the opening of an episode."""
    return AlertRow("opened", NOW, episode(number, **changed), number)


def proposed(number: int = 1, **changed: Any) -> ActionRow:
    """Return a replenishment that waits for a decision."""
    row = ActionRow(f"r{number}", "replenishment", "SH", f"S{number}", "", "", state="proposed",
                    standing=True, approval="manual", quantity=3600000, value=Decimal("1260.5"),
                    payload={"projected": Decimal("47.5000")}, rule="below_safety",
                    alert_id=f"a{number}", events=(f"e{number}",), proposed_at=NOW,
                    offset=number)  # fmt: skip
    return structs.replace(row, **changed)


def changes(transitions=(), steps=()) -> Changes:
    """Return what a batch changes, with the last standing of each."""
    return Changes(
        alerts=list(transitions),
        episodes={row.episode.key: row.episode for row in transitions},
        steps=list(steps),
        actions={row.action_id: row for row in steps},
    )


@pytest.fixture
def cursor(database):
    """Give a cursor of a fresh database, as the flows have it."""
    with psycopg.connect(database) as connection, connection.cursor() as one:
        one.execute("SET ROLE waterline_writer")
        one.execute("SET search_path = inventory")
        yield one


def bodies(cursor) -> list[dict[str, Any]]:
    """Return the messages in their order."""
    return [body for (body,) in cursor.execute("SELECT body FROM outbox ORDER BY number")]


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
exact = st.decimals(-(10**12), 10**12, places=4)
numbers = exact | st.decimals(0, 10**6, places=8) | st.integers(-(10**9), 10**9)
facts = st.dictionaries(
    texts, st.none() | numbers | texts | st.booleans() | st.lists(texts, max_size=3), max_size=6
)
times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by `timezones`
episodes = st.builds(
    EpisodeRow,
    key=st.builds(EpisodeKey, st.sampled_from(sorted(RULES)), texts, texts, texts, texts, texts),
    alert_id=st.uuids().map(str),
    version=st.integers(1, 9),
    severity=st.sampled_from(["info", "warning", "critical"]),
    state=st.sampled_from(["open", "acknowledged"]),
    opened_at=times,
    seen_at=times,
    resolved_at=st.none(),
    threshold=st.none() | exact,
    observed=facts,
    events=st.lists(texts, max_size=4).map(tuple),
    offset=st.integers(0, 10**15),
    acknowledged_at=st.none() | times,
    acknowledged_by=st.none() | texts,
    next_reminder_at=st.none() | times,
)
actions = st.builds(
    ActionRow,
    action_id=st.uuids().map(str),
    kind=st.sampled_from(sorted(ACTION_ROLES)),
    warehouse=texts,
    sku=texts,
    lot=texts,
    subject=texts,
    state=st.sampled_from(["proposed", "approved", "rejected", "sent", "done", "withdrawn"]),
    standing=st.booleans(),
    approval=st.sampled_from(["manual", "auto"]),
    quantity=st.none() | st.integers(0, 10**15),
    value=st.none() | exact,
    payload=facts,
    rule=st.none() | texts,
    alert_id=st.none() | texts,
    events=st.lists(texts, max_size=4).map(tuple),
    proposed_at=times,
    offset=st.integers(0, 10**15),
    decided_at=st.none() | times,
    decided_by=st.none() | texts,
    channel=st.none() | texts,
    reason=st.none() | texts,
    sent_at=st.none() | times,
    finished_at=st.none() | times,
)


@given(st.lists(episodes, max_size=4), st.lists(actions, max_size=4))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_rows_come_back_as_they_were_written(cursor, raised, wanted):
    """Whatever they hold: the fold goes on after a restart as if there had been none."""
    raised = {row.key: row for row in raised}
    wanted = {row.action_id: row for row in wanted}
    with cursor.connection.transaction(force_rollback=True):
        for _ in range(2):  # again over what is there
            alerts.write(cursor, 3, Changes(episodes=raised, actions=wanted))
            found = cursor.execute(f"SELECT {EPISODE} FROM alert_state").fetchall()
            assert {row.key: row for row in map(episode_of, found)} == raised
            found = cursor.execute(f"SELECT {ACTION} FROM actions").fetchall()
            assert {row.action_id: row for row in map(action_of, found)} == wanted


def test_five_are_told_one_by_one_and_six_together(cursor):
    """A message each, or one with the list inside; other transitions and kinds stay apart."""
    few = [opened(n) for n in range(5)]
    many = [opened(n, key=EpisodeKey("stock_out", "SH", f"S{n}")) for n in range(10, 16)]
    alerts.write(cursor, 0, changes([*few, *many], [proposed(n) for n in range(6)]))
    told = bodies(cursor)
    assert [(one["rule"], one["count"]) for one in told[:6]] == [
        *[("below_safety", 1)] * 5,
        ("stock_out", 6),
    ]
    assert [one["alerts"][0]["alert_id"] for one in told[:5]] == [f"a{n}" for n in range(5)]
    assert [one["sku"] for one in told[5]["alerts"]] == [f"S{n}" for n in range(10, 16)]
    assert told[5]["text_en"] == (
        "SH: 6 × stock-out, new: oat milk 1 L, oat milk 1 L, oat milk 1 L and 3 more"
    )
    assert [(one["kind"], one["state"], one["count"]) for one in told[6:]] == [
        ("replenishment", "proposed", 6)
    ]


def test_a_long_list_is_told_in_parts(cursor):
    """1,200 alerts are three messages, each with its number; together they tell of all."""
    alerts.write(cursor, 0, changes([opened(n) for n in range(1200)]))
    told = bodies(cursor)
    assert [(one["count"], one["part"], one["parts"]) for one in told] == [
        (500, 1, 3),
        (500, 2, 3),
        (200, 3, 3),
    ]
    assert {entry["alert_id"] for one in told for entry in one["alerts"]} == {
        f"a{n}" for n in range(1200)
    }
    assert "(part 2 of 3)" in told[1]["text_en"]
    about = cursor.execute("SELECT about[1:2] FROM outbox ORDER BY number").fetchall()
    assert about == [(["a0", "a1"],), (["a500", "a501"],), (["a1000", "a1001"],)]


def test_no_message_is_larger_than_a_broker_takes(cursor):
    """Entries with long texts make smaller parts."""
    long = {**SHORT, "name": "x" * 20_000}
    alerts.write(cursor, 0, changes([opened(n, observed=long) for n in range(60)]))
    sizes = cursor.execute("SELECT octet_length(body::text) FROM outbox").fetchall()
    assert len(sizes) > 1
    assert max(size for (size,) in sizes) < 1_000_000


def test_ids_are_made_of_what_is_told(cursor):
    """The same changes again say nothing new: a rebuilt table tells nobody twice."""
    batch = changes([opened(n) for n in range(8)], [proposed(1)])
    for _ in range(2):
        alerts.write(cursor, 0, batch)
    assert [one["id"] for one in bodies(cursor)] == ["a0-opened-0-1of1", "r1-proposed-1"]


def test_the_relay_is_woken_once_when_there_is_something_to_send(database):
    """A batch without messages wakes nobody."""
    with (
        psycopg.connect(database, autocommit=True) as relay,
        psycopg.connect(database) as flow,
        flow.cursor() as cursor,
    ):
        relay.execute("LISTEN waterline_outbox")
        alerts.write(cursor, 0, Changes())
        flow.commit()
        alerts.write(cursor, 0, changes([opened(1), opened(2)], [proposed(1)]))
        flow.commit()
        assert len(list(relay.notifies(timeout=0.5))) == 1


def test_a_message_says_what_its_schema_promises(cursor):
    """Receivers find the fields of `inventory.alert/1` and of `inventory.action/1`."""
    alerts.write(cursor, 0, changes([opened(7)], [proposed(7)]))
    alert, action = bodies(cursor)
    (one,) = alert.pop("alerts")
    assert alert == {
        "schema": "inventory.alert/1", "id": "a7-opened-7", "rule": "below_safety",
        "warehouse": "SH", "transition": "opened", "severity": "warning",
        "roles": ["purchasing", "operations"], "occurred_at": "2026-11-23T09:30:00Z",
        "runbook": "below-safety", "count": 1, "part": 1, "parts": 1,
        "text_en": one["message_en"], "text_zh": one["message_zh"],
    }  # fmt: skip
    assert one == {
        "alert_id": "a7", "rule": "below_safety", "version": 1, "severity": "warning",
        "state": "open", "transition": "opened", "warehouse": "SH", "sku": "S7", "lot": "",
        "bin": "", "subject": "", "occurred_at": "2026-11-23T09:30:00Z", "threshold": 100,
        "observed": {"name": "oat milk 1 L", "name_zh": "燕麦奶 1 L", "available": 42,
                     "safety_stock": 100},
        "events": ["e7"], "actor": None, "note": None,
        "message_en": "SH · oat milk 1 L: 42 left, safety stock 100; events e7",
        "message_zh": "SH · 燕麦奶 1 L：可用 42，安全库存 100；事件 e7",
    }  # fmt: skip
    (one,) = action.pop("actions")
    assert action == {
        "schema": "inventory.action/1", "id": "r7-proposed-7", "kind": "replenishment",
        "warehouse": "SH", "state": "proposed", "severity": "info", "roles": ["purchasing"],
        "occurred_at": "2026-11-23T09:30:00Z", "count": 1, "part": 1, "parts": 1,
        "text_en": one["message_en"], "text_zh": one["message_zh"],
    }  # fmt: skip
    del one["message_en"], one["message_zh"]
    assert one == {
        "action_id": "r7", "kind": "replenishment", "state": "proposed", "warehouse": "SH",
        "sku": "S7", "lot": "", "subject": "", "quantity": 360, "value": 1260.5,
        "approval": "manual", "payload": {"projected": 47.5}, "alert_id": "a7", "events": ["e7"],
        "proposed_at": "2026-11-23T09:30:00Z", "decided_at": None, "decided_by": None,
        "channel": None, "reason": None,
    }  # fmt: skip


def test_an_episode_has_its_times(cursor):
    """When it was raised, taken up and ended is noted once, with the commit."""
    row = opened(1)
    taken = structs.replace(row, transition="acknowledged", actor="张三", note="on its way")
    ended = structs.replace(row, transition="resolved")
    alerts.write(cursor, 0, changes([row, taken]))
    alerts.write(cursor, 0, changes([taken, ended]))
    found = cursor.execute(
        "SELECT alert_id, rule, warehouse, severity, occurred_at, committed_at = now(),"
        " acknowledged_at = now(), resolved_at = now() FROM alert_times"
    ).fetchall()
    assert found == [("a1", "below_safety", "SH", "warning", NOW, True, True, True)]


def test_transitions_are_rows_with_their_sentences(cursor):
    """Who did it and what was said stands beside; the log's place too."""
    row = opened(5)
    taken = structs.replace(row, transition="acknowledged", actor="张三", note="on its way")
    alerts.write(cursor, 2, changes([row, taken]))
    found = cursor.execute(
        "SELECT transition, roles, actor, note, log_partition, log_offset, threshold, message_zh"
        " FROM alerts ORDER BY transition DESC"
    ).fetchall()
    roles = ["purchasing", "operations"]
    assert found == [
        ("opened", roles, None, None, 2, 5, 100,
         "SH · 燕麦奶 1 L：可用 42，安全库存 100；事件 e5"),
        ("acknowledged", roles, "张三", "on its way", 2, 5, 100,
         "SH · 燕麦奶 1 L：低于安全库存，张三已确认：on its way"),
    ]  # fmt: skip


def test_the_watcher_writes_the_same_way_without_a_place_in_the_log(cursor):
    """Its messages have ids of the time instead: a reminder is told each time."""
    key = EpisodeKey("lag_high", "SH")
    row = opened(0, key=key, observed={"p95": Decimal("3.25")})
    later = structs.replace(row, transition="reminded", at=NOW.replace(day=24))
    last = structs.replace(row, transition="reminded", at=NOW.replace(day=25))
    alerts.write(cursor, None, changes([row, later, last]))
    assert cursor.execute("SELECT log_partition, log_offset FROM alert_state").fetchall() == [
        (None, None)
    ]
    assert [one["id"] for one in bodies(cursor)] == [
        "a0-opened-20261123T093000.000000Z",
        "a0-reminded-20261124T093000.000000Z",
        "a0-reminded-20261125T093000.000000Z",
    ]


def test_a_storm_is_written_as_a_small_batch_is(cursor, monkeypatch):
    """In slices, while the next are made: the same rows, and what fails is said."""
    batch = changes([opened(n) for n in range(60)], [proposed(n) for n in range(60)])
    tables = ("alert_state", "actions", "alerts", "alert_times", "outbox")

    def written() -> list[list[Any]]:
        hidden = "'number', 'at', 'created_at', 'updated_at', 'committed_at'"
        with cursor.connection.transaction(force_rollback=True):
            alerts.write(cursor, 0, batch)
            return [
                cursor.execute(
                    f"SELECT to_jsonb(t) - ARRAY[{hidden}] AS row FROM {table} AS t ORDER BY row"
                ).fetchall()
                for table in tables
            ]

    whole = written()
    assert [len(rows) for rows in whole] == [60, 60, 60, 60, 2]
    monkeypatch.setattr(alerts, "SLICE", 25)
    assert written() == whole
    batch.episodes[EpisodeKey("stock_out", "SH")] = episode(0, state="mislaid")
    with pytest.raises(psycopg.errors.CheckViolation):
        written()
