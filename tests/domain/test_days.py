"""Days of a SKU: what belongs to a local day, areas, what leaves no trace, what stock costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.calendar import local_date
from flows.domain.days import Booked, advance, begin_of, bounds, micros
from flows.domain.events import Event
from tests.builders import (
    adjustment,
    cancel,
    customer_return,
    day,
    inbound,
    item,
    move,
    outbound,
    scrap,
    stocktake,
    supplier_return,
    tick,
    transfer_in,
    warehouse,
)
from tests.folding import check, fold_tables, from_fold

HOUR = 3_600_000_000
"""µs."""
DAY = 1440
"""Minutes: `at=DAY` is midnight UTC of the next day."""


def rows(*events: Event, timezone: str = "UTC") -> dict[date, dict[str, Fraction]]:
    """Return the days of S1 at A, folded one event at a time; the model's are the same."""
    log = [warehouse(timezone=timezone), *events]
    folded = fold_tables([[event] for event in log])
    check(folded, log)
    daily = from_fold(folded).stock_daily
    return {key[2]: daily[key] for key in sorted(daily) if key[:2] == ("A", "S1")}


def booked(at: datetime, quantity: int, kind: str = "inbound") -> Booked:
    """Return a row of the ledger."""
    return Booked(at, f"{kind} {at}", kind, quantity, correction=False, unit_cost=None)


# --- what a day holds ------------------------------------------------------------------------


def test_a_day_sums_what_moved_and_the_area_under_the_stock():
    """100 in at 06:00, 40 out at 18:00: 100 for 12 hours and 60 for 6 are 1,560 unit-hours."""
    row = rows(inbound(quantity=100, at="06:00"), outbound(quantity=40, at="18:00"))[day(0)]
    assert (row["opening"], row["inbound"], row["outbound"], row["closing"]) == (0, 100, 40, 60)
    assert (row["low"], row["high"], row["issues"], row["other"]) == (0, 100, 40, 0)
    assert row["area"] == 1560 * HOUR
    assert row["received"] == 100


def test_a_quiet_day_has_no_row_and_the_next_one_opens_with_the_level():
    """Two days without any movement: the third opens with what the first closed with."""
    found = rows(inbound(quantity=9), outbound(quantity=2, at=3 * DAY))
    assert list(found) == [day(0), day(3)]
    last = found[day(3)]
    assert [last[name] for name in ("opening", "closing", "low", "high")] == [9, 7, 7, 9]


def test_midnight_exactly_belongs_to_the_day_that_begins():
    """One minute before is yesterday's; a whole day of 10 lies on the new day."""
    found = rows(inbound(quantity=10, at=DAY), scrap(at=DAY - 1))
    assert list(found) == [day(0), day(1)]
    assert found[day(1)]["area"] == 9 * 24 * HOUR


def test_a_day_is_a_day_of_the_warehouse():
    """16:00 UTC is midnight in Shanghai."""
    events = inbound(at="15:59"), outbound(at="16:00")
    assert list(rows(*events, timezone="Asia/Shanghai")) == [day(0), day(1)]
    assert list(rows(*events, timezone="UTC")) == [day(0)]


def test_another_time_zone_sorts_the_days_again():
    """The warehouse's last image decides, for days long gone as well, as if it had come first."""
    events = [tick(at=-30 * DAY), inbound(at=-3 * DAY - 1), outbound(at=-3 * DAY), tick(at=DAY)]
    moved = warehouse(timezone="Asia/Shanghai", at="23:00")
    assert rows(*events, moved) == rows(moved, *events)
    assert list(rows(*events, moved)) == [day(-3)]


