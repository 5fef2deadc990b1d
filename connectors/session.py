"""One PostgreSQL connection that comes back: what sinks use for their small tables.

Enters: a DSN and functions that do one transaction. Leaves: their results. A lost connection, a
deadlock or a serialization failure is retried with the same function, so it must be repeatable;
anything else is raised as psycopg has it. The unit of parallelism is the Session (one thread).
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from connectors.kafka.client import Nuisance
from connectors.trouble import Trouble, one_line
from connectors.waits import WAITS

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
OPTIONS = (
    "-c lock_timeout=10000 -c jit=off"
    " -c idle_in_transaction_session_timeout=10000"  # a frozen process must let its rows go
)
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries; the last repeats."""
BRIEF = 60.0
"""Seconds of patience up to which nobody needs a line in the log: an error comes soon enough."""
LAST = 1.0
"""Seconds for which the present work is tried again when the flow is told to end."""
# A dead peer is noticed in about ten seconds, not in the kernel's hours.
DEAD_PEER: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_LOG = logging.getLogger("waterline.postgres")


class Session:
    """Runs functions, each in one transaction, over a connection that is made when needed."""

    def __init__(
        self,
        dsn: str,
        *,
        patience: float | None = None,
        stopping: Callable[[], bool] = lambda: False,
        statement_timeout_ms: int = 30_000,
        name: str = "waterline",
    ) -> None:
        """Connect to nothing yet; with `patience` None retry until `stopping()`."""
        self._name = name
        self.in_doubt = False
        """Whether the present work was tried before: its commit may have been done."""
        self._dsn = dsn
        self._patience = patience
        self._stopping = stopping
        self._options = f"-c statement_timeout={statement_timeout_ms} {OPTIONS}"
        self._connection: psycopg.Connection | None = None
        self._nuisance = Nuisance(_LOG)

    def run(self, work: Callable[[psycopg.Connection], T]) -> T:
        """Return what `work` returns after its transaction is committed."""

        def whole(connection: psycopg.Connection) -> T:
            with connection.transaction():
                return work(connection)

        return self.read(whole)

    def read(self, work: Callable[[psycopg.Connection], T]) -> T:
        """Return what `work` returns, without a transaction around it: for single queries."""
        deadline = None if self._patience is None else time.monotonic() + self._patience
        self.in_doubt, tries = False, 0
        ending: float | None = None
        while True:
            try:
                with WAITS.of(self._name):
                    return work(self._open())
            except psycopg.Error as error:
                if not passing(error):
                    raise
                self.in_doubt = True
                now = time.monotonic()
                if ending is None and self._stopping():
                    ending = now + LAST  # a commit whose answer was lost is still looked up
                self.close()
                if any(end is not None and now >= end for end in (deadline, ending)):
                    raise Trouble(f"the database does not answer: {one_line(error)}") from error
                if self._patience is None or self._patience > BRIEF:
                    self._nuisance(f"{self._name}: database: {one_line(error)}; retrying")
            time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def close(self) -> None:
        """Let go of the connection; the next `run` makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._dsn,
                autocommit=True,
                options=self._options,
                application_name=self._name,
                **DEAD_PEER,
            )
        return self._connection


def passing(error: psycopg.Error) -> bool:
    """Return whether the same transaction may succeed when tried again."""
    state = error.sqlstate
    if state is None:
        # No state: the connection itself failed, except for what psycopg refuses on its own.
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state in {"40001", "40P01", "55P03"} or state[:2] in {"08", "53"} or state[:4] == "57P0"
