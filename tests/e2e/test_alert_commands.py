"""`waterline alerts` and `actions`: what people see, and what programs get."""

from __future__ import annotations

import re

import psycopg
import pytest
from rich.cells import cell_len

from flows.words import entries
from tests.e2e.alerting import NOW, rows

pytestmark = pytest.mark.stack
# Keys of `observed`, for which the story of an alert has words.
FIGURES = """
on_hand on_hold reserved available in_transit incoming projected safety_stock reorder_point
max_stock demand_per_day days_of_cover receipts receipts_due stock_out_on below_safety_on
quantity expires_on days_to_expiry value document from shipped received lost due_at minutes_late
order_id reason ordered cancelled difference weight limit over expected counted missing operator
type times idle_days issued_on zone occupancy bins free_bins device last_seen_at minutes holes
last_seq p50 p95 p99 events invariant checked wrong drift worst threshold
"""


def test_open_alerts_say_why_the_most_severe_first(terminal):
    """Figures in words, at the warehouse's own clock, in at most 100 columns."""
    code, out, _ = terminal("alerts|--warehouse|SH")
    assert code == 0
    assert all(cell_len(line) <= 100 for line in out.splitlines())
    said = re.sub(r"\s+", " ", out)
    assert "SH · oat milk 1 L: 42 left, safety stock 100; nothing on order; events out-1" in said
    assert re.search(r"critical +2\d{3}-\d\d-\d\d \d\d:\d\d +SH · ", out)
    assert out.index("near_expiry-") < out.index("warning") < out.index("shrinkage-")


def test_alerts_are_chinese_when_asked(terminal):
    """Severity, name and reason."""
    _, out, _ = terminal("alerts|--sku|oat", LANG="zh-CN")
    assert "严重" in out
    assert "燕麦奶 1 升" in out
    assert "oat milk" not in out


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("--warehouse|SH|--severity|warning", ["shrinkage"]),
        ("--rule|near_expiry", ["near_expiry"]),
        ("--sku|oat", ["below_safety"]),
        ("--warehouse|SH|--limit|1", ["below_safety"]),
        ("--warehouse|SH|--state|resolved", []),
        ("--warehouse|SH|--state|all", ["below_safety", "near_expiry", "shrinkage"]),
    ],
)
def test_alerts_can_be_chosen(terminal, line, rules):
    """By warehouse, rule, severity, SKU, state and number."""
    code, found = terminal.ask("alerts", line)
    assert code == 0
    assert sorted(row["rule"] for row in found) == rules


