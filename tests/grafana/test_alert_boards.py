"""Alert centre, phone and pipeline: their views and queries on a small database made by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from flows.domain.rules import ACTION_ROLES, RULES
from grafana import choices
from grafana.language import languages
from tests.grafana import asking
from tests.sql.shelves import figures, insert, item, rows, warehouse

pytestmark = pytest.mark.stack
BOARDS = Path(__file__).resolve().parents[2] / "grafana" / "dashboards"
SHORT = {"available": -3, "on_hand": 0, "days_of_cover": None, "name": "Tea"}
OBSERVED = {
    "stock_out": ({"available": -3, "on_hand": 7}, -3),
    "below_safety": ({"available": 4, "on_hand": 7}, 4),
    "overstock": ({"available": 4, "on_hand": 70}, 70),
    "negative_stock": ({"on_hand": -2}, -2),
    "predicted_stock_out": ({"days_of_cover": 1.5}, 1.5),
    "near_expiry": ({"days_to_expiry": 3, "quantity": 9}, 3),
    "expired": ({"days_to_expiry": -4, "quantity": 9}, -4),
    "transfer_late": ({"minutes_late": 90}, 90),
    "outbound_mismatch": ({"difference": -1}, -1),
    "bin_overweight": ({"weight": 71.97, "limit": 50, "over": 21.97}, 71.97),
    "shrinkage": ({"missing": 6, "value": 383.1}, 6),
    "unexplained_move": ({"quantity": 2}, 2),
    "high_value_unrecorded": ({"quantity": 11}, 11),
    "dead_stock": ({"idle_days": 120}, 120),
    "zone_full": ({"occupancy": 98.4}, 98.4),
    "zone_idle": ({"occupancy": 3}, 3),
    "device_silent": ({"minutes": 45}, 45),
    "sequence_gap": ({"missing": 3}, 3),
    "lag_high": ({"p95": 4.4, "p50": 0.1}, 4.4),
    "invariant_drift": ({"drift": 12}, 12),
}
"""Rule → what it observes, and the figure of it that is compared with the threshold."""


@pytest.fixture
def conn(migrated):
    """Give a connection to two warehouses with an item; what a test writes is taken back."""
    with psycopg.connect(migrated) as made:
        warehouse(made)
        warehouse(made, "O'B", partition=1)
        item(made, "tea", name="Tea", name_zh="茶")
        figures(made, "tea", 42, 2, safety_stock=100, demand_per_day=84)
        made.execute("UPDATE inventory.offsets SET clock_at = now(), updated_at = now()")
        yield made
        made.rollback()


@pytest.fixture
def now(conn):
    """Give the time of the transaction."""
    return conn.execute("SELECT now()").fetchone()[0]


def standing(conn, alert_id, now, rule="below_safety", **more) -> None:
    """Insert where an episode stands, and its opening."""
    key = {"warehouse": "W", "sku": "tea", "lot": "", "bin": "", "subject": "", "observed": {}}
    row = key | {"state": "open", "severity": "critical", "threshold": None,
                 "roles": list(RULES[rule].roles)} | more  # fmt: skip
    row |= {"rule": rule, "alert_id": alert_id, "observed": Jsonb(row["observed"])}
    resolved = {"resolved_at": now} if row["state"] == "resolved" else {}
    insert(conn, "alert_state", version=1, opened_at=now - timedelta(minutes=5), seen_at=now,
           **row, **resolved)  # fmt: skip
    transition(conn, now - timedelta(minutes=5), row, "opened")


def transition(conn, at, row, kind, said="") -> None:
    """Insert a transition of an episode."""
    kept = {name: row[name] for name in row.keys() - {"events", "acknowledged_by"}}
    insert(conn, "alerts", **kept | {"state": "open"}, at=at, occurred_at=at, version=1,
           transition=kind, message_en=said or kind, message_zh="中")  # fmt: skip


def dispatch(conn, number, now, receiver="kafka", *, spread=True, **more) -> None:
    """Insert a message and, once it is spread, how far it is with a receiver."""
    row = {"message_id": f"m{number}", "topic": "inventory.alerts"}
    insert(conn, "outbox", **row, name="stock_out", severity="critical", occurred_at=now,
           created_at=now - timedelta(seconds=number), body=Jsonb({}), spread=spread)  # fmt: skip
    if spread:
        [[key]] = rows(conn, f"SELECT number FROM inventory.outbox WHERE message_id = 'm{number}'")
        insert(conn, "dispatches", **row, receiver=receiver, number=key,
               created_at=now - timedelta(seconds=number), **more)  # fmt: skip


def asked(conn, board, panel, **chosen):
    """Return the rows of a panel of the English board, as its role reads them."""
    made = json.loads((BOARDS / "en" / f"{board}.json").read_text())
    values = asking.defaults(made, conn) | chosen
    [now] = conn.execute("SELECT clock_timestamp()").fetchone()
    [target] = [one for shown, one in asking.queries(made) if shown["title"] == panel]
    sql = asking.expanded(target["rawSql"], values, now - timedelta(hours=6), now)
    conn.execute("SET LOCAL ROLE waterline_screen")
    try:
        return conn.execute(sql.encode()).fetchall()
    finally:
        conn.execute("RESET ROLE")


def test_every_rule_has_its_figure(conn, now):
    """A rule that is added later must say which figure people compare with its threshold."""
    assert OBSERVED.keys() == RULES.keys()
    for number, (rule, (observed, _)) in enumerate(OBSERVED.items()):
        standing(conn, f"a{number:02}", now, rule, subject=rule, observed=observed)
    found = dict(rows(conn, "SELECT rule, value FROM screen.open_alerts"))
    assert found == {rule: pytest.approx(value) for rule, (_, value) in OBSERVED.items()}


def test_the_sentence_is_the_last_one_with_figures(conn, now):
    """That somebody has acknowledged it says nothing about the stock."""
    standing(conn, "a1", now)
    row = {"alert_id": "a1", "rule": "below_safety", "severity": "critical", "warehouse": "W"}
    transition(conn, now - timedelta(minutes=3), row, "escalated", "two left")
    transition(conn, now - timedelta(minutes=1), row, "acknowledged", "seen")
    [line] = asked(conn, "alert-center", "Open alerts, the most urgent first")
    assert "two left" in line


def test_heartbeats_of_a_database_without_anything_are_very_old(migrated):
    """No data must alert: a NULL would be taken for nothing to say."""
    with asking.connect(migrated) as connection:
        [(flow, clock, relay, totals)] = rows(connection, "SELECT * FROM screen.heartbeats")
    assert min(flow, clock, totals) > 1e9
    assert relay == 0


def test_heartbeats_tell_of_the_slowest(conn, now):
    """One partition without ticks and one message that waits are seen among others."""
    conn.execute(
        "UPDATE inventory.offsets SET clock_at = now() - interval '9 minutes'"
        " WHERE log_partition = 1"
    )
    dispatch(conn, 5, now, state="delivered", delivered_at=now)
    dispatch(conn, 7, now)
    dispatch(conn, 3, now, spread=False)
    [beat] = rows(conn, "SELECT * FROM screen.heartbeats")
    assert beat[:3] == pytest.approx((0, 540, 7), abs=1)


def test_alerts_are_chosen_by_role_and_warehouse(conn, now):
    """What is about no warehouse stays; a value with a quote in it is a value."""
    standing(conn, "a1", now)
    standing(conn, "a2", now, "shrinkage", warehouse="O'B", severity="warning")
    standing(conn, "a3", now, "lag_high", warehouse="", sku="", severity="warning")

    def count(**chosen):
        return asked(conn, "alert-center", "Now", **chosen)[0][:2]

    assert count() == (1, 2)
    assert count(warehouse=["O'B"]) == (0, 2)
    assert count(role=["purchasing", "platform"]) == (1, 1)
    assert count(rule=["below_safety"], severity=["warning"]) == (0, 0)
    found = asked(conn, "alert-center", "Open by role", role=["purchasing"])
    assert [line[0] for line in found] == ["Purchasing"]


def test_an_alert_explains_itself(conn, now):
    """Its steps, its figures with the threshold first, and the movement behind it."""
    standing(conn, "a0", now, "overstock")
    standing(
        conn, "a1", now, observed=SHORT, threshold=90, events=["e1", "tick-1"], severity="info"
    )
    insert(conn, "movements", occurred_at=now - timedelta(minutes=6), warehouse="W", sku="tea",
           status="sellable", type="outbound", quantity=-45, event_id="e1", order_id="O1",
           log_partition=0, log_offset=1)  # fmt: skip
    steps = asked(conn, "alert-center", "Why it rang: what happened", alert=["a1"])
    assert [line[1] for line in steps] == ["opened"]
    found = asked(conn, "alert-center", "Figures", alert=["a1"])
    assert found == [("threshold", "90"), ("available", "-3"), ("on_hand", "0")]
    events = asked(conn, "alert-center", "Events behind it", alert=["a1"])
    assert [(line[0], line[3], line[5]) for line in events] == [
        ("e1", -45, "O1"), ("tick-1", None, None)]  # fmt: skip
    gravest = asked(conn, "alert-center", "Why it rang: what happened")
    assert [line[-1] for line in gravest] == ["a0"]
    nasty = ["' OR true; DROP TABLE inventory.alerts; --"]
    assert asked(conn, "alert-center", "Why it rang: what happened", alert=nasty) == []


def test_what_no_receiver_has_is_listed_and_what_it_has_is_counted(conn, now):
    """Waiting, given up, and not even taken up by the relay."""
    dispatch(conn, 1, now, state="delivered", delivered_at=now)
    dispatch(conn, 2, now, "erp", state="given_up", given_up_at=now, last_error="410")
    dispatch(conn, 3, now, "erp")
    dispatch(conn, 4, now, spread=False)
    found = asked(conn, "alert-center", "Not delivered")
    assert [(line[1], line[2]) for line in found] == [
        ("kafka", "waiting"), ("erp", "waiting"), ("erp", "given_up")]  # fmt: skip
    shares = asked(conn, "alert-center", "Delivered per receiver, last day")
    assert [line[:6] for line in shares] == [("erp", 2, 0, 1, 1, 0.0), ("kafka", 1, 1, 0, 0, 1.0)]


def test_the_queue_says_whether_messages_flow(conn, now):
    """A receiver without a row of its own is one that was removed."""
    for name, more in (("a", {"open_until": now + timedelta(minutes=1)}), ("b", {"active": False})):
        insert(conn, "endpoints", name=name, url="http://127.0.0.1/", names=["all"], **more)
    dispatch(conn, 9, now, "a")
    dispatch(conn, 4, now, "gone")
    found = asked(conn, "pipeline", "Relay: what waits")
    assert [line[:3] for line in found] == [
        ("a", "open", 1), ("gone", "off", 1), ("b", "off", 0), ("kafka", "closed", 0)]  # fmt: skip
    assert found[0][3] == pytest.approx(9, abs=1)


def test_decisions_wait_on_both_boards_with_the_address_of_their_page(conn, now):
    """Only replenishment on the phone; what was decided is gone from both."""
    for kind, state in (
        ("replenishment", "proposed"),
        ("clearance", "proposed"),
        ("expedite", "sent"),
    ):
        insert(conn, "actions", action_id=f"{kind}-1", kind=kind, warehouse="W", sku="tea",
               state=state, standing=True, approval="manual", quantity=60, proposed_at=now,
               roles=list(ACTION_ROLES[kind]), log_partition=0, log_offset=0,
               payload=Jsonb({"projected": 4}))  # fmt: skip
    centre = asked(conn, "alert-center", "Actions that wait for a decision")
    assert {line[0] for line in centre} == {"clearance", "replenishment"}
    [line] = asked(conn, "phone", "Replenishment to decide")
    assert (line[1], line[2], line[-1]) == (60, 4, "replenishment-1")
    text = (BOARDS / "en" / "phone.json").read_text()
    assert "${app_url:raw}/m/actions/${__data.fields.action_id:percentencode}" in text


def test_what_sells_out_next_is_what_is_alerted_with_the_stock_of_now(conn, now):
    """42 at 84 a day last half a day, whatever the alert once said."""
    assert asked(conn, "phone", "Sold out next") == []
    standing(conn, "a1", now, "predicted_stock_out", observed={"days_of_cover": 2})
    standing(conn, "a2", now)
    [line] = asked(conn, "phone", "Sold out next")
    assert line == ("Tea", "W", 42, 12.0, "tea")


def test_holes_of_devices_are_those_of_the_view_devices(conn, now):
    """A device is worked out only where fewer numbers were kept than the last one says."""
    blocks = {"whole": "11111111", "holes": "11011000"}
    for device, bits in blocks.items():
        insert(conn, "device_sequences", log_partition=0, device=device, warehouse="W",
               last_seq=len(bits.rstrip("0")), recorded=bits.count("1"),
               last_seen_at=now)  # fmt: skip
        conn.execute(
            "INSERT INTO inventory.device_blocks (log_partition, device, first_seq, span, bits)"
            " VALUES (0, %s, 1, 1, %s::bit(1024))",
            [device, bits.ljust(1024, "0")],
        )
    found = asked(conn, "pipeline", "Devices")
    assert {line[0]: line[2] for line in found} == {"whole": 0, "holes": 1}
    assert dict(rows(conn, "SELECT device, missing FROM inventory.devices")) == {
        "whole": 0, "holes": 1}  # fmt: skip


def test_lag_of_minutes_is_shown_per_minute_and_kind(conn, now):
    """The usual lag is weighed by events; the tail is that of the slowest warehouse."""
    counts = {f"{stage}_counts": [1] for stage in
              ("total", "to_recorded", "to_sent", "to_broker", "to_committed")}  # fmt: skip
    minute = now.replace(second=0, microsecond=0) - timedelta(minutes=2)
    for place, events, p50, p95 in (("W", 30, 0.1, 0.2), ("O'B", 90, 0.5, 2.0)):
        insert(conn, "lag", minute=minute, warehouse=place, kind="live", log_partition=0,
               events=events, over_1s=0, over_3s=0, p50=p50, p95=p95, p99=p95,
               **counts)  # fmt: skip
    [line] = asked(conn, "pipeline", "Lag over time")
    assert line == (minute, pytest.approx(0.4), 2.0, 2.0)
    [line] = asked(conn, "pipeline", "Events per second")
    assert (float(line[1]), line[2]) == (2.0, None)
    assert len(asked(conn, "pipeline", "Lag by warehouse, last 15 minutes", warehouse=["O'B"])) == 1


def test_every_rule_role_action_and_invariant_has_its_word():
    """A code that nobody can read is a word that is missing."""
    roles = {role for rule in RULES.values() for role in rule.roles}
    roles.update(role for some in ACTION_ROLES.values() for role in some)
    for say in languages():
        assert choices.rules(say).keys() == RULES.keys()
        assert choices.kinds(say).keys() == ACTION_ROLES.keys()
        assert say.family("role").keys() == roles
        assert "on_hand_bins" in choices.known(say, "invariant")


def test_every_column_of_a_table_is_one_that_its_query_gives(conn):
    """An override of a column that is not there would be ignored without a word."""
    for board in ("alert-center", "phone", "pipeline"):
        made = json.loads((BOARDS / "en" / f"{board}.json").read_text())
        values = asking.defaults(made, conn)
        [now] = conn.execute("SELECT now()").fetchone()
        for panel, target in asking.queries(made):
            sql = asking.expanded(target["rawSql"], values, now - timedelta(hours=6), now)
            given = {column.name for column in conn.execute(sql.encode()).description}
            overrides = panel["fieldConfig"]["overrides"]
            assert {one["matcher"]["options"] for one in overrides} <= given, panel["title"]
