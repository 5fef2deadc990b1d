"""What lies in bins that have a weight limit, in kg, and the alert when it is too much.

Enters: what moves into and out of bins, images of bins and items. Leaves: episodes of the rule
bin_overweight. Weights are exact ints in 10⁻¹⁶ kg; a bin's is worked out when it is first needed.
An item without a weight weighs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal

from flows.domain.accounts import Account, Episodes
from flows.domain.alerts import Alerts, Cause, Facts
from flows.domain.episodes import EpisodeKey
from flows.domain.events import Bin, Item
from flows.domain.fixed import VALUE_PLACES, cost_units, decimal_of
from flows.domain.master import order_of
from flows.domain.recall import Recall
from flows.domain.rows import Key, Order
from flows.domain.rules import Band, judge

Place = tuple[str, str]
"""Warehouse and bin."""
_KG = 10**VALUE_PLACES


class Weights:
    """The bins of one partition."""

    def __init__(  # noqa: PLR0917 what it needs of its partition
        self,
        recall: Recall,
        bins: Iterable[Bin],
        episodes: Episodes,
        item: Callable[[str], Item | None],
        learn: Callable[[Collection[str]], None],
        policy: Callable[[str, str], Decimal],
    ) -> None:
        """`item` gives the image of a SKU that `learn` has loaded, `policy` a warehouse's value."""
        self._recall = recall
        self._item, self._learn, self._policy = item, learn, policy
        self._images: dict[Place, tuple[Order, int | None]] = {}
        for event in bins:
            self._images[event.warehouse, event.bin] = _image(event)
        self._loads: dict[Place, int] = {}
        self._moved: dict[Place, dict[str, int]] = {}
        self._collecting = True
        self.active = True
        """Whether it matters what moves: there are bins of which anything is known."""
        self.stirred: set[Place] = set()
        """Bins to be judged."""
        self._waiting: set[Place] = set()
        """Bins that events of the past have moved: judged with the next tick."""
        self._unsure = True
        self.episodes = episodes

    def begin(self, *, new_limits: bool) -> None:
        """Start a batch; with `new_limits` it may give limits to bins that had none."""
        self._moved = defaultdict(dict)
        self._collecting = new_limits
        self.active = new_limits or bool(self._images or self._loads)

    def moved(self, key: Key, name: str, quantity: int) -> None:
        """Note that a bin holds more or less of a SKU."""
        place = (key.warehouse, name)
        load = self._loads.get(place)
        if load is not None:
            self._loads[place] = load + quantity * _weight(self._item(key.sku))
            self.stirred.add(place)
            return
        image = self._images.get(place)
        if image is not None and image[1] is not None:
            self.stirred.add(place)
        elif not self._collecting:
            return
        moved = self._moved[place]
        moved[key.sku] = moved.get(key.sku, 0) + quantity

    def set_bin(self, event: Bin, *, forced: bool = False, gone: bool = False) -> None:
        """Take an image of a bin; an older one than the known has no effect unless `forced`."""
        place = (event.warehouse, event.bin)
        image = _image(event)
        known = self._images.get(place)
        if not forced and known is not None and known[0] >= image[0]:
            return
        if gone:
            self._images.pop(place, None)
        else:
            self._images[place] = image
        self.stirred.add(place)

    def item_changed(
        self, before: Item | None, after: Item | None, holders: Iterable[Account]
    ) -> None:
        """Weigh anew what lies in known bins of an item whose weight is another."""
        difference = _weight(after) - _weight(before)
        if not difference:
            return
        for account in holders:
            for cell, quantity in account.cells.items():
                place = (account.key.warehouse, cell.bin)
                if place in self._loads:
                    self._loads[place] += quantity * difference
                    self.stirred.add(place)
                elif place in self._images:
                    self.stirred.add(place)

    def policies_changed(self, warehouse: str) -> None:
        """Judge again the bins of a warehouse ("" is all): its thresholds may be others."""
        self.stirred |= {place for place in self._images if warehouse in {"", place[0]}}

    def wait(self) -> None:
        """Leave what has changed to the next tick, or to the next event of the bin."""
        self._waiting |= self.stirred
        self.stirred.clear()

    def judge(self, alerts: Alerts, cause: Cause, *, ticked: bool = False) -> None:
        """Judge the bins that changed; with the first tick all of them."""
        self._waiting -= self.stirred
        if ticked:
            self.stirred |= self._waiting
            self._waiting.clear()
        if ticked and self._unsure:
            self._unsure = False
            self.stirred |= self._images.keys()
        if self.stirred:
            stirred, self.stirred = self.stirred, set()
            limited = {place for place in stirred if self._limit(place) is not None}
            self._load(limited - self._loads.keys())
            for place in sorted(stirred):
                self._judge(place, alerts, cause)
        if ticked:
            alerts.remind(self.episodes, cause)

    def _judge(self, place: Place, alerts: Alerts, cause: Cause) -> None:
        key = EpisodeKey("bin_overweight", place[0], bin=place[1])
        known = self.episodes.get(key)
        limit = self._limit(place)
        if limit is None:
            if known is not None:
                alerts.resolve(self.episodes, known, cause)
            return
        over = self._loads[place] - limit
        warning = self._kg("overweight_warning_kg", place[0])
        critical = self._kg("overweight_critical_kg", place[0])
        band = Band(-warning, -warning, 1 - critical, 1 - critical)
        severity = judge(band, -over, known.severity if known else None).severity

        def facts() -> Facts:
            observed = {
                "weight": _plain(self._loads[place]),
                "limit": _plain(limit),
                "over": _plain(over),
            }
            return Facts(_plain(limit), observed)

        alerts.set(self.episodes, key, severity, cause, facts)

    def _limit(self, place: Place) -> int | None:
        image = self._images.get(place)
        return None if image is None else image[1]

    def _kg(self, field: str, warehouse: str) -> int:
        return int(self._policy(field, warehouse) * _KG)

    def _load(self, places: Collection[Place]) -> None:
        """Weigh bins for the first time: as stored, and what the batch has moved since."""
        if not places:
            return
        rows = [(w, b, sku, n) for w, b, sku, n in self._recall.bin_stock(sorted(places))]
        rows += [
            (*place, sku, n) for place in places for sku, n in self._moved.get(place, {}).items()
        ]
        self._learn({sku for _, _, sku, _ in rows})
        for place in places:
            self._loads[place] = 0
        for warehouse, name, sku, quantity in rows:
            self._loads[warehouse, name] += quantity * _weight(self._item(sku))


def _image(event: Bin) -> tuple[Order, int | None]:
    limit = event.max_weight
    return order_of(event), int(limit * _KG) if limit else None


def _weight(item: Item | None) -> int:
    """Return the weight of 1/10000 unit in 10⁻¹⁶ kg, which is that of a unit in 10⁻¹²."""
    return 0 if item is None else cost_units(item.unit_weight) or 0


def _plain(weight: int) -> Decimal:
    """Return a weight in kg as people write it."""
    shown = decimal_of(weight, VALUE_PLACES).normalize()
    return shown.quantize(Decimal(1)) if shown == shown.to_integral_value() else shown
