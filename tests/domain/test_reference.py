"""Hand-computed examples of the contract that pin the reference model itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings

from tests.builders import (
    bin_master,
    cancel,
    counted,
    customer_return,
    day,
    inbound,
    item,
    lost,
    moment,
    move,
    order_line,
    outbound,
    policy,
    purchase_line,
    scrap,
    status_change,
    stocktake,
    supplier_return,
    tick,
    transfer_in,
    transfer_out,
    warehouse,
)
from tests.reference import Reference
from tests.strategies import event_sets


def stock(*events, of=("A", "S1")):
    """Return the stock row of the events."""
    return Reference(events).tables().stock[of]


def cells(*events):
    """Return {(lot, bin, status): quantity} of the events."""
    rows = Reference(events).tables().stock_bins
    return {key[2:]: row["quantity"] for key, row in rows.items()}


def netted(*events):
    """Return {(HH:MM, bin): quantity} of the netted movements."""
    rows = Reference(events).tables().movements
    return {(f"{key[0]:%H:%M}", key[4]): quantity for key, quantity in rows.items()}


def test_decimals_are_exact():
    """559.8327 − 470.84 is 88.9927."""
    row = stock(inbound(quantity="559.8327"), outbound(quantity="470.84"))
    assert row["on_hand"] == Decimal("88.9927")


def test_each_movement_lands_where_its_type_says():
    """Returns wait as returned, a status change and a bin move net to zero."""
    assert cells(
        inbound(quantity=20, bin="P", lot="L1"),
        outbound(quantity=3, bin="P", lot="L1"),
        move(quantity=5, from_bin="P", to_bin="Q", lot="L1"),
        customer_return(quantity=2, bin="Q"),
        status_change(quantity=1, from_status="returned", status="damaged", bin="Q"),
        supplier_return(quantity=4, bin="P", lot="L1"),
        scrap(quantity=1, bin="Q", lot="L1", reason="broken"),
    ) == {
        ("L1", "P", "sellable"): 8,
        ("L1", "Q", "sellable"): 4,
        ("", "Q", "returned"): 1,
        ("", "Q", "damaged"): 1,
    }


def test_stock_may_be_negative():
    """Nothing is clamped: on_hand and available are signed."""
    row = stock(outbound(quantity=3), order_line(ordered=4))
    assert (row["on_hand"], row["available"], row["water_level"]) == (-3, -7, "red")


def test_fifty_of_a_hundred_is_red():
    """The mission's example: 50 left against a safety stock of 100 is red."""
    limits = policy(safety_stock=100)
    levels = [stock(inbound(quantity=n), limits)["water_level"] for n in (50, 89, 90, 100, 101)]
    assert levels == ["red", "red", "yellow", "yellow", "green"]


def test_over_is_above_max_stock_and_after_red_and_yellow():
    """On hand above max_stock is over, unless it is all promised."""
    limits = policy(max_stock=10)
    assert stock(inbound(quantity=11), limits)["water_level"] == "over"
    assert stock(inbound(quantity=10), limits)["water_level"] == "green"
    promised = order_line(ordered=12)
    assert stock(inbound(quantity=11), promised, limits)["water_level"] == "red"


def test_without_safety_stock_zero_is_yellow():
    """With no safety stock known: below 0 red, 0 yellow."""
    assert stock(inbound(quantity=1), outbound(quantity=1))["water_level"] == "yellow"
    assert stock(outbound(quantity=1))["water_level"] == "red"


def test_a_count_is_an_anchor_and_its_variance_a_movement():
    """Counted 7 when the book said 10: −3 at the count, and later movements go on from 7."""
    events = [inbound(quantity=10), stocktake(quantity=7, at="09:00"), outbound(at="10:00")]
    assert stock(*events)["on_hand"] == 6
    assert netted(*events) == {("08:00", ""): 10, ("09:00", ""): -3, ("10:00", ""): -1}


def test_a_movement_before_a_count_changes_history_not_the_present():
    """A late receipt of 2 before the count turns a variance of −3 into −5."""
    events = [inbound(quantity=10), stocktake(quantity=7, at="09:00")]
    late = inbound(quantity=2, at="08:30")
    assert stock(*events, late)["on_hand"] == 7
    assert netted(*events, late) == {("08:00", ""): 10, ("08:30", ""): 2, ("09:00", ""): -5}


def test_the_correction_reaches_only_the_next_count():
    """Two counts: what happens before the first changes only the first's variance."""
    counts = [stocktake(quantity=7, at="09:00"), stocktake(quantity=9, at="11:00")]
    late = inbound(quantity=2, at="08:30")
    assert netted(*counts, late) == {("08:30", ""): 2, ("09:00", ""): 5, ("11:00", ""): 2}


def test_a_cancelled_count_leaves_its_variance_to_the_next():
    """Without the first count the second books the whole difference."""
    first = stocktake(quantity=7, at="09:00")
    second = stocktake(quantity=9, at="11:00")
    events = [inbound(quantity=10), first, second, cancel(first)]
    assert netted(*events) == {("08:00", ""): 10, ("11:00", ""): -1}


