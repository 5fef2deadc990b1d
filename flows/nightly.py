"""What is done once a local day per warehouse, in a thread of the clock flow: the forecasts.

Enters: wake-ups after each minute's ticks. Leaves: what `flows/forecasting.py` writes. The work of
a day is due once the clock, the latest folded tick, has passed the warehouse's local midnight;
after a pause only the latest day is made. A warehouse that fails is one line in the log and is
tried again with the next round, the others go on.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flows.minutely import Minutely

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.settings import Settings
    from flows.store.forecasts import Forecasting, Place

_LOG = logging.getLogger("waterline.nightly")


class Nightly(Minutely):
    """Makes what is due in a thread of its own: the work of a night never delays a tick."""

    def __init__(self, settings: Settings, stopping: Callable[[], bool]) -> None:
        """Start waiting for `wake`; without it a round is made after ninety seconds."""
        self._dsn, self._minutes = settings.need_dsn(), settings.forecast_minutes
        super().__init__("nightly", "forecasts not made", stopping, _LOG)

    def round(self) -> None:
        """Make the forecasts that are due."""
        from flows.store.forecasts import Forecasting  # noqa: PLC0415 - slow to import

        with Forecasting(self._dsn) as store, self.cancelling(store.connection):
            for place in store.places():
                if place.due and not self.ended():
                    self._make(store, place)

    def _make(self, store: Forecasting, place: Place) -> None:
        from flows.forecasting import make_due  # noqa: PLC0415 - slow to import

        try:
            made = make_due(store, place.warehouse, self._minutes, self.ended)
        except Exception as error:
            if store.connection.closed:
                raise
            self.failed(error, f"forecast of {place.warehouse} not made, tried again in a minute")
        else:
            if made:
                _LOG.info(
                    "forecast of %s for %s: %s SKUs in %.1f s",
                    made.warehouse, made.made_on, made.series, made.seconds,
                )  # fmt: skip
