"""Dataflow: the clock → one tick a minute on every partition of the log.

Enters: the wall clock, and from the database the last tick that was folded. Leaves: ticks on
inventory.events, acknowledged; after a pause the missed ones are made up in order (seven days by
the minute, before that by the hour). A tick that is on the log already is a repeat downstream, so
a crash or a second clock does no harm. With `drain` it ends once the ticks due now are there.
Without it, a minute's ticks are followed by a round of checks (flows/checks.py), by a look at the
watched rules (flows/watching.py) and by the nightly and hourly work that is due (flows/nightly.py,
flows/upkeep.py), each in a thread of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.kafka import LOG, Outlet, ensure_topics
from connectors.session import Session
from connectors.ticks import clock_at
from flows.checks import MinuteChecks
from flows.domain.decode import canonical
from flows.domain.minutes import due, tick
from flows.nightly import Nightly
from flows.steps import Dataflow, KeyedSink, PollSource, Stop, inlet, outlet, step
from flows.upkeep import Upkeep
from flows.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flows.minutely import Minutely
    from flows.settings import Settings

AT_ONCE = 500
"""Missed minutes made up in one go: 4,000 messages on eight partitions."""


def build(settings: Settings, stop: Stop, *, drain: bool = False) -> Dataflow:
    """Return the dataflow; topics are made here, so this waits for a broker."""
    brokers, prefix = settings.need_brokers(), settings.topic_prefix
    count = ensure_topics(brokers, prefix, patience=None, stopping=stop)[LOG]
    minutes = Minutes(settings.need_dsn(), stop, drain=drain)
    rounds: list[Minutely] = []
    if not drain:
        rounds = [
            MinuteChecks(settings, stop),
            Watching(settings, stop),
            Nightly(settings, stop),
            Upkeep(settings, stop),
        ]
    for one in rounds:
        stop.at_end(one.close)

    def after() -> None:
        for one in rounds:
            one.wake()

    def open_writer(name: str) -> TickWriter:
        del name
        out = Outlet(brokers, giving_up=stop)
        return TickWriter(out, prefix + LOG, count, after)

    flow = Dataflow("clock")
    due_now = inlet("minutes", flow, PollSource(minutes.poll, stop))
    keyed = step("key", due_now, stop, lambda at: [("clock", at)])
    outlet("log", keyed, KeyedSink(["clock"], open_writer, stop))
    return flow


class Minutes:
    """Says which minutes are due; asks the database once where to begin."""

    def __init__(self, dsn: str, stop: Stop, *, drain: bool = False) -> None:
        """Connect to nothing yet."""
        self._dsn, self._stop, self._drain = dsn, stop, drain
        self._last: datetime | None = None
        self._begun = False

    def poll(self) -> list[datetime] | None:
        """Return the minutes due now, at most AT_ONCE; None at the end of a drain."""
        if not self._begun:
            self._last = self._stored()
            self._begun = True
        minutes = due(self._last, datetime.now(UTC))[:AT_ONCE]
        if minutes:
            self._last = minutes[-1]
        return None if self._drain and not minutes else minutes

    def _stored(self) -> datetime | None:
        session = Session(self._dsn, stopping=self._stop)
        try:
            last = clock_at(session)
        finally:
            session.close()
        # A tick from the future (`waterline tick --at`) must not make the clock silent.
        return None if last is None or last > datetime.now(UTC) else last


class TickWriter:
    """Puts ticks on every partition and returns when all are acknowledged."""

    def __init__(
        self, out: Outlet, log: str, partitions: int, after: Callable[[], None] = lambda: None
    ) -> None:
        """Write to the topic `log` (with prefix) of so many partitions; then call `after`."""
        self._out, self._log, self._partitions = out, log, partitions
        self._after = after

    def write(self, items: Iterable[datetime]) -> None:
        """Write the ticks of these minutes, in order."""
        for at in items:
            value = canonical.encode(tick(at))
            for partition in range(self._partitions):
                self._out.send(self._log, None, value, None, partition)
        self._out.flush()
        self._after()

    def close(self) -> None:
        """Let go of the producer."""
        self._out.close()
