"""What alerts and actions say: every rule and change, in both languages, with what is known."""

from __future__ import annotations

import string

import pytest

from flows.clauses import Template
from flows.domain.rules import ACTION_ROLES, RULES
from flows.settings import LANGUAGES
from flows.telling import action_sentences, alert_sentences, group_sentences
from flows.words import entries
from tests.e2e.sentences import CHANGED, MILK, OPENED, PROPOSED, RESOLVED, action, alert

TRANSITIONS = ("opened", "escalated", "eased", "acknowledged", "reminded", "resolved")
STATES = ("proposed", "approved", "rejected", "sent", "done", "failed", "withdrawn")
_ACCOUNT = {
    "on_hand", "on_hold", "reserved", "available", "in_transit", "incoming", "projected",
    "safety_stock", "reorder_point", "max_stock", "demand_per_day", "days_of_cover", "receipts",
    "receipts_due",
}  # fmt: skip
_LOT = {"quantity", "expires_on", "days_to_expiry", "value"}
_MOVE = {"reason", "quantity", "value", "type", "operator", "device", "times"}
_ZONE = {"zone", "occupancy", "bins", "free_bins", "threshold"}
OBSERVED: dict[str, set[str]] = {
    **dict.fromkeys(("stock_out", "overstock", "negative_stock"), _ACCOUNT),
    "below_safety": _ACCOUNT | {"stock_out_on"},
    "predicted_stock_out": _ACCOUNT | {"stock_out_on", "below_safety_on"},
    **dict.fromkeys(("near_expiry", "expired"), _LOT),
    "transfer_late": {"document", "from", "shipped", "received", "lost", "in_transit", "due_at",
                      "minutes_late"},
    "outbound_mismatch": {"order_id", "reason", "ordered", "shipped", "cancelled", "difference"},
    "bin_overweight": {"weight", "limit", "over"},
    "shrinkage": {"expected", "counted", "missing", "value", "document", "operator"},
    **dict.fromkeys(("unexplained_move", "high_value_unrecorded"), _MOVE),
    "dead_stock": {"on_hand", "idle_days", "issued_on", "value"},
    **dict.fromkeys(("zone_full", "zone_idle"), _ZONE),
    "device_silent": {"device", "last_seen_at", "minutes"},
    "sequence_gap": {"device", "missing", "holes", "last_seq"},
    "lag_high": {"p50", "p95", "p99", "events", "threshold"},
    "invariant_drift": {"invariant", "checked", "wrong", "drift", "key", "expected", "found"},
}  # fmt: skip
PAYLOADS = {
    "replenishment": {"quantity", "value", "on_hand", "available", "projected", "reorder_point",
                      "demand_per_day"},
    "clearance": {"quantity", "expires_on", "days_to_expiry"},
    "expedite": {"document", "from", "due_at", "in_transit"},
    "rebalance": {"quantity", "from_bin", "to_bin"},
}  # fmt: skip


@pytest.mark.parametrize(("rule", "observed", "more", "en", "zh"), OPENED)
def test_an_alert_says_what_is_wrong(rule, observed, more, en, zh):
    """Where, the reason with its numbers, in either language."""
    assert alert_sentences(alert(rule, observed, **more)) == [en, zh]


@pytest.mark.parametrize(("rule", "observed", "more", "en", "zh"), RESOLVED)
def test_an_alert_says_that_it_is_over(rule, observed, more, en, zh):
    """With the numbers that hold now, where they are known."""
    assert alert_sentences(alert(rule, observed, "resolved", **more)) == [en, zh]


@pytest.mark.parametrize(("transition", "more", "en", "zh"), CHANGED)
def test_a_change_says_what_it_is(transition, more, en, zh):
    """Events are named, the first of them; who took it up and what was said as well."""
    row = alert("below_safety", {"available": 4}, transition, sku="S1", **more)
    assert alert_sentences(row) == [en, zh]


