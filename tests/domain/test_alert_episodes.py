"""Episodes whatever the rule: the past wakes nobody, people answer, and are reminded."""

from __future__ import annotations

import pytest

from tests.alert_folding import named
from tests.alert_stories import NOON, Story, on, silent, told
from tests.builders import (
    bin_master,
    cancel,
    decision,
    inbound,
    item,
    move,
    order_line,
    outbound,
    policy,
    stocktake,
    tick,
    warehouse,
)

HEAVY = silent(item(unit_weight=1), bin_master(max_weight=5))
FLOWS = silent(inbound(quantity=10, bin="P"), NOON)
STORIES: dict[tuple[str, str], Story] = {
    ("stock_out", "an old event is judged with the next tick"): [
        *FLOWS,
        (outbound(quantity=10, bin="P", at="11:54"), ""),
        (tick("12:01"), "opened critical"),
    ],
    ("stock_out", "five minutes before the clock are not old"): [
        *FLOWS,
        (outbound(quantity=10, bin="P", at="11:55"), "opened critical"),
    ],
    ("stock_out", "an old event is judged with the next event of the account that is not"): [
        *FLOWS,
        *silent(outbound(quantity=10, bin="P", at="11:00"), inbound("S2", at="12:00")),
        (move(at="12:00"), "opened critical"),
    ],
    ("stock_out", "what the past brought and took is nobody's matter"): [
        *FLOWS,
        *silent(outbound(quantity=10, at="11:00"), inbound(quantity=9, at="11:00"), tick("12:01")),
    ],
    ("stock_out", "the past resolves nothing either"): [
        (outbound(), "opened critical"),
        (NOON, ""),
        (inbound(at="11:00"), ""),
        (tick("12:01"), "resolved critical"),
    ],
    ("stock_out", "a cancel is never old"): [
        (inbound(id="only"), ""),
        (NOON, ""),
        (cancel("only", at="08:00"), "opened critical"),
    ],
    ("stock_out", "a count of nothing is judged whatever was said of the SKU before"): [
        (order_line(ordered=1, state="held"), ""),
        (stocktake(quantity=0), "opened critical"),
    ],
    ("stock_out", "what never moved is short as long as it is asked for"): [
        (order_line(id="wish", ordered=1), "opened critical"),
        (cancel("wish"), "resolved critical"),
    ],
    ("bin_overweight", "bins are judged like accounts"): [
        *HEAVY,
        (NOON, ""),
        (inbound(quantity=6, bin="P", at="11:00"), ""),
        (tick("12:01"), "opened warning"),
        (move(at="11:00"), ""),
        (tick("12:02"), "resolved warning"),
    ],
    ("bin_overweight", "a limit of 0 is none"): [
        *HEAVY,
        (bin_master(max_weight=0, at="09:00"), ""),
        (inbound(quantity=6, bin="P"), ""),
    ],
    ("bin_overweight", "what moves while a bin has no limit counts when it has one"): [
        *HEAVY,
        *silent(cancel(HEAVY[1][0]), inbound(quantity=6, bin="P")),
        (bin_master(max_weight=5), "opened warning"),
    ],
    ("shrinkage", "what came cancelled explains nothing"): [
        *silent(inbound(quantity=10, bin="P"), cancel("late")),
        (stocktake(quantity=5, bin="P", at="10:00"), "opened critical"),
        (outbound(quantity=5, bin="P", at="09:00", id="late", order_id="O"), ""),
    ],
    ("shrinkage", "a count that stands again"): [
        *silent(inbound(quantity=10, bin="P")),
        (stocktake(quantity=5, bin="P", at="10:00", id="count"), "opened critical"),
        (cancel("count", id="gone"), "resolved critical"),
        (cancel("gone"), "opened critical"),
    ],
    ("shrinkage", "to cancel what made it more does not end it"): [
        *silent(inbound(quantity=10, bin="P")),
        (stocktake(quantity=5, bin="P", at="10:00"), "opened critical"),
        (inbound(quantity=1, bin="P", at="09:00", id="late"), ""),
        (cancel("late"), ""),
    ],
    ("unexplained_move", "an event behind a bin that holds too little keeps it open"): [
        *silent(item(unit_cost=1000), inbound(quantity=10, bin="P")),
        (outbound(bin="Q", order_id="O", id="first"), "opened warning"),
        (outbound(bin="Q", id="second"), ""),
        (inbound(quantity=9, bin="Q"), ""),
        (cancel("first"), ""),
        (cancel("second"), "resolved warning"),
    ],
    ("outbound_mismatch", "a line that is another SKU's now has no goods of the old one"): [
        (order_line(ordered=5, shipped=7, state="closed", version=1), "opened warning"),
        (order_line(sku="S2", ordered=5, version=2), "resolved warning"),
    ],
    ("expired", "another time zone has another today"): [
        *silent(inbound(lot="L1", expires_on=on(0).date())),
        (tick(on(0, 16)), "opened critical"),
        (warehouse(timezone="UTC", at=on(0, 16)), "resolved critical"),
    ],
    ("negative_stock", "reminded after a day, and a day after that"): [
        (outbound(at="12:00"), "opened warning"),
        *silent(tick(on(1, 11, 59))),
        (tick(on(1, 12)), "reminded warning"),
        *silent(tick(on(1, 12, 1)), tick(on(2, 11, 59))),
        (tick(on(2, 12, 5)), "reminded warning"),
    ],
    ("negative_stock", "who was woken by an old event has a day from then on"): [
        *silent(tick(on(2))),
        (outbound(at=on(1), id="gone"), ""),
        (tick(on(2, 0, 1)), "opened warning"),
        (tick(on(3)), ""),
        (tick(on(3, 0, 1)), "reminded warning"),
    ],
    ("negative_stock", "who has acknowledged is not reminded, until it gets worse"): [
        (outbound(), "opened warning"),
        (named("negative_stock", "acknowledge"), "acknowledged warning"),
        (tick(on(2)), ""),
        (outbound(quantity=9, at=on(2)), "escalated critical"),
        (inbound(quantity=9, at=on(2)), "eased warning"),
        (tick(on(3)), "reminded warning"),
    ],
    ("negative_stock", "a person cannot resolve what is so"): [
        (outbound(), "opened warning"),
        (named("negative_stock", "resolve"), "acknowledged warning"),
        (named("negative_stock", "resolve"), ""),
        (inbound(quantity=1), "resolved warning"),
    ],
    ("dead_stock", "nobody is reminded of an information"): [
        *silent(inbound(), policy(dead_stock_days=2)),
        (tick(on(3)), "opened info"),
        (tick(on(5)), ""),
    ],
}


