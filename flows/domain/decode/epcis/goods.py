"""What an event is about: trade items with quantities, from EPC lists and quantity lists.

Enters: an event and the names of its two lists. Leaves: `Goods`; `summed` adds them up by SKU, lot
and unit of measure. Serials count once each, however often and in whichever spelling they are
listed. Raises `Refused` for a quantity that no stock can hold.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

from flows.domain.decode.epcis.keys import Item, item
from flows.domain.decode.epcis.words import NO_ITEMS, NO_QUANTITY
from flows.domain.decode.quantities import natural, positive

Cell = tuple[str, str, str]
"""SKU, lot (or ""), unit of measure (or "")."""


class Line(NamedTuple):
    """So much of an item, and where the event says so."""

    item: Item
    quantity: Decimal
    unit: str
    path: str


class Goods(NamedTuple):
    """`named`: the lists name anything at all; `rest`: why something of them cannot be counted."""

    lines: list[Line]
    named: bool
    rest: str | None


ONE = Decimal(1)


def goods(event: dict[str, Any], epcs: str, quantities: str, path: str) -> Goods:
    """Return the trade items in two lists of an event."""
    listed = event.get(epcs) or []
    elements = event.get(quantities) or []
    instances = {found for uri in listed if (found := item(uri)) is not None}
    lines = [Line(found, ONE, "", f"{path}{epcs}") for found in instances if found.serial]
    missing = {NO_QUANTITY for found in instances if not found.serial}
    for place, element in enumerate(elements):
        found = item(element["epcClass"])
        quantity = element.get("quantity")
        if found is None or quantity is None:
            missing.add(NO_QUANTITY if found else NO_ITEMS)
            continue
        spot = f"{path}{quantities}[{place}].quantity"
        lines.append(Line(found, Decimal(quantity), element.get("uom") or "", spot))
    return Goods(lines, named=bool(listed or elements), rest=max(missing, default=None))


def summed(lines: list[Line], lot: str | None, *, counted: bool) -> list[tuple[Cell, Decimal]]:
    """Return the quantity per cell, sorted; `lot` is that of items whose id names none."""
    exact = natural if counted else positive
    sums: dict[Cell, Decimal] = defaultdict(Decimal)
    places: dict[Cell, str] = {}
    for line in lines:
        cell = (line.item.sku, line.item.lot or lot or "", line.unit)
        sums[cell] += exact(line.quantity, line.path)
        places[cell] = line.path
    return [(cell, exact(sums[cell], places[cell])) for cell in sorted(sums)]


def skus(found: Goods) -> set[str]:
    """Return the SKUs that are named."""
    return {line.item.sku for line in found.lines}
