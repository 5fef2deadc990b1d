"""How the fold's questions are put to the database: the reading that they have in common.

Enters: conditions and parameters of ours. Leaves: rows of the domain. What a batch in flight may
still write is waited for where a question depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.session import Session
from flows.domain.days import Day
from flows.domain.decode.canonical import decode
from flows.domain.episodes import ActionRow, EpisodeRow
from flows.domain.events import Event
from flows.domain.fixed import fixed
from flows.domain.rejects import Reject
from flows.domain.rows import Key, LineRow, Row, StockRow, TransferRow
from flows.store.alerts import ACTION, EPISODE, action_of, episode_of
from flows.store.arrays import columns
from flows.store.records import LEG, Record, leg_of, line_of
from flows.store.statements import TIMES
from flows.store.windows import DAY, day_of, iso

MINE = "(SELECT warehouse FROM inventory.partitions WHERE log_partition = %s)"


class Asking:
    """Reads for one partition; `settled` waits until every batch handed over is committed."""

    def __init__(self, partition: int, session: Session, settled: Callable[[], None]) -> None:
        """Connect to nothing yet."""
        self._partition = partition
        self._session = session
        self._settled = settled

    def _bins(self, mine: tuple[int]) -> list[Record]:
        return self._rows(
            "SELECT warehouse, bin, max_weight, occurred_at, device_seq, event_id"
            f" FROM inventory.bin_places WHERE event_id IS NOT NULL AND warehouse IN {MINE}",
            mine,
        )

    def _episodes(self, condition: str, parameters: Collection[Any]) -> list[EpisodeRow]:
        rows = self._tuples(
            f"SELECT {EPISODE} FROM inventory.alert_state WHERE {condition}", parameters
        )
        return [episode_of(row) for row in rows]

    def _actions(self, condition: str, parameters: Collection[Any]) -> list[ActionRow]:
        rows = self._tuples(f"SELECT {ACTION} FROM inventory.actions WHERE {condition}", parameters)
        return [action_of(row) for row in rows]

    def _last_days(self, stock: Iterable[StockRow]) -> list[tuple[Key, Day]]:
        """Return the last day of each account: one query a chunk of the table, not all in each."""
        months: dict[int, list[tuple[str, str, int]]] = {}
        for row in stock:
            if row.day is not None:
                months.setdefault(row.day // 30, []).append((row.warehouse, row.sku, row.day))
        found = []
        for keys in months.values():
            days = [day for *_, day in keys]
            found += self._tuples(
                f"SELECT warehouse, sku, {DAY} FROM inventory.stock_daily"
                " WHERE day BETWEEN %s AND %s AND (warehouse, sku, day) IN"
                " (SELECT * FROM unnest(%s::text[], %s::text[], %s::date[]))",
                (iso(min(days)), iso(max(days)), *columns((w, s, iso(day)) for w, s, day in keys)),
            )
        return [(Key(warehouse, sku), day_of(day)) for warehouse, sku, *day in found]

    def _found(self, condition: str, parameters: tuple[Any, ...]) -> list[Key]:
        self._settled()
        rows = self._tuples(
            "SELECT s.warehouse, s.sku FROM inventory.stock_figures AS s"
            f" WHERE {condition} AND s.warehouse IN {MINE} ORDER BY 1, 2",
            (*parameters, self._partition),
        )
        return [Key(*row) for row in rows]

    def _legs(self, condition: str, parameters: tuple[Any, ...]) -> list[Row]:
        self._settled()
        rows = self._rows(f"SELECT {LEG} FROM inventory.movements WHERE {condition}", parameters)
        return [leg_of(row) for row in rows]

    def _journal(self, condition: str, parameters: tuple[Any, ...]) -> list[Event]:
        self._settled()
        return self._entries(condition, parameters)

    def _images(self, kind: str, skus: Collection[str]) -> list[Event]:
        return self._entries(f"type = '{kind}' AND sku = ANY(%s::text[])", (list(skus),))

    def _entries(self, condition: str, parameters: tuple[Any, ...]) -> list[Event]:
        rows = self._tuples(
            f"SELECT body::text FROM inventory.journal WHERE {condition} AND log_partition = %s",
            (*parameters, self._partition),
        )
        events = (event for (body,) in rows for event in decode(body.encode()))
        return [event for event in events if not isinstance(event, Reject)]

    def _lines(self, table: str, condition: str, parameters: Collection[Any]) -> list[LineRow]:
        word, more = ("shipped", "NULL") if table == "orders" else ("received", "counterpart")
        times = "" if table == "orders" else f", {', '.join(TIMES)}"
        rows = self._tuples(
            f"SELECT warehouse, order_id, line_id, sku, ordered, {word}, {word}_reported,"
            f" {word}_scanned, cancelled, state, version, due_at, document, {more}, occurred_at,"
            f" event_id{times} FROM inventory.{table} WHERE {condition}",
            parameters,
        )
        return [line_of(row) for row in rows]

    def _transfers(self, condition: str, parameters: Collection[Any]) -> list[TransferRow]:
        rows = self._tuples(
            'SELECT document, sku, "from", "to", shipped, received, lost, due_at, shipped_at,'
            f" received_at FROM inventory.transfers WHERE {condition}",
            parameters,
        )
        return [TransferRow(*row[:4], *map(fixed, row[4:7]), *row[7:]) for row in rows]

    def _rows(self, query: str, parameters: Collection[Any]) -> list[Record]:
        def ask(connection: psycopg.Connection) -> list[Record]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query, tuple(parameters)).fetchall()

        return self._session.read(ask)

    def _tuples(self, query: str, parameters: Collection[Any]) -> list[tuple[Any, ...]]:
        return self._session.read(
            lambda connection: connection.execute(query, tuple(parameters)).fetchall()
        )
