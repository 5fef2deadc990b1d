"""Stories of transfers, bins, idle stock and findings, a part of `alert_stories.py`."""

from __future__ import annotations

from tests.alert_folding import named
from tests.alert_stories import CASES, NOON, case, on, silent
from tests.builders import (
    adjustment,
    bin_master,
    cancel,
    customer_return,
    inbound,
    item,
    lost,
    move,
    order_line,
    outbound,
    policy,
    scrap,
    status_change,
    stocktake,
    tick,
    transfer_in,
    transfer_out,
)

__all__ = ["CASES"]
LATE = {"document": "T1", "due_at": "12:00"}

# --- transfer_late -------------------------------------------------------------------------------
case(
    *("transfer_late", "fires", "planned for noon, and the clock is past it"),
    *silent(transfer_out(**LATE), NOON),
    (tick("12:01"), "opened warning"),
)
case(
    *("transfer_late", "quiet", "it has arrived, or has no date"),
    *silent(transfer_out(**LATE), transfer_out("S2", document="T2"), transfer_in(document="T1")),
    *silent(tick(on(2))),
)
case(
    *("transfer_late", "edge", "after as many minutes of grace, not with them"),
    *silent(policy(transfer_grace_minutes=30), transfer_out(**LATE), tick("12:30")),
    (tick("12:31"), "opened warning"),
)
case(
    *("transfer_late", "changes", "critical a day later"),
    (transfer_out(**LATE), ""),
    (tick("12:30"), "opened warning"),
    (tick(on(1, 12)), ""),
    (tick(on(1, 12, 1)), "escalated critical"),
)
case(
    *("transfer_late", "ends", "the last of it arrives"),
    (transfer_out(quantity=5, **LATE), ""),
    (tick("12:01"), "opened warning"),
    (transfer_in(quantity=4, document="T1", at="12:02"), ""),
    (transfer_in(quantity=1, document="T1", at="12:02"), "resolved warning"),
)
case(
    *("transfer_late", "ends", "what is missing is lost"),
    (transfer_out(quantity=5, **LATE), ""),
    (tick("12:01"), "opened warning"),
    (lost(quantity=5, at="12:02"), "resolved warning"),
)
case(
    *("transfer_late", "ends", "more of it is sent, and due later"),
    (transfer_out(quantity=5, **LATE), ""),
    (tick("12:01"), "opened warning"),
    (transfer_out(document="T1", at="12:02", due_at=on(3)), "resolved warning"),
)

# --- bin_overweight ------------------------------------------------------------------------------
HEAVY = silent(item(unit_weight=1), bin_master(max_weight=100))
case(
    *("bin_overweight", "fires", "more kg than the bin may bear"),
    *HEAVY,
    (inbound(quantity=101, bin="P"), "opened warning"),
)
case(
    *("bin_overweight", "fires", "the item is heavier than was known"),
    *HEAVY,
    (inbound(quantity=60, bin="P"), ""),
    (item(unit_weight=2, at="09:00"), "opened warning"),
)
case(
    *("bin_overweight", "quiet", "unknown weight, no limit, another bin"),
    *silent(*(event for event, _ in HEAVY), inbound("S2", quantity=1000, bin="P")),
    *silent(inbound(quantity=1000, bin="Q"), bin_master("Q"), inbound(quantity=1000)),
)
case(
    *("bin_overweight", "edge", "exactly what it may bear"),
    *HEAVY,
    (inbound(quantity=100, bin="P"), ""),
    (inbound(quantity="0.0001", bin="P"), "opened warning"),
)
case(
    *("bin_overweight", "edge", "exactly what a policy tolerates"),
    *HEAVY,
    *silent(policy(overweight_warning_kg=20), inbound(quantity=120, bin="P")),
    (inbound(quantity=1, bin="P"), "opened warning"),
)
case(
    *("bin_overweight", "changes", "critical from 50 kg on"),
    *HEAVY,
    (inbound(quantity="149.9999", bin="P"), "opened warning"),
    (inbound(quantity="0.0001", bin="P"), "escalated critical"),
    (move(quantity=1), "eased warning"),
)
case(
    *("bin_overweight", "ends", "moved away"),
    *HEAVY,
    (inbound(quantity=101, bin="P"), "opened warning"),
    (move(quantity=1), "resolved warning"),
)
case(
    *("bin_overweight", "ends", "a stronger bin"),
    *HEAVY,
    (inbound(quantity=101, bin="P"), "opened warning"),
    (bin_master(max_weight=200, at="09:00"), "resolved warning"),
)

