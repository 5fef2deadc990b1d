"""The invariants on a real database: tampered with, under load, and the episodes they give."""

from __future__ import annotations

import json
import threading
import time
from decimal import Decimal

import psycopg
import pytest

from connectors.checks import Checks
from connectors.queries import QUERIES
from flows import checks, clock
from flows.checks import INVARIANTS, SENTENCES, MinuteChecks, check, round_of
from flows.steps import Stop, run
from flows.words import words
from tests.builders import purchase_line, transfer_in, transfer_out
from tests.dataflow.running import (
    at,
    change,
    command,
    consumed,
    drain,
    flow,
    lay,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.dataflow.test_stock import day
from tests.dataflow.watched_tables import decide

pytestmark = pytest.mark.stack

DRIFTS = "rule = 'invariant_drift' AND state <> 'resolved'"
TAMPER = {
    "on_hand_bins": (
        "UPDATE stock_bins SET quantity = quantity + 2.5 WHERE lot = 'L1'",
        {"warehouse": "A", "sku": "S1", "expected": "55", "found": "52.5"},
        Decimal("2.5"),
    ),
    "on_hand_movements": (
        "DELETE FROM movements WHERE type = 'scrap'",
        {"warehouse": "A", "sku": "S1", "expected": "53.5", "found": "52.5"},
        Decimal(1),
    ),
    "reserved": (
        "UPDATE orders SET state = 'closed'",
        {"warehouse": "A", "sku": "S1", "expected": "0", "found": "10"},
        Decimal(10),
    ),
    "incoming": (
        "DELETE FROM purchases",
        {"warehouse": "A", "sku": "S1", "expected": "0", "found": "9.5"},
        Decimal("9.5"),
    ),
    "in_transit": (
        "UPDATE transfers SET shipped = shipped + 1 WHERE document = 'T1'",
        {"warehouse": "B", "sku": "S1", "expected": "3", "found": "2"},
        Decimal(1),
    ),
    "transfers": (
        "UPDATE transfers SET received = received + 1, shipped = shipped + 1",
        {"document": "T1", "sku": "S1", "from": "A", "to": "B", "figure": "received",
         "expected": "10", "found": "11"},
        Decimal(1),
    ),
    "log": (
        """INSERT INTO rejects (topic, partition, "offset", code, message)
        SELECT topic, log_partition, 9, 'x', 'x' FROM offsets WHERE log_partition = 0""",
        {"log_partition": 0, "figure": "rejects", "expected": "2", "found": "1"},
        Decimal(1),
    ),
}  # fmt: skip


def rounds(settings, count=1):
    """Make rounds as the clock flow does; return the last one's findings by name."""
    found = {}
    with Checks(settings.dsn, QUERIES, 10) as looking:
        for _ in range(count):
            found = {one.name: one for one in round_of(looking, every=0)}
    return found


def wrong(findings):
    """Return the names of what does not hold."""
    return {one.name for one in findings if one.wrong}


def alerts(settings):
    """Return the transitions, in order."""
    return rows(
        settings,
        "SELECT subject, state, alert_id FROM alerts WHERE rule = 'invariant_drift' ORDER BY at",
    )


@pytest.fixture
def business(settings):
    """Give settings of a business of one day, folded."""
    lay(settings, day())
    drain(settings)
    return settings


def test_a_business_of_one_day_agrees_with_itself(business):
    """Each invariant compares something there, and nothing differs."""
    findings = check(business)
    assert [one.name for one in findings] == [one.name for one in INVARIANTS]
    assert all(one.checked for one in findings)
    assert wrong(findings) == set()
    assert wrong(rounds(business).values()) == set()


@pytest.mark.parametrize("name", TAMPER)
def test_a_row_that_was_changed_is_named_and_alerted_once(business, name):
    """The whole check and the round name the key; one episode opens, and ends when it is mended."""
    assert set(TAMPER) == set(SENTENCES)
    statement, pair, drift = TAMPER[name]
    rounds(business)
    table = statement.split()[2 if statement.startswith(("DELETE", "INSERT")) else 1]
    change(business, f"CREATE TABLE kept AS SELECT * FROM {table}")
    assert change(business, statement)
    (one,) = [one for one in check(business) if one.wrong and one.name == name]
    assert (one.wrong, one.drift, one.worst) == (1, drift, [pair])
    for _ in range(3):
        found = rounds(business)[name]
        assert (found.wrong, found.drift, found.worst) == (1, drift, [pair])
    assert [state for subject, state, _ in alerts(business) if subject == name] == ["open"]
    (line,) = rows(
        business,
        "SELECT wrong, drift, worst, drifting_since IS NOT NULL FROM invariants_now"
        f" WHERE name = '{name}'",
    )
    assert line == (1, drift, [pair], True)
    change(business, f"DELETE FROM {table}")
    generated = ("in_transit", "state") if table == "transfers" else ()
    columns = ", ".join(
        f'"{column}"'
        for (column,) in rows(
            business,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'inventory'"
            f" AND table_name = '{table}'",
        )
        if column not in generated
    )
    change(business, f"INSERT INTO {table} ({columns}) SELECT {columns} FROM kept")
    rounds(business, 2)
    told = [(state, alert) for subject, state, alert in alerts(business) if subject == name]
    assert [state for state, _ in told] == ["open", "resolved"]
    assert len({alert for _, alert in told}) == 1
    assert rows(business, f"SELECT count(*) FROM alert_state WHERE {DRIFTS}") == [(0,)]


def test_an_alert_says_what_differs_in_both_languages(business, caplog):
    """Rule, roles, severity, figures and a sentence for people; a WARNING for the log."""
    change(business, "UPDATE orders SET state = 'closed'")
    rounds(business)
    (told,) = rows(
        business,
        "SELECT rule, version, severity, roles, threshold, observed, message_en, message_zh,"
        " warehouse, sku, subject FROM alerts WHERE rule = 'invariant_drift'",
    )
    assert told[:5] == ("invariant_drift", 1, "critical", ["platform"], 0)
    assert told[5]["wrong"] == 1
    assert "A / S1 is 10, should be 0" in told[6]
    assert "A / S1 为 10，应为 0" in told[7]
    assert told[8:] == ("", "", "reserved")
    assert told[6] in caplog.text


def test_drift_again_is_a_new_episode(business):
    """After it was resolved; the key keeps one row that tells of the latest."""
    for state in ("closed", "open", "closed"):
        change(business, f"UPDATE orders SET state = '{state}'")
        rounds(business)
    told = alerts(business)
    assert [state for _, state, _ in told] == ["open", "resolved", "open"]
    assert told[0][2] == told[1][2] != told[2][2]
    assert rows(business, f"SELECT alert_id, state FROM alert_state WHERE {DRIFTS}") == [
        (told[2][2], "open")
    ]


def test_drift_that_a_person_has_taken_up_stays_so_until_it_is_mended(business):
    """As with every watched rule: acknowledged by whom and why, then resolved."""
    change(business, "UPDATE orders SET state = 'closed'")
    rounds(business)
    decide(business, rule="invariant_drift")
    rounds(business, 2)
    change(business, "UPDATE orders SET state = 'open'")
    rounds(business)
    assert rows(
        business,
        "SELECT transition, actor, note FROM alerts WHERE rule = 'invariant_drift' ORDER BY at",
    ) == [
        ("opened", None, None), ("acknowledged", "张三", "on its way"), ("resolved", None, None),
    ]  # fmt: skip


def test_a_slice_goes_on_where_the_last_one_ended(settings, monkeypatch):
    """Small rounds cover every account in turn; an episode waits for a whole pass to end."""
    put(settings, 0, *receipts(600))
    drain(settings)
    monkeypatch.setattr(
        checks, "INVARIANTS",
        tuple(
            checks.Invariant(one.name, one.sentence, one.key, one.following, "", 0.0, first=100)
            for one in INVARIANTS if one.name == "on_hand_movements"
        ),
    )  # fmt: skip
    monkeypatch.setattr(checks, "MOST", 100)
    change(settings, "DELETE FROM movements WHERE sku = 'S98'")
    seen = []
    for _ in range(5):
        found = rounds(settings)["on_hand_movements"]
        seen.append((found.upto is not None, found.checked, found.wrong))
    assert seen == [(True, 100, 0)] * 4 + [(True, 100, 1)]
    assert rounds(settings)["on_hand_movements"].wrong == 1  # the end of the pass, and S98 again
    change(
        settings,
        "UPDATE stock SET on_hand = 0, available = 0, projected = 0 WHERE sku = 'S98'",
    )
    states = []
    for _ in range(6):
        rounds(settings)
        states += rows(settings, "SELECT state FROM alert_state")
    assert [state for (state,) in states] == ["open"] * 5 + ["resolved"]


def test_one_checker_at_a_time_and_one_round_a_minute(business):
    """A second one leaves the round out; so does one that comes too soon."""
    with Checks(business.dsn, QUERIES, 10) as one, Checks(business.dsn, QUERIES, 10) as other:
        with one.only_one() as alone:
            assert alone
            assert round_of(other, every=0) == []
        assert len(round_of(other)) == len(INVARIANTS)
        assert round_of(one) == []


def test_the_writer_role_may_check(business):
    """What the flows are allowed is enough for a round, drift included."""
    change(business, "UPDATE orders SET state = 'closed'")
    with Checks(business.dsn, QUERIES, 10) as looking:
        looking.connection.execute("SET ROLE waterline_writer")
        assert wrong(round_of(looking, every=0)) == {"reserved"}
    change(business, "UPDATE orders SET state = 'open'")
    with Checks(business.dsn, QUERIES, 10) as looking:
        looking.connection.execute("SET ROLE waterline_writer")
        assert wrong(round_of(looking, every=0)) == set()


def traffic(settings, rounds_of_it):
    """Return a function that lays movements, orders and transfers between two warehouses."""

    def go():
        for turn in range(rounds_of_it):
            first = 1500 * turn
            put(settings, 0, *receipts(1500, first, "A"))
            lay(
                settings,
                [
                    event
                    for n in range(60)
                    for event in (
                        transfer_out("S1", 2, warehouse="A", to="B", bin="P",
                                     document=f"T{turn}-{n}", id=f"o{turn}-{n}", at=at(n)),
                        transfer_in("S1", 1, warehouse="B", bin="X",
                                    document=f"T{turn}-{n}", id=f"i{turn}-{n}", at=at(n + 9)),
                        purchase_line(f"P{turn}", "S1", 5, line_id=str(n), warehouse="B",
                                      id=f"p{turn}-{n}", at=at(n)),
                    )
                ],
            )  # fmt: skip

    return go


def test_no_false_alarm_under_load(settings):
    """Checks as fast as they can while the stock flow works: never a difference."""
    lay(settings, day())
    drain(settings)
    laid = threading.Thread(target=traffic(settings, 8))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings))
        laid.start()
        end, made = time.monotonic() + 6, 0
        with Checks(settings.dsn, QUERIES, 10) as looking:
            while time.monotonic() < end or laid.is_alive():
                findings = round_of(looking, every=0)
                assert wrong(findings) == set(), [one for one in findings if one.wrong]
                made += 1
                time.sleep(0.1)
        laid.join()
        running.terminate()
    assert made >= 10
    assert consumed(settings) > 10_000
    assert wrong(check(settings)) == set()
    assert alerts(settings) == []