def test_at_one_instant_device_seq_and_id_decide():
    """A movement with the time of a count comes before or after it by device_seq, then id."""
    count = stocktake(quantity=7, device_seq=2, id="m")
    assert stock(count, inbound(quantity=1, device_seq=1, id="z"))["on_hand"] == 7
    assert stock(count, inbound(quantity=1, device_seq=3, id="a"))["on_hand"] == 8
    assert stock(count, inbound(quantity=1, device_seq=2, id="a"))["on_hand"] == 7
    assert stock(count, inbound(quantity=1, device_seq=2, id="z"))["on_hand"] == 8


BOOK = [
    inbound(quantity=1, bin="P", lot="L1"),
    inbound(quantity=2, bin="P", lot="L2"),
    inbound(quantity=4, bin="P", lot="L1", status="hold"),
    inbound(quantity=8, bin="Q", lot="L1"),
]


def test_scope_lot_covers_only_what_is_listed():
    """One lot in one bin in one status; the rest stays as it was."""
    count = stocktake(quantity=5, lot="L1", bin="P", at="09:00")
    assert stock(*BOOK, count)["on_hand"] == 5 + 2 + 4 + 8


def test_scope_bin_makes_unlisted_lots_and_statuses_zero():
    """The count speaks of everything of the SKU in that bin."""
    count = stocktake(lines=[counted(5, lot="L1")], bin="P", scope="bin", at="09:00")
    assert cells(*BOOK, count) == {("L1", "P", "sellable"): 5, ("L1", "Q", "sellable"): 8}


def test_scope_sku_makes_unlisted_bins_zero():
    """The count speaks of everything of the SKU in the warehouse; other SKUs stay."""
    count = stocktake(lines=[counted(5, lot="L3", bin="R")], scope="sku", at="09:00")
    events = [*BOOK, inbound("S2", 3), count]
    assert stock(*events)["on_hand"] == 5
    assert stock(*events, of=("A", "S2"))["on_hand"] == 3


def test_a_cell_listed_twice_adds_up():
    """Two lines of one lot in one bin are one count of the sum."""
    count = stocktake(lines=[counted(5, bin="P"), counted(2, bin="P")], at="09:00")
    assert cells(count) == {("", "P", "sellable"): 7}


def test_a_cancel_undoes_and_a_cancelled_cancel_restores():
    """The result equals the stream without both; two cancels of one thing are as one."""
    ten = inbound(quantity=10)
    undo = cancel(ten)
    again = cancel(ten)
    assert stock(undo, ten)["on_hand"] == 0
    assert stock(ten, undo, cancel(undo))["on_hand"] == 10
    assert stock(ten, undo, again, cancel(undo))["on_hand"] == 0


def test_cancels_in_a_circle_name_only_each_other():
    """Whatever they do to themselves, nothing else changes."""
    ten = inbound(quantity=10)
    circle = [cancel("y", id="x"), cancel("z", id="y"), cancel("x", id="z"), cancel("w", id="w")]
    assert stock(ten, *circle, cancel("y"))["on_hand"] == 10


@pytest.mark.parametrize(
    ("images", "reserved"),
    [
        ([{"ordered": 10}], 10),
        ([{"ordered": 10, "shipped": 4, "cancelled": 1}], 5),
        ([{"ordered": 10, "shipped": 12}], 0),
        ([{"ordered": 10, "state": "held"}], 0),
        ([{"ordered": 10, "state": "shipped"}], 0),
        ([{"ordered": 10, "state": "reopened"}], 10),
        ([{"ordered": 10, "version": 2}, {"ordered": 3, "version": 1, "at": "09:00"}], 10),
        ([{"ordered": 10}, {"ordered": 3, "at": "09:00"}], 3),
        ([{"ordered": 10, "at": "09:00"}, {"ordered": 3, "version": 0}], 3),
        ([{"ordered": 10, "line_id": "1"}, {"ordered": 3, "line_id": "2"}], 13),
    ],
)
def test_reserved_is_what_open_lines_still_lack(images, reserved):
    """The highest version wins; closed and held lines count 0."""
    assert stock(*(order_line(**image) for image in images))["reserved"] == reserved


def test_a_changed_sku_releases_the_old_one():
    """The winning image says of which SKU the line is."""
    events = [order_line(ordered=10, version=1), order_line(sku="S2", ordered=4, version=2)]
    assert stock(*events)["reserved"] == 0
    assert stock(*events, of=("A", "S2"))["reserved"] == 4


def test_scans_and_reports_of_the_same_goods_count_once():
    """Shipped is the larger of what the order system and the scans say."""
    line = order_line(ordered=10, line_id="1", shipped=3)
    scans = [outbound(quantity=2, order_id="O1", line_id="1")] * 1
    assert stock(line, *scans)["reserved"] == 7
    scans.append(outbound(quantity=4, order_id="O1", line_id="1"))
    assert stock(line, *scans)["reserved"] == 4
    other = outbound("S2", 9, order_id="O1", line_id="1")
    assert stock(line, *scans, other)["reserved"] == 4