# --- shrinkage -----------------------------------------------------------------------------------
HUNDRED = inbound(quantity=100, bin="P")
SEEN = {"bin": "P", "at": "10:00"}
case(
    *("shrinkage", "fires", "one unit is missing"),
    (HUNDRED, ""),
    (stocktake(quantity=99, **SEEN), "opened warning"),
    (stocktake(quantity=99, bin="P", at="11:00"), ""),
)
case("shrinkage", "quiet", "more was found", *silent(HUNDRED, stocktake(quantity=101, **SEEN)))
case(
    *("shrinkage", "quiet", "the count was three days ago"),
    *silent(HUNDRED, tick(on(3, 10, 1)), stocktake(quantity=9, **SEEN), tick(on(3, 11))),
)
case("shrinkage", "edge", "exactly the book", *silent(HUNDRED, stocktake(quantity=100, **SEEN)))
case(
    *("shrinkage", "edge", "exactly what a policy tolerates"),
    *silent(policy(shrinkage_tolerance="0.05"), HUNDRED, stocktake(quantity=95, **SEEN)),
    *silent(inbound("S2", quantity=100, bin="P")),
    (stocktake("S2", quantity="94.9999", **SEEN), "opened warning"),
)
case(
    *("shrinkage", "edge", "a tenth of the book is missing"),
    (HUNDRED, ""),
    (stocktake(quantity=90, **SEEN), "opened critical"),
)
case(
    *("shrinkage", "edge", "found a day before the clock, and not a minute more"),
    *silent(HUNDRED, inbound("S2", quantity=100, bin="P"), tick(on(1, 10))),
    (stocktake(quantity=99, **SEEN), "opened warning"),
    (stocktake("S2", quantity=99, bin="P", at="09:59"), ""),
)
case(
    *("shrinkage", "changes", "with what late events say of the book"),
    (HUNDRED, ""),
    (stocktake(quantity=90, **SEEN), "opened critical"),
    (outbound(bin="P", at="09:00", order_id="O"), "eased warning"),
    (customer_return(status="sellable", bin="P", at="09:30"), "escalated critical"),
)
case(
    *("shrinkage", "ends", "late events explain it"),
    (HUNDRED, ""),
    (stocktake(quantity=99, **SEEN), "opened warning"),
    (NOON, ""),
    (outbound(quantity=1, bin="P", at="09:00", order_id="O"), "resolved warning"),
)
case(
    *("shrinkage", "ends", "the count is cancelled"),
    (HUNDRED, ""),
    (stocktake(quantity=99, id="count", **SEEN), "opened warning"),
    (cancel("count"), "resolved warning"),
)
case(
    *("shrinkage", "ends", "a person says so"),
    (HUNDRED, ""),
    (stocktake(quantity=80, **SEEN), "opened critical"),
    (named("shrinkage", "resolve"), "resolved critical"),
    (outbound(quantity=1, bin="P", at="09:00", order_id="O"), ""),
    (tick("10:01"), ""),
)

