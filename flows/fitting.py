"""A process of its own that fits the seasonal method, niced, and is gone afterwards.

Enters: the demand of SKUs by day, the most valuable first, and seconds. Leaves: their forecasts;
NaN where none could be fitted, or where the seconds were over. In a process of its own the import
of statsmodels and its fits hold up no other thread, and its memory is given back. It uses one core
at most, and gives way to whoever else wants it. Lost, it is a line in the log, and what remains has
no forecast. Nothing fails. Whoever started it may be killed: it ends.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from flows.domain.smoothing import Floats, Ints, Said
from flows.settings import environment_of_children

if TYPE_CHECKING:
    from collections.abc import Callable

NICENESS = 10
GRACE_S = 60.0
"""How long after its seconds an answer may take: the import, and the fit at work."""
LOOK_S = 0.2
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Threads that wait for each other make the small arrays of a SKU eight times slower."""
_LOG = logging.getLogger("waterline.fitting")


class Fitter:
    """Fits for so many seconds from now, or until stopped."""

    def __init__(self, seconds: float, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start no process before there is something to fit."""
        self._until, self._stopping = monotonic() + seconds, stopping
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[Any, Any] | None = None
        self._lost = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, whatever it is at."""
        self._end()

    def __call__(self, sold: Floats, days: Ints) -> Said:
        """Return the seasonal forecasts of these SKUs."""
        if self._lost:
            return Said.nothing(len(sold), reached=True)
        if len(sold) == 0 or self._stopping() or monotonic() >= self._until:
            return Said.nothing(len(sold), reached=False)
        try:
            return self._asked(sold, days)
        except (OSError, EOFError) as error:
            self._lose(error)
            return Said.nothing(len(sold), reached=True)

    def _asked(self, sold: Floats, days: Ints) -> Said:
        connection = self._started()
        if not self._answered(connection):
            return Said.nothing(len(sold), reached=False)
        connection.recv()
        connection.send((sold, days, max(self._until - monotonic(), 0.0)))
        if not self._answered(connection):
            return Said.nothing(len(sold), reached=False)
        said: Said = connection.recv()
        return said

    def _started(self) -> Connection[Any, Any]:
        if self._connection is None:
            self._connection, theirs = Pipe()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-W", "ignore", "-m", __name__, str(theirs.fileno())],
                    env=environment_of_children() | _ONE_THREAD,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C is its parent's to answer
                )
        return self._connection

    def _answered(self, connection: Connection[Any, Any]) -> bool:
        """Wait for an answer; False when stopped before."""
        while not connection.poll(LOOK_S):
            if self._stopping():
                return False
            if monotonic() > self._until + GRACE_S:
                raise TimeoutError("no answer")
        return True

    def _lose(self, error: Exception) -> None:
        code = self._end()
        self._lost = True
        _LOG.warning(
            "the process that fits the seasonal method was lost (%s, exit code %s):"
            " what remains gets the plain one",
            str(error) or type(error).__name__, code,
        )  # fmt: skip

    def _end(self) -> int | None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(LOOK_S)
        self._process.kill()
        return self._process.wait()


def serve(connection: Connection[Any, Any]) -> None:
    """Say that it is ready, answer, and so on, until nobody is at the other end."""
    from flows.domain.seasonal import seasonal  # noqa: PLC0415 - slow to import

    with suppress(EOFError, OSError):
        while True:
            connection.send(None)
            sold, days, seconds = connection.recv()
            connection.send(seasonal(sold, days, _over_in(seconds, connection)))


def _over_in(seconds: float, connection: Connection[Any, Any]) -> Callable[[], bool]:
    """Say when the time is over, or nobody waits for the answer any more."""
    until = monotonic() + seconds
    return lambda: monotonic() >= until or connection.poll()


if __name__ == "__main__":
    os.nice(NICENESS)
    serve(Connection(int(sys.argv[1])))