def test_the_clock_flow_checks_after_its_ticks(settings):
    """A round is written within seconds; it ends with the flow; a drain makes none."""
    drain(settings)
    stop = Stop()
    run(clock.build(settings, stop, drain=True), stop)
    assert rows(settings, "SELECT count(*) FROM invariants") == [(0,)]
    stop = Stop()
    built = clock.build(settings, stop)
    running = threading.Thread(target=run, args=(built, stop))
    running.start()
    wait_for(lambda: rows(settings, "SELECT count(*) FROM invariants") == [(len(INVARIANTS),)])
    stop.request()
    running.join(5)
    assert not running.is_alive()
    assert "checks" not in {thread.name for thread in threading.enumerate()}


def test_closing_ends_a_check_that_is_at_work(business):
    """A table that is locked holds a check up, and neither the ticks nor the end of the flow."""
    with psycopg.connect(business.dsn) as holder:
        holder.execute("LOCK TABLE inventory.orders")
        looking = MinuteChecks(business, lambda: False)
        looking.wake()
        wait_for(lambda: rows(
            business, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
            " AND application_name = 'waterline checks'") == [(1,)])  # fmt: skip
        began = time.monotonic()
        looking.close()
        assert time.monotonic() - began < 2


def test_check_as_a_command(business):
    """A page and exit code 0; with a difference its key, exit code 1 and the same as JSON."""
    found = command(business, "check")
    assert (found.returncode, found.stderr) == (0, "")
    for sentence in SENTENCES.values():
        assert words("en")(sentence) in found.stdout
    change(business, "UPDATE orders SET state = 'closed'")
    found = command(business, "check")
    assert found.returncode == 1
    assert "A / S1" in found.stdout
    found = command(business, "check", "--json")
    assert found.returncode == 1
    document = json.loads(found.stdout)
    assert document["clean"] is False
    (one,) = [one for one in document["invariants"] if one["wrong"]]
    assert one["name"] == "reserved"
    assert one["drift"] == "10"
    assert one["worst"] == [{"warehouse": "A", "sku": "S1", "expected": "0", "found": "10"}]
