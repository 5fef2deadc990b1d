"""Stories of the rules about stock and lots: events, each with what a rule has to say of it.

"" is nothing, else the transition and the severity. `CASES` has them by (rule, kind, what happens);
the kinds are fires, quiet (must not fire), edge (exactly at the threshold), changes and ends.
"""

from __future__ import annotations

from datetime import timedelta

from flows.domain.events import Event
from tests.alert_folding import Both, Named
from tests.builders import (
    BASE,
    day,
    inbound,
    item,
    move,
    order_line,
    outbound,
    policy,
    purchase_line,
    scrap,
    tick,
    warehouse,
)
from tests.reference_alerts import Told

Story = list[tuple[Event | Named, str]]
CASES: dict[tuple[str, str, str], Story] = {}


def case(rule: str, kind: str, what: str, *story: tuple[Event | Named, str]) -> None:
    """Add a story to the table."""
    assert (rule, kind, what) not in CASES
    CASES[rule, kind, what] = list(story)


def told(story: Story, rule: str) -> Both:
    """Let the model and the fold tell a story, and compare what a rule says after each event."""
    both = Both()
    for number, (event, wanted) in enumerate(story):
        seen = [len(side.told) for side in both.sides]
        both.read(event.of(both.engine) if isinstance(event, Named) else event)
        got = [_words(side.told[n:], rule) for side, n in zip(both.sides, seen, strict=True)]
        assert got == [wanted, wanted], f"model and fold at event {number}: {event}"
    return both


def _words(told: list[Told], rule: str) -> str:
    return ", ".join(f"{one.transition} {one.severity}" for one in told if one.key.rule == rule)


def on(days: int, hours: int = 0, minutes: int = 0):
    """Return an instant so long after the base day's midnight UTC."""
    return BASE + timedelta(days=days, hours=hours, minutes=minutes)


def silent(*events: Event) -> list[tuple[Event, str]]:
    """Return events of which the rule says nothing."""
    return [(event, "") for event in events]


def sold(left: int) -> list[tuple[Event, str]]:
    """Return three days with 10 issued on each, after which so much is left."""
    out = [outbound(quantity=10, at=on(n, 1), order_id="O") for n in range(3)]
    return silent(inbound(quantity=left + 30, at=on(0)), *out)


NOON = tick("12:00")
"""Events of the base day at 08:00 come before it: tell the story's next events later."""
SAFE = policy(safety_stock=100)
MOST = policy(max_stock=100)
NEAR = {"lot": "L1", "at": "12:00", "bin": "P"}

# --- stock_out -----------------------------------------------------------------------------------
case(
    *("stock_out", "fires", "the last unit goes"),
    *silent(inbound(quantity=10), outbound(quantity=9)),
    (outbound(quantity=1), "opened critical"),
    (outbound(quantity=1), ""),
)
case(
    "stock_out", "fires", "stock that may not be sold", (inbound(status="hold"), "opened critical")
)
case("stock_out", "fires", "asked for, never seen", (order_line(ordered=1), "opened critical"))
case("stock_out", "quiet", "one unit is left", *silent(inbound(quantity=2), outbound()))
case(
    *("stock_out", "quiet", "a SKU that was never there and that nobody asks for"),
    *silent(policy(safety_stock=5), item(), purchase_line(), NOON),
)
case(
    *("stock_out", "edge", "all of it is promised"),
    (inbound(quantity=10), ""),
    (order_line(ordered=9), ""),
    (order_line(ordered=10, version=2), "opened critical"),
)
case(
    *("stock_out", "ends", "more than a tenth of the safety stock is there"),
    *silent(SAFE, inbound(quantity=5)),
    (outbound(quantity=5), "opened critical"),
    (inbound(quantity=10), ""),
    (inbound(quantity="0.0001"), "resolved critical"),
)
case(
    *("stock_out", "ends", "without a safety stock any unit is enough"),
    (outbound(quantity=3), "opened critical"),
    (inbound(quantity=3), ""),
    (inbound(quantity=1), "resolved critical"),
)
case(
    *("stock_out", "ends", "a lot that expires at local midnight"),
    *silent(NOON, inbound(lot="L1", expires_on=day(0), at="12:00"), tick("15:59")),
    (tick("16:00"), "opened critical"),
    (inbound(lot="L2", at="16:00"), "resolved critical"),
)

