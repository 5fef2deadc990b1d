"""Which goods should lie elsewhere: out of crowded zones, nearer to where goods leave.

Enters: one warehouse's bins (`Place`) and what lies in them (`Goods`). Leaves: suggestions in the
order in which to do them; each is worked out as if those before it were done. The same input gives
the same suggestions. Only whole cells of sellable stock are moved, and only where that is safe:

- a bin takes what fits by each of its limits; a size that is unknown fits no limit;
- a bin takes no second lot of a SKU, no lot goes behind one that expires later, and of a fast
  mover the lot that expires first comes near: who picks the nearest picks what expires first;
- fragile, high-value and bonded goods go only where such goods lie already, and others not to
  where nothing else lies; a zone without that category is a caution on the suggestion.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct, field

Amounts = tuple[Decimal, Decimal, Decimal]
"""Base units, m³, kg."""
Turn = tuple[date, datetime, str]
ZERO = Decimal(0)
TRIED = 500
"""Cells of a zone that are looked at, slowest first: what is beyond is for the next look."""


class Place(Struct, frozen=True):
    """A bin of the master data; `limits` are base units, m³ and kg, None where there is none."""

    bin: str
    zone: str | None
    limits: tuple[Decimal | None, Decimal | None, Decimal | None] = (None, None, None)
    distance: float | None = None
    active: bool = True


class Goods(Struct, frozen=True):
    """What lies in a bin of one lot; `issues` are those of the SKU in 28 days."""

    bin: str
    sku: str
    quantity: Decimal
    lot: str = ""
    sellable: bool = True
    volume: Decimal | None = None
    weight: Decimal | None = None
    issues: Decimal = ZERO
    abc: str | None = None
    category: str | None = None
    fragile: bool = False
    high_value: bool = False
    bonded: bool = False
    expires_on: date | None = None
    received_at: datetime | None = None

    @property
    def amounts(self) -> Amounts:
        """What it takes; an unknown size counts as 0."""
        return (
            self.quantity,
            self.quantity * (self.volume or ZERO),
            self.quantity * (self.weight or ZERO),
        )

    @property
    def kinds(self) -> tuple[bool, bool, bool]:
        """Which care it needs."""
        return (self.fragile, self.high_value, self.bonded)

    @property
    def turn(self) -> Turn:
        """Its place among the lots of its SKU, what expires first first."""
        never = datetime.max.replace(tzinfo=UTC)
        return (self.expires_on or date.max, self.received_at or never, self.lot)

    @property
    def slow(self) -> bool:
        """Class C, or no issue where there is no class."""
        return self.abc == "C" or (self.abc is None and not self.issues)


class Aims(Struct, frozen=True):
    """When zones are crowded or have room, in percent, and how many suggestions a person reads."""

    crowded: Decimal = Decimal(90)
    target: Decimal = Decimal(80)
    roomy: Decimal = Decimal(60)
    free_share: Decimal = Decimal(30)
    nearer: float = 0.7
    """A place that is worth the work is at most this share of the present way off."""
    most: int = 50


class Suggestion(Struct, frozen=True):
    """Move these goods; occupancies are those of the zones before and after, in percent."""

    kind: str
    goods: Goods
    source: Place
    target: Place
    from_occupancy: Decimal | None
    from_afterwards: Decimal | None
    to_occupancy: Decimal | None
    to_afterwards: Decimal | None
    cautions: tuple[str, ...] = ()


class _Zone(Struct):
    """Sums of one zone; what is filled is what lies in bins that have the limit."""

    places: list[Place] = field(default_factory=list)
    capacity: list[Decimal] = field(default_factory=lambda: [ZERO] * 3)
    filled: list[Decimal] = field(default_factory=lambda: [ZERO] * 3)
    kinds: set[tuple[bool, bool, bool]] = field(default_factory=set)
    categories: set[str | None] = field(default_factory=set)

    def occupancy(self) -> Decimal | None:
        """Return the largest of Σ used / Σ capacity, in percent; None without any limit."""
        shares = [
            100 * filled / capacity
            for filled, capacity in zip(self.filled, self.capacity, strict=True)
            if capacity
        ]
        return max(shares) if shares else None

    def share(self, goods: Goods) -> Decimal:
        """Return how much of the zone goods take, by the limit that they take most of."""
        return max(
            amount / capacity if capacity else ZERO
            for amount, capacity in zip(goods.amounts, self.capacity, strict=True)
        )

    def put(self, place: Place, amounts: Amounts, sign: int) -> None:
        """Count what comes to a bin (1) or leaves it (−1)."""
        for n, limit in enumerate(place.limits):
            if limit and place.active:
                self.filled[n] += sign * amounts[n]

    def admits(self, goods: Goods) -> bool:
        """Tell whether goods of that care may come here."""
        for n, needed in enumerate(goods.kinds):
            here = {kinds[n] for kinds in self.kinds}
            if needed not in here and (needed or here):
                return False
        return True


class _Floor:
    """One warehouse as it is while suggestions are made."""

    def __init__(self, places: Iterable[Place], goods: Iterable[Goods]) -> None:
        self.places = {place.bin: place for place in places}
        self.zones: dict[str, _Zone] = defaultdict(_Zone)
        self.used: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * 3)
        self.held: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self.spots: dict[str, dict[tuple[str, str], Turn]] = defaultdict(dict)
        self.goods = list(goods)
        for place in sorted(self.places.values(), key=lambda one: one.bin):
            if place.zone is not None:
                self._add(self.zones[place.zone], place)
        for one in self.goods:
            self._lay(one)
        self.taken = {name for name, lots in self.held.items() if lots}
        """Bins that were not free when the look began, and those that are promised since."""

    @staticmethod
    def _add(zone: _Zone, place: Place) -> None:
        zone.places.append(place)
        for n, limit in enumerate(place.limits):
            if limit and place.active:
                zone.capacity[n] += limit

    def _lay(self, goods: Goods) -> None:
        if not goods.quantity:
            return
        self._put(goods, goods.bin, 1)
        place = self.places.get(goods.bin)
        self.held[goods.bin][goods.sku, goods.lot] += 1
        if goods.sellable:
            self.spots[goods.sku][goods.bin, goods.lot] = goods.turn
        if place is not None and place.zone is not None and goods.quantity > 0:
            zone = self.zones[place.zone]
            zone.kinds.add(goods.kinds)
            zone.categories.add(goods.category)

    def _put(self, goods: Goods, name: str, sign: int) -> None:
        amounts = goods.amounts
        for n, amount in enumerate(amounts):
            self.used[name][n] += sign * amount
        place = self.places.get(name)
        if place is not None and place.zone is not None:
            self.zones[place.zone].put(place, amounts, sign)

    def movable(self) -> Iterator[tuple[Goods, Place]]:
        """Give what may be moved, with the bin that it lies in."""
        for one in self.goods:
            place = self.places.get(one.bin)
            if one.sellable and one.quantity > 0 and place is not None and place.zone is not None:
                yield one, place

    def fits(self, goods: Goods, place: Place) -> bool:
        """Tell whether a bin takes goods by all its limits, and has no other lot of the SKU."""
        if not place.active or any(
            sku == goods.sku and lot != goods.lot for sku, lot in self.held.get(place.bin, ())
        ):
            return False
        unknown = (False, goods.volume is None, goods.weight is None)
        used = self.used.get(place.bin, [ZERO] * 3)
        return not any(
            limit is not None and (unknown[n] or used[n] + goods.amounts[n] > limit)
            for n, limit in enumerate(place.limits)
        )

    def in_turn(self, goods: Goods, place: Place) -> bool:
        """Tell whether no lot of the SKU that is to be picked later would lie nearer."""
        if place.distance is None:
            return True
        later = (name for (name, _), turn in self.spots[goods.sku].items() if turn > goods.turn)
        others = (self.places[name].distance for name in later if name in self.places)
        return all(other is None or other >= place.distance for other in others)

    def move(self, kind: str, goods: Goods, source: Place, target: Place) -> Suggestion:
        """Do a move and return it with the occupancies before and after."""
        one, other = self.zones[source.zone or ""], self.zones[target.zone or ""]
        cautions = () if goods.category in other.categories else ("new_category",)
        before = (one.occupancy(), other.occupancy())
        self._put(goods, source.bin, -1)
        self._put(goods, target.bin, 1)
        self.held[source.bin] -= Counter([(goods.sku, goods.lot)])
        self.held[target.bin][goods.sku, goods.lot] += 1
        self.spots[goods.sku].pop((source.bin, goods.lot), None)
        self.spots[goods.sku][target.bin, goods.lot] = goods.turn
        self.taken.add(target.bin)
        after = (one.occupancy(), other.occupancy())
        return Suggestion(
            kind, goods, source, target, before[0], after[0], before[1], after[1], cautions
        )

    def after(self, zone: _Zone, goods: Goods, place: Place) -> Decimal:
        """Return a zone's occupancy if goods came to one of its bins."""
        zone.put(place, goods.amounts, 1)
        found = zone.occupancy()
        zone.put(place, goods.amounts, -1)
        return ZERO if found is None else found


