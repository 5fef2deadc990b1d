"""FIFO layers: what is left of each day's receipts when the oldest leaves first."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from flows.domain.days import Day
from flows.domain.events import Event
from flows.domain.layers import carried_on, layers_of
from tests.builders import adjustment, cancel, day, inbound, outbound, stocktake, warehouse
from tests.folding import check, fold_tables, from_fold

DAY = 1440
"""Minutes: `at=DAY` is midnight UTC of the next day."""


def layers(*events: Event) -> list[tuple[date, int]]:
    """Return the layers of S1 at A, whose days are UTC's; the model's are the same."""
    log = [warehouse(timezone="UTC"), *events]
    folded = fold_tables([[event] for event in log])
    check(folded, log)
    row = from_fold(folded).figures["A", "S1"]
    return [(on, int(quantity)) for on, quantity in row["layers"]]


def test_the_oldest_leaves_first():
    """10 of Monday and 5 of Wednesday less 12: 3 of Wednesday are left."""
    events = inbound(quantity=10), inbound(quantity=5, at=2 * DAY)
    assert layers(*events) == [(day(0), 10), (day(2), 5)]
    assert layers(*events, outbound(quantity=4, at=3 * DAY)) == [(day(0), 6), (day(2), 5)]
    assert layers(*events, outbound(quantity=12, at=3 * DAY)) == [(day(2), 3)]


def test_what_was_owed_is_paid_by_the_next_receipt():
    """4 sold that were not there: of 10 received, 6 are left."""
    events = outbound(quantity=4), inbound(quantity=10, at=DAY)
    assert layers(outbound(quantity=4)) == []
    assert layers(*events) == [(day(1), 6)]


def test_a_count_below_book_takes_from_the_oldest_and_a_gain_is_a_receipt():
    """Counted 7 of 15: 3 of Monday's 10 and 5 went; 2 found are of the day they were found."""
    events = inbound(quantity=10), inbound(quantity=5, at=DAY)
    counted = stocktake(quantity=7, at=2 * DAY)
    found = adjustment(quantity=2, at=3 * DAY)
    assert layers(*events, counted) == [(day(0), 2), (day(1), 5)]
    assert layers(*events, counted, found) == [(day(0), 2), (day(1), 5), (day(3), 2)]


def test_a_late_receipt_is_the_layer_of_its_own_day():
    """And what left since is taken from it, as the oldest."""
    events = inbound(quantity=5, at=DAY), outbound(quantity=3, at=2 * DAY)
    assert layers(*events) == [(day(1), 2)]
    late = inbound(quantity=2)
    assert layers(*events, late) == [(day(1), 4)]
    assert layers(*events, late, cancel(late, at=DAY)) == [(day(1), 2)]


def test_in_and_out_at_one_instant_make_no_layer():
    """Nothing of it ever lay there."""
    events = inbound(quantity=5, at=DAY), outbound(quantity=5, at=DAY)
    assert layers(inbound(quantity=1), *events) == [(day(0), 1)]


steps = st.lists(st.tuples(st.integers(0, 2), st.integers(-9, 9)), min_size=1, max_size=20)


def days_of(moves: list[tuple[int, int]]) -> list[Day]:
    """Return the days on which so much came (or went), each so many days after the one before."""
    days: list[Day] = []
    number = 1_000
    for apart, net in moves:
        number += apart
        if not days or days[-1].day != number:
            days.append(Day(number, days[-1].closing if days else 0))
        days[-1].other += net
        days[-1].received += max(net, 0)
    return days


@given(steps)
def test_layers_are_what_a_queue_leaves(moves):
    """Take from a real queue, move by move: the newest receipts are what is left."""
    queue: list[int] = []
    owed, number = 0, 1_000
    for apart, net in moves:
        number += apart
        queue += [number] * net
        owed += max(-net, 0)
        paid = min(owed, len(queue))
        queue, owed = queue[paid:], owed - paid
    assert layers_of(days_of(moves)) == tuple((on, queue.count(on)) for on in sorted(set(queue)))


@given(steps, st.integers(0, 20))
def test_going_on_gives_the_layers_of_all_days(moves, first):
    """Also where the first new move falls on the last known day."""
    known, days = days_of(moves[:first]), days_of(moves)
    before = known[-1] if known else None
    more = days[max(len(known) - 1, 0) :]
    if before is not None and more[0] == before:
        more = more[1:]
    if more:
        assert carried_on(layers_of(known), before, more) == layers_of(days)