# --- unexplained_move ----------------------------------------------------------------------------
FULL = silent(item(unit_cost=1000), inbound(quantity=100, bin="P"))
case(
    *("unexplained_move", "fires", "issued for no order, on no document, for no reason"),
    *FULL,
    (outbound(bin="P"), "opened warning"),
    (scrap(bin="P"), ""),
)
case(
    *("unexplained_move", "fires", "a loss that nobody explains"),
    *FULL,
    (adjustment(direction="loss", bin="P"), "opened warning"),
)
case(
    *("unexplained_move", "fires", "goods of high value, whatever they cost"),
    *silent(item(high_value=True), inbound(quantity=100, bin="P")),
    (outbound(bin="P"), "opened critical"),
)
case(
    *("unexplained_move", "fires", "a bin that others must have been meant by"),
    *silent(inbound(quantity=100, bin="P"), outbound(bin="P", order_id="O1")),
    (outbound(bin="Q", order_id="O1"), "opened warning"),
)
case(
    *("unexplained_move", "quiet", "an order, a document or a reason"),
    *FULL,
    *silent(outbound(bin="P", order_id="O1"), scrap(bin="P", reason="broken")),
    *silent(adjustment(direction="loss", bin="P", document="D1"), move()),
)
case(
    *("unexplained_move", "quiet", "less than nothing, but in no bin that is named, or anywhere"),
    *silent(inbound(quantity=5, bin="P"), outbound(quantity=1, order_id="O1")),
    *silent(outbound(quantity=9, bin="P", order_id="O1")),
)
case(
    *("unexplained_move", "edge", "a bin that holds nothing, and less"),
    *silent(inbound(quantity=100, bin="P"), inbound(quantity=100, bin="Q")),
    (outbound(quantity=100, bin="P", order_id="O1"), ""),
    (outbound(quantity=1, bin="P", order_id="O1"), "opened warning"),
    (inbound(quantity=1, bin="P"), "resolved warning"),
)
case(
    *("unexplained_move", "edge", "exactly the value that asks for a reason"),
    *silent(item(unit_cost="333.3333"), item("S2", unit_cost="333.3334")),
    *silent(inbound(quantity=9, bin="P"), outbound(quantity=3, bin="P")),
    (inbound("S2", quantity=9, bin="P"), ""),
    (outbound("S2", quantity=3, bin="P"), "opened warning"),
)
case(
    *("unexplained_move", "edge", "a day before the clock, and a minute more"),
    *FULL,
    *silent(item("S2", unit_cost=1000), inbound("S2", quantity=100, bin="P"), tick(on(1, 10))),
    (outbound("S2", bin="P", at="09:59"), ""),
    (outbound("S1", bin="P", at="10:00"), "opened warning"),
)
case(
    *("unexplained_move", "ends", "all that nobody explained is cancelled"),
    *FULL,
    (outbound(bin="P", id="one"), "opened warning"),
    (outbound(bin="P", id="two"), ""),
    (cancel("one"), ""),
    (cancel("two"), "resolved warning"),
)
case(
    *("unexplained_move", "ends", "it is cancelled, and the bin holds what left it"),
    *FULL,
    (outbound(quantity=2, bin="Q", id="both"), "opened warning"),
    (inbound(quantity=1, bin="Q"), ""),
    (inbound(quantity=9, bin="Q"), ""),
    (cancel("both"), "resolved warning"),
)
case(
    *("unexplained_move", "ends", "a person says so; the next one is another"),
    *FULL,
    (outbound(bin="P"), "opened warning"),
    (named("unexplained_move", "resolve"), "resolved warning"),
    (inbound(bin="P"), ""),
    (outbound(bin="P"), "opened warning"),
)

# --- high_value_unrecorded -----------------------------------------------------------------------
GOLD = silent(item(high_value=True))
case(
    *("high_value_unrecorded", "fires", "received, and nobody filmed it"),
    *GOLD,
    (inbound(), "opened warning"),
    (move(), ""),
)
case(
    *("high_value_unrecorded", "quiet", "filmed, or cheap, or only another status"),
    *GOLD,
    *silent(inbound(video_url="https://video.example/1"), inbound("S2")),
    *silent(status_change(from_status="sellable", status="hold"), order_line()),
)
case(
    *("high_value_unrecorded", "edge", "what becomes precious later was not when it moved"),
    (inbound(), ""),
    *GOLD,
    (move(), "opened warning"),
)
case(
    *("high_value_unrecorded", "ends", "it is cancelled"),
    *GOLD,
    (inbound(id="gold"), "opened warning"),
    (cancel("gold"), "resolved warning"),
)
case(
    *("high_value_unrecorded", "ends", "a person says so; the next one is another"),
    *GOLD,
    (inbound(), "opened warning"),
    (named("high_value_unrecorded", "resolve"), "resolved warning"),
    (tick("08:01"), ""),
    (move(), "opened warning"),
)

