"""Hypothesis strategies for sets of canonical events: few names, few minutes, many ties.

Leaves: lists of distinct events that the decoder lets pass, on one to three warehouses and SKUs,
with cancels of anything, counts of every scope, images, policies and ticks round local midnights;
all within hours, or (`spread`) over weeks, at local midnights and around the edges of the windows.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import product
from zlib import crc32

import msgspec
from hypothesis import strategies as st

from flows.domain.events import (
    Adjustment,
    Bin,
    Cancel,
    CountLine,
    Decision,
    Event,
    Inbound,
    Item,
    Move,
    Observation,
    OrderLine,
    Outbound,
    Policy,
    PurchaseLine,
    Return,
    Scrap,
    StatusChange,
    Stocktake,
    Tick,
    TransferIn,
    TransferOut,
    Warehouse,
)
from tests.builders import day, moment

WAREHOUSES = ("A", "B", "C")
SKUS = ("S1", "S2", "S3")
CATEGORIES = ("food", "toys")
ZONES = (None, "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC")
QUANTITIES = ("1", "2", "3", "5", "10", "0.5", "470.84", "559.8327")
COUNTED = ("0", "0", "1", "4", "10", "88.9927")
MINUTES = (480, 481, 482, 483, 600, 601)
# just before and after local midnights of ZONES, and the days after
TICKS = (299, 301, 599, 601, 959, 961, 1439, 1441, 2399, 2401, 4000)
# Casablanca's 15 February 2026 has 25 hours
SPREAD_ZONES = (*ZONES, "Africa/Casablanca")
DAYS = (0, 1, 3, -1, -2, -5, -6, -7, -8, -15, -16, -27, -28, -29, -30, -31, -40)
# from 08:00 UTC to the midnights of UTC, New York, Shanghai, and just before them
HOURS = (0, 0, 0, -480, -481, -180, -181, 480, 479)
TICK_DAYS = (0, 1, -1, 2, 3, -6, -7, -14, -28, -29, -30, -41, 5, 26, 90, 365, 900)
"""To what days what is drawn for the base day is shifted."""
EXPIRIES = tuple(day(n) for n in (-1, 0, 1, 2))
STATES = (
    *(None, "open", "placed", "partially_shipped", "reopened"),
    *("held", "on_hold", "closed", "cancelled", "shipped"),
)
POLICY_VALUES: dict[str, tuple[str, ...]] = {
    "safety_stock": ("0", "2", "10", "400"),
    "max_stock": ("1", "5", "500"),
    "red_below": ("0", "0.1", "0.5"),
    "lead_time_days": ("1", "10"),
    "lead_time_sd_days": ("0", "2.5"),
    "service_level": ("0.5", "0.95"),
    "stock_out_horizon_days": ("2", "7"),
    "reorder_qty": ("10",),
}

_sometimes = st.sampled_from((None, None, 0, 1, 2))
_times = st.sampled_from(MINUTES).map(moment)
_shifts = st.builds(
    lambda days, minutes: 1440 * days + minutes, st.sampled_from(DAYS), st.sampled_from(HOURS)
)
_tick_shifts = st.sampled_from(TICK_DAYS).map(lambda days: 1440 * days)
_amounts = st.sampled_from(QUANTITIES).map(Decimal)


def _decimals(*words: str | None):
    return st.sampled_from([None if word is None else Decimal(word) for word in words])


def _events(kind, **parts):
    """Build `kind` with placeholder id; every argument is a strategy or a constant."""
    parts = {
        name: part if isinstance(part, st.SearchStrategy) else st.just(part)
        for name, part in {"occurred_at": _times, "device_seq": _sometimes, **parts}.items()
    }
    return st.builds(kind, event_id=st.just("?"), **parts)


class World:
    """The names that one generated set of events uses, and a strategy per kind of event."""

    def __init__(self, warehouses: int, skus: int, *, lots: bool = True) -> None:
        """Take the first so many names of each."""
        self.names = WAREHOUSES[:warehouses]
        self.house = st.sampled_from(self.names)
        self.sku = st.sampled_from(SKUS[:skus])
        self.lot = st.sampled_from((None, "L1", "L2") if lots else (None,))
        self.bin = st.sampled_from((None, "P", "Q"))
        self.status = st.sampled_from((None, None, "sellable", "hold", "damaged"))
        self.document = st.sampled_from((None, "T1", "T2"))
        self.order = st.sampled_from(("O1", "O1", "O2"))
        self.line = st.sampled_from((None, "1", "2"))
        self.cost = _decimals(None, None, "0", "1", "7.25", "0.0333")
        due = st.sampled_from((None, 600, 4 * 1440, 9 * 1440, 14 * 1440))
        self.due = due.map(lambda minutes: None if minutes is None else moment(minutes))

    def moved(self, kind, **parts):
        """Return a movement; a lot of it may state its dates."""
        where = {"warehouse": self.house, "sku": self.sku, "quantity": _amounts}
        where.update(lot=self.lot, status=self.status)
        plain = _events(kind, **where, **parts)
        return st.builds(_dated, plain, st.sampled_from((None, None, *EXPIRIES)))

    def transferred(self, kind, **parts):
        """Return a movement whose counterpart is another warehouse."""
        others = self.moved(kind, counterpart=self.house, document=self.document, **parts)
        return others.map(_other_counterpart)

    def named(self, kind, **parts):
        """Return a scan that names an order, with or without a line of it."""
        return self.moved(kind, order_id=self.order, line_id=self.line, **parts)

    def movements(self):
        """Return every kind of movement but transfers and scans that name orders."""
        returned = {"direction": st.sampled_from((None, "customer")), "to_bin": self.bin}
        return (
            self.moved(Inbound, to_bin=self.bin, unit_cost=self.cost),
            self.moved(Outbound, from_bin=self.bin),
            self.moved(Move, from_bin="P", to_bin=st.sampled_from(("Q", "R"))),
            self.moved(Return, **returned),
            self.moved(Return, direction="supplier", from_bin=self.bin),
            self.moved(Scrap, from_bin=self.bin, document=self.document),
            self.moved(Adjustment, direction="gain", to_bin=self.bin, unit_cost=self.cost),
            self.moved(Adjustment, direction="loss", from_bin=self.bin),
            self.moved(StatusChange, from_status="returned", from_bin=self.bin),
        )

    def transfers(self):
        """Return both legs, and what was lost between them."""
        return (
            self.transferred(TransferOut, from_bin=self.bin),
            self.transferred(TransferOut, from_bin=self.bin, due_at=self.due),
            self.transferred(TransferIn, to_bin=self.bin, unit_cost=self.cost),
            self.transferred(Scrap, from_bin=st.sampled_from((None, None, "P"))),
        )

    def counts(self):
        """Return stocktakes of the three scopes, by quantity or by lines."""
        quantity = _decimals(*COUNTED)
        line = {"quantity": quantity, "lot": self.lot, "status": self.status}
        here = {"warehouse": self.house, "sku": self.sku}
        one = {**here, "quantity": quantity, "lot": self.lot, "status": self.status}
        in_bin = st.lists(st.builds(CountLine, **line), min_size=1, max_size=3)
        anywhere = st.lists(st.builds(CountLine, bin=self.bin, **line), min_size=1, max_size=3)
        return (
            _events(Stocktake, **one, to_bin=self.bin, scope=st.sampled_from((None, "lot"))),
            _events(Stocktake, **one, to_bin="P", scope="bin"),
            _events(Stocktake, **one, to_bin=self.bin, scope="sku"),
            _events(Stocktake, **here, lines=anywhere, scope=st.sampled_from((None, "lot"))),
            _events(Stocktake, **here, lines=in_bin, to_bin="P", scope="bin"),
            _events(Stocktake, **here, lines=anywhere, scope="sku"),
        )

    def image(self):
        """Return the parts of a line's image."""
        return {
            "warehouse": self.house,
            "sku": self.sku,
            "order_id": self.order,
            "line_id": self.line,
            "ordered": _decimals("1", "5", "10", "12.5"),
            "shipped": _decimals(None, None, "0", "3", "12"),
            "cancelled": _decimals(None, None, "0", "2"),
            "state": st.sampled_from(STATES),
            "version": st.sampled_from((None, 1, 1, 2, 3)),
        }

    def lines(self):
        """Return images of order and purchase lines, and scans that name them."""
        return (
            _events(OrderLine, **self.image()),
            _events(OrderLine, **self.image()),
            self.named(Outbound, from_bin=self.bin),
            *self.purchases(),
        )

    def purchases(self):
        """Return images of purchase lines, and scans that name them."""
        return (
            _events(PurchaseLine, **self.image(), due_at=self.due),
            self.named(Inbound, to_bin=self.bin),
        )

    def masters(self):
        """Return master data, policies of every scope, and decisions."""
        category = st.sampled_from((None, *CATEGORIES))
        cost = _decimals(None, "1", "2.5", "0.0333")
        values = {
            name: st.sampled_from([msgspec.UNSET, None, *map(Decimal, words)])
            for name, words in POLICY_VALUES.items()
        }
        scopes = (
            {},
            {"warehouse": self.house},
            {"category": st.sampled_from(CATEGORIES)},
            {"warehouse": self.house, "category": st.sampled_from(CATEGORIES)},
            {"sku": self.sku},
            {"warehouse": self.house, "sku": self.sku},
        )
        return (
            _events(Item, sku=self.sku, category=category, unit_cost=cost),
            _events(Bin, warehouse=self.house, bin="P", zone=category, x=cost),
            _events(Warehouse, warehouse=self.house, timezone=st.sampled_from(SPREAD_ZONES)),
            *(_events(Policy, **scope, **values) for scope in scopes),
            _events(Decision, warehouse=self.house, action_id="a1", decision="approve"),
            _events(Observation, warehouse=st.none() | self.house, step="packing", body="{}"),
        )

    def ticks(self):
        """Return the clock near local midnights."""
        return (_events(Tick, occurred_at=st.sampled_from(TICKS).map(moment), device_seq=None),)

    def cancels(self):
        """Return cancels whose target is chosen when the others are known (see `_resolve`)."""
        chosen = st.integers(0, 90).map(lambda n: f"@{n}")
        return (_events(Cancel, warehouse=self.house, cancels=chosen),) * 3

    def groups(self):
        """Return the strategies by family: a test may ask for some of them."""
        return {
            "movements": self.movements(),
            "transfers": self.transfers() if len(self.names) > 1 else (),
            "counts": self.counts(),
            "lines": self.lines(),
            "purchases": self.purchases(),
            "masters": self.masters(),
            "ticks": self.ticks(),
            "cancels": self.cancels(),
        }


