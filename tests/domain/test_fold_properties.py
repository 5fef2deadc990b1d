"""The fold against the reference model: any order, repeats, batches, restarts, partitions.

`HYPOTHESIS_PROFILE=long` draws thousands of fresh examples; without it the examples are the same
in every run.
"""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.domain.decode.canonical import decode, encode
from flows.domain.events import Cancel, Decision, Event, Item, Policy, Source, Tick, TransferOut
from flows.domain.ledger import Ledger
from flows.domain.memory import MemoryStore
from flows.domain.rejects import Reject
from tests.builders import (
    BROKER_TIME,
    cancel,
    inbound,
    item,
    moment,
    policy,
    purchase_line,
    tick,
    transfer_out,
    warehouse,
)
from tests.folding import ZONE, check, differences, exact, fold_tables, from_fold, read
from tests.reference import Reference, Tables
from tests.strategies import any_sets, shuffle

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
examples = settings(
    max_examples=3000 if LONG else 250,
    derandomize=not LONG,
    deadline=None,
    # without Phase.explain: it takes minutes here, and the failure prints the events
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


# --- ways of telling the same story --------------------------------------------------------------


orders = st.integers(0, 10_000)


@st.composite
def shuffled(draw) -> tuple[list[Event], list[Event]]:
    """Draw a set and a permutation of it."""
    events = draw(any_sets())
    return events, shuffle(events, draw(orders))


@st.composite
def batched(draw, log: list[Event]) -> list[list[Event]]:
    """Cut a log into batches at will."""
    cuts = draw(st.lists(st.integers(0, len(log)), max_size=8))
    edges = [0, *sorted(set(cuts) - {0, len(log)}), len(log)]
    return [log[a:b] for a, b in pairwise(edges)]


def resent(event: Event, number: int) -> Event:
    """Return the event as it comes a second time: from another place, sent later."""
    return msgspec.structs.replace(
        event, sent_at=BROKER_TIME, source=Source(system="wms", offset=number)
    )


def routed(log: list[Event], places: dict[str, int]) -> dict[int, list[Event]]:
    """Return the log of each of two partitions, as the intake lays them."""
    logs: dict[int, list[Event]] = {0: [], 1: []}
    for event in log:
        house = getattr(event, "warehouse", None)
        if isinstance(event, Cancel | Tick | Item) or (isinstance(event, Policy) and not house):
            there = {0, 1}
        else:
            there = {places[house] if house else 0}
            if isinstance(event, TransferOut):
                there.add(places[event.counterpart])
        for number in there:
            logs[number].append(event)
    return logs


def merged(parts: list[Tables]) -> Tables:
    """Put the partitions' tables together; the same key must not say two things."""
    whole = Tables()
    for part in parts:
        for table in whole.__dataclass_fields__:
            mine, more = getattr(whole, table), getattr(part, table)
            clash = [key for key in mine.keys() & more.keys() if mine[key] != more[key]]
            assert not clash, f"two partitions differ in {table}: {clash}"
            mine.update(more)
    return whole


# --- the properties ------------------------------------------------------------------------------


@examples
@given(any_sets())
def test_a_fold_equals_the_model(events):
    """(1) One batch in log order gives the tables that the definitions give."""
    check(fold_tables([events]), events)


@examples
@given(shuffled())
def test_any_order_gives_the_same_tables(drawn):
    """(2) Events are a set: any order of arrival gives the same tables."""
    events, log = drawn
    check(fold_tables([log]), events)


@examples
@given(shuffled())
def test_any_order_gives_the_same_rows_in_every_field(drawn):
    """(2) Not only the figures: dates, first and last times and which rows exist."""
    events, log = drawn
    one, two = exact(fold_tables([events])), exact(fold_tables([log]))
    for table, rows in one.items():
        for key in sorted({*rows, *two[table]}, key=str):
            assert rows.get(key) == two[table].get(key), f"{table} {key}"


@examples
@given(any_sets(), st.data())
def test_repeats_change_nothing(events, data):
    """(3) What is sent again, from anywhere, has no effect and is counted."""
    again = data.draw(st.lists(st.sampled_from(events), max_size=8))
    log = [*events, *(resent(event, n) for n, event in enumerate(again))]
    log = shuffle(log, data.draw(orders))
    check(fold_tables(data.draw(batched(log))), events)


@examples
@given(any_sets(), st.data())
def test_other_content_under_a_known_id_changes_nothing(events, data):
    """(3) The first content of an id stays; a later other one is a conflict.

    A refused event, as a decision on what nobody knows, leaves its id free.
    """
    known = [event for event in events if not isinstance(event, Decision)]
    chosen = data.draw(st.lists(st.sampled_from(known), max_size=4)) if known else []
    other = [msgspec.structs.replace(event, operator="other") for event in chosen]
    fakes = [inbound("S1", 7, id=event.event_id) for event in chosen]
    check(fold_tables(data.draw(batched([*events, *other, *fakes]))), events)


@examples
@given(shuffled(), st.data())
def test_any_batches_give_the_same_tables(drawn, data):
    """(4) Where a batch ends does not matter."""
    events, log = drawn
    check(fold_tables(data.draw(batched(log))), events)


@examples
@given(shuffled(), st.data())
def test_a_ledger_that_forgets_gives_the_same_tables(drawn, data):
    """(5) A new ledger that knows only the store folds each batch."""
    events, log = drawn
    check(fold_tables(data.draw(batched(log)), cold=True), events)


@examples
@given(shuffled(), st.integers(0, 2), st.data())
def test_a_ledger_with_little_memory_gives_the_same_tables(drawn, room, data):
    """(5) Accounts are put out of memory after each batch and loaded again."""
    events, log = drawn
    check(fold_tables(data.draw(batched(log)), accounts=room), events)


@examples
@given(shuffled(), st.booleans())
def test_after_every_batch_the_rows_add_up_to_the_stock(drawn, cold):
    """(6) Σ movement rows of a cell is its stock, and the tables are those of what came so far."""
    _, log = drawn
    seen: list[Event] = []

    def compare(tables: Any) -> None:
        seen.append(log[len(seen)])
        whole = from_fold(tables)
        sums: dict[Any, Decimal] = {}
        for key, quantity in whole.movements.items():
            sums[key[1:]] = sums.get(key[1:], Decimal(0)) + quantity
        held = {key: row["quantity"] for key, row in whole.stock_bins.items()}
        assert {key: total for key, total in sums.items() if total} == held

    check(fold_tables([[event] for event in log], cold=cold, after=compare), seen)


@examples
@given(shuffled(), st.data())
def test_days_chain_and_add_up_to_the_stock(drawn, data):
    """(6) A day opens with what the one before closed with, and the last closes with on_hand."""
    _, log = drawn
    tables = fold_tables(data.draw(batched(log)), accounts=data.draw(st.integers(0, 2)))
    by_account: dict[Any, list[Any]] = {key: [] for key in tables["stock"]}
    for house, sku, number in sorted(tables["stock_daily"]):
        by_account[house, sku].append(tables["stock_daily"][house, sku, number])
    for key, days in by_account.items():
        row = tables["stock"][key]
        closings = [day.closing for day in days]
        assert [day.opening for day in days] == [0, *closings][: len(days)]
        assert sum(day.closing - day.opening for day in days) == row.on_hand
        assert all(day.low <= min(day.opening, day.closing) for day in days)
        assert all(day.high >= max(day.opening, day.closing) for day in days)
        assert sum(quantity for _, quantity in row.layers) == max(row.on_hand, 0)


@examples
@given(shuffled(), st.lists(st.integers(0, 1), min_size=3, max_size=3), st.data())
def test_partitions_give_the_same_tables(drawn, spread, data):
    """(7) Two ledgers, each with its warehouses and its log, make the same tables as one."""
    events, log = drawn
    places = dict(zip("ABC", spread, strict=True))
    parts = []
    for number, own in routed(log, places).items():
        owns = lambda house, number=number: places[house] == number  # noqa: E731
        batches = data.draw(batched(own))
        cold = data.draw(st.booleans())
        parts.append(fold_tables(batches, partition=number, owns=owns, cold=cold))
    found = differences(merged([from_fold(part) for part in parts]), Reference(events).tables())
    assert not found, "\n".join(found)


# --- examples that the strategies do not draw -------------------------------------------------


def test_a_refused_movement_leaves_nothing_behind():
    """Too old to be folded, beside master data of its SKU in one batch."""
    old = inbound("S1", 3, at=moment(-600 * 1440))
    batch = [old, item("S1", unit_cost=1)]
    check(fold_tables([batch]), batch[1:])


def test_a_foreign_transfer_beside_master_data_opens_no_account_of_others():
    """A partition that owns one end of a transfer keeps rows of that end only."""
    batch = [transfer_out("S1", 3, to="B"), item("S1", unit_cost=1), policy(sku="S1", max_stock=1)]
    for mine in "AB":
        tables = fold_tables([batch], owns=lambda house, mine=mine: house == mine)
        assert {warehouse for warehouse, _ in tables["stock"]} == {mine}


def test_a_policy_that_stands_again_is_written_by_whoever_reads_it_now():
    """Its cancel is cancelled: a process that knows only the store writes the value back."""
    limits = policy(sku="S1", red_below="0.5", id="limits")
    gone, back = cancel(limits, id="gone"), cancel("gone", id="back")
    for batches in ([[gone, limits], [back]], [[limits], [gone], [back, inbound()]]):
        events = [event for batch in batches for event in batch]
        check(fold_tables(batches, cold=True), events)


def test_enormous_thresholds_stop_nothing():
    """Any number that the decoder lets pass can be folded."""
    huge = "99999999999999"
    limits = policy(lead_time_days=huge, stock_out_horizon_days=huge, frozen_after_days=huge)
    events = [limits, inbound(), purchase_line(due_at="10:00"), tick(), item(unit_cost="0.5")]
    read_as = [event for event in events if not isinstance(decode(encode(event))[0], Reject)]
    tables = fold_tables([read_as])
    assert from_fold(tables).stock["A", "S1"]["incoming"] == 10


def test_a_policy_on_its_way_to_the_tables_is_not_forgotten():
    """Item, policy and first stock come in a batch each, written one batch behind the fold."""
    store = MemoryStore()
    ledger = Ledger(0, recall=store, zone=ZONE, owns=lambda _: True)
    limit = policy(sku="S1", warehouse="A", safety_stock=5)
    events = [warehouse("A"), item("S1"), limit, inbound("S1", 3)]
    flying = None
    for offset, event in enumerate(events):
        changes = ledger.fold([(offset, BROKER_TIME, read(event))])
        if flying:
            store.apply(flying)
        flying = changes
    store.apply(flying)
    [row] = store.tables()["stock"].values()
    assert row.safety_stock == 50_000
