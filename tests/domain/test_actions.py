"""Actions: proposed when there is a reason, decided by a person or a policy, ended with the reason.

A story is a list of events, each with the states that actions of a kind came into, or "". Both the
model and the fold have to tell it.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from flows.domain.events import Proposal
from tests.alert_folding import Both, Named, named
from tests.alert_stories import NOON, Story, on, silent
from tests.builders import (
    day,
    inbound,
    item,
    make,
    move,
    order_line,
    outbound,
    policy,
    purchase_line,
    scrap,
    tick,
    transfer_in,
    transfer_out,
)

LIMITS = policy(safety_stock=100)
NEAR = {"lot": "L1", "expires_on": day(3), "at": "12:00", "bin": "P"}


def proposal(**fields) -> Proposal:
    """Suggest to move goods from P to Q."""
    fields = {"sku": "S1", "quantity": 5, "from_bin": "P", "to_bin": "Q", **fields}
    return make(Proposal, **fields)


STORIES: dict[tuple[str, str], Story] = {
    ("replenishment", "at the reorder point, and cured above it"): [
        *silent(LIMITS),
        (inbound(quantity=101), ""),
        (outbound(quantity=1), "proposed"),
        (inbound(quantity="0.0001"), "withdrawn"),
    ],
    ("replenishment", "what is ordered counts"): [
        *silent(inbound(quantity=1), purchase_line(ordered=100)),
        (LIMITS, ""),
        (purchase_line(ordered=99, version=2), "proposed"),
    ],
    ("replenishment", "nobody knows a reorder point, nobody proposes"): [
        *silent(inbound(quantity=1), outbound(quantity=1), order_line()),
    ],
    ("replenishment", "approved, sent, done when the goods are there"): [
        (inbound(quantity=1), ""),
        (LIMITS, "proposed"),
        (named("replenishment", "approve"), "approved"),
        (named("replenishment", "sent"), "sent"),
        (inbound(quantity=50), ""),
        (inbound(quantity=50), "done"),
    ],
    ("replenishment", "done, too, when the goods were faster than the relay"): [
        (inbound(quantity=1), ""),
        (LIMITS, "proposed"),
        (named("replenishment", "approve"), "approved"),
        (inbound(quantity=100), "done"),
    ],
    ("replenishment", "rejected stands until its reason has gone"): [
        (inbound(quantity=1), ""),
        (LIMITS, "proposed"),
        (named("replenishment", "reject"), "rejected"),
        *silent(outbound(quantity=1), inbound(quantity=101)),
        (outbound(quantity=2), "proposed"),
    ],
    ("replenishment", "failed stands as well"): [
        (inbound(quantity=1), ""),
        (LIMITS, "proposed"),
        (named("replenishment", "approve"), "approved"),
        (named("replenishment", "failed"), "failed"),
        *silent(outbound(quantity=1), tick(on(1))),
    ],
    ("replenishment", "up to a value it is approved by itself"): [
        *silent(item(unit_cost=2), policy(auto_replenishment_value=198)),
        *silent(inbound(quantity=1), policy(reorder_qty=99)),
        (LIMITS, "approved"),
    ],
    ("replenishment", "above that value a person is asked"): [
        *silent(item(unit_cost="2.01"), policy(auto_replenishment_value=198)),
        *silent(inbound(quantity=1), policy(reorder_qty=99)),
        (LIMITS, "proposed"),
    ],
    ("replenishment", "nobody knows what it costs: a person is asked"): [
        *silent(policy(auto_replenishment_value=1000), inbound(quantity=1)),
        (LIMITS, "proposed"),
    ],
    ("replenishment", "an old event proposes nothing, the next tick does"): [
        *silent(LIMITS, inbound(quantity=200), NOON, outbound(quantity=150, at="11:00")),
        (tick("12:01"), "proposed"),
    ],
    ("clearance", "marked while its date is near, and taken off when it is sold"): [
        (NOON, ""),
        (inbound(**NEAR), "approved"),
        (named("clearance", "sent"), "sent"),
        (outbound(quantity=9, lot="L1", bin="P", at="12:00"), ""),
        (outbound(quantity=1, lot="L1", bin="P", at="12:00"), "done"),
    ],
    ("clearance", "a policy asks a person, and the goods are gone before"): [
        *silent(NOON, policy(auto_clearance_value=0)),
        (inbound(**NEAR), "proposed"),
        (scrap(quantity=10, lot="L1", bin="P", at="12:00"), "withdrawn"),
    ],
    ("expedite", "asked for when it is late, done when it comes"): [
        *silent(transfer_out(document="T1", due_at="12:00"), NOON),
        (tick("12:01"), "approved"),
        (transfer_in(document="T1", at="12:01"), "done"),
    ],
    ("rebalance", "suggested once, done when the move is scanned"): [
        (inbound(bin="P"), ""),
        (proposal(), "proposed"),
        (proposal(), ""),
        (named("rebalance", "approve"), "approved"),
        (move(quantity=5, to_bin="R"), ""),
        (move(quantity=5), "done"),
    ],
    ("rebalance", "suggested no longer"): [
        (proposal(), "proposed"),
        (named("rebalance", "withdraw"), "withdrawn"),
        (proposal(), "proposed"),
    ],
    ("rebalance", "a second decision has no effect"): [
        (proposal(), "proposed"),
        (named("rebalance", "reject"), "rejected"),
        (named("rebalance", "approve"), ""),
        (named("rebalance", "sent"), ""),
    ],
}


def follow(story: Story, kind: str) -> Both:
    """Let the model and the fold tell a story, and compare what became of the actions."""
    both = Both()
    sides = (both.model.actions, both.engine)
    for number, (event, wanted) in enumerate(story):
        seen = [len(side.steps) for side in sides]
        both.read(event.of(both.engine) if isinstance(event, Named) else event)
        new = [side.steps[n:] for side, n in zip(sides, seen, strict=True)]
        got = [", ".join(step.state for step in steps if step.key.kind == kind) for steps in new]
        assert got == [wanted, wanted], f"model and fold at event {number}: {event}"
    return both


@pytest.mark.parametrize("story", STORIES, ids=" - ".join)
def test_every_action_goes_as_told(story):
    """Model and fold say after each event what the story says, and nothing else."""
    follow(STORIES[story], story[0])


def quantity(*events) -> Decimal:
    """Return what the replenishment of S1 asks for, model and fold agreeing."""
    both = Both()
    for event in events:
        both.read(event.of(both.engine) if isinstance(event, Named) else event)
    [model] = [
        row for key, row in both.model.actions.standing.items() if key.kind == "replenishment"
    ]
    [fold] = [row for row in both.engine.actions() if row.kind == "replenishment"]
    assert fold.quantity == model.quantity * 10_000
    return model.quantity


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        ({"reorder_qty": 500}, 500),
        ({"max_stock": 400}, 390),
        ({"reorder_qty": 500, "max_stock": 400}, 500),
        ({"reorder_qty": 300, "max_stock": 400}, 390),
        ({"max_stock": 400, "order_multiple": 24}, 408),
        ({"max_stock": 5}, 1),
        ({}, 90),
        ({"order_multiple": 100}, 100),
    ],
)
def test_how_much_to_order(limits, wanted):
    """The larger of reorder_qty and what is missing up to max_stock, in whole multiples."""
    assert quantity(inbound(quantity=10), policy(**limits), policy(safety_stock=100)) == wanted


def test_without_a_size_it_is_a_week_above_the_reorder_point():
    """Ten a day: seven days' demand and what is missing up to the safety stock."""
    sold = [outbound(quantity=10, at=on(n, 1), order_id="O") for n in range(3)]
    events = [inbound(quantity=70, at=on(0)), *sold, tick(on(3)), policy(safety_stock=100)]
    assert quantity(*events) == 130


def test_a_proposal_follows_the_need_in_steps_of_a_tenth():
    """With a tick, when it is a tenth of it away; when it is approved, whatever the difference."""
    events = [inbound(quantity=10), policy(safety_stock=100), outbound(quantity=8)]
    assert quantity(*events) == 90
    assert quantity(*events, tick("12:00")) == 90
    assert quantity(*events, named("replenishment", "approve")) == 98
    assert quantity(*events, outbound(quantity=1), tick("12:00")) == 99


def test_who_approves_may_say_how_much():
    """The quantity of the decision is taken."""
    events = [inbound(quantity=10), policy(safety_stock=100)]
    approval = named("replenishment", "approve", quantity=Decimal(7))
    assert quantity(*events, approval) == 7
