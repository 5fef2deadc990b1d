"""Work beside a flow, in a thread of its own: a round when it is woken, or after a pause.

Enters: wake-ups. Leaves: whatever a round does. A round that fails is one line in the log and is
tried again with the next: it ends neither the thread nor the flow.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg

from connectors.trouble import Trouble, one_line

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

PATIENCE_S = 90
CLOSING_S = 3


class Minutely(ABC):
    """A thread that makes rounds."""

    def __init__(
        self, name: str, trouble: str, stopping: Callable[[], bool], log: logging.Logger
    ) -> None:
        """Start the thread `name`; a failure is logged as "`trouble`: why"."""
        self._trouble, self._stopping, self._log = trouble, stopping, log
        self._wake, self._closed = threading.Event(), threading.Event()
        self._connection: psycopg.Connection[object] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def round(self) -> None:
        """Do the work of a round; ask `ended` now and then."""

    def pause(self) -> float:
        """Return after how many seconds to make a round without being woken."""
        return PATIENCE_S

    def wake(self) -> None:
        """Ask for a round now."""
        self._wake.set()

    def ended(self) -> bool:
        """Return whether to make no more rounds."""
        return self._closed.is_set() or self._stopping()

    def close(self) -> None:
        """End, cancelling what the round at work waits for."""
        self._closed.set()
        self._wake.set()
        connection = self._connection
        if connection is not None:
            with suppress(psycopg.Error):  # a server that does not answer is not waited for
                connection.cancel_safe(timeout=CLOSING_S)
        self._thread.join(timeout=CLOSING_S)

    @contextmanager
    def cancelling(self, connection: psycopg.Connection[object]) -> Iterator[None]:
        """Let `close` cancel what this connection is at, inside."""
        self._connection = connection
        try:
            yield
        finally:
            self._connection = None

    def failed(self, error: Exception, what: str | None = None) -> None:
        """Log why a round, or a part of it, was not made; with a traceback if that is a mistake."""
        if self.ended():
            return
        if isinstance(error, psycopg.Error | Trouble):
            self._log.warning("%s: %s", what or self._trouble, one_line(error))
        else:
            self._log.error("%s", what or self._trouble, exc_info=error)

    def _run(self) -> None:
        while not self.ended():
            self._wake.wait(timeout=self.pause())
            self._wake.clear()
            if self.ended():
                return
            try:
                self.round()
            except Exception as error:  # noqa: BLE001 - a mistake in a round must not end the flow
                self.failed(error)