@pytest.mark.parametrize(
    ("on", "hours", "before_noon"),
    [(date(2026, 3, 8), 23, 11), (date(2026, 11, 1), 25, 13), (date(2026, 6, 1), 24, 12)],
)
def test_days_on_which_the_clocks_change_are_shorter_or_longer(on, hours, before_noon):
    """10 lay there from New York's midnight to its noon: 11, 13 or 12 hours."""
    zone = "America/New_York"
    start, end = bounds(on.toordinal(), zone)
    assert end - start == hours * HOUR
    noon = datetime.fromtimestamp(start / 1e6, UTC) + timedelta(hours=before_noon)
    ledger = [booked(noon - timedelta(days=2), 10), booked(noon, -10, "scrap")]
    last = advance(None, ledger, zone, lambda _: None)[-1]
    assert (last.day, last.area) == (on.toordinal(), 10 * before_noon * HOUR)


ZONES = (
    *("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Africa/Casablanca"),
    *("America/Havana", "Asia/Beirut", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata"),
)


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_begins_with_its_first_instant(zone):
    """Also where clocks change at midnight, so that 00:00 comes twice or never."""
    for ordinal in range(date(2025, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
        begin = begin_of(ordinal, zone)
        assert local_date(begin, zone).toordinal() == ordinal
        assert local_date(begin - timedelta(microseconds=1), zone).toordinal() == ordinal - 1


@given(st.datetimes(datetime(1970, 1, 1), datetime(2105, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 Hypothesis adds the zone
def test_microseconds_are_exact(at):
    """A float on the way loses nothing before 2106."""
    assert micros(at) == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


# --- what leaves a trace ---------------------------------------------------------------------


def test_what_happens_at_one_instant_is_one_step():
    """5 in and 5 out at once: both are counted, the stock never was 15."""
    events = inbound(quantity=10), inbound(quantity=5, at="09:00"), outbound(quantity=5, at="09:00")
    row = rows(*events)[day(0)]
    assert (row["inbound"], row["outbound"], row["high"], row["received"]) == (15, 5, 10, 10)
    assert row["area"] == 10 * 16 * HOUR


def test_a_bin_move_leaves_no_trace():
    """It nets to nothing at its instant: no row, no first day."""
    events = inbound(bin="P"), move(at=DAY + 5)
    assert list(rows(*events)) == [day(0)]


def test_a_late_event_before_a_count_is_absorbed_by_it():
    """5 more on Monday are 5 less at Wednesday's count; the days after it are as they were."""
    known = [
        inbound(quantity=10),
        stocktake(quantity=7, at=2 * DAY),
        outbound(quantity=1, at=3 * DAY),
    ]
    before = rows(*known)
    after = rows(*known, inbound(quantity=5, at="09:00"))
    assert before[day(0)]["closing"] == 10
    assert after[day(0)]["closing"] == 15
    assert (before[day(2)]["other"], after[day(2)]["other"]) == (-3, -8)
    assert after[day(2)]["closing"] == 7
    assert before[day(3)] == after[day(3)]


@pytest.mark.parametrize("again", [False, True], ids=["cancelled", "cancelled twice"])
def test_a_cancel_leaves_no_trace(again):
    """Days are those of the stream without both, also the rows that were there for it alone."""
    known = [inbound(quantity=10, unit_cost=2), outbound(quantity=3, at=2 * DAY)]
    extra = inbound(quantity=5, at=DAY, unit_cost=9)
    gone = cancel(extra, at=DAY + 1)
    back = [cancel(gone, at=DAY + 2)] if again else []
    expected = rows(*known, extra) if again else rows(*known)
    assert rows(*known, extra, gone, *back) == expected
    assert rows(*back, gone, *known, extra) == expected


def test_a_count_that_finds_what_was_there_leaves_no_row():
    """Its variance is 0."""
    assert list(rows(inbound(quantity=10), stocktake(quantity=10, at=DAY))) == [day(0)]


def test_customers_bring_issues_back_suppliers_take_stock():
    """10 sold, 2 brought back, 3 sent back to the supplier: 8 issued, −1 by other ways."""
    row = rows(
        inbound(quantity=20),
        outbound(quantity=10, at="09:00"),
        customer_return(quantity=2, at="10:00"),
        supplier_return(quantity=3, at="11:00"),
    )[day(0)]
    assert (row["outbound"], row["issues"], row["other"], row["closing"]) == (10, 8, -1, 9)


def test_a_cancelled_return_is_no_issue():
    """A correction of a return has the other sign and takes back what the return did."""
    back = customer_return(quantity=2, at="10:00")
    to_supplier = supplier_return(quantity=1, at="10:00")
    known = [outbound(quantity=10)]
    assert rows(*known, back, to_supplier, cancel(back), cancel(to_supplier)) == rows(*known)


# --- what it cost ----------------------------------------------------------------------------


def test_the_cost_is_the_moving_average_of_receipts():
    """10 at 2 and 10 at 4 are 20 at 3; 5 issued cost 15; what is left is worth 45."""
    row = rows(
        inbound(quantity=10, unit_cost=2),
        inbound(quantity=10, unit_cost=4, at="09:00"),
        outbound(quantity=5, at="10:00"),
    )[day(0)]
    assert (row["cost"], row["issue_cost"], row["value"]) == (3, 15, 45)
    assert row["value_net"] == 45


def test_what_is_found_or_comes_back_changes_no_average():
    """Only receipts bring a cost of their own."""
    row = rows(
        inbound(quantity=10, unit_cost=2),
        item(unit_cost=100),
        adjustment(quantity=10, at="09:00"),
        customer_return(quantity=5, at="10:00"),
        stocktake(quantity=40, scope="sku", at="11:00"),
    )[day(0)]
    assert (row["cost"], row["value"]) == (2, 80)


def test_a_receipt_on_stock_below_zero_brings_its_own_cost():
    """There is nothing to mix it with."""
    events = inbound(quantity=1, unit_cost=9), outbound(quantity=6, at="09:00")
    row = rows(*events, inbound(quantity=10, unit_cost=2, at="10:00"))[day(0)]
    assert (row["cost"], row["value"]) == (2, 10)


def test_receipts_that_state_no_cost_are_taken_at_the_items_cost_of_their_time():
    """Before the first image that has one, at that one's; an image without a cost changes none."""
    found = rows(
        item(unit_cost=2, at=DAY),
        item(name="tea", at=2 * DAY),
        item(unit_cost=6, at=3 * DAY),
        inbound(quantity=10, at=0),
        outbound(quantity=10, at=2 * DAY),
        inbound(quantity=10, at=2 * DAY + 1),
        inbound(quantity=10, at=3 * DAY),
    )
    assert [found[day(n)]["cost"] for n in (0, 2, 3)] == [2, 2, 4]


def test_a_late_image_of_the_item_prices_its_own_time():
    """What an image from before the receipts says, they had cost; later ones keep theirs."""
    events = [
        item(unit_cost=2, at=-DAY),
        inbound(quantity=10),
        inbound(quantity=10, at=2 * DAY),
    ]
    late = item(unit_cost=4, at=DAY)
    found = rows(*events, late)
    assert [found[day(n)]["cost"] for n in (0, 2)] == [2, 3]
    assert rows(late, *events) == found
    assert rows(*events, late, cancel(late, at=2 * DAY)) == rows(*events)


def test_an_image_of_the_very_instant_prices_the_receipt():
    """Whichever of the two is heard first."""
    events = [item(unit_cost=2), inbound(quantity=10), item(unit_cost=6, at=DAY)]
    received = inbound(quantity=10, at=DAY)
    assert rows(*events, received)[day(1)]["cost"] == 4
    assert rows(*events[:2], received, events[2])[day(1)]["cost"] == 4


def test_a_transfer_brings_the_cost_that_it_states():
    """What arrives from another warehouse is no inbound, but has a cost."""
    arrived = transfer_in(quantity=4, unit_cost=5, warehouse="A", source_warehouse="B")
    row = rows(arrived)[day(0)]
    assert (row["inbound"], row["other"], row["cost"], row["value"]) == (0, 4, 5, 20)


def test_costs_are_floored_at_twelve_decimals():
    """1 at 1 and 2 at 2 are 3 at 1.666666666666."""
    events = inbound(quantity=1, unit_cost=1), inbound(quantity=2, unit_cost=2, at="09:00")
    assert rows(*events)[day(0)]["cost"] == Fraction("1.666666666666")
