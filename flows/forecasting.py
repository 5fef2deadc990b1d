"""The forecast and the classes of a warehouse, made now.

Enters: the clock (the latest folded tick), demand of closed days, stock figures. Leaves: rows of
`forecasts`, `forecast_quality`, `classes` and one of `forecast_runs`, in one transaction, so that a
run that was killed has done nothing. The most valuable SKUs come first: the seasonal method has
some minutes for all warehouses together, and a warehouse its share of them by its SKUs. Made again
for the same day it gives the same rows, unless the minutes were over; of two at a time one works.
May fail with psycopg's errors.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from math import isnan
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from flows.domain.classes import VALUE_DAYS, abc, xyz
from flows.domain.forecast import LONGEST, METHODS, OVER_BUDGET, forecast
from flows.domain.smoothing import HORIZON
from flows.fitting import Fitter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flows.domain.forecast import Forecasts
    from flows.domain.smoothing import Floats
    from flows.store.forecasts import Forecasting, Key, Place

AT_ONCE = 200
"""SKUs in one go: some seconds of fitting."""
SECONDS = 60
Row = tuple[Any, ...]


class Made(Struct, frozen=True):
    """What a run did: SKUs by method and by class; errors over all SKUs that could be measured."""

    warehouse: str
    made_on: date
    series: int
    methods: dict[str, int]
    skipped: int
    wape: float | None
    plain_wape: float | None
    bias: float | None
    class_a: int
    class_b: int
    class_c: int
    unclassed: int
    seconds: float


def make_due(
    store: Forecasting,
    warehouse: str,
    minutes: float,
    stopping: Callable[[], bool] = lambda: False,
) -> Made | None:
    """Make what is due of a warehouse; None when somebody else does or did, or when stopped."""
    with store.only_one(warehouse) as alone:
        if not alone:
            return None
        place = next((one for one in store.places() if one.warehouse == warehouse), None)
        return make(store, place, minutes, stopping=stopping) if place and place.due else None


def make(
    store: Forecasting,
    place: Place,
    minutes: float,
    *,
    progress: Callable[[int, int], None] = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Made | None:
    """Make a warehouse's forecast and classes; None, and nothing written, when stopped."""
    began = monotonic()
    keys = store.keys(place.warehouse, place.today, VALUE_DAYS)
    sold = sorted((key for key in keys if key.sold), key=_most_valuable_first)
    night = _Night(place)
    seconds = minutes * SECONDS * store.part(place.warehouse)
    with Fitter(seconds, stopping) as seasonal:
        for done in range(0, len(sold), AT_ONCE):
            progress(done, len(sold))
            some = sold[done : done + AT_ONCE]
            demand, days = store.demand(place, some, LONGEST)
            night.add(some, forecast(demand, days, seasonal), *xyz(demand, days))
            if stopping():
                return None
    made = night.made(keys, monotonic() - began)
    store.save(place, {
        "forecasts": night.forecasts(),
        "forecast_quality": night.quality,
        "classes": night.classes(keys),
    }, _run(made))  # fmt: skip
    progress(len(sold), len(sold))
    return replace(made, seconds=monotonic() - began)


def _most_valuable_first(key: Key) -> tuple[bool, Decimal, str]:
    """By value; what is of unknown cost comes last, by quantity."""
    unknown = key.value is None
    return unknown, -(key.issues if key.value is None else key.value), key.sku


class _Night:
    """What the chunks of a warehouse gave."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.quality: list[Row] = []
        self._parts: list[tuple[Sequence[Key], Forecasts]] = []
        self._steady: dict[str, tuple[str | None, float]] = {}
        self._abc: dict[str, str | None] = {}

    def add(
        self, keys: Sequence[Key], found: Forecasts, letters: list[str | None], variation: Floats
    ) -> None:
        """Take in a chunk."""
        self._parts.append((keys, found))
        pairs = zip(letters, variation.tolist(), strict=True)
        self._steady |= dict(zip((key.sku for key in keys), pairs, strict=True))
        columns = (
            *(found.method, found.days, found.wape, found.mase, found.plain_wape),
            *(found.plain_mase, found.bias, found.rejected, found.rejected_wape, found.skipped),
        )
        for key, *values in zip(keys, *map(_plain, columns), strict=True):
            self.quality.append((self.place.warehouse, key.sku, self.place.today, *values))

    def made(self, keys: Sequence[Key], seconds: float) -> Made:
        """Return the sums."""
        self._abc = abc({key.sku: key.value for key in keys})
        counts = Counter(self._abc.values())
        methods = Counter(name for _, found in self._parts for name in found.method)
        return Made(
            warehouse=self.place.warehouse,
            made_on=self.place.today,
            series=sum(len(some) for some, _ in self._parts),
            methods={name: methods[name] for name in METHODS if methods[name]},
            skipped=sum(found.skipped.count(OVER_BUDGET) for _, found in self._parts),
            wape=self._share("missed"),
            plain_wape=self._share("missed_plain"),
            bias=self._share("surplus"),
            class_a=counts["A"],
            class_b=counts["B"],
            class_c=counts["C"],
            unclassed=counts[None],
            seconds=seconds,
        )

    def _share(self, name: str) -> float | None:
        part, held = (
            sum(float(np.nansum(getattr(found, one))) for _, found in self._parts)
            for one in (name, "held")
        )
        return part / held if held > 0 else None

    def forecasts(self) -> Iterator[Row]:
        """Give the rows of `forecasts`."""
        today, warehouse = self.place.today, self.place.warehouse
        ahead = [today + timedelta(days=day) for day in range(HORIZON)]
        for keys, found in self._parts:
            figures = (found.quantity, found.low, found.high)
            parts = zip(keys, *(np.round(one, 4).tolist() for one in figures), strict=True)
            for key, *lines in parts:
                for day, quantity, low, high in zip(ahead, *lines, strict=True):
                    yield warehouse, key.sku, day, today, quantity, _known(low), _known(high)

    def classes(self, keys: Sequence[Key]) -> Iterator[Row]:
        """Give the rows of `classes`."""
        for key in keys:
            letter, variation = self._steady.get(key.sku, (None, float("nan")))
            yield (
                self.place.warehouse, key.sku, self._abc[key.sku], letter,
                key.value or Decimal(0), _known(variation), self.place.today,
            )  # fmt: skip


def _run(made: Made) -> dict[str, Any]:
    values = {name: getattr(made, name) for name in made.__struct_fields__ if name != "seconds"}
    return values | {"duration_ms": round(made.seconds * 1000)}


def _plain(column: Any) -> list[Any]:
    if isinstance(column, np.ndarray):
        values = column.tolist()
        return [_known(one) for one in values] if column.dtype.kind == "f" else values
    return list(column)


def _known(value: float) -> float | None:
    return None if isnan(value) else value
