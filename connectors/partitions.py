"""Which partition of the log a warehouse is on: given at first sight, never changed.

Enters: warehouse names. Leaves: partition numbers, the same in every process, from the table
`inventory.partitions`; a new warehouse gets the emptiest partition, the lowest on ties (a hash
would put eight warehouses unevenly on eight partitions). Fails as `Session` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import psycopg

_LOCK = 0x7761746572  # "water": only this table's writers take it
_FREE = """
SELECT p FROM generate_series(0, %s - 1) AS p
LEFT JOIN inventory.partitions ON log_partition = p
GROUP BY p ORDER BY count(warehouse), p LIMIT 1
"""


class LogPartitions:
    """A cache over the table; only a name it has not seen costs a transaction."""

    def __init__(
        self,
        dsn: str,
        count: int,
        *,
        patience: float | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Connect to nothing yet; `count` is the log's number of partitions."""
        self.count = count
        self._known: dict[str, int] = {}
        self._session = Session(dsn, patience=patience, stopping=stopping)

    def of(self, warehouse: str) -> int:
        """Return the warehouse's partition, giving it one if it has none."""
        known = self._known.get(warehouse)
        return self.of_many((warehouse,))[warehouse] if known is None else known

    def claim(self, warehouse: str, partition: int) -> int:
        """Return the warehouse's partition, giving it `partition` if it has none."""

        def work(connection: psycopg.Connection) -> dict[str, int]:
            connection.execute(
                "INSERT INTO inventory.partitions (warehouse, log_partition) VALUES (%s, %s)"
                " ON CONFLICT (warehouse) DO NOTHING",
                (warehouse, partition),
            )
            return _all(connection)

        if warehouse not in self._known:
            self._known.update(self._session.run(work))
        return self._known[warehouse]

    def of_many(self, warehouses: Iterable[str]) -> dict[str, int]:
        """Return warehouse → partition for all of them, in at most one transaction."""
        wanted = dict.fromkeys(warehouses)
        new = [name for name in wanted if name not in self._known]
        if new:
            self._known.update(self._session.run(lambda connection: self._give(connection, new)))
        return {name: self._known[name] for name in wanted}

    def all(self) -> dict[str, int]:
        """Return warehouse → partition of every warehouse that has one."""
        self._known.update(self._session.run(_all))
        return dict(self._known)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _give(self, connection: psycopg.Connection, new: list[str]) -> dict[str, int]:
        known = _all(connection)
        missing = [name for name in new if name not in known]
        if missing:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            known = _all(connection)  # another process may have been first
        for name in missing:
            if name not in known:
                known[name] = self._insert(connection, name)
        return known

    def _insert(self, connection: psycopg.Connection, name: str) -> int:
        row = connection.execute(
            f"INSERT INTO inventory.partitions (warehouse, log_partition) "  # noqa: S608 - constant
            f"SELECT %s, free.p FROM ({_FREE}) AS free RETURNING log_partition",
            (name, self.count),
        ).fetchone()
        return int(row[0]) if row else 0


def _all(connection: psycopg.Connection) -> dict[str, int]:
    rows = connection.execute("SELECT warehouse, log_partition FROM inventory.partitions")
    return {str(name): int(partition) for name, partition in rows}