@pytest.mark.parametrize("story", STORIES, ids=" - ".join)
def test_every_episode_goes_as_told(story):
    """Model and fold say after each event what the story says, and nothing else."""
    told(STORIES[story], story[0])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (named("negative_stock", "acknowledge"), "already_decided"),
        (named("negative_stock", "resolve"), "already_decided"),
        (decision(action_id=None, alert_id="nobody", decision="acknowledge"), "unknown_action"),
        (decision(action_id="nobody"), "unknown_action"),
    ],
)
def test_a_second_or_unknown_decision_is_refused(answer, code):
    """It changes nothing, and the reject says which it was."""
    both = told(
        [
            (outbound(), "opened warning"),
            (named("negative_stock", "acknowledge"), "acknowledged warning"),
            (answer, ""),
        ],
        "negative_stock",
    )
    assert [row.reject.code for row in both.engine.store.rejects] == [code]


def test_an_alert_names_who_answered_and_the_events_behind_it():
    """The record has the crossing event, the numbers, the person and the reason."""
    both = told(
        [
            (outbound(id="first"), "opened warning"),
            (named("negative_stock", "acknowledge", reason="spilt"), "acknowledged warning"),
        ],
        "negative_stock",
    )
    rows = both.engine.store.told.alerts
    opened, acknowledged = [row for row in rows if row.episode.key.rule == "negative_stock"]
    assert opened.episode.events == ("first",)
    assert opened.episode.observed["on_hand"] == -1
    assert (acknowledged.actor, acknowledged.note) == ("ann", "spilt")