# --- below_safety --------------------------------------------------------------------------------
case(
    *("below_safety", "fires", "more than a tenth below the safety stock"),
    *silent(SAFE, inbound(quantity=100)),
    (outbound(quantity=11), "opened warning"),
)
case(
    *("below_safety", "fires", "a policy makes the safety stock higher"),
    *silent(inbound(quantity=80), policy(safety_stock=80)),
    (policy(safety_stock=100, at="09:00"), "opened warning"),
    (policy(safety_stock=80, at="09:30"), "resolved warning"),
)
case(
    *("below_safety", "fires", "by the share that the most specific policy sets"),
    *silent(SAFE, policy(red_below="0.5"), policy(sku="S1", red_below="0.2"), inbound(quantity=80)),
    (outbound(quantity=1), "opened warning"),
)
case("below_safety", "quiet", "without a safety stock", *silent(inbound(), outbound(quantity=15)))
case(
    *("below_safety", "edge", "exactly a tenth below the safety stock"),
    *silent(SAFE, inbound(quantity=100), outbound(quantity=10)),
    (outbound(quantity="0.0001"), "opened warning"),
)
case(
    *("below_safety", "changes", "critical below the half, until at 60 %"),
    *silent(inbound(quantity=50)),
    (SAFE, "opened warning"),
    (outbound(quantity=1), "escalated critical"),
    (inbound(quantity=10), ""),
    (inbound(quantity=1), "eased warning"),
    (outbound(quantity=10), ""),
    (outbound(quantity=1), "escalated critical"),
)
case(
    *("below_safety", "ends", "the whole safety stock is there"),
    *silent(inbound(quantity=80)),
    (SAFE, "opened warning"),
    (inbound(quantity="19.9999"), ""),
    (inbound(quantity="0.0001"), "resolved warning"),
)

# --- overstock -----------------------------------------------------------------------------------
case(
    "overstock", "fires", "more than may be", (MOST, ""), (inbound(quantity=101), "opened warning")
)
case("overstock", "quiet", "no limit is set", (inbound(quantity=10_000), ""))
case("overstock", "edge", "exactly what may be", *silent(MOST, inbound(quantity=100)))
case(
    *("overstock", "changes", "critical above twice, until at 1.9 times"),
    (MOST, ""),
    (inbound(quantity=200), "opened warning"),
    (inbound(quantity=1), "escalated critical"),
    (outbound(quantity=10), ""),
    (outbound(quantity=1), "eased warning"),
)
case(
    *("overstock", "ends", "5 % below what may be"),
    (inbound(quantity=101), ""),
    (MOST, "opened warning"),
    (outbound(quantity=5), ""),
    (outbound(quantity=1), "resolved warning"),
)
case(
    *("overstock", "ends", "the limit is taken away"),
    *silent(MOST),
    (inbound(quantity=150), "opened warning"),
    (policy(max_stock=None, at="09:00"), "resolved warning"),
)

# --- negative_stock ------------------------------------------------------------------------------
case("negative_stock", "fires", "issued and never received", (outbound(), "opened warning"))
case("negative_stock", "quiet", "promised only", (order_line(ordered=20), ""))
case("negative_stock", "edge", "exactly nothing", *silent(inbound(), outbound(quantity=10)))
case(
    *("negative_stock", "changes", "critical from ten units on"),
    (outbound(quantity="9.9999"), "opened warning"),
    (outbound(quantity="0.0001"), "escalated critical"),
    (inbound(quantity="0.0001"), "eased warning"),
)
case(
    *("negative_stock", "ends", "what was missing has come"),
    (outbound(quantity=20), "opened critical"),
    (inbound(quantity=20), "resolved critical"),
)

# --- predicted_stock_out -------------------------------------------------------------------------
case(
    *("predicted_stock_out", "fires", "gone in four days, and a tick looks"),
    *sold(left=40),
    (tick(on(3)), "opened warning"),
)
case(
    *("predicted_stock_out", "quiet", "a shortage of now is another rule's"),
    *sold(left=0),
    (tick(on(3)), ""),
)
case(
    *("predicted_stock_out", "quiet", "between ticks nobody predicts"),
    *sold(left=90),
    *silent(tick(on(3)), outbound(quantity=60, at=on(3), order_id="O")),
    (tick(on(3, 0, 1)), "opened warning"),
)
case(
    *("predicted_stock_out", "quiet", "what was bought comes in time"),
    *sold(left=40),
    *silent(purchase_line(ordered=500, due_at=on(5)), tick(on(3))),
)
case(
    *("predicted_stock_out", "edge", "on the last day of the horizon, and a day later"),
    *sold(left=80),
    *silent(tick(on(3)), scrap(quantity="0.0001", at=on(3), reason="broken")),
    (tick(on(3, 0, 1)), "opened warning"),
)
case(
    *("predicted_stock_out", "changes", "critical when two days are left"),
    *sold(left=30),
    (tick(on(3)), "opened warning"),
    (scrap(quantity="0.0001", at=on(3), reason="broken"), ""),
    (tick(on(3, 0, 1)), "escalated critical"),
    (inbound(quantity=1, at=on(3)), ""),
    (tick(on(3, 0, 2)), "eased warning"),
)
case(
    *("predicted_stock_out", "ends", "later than a day after the horizon"),
    *sold(left=70),
    (tick(on(3)), "opened warning"),
    *silent(inbound(quantity=10, at=on(3)), tick(on(3, 0, 1)), inbound(quantity=10, at=on(3))),
    (tick(on(3, 0, 2)), "resolved warning"),
)