def suggest(
    places: Iterable[Place], goods: Iterable[Goods], aims: Aims | None = None
) -> list[Suggestion]:
    """Return what to move in one warehouse: crowded zones first, then what sells fast."""
    aims = aims or Aims()
    floor = _Floor(places, goods)
    return [*_relieve(floor, aims), *_bring_near(floor, aims)]


def _relieve(floor: _Floor, aims: Aims) -> list[Suggestion]:
    """Move slow movers out of crowded zones until these are at the target."""
    made: list[Suggestion] = []
    full = {name: zone.occupancy() or ZERO for name, zone in floor.zones.items()}
    roomy = [name for name, zone in sorted(floor.zones.items()) if _has_room(floor, zone, aims)]
    slow = defaultdict(list)
    for one, place in floor.movable():
        if one.slow:
            slow[place.zone].append((one, place))
    for name in sorted(floor.zones, key=lambda zone: (-full[zone], zone)):
        if full[name] < aims.crowded:
            break
        zone, others = floor.zones[name], [other for other in roomy if other != name]
        for one, place in _slowest(zone, slow[name])[:TRIED]:
            if (zone.occupancy() or ZERO) <= aims.target or len(made) >= aims.most:
                break
            target = _far_place(floor, one, others, aims)
            if target is not None:
                made.append(floor.move("slow_mover_out", one, place, target))
    return made