# --- outbound_mismatch ---------------------------------------------------------------------------
case(
    *("outbound_mismatch", "fires", "goods that the order does not have"),
    *silent(order_line()),
    (outbound("S2", order_id="O1"), "opened critical"),
    (outbound("S2", order_id="O1"), ""),
)
case(
    *("outbound_mismatch", "fires", "the order comes after the goods have left"),
    (outbound("S2", order_id="O1"), ""),
    (order_line(), "opened critical"),
)
case(
    *("outbound_mismatch", "fires", "closed with less than was ordered"),
    *silent(order_line(), outbound(quantity=9, order_id="O1")),
    (order_line(state="closed", version=2), "opened warning"),
)
case(
    *("outbound_mismatch", "fires", "more is shipped of what is closed"),
    *silent(outbound(quantity=10, order_id="O1"), order_line(state="closed")),
    (outbound(quantity=1, order_id="O1"), "opened warning"),
)
case(
    *("outbound_mismatch", "quiet", "an order that nobody knows, one that is open"),
    *silent(outbound(order_id="O9"), order_line(), outbound(quantity=11, order_id="O1")),
)
case(
    *("outbound_mismatch", "quiet", "one line of the SKU is still open"),
    *silent(order_line(line_id="1"), outbound(quantity=9, order_id="O1", line_id="1")),
    *silent(order_line(line_id="2"), order_line(line_id="1", state="closed", version=2)),
)
case(
    *("outbound_mismatch", "edge", "exactly what is left of the order"),
    *silent(order_line(cancelled=2), outbound(quantity=8, order_id="O1")),
    (order_line(cancelled=2, state="closed", version=2), ""),
)
case(
    *("outbound_mismatch", "changes", "the order has the goods, and they are too many"),
    (order_line(), ""),
    (outbound("S2", quantity=5, order_id="O1"), "opened critical"),
    (order_line(sku="S2", line_id="2", ordered=4, state="closed"), "eased warning"),
)
case(
    *("outbound_mismatch", "ends", "the order has the goods after all"),
    (order_line(), ""),
    (outbound("S2", order_id="O1"), "opened critical"),
    (order_line(sku="S2", line_id="2"), "resolved critical"),
)
case(
    *("outbound_mismatch", "ends", "the rest is shipped"),
    *silent(order_line(), outbound(quantity=9, order_id="O1")),
    (order_line(state="closed", version=2), "opened warning"),
    (outbound(quantity=1, order_id="O1"), "resolved warning"),
)
case(
    *("outbound_mismatch", "ends", "a person says so"),
    (order_line(), ""),
    (outbound("S2", order_id="O1"), "opened critical"),
    (named("outbound_mismatch", "resolve"), "resolved critical"),
    (order_line(sku="S3", line_id="3"), ""),
    (tick("08:01"), ""),
)

# --- dead_stock ----------------------------------------------------------------------------------
case(
    *("dead_stock", "fires", "nothing has gone out for 90 days"),
    *silent(inbound(at=on(0)), outbound(at=on(1)), inbound(at=on(50)), tick(on(90))),
    (tick(on(92)), "opened info"),
    (tick(on(95)), ""),
)
case(
    "dead_stock",
    "quiet",
    "nothing is there",
    *silent(inbound(), outbound(quantity=10), tick(on(95))),
)
case(
    *("dead_stock", "edge", "from the 90th day on, by the day of the warehouse"),
    *silent(inbound(), tick(on(89, 15, 59))),
    (tick(on(89, 16)), "opened info"),
)
case(
    *("dead_stock", "edge", "from as many days on as the policy says"),
    *silent(inbound(), policy(sku="S1", dead_stock_days=3), tick(on(2, 8))),
    (tick(on(3, 8)), "opened info"),
)
case(
    *("dead_stock", "ends", "something goes out, and a tick looks"),
    (inbound(), ""),
    (tick(on(90)), "opened info"),
    (outbound(at=on(90), order_id="O1"), ""),
    (tick(on(90, 1)), "resolved info"),
)
case(
    *("dead_stock", "ends", "nothing is left"),
    (inbound(), ""),
    (tick(on(90)), "opened info"),
    (scrap(quantity=10, at=on(90), reason="dust"), ""),
    (tick(on(90, 1)), "resolved info"),
)