def test_a_scan_that_names_no_line_is_shared_out():
    """Lines of the SKU take it in the order of line_id, each up to what it still needs."""
    lines = [order_line(ordered=5, line_id="2"), order_line(ordered=5, line_id="1")]
    rows = Reference([*lines, outbound(quantity=7, order_id="O1")]).tables().orders
    assert rows["A", "O1", "1", "S1"]["shipped"] == 5
    assert rows["A", "O1", "2", "S1"]["shipped"] == 2


def test_in_transit_belongs_to_the_destination():
    """Shipped less received less lost; never in anybody's on_hand."""
    events = [
        inbound(quantity=10),
        transfer_out(quantity=6, document="T1"),
        transfer_in(quantity=3, document="T1", at="09:00"),
        lost(quantity=1, document="T1", at="09:00"),
    ]
    assert stock(*events)["on_hand"] == 4
    there = stock(*events, of=("B", "S1"))
    assert (there["on_hand"], there["in_transit"], there["projected"]) == (3, 2, 5)
    assert Reference(events).tables().transfers == {
        ("T1", "S1", "A", "B"): {"shipped": 6, "received": 3, "lost": 1}
    }


def test_incoming_is_due_inside_the_horizon():
    """Seven days from the latest tick, or the lead time if longer; no tick, no limit."""
    far = purchase_line(ordered=10, received=2, due_at=moment(9 * 1440))
    near = purchase_line("P2", ordered=1, due_at=moment(6 * 1440))
    undated = purchase_line("P3", ordered=3)
    events = [far, near, undated]
    assert stock(*events)["incoming"] == 12
    assert stock(*events, tick())["incoming"] == 4
    assert stock(*events, tick(), policy(lead_time_days=9))["incoming"] == 12


def test_a_lot_is_held_from_the_local_midnight_after_its_date():
    """Good until 2 March ends in Shanghai (16:00 UTC), not in UTC; New York comes later."""
    lot = inbound(quantity=10, lot="L1", expires_on=day(0))
    assert stock(lot)["on_hold"] == 0
    assert stock(lot, tick("15:59"))["on_hold"] == 0
    assert stock(lot, tick("16:00"))["on_hold"] == 10
    assert stock(lot, tick("16:00"), warehouse(timezone="America/New_York"))["on_hold"] == 0


def test_the_last_event_to_state_a_date_gives_it():
    """An event that says no date takes none away."""
    events = [
        inbound(quantity=10, lot="L1", expires_on=day(9), at="08:00"),
        inbound(quantity=10, lot="L1", expires_on=day(-1), at="09:00"),
        inbound(quantity=10, lot="L1", at="10:00"),
    ]
    assert stock(*events, tick())["on_hold"] == 30
    assert stock(*events, cancel(events[1]), tick())["on_hold"] == 0


def test_what_may_not_be_sold_is_on_hold():
    """Every status but sellable."""
    events = [inbound(quantity=10), inbound(quantity=3, status="hold"), customer_return()]
    row = stock(*events)
    assert (row["on_hand"], row["on_hold"], row["available"]) == (14, 4, 10)


def test_the_most_specific_scope_that_sets_a_field_gives_it():
    """warehouse+sku, sku, warehouse+category, category, warehouse, global; null unsets."""
    scopes = [
        {},
        {"warehouse": "A"},
        {"category": "food"},
        {"warehouse": "A", "category": "food"},
        {"sku": "S1"},
        {"warehouse": "A", "sku": "S1"},
    ]
    events = [inbound(), item(category="food")]
    for value, scope in enumerate(scopes):
        events.append(policy(safety_stock=value, **scope))
        assert stock(*events)["safety_stock"] == value
    events.append(policy(safety_stock=None, warehouse="A", sku="S1", at="09:00"))
    assert stock(*events)["safety_stock"] == 4
    events.append(policy(max_stock=1, sku="S1", at="09:00"))
    assert stock(*events)["safety_stock"] == 4


def test_value_is_quantity_times_cost_or_unknown():
    """Stock keeps the average cost that it came in at; without any cost its value is unknown."""
    received, costed = inbound(quantity="2.5"), item(unit_cost="0.0333")
    without = item(name="tea", at="09:00")
    assert stock(received)["value"] is None
    assert stock(received, costed)["value"] == Decimal("0.08325")
    assert stock(received, costed, without)["value"] == Decimal("0.08325")
    assert stock(order_line(), costed, without)["unit_cost"] is None


def test_master_data_can_be_cancelled():
    """The image before wins again."""
    first, last = bin_master(zone="Z1"), bin_master(zone="Z2", at="09:00")
    tables = Reference([first, last, cancel(last)]).tables()
    assert tables.bins["A", "P"]["zone"] == "Z1"


@settings(max_examples=50, deadline=None, derandomize=True)
@given(event_sets())
def test_movement_rows_add_up_to_the_stock(events):
    """Σ netted rows of a cell is what the cell holds."""
    tables = Reference(events).tables()
    sums = {}
    for (_, *cell), quantity in tables.movements.items():
        sums[tuple(cell)] = sums.get(tuple(cell), 0) + quantity
    held = {cell: row["quantity"] for cell, row in tables.stock_bins.items()}
    assert {cell: total for cell, total in sums.items() if total} == held
