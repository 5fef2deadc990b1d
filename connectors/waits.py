"""Who waits long for an answer of the database: said now and then, so that no stall is silent.

Enters: the name of a session, while it works. Leaves: a line in the log from a thread of its own.
A frozen server keeps its connections alive, and its own timeouts are frozen with it: neither
keepalives nor statement_timeout tell. The thread ends when nobody works any more. Nothing here ends
or retries the work; nothing fails.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.kafka.client import Nuisance

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 5.0
"""Seconds without an answer that are worth a line."""
EVERY = 1.0
"""Seconds between two looks."""
_LOG = logging.getLogger("waterline.postgres")


class Waits:
    """Sessions at work and since when; one thread watches while there are any."""

    def __init__(self, long: float = LONG, every: float = EVERY) -> None:
        """Watch nothing yet; look again and again after `every` seconds."""
        self._long, self._every = long, every
        self._since: dict[int, tuple[str, float]] = {}
        self._numbers = itertools.count()
        self._nuisance = Nuisance(_LOG)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Note that a session of that name works, as long as the context lasts."""
        number = next(self._numbers)
        with self._lock:
            self._since[number] = (name, time.monotonic())
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="waits", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            del self._since[number]

    def look(self) -> None:
        """Say who has waited long, if it is time to say so."""
        now = time.monotonic()
        late = [(name, now - since) for name, since in list(self._since.values())]
        late = [(name, seconds) for name, seconds in late if seconds > self._long]
        if late:
            names = ", ".join(sorted({name for name, _ in late}))
            longest = max(seconds for _, seconds in late)
            self._nuisance(f"{names}: database: no answer for {longest:.0f} s; waiting")

    def _watch(self) -> None:
        while not self._done():
            time.sleep(self._every)
            self.look()

    def _done(self) -> bool:
        with self._lock:
            if not self._since:
                self._thread = None
            return self._thread is None


WAITS = Waits()
