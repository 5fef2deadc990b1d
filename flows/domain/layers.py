"""What stock consists of when the oldest leaves first (FIFO): (local day of receipt, quantity).

What is left are always the newest receipts, as much of them as there is stock: so layers follow
from what each day received and from the stock alone, whatever the order in which this was learnt.
A count below book takes from the oldest, a gain is a receipt of its day.
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.domain.days import Day

Layer = tuple[int, int]


def layers_of(days: Sequence[Day]) -> tuple[Layer, ...]:
    """Return the layers, oldest first, from all days in order."""
    left = days[-1].closing if days else 0
    layers: list[Layer] = []
    for day in reversed(days):
        if left <= 0:
            break
        if day.received:
            taken = min(day.received, left)
            layers.append((day.day, taken))
            left -= taken
    return tuple(reversed(layers))


def carried_on(
    layers: tuple[Layer, ...], before: Day | None, days: Sequence[Day]
) -> tuple[Layer, ...]:
    """Return the layers after `days`, which go on from `before` (the first may be its day)."""
    closing = days[-1].closing
    if closing <= 0:
        return ()
    grown = list(layers)
    for day in days:
        received = day.received
        if before is not None and before.day == day.day:
            received -= before.received
        if not received:
            continue
        if grown and grown[-1][0] == day.day:
            received += grown.pop()[1]
        grown.append((day.day, received))
    excess = sum([quantity for _, quantity in grown]) - closing
    first = 0
    while excess > 0:
        day_of, quantity = grown[first]
        if quantity <= excess:
            first += 1
        else:
            grown[first] = (day_of, quantity - excess)
        excess -= quantity
    return tuple(grown[first:])
