"""The fold's questions, answered from the database.

Accounts, orders, items and policies that are not in memory were not touched by a batch that is
still on its way (what was touched last is forgotten last), so they are read at once. Whatever
depends on rows that a batch in flight may write (history, finds, due-lists) waits for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from connectors.session import Session
from connectors.timescale import array
from flows.domain.days import Booked, Day, Posted
from flows.domain.events import Bin, Event, Item, Policy, Warehouse
from flows.domain.fixed import cost_units, fixed, unscaled
from flows.domain.recall import AccountRows, Start
from flows.domain.rows import (
    BlockKey,
    CancelRow,
    Counters,
    CountRow,
    DeviceRow,
    IdRun,
    Key,
    LineRow,
    Row,
    TransferKey,
    TransferRow,
)
from flows.domain.windows import Sums
from flows.store.arrays import columns
from flows.store.asking import MINE, Asking
from flows.store.records import CELL, LOT, STOCK, cell_of, count_of, lot_of, stock_of
from flows.store.windows import (
    DAY,
    MOMENT_PLACES,
    day_of,
)

_KEYS = "(SELECT * FROM unnest(%s::text[], %s::text[]))"
_WAITING = "state = 'open' AND ordered > received + cancelled"
_OPEN = "state <> 'resolved'"
_KIND_KEYS = {
    "order_line": "warehouse = %s AND key = %s AND line_id = %s",
    "purchase_line": "warehouse = %s AND key = %s AND line_id = %s",
    "policy": "warehouse = %s AND key = %s AND sku = %s",
    "item": "sku = %s",
    "bin": "warehouse = %s AND key = %s",
    "warehouse": "warehouse = %s",
}


class DatabaseRecall(Asking):
    """Answers for one partition; `settled` waits until every batch handed over is committed."""

    def __init__(
        self,
        partition: int,
        session: Session,
        settled: Callable[[], None],
        standing: tuple[int, datetime | None, Counters],
    ) -> None:
        """`standing` is the checkpoint that was found when the partition was claimed."""
        super().__init__(partition, session, settled)
        self._standing = standing

    def start(self) -> Start:
        """See Recall."""
        mine = (self._partition,)
        next_offset, clock_at, counters = self._standing
        warehouses = self._rows(
            "SELECT warehouse, name, name_zh, region, timezone, occurred_at, device_seq, event_id"
            f" FROM inventory.warehouses WHERE known AND warehouse IN {MINE}",
            mine,
        )
        cancels = self._rows(
            "SELECT cancel_id, target_id, occurred_at AS at, log_offset AS offset"
            " FROM inventory.cancels WHERE log_partition = %s",
            mine,
        )
        runs = self._rows(
            "SELECT run, ids, prints, times, newest, count FROM inventory.event_ids"
            " WHERE log_partition = %s ORDER BY run",
            mine,
        )
        return Start(
            next_offset,
            clock_at,
            counters,
            [Warehouse(**row) for row in warehouses],
            list(self.policies([""])),
            [CancelRow(**row) for row in cancels],
            [IdRun(**row) for row in runs],
            [name for (name,) in self._tuples(MINE[1:-1], mine)],
            [Bin(**row) for row in self._bins(mine)],
            self._episodes(f"sku = '' AND log_partition = %s AND {_OPEN}", mine),
        )

    def accounts(self, keys: Collection[Key]) -> AccountRows:
        """See Recall."""

        def of(columns: str, table: str) -> list[tuple[Any, ...]]:
            query = f"SELECT {columns} FROM inventory.{table} WHERE (warehouse, sku) IN {_KEYS}"
            return self._tuples(query, arrays)

        arrays = _columns(keys)
        stock = [stock_of(row) for row in of(STOCK, "stock_figures")]
        if not stock:
            return AccountRows()
        arrays = _columns([(row.warehouse, row.sku) for row in stock])
        return AccountRows(
            stock,
            [cell_of(row) for row in of(CELL, "stock_bins")],
            [lot_of(row) for row in of(LOT, "lot_dates")],
            self._lines("purchases", f"{_WAITING} AND (warehouse, sku) IN {_KEYS}", arrays),
            self._transfers(f'shipped <> received + lost AND ("to", sku) IN {_KEYS}', arrays),
            self._last_days(stock),
            self._episodes(f"(warehouse, sku) IN {_KEYS} AND {_OPEN}", arrays),
            self._actions(f"(warehouse, sku) IN {_KEYS} AND standing", arrays),
        )

    def arriving(self, keys: Collection[TransferKey]) -> Iterable[TransferRow]:
        """See Recall."""
        return self._transfers(
            '(document, sku, "from", "to") IN'
            " (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]))",
            columns(keys),
        )

    def orders(self, table: str, keys: Collection[tuple[str, str]]) -> Iterable[LineRow]:
        """See Recall."""
        return self._lines(table, f"(warehouse, order_id) IN {_KEYS}", _columns(keys))

    def items(self, skus: Collection[str]) -> Iterable[Item]:
        """See Recall."""
        return [event for event in self._images("item", skus) if isinstance(event, Item)]

    def policies(self, skus: Collection[str]) -> Iterable[Policy]:
        """See Recall."""
        return [event for event in self._images("policy", skus) if isinstance(event, Policy)]

    def devices(self, names: Collection[str]) -> Iterable[DeviceRow]:
        """See Recall."""
        self._settled()
        rows = self._tuples(
            "SELECT device, warehouse, last_seq, recorded, open_blocks, reused, unrecorded,"
            " last_seen_at, clock_offset_ms"
            " FROM inventory.device_sequences"
            " WHERE log_partition = %s AND device = ANY(%s::text[])",
            (self._partition, list(names)),
        )
        return [DeviceRow(*row) for row in rows]

    def blocks(self, keys: Collection[BlockKey]) -> dict[BlockKey, int]:
        """See Recall."""
        self._settled()
        devices, spans, firsts = zip(*keys, strict=True)
        rows = self._tuples(
            "SELECT device, span, first_seq, bits::text FROM inventory.device_blocks"
            " WHERE log_partition = %s AND (device, span, first_seq) IN"
            " (SELECT * FROM unnest(%s::text[], %s::integer[], %s::bigint[]))",
            (self._partition, list(devices), list(spans), list(firsts)),
        )
        return {BlockKey(*key): int(bits, 2) for *key, bits in rows}

    def counts(self, key: Key) -> list[CountRow]:
        """See Recall."""
        self._settled()
        rows = self._rows(
            "SELECT occurred_at AS at, device_seq AS seq, event_id, warehouse, sku, scope, bin,"
            " lines, document, operator, device, video_url, cancelled FROM inventory.counts"
            " WHERE warehouse = %s AND sku = %s AND NOT cancelled",
            key,
        )
        return [count_of(row) for row in rows]

    def rows(self, key: Key, since: datetime) -> list[Row]:
        """See Recall."""
        return self._legs("warehouse = %s AND sku = %s AND occurred_at >= %s", (*key, since))

    def receipts(self, key: Key, order_id: str) -> list[Row]:
        """See Recall."""
        return self._legs(
            "warehouse = %s AND sku = %s AND order_id = %s AND type = 'inbound'", (*key, order_id)
        )

    def find(self, event_id: str, at: datetime) -> tuple[list[Row], list[Event]]:
        """See Recall."""
        legs = self._legs(
            "occurred_at = %s AND event_id = %s AND log_partition = %s",
            (at, event_id, self._partition),
        )
        if any(not leg.variance for leg in legs):  # a movement: the journal has no more of it
            return legs, []
        return legs, self._journal("occurred_at = %s AND event_id = %s", (at, event_id))

    def count_rows(self, key: Key, at: datetime, event_id: str) -> list[Row]:
        """See Recall."""
        return self._legs(
            "warehouse = %s AND sku = %s AND occurred_at = %s AND event_id = %s",
            (*key, at, event_id),
        )

    def images(self, kind: str, key: tuple[str, ...]) -> list[Event]:
        """See Recall."""
        return self._journal(f"type = %s AND {_KIND_KEYS[kind]}", (kind, *key))

    def statements(self, key: Key, lot: str) -> list[Row | Event]:
        """See Recall."""
        legs = self._legs("warehouse = %s AND sku = %s AND lot = %s", (*key, lot))
        counts = self._journal(
            "type = 'stocktake' AND warehouse = %s AND sku = %s"
            " AND coalesce(body ->> 'lot', '') = %s",
            (*key, lot),
        )
        return [*legs, *counts]

    def shipments(self, document: str, sku: str) -> tuple[list[Row], list[Event]]:
        """See Recall."""
        legs = self._legs(
            "document IS NOT DISTINCT FROM %s AND sku = %s AND log_partition = %s"
            " AND type IN ('transfer_out', 'transfer_in')",
            (document or None, sku, self._partition),
        )
        entries = self._journal(
            "type IN ('transfer_out', 'scrap') AND sku = %s AND coalesce(body ->> 'document', '')"
            " = %s",
            (sku, document),
        )
        return legs, entries

    def keys(self, warehouse: str, category: str, sku: str) -> list[Key]:
        """See Recall."""
        return self._found(
            "(%s = '' OR s.warehouse = %s) AND (%s = '' OR s.sku = %s) AND (%s = '' OR s.sku IN"
            " (SELECT sku FROM inventory.journal WHERE type = 'item' AND log_partition = %s"
            " AND body ->> 'category' = %s))",
            (warehouse, warehouse, sku, sku, category, self._partition, category),
        )

    def holders(self, skus: Collection[str]) -> list[Key]:
        """See Recall."""
        rows = self._tuples(
            "SELECT warehouse, sku FROM inventory.stock_figures WHERE sku = ANY(%s::text[])"
            f" AND warehouse IN {MINE}",
            (list(skus), self._partition),
        )
        return [Key(*row) for row in rows]

    def days(self, keys: Collection[Key]) -> dict[Key, list[Day]]:
        """See Recall."""
        self._settled()
        rows = self._tuples(
            f"SELECT warehouse, sku, {DAY} FROM inventory.stock_daily"
            f" WHERE (warehouse, sku) IN {_KEYS} ORDER BY warehouse, sku, day",
            _columns(keys),
        )
        found: dict[Key, list[Day]] = {}
        for warehouse, sku, *day in rows:
            found.setdefault(Key(warehouse, sku), []).append(day_of(day))
        return found

    def ledger(self, since: Mapping[Key, datetime]) -> Mapping[Key, Sequence[Posted]]:
        """See Recall."""
        self._settled()
        rows = self._tuples(
            "SELECT m.warehouse, m.sku, m.occurred_at, m.event_id, m.type, m.quantity,"
            " m.correction, m.unit_cost"
            " FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS k (warehouse, sku, since)"
            " JOIN inventory.movements AS m ON m.sku = k.sku AND m.warehouse = k.warehouse"
            " AND m.occurred_at >= k.since WHERE m.occurred_at >= %s",
            (*_columns(since), list(since.values()), min(since.values())),
        )
        found: dict[Key, list[Booked]] = {}
        for warehouse, sku, at, event_id, kind, quantity, correction, cost in rows:
            found.setdefault(Key(warehouse, sku), []).append(
                Booked(at, event_id, kind, fixed(quantity), correction, cost_units(cost))
            )
        return found

    def moved_days(self, warehouse: str, first: int, last: int) -> Iterable[tuple[str, int, Sums]]:
        """See Recall."""
        self._settled()
        rows = self._tuples(
            "SELECT sku, day, closing - opening, moment, issues FROM inventory.stock_daily"
            " WHERE warehouse = %s AND day BETWEEN %s AND %s",
            (warehouse, date.fromordinal(first), date.fromordinal(last)),
        )
        for sku, day, net, moment, issues in rows:
            sums = Sums(fixed(net), unscaled(moment, MOMENT_PLACES), fixed(issues))
            yield sku, day.toordinal(), sums

    def due(self, clock: datetime) -> list[Key]:
        """See Recall."""
        return self._found("(s.next_change_at <= %s OR s.review_at <= %s)", (clock, clock))

    def idle(self, warehouse: str, first: int, last: int) -> list[Key]:
        """See Recall."""
        days = (date.fromordinal(max(first, 1)), date.fromordinal(max(last, 1)))
        return self._found(
            "s.warehouse = %s AND s.on_hand > 0"
            " AND coalesce(s.issued_on, s.first_on) BETWEEN %s AND %s",
            (warehouse, *days),
        )

    def bin_stock(self, keys: Collection[tuple[str, str]]) -> Iterable[tuple[str, str, str, int]]:
        """See Recall."""
        self._settled()
        rows = self._tuples(
            "SELECT warehouse, bin, sku, sum(quantity) FROM inventory.stock_bins"
            f" WHERE (warehouse, bin) IN {_KEYS} GROUP BY warehouse, bin, sku",
            _columns(keys),
        )
        return [(warehouse, name, sku, fixed(held)) for warehouse, name, sku, held in rows]

    def owner(self, name: str) -> tuple[str, str, str] | None:
        """See Recall."""
        self._settled()
        rows = self._tuples(
            "SELECT warehouse, sku, '' FROM inventory.actions WHERE action_id = %s UNION ALL"
            " SELECT warehouse, sku, bin FROM inventory.alert_state WHERE alert_id = %s",
            (name, name),
        )
        return rows[0] if rows else None


def _columns(keys: Collection[tuple[str, str]]) -> tuple[str, str]:
    return array([key[0] for key in keys]), array([key[1] for key in keys])
