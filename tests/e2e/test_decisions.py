"""`waterline approve`, `reject`, `ack`: what becomes of what people decide."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from flows import deciding
from flows.domain import events as ev
from flows.words import entries
from tests.dataflow.running import drain, lay
from tests.e2e.alerting import NOW, Terminal, business, here, rows

pytestmark = pytest.mark.stack
STANDS = (
    "INSERT INTO inventory.alert_state (rule, warehouse, subject, alert_id, version, severity,"
    " state, opened_at, seen_at) VALUES (%(rule)s, %(warehouse)s, %(id)s, %(id)s, 1, 'info',"
    " 'open', now(), now())"
)


def test_an_approval_takes_effect_at_once(terminal, shop):
    """With another quantity and a reason; the log says who, when, through what."""
    action = terminal.named("s0", "actions")
    code, out, _ = terminal("approve", action[:-2], "--quantity|200.5|--reason", "a full pallet")
    assert code == 0
    assert out.startswith(f"{action}: UR · s0: order 200.5")
    assert out.endswith("; approved by 陈七: a full pallet\n")
    columns = "state, quantity, decided_by, channel, reason"
    query = f"SELECT {columns} FROM actions WHERE action_id = %s"
    assert rows(shop.dsn, query, action) == [
        ("approved", Decimal("200.5"), "陈七", "cli", "a full pallet")
    ]


def test_a_second_decision_is_refused_with_who_took_the_first(terminal):
    """Exit code 1; what was decided stands."""
    action = terminal.named("s1", "actions")
    assert terminal("reject", action, "--reason|no money|--by|李四")[0] == 0
    code, out, _ = terminal("approve", action)
    assert code == 1
    assert f"{action}: refused: action '{action}' is rejected since " in out
    assert "by 李四: approve has no effect" in out
    code, [told] = terminal.ask("approve", action)
    assert (code, told["result"], told["state"]) == (1, "refused", "rejected")


def test_several_are_decided_at_once(terminal):
    """One event each."""
    both = [terminal.named(sku, "actions") for sku in ("s2", "s3")]
    code, told = terminal.ask("reject", *both, "--reason|no money")
    assert code == 0
    assert [(one["action_id"], one["result"], one["state"]) for one in told] == [
        (action, "taken", "rejected") for action in both
    ]
    assert len({one["event_id"] for one in told}) == 2


def test_an_acknowledged_alert_says_who_and_keeps_its_reason(terminal):
    """It goes below what nobody has seen to."""
    alert = terminal.named("s4")
    code, out, _ = terminal("ack", alert, "--note|on its way")
    assert code == 0
    assert out.startswith(f"{alert}: acknowledged by 陈七 · UR · s4: 60 left, safety stock 100")
    assert terminal.ask("alerts|--warehouse|UR")[1][-1]["alert_id"] == alert
    listed = terminal("alerts|--sku|s4")[1]
    assert f"{alert} · acknowledged by 陈七" in listed
    assert "60 left" in listed
    story = terminal.ask("alerts|--id", alert)[1]
    assert story["transitions"][-1]["note"] == "on its way"
    code, [again] = terminal.ask("ack", alert)
    assert (code, again["result"]) == (1, "refused")


def test_alerts_are_acknowledged_by_what_they_have_in_common(terminal):
    """Every open one of them, none of the others."""
    code, told = terminal.ask("ack|--rule|below_safety|--sku|s5")
    assert (code, [one["state"] for one in told]) == (0, ["acknowledged"])
    assert terminal.ask("ack|--rule|below_safety|--sku|s5") == (0, [])
    assert [row["state"] for row in terminal.ask("alerts|--sku|s6")[1]] == ["open"]


def test_a_finding_is_settled_by_a_person(terminal, shop):
    """What is about a state is only acknowledged: it ends when the state does."""
    lay(shop, [ev.Inbound(**here("in-c", "cup", 9, to_bin="C1")),
               ev.Stocktake(**here("count-c", "cup", 7, at=NOW, to_bin="C1"))])  # fmt: skip
    drained(shop.dsn, "count-c")
    [row] = terminal.ask("alerts|--sku|cup|--rule|shrinkage")[1]
    out = terminal("ack", row["alert_id"], "--resolve|--note|counted again")[1]
    assert "resolved · SH · cup" in out
    assert "settled by 陈七: counted again" in out
    code, told = terminal.ask("ack|--resolve|--sku|s7")
    assert (code, [one["state"] for one in told]) == (0, ["acknowledged"])


def drained(dsn: str, event_id: str) -> None:
    """Wait until the running flow has folded a count."""
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    query = "SELECT 1 FROM counts WHERE event_id = %s"
    while not rows(dsn, query, event_id):
        assert datetime.now(UTC) < deadline


def test_an_alert_of_the_watchers_is_left_to_them(terminal, shop):
    """The decision is on the log, on some partition where the alert has no warehouse."""
    with psycopg.connect(shop.dsn) as conn:
        for warehouse, alert in (("SH", "lag_high-01"), ("", "lag_high-02")):
            conn.execute(STANDS, {"rule": "lag_high", "warehouse": warehouse, "id": alert})
    for alert in ("lag_high-01", "lag_high-02"):
        code, out, _ = terminal("ack", alert)
        assert code == 0
        assert out == f"{alert}: on the log; the clock flow takes it up within a minute\n"
    query = "SELECT body->>'decision' FROM journal WHERE body->>'alert_id' ~ '^lag_high'"
    assert rows(shop.dsn, query) == [("acknowledge",), ("acknowledge",)]


def test_many_decisions_are_counted(terminal, shop):
    """Forty lines, and how many there were."""
    with psycopg.connect(shop.dsn) as conn:
        for number in range(41):
            known = {"rule": "zone_idle", "warehouse": "SH", "id": f"zone_idle-{number}"}
            conn.execute(STANDS, known)
    code, out, _ = terminal("ack|--rule|zone_idle")
    assert code == 0
    assert out.count("\n") == 41
    assert out.endswith("41 decisions in all, 0 of them refused\n")


def test_without_the_stock_flow_a_decision_waits_on_the_log(settings, monkeypatch, capsys):
    """Exit code 1 and what to do; it takes effect when the flow runs."""
    monkeypatch.setattr(deciding, "PATIENCE", 0.3)
    terminal = Terminal(settings, monkeypatch, capsys)
    lay(settings, business())
    drain(settings)
    [(action,)] = rows(settings.dsn, "SELECT action_id FROM actions WHERE sku = 's0'")
    code, out, _ = terminal("approve", action)
    assert code == 1
    assert out.startswith(f"{action}: on the log, not folded yet\n")
    assert "does `waterline run` run?" in out
    code, [told] = terminal.ask("approve", action)
    assert (code, told["result"], told["state"]) == (1, "waits", "proposed")
    drain(settings)
    query = "SELECT state FROM actions WHERE action_id = %s"
    assert rows(settings.dsn, query, action) == [("approved",)]


@pytest.fixture(scope="module")
def forgotten(shop):
    """Have an alert of which only the last standing is kept."""
    with psycopg.connect(shop.dsn) as conn:
        conn.execute(STANDS, {"rule": "zone_full", "warehouse": "SH", "id": "zone_full-1"})


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("alerts|--id|nope", 1, "there is no alert 'nope': `waterline alerts --state all`"),
        ("alerts|--id|zone_full-1", 1, "the transitions of zone_full-1 are no longer kept"),
        ("alerts|--id|below_", 1, "'below_' is the beginning of several ids: below_safety-"),
        ("approve|nope", 1, "there is no action 'nope': `waterline actions --state all`"),
        ("reject|replenishment-", 2, "--reason"),
        ("approve|replenishment-", 1, "'replenishment-' is the beginning of several ids"),
        ("approve|a|b|--quantity|3", 2, "--quantity is for one action at a time"),
        ("approve|a|--quantity|many", 2, "'many' is not a number"),
        ("approve|clearance|--quantity|-1", 2, "`quantity` must be above 0, but it is -1"),
        ("ack", 2, "say which alerts: ids, or some of --rule, --warehouse"),
        ("ack|shrink|--sku|tea", 2, "say which alerts: ids, or some of --rule, --warehouse"),
        ("alerts|--rule|nope", 2, "invalid choice: 'nope'"),
    ],
)
def test_what_cannot_be_is_one_sentence(terminal, line, code, sentence):
    """It names the id or the option; nothing is put on the log."""
    found, out, err = terminal(line)
    assert (found, out) == (code, "")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["alerts", "actions", "approve", "reject", "ack"])
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_every_command_has_help_with_an_example(terminal, command, lang):
    """A line can be copied; the first line is the catalogue's."""
    code, out, _ = terminal(f"{command}|--help", LANG=lang)
    assert code == 0
    assert re.search(rf"examples?:\s+waterline {command}", out)
    assert entries()[f"command.{command}"][lang][:20] in re.sub(r"\s+", " ", out)
