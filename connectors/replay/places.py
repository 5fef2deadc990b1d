"""The eight regional warehouses, which stores each stands for, and their zones and bins.

Enters: the data set's stores by size, and which items a warehouse carries with their usual
stock. Leaves: warehouses (`Site`) and bins (`Place`) with sensible capacities. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Site(NamedTuple):
    """A warehouse: code, names, region, share of all orders, how crowded it is, its people."""

    code: str
    name: str
    name_zh: str
    region: str
    share: float
    crowd: float
    crew: tuple[str, ...]


SITES = (
    Site("SHA", "East China (Shanghai)", "华东仓（上海）", "华东", 0.24, 1.10,
         ("张三", "李四", "王五", "赵敏", "陈晓东", "周丽华", "沈国强", "陆佳怡",
          "顾海峰", "钱文静")),
    Site("CAN", "South China (Guangzhou)", "华南仓（广州）", "华南", 0.19, 0.98,
         ("黄志明", "梁秀英", "何伟强", "林嘉欣", "郑家豪", "罗美玲", "谭国栋", "冯婉婷")),
    Site("PEK", "North China (Beijing)", "华北仓（北京）", "华北", 0.15, 0.94,
         ("刘洋", "孙建国", "马丽", "高鹏", "于晓燕", "宋志刚", "董雪", "韩冰")),
    Site("CTU", "Southwest (Chengdu)", "西南仓（成都）", "西南", 0.12, 1.06,
         ("杨帆", "唐小兵", "邓丽", "曾强", "彭静", "蒋涛")),
    Site("WUH", "Central China (Wuhan)", "华中仓（武汉）", "华中", 0.10, 0.88,
         ("胡斌", "徐婷", "朱勇", "余芳", "万军", "夏雨")),
    Site("XIY", "Northwest (Xi'an)", "西北仓（西安）", "西北", 0.08, 0.90,
         ("魏强", "田蕊", "任刚", "侯艳", "秦岭")),
    Site("SHE", "Northeast (Shenyang)", "东北仓（沈阳）", "东北", 0.07, 0.84,
         ("关宏", "佟丽娜", "金哲", "白雪松", "姜波")),
    Site("XMN", "Southeast (Xiamen)", "东南仓（厦门）", "东南", 0.05, 0.78,
         ("蔡明哲", "苏雅琴", "吴志鹏", "庄惠玲")),
)  # fmt: skip


def assign(sizes: dict[int, int], count: int) -> dict[int, int]:
    """Return store → index of its warehouse: the largest store first, to whoever lacks most."""
    shares = [site.share for site in SITES[:count]]
    loads = [0.0] * count
    houses = {}
    for store in sorted(sizes, key=lambda number: (-sizes[number], number)):
        size = sizes[store]
        house = min(range(count), key=lambda n: ((loads[n] + size) / shares[n], n))
        loads[house] += size
        houses[store] = house
    return houses


DOCK, QUALITY, CAGE, COLD, FAST, SLOW = "R", "Q", "D", "C", "A", "B"
FILL = {FAST: 0.62, SLOW: 0.38, COLD: 0.50, CAGE: 0.36}
"""How full a bin is when it holds what its SKUs' levels call usual, in a warehouse of crowd 1.