def _has_room(floor: _Floor, zone: _Zone, aims: Aims) -> bool:
    occupancy = zone.occupancy()
    if occupancy is None or occupancy >= aims.target:
        return False
    active = [place for place in zone.places if place.active]
    free = sum(place.bin not in floor.taken for place in active)
    return occupancy <= aims.roomy or 100 * free >= aims.free_share * len(active)


def _slowest(zone: _Zone, found: list[tuple[Goods, Place]]) -> list[tuple[Goods, Place]]:
    """Sort by what sells least, then by what takes most room; of a SKU the last lot comes first."""
    room: dict[str, Decimal] = defaultdict(Decimal)
    for goods, _ in found:
        room[goods.sku] += zone.share(goods)
    found = sorted(found, key=lambda pair: _front(pair[0]), reverse=True)
    return sorted(found, key=lambda pair: (pair[0].issues, -room[pair[0].sku], pair[0].sku))


def _far_place(floor: _Floor, goods: Goods, zones: Sequence[str], aims: Aims) -> Place | None:
    """Return where a slow mover may go: known categories first, then where most room is."""

    def order(name: str) -> tuple[bool, Decimal, str]:
        zone = floor.zones[name]
        return (goods.category not in zone.categories, zone.occupancy() or ZERO, name)

    def rank(place: Place) -> tuple[bool, int, float, str]:
        lots = floor.held.get(place.bin, Counter())
        mine = (goods.sku, goods.lot) in lots
        return (not mine, len(lots), -(place.distance or 0.0), place.bin)

    for name in sorted(zones, key=order):
        zone = floor.zones[name]
        if not zone.admits(goods):
            continue
        fitting = [
            place
            for place in zone.places
            if floor.fits(goods, place) and floor.in_turn(goods, place)
        ]
        if fitting:
            best = min(fitting, key=rank)
            if floor.after(zone, goods, best) <= aims.target:
                return best
    return None


def _bring_near(floor: _Floor, aims: Aims) -> list[Suggestion]:
    """Move what sells fast to bins that are free now and much nearer."""
    first: dict[str, tuple[Goods, Place]] = {}
    for one, place in floor.movable():
        known = first.get(one.sku)
        if one.abc == "A" and (known is None or _front(one) < _front(known[0])):
            first[one.sku] = (one, place)
    near = sorted(
        (place for place in floor.places.values() if _offers(floor, place)),
        key=lambda place: (place.distance or 0.0, place.bin),
    )
    made: list[Suggestion] = []
    for one, place in sorted(first.values(), key=lambda pair: (-pair[0].issues, pair[0].sku)):
        target = _near_place(floor, one, place, near, aims)
        if target is not None and len(made) < aims.most:
            made.append(floor.move("fast_mover_in", one, place, target))
    return made


def _front(goods: Goods) -> tuple[Turn, str]:
    return (goods.turn, goods.bin)


def _offers(floor: _Floor, place: Place) -> bool:
    """Tell whether a bin is free, known to lie somewhere, in a zone where goods are kept."""
    return (
        place.bin not in floor.taken
        and place.distance is not None
        and place.zone is not None
        and floor.zones[place.zone].occupancy() is not None
    )


def _near_place(
    floor: _Floor, goods: Goods, source: Place, near: Sequence[Place], aims: Aims
) -> Place | None:
    if source.distance is None:
        return None
    for place in near:
        if (place.distance or 0.0) > aims.nearer * source.distance:
            return None
        zone = floor.zones[place.zone or ""]
        if place.bin in floor.taken or not floor.fits(goods, place):
            continue
        if place.zone == source.zone:
            return place
        if zone.admits(goods) and floor.after(zone, goods, place) < aims.crowded:
            return place
    return None