FAMILIES = (
    *("movements", "movements", "movements", "transfers", "transfers", "counts", "counts"),
    *("lines", "lines", "lines", "masters", "masters", "ticks", "cancels", "cancels"),
)
"""As often as each is drawn."""


def _dated(event, expires_on):
    """Say the dates of the lot, when there is one."""
    if event.lot is None or expires_on is None:
        return event
    made = expires_on - timedelta(days=30)
    return msgspec.structs.replace(event, expires_on=expires_on, produced_on=made)


def _other_counterpart(event):
    """Replace a counterpart that is the warehouse itself by another one."""
    if event.counterpart != event.warehouse:
        return event
    other = next(name for name in WAREHOUSES if name != event.warehouse)
    return msgspec.structs.replace(event, counterpart=other)


def _resolve(drawn: list[Event], names: list[str]) -> list[Event]:
    """Give ids, and each cancel a target: any other event but a tick, or an unknown id.

    Every third cancel names a cancel, if it can, and every third what another cancel has named:
    chains and second cancels of one event are where the mistakes are.
    """
    events = [
        msgspec.structs.replace(event, event_id=name)
        for event, name in zip(drawn, names, strict=True)
    ]
    able = [event.event_id for event in events if not isinstance(event, Tick | Decision)]
    cancels = [event for event in events if isinstance(event, Cancel)]
    pools = (able, [event.event_id for event in cancels], [])
    for event in cancels:
        place = int(event.cancels[1:])
        pool = pools[place % 3] or able
        named = pool[place // 3 % len(pool)] if place else "nobody"
        event.cancels = "nobody" if named == event.event_id else named
        pools[2].append(event.cancels)
    return events


@st.composite
def _any_of(draw, families):
    """Draw a family, then a kind of it: the many policies do not crowd out the counts."""
    return draw(draw(st.sampled_from(families)))


@lru_cache
def _worlds(families: tuple[str, ...]) -> dict[tuple[int, int, bool], st.SearchStrategy]:
    """Build the strategies once: building them again for every example costs 100 ms."""
    worlds = {}
    for names in product((1, 2, 3), (1, 2, 3), (True, False)):
        groups = World(*names[:2], lots=names[2]).groups()
        worlds[names] = _any_of([st.one_of(*groups[name]) for name in families if groups[name]])
    return worlds


@st.composite
def _shifted(draw, world):
    """Draw an event of another day."""
    event = draw(world)
    shift = draw(_tick_shifts if isinstance(event, Tick) else _shifts)
    at = event.occurred_at + timedelta(minutes=shift)
    return msgspec.structs.replace(event, occurred_at=at)


@st.composite
def event_sets(
    draw, families=FAMILIES, *, max_size=24, warehouses=3, skus=3, spread=False
) -> list[Event]:
    """Draw distinct valid events on few names; ids are in another order than the list.

    `spread`: over weeks instead of two hours.
    """
    few = st.integers(1, warehouses)
    world = _worlds(families)[draw(few), draw(st.integers(1, skus)), draw(st.booleans())]
    world = _shifted(world) if spread else world
    least = draw(st.sampled_from((1, max_size // 3, max_size // 2)))
    # ids are drawn with the events, not counted: so a failing set shrinks one event at a time
    numbered = st.tuples(st.integers(100, 999), world)
    drawn = draw(
        st.lists(numbered, min_size=least, max_size=max_size, unique_by=lambda pair: pair[0])
    )
    return _resolve([event for _, event in drawn], [f"e{number}" for number, _ in drawn])


def any_sets() -> st.SearchStrategy[list[Event]]:
    """Return sets within hours as well as sets over weeks."""
    return st.one_of(event_sets(spread=True, warehouses=2, skus=2), event_sets())


def shuffle(events: list[Event], seed: int) -> list[Event]:
    """Return the events in an order that `seed` names (0: as they are), whoever else is there."""
    if not seed:
        return list(events)
    return sorted(events, key=lambda event: crc32(f"{seed} {event.event_id}".encode()))