# --- near_expiry ---------------------------------------------------------------------------------
case(
    *("near_expiry", "fires", "a lot comes that has few days left"),
    (NOON, ""),
    (inbound(expires_on=day(10), **NEAR), "opened warning"),
    (move(quantity=3, lot="L1", at="12:00"), ""),
)
case(
    *("near_expiry", "fires", "the days come nearer"),
    *silent(inbound(lot="L1", expires_on=day(20)), NOON, tick(on(4))),
    (tick(on(5)), "opened warning"),
)
case(
    *("near_expiry", "quiet", "no date, and before the first tick no today"),
    *silent(inbound(lot="L1", expires_on=day(1)), inbound("S2", lot="L2")),
    (NOON, "opened critical"),
)
case(
    *("near_expiry", "quiet", "its date has passed already"),
    *silent(NOON, inbound(expires_on=day(-1), **NEAR)),
)
case(
    *("near_expiry", "edge", "fifteen days are near, sixteen are not"),
    *silent(NOON, inbound("S2", expires_on=day(16), **NEAR)),
    (inbound("S1", expires_on=day(15), **NEAR), "opened warning"),
)
case(
    *("near_expiry", "edge", "the last day is near"),
    (NOON, ""),
    (inbound(expires_on=day(0), **NEAR), "opened critical"),
)
case(
    *("near_expiry", "changes", "critical from a third of the days on"),
    (NOON, ""),
    (inbound(expires_on=day(6), **NEAR), "opened warning"),
    (tick(on(0, 15, 59)), ""),
    (tick(on(0, 16)), "escalated critical"),
)
case(
    *("near_expiry", "ends", "sold"),
    (NOON, ""),
    (inbound(expires_on=day(3), **NEAR), "opened critical"),
    (outbound(quantity=9, **NEAR), ""),
    (outbound(quantity=1, **NEAR), "resolved critical"),
)
case(
    *("near_expiry", "ends", "its date has passed"),
    (NOON, ""),
    (inbound(expires_on=day(0), **NEAR), "opened critical"),
    (tick(on(0, 16)), "resolved critical"),
)
case(
    *("near_expiry", "ends", "the date was wrong"),
    (NOON, ""),
    (inbound(expires_on=day(3), **NEAR), "opened critical"),
    (inbound(expires_on=day(300), **{**NEAR, "at": "12:01"}), "resolved critical"),
)
case(
    *("near_expiry", "ends", "a policy takes fewer days for near"),
    (NOON, ""),
    (inbound(expires_on=day(10), **NEAR), "opened warning"),
    (policy(near_expiry_days=9), "resolved warning"),
)

# --- expired -------------------------------------------------------------------------------------
case(
    *("expired", "fires", "what comes has passed its date"),
    (NOON, ""),
    (inbound(expires_on=day(-1), **NEAR), "opened critical"),
)
case("expired", "quiet", "a lot without a date", *silent(NOON, inbound(**NEAR)))
case(
    *("expired", "edge", "its day ends at local midnight"),
    *silent(NOON, inbound(expires_on=day(0), **NEAR), tick(on(0, 15, 59))),
    (tick(on(0, 16)), "opened critical"),
)
case(
    *("expired", "edge", "by the midnight of the warehouse"),
    *silent(warehouse(timezone="UTC"), NOON, inbound(expires_on=day(0), **NEAR)),
    *silent(tick(on(0, 23, 59))),
    (tick(on(1)), "opened critical"),
)
case(
    *("expired", "ends", "scrapped, whatever is left in other bins is gone too"),
    (NOON, ""),
    (inbound(expires_on=day(-1), **NEAR), "opened critical"),
    (scrap(quantity=9, **NEAR), ""),
    (scrap(quantity=1, **NEAR), "resolved critical"),
)
