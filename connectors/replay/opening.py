"""The first night: what the seller lists, which warehouse carries it, master data, opening counts.

Enters: the data set and Options. Leaves: a World whose warehouses are laid out, and acts on its
agenda that send master data and count the opening stock before the first order.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from connectors.replay.catalogue import Item, item, products, sought
from connectors.replay.clock import DAY, HOUR, ZONE
from connectors.replay.orders import folder, store_sizes, year
from connectors.replay.places import (
    CAGE,
    COLD,
    FAST,
    FRESH,
    SITES,
    SLOW,
    Level,
    Plan,
    assign,
    bin_fields,
    lead_days,
    level,
)
from connectors.replay.purchasing import LASTING, fresh_lot, lot_name
from connectors.replay.warehouse import House, Lot, Shelf
from connectors.replay.words import CATEGORIES
from connectors.replay.world import World

if TYPE_CHECKING:
    from connectors.replay.message import Options
    from connectors.replay.scans import Device

_FEWEST = 9  # lines in the year below which a warehouse does not carry a SKU
_FEWEST_SOUGHT = 2
_FRESH_PIECES, _LASTING_PIECES = 6, 2  # sold in a third of the shelf life
_SOUGHT_WEIGHT = 8
_FAST_SHARE = 0.2
_DAYS = 365
_OLD = 0.001  # of the opening lots come to their date about when the history ends
_MASTER = 6 * HOUR
_COUNTING = 5 * HOUR


def prepare(options: Options) -> tuple[World, dict[int, int]]:
    """Return the world before its first night, and the warehouse of each store."""
    end, path = options.until_ms, folder()
    run = sha256(
        repr(
            (options.seed, end, options.days, options.warehouses, options.skus, options.session)
        ).encode()
    ).hexdigest()[:5]
    world = World(options.seed, run, end - options.days * DAY, end, options.mark)
    stores = assign(store_sizes(path), options.warehouses)
    plans = [Plan(site.crowd) for site in SITES[: options.warehouses]]
    world.houses = [
        House(world, n, site, plans[n]) for n, site in enumerate(SITES[: options.warehouses])
    ]
    _list(world, options, stores)
    for house in world.houses:
        _lay_out(house)
    world.agenda.at(world.start - _MASTER, partial(_send_master, world))
    for house in world.houses:
        world.agenda.at(world.start - _COUNTING, partial(_count, world, house))
    return world, stores


def _list(world: World, options: Options, stores: dict[int, int]) -> None:
    """Choose the SKUs and who carries them; a SKU's unserved demand goes to its first carrier."""
    path, count = folder(), options.warehouses
    known = products(path)
    sums = year(path, list(known), stores, count)
    weight = {
        int(number): int(lines) * (_SOUGHT_WEIGHT if sought(known[int(number)]) else 1)
        for number, lines in zip(sums.products, sums.lines.sum(axis=1), strict=True)
    }
    chosen = set(sorted(weight, key=lambda number: (-weight[number], number))[: options.skus])
    for row, number in enumerate(sums.products.tolist()):
        if number not in chosen or not sums.pieces[row].sum():
            continue
        product = known[number]
        price = float(sums.sales[row] / sums.pieces[row].sum())
        thing = item(product, price)
        fewest = _FEWEST_SOUGHT if sought(product) else _FEWEST
        rates = [pieces / _DAYS for pieces in sums.pieces[row].tolist()]
        carried = [
            lines >= fewest and _keeps(thing, rate)
            for lines, rate in zip(sums.lines[row].tolist(), rates, strict=True)
        ]
        if not any(carried):
            carried[0] = _keeps(thing, sum(rates))
        if any(carried):
            _carry(world, thing, rates, carried)


def _keeps(thing: Item, rate: float) -> bool:
    """Tell whether goods that spoil sell fast enough to be worth a bin."""
    if not thing.shelf_life:
        return True
    fewest = _FRESH_PIECES if thing.shelf_life <= FRESH else _LASTING_PIECES
    return rate * thing.shelf_life * 0.3 >= fewest


def _carry(world: World, thing: Item, rates: list[float], carried: list[bool]) -> None:
    first = carried.index(True)
    rest = sum(rate for rate, kept in zip(rates, carried, strict=True) if not kept)
    lead = lead_days(thing.supplier, cold=thing.category.cold)
    shelves: list[Shelf | None] = []
    for house, rate, kept in zip(world.houses, rates, carried, strict=True):
        if not kept:
            shelves.append(None)
            continue
        usual = rate + (rest if house.index == first else 0)
        shelf = Shelf(house, thing, usual, level(usual, lead, thing.shelf_life))
        house.shelves.append(shelf)
        shelves.append(shelf)
    world.items.append(thing)
    world.shelves[thing.number] = shelves


def _lay_out(house: House) -> None:
    """Give every shelf its home bin: the fastest movers in A, the rest by category."""
    ranked = sorted(house.shelves, key=lambda shelf: (-shelf.rate, shelf.item.sku))
    fast = set(ranked[: int(len(ranked) * _FAST_SHARE)])
    zones: dict[str, list[Shelf]] = {zone: [] for zone in (FAST, SLOW, COLD, CAGE)}
    for shelf in ranked:
        thing = shelf.item
        if thing.high_value or thing.bonded:
            zones[CAGE].append(shelf)
        elif thing.category.cold:
            zones[COLD].append(shelf)
        else:
            zones[FAST if shelf in fast else SLOW].append(shelf)
    for zone, shelves in zones.items():
        if zone != FAST:
            shelves.sort(key=lambda shelf: (shelf.item.category.name, shelf.item.sku))
        homes = house.plan.house(zone, [_usual(shelf) for shelf in shelves])
        for shelf, home in zip(shelves, homes, strict=True):
            shelf.home = home


