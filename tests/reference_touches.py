"""What an event concerns, for the slow model of alerts: which keys it may judge again.

Enters: the views before and after an event. Leaves: places: ("account", warehouse, sku),
("bin", warehouse, bin), ("order", warehouse, order_id).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.domain import events as ev
from tests.reference import covers, effects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.domain.episodes import EpisodeKey
    from tests.reference_views import View

    Place = tuple[str, ...]


def touched(before: View, after: View, event: ev.Event) -> set[Place]:
    """Return the places that an event concerns, those of what it takes back or restores, too."""
    moved = {
        pair
        for pair in after.pairs
        if before.zone(pair) != after.zone(pair) or before.reserved(pair) != after.reserved(pair)
    }
    known = {**before.effective, **after.effective, event.event_id: event}
    names = {event.event_id, *(before.effective.keys() ^ after.effective.keys())}
    places = {
        place for name in names for view in (before, after) for place in _places(view, known[name])
    }
    return places | {("account", *pair) for pair in moved}


def _places(view: View, event: ev.Event) -> Iterator[Place]:
    """Yield the places of one event."""
    match event:
        case ev.Movement():
            yield from _moved(event)
        case ev.Stocktake():
            yield ("account", event.warehouse, event.sku)
            yield from (("bin", cell[0], cell[3]) for cell in view.cells if covers(event, cell))
        case ev.OrderLine() | ev.PurchaseLine():
            yield from _lines(view, event)
        case ev.Proposal():
            yield ("account", event.warehouse, event.sku)
        case ev.Policy():
            yield from _scope(view, event)
        case ev.Item():
            yield from (("account", *p) for p in view.pairs if p[1] == event.sku)
            yield from (
                ("bin", c[0], c[3]) for c, n in view.cells.items() if n and c[1] == event.sku
            )
        case ev.Bin():
            yield ("bin", event.warehouse, event.bin)


def _moved(event: ev.Movement) -> Iterator[Place]:
    yield ("account", event.warehouse, event.sku)
    if isinstance(event, ev.TransferOut):
        yield ("account", event.counterpart or "", event.sku)
    if event.order_id and isinstance(event, ev.Outbound):
        yield ("order", event.warehouse, event.order_id)
    yield from (("bin", cell[0], cell[3]) for cell, _ in effects(event))


def _lines(view: View, event: ev.Line) -> Iterator[Place]:
    """Yield the account that an image names, and that of the purchase it takes the place of."""
    yield ("account", event.warehouse, event.sku)
    if isinstance(event, ev.OrderLine):
        yield ("order", event.warehouse, event.order_id)
        return
    for house, order_id, line_id, sku in view.model.purchases:
        if (house, order_id, line_id) == (event.warehouse, event.order_id, event.line_id or ""):
            yield ("account", house, sku)


def _scope(view: View, event: ev.Policy) -> Iterator[Place]:
    """Yield what is in the scope of a policy."""
    for warehouse, sku in view.pairs:
        image = view.model.items.get(sku)
        mine = (
            event.warehouse in (None, warehouse),
            event.sku in (None, sku),
            event.category in (None, image and image.category),
        )
        if all(mine):
            yield ("account", warehouse, sku)
    if not event.sku and not event.category:
        yield from (("bin", c[0], c[3]) for c in view.cells if event.warehouse in (None, c[0]))


def place_of(key: EpisodeKey) -> Place:
    """Return the place whose events judge a key."""
    if key.rule == "bin_overweight":
        return ("bin", key.warehouse, key.bin)
    if key.rule == "outbound_mismatch":
        return ("order", key.warehouse, key.subject)
    return ("account", key.warehouse, key.sku)