Deliveries come in whole lots and before they are needed, so that stock settles at 1.4 to 1.6 times
that: A comes to about 90 %, B to 60 %, C to 75 % and D to 55 %; one A is full, as in most years.
"""
SHARED = {FAST: 3, SLOW: 6, COLD: 4, CAGE: 3}
"""SKUs that share a bin."""
_POSITIONS = 24
_SPARE = 0.08
_SPREADS = 3
_BESIDES = 3
FRESH = 60  # days of shelf life up to which more would spoil
_HEAVIER = 1.25
"""How much more than its usual content a bin may weigh."""
_WEIGHTS = (50, 100, 200, 500, 1000, 2000)


class Place:
    """A bin. `quantity` in base units, `volume` in m³, `weight` in kg, None without a limit."""

    __slots__ = (
        "aisle", "bin", "position", "quantity", "used", "volume", "weight", "x", "y", "zone",
    )  # fmt: skip

    def __init__(self, zone: str, number: int) -> None:
        """Number the bins of a zone along its aisles."""
        aisle, position = divmod(number, _POSITIONS)
        self.zone = zone
        self.aisle = f"{zone}{aisle + 1:02d}"
        self.position = position + 1
        self.bin = f"{self.aisle}-{position + 1:02d}"
        self.x = round("ABCDQR".index(zone) * 40 + aisle * 3.2, 1)
        self.y = round(position * 1.2, 1)
        self.used = 0  # 1/1000 base units
        self.quantity: float | None = None
        self.volume: float | None = None
        self.weight: float | None = None

    def limit(self, quantity: float, litres: float, kg: float, fill: float) -> None:
        """Set capacities so that the usual content fills the share `fill` of them."""
        self.quantity = max(10.0, round(quantity / fill / 5) * 5.0)
        self.volume = max(0.05, round(litres / fill / 1000, 2))
        needed = kg / fill * _HEAVIER
        self.weight = next((float(step) for step in _WEIGHTS if step >= needed), round(needed, 1))


def bin_fields(warehouse: str, place: Place) -> dict[str, Any]:
    """Return the fields of a bin's master data."""
    fields: dict[str, Any] = {
        "warehouse": warehouse,
        "bin": place.bin,
        "zone": place.zone,
        "aisle": place.aisle,
        "position": place.position,
        "x": place.x,
        "y": place.y,
        "active": True,
    }
    if place.quantity is not None:
        fields["max_quantity"] = place.quantity
        fields["max_volume"] = place.volume
        fields["max_weight"] = place.weight
    return fields


class Plan:
    """The bins of one warehouse, made as items are given their places."""

    def __init__(self, crowd: float = 1.0) -> None:
        """Make the dock and the quality area; they have no limits."""
        self._crowd = crowd
        self.places: list[Place] = []
        self.dock = [self._new(DOCK, number) for number in range(4)]
        self.quality = [self._new(QUALITY, number) for number in range(3)]
        self.spare: dict[str, list[Place]] = {}

    def _new(self, zone: str, number: int) -> Place:
        place = Place(zone, number)
        self.places.append(place)
        return place

    def house(self, zone: str, usual: list[tuple[float, float, float]]) -> list[Place]:
        """Return a bin for each SKU of a zone; `usual` are (base units, litres, kg) held."""
        share, homes = SHARED[zone], list[Place]()
        for first in range(0, len(usual), share):
            group = usual[first : first + share]
            place = self._new(zone, first // share)
            quantity, litres, kg = (sum(column) for column in zip(*group, strict=True))
            place.limit(quantity, litres, kg, FILL[zone] * self._crowd)
            homes += [place] * len(group)
        count = -(-len(homes) // share)
        middle = homes[len(homes) // 2] if homes else None
        self.spare[zone] = []
        for number in range(count, count + max(2, int(count * _SPARE))):
            place = self._new(zone, number)
            if middle:
                place.quantity, place.volume = middle.quantity, middle.volume
                place.weight = middle.weight
            self.spare[zone].append(place)
        return homes


@dataclass(frozen=True, slots=True)
class Level:
    """When and how much to order, in pieces."""

    safety: int
    reorder: int
    upto: int
    most: int
    lead_days: int


def level(rate: float, lead_days: int, shelf_life: int) -> Level:
    """Return the (s, S) levels of a SKU that sells `rate` pieces a day.

    Orders come in clumps, so the variance of a day is about twice its mean, and that of the lead
    time σ² = lead·2·rate. The safety stock, below which somebody is to be told, is σ; the buyers
    order from 3σ on and keep some pieces besides, so that it is rarely touched; of fresh food
    less. S − s covers four weeks, less for what spoils.
    """
    sigma = (lead_days * 2 * rate) ** 0.5
    safety = max(1, round(sigma))
    fresh = 0 < shelf_life <= FRESH
    spreads, besides = (_SPREADS / 2, 1) if fresh else (_SPREADS, _BESIDES)
    reorder = round(rate * lead_days + spreads * sigma) + besides
    cycle = min(28.0, shelf_life * 0.2) if shelf_life else 28.0
    lot = max(3, round(rate * cycle))
    return Level(safety, reorder, reorder + lot, reorder + lot * 3 + 8, lead_days)


def lead_days(supplier: int, *, cold: bool) -> int:
    """Return a supplier's lead time: 2 to 4 days for the cold chain, else 3 to 14."""
    return 2 + supplier % 3 if cold else 3 + supplier * 7 % 12
