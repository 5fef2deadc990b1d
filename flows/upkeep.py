"""Work done now and then beside the clock flow: series, hourly a look at space, daily retention.

Enters: wake-ups after each minute's ticks. Leaves: hours and days that have closed in the series,
table `rebalancing` made anew and its moves proposed on the log, old rows gone. A flow that starts
does all of it; two clocks at once do it twice, in turn, which changes nothing.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING

from flows.minutely import Minutely

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.settings import Settings

SERIES_S, HOUR_S, DAY_S = 600.0, 3600.0, 86_400.0
_LOG = logging.getLogger("waterline.upkeep")


class Upkeep(Minutely):
    """Does what is due, a warehouse or a table at a time; what fails is tried in the next round."""

    def __init__(self, settings: Settings, stopping: Callable[[], bool]) -> None:
        """Start waiting for `wake`; without it a round is made after ninety seconds."""
        self._settings = settings
        self._looked: float | None = None
        self._kept: float | None = None
        self._keeping = SERIES_S
        self._retained: float | None = None
        super().__init__("upkeep", "upkeep not done", stopping, _LOG)

    def round(self) -> None:
        """Do what is due."""
        if _due(self._looked, HOUR_S):
            self._look()
            self._looked = monotonic()
        if _due(self._kept, self._keeping) and not self.ended():
            began = monotonic()
            self._keep()
            self._kept = monotonic()
            # A replay touches every period again and again: a twentieth of the time, not more.
            self._keeping = max(SERIES_S, 20 * (self._kept - began))
        if _due(self._retained, DAY_S) and not self.ended():
            self._retain()
            self._retained = monotonic()

    def _look(self) -> None:
        from flows.proposing import propose  # noqa: PLC0415 - needed once an hour
        from flows.rebalancing import rebalance  # noqa: PLC0415 - needed once an hour

        made = rebalance(self._settings, stopping=self.ended)
        if any(made.values()):
            found = ", ".join(f"{name} {count}" for name, count in made.items() if count)
            _LOG.info("moves suggested: %s", found)
        if not self.ended():
            new, gone = propose(self._settings, stopping=self.ended)
            if new or gone:
                _LOG.info("moves proposed: %s, withdrawn: %s", new, gone)

    def _keep(self) -> None:
        from flows.series import keep_series  # noqa: PLC0415 - needed now and then

        for one in keep_series(self._settings, stopping=self.ended, around=self.cancelling):
            _LOG.info("%s of %s made from %s to %s", one.series, one.warehouse, one.since, one.upto)

    def _retain(self) -> None:
        from flows.retention import retain  # noqa: PLC0415 - needed once a day

        for one in retain(self._settings, stopping=self.ended):
            if one.chunks or one.rows:
                _LOG.info(
                    "%s before %s is gone: %s chunks, %s rows",
                    one.relation, one.before, one.chunks, one.rows,
                )  # fmt: skip


def _due(last: float | None, every: float) -> bool:
    return last is None or monotonic() - last >= every