@pytest.mark.parametrize("case", PROPOSED)
def test_an_action_says_what_is_to_be_done(case):
    """And what became of it."""
    kind, payload, state, more, *said = case
    assert action_sentences(action(kind, payload, state, **more)) == said


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("rule", RULES)
def test_whatever_is_unknown_there_is_a_sentence(rule, transition):
    """Without any number an alert still says where and what; so every text is there."""
    reasons = {"outbound_mismatch": "quantity", "unexplained_move": "negative_bin"}
    observed = {"reason": reasons[rule]} if rule in reasons else {}
    for said in alert_sentences(alert(rule, observed, transition, sku="S1")):
        assert said.startswith("SH · S1")
        assert not set("[]{}|") & set(said)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ACTION_ROLES)
def test_every_kind_of_action_has_a_sentence_in_every_state(kind, state):
    """So that no step of an action is without words."""
    for said in action_sentences(action(kind, {}, state)):
        assert said.startswith("SH · S1")


def test_a_group_names_what_it_tells_of():
    """How many of what, the first three, and how many more."""
    rows = [alert("below_safety", {"name_zh": f"奶 {n}"}, sku=f"S{n}") for n in range(7)]
    assert group_sentences(rows, (1, 1)) == [
        "SH: 7 × below safety stock, new: 奶 0, 奶 1, 奶 2 and 4 more",
        "SH：低于安全库存 7 条，新增：奶 0、奶 1、奶 2 等，另有 4 条",
    ]
    assert group_sentences([action("replenishment", MILK, "sent")] * 3, (2, 2)) == [
        "SH: 3 × replenishment, sent (part 2 of 2): oat milk 1 L, oat milk 1 L, oat milk 1 L",
        "SH：补货 3 项，已下发（第 2/2 部分）：燕麦奶 1 L、燕麦奶 1 L、燕麦奶 1 L",
    ]
    (en, _) = group_sentences([alert("device_silent", {}, subject="PDA-7")] * 2, (1, 1))
    assert en == "SH: 2 × device silent, new: PDA-7, PDA-7"


def fields(text: str) -> set[tuple[str, str]]:
    """Return the placeholders of a template, each with how it is shown."""
    return {(name, how) for _, name, how, _ in string.Formatter().parse(text) if name}


def test_rules_and_texts_belong_together():
    """Each rule has its texts, each text its rule, with values that are observed of it."""
    texts: dict[str, dict[str, set[str]]] = {}
    for name, entry in entries().items():
        family, _, rest = name.partition(".")
        if family == "rule":
            rule, _, what = rest.partition(".")
            assert fields(entry["en"]) == fields(entry["zh-CN"])
            texts.setdefault(rule, {})[what] = {field for field, _ in fields(entry["en"])}
    assert set(texts) == set(RULES) == set(OBSERVED)
    reasons = {
        "outbound_mismatch": {"not_on_order", "quantity"},
        "unexplained_move": {"no_document", "negative_bin"},
    }
    for rule, found in texts.items():
        assert set(found) == {"name", "resolved"} | reasons.get(rule, {"open"})
        assert found["name"] == set()
        assert set().union(*found.values()) <= OBSERVED[rule], rule


def test_actions_and_texts_belong_together():
    """Each kind and each state has its texts, and there are no others."""
    texts = {name.partition(".")[2] for name in entries() if name.startswith("action.")}
    kinds = {f"{kind}.{what}" for kind in ACTION_ROLES for what in ("name", "what")}
    assert texts == kinds | set(STATES) | {"approved_auto", "clearance.unmark"}
    for kind, payload in PAYLOADS.items():
        assert {name for name, _ in fields(entries()[f"action.{kind}.what"]["en"])} <= payload
    changes = {name.partition(".")[2] for name in entries() if name.startswith("change.")}
    assert changes == {*TRANSITIONS, *STATES}


@pytest.mark.parametrize("text", ["[{a}", "{a}]", "[[{a}]]", "{a!r}"])
def test_a_template_that_cannot_be_is_refused(text):
    """When it is made ready, not when an alert is to be told."""
    with pytest.raises(ValueError, match="a"):
        Template(dict.fromkeys(LANGUAGES, text))


def test_texts_of_others_are_taken_as_they_are():
    """What looks like a placeholder in a name is a part of the name."""
    row = alert("below_safety", {"name": "100 % {x} [y] %s", "available": 4}, sku="S1")
    assert alert_sentences(row)[0] == "SH · 100 % {x} [y] %s: 4 left"