def test_alerts_as_json_have_the_numbers(terminal):
    """What a program needs: figures, events, roles, both sentences."""
    [row] = terminal.ask("alerts|--sku|oat")[1]
    assert row["observed"]["available"] == 42
    assert row["events"] == ["out-1"]
    assert row["roles"] == ["purchasing", "operations"]
    assert row["opened_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert "42" in row["message_zh"]


def test_a_limit_says_what_it_leaves_out(terminal):
    """Nobody takes a part for the whole."""
    out = terminal("alerts|--warehouse|UR|--state|all|--limit|2")[1]
    assert "2 of 8 rows" in out
    out = terminal("actions|--warehouse|UR|--state|all|--limit|3")[1]
    assert "3 of 8 rows" in out


def test_the_story_of_an_alert_is_one_page(terminal, shop):
    """Transitions, figures, events in words, what followed, messages, and where to read on."""
    code, out, _ = terminal("alerts|--id|shrink")
    assert code == 0
    assert re.match(r"shrinkage-\w{16}: shrinkage, warning, open, since ", out)
    for told in ("for warehouse_supervisor", "counted    48", "stocktake", "count variance",
                 "deploy/runbook.md#shrinkage", "-opened-"):  # fmt: skip
        assert told in out
    [(alert,)] = rows(shop.dsn, "SELECT alert_id FROM alert_state WHERE sku = 'oat'")
    out = terminal("alerts|--id", alert)[1]
    assert re.search(r"outbound +-100 +SH A1 +王五 +O-1", out)
    assert "order 358 (worth 3,222)" in out
    assert "盘点差异" in terminal("alerts|--id|shrink", LANG="zh-CN")[1]


def test_the_story_as_json_is_one_document(terminal):
    """The same, and every number of every transition."""
    told = terminal.ask("alerts|--id|shrink")[1]
    assert [one["transition"] for one in told["transitions"]] == ["opened"]
    assert told["transitions"][0]["observed"]["missing"] == 2
    assert [(one["type"], one["quantity"]) for one in told["happened"]] == [
        ("stocktake", "48"), ("stocktake", "-2")
    ]  # fmt: skip
    assert told["actions"] == []
    assert len(told["messages"]) == 1
    [near] = terminal.ask("alerts|--rule|near_expiry")[1]
    told = terminal.ask("alerts|--id", near["alert_id"])[1]
    assert [one["kind"] for one in told["actions"]] == ["clearance"]
    assert [one["topic"] for one in told["messages"]] == ["inventory.alerts"] + [
        "inventory.actions"
    ] * (len(told["messages"]) - 1)


def test_the_story_says_how_far_its_messages_are(terminal, shop):
    """Per receiver; what no relay has taken up yet waits."""
    [alert] = terminal.ask("alerts|--sku|s0")[1]
    [told] = rows(
        shop.dsn, "SELECT message_id FROM outbox WHERE %s = ANY (about)", alert["alert_id"]
    )
    messages = terminal.ask("alerts|--id", alert["alert_id"])[1]["messages"]
    assert {(one["receiver"], one["state"]) for one in messages} == {(None, "waiting")}
    with psycopg.connect(shop.dsn) as conn:
        conn.execute(
            "INSERT INTO inventory.dispatches (message_id, receiver, number, topic, created_at,"
            " state, attempts, delivered_at) SELECT message_id, 'kafka', number, topic, created_at,"
            " 'delivered', 1, created_at + interval '1.5 s' FROM inventory.outbox"
            " WHERE message_id = %s",
            told,
        )
    messages = terminal.ask("alerts|--id", alert["alert_id"])[1]["messages"]
    first = messages[0]
    assert (first["receiver"], first["state"], first["latency"]) == ("kafka", "delivered", 1.5)
    assert re.search(r"kafka +delivered +1\.5 s", terminal("alerts|--id", alert["alert_id"])[1])


def test_actions_say_what_to_do_and_what_waits_is_first(terminal):
    """What needs a decision above what has had one."""
    code, out, _ = terminal("actions|--warehouse|SH")
    assert code == 0
    assert all(cell_len(line) <= 100 for line in out.splitlines())
    assert out.index("proposed") < out.index("approved")
    assert "needs a decision" in re.sub(r"\s+", " ", out)
    [row] = terminal.ask("actions|--kind|clearance")[1]
    assert (row["state"], row["approval"], row["quantity"]) == ("approved", "auto", "50")
    assert terminal.ask("actions|--kind|clearance|--state|rejected") == (0, [])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("alerts|--sku|nope", "no alerts: nothing like that is open\n"),
        ("actions|--warehouse|MOON", "no actions: nothing like that is proposed or under way\n"),
        ("ack|--sku|nope", "no alerts: nothing like that is open\n"),
    ],
)
def test_nothing_found_is_an_answer(terminal, line, sentence):
    """Exit code 0, and `[]` for programs."""
    assert terminal(line)[:2] == (0, sentence)
    assert terminal(line, "--json")[1] == "[]\n"


def test_figures_have_words():
    """Every key of `observed` that a rule writes is said in words, and no other."""
    known = {name.removeprefix("figure.") for name in entries() if name.startswith("figure.")}
    assert known == set(FIGURES.split())
