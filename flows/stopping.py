"""When and why a flow ends: one object that all its parts share, and the signals that ask it.

Enters: requests to end and first failures. Leaves: the answer to "is it to end?". Nothing here
raises inside the engine: `kept` keeps a failure, `flows.steps.run` raises it outside.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Stop:
    """Whether the flow is to end, and why; call it to ask. One object for all of a flow."""

    def __init__(self) -> None:
        """Go on, for now."""
        self.failure: Exception | None = None
        self._requested_at: float | None = None
        self._closing: list[Callable[[], None]] = []

    def __call__(self) -> bool:
        """Return whether the flow is to end."""
        return self._requested_at is not None

    @property
    def requested(self) -> bool:
        """Whether the flow is to end."""
        return self._requested_at is not None

    @property
    def since(self) -> float:
        """Seconds since the flow was first asked to end; 0 when it was not."""
        return 0.0 if self._requested_at is None else monotonic() - self._requested_at

    def request(self) -> None:
        """End in order: what has been read is written, then everything is closed."""
        if self._requested_at is None:
            self._requested_at = monotonic()

    def fail(self, error: Exception) -> None:
        """End at once, keeping the first error: nothing more is written."""
        if self.failure is None:
            self.failure = error
        self.request()

    def at_end(self, close: Callable[[], None]) -> None:
        """Have `run` call this when the dataflow has ended, the latest first.

        For what several partitions share: Bytewax opens a sink partition only when the flow
        brings it something, so a flow without input neither opens nor closes any writer.
        """
        self._closing.append(close)

    def close(self) -> None:
        """Call what `at_end` was given; a failure is kept."""
        while self._closing:
            with kept(self):
                self._closing.pop()()


@contextmanager
def kept(stop: Stop) -> Iterator[None]:
    """Keep what goes wrong inside in `stop`."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - raised again by `run`, outside of Bytewax
        stop.fail(error)


@contextmanager
def signals(stop: Stop) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into `stop.request()`, a second one kills; main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: object) -> None:
        del frame
        signal.signal(number, signal.SIG_DFL)
        stop.request()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
