"""The transactional side of one log partition: claim, fence, COPY, commit, retry.

Guarantee: what `Checkpoint.commit` is given is committed exactly once together with the offset of
its partition, or an error is raised and nothing of it is visible. A writer that is no longer the
owner is fenced: its transaction finds another generation and ends. The unit of parallelism is the
partition: one plain connection each. A cut connection, a deadlock or a serialization failure means
the same batch again; a commit whose answer was lost is looked up, never repeated blindly.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import psycopg

from connectors.session import Session
from connectors.trouble import STOPPED, Trouble, one_line

NULL = "\x02"
"""What stands for NULL in COPY text; the decoders refuse control characters of that kind."""
PATIENCE = 600.0
"""Seconds for which a batch is tried again before the process ends and is started anew."""
_LOG = logging.getLogger("waterline.postgres")

_CLAIM = """
INSERT INTO inventory.offsets AS o (log_partition, topic, topic_id, generation, owner)
SELECT p, %(topic)s, %(topic_id)s, 1, %(owner)s
FROM unnest(%(partitions)s::int[]) AS p ORDER BY p
ON CONFLICT (log_partition) DO UPDATE
SET generation = o.generation + 1, owner = excluded.owner,
    topic_id = coalesce(o.topic_id, excluded.topic_id)
RETURNING topic, topic_id, log_partition, generation, next_offset, clock_at,
    consumed, applied, repeats, rejects
"""
_ADVANCE = """
UPDATE inventory.offsets
SET next_offset = %(next)s, clock_at = %(clock_at)s, consumed = %(consumed)s,
    applied = %(applied)s, repeats = %(repeats)s, rejects = %(rejects)s, updated_at = now()
WHERE log_partition = %(partition)s AND next_offset = %(expected)s AND generation = %(generation)s
"""
_FREE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = ANY(%s) AND pid <> pg_backend_pid()
"""
_STANDING = "SELECT generation, next_offset FROM inventory.offsets WHERE log_partition = %s"


class Fenced(Trouble):
    """Another process owns the partition now."""

    def __init__(self, partition: int) -> None:
        """Say which partition it was."""
        super().__init__(
            f"partition {partition} of the log was taken over by another stock flow: "
            "this one ends, nothing of it was written",
            STOPPED,
        )


class Standing(NamedTuple):
    """A partition's checkpoint as found by its new owner."""

    generation: int
    next_offset: int
    clock_at: Any
    consumed: int
    applied: int
    repeats: int
    rejects: int


def session(dsn: str, name: str, stopping: Callable[[], bool]) -> Session:
    """Return a session with the patience of a writer; `name` is seen in pg_stat_activity."""
    return Session(
        dsn, patience=PATIENCE, stopping=stopping, statement_timeout_ms=120_000, name=name
    )


def claim(
    dsn: str,
    topic: str,
    partitions: Iterable[int],
    owner: str,
    stopping: Callable[[], bool],
    *,
    topic_id: str | None = None,
) -> dict[int, Standing]:
    """Take partitions over, all or none: a flow that froze half-way must not wake with some.

    A transaction of the former owner is given two seconds to end, then it is ended: that owner is
    frozen or about to be fenced, and what it did not commit will be done again.
    """
    wanted = sorted(partitions)
    values = {"partitions": wanted, "topic": topic, "topic_id": topic_id, "owner": owner}
    names = [f"waterline stock {partition}" for partition in wanted]

    def work(connection: psycopg.Connection) -> dict[int, Standing]:
        if claiming.in_doubt:
            connection.execute(_FREE, (names,))
        connection.execute("SET LOCAL lock_timeout = '2s'")
        rows = connection.execute(_CLAIM, values).fetchall()
        for known, known_id, partition, *_ in rows:
            if known == topic and topic_id not in {None, known_id}:
                raise Trouble(
                    f"the log {topic} was deleted and made anew since the tables were folded from "
                    f"it (partition {partition}): a new log needs a new database",
                    STOPPED,
                )
            if known != topic:
                raise Trouble(
                    f"the tables of partition {partition} were folded from the log {known}, not "
                    f"from {topic}: each installation needs a database of its own",
                    STOPPED,
                )
        return {partition: Standing(*standing) for _, _, partition, *standing in rows}

    claiming = session(dsn, "waterline claim", stopping)
    try:
        return claiming.run(work)
    finally:
        claiming.close()


