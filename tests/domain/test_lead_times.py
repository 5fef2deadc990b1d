"""How long purchase lines took: by hand, and by properties on sets of nothing but purchases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.builders import cancel, inbound, moment, purchase_line
from tests.folding import check, fold_tables
from tests.reference import Reference
from tests.strategies import event_sets, shuffle

DAY = 1440
examples = settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
PURCHASES = event_sets(("purchases",) * 4 + ("cancels",), max_size=16, warehouses=1, skus=2)


def days(number: int) -> datetime:
    """Return the morning of a day; day 20 is that of the broker's time."""
    return moment((number - 20) * DAY + 480)


def line(day: int, version: int, **more: Any) -> Any:
    """Return an image of line 1 of purchase P1 for 10 of S1, on that day."""
    image = {"line_id": "1", "version": version, "at": days(day), "id": f"v{version}", **more}
    return purchase_line("P1", image.pop("sku", "S1"), image.pop("ordered", 10), **image)


def receipt(day: int, quantity: Any, line_id: str | None = "1", **more: Any) -> Any:
    """Return a scan of S1 for purchase P1 on that day."""
    named = {"order_id": "P1", "line_id": line_id, "id": f"r{day}", **more}
    return inbound("S1", quantity, at=days(day), **named)


def led(events: list[Any], line_id: str = "1", sku: str = "S1") -> float | None:
    """Return the lead time of a line of P1 in days, which model and fold agree on."""
    check(fold_tables([events]), events)
    lead = Reference(events).purchases["A", "P1", line_id, sku]["lead"]
    return None if lead is None else lead / 86_400


@examples
@given(PURCHASES, st.integers(0, 1000), st.integers(1, 5), st.booleans())
def test_any_order_batches_and_cold_starts_give_the_same_lead_times(events, seed, size, cold):
    """Lead times are a function of the set of events: cancels of images and of scans included."""
    log = shuffle(events, seed)
    batches = [log[n : n + size] for n in range(0, len(log), size)]
    check(fold_tables(batches, cold=cold), events)


@examples
@given(PURCHASES, st.integers(0, 1000))
def test_after_every_event_the_sums_are_those_of_the_lines(events, seed):
    """A line is counted once, with its present lead time, whatever it was before."""

    def compare(tables: Any) -> None:
        found: dict[Any, list[int]] = {}
        for (house, _, _, sku), row in tables["purchases"].items():
            if row.times.lead is not None:
                found.setdefault((house, sku), []).append(row.times.lead)
        told = {
            key: (row.lead_count, row.lead_seconds, row.lead_squares)
            for key, row in tables["stock"].items()
            if row.lead_count or row.lead_seconds or row.lead_squares
        }
        assert told == {
            key: (len(leads), sum(leads), sum(lead * lead for lead in leads))
            for key, leads in found.items()
        }

    fold_tables([[event] for event in shuffle(events, seed)], after=compare)


def test_a_line_takes_from_its_first_image_to_its_last_receipt():
    """Ordered on day 0, changed on day 2, received 4 on day 5 and 6 on day 9: nine days."""
    assert led([line(0, 1), line(2, 2), receipt(5, 4), receipt(9, 6)]) == 9


def test_a_line_that_waits_for_more_has_no_lead_time():
    """9 of 10 are not all; once one is cancelled they are."""
    open_line = [line(0, 1), receipt(5, 9)]
    assert led(open_line) is None
    assert led([*open_line, line(7, 2, cancelled=1)]) == 5


def test_a_line_of_which_all_is_cancelled_has_no_lead_time():
    """What nobody wants any more did not arrive."""
    assert led([line(0, 1), line(1, 2, cancelled=10)]) is None


def test_what_was_there_before_its_order_was_heard_of_tells_nothing():
    """An old purchase that is told whole, or a scan before the order, is not counted as 0 days."""
    assert led([line(3, 1, shipped=10)]) is None
    assert led([receipt(1, 10), line(3, 1)]) is None


def test_an_earlier_image_that_comes_late_begins_the_line():
    """The first image counts, whichever version it has and whenever it arrives."""
    assert led([line(3, 2), receipt(5, 10), line(1, 1)]) == 4


def test_an_image_that_is_cancelled_does_not_begin_the_line():
    """The result is that of the stream without both."""
    events = [line(1, 1), line(3, 2), receipt(5, 10)]
    assert led([*events, cancel("v1", id="x")]) == 2
    assert led([*events, cancel("v2", id="x")]) == 4


def test_an_only_image_that_is_cancelled_leaves_nothing_of_its_time():
    """The scan keeps the row; the next image begins the line."""
    gone = [line(0, 1), receipt(2, 4), cancel("v1", id="x")]
    assert led([*gone, line(3, 2), receipt(6, 6)]) == 3


def test_a_scan_that_is_cancelled_does_not_end_the_line():
    """The latest of those that are left does; one that falls short leaves the line open."""
    events = [line(0, 1), receipt(4, 10), receipt(9, 1)]
    assert led([*events, cancel("r9", id="x")]) == 4
    assert led([*events, cancel("r4", id="x")]) is None
    assert led([*events, cancel("r9", id="x"), cancel("x", id="y")]) == 9


def test_without_scans_the_first_image_that_reports_the_most_ends_the_line():
    """Reported 10 on day 6; that it was closed on day 8 takes no longer."""
    images = [line(0, 1), line(4, 2, shipped=3), line(6, 3, shipped=10)]
    assert led([*images, line(8, 4, shipped=10, state="closed")]) == 6


def test_scans_that_tell_of_less_than_the_image_leave_the_time_to_the_images():
    """Who knows how much came knows when."""
    assert led([line(0, 1), receipt(3, 4), line(7, 2, shipped=10)]) == 7
    assert led([line(0, 1), receipt(3, 10), line(7, 2, shipped=10)]) == 3


def test_a_scan_without_a_line_ends_the_lines_that_it_is_shared_out_to():
    """Line 1 takes 10 of 15 and line 2 the rest; line 3, which was scanned by itself, none."""
    second, third = (
        purchase_line("P1", "S1", quantity, line_id=name, at=days(0), id=f"l{name}")
        for name, quantity in (("2", 5), ("3", 2))
    )
    events = [line(0, 1), second, third, receipt(2, 2, "3"), receipt(6, 15, None)]
    assert [led(events, name) for name in ("1", "2", "3")] == [6, 6, 2]


def test_another_sku_begins_the_line_anew():
    """A line that asks for something else was ordered when it first did so."""
    events = [line(0, 1, sku="S2"), line(3, 2), receipt(5, 10)]
    assert led(events) == 2
    back = [
        *events,
        line(6, 3, sku="S2"),
        inbound("S2", 10, at=days(8), order_id="P1", line_id="1"),
    ]
    assert led(back, sku="S2") == 8


@pytest.mark.parametrize("cold", [False, True])
def test_a_line_that_is_reopened_is_not_counted_until_it_is_complete_again(cold):
    """10 of 10 on day 4, then 12 are asked for, and the last 2 come on day 6."""
    story = [[line(0, 1)], [receipt(4, 10)], [line(5, 2, ordered=12)], [receipt(6, 2)]]
    found = []
    for length in range(1, 5):
        row = fold_tables(story[:length], cold=cold)["stock"]["A", "S1"]
        found.append((row.lead_count, row.lead_seconds / 86_400))
    assert found == [(0, 0), (1, 4), (0, 0), (1, 6)]
