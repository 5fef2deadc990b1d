"""Products of the data set → the seller's items: names, category, cost, weight, volume, flags.

Reads products.parquet once (92,000 rows, four text columns). Package sizes are free text in
American units; `package` reads what can be read and returns None for the rest, which then have
no weight and volume, as in any real item master.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from connectors.replay.words import BONDED, FILED, FRAGILE, HIGH_VALUE, LIQUID, SOUGHT, WEIGHED

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.replay.words import Category

POUND = 0.45359237
OUNCE = POUND / 16
FLUID_OUNCE = 0.0295735296  # litres
CNY = 7.1
MARGIN = 0.28
DEAR = 85.0  # CNY of unit cost above which goods are kept in the cage
PIECE = 1000  # quantities are integers of 1/1000 base unit inside the replay

_UNITS: dict[str, tuple[float, bool]] = {  # kg or litres of one, is a measure of volume
    "OZ": (OUNCE, False), "OZS": (OUNCE, False), "LB": (POUND, False), "LBS": (POUND, False),
    "L": (1.0, True), "LT": (1.0, True), "LTR": (1.0, True), "ML": (0.001, True),
    "PT": (0.473176, True), "QT": (0.946353, True), "GA": (3.785412, True),
    "GAL": (3.785412, True), "GALON": (3.785412, True),
}  # fmt: skip
_COUNTED = {"PK", "CT", "PC", "PCS"}
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)?\s*-?\s*([A-Z]+)")
_PACK = re.compile(r"^\(?(\d+)\)?\s*(?:PK|CT|P)?\s*[/\-]\s*(?=[\d.])")
LIGHTEST, HEAVIEST = 0.001, 40.0


@dataclass(frozen=True, slots=True)
class Package:
    """Contents of one base unit: kilograms, and litres as packed."""

    kg: float
    litres: float


def package(text: str | None, *, liquid: bool, density: float) -> Package | None:
    """Read a package size like `16 OZ`, `12/12 OZ`, `6PK/16.9 OZ` or `GAL`; None if it is not one.

    An ounce of a liquid is a fluid ounce, otherwise 28.35 g; litres as packed are kg / density.
    """
    words = (text or "").upper().strip()
    pack = _PACK.match(words)
    many = int(pack.group(1)) if pack else 1
    rest = words[pack.end() :] if pack else words
    for number, unit in _PART.findall(rest):
        if unit in _COUNTED and number:
            many *= int(float(number))
            continue
        if unit not in _UNITS or (not number and unit == "L"):
            continue
        size, volume = _UNITS[unit]
        if liquid and unit.startswith("OZ"):
            size, volume = FLUID_OUNCE, True
        kg = many * float(number or 1) * size
        if not LIGHTEST <= kg <= HEAVIEST:
            return None
        return Package(kg, kg * 1.1 if volume else kg / density)
    return None


@dataclass(frozen=True, slots=True)
class Product:
    """A row of the product table that the seller could list."""

    number: int
    supplier: int
    sort: str
    kind: str
    brand: str
    size: str | None
    category: Category
    zh: str


@dataclass(frozen=True, slots=True)
class Item:
    """A SKU. `piece`: 1/1000 base units in one sold piece; `shelf_life` in days or 0."""

    number: int
    sku: str
    supplier: int
    name: str
    name_zh: str
    category: Category
    unit_cost: float
    price: float
    piece: int
    kg: float | None
    litres: float | None
    shelf_life: int
    fragile: bool
    high_value: bool
    bonded: bool


def products(folder: Path) -> dict[int, Product]:
    """Return product_id → Product for everything that FILED knows how to file."""
    table = pq.read_table(folder / "products.parquet")
    columns = [table.column(name).to_pylist() for name in (
        "product_id", "manufacturer_id", "product_category", "product_type", "brand", "package_size"
    )]  # fmt: skip
    found: dict[int, Product] = {}
    for number, supplier, sort, kind, brand, size in zip(*columns, strict=True):
        filed = FILED.get(sort)
        if filed:
            found[int(number)] = Product(
                int(number), int(supplier), sort, kind or sort, brand or "", size, *filed
            )
    return found


def sought(product: Product) -> bool:
    """Tell whether a small sale is enough for a place on the list."""
    return product.sort in SOUGHT


def item(product: Product, unit_price: float) -> Item:
    """Return the seller's item; `unit_price` is the mean sales value (USD) of one piece."""
    by_weight = product.sort in WEIGHED
    size = package(
        product.size, liquid=product.category.name in LIQUID, density=product.category.density
    )
    piece = PIECE if not by_weight else 300 + product.number % 23 * 50
    price = max(unit_price * CNY * PIECE / piece, 1.0)
    if by_weight:
        size = Package(1.0, 1.0 / product.category.density)
    spread = (product.number % 9 - 4) / 100
    cost = round(price * (1 - MARGIN + spread), 2)
    life = product.category.shelf_life or 0
    return Item(
        number=product.number,
        sku=f"CJ{product.number:08d}",
        supplier=product.supplier,
        name=_english(product),
        name_zh=_chinese(product, size),
        category=product.category,
        unit_cost=cost,
        price=round(price, 2),
        piece=piece,
        kg=round(size.kg, 3) if size else None,
        litres=size.litres if size else None,
        shelf_life=life and max(life + (product.number % 11 - 5) * life // 40, 5),
        fragile=product.sort in FRAGILE,
        high_value=product.sort in HIGH_VALUE or cost * piece / PIECE >= DEAR,
        bonded=product.sort in BONDED,
    )


def _english(product: Product) -> str:
    words = " ".join(product.kind.split()).capitalize()
    size = f", {' '.join(product.size.split()).lower()}" if product.size else ""
    return f"{words}{size} ({product.brand} {product.supplier})"


def _chinese(product: Product, size: Package | None) -> str:
    brand = "自有品牌" if product.brand == "Private" else f"品牌{product.supplier}"
    if size is None or product.sort in WEIGHED:
        weight = " 散称" if product.sort in WEIGHED else ""
    else:
        weight = f" {size.kg:.2f}千克" if size.kg >= 1 else f" {size.kg * 1000:.0f}克"
    return f"{brand}{product.zh}{weight} {product.number % 10000:04d}"