def _usual(shelf: Shelf) -> tuple[float, float, float]:
    thing = shelf.item
    units = (shelf.level.safety + shelf.level.upto) / 2 * thing.piece / 1000
    return units, units * (thing.litres or 0), units * (thing.kg or 0)


def _send_master(world: World, at: int) -> None:
    send = world.desk.master
    for house in world.houses:
        site = house.site
        send(at, f"warehouse-{site.code}", "warehouse", {
            "warehouse": site.code, "name": site.name, "name_zh": site.name_zh,
            "region": site.region, "timezone": ZONE,
        })  # fmt: skip
    send(at, "policy-global", "policy", {
        "red_below": 0.1, "near_expiry_days": 15, "service_level": 0.95,
        "overweight_warning_kg": 0, "overweight_critical_kg": 50,
        "transfer_grace_minutes": 30, "stock_out_horizon_days": 2, "frozen_after_days": 400,
    })  # fmt: skip
    for category in CATEGORIES.values():
        send(at, f"policy-{category.name}", "policy",
             {"category": category.name, "near_expiry_days": category.near_expiry})  # fmt: skip
    for thing in world.items:
        send(at, f"item-{thing.sku}", "item", _item_fields(thing))
    for house in world.houses:
        for place in house.plan.places:
            event_id = f"bin-{house.code}-{place.bin}"
            send(at, event_id, "bin", bin_fields(house.code, place))
        for shelf in house.shelves:
            event_id = f"policy-{house.code}-{shelf.item.sku}"
            send(at, event_id, "policy", _policy_fields(shelf))


def _item_fields(thing: Item) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "sku": thing.sku,
        "name": thing.name,
        "name_zh": thing.name_zh,
        "category": thing.category.name,
        "unit_cost": thing.unit_cost,
        "fragile": thing.fragile,
        "high_value": thing.high_value,
        "bonded": thing.bonded,
    }
    if thing.kg is not None and thing.litres is not None:
        fields["unit_weight"] = thing.kg
        fields["unit_volume"] = round(thing.litres / 1000, 6)
    if thing.shelf_life:
        fields["shelf_life_days"] = thing.shelf_life
    if thing.fragile:
        fields["protection"] = (
            "Handle with care: bubble wrap, upright, nothing on top / 小心轻放：气泡膜，直立，勿压"
        )
    return fields


def _policy_fields(shelf: Shelf) -> dict[str, Any]:
    levels, piece = shelf.level, shelf.item.piece
    return {
        "warehouse": shelf.house.code,
        "sku": shelf.item.sku,
        "safety_stock": levels.safety * piece / 1000,
        "max_stock": levels.most * piece / 1000,
        "order_multiple": piece / 1000,
        "lead_time_days": levels.lead_days,
        "lead_time_sd_days": max(1, levels.lead_days // 4),
    }


def _pieces(world: World, levels: Level) -> int:
    """Return an opening stock: mostly sound, a few empty, low or far too high."""
    draw = world.rng.random()
    if draw < 0.0002:  # noqa: PLR2004
        return 0
    if draw < 0.001:  # noqa: PLR2004
        return world.between(0, levels.safety + 1)
    if draw < 0.002:  # noqa: PLR2004
        return levels.most + world.between(levels.upto, levels.upto * 3 + 2)
    return world.between(levels.reorder, levels.upto + 1)


def _count(world: World, house: House, at: int) -> None:
    """Count what is there, lot by lot, with all pickers at once."""
    rows: list[list[tuple[Shelf, Lot]]] = [[] for _ in house.pickers]
    today, days = world.clock.day(at), (world.end - world.start) // DAY
    for number, shelf in enumerate(house.shelves):
        house.dirty[shelf] = None
        row = rows[number % len(rows)]
        thing = shelf.item
        pieces = _pieces(world, shelf.level)
        parts = [pieces]
        if pieces >= 4 and world.chance(0.3):  # noqa: PLR2004
            parts = [pieces // 3, pieces - pieces // 3]
        for part in parts:
            name, expires = fresh_lot(world, thing, today)
            if thing.shelf_life > LASTING and world.chance(_OLD):
                expires = today + days + world.between(-4, 25)
                name = lot_name(thing, expires - thing.shelf_life, "O")
            same = bool(row) and row[-1][0] is shelf and row[-1][1].name == name
            if part and not same:
                row.append((shelf, Lot(name, expires, shelf.home, part * thing.piece)))
    for device, part_rows in zip(house.pickers, rows, strict=True):
        steps = [partial(_open, house, device, shelf, lot) for shelf, lot in part_rows]
        world.round(at, steps, 4 * HOUR // (len(steps) + 1))


def _open(house: House, device: Device, shelf: Shelf, lot: Lot, at: int) -> None:
    what = house.describe(shelf, lot.quantity, lot.name, lot.expires)
    fields = {"scope": "lot", "to_bin": lot.place.bin, "document": f"OPEN-{house.code}"}
    house.scan(at, device, "stocktake", shelf, {**what, **fields})
    shelf.add(lot)
