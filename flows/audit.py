"""Fold the whole log again with the same pure code and compare with every live table.

Enters: the log up to the offsets that one snapshot of the database holds, and that snapshot.
Leaves: the differences, key by key. What is compared is what a fold decides; what depends on the
clock or on how the log was cut into batches (commit times, stock_history, lag) is not. With
`since` the fold goes on from a state that a clean audit saved (flows/audit_state.py), and the
tables are compared whole all the same. Fails with `Trouble` when the beginning of the log is gone
and no state holds it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from msgspec import Struct, field
from psycopg.types.json import set_json_loads
from xxhash import xxh3_128_hexdigest

from connectors.kafka import LOG, PartitionReader
from connectors.session import DEAD_PEER
from connectors.trouble import Trouble
from flows import audit_state
from flows.audit_state import Header, Mark, Reached, Unusable
from flows.audit_tables import TABLES, Table
from flows.audit_values import hashed, plain
from flows.domain.ledger import Ledger
from flows.domain.memory import MemoryStore
from flows.steps import Batch
from flows.stock import decode

if TYPE_CHECKING:
    from confluent_kafka import Message

    from flows.settings import Settings

NEVER_EVICT = 1 << 60
QUIET = 60.0
"""Seconds without a message after which the log is said to be unreadable."""
Progress = Callable[[int, int, int], None]
Values = tuple[Any, ...]
Since = datetime | Literal["last"]


class Difference(Struct):
    """One row that differs; None means that the side has no such row."""

    table: str
    key: Values
    columns: list[str]
    live: Values | None
    expected: Values | None


class Report(Struct):
    """What an audit found; `messages` of the log are covered, `folded` of them by this audit."""

    messages: int = 0
    folded: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    from_state: Header | None = None
    unused: tuple[datetime | None, str] | None = None
    """The newest state that was asked for and not used, and the sentence that says why."""
    saved: Path | None = None
    unsaved: str | None = None


class Base(Struct):
    """What a fold begins with: nothing, or the stores of a saved state."""

    header: Header | None = None
    stores: dict[int, MemoryStore] = field(default_factory=dict)

    def reached(self, partition: int) -> Reached:
        """Return how far a partition is folded."""
        return (self.header.reached if self.header else {}).get(partition, Reached())


def audit(
    settings: Settings,
    progress: Progress = lambda *_: None,
    keep: int = 100,
    *,
    since: Since | None = None,
    save: bool = False,
) -> Report:
    """Compare; `progress(partition, done, total)`; keep at most `keep` differences a table.

    With `save` the folded state is kept when all is the same.
    """
    report = Report()
    with (
        audit_state.no_collections(),
        psycopg.connect(settings.need_dsn(), **DEAD_PEER) as connection,
    ):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 0")
        ends = dict(connection.execute("SELECT log_partition, next_offset FROM inventory.offsets"))
        homes = dict(
            connection.execute("SELECT warehouse, log_partition FROM inventory.partitions")
        )
        header = _header(settings, connection, homes)
        base = Base() if since is None else _base(settings, header, ends, since, report)
        stores = []
        for partition, end in sorted(ends.items()):
            store, reached = refold(settings, partition, end, homes, base=base, progress=progress)
            header.reached[partition] = reached
            report.messages += store.counters.consumed
            stores.append(store)
        report.folded = report.messages - (base.header.messages if base.header else 0)
        for table in TABLES:
            compare(connection, table, stores, report, keep)
    if save and not report.differing and report.folded:
        _save(settings, header, stores, report)
    return report


def _header(settings: Settings, connection: psycopg.Connection, homes: dict[str, int]) -> Header:
    now = datetime.now(UTC)
    return Header(
        topic=settings.topic_prefix + LOG,
        database=_identity(connection),
        zone=settings.tz,
        code=audit_state.code(),
        taken_at=now,
        at=now,
        messages=0,
        homes=homes,
        reached={},
    )


def _identity(connection: psycopg.Connection) -> str:
    """Return the server's number, where one may ask for it, and the database's name."""
    may = connection.execute("SELECT has_function_privilege('pg_control_system()', 'execute')")
    server = "''"
    if (may.fetchone() or [False])[0]:
        server = "(SELECT system_identifier FROM pg_control_system())"
    row = connection.execute(f"SELECT {server} || '/' || current_database()").fetchone()
    return str(row and row[0])


def _base(
    settings: Settings, wanted: Header, ends: dict[int, int], since: Since, report: Report
) -> Base:
    """Return the newest state that is not later than `since` and can be used."""
    for path in audit_state.states(settings):
        at = None
        try:
            header = audit_state.look(path)
            if since != "last" and header.at > since:
                continue
            at = header.at
            audit_state.usable(
                header, topic=wanted.topic, database=wanted.database, zone=wanted.zone,
                ends=ends, homes=wanted.homes,
            )  # fmt: skip
            for partition, reached in header.reached.items():
                _recognise(settings, partition, reached)
            base = Base(header, audit_state.load(path))
        except Unusable as reason:
            report.unused = report.unused or (at, reason.sentence)
        else:
            report.from_state = header
            return base
    return Base()


def _recognise(settings: Settings, partition: int, reached: Reached) -> None:
    """Raise Unusable when the log has other messages now, or none that could be recognised."""
    known = [mark for mark in (reached.first, reached.last) if mark is not None]
    if not known:
        return
    low, high = _marks(settings, partition)
    there = [mark for mark in known if mark.offset >= low]
    if not there or high < reached.end:
        raise Unusable("audit.why_log")
    for mark in there:
        found = next(_messages(settings, partition, mark.offset, mark.offset + 1), None)
        if found is None or _mark(found[0]) != mark:
            raise Unusable("audit.why_log")


def _mark(message: Message) -> Mark:
    value = message.value()
    body = value.encode() if isinstance(value, str) else value or b""
    return Mark(message.offset() or 0, message.timestamp()[1], xxh3_128_hexdigest(body))


def _save(settings: Settings, header: Header, stores: list[MemoryStore], report: Report) -> None:
    header.messages = report.messages
    header.at = audit_state.moment(max(one.at for one in header.reached.values()))
    try:
        report.saved = audit_state.save(settings, header, stores)
    except OSError as error:  # an audit by somebody who may not write here is an audit, too
        report.unsaved = f"{error.filename or audit_state.folder(settings)}: {error.strerror}"


def refold(
    settings: Settings,
    partition: int,
    end: int,
    homes: dict[str, int],
    *,
    base: Base,
    progress: Progress,
) -> tuple[MemoryStore, Reached]:
    """Fold one partition of the log up to `end`, from its beginning or from where `base` ends."""
    store = base.stores.get(partition) or MemoryStore(partition, settings.tz)
    reached = base.reached(partition)
    ledger = Ledger(
        partition,
        store,
        settings.tz,
        lambda warehouse: homes.get(warehouse) == partition,
        accounts=NEVER_EVICT,
    )
    start = store.next_offset
    if start == 0:
        _need_beginning(settings, partition, end)
    for messages in _messages(settings, partition, start, end):
        for _, piece in decode(Batch("", partition, messages)):
            store.apply(ledger.fold(piece.messages))
        store.history.clear()  # what was shown when is not compared
        last = _mark(messages[-1])
        reached = Reached(end, last.at, reached.first or _mark(messages[0]), last)
        progress(partition, store.next_offset - start, end - start)
    return store, Reached(end, reached.at, reached.first, reached.last)


def _need_beginning(settings: Settings, partition: int, end: int) -> None:
    topic = settings.topic_prefix + LOG
    low = _marks(settings, partition)[0] if end else 0
    if low > 0:
        raise Trouble(
            f"the log {topic}/{partition} starts at offset {low}: its beginning is gone, "
            "so it cannot be folded from the start"
        )


def _marks(settings: Settings, partition: int) -> tuple[int, int]:
    """Return the first offset that the log holds and the one after its last."""
    topic = settings.topic_prefix + LOG
    reader = PartitionReader(settings.need_brokers(), topic, partition, 0)
    try:
        marks = reader.watermarks(timeout=10.0)
    finally:
        reader.close()
    if marks is None:
        raise Trouble(f"no broker answers for {topic}/{partition}")
    return marks


def _messages(settings: Settings, partition: int, start: int, end: int) -> Iterator[list[Message]]:
    """Yield the messages of a partition from `start` up to before `end`."""
    topic = settings.topic_prefix + LOG
    if start >= end:
        return
    reader = PartitionReader(settings.need_brokers(), topic, partition, start)
    try:
        heard = time.monotonic()
        while reader.position < end:
            messages = [m for m in reader.read() if (m.offset() or 0) < end]
            if messages:
                heard = time.monotonic()
                yield messages
            elif time.monotonic() - heard > QUIET:
                raise Trouble(f"the log {topic}/{partition} cannot be read past {reader.position}")
            else:
                time.sleep(0.005)
    finally:
        reader.close()


def compare(
    connection: psycopg.Connection,
    table: Table,
    stores: list[MemoryStore],
    report: Report,
    keep: int,
) -> None:
    """Compare one table as a multiset of (key, values); what retention let go is not expected."""
    gone = _gone(connection, table)
    expected: Counter[tuple[Values, Values]] = Counter()
    for key, values in table.expected(stores):
        if gone is None or not _aged(table, (*key, *values), gone):
            expected[key, values] += 1
    rows = 0
    extra: Counter[tuple[Values, Values]] = Counter()
    for key, values in _live(connection, table):
        rows += 1
        left = expected.get((key, values), 0)
        if left > 1:
            expected[key, values] = left - 1
        elif left:
            del expected[key, values]
        else:
            extra[key, values] += 1
    report.rows[table.name] = rows
    found = _differences(table, extra, expected)
    if found:
        report.differing[table.name] = len(found)
        report.differences += found[:keep]


def _gone(connection: psycopg.Connection, table: Table) -> datetime | None:
    """Return the instant before which rows are no longer kept."""
    row = connection.execute(
        "SELECT gone_before FROM inventory.retention WHERE relation = %s", (table.name,)
    ).fetchone()
    return None if row is None else row[0]


def _aged(table: Table, row: Values, gone: datetime) -> bool:
    if table.aged is None:
        return False
    at = row[table.aged]
    return bool(at < gone if isinstance(at, datetime) else at < gone.astimezone(UTC).date())


def _differences(
    table: Table,
    extra: Counter[tuple[Values, Values]],
    missing: Counter[tuple[Values, Values]],
) -> list[Difference]:
    wanted: dict[Values, list[Values]] = {}
    for key, values in missing.elements():
        wanted.setdefault(key, []).append(values)
    found = []
    for key, values in extra.elements():
        others = wanted.get(key)
        found.append(_difference(table, key, values, others.pop() if others else None))
    for key, left in wanted.items():
        found += [_difference(table, key, None, values) for values in left]
    return sorted(found, key=lambda difference: str(difference.key))


def _difference(
    table: Table, key: Values, live: Values | None, expected: Values | None
) -> Difference:
    return Difference(
        table.name,
        tuple(map(plain, key)),
        table.columns,
        None if live is None else tuple(map(plain, live)),
        None if expected is None else tuple(map(plain, expected)),
    )


def _live(connection: psycopg.Connection, table: Table) -> Iterable[tuple[Values, Values]]:
    columns = ", ".join(f'"{name}"' for name in (*table.key, *table.columns))
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
    query = f"SELECT {columns} FROM inventory.{table.name}{table.where}"
    with connection.cursor(name=f"audit_{table.name}") as cursor:
        cursor.itersize = 10_000
        cursor.execute(query)
        width = len(table.key)
        for row in cursor:
            values = hashed(row)
            yield values[:width], values[width:]
