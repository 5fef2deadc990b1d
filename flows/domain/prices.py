"""The images of an item in the order of effect: the last one wins, each priced its own time.

A receipt that states no cost is taken at the item's cost of its time: that of the last image with a
cost at or before it; before the first such image, that one's. So what stock costs is a function of
the set of images.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from copy import copy
from datetime import UTC, datetime

from flows.domain.events import Item
from flows.domain.fixed import cost_units
from flows.domain.master import order_of

BEGINNING = datetime.min.replace(tzinfo=UTC)


class Images:
    """The effective images of one item; of all but the last only the cost is kept."""

    __slots__ = ("_costs", "_times", "last")

    def __init__(self, images: Iterable[Item] = ()) -> None:
        """Take the images in any order."""
        self.last: Item | None = None
        self._times: tuple[datetime, ...] = ()
        self._costs: tuple[int, ...] = ()
        for image in sorted(images, key=order_of):
            self.take(image)

    def take(self, image: Item) -> None:
        """Take one more image in, the newest so far."""
        self.last = image
        cost = cost_units(image.unit_cost)
        if cost is not None and (not self._costs or cost != self._costs[-1]):
            self._times += (image.occurred_at,)
            self._costs += (cost,)

    @property
    def category(self) -> str:
        """The category of the item; "" is none."""
        return "" if self.last is None else self.last.category or ""

    def followed_by(self, image: Item) -> Images:
        """Return the images with one more, the newest."""
        twin = copy(self)
        twin.take(image)
        return twin

    def cost(self, at: datetime) -> int | None:
        """Return the cost of one base unit at a time, in 10⁻¹² of the currency."""
        costs = self._costs
        if not costs:
            return None
        return costs[max(bisect_right(self._times, at) - 1, 0)]

    def differ_since(self, other: Images) -> datetime | None:
        """Return from when on the costs are others than those of `other`; None: never."""
        mine, theirs = self._spans(), other._spans()
        if mine == theirs:
            return None
        return min((at for at, _ in set(mine) ^ set(theirs)), default=BEGINNING)

    def _spans(self) -> list[tuple[datetime, int]]:
        """Return each cost with the time from which it holds: the first from the beginning."""
        times = (BEGINNING, *self._times[1:])
        return list(zip(times, self._costs, strict=False))


NONE = Images()
