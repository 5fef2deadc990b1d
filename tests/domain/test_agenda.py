"""Which accounts are due: found again and again, whatever became of them in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import starmap

from hypothesis import given
from hypothesis import strategies as st

from flows.domain.changes import Changes
from flows.domain.memory import MemoryStore
from flows.domain.rows import Key, StockRow
from tests.builders import BROKER_TIME

minutes = st.none() | st.integers(0, 8)
standings = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("123"), minutes, minutes))


def at(minute: int | None) -> datetime | None:
    """Return an instant, or none."""
    return None if minute is None else BROKER_TIME + timedelta(minutes=minute)


def row(warehouse: str, sku: str, change: int | None, review: int | None) -> StockRow:
    """Return figures that time alone changes, or a rule's verdict of them, at these minutes."""
    return StockRow(
        warehouse, sku, *[0] * 7, *[None] * 3, "", *[None] * 4, BROKER_TIME, at(change), 1,
        review_at=at(review),
    )  # fmt: skip


@given(batches=st.lists(standings, max_size=6))
def test_due_is_what_the_rows_say(batches):
    """After each batch, at each minute: either time counts, the last row of an account stands."""
    store = MemoryStore()
    for batch in batches:
        store.apply(Changes(stock=list(starmap(row, batch))))
        for minute in range(-1, 9):
            expected = [
                Key(one.warehouse, one.sku)
                for one in store.stock.values()
                if any(due and due <= at(minute) for due in (one.next_change_at, one.review_at))
            ]
            assert store.due(at(minute)) == sorted(expected)
