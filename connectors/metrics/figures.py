"""What is sampled: rows about the log, intake, lag, devices and invariants; ends of the topics.

Enters: a DSN and the folder of queries; brokers and topics. Leaves: rows, as the queries name them.
May fail: psycopg's errors, Trouble, each within about two seconds. A table that an older
schema does not have yet gives no rows. The session is read-only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from confluent_kafka import KafkaException
from psycopg.conninfo import make_conninfo

from connectors.queries import Queries, Row
from connectors.trouble import Trouble
from connectors.watermarks import ends

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECONDS = 2
Place = tuple[str, int]
"""Topic with prefix, partition."""
_LATER = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn,
          psycopg.errors.InsufficientPrivilege)  # fmt: skip


@dataclass
class Figures:
    """One look at the database."""

    log: list[Row] = field(default_factory=list)
    intake: list[Row] = field(default_factory=list)
    lag: list[Row] = field(default_factory=list)
    devices: list[Row] = field(default_factory=list)
    invariants: list[Row] = field(default_factory=list)


class Database:
    """Looks at the database over one connection, made anew when it was lost."""

    def __init__(self, dsn: str, folder: Path, name: str = "waterline metrics") -> None:
        """Connect to nothing yet; `name` is seen in pg_stat_activity."""
        self._dsn, self._folder, self._name = dsn, folder, name
        self._queries: Queries | None = None

    def read(self) -> Figures:
        """Return the figures of now."""
        try:
            return self._look()
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._queries is not None:
            self._queries.connection.close()
            self._queries = None

    def _look(self) -> Figures:
        if self._queries is None:
            dsn = make_conninfo(self._dsn, application_name=self._name, connect_timeout=SECONDS)
            self._queries = Queries(self._folder, dsn, SECONDS)
        return Figures(
            self._rows("progress"),
            self._rows("intake_progress"),
            self._rows("lag_last_minute"),
            self._rows("devices_with_holes"),
            self._rows("invariants"),
        )

    def _rows(self, name: str) -> list[Row]:
        assert self._queries is not None  # noqa: S101 - `_look` has just made it
        try:
            return self._queries.rows(name)
        except (*_LATER, FileNotFoundError):
            return []


class Broker:
    """Looks where the partitions of topics end."""

    def __init__(self, brokers: str, topics: Sequence[str]) -> None:
        """Connect to nothing yet."""
        self._brokers, self._topics = brokers, topics

    def read(self) -> dict[Place, int]:
        """Return the end of every partition."""
        try:
            return ends(self._brokers, self._topics, SECONDS)
        except KafkaException as error:
            raise Trouble(error.args[0].str()) from error


class Backlog:
    """For how long each partition has had messages waiting without one commit."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self._seen: dict[Place, tuple[int, float]] = {}
        self.stuck: dict[Place, float] = {}
        """Seconds, of the partitions that had something waiting at the last look."""

    def note(self, offsets: dict[Place, int], last: dict[Place, int]) -> None:
        """Compare one look at offsets and ends with those before."""
        now = time.monotonic()
        stuck: dict[Place, float] = {}
        for place, end in last.items():
            offset = offsets.get(place, 0)
            before, since = self._seen.get(place, (-1, now))
            if offset != before or offset >= end:
                since = now
            else:
                stuck[place] = now - since
            self._seen[place] = (offset, since)
        self.stuck = stuck


def offsets_of(figures: Figures, prefix: str) -> dict[Place, int]:
    """Return place → next offset of all that is in the figures."""
    log = {(_full(row["topic"], prefix), row["log_partition"]): row for row in figures.log}
    intake = {(_full(row["topic"], prefix), row["partition"]): row for row in figures.intake}
    return {place: int(row["next_offset"] or 0) for place, row in {**intake, **log}.items()}


def _full(topic: str, prefix: str) -> str:
    return topic if topic.startswith(prefix) else prefix + topic
