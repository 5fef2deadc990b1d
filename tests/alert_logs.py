"""Hypothesis strategies for logs on which alerts open and close: time goes on, some are late.

Leaves: lists of events in the order of the log, on one or two warehouses and SKUs over days and
weeks, with ticks, thresholds near the quantities, and decisions still to be addressed (`Picked`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import product

import msgspec
from hypothesis import strategies as st

from flows.domain.events import (
    Bin,
    Cancel,
    Event,
    Item,
    Move,
    Policy,
    Proposal,
    Tick,
    Warehouse,
)
from tests.alert_folding import Picked
from tests.builders import moment
from tests.strategies import World, _events, _resolve

GAPS = (0, 0, 0, 1, 4, 6, 60, 600, 1440, 1440, 2880, 6 * 1440)
"""Minutes from one message to the next."""
LATENESS = (0, 0, 0, 0, 0, 0, 5, 6, 30, 1440, 1441, 3 * 1440)
"""Minutes between the occurrence and the message."""
THRESHOLDS = {
    "safety_stock": ("0", "2", "10", "400"),
    "max_stock": ("1", "5", "50"),
    "red_below": ("0", "0.5"),
    "lead_time_days": ("1", "3"),
    "service_level": ("0.95",),
    "stock_out_horizon_days": ("0", "2", "7"),
    "reorder_qty": ("10",),
    "order_multiple": ("4",),
    "near_expiry_days": ("0", "2", "9"),
    "dead_stock_days": ("2", "5"),
    "transfer_grace_minutes": ("0", "1", "600"),
    "shrinkage_tolerance": ("0.2",),
    "unexplained_value": ("0", "5"),
    "overweight_warning_kg": ("1",),
    "overweight_critical_kg": ("3", "20"),
    "auto_replenishment_value": ("0", "30"),
    "auto_clearance_value": ("0", "5"),
    "auto_expedite_value": ("0",),
}
ANSWERS = ("acknowledge", "acknowledge", "resolve", "resolve")
DECISIONS = ("approve", "approve", "reject", "sent", "failed", "withdraw")


def _policies(world: World):
    """Return policies that name one field each."""
    pairs = [
        (name, value)
        for name, words in THRESHOLDS.items()
        for value in (None, *map(Decimal, words), *map(Decimal, words))
    ]
    scopes = (
        *({}, {"warehouse": world.house}),
        *({"sku": world.sku}, {"warehouse": world.house, "sku": world.sku}),
    )
    fields = st.sampled_from(pairs)
    plain = st.one_of(*(_events(Policy, **scope) for scope in scopes))
    return st.builds(
        lambda event, pair: msgspec.structs.replace(event, **dict([pair])), plain, fields
    )


def _masters(world: World):
    """Return images of items, bins and warehouses."""
    some = st.sampled_from((None, Decimal(1), Decimal("2.5")))
    zones = st.sampled_from(("UTC", "Asia/Shanghai"))
    truths = st.sampled_from((None, True))
    weight = st.sampled_from((None, Decimal(1), Decimal(12)))
    return (
        _events(Item, sku=world.sku, unit_cost=some, unit_weight=some, high_value=truths),
        _events(Item, sku=world.sku, unit_cost=some, unit_weight=some, high_value=truths),
        _events(Bin, warehouse=world.house, bin="P", max_weight=weight),
        _events(Warehouse, warehouse=world.house, timezone=zones),
    )


def _decisions():
    at = st.just(moment(0))
    numbers = st.integers(0, 12)
    return tuple(
        st.builds(Picked, numbers, st.sampled_from(words), at) for words in (ANSWERS, DECISIONS)
    )


def _moves(world: World):
    """Return moves that somebody proposed, and proposals."""
    amount = st.sampled_from((Decimal(1), Decimal(5)))
    place = {"warehouse": world.house, "sku": world.sku, "quantity": amount}
    bins = {"from_bin": "P", "to_bin": "Q"}
    return (_events(Move, **place, **bins), _events(Proposal, **place, **bins))


@lru_cache
def _steps(warehouses: int, skus: int, lots: bool) -> st.SearchStrategy:  # noqa: FBT001 a key
    """Return the messages of a world; the families as often as they are named."""
    world = World(warehouses, skus, lots=lots)
    tick = (_events(Tick, device_seq=None),)
    families = [
        *[world.movements()] * 4,
        *([world.transfers()] * 2 if warehouses > 1 else []),
        *([world.counts(), world.lines(), world.lines(), world.purchases(), world.cancels()]),
        *[tick] * 5,
        *([_policies(world)], [_policies(world)], [_policies(world)]),
        *(_masters(world), _masters(world), _decisions(), _moves(world)),
    ]
    return st.one_of([st.one_of(*family) for family in families])


@st.composite
def _timed(draw, steps):
    """Draw a message with the minutes before it and those that it is late."""
    return draw(st.sampled_from(GAPS)), draw(st.sampled_from(LATENESS)), draw(steps)


@st.composite
def alert_logs(draw, max_size: int = 30) -> list[Event | Picked]:
    """Draw a log."""
    few = draw(st.sampled_from(list(product((1, 2), (1, 2), (True, False)))))
    numbered = st.tuples(st.integers(100, 999), _timed(_steps(*few)))
    least = draw(st.sampled_from((1, max_size // 3, max_size // 2)))
    drawn = draw(
        st.lists(numbered, min_size=least, max_size=max_size, unique_by=lambda pair: pair[0])
    )
    now, log = moment("08:00"), []
    for number, (gap, lateness, event) in drawn:
        now += timedelta(minutes=gap)
        late = timedelta(0) if isinstance(event, Tick | Picked) else timedelta(minutes=lateness)
        log.append(_placed(event, now, now - late, f"e{number}"))
    plain = [event for event in log if isinstance(event, Event)]
    whole = {event.event_id for event in plain if isinstance(event, Proposal | Warehouse)}
    named = iter(_resolve(plain, [event.event_id for event in plain]))
    log = [next(named) if isinstance(event, Event) else event for event in log]
    return [one for one in log if not (isinstance(one, Cancel) and one.cancels in whole)]


def _placed(event: Event | Picked, now: datetime, at: datetime, name: str) -> Event | Picked:
    """Let an event happen at a time, and what it plans at the same distance."""
    if isinstance(event, Picked):
        return event._replace(at=now)
    away = now - moment("08:00")
    later = {"event_id": name, "occurred_at": at}
    if getattr(event, "due_at", None) is not None:
        later["due_at"] = event.due_at + away - timedelta(hours=1)
    for field in ("expires_on", "produced_on"):
        if getattr(event, field, None) is not None:
            later[field] = getattr(event, field) + timedelta(days=away.days)
    return msgspec.structs.replace(event, **later)
