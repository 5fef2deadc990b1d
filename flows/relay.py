"""The relay: messages of the outbox → Kafka, and the endpoints that have registered for them.

Enters: rows of table `outbox`, which the stock flow writes in the transaction of what they tell;
`NOTIFY waterline_outbox` wakes the relay, and it looks by itself each second. Leaves: what
flows/receivers.py sends and records. It is no dataflow: what it has to do is in the tables, so it
can be killed at any time, and several may run at once. Ends with `drain` when nothing is waiting
that is due now. A mistake in one receiver ends the process, which is then started again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from connectors import endpoints, outbox
from connectors.kafka import LOG, ensure_topics
from connectors.kafka.topics import ACTIONS
from connectors.session import Session
from connectors.webhook import Poster
from flows.receivers import Endpoint, Kafka
from flows.stopping import Stop, kept, signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from connectors.endpoints import Wish
    from connectors.outbox import Message
    from flows.settings import Settings

CHANNEL = "waterline_outbox"
EVERY = 0.5
"""Seconds after which the relay looks, also when nobody wakes it."""
KEPT_EVERY = 10.0
CLOSING_S = 3.5
TO_ENDPOINTS = ("approved", "done")
"""States of actions that systems outside hear of: a proposal concerns only who decides on it, and
what is withdrawn was never approved."""


def run(settings: Settings, stop: Stop, *, drain: bool = False) -> None:
    """Relay until told to stop; with `drain` until nothing is due."""
    with signals(stop):
        relay = Relay(settings, stop)
        try:
            with kept(stop):
                relay.drain() if drain else relay.run()
        finally:
            relay.close()
    if stop.failure is not None:
        raise stop.failure


def receivers(message: Message, wishes: Sequence[Wish]) -> list[str]:
    """Return the endpoints that get a message."""
    if message.topic == ACTIONS and message.state not in TO_ENDPOINTS:
        return []
    return [wish.name for wish in wishes if wish.wants(message.name)]


class Relay:
    """Hands new messages to receivers; each receiver has a thread of its own."""

    def __init__(self, settings: Settings, stop: Stop) -> None:
        """Make the topics; waits for a broker."""
        self._settings, self._stop = settings, stop
        count = ensure_topics(
            settings.need_brokers(), settings.topic_prefix, patience=None, stopping=stop
        )[LOG]
        self._session = Session(settings.need_dsn(), stopping=stop, name="waterline relay")
        self._poster = Poster(settings.relay_timeout)
        self._kafka = Kafka(settings, stop, count)
        self._threads: dict[str, _Thread] = {}
        self._kept_at: float | None = None

    def run(self) -> None:
        """Relay until told to stop."""
        self._threads[outbox.KAFKA] = _Thread(self._kafka.work, self._kafka.close, self._stop)
        while not self._stop():
            if self._spread():
                self._wake()
            self._keep()
            self._tend(self._session.run(endpoints.active))
            self._session.read(_listen)

    def drain(self) -> None:
        """Relay what is due now, one receiver after the other."""
        self._keep()
        with closing(self._kafka):
            while not self._stop() and self._round():
                pass

    def close(self) -> None:
        """Wait a moment for the receivers, then let go."""
        self._stop.request()
        self._wake()
        deadline = monotonic() + CLOSING_S
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - monotonic()))
        self._session.close()

    def _round(self) -> int:
        """Let each receiver work once; return how much was done."""
        done = self._spread() + self._kafka.work()
        for wish in self._session.run(endpoints.active):
            with closing(self._endpoint(wish.name)) as endpoint:
                while sent := endpoint.work():
                    done += sent
        return done

    def _spread(self) -> int:
        """Hand messages that nobody has handed out to their receivers; return how many."""
        return self._session.run(spread)

    def _keep(self) -> None:
        """Give up what has waited too long, now and then."""
        if self._kept_at is not None and monotonic() - self._kept_at < KEPT_EVERY:
            return
        age = timedelta(days=self._settings.relay_give_up_days)
        self._session.run(partial(outbox.give_up_overdue, age=age))
        self._kept_at = monotonic()

    def _tend(self, wishes: Sequence[Wish]) -> None:
        """Have a thread for each endpoint; that of one that is no more ends by itself."""
        for wish in wishes:
            thread = self._threads.get(wish.name)
            if thread is None or not thread.is_alive():
                endpoint = self._endpoint(wish.name)
                self._threads[wish.name] = _Thread(endpoint.work, endpoint.close, self._stop)

    def _endpoint(self, name: str) -> Endpoint:
        return Endpoint(name, self._settings, self._stop, self._poster)

    def _wake(self) -> None:
        for thread in self._threads.values():
            thread.wake.set()


class _Thread(threading.Thread):
    """Works as long as there is something to do, and looks again when woken or after a moment."""

    def __init__(
        self, work: Callable[[], int | None], close: Callable[[], None], stop: Stop
    ) -> None:
        super().__init__(name="receiver", daemon=True)
        self.wake = threading.Event()
        self._work, self._close, self._stop = work, close, stop
        self.start()

    def run(self) -> None:
        with kept(self._stop):
            while not self._stop():
                self.wake.clear()
                done = self._work()
                if done is None:
                    break
                if not done:
                    self.wake.wait(EVERY)
        with kept(self._stop):
            self._close()


def spread(connection: psycopg.Connection) -> int:
    """Hand messages to their receivers, in one transaction; return how many."""
    messages = outbox.unspread(connection)
    if not messages:
        return 0
    wishes = endpoints.active(connection)
    asking = [
        one.message_id for one in messages if one.topic == ACTIONS and one.state == "approved"
    ]
    outbox.spread(connection, [(one, receivers(one, wishes)) for one in messages], asking)
    return len(messages)


def _listen(connection: psycopg.Connection) -> None:
    connection.execute(f"LISTEN {CHANNEL}")
    for _ in connection.notifies(timeout=EVERY, stop_after=1):
        pass