class Watch:
    """Looks twice a second whether other processes took partitions over, idle ones included."""

    def __init__(self, dsn: str, failed: Callable[[Exception], None], every: float = 0.5) -> None:
        """`failed` is called, once, with `Fenced`."""
        self._failed, self._every = failed, every
        self._generations: dict[int, int] = {}
        self._closed = threading.Event()
        self._session = Session(dsn, stopping=self._closed.is_set, name="waterline watch")
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def expect(self, partition: int, generation: int) -> None:
        """Look after a partition that this process owns."""
        self._generations[partition] = generation
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        try:
            while not self._closed.wait(self._every):
                lost = self._session.read(self._lost)
                if lost is not None:
                    self._failed(Fenced(lost))
                    return
        except (psycopg.Error, Trouble) as error:  # the writers say when the database is away
            _LOG.info("watch: %s", one_line(error))
        finally:
            self._session.close()

    def _lost(self, connection: psycopg.Connection) -> int | None:
        rows = connection.execute("SELECT log_partition, generation FROM inventory.offsets")
        for partition, generation in rows:
            if self._generations.get(partition, generation) != generation:
                return int(partition)
        return None


class Checkpoint:
    """The offset row of one partition and the connection that moves it."""

    def __init__(
        self, dsn: str, partition: int, standing: Standing, stopping: Callable[[], bool]
    ) -> None:
        """Connect to nothing yet; after `stopping()` a batch is not tried again for long."""
        self._partition = partition
        self._session = session(dsn, f"waterline stock {partition}", stopping)
        self._generation = standing.generation
        self._next_offset = standing.next_offset

    def commit(
        self, next_offset: int, values: dict[str, Any], write: Callable[[psycopg.Cursor], None]
    ) -> None:
        """Commit what `write` does and the new offset, once; `values` are clock and counters."""
        parameters = {
            **values,
            "next": next_offset,
            "expected": self._next_offset,
            "partition": self._partition,
            "generation": self._generation,
        }

        def work(connection: psycopg.Connection) -> None:
            if self._session.in_doubt and self._done(connection, next_offset):
                return
            with connection.cursor() as cursor:
                cursor.execute(_ADVANCE, parameters)
                if cursor.rowcount != 1:
                    # The lost try may have held the row until now, and have committed after all.
                    if self._done(connection, next_offset):
                        return
                    raise Fenced(self._partition)
                write(cursor)

        self._session.run(work)
        self._next_offset = next_offset

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _done(self, connection: psycopg.Connection, next_offset: int) -> bool:
        """Tell whether a commit whose answer was lost has happened."""
        row = connection.execute(_STANDING, (self._partition,)).fetchone()
        return row is not None and row == (self._generation, next_offset)


def copy_rows(
    cursor: psycopg.Cursor, table: str, columns: str, rows: Iterable[Sequence[str]]
) -> None:
    """COPY rows of texts (NULL is `NULL`) into a table of schema inventory."""
    text = "".join([line(row) for row in rows])
    if not text:
        return
    statement = f"COPY inventory.{table} ({columns}) FROM STDIN (NULL '{NULL}')"
    with cursor.copy(statement) as copy:
        copy.write(text.encode())


def line(row: Sequence[str]) -> str:
    """Return one line of COPY text; what COPY would misread is escaped."""
    plain = "\t".join(row)
    if "\\" in plain or "\n" in plain or "\r" in plain or plain.count("\t") != len(row) - 1:
        plain = "\t".join([escaped(value) for value in row])
    return plain + "\n"


def escaped(value: str) -> str:
    """Return a value with COPY's special characters escaped."""
    return (
        value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    )


def array(values: Sequence[Any]) -> str:
    """Return values of one column as an array literal.

    psycopg adapts lists element by element; measured, that costs 30 times as much.
    """
    first = next((value for value in values if value is not None), None)
    if isinstance(first, str):
        return _texts(values)
    if isinstance(first, date):
        parts = ["NULL" if value is None else value.isoformat() for value in values]
    elif isinstance(first, bool):
        parts = ["NULL" if value is None else "t" if value else "f" for value in values]
    else:
        parts = ["NULL" if value is None else str(value) for value in values]
    return "{" + ",".join(parts) + "}"


def _texts(values: Sequence[str | None]) -> str:
    if None not in values:
        joined = NULL.join(values)  # type: ignore[arg-type]
        if joined.count(NULL) == len(values) - 1:
            quoted = joined.replace("\\", "\\\\").replace('"', '\\"')
            return '{"' + quoted.replace(NULL, '","') + '"}'
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
