"""A store in memory: the tables as dicts. It is what the audit folds the whole log into.

It answers the fold's questions from what it was given by `apply`, exactly as the database does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from operator import add
from typing import Any

from flows.domain.agenda import Agenda
from flows.domain.changes import Changes
from flows.domain.days import Day, Posted
from flows.domain.events import Bin, Event, Item, Movement, Policy, Stocktake, type_of
from flows.domain.master import image_key, order_of
from flows.domain.memory_alerts import AlertTables
from flows.domain.memory_lines import LineTable
from flows.domain.recall import AccountRows, Start
from flows.domain.rows import (
    BlockKey,
    CancelRow,
    CellRow,
    Counters,
    CountRow,
    DeviceRow,
    HistoryRow,
    IdRun,
    Key,
    LineRow,
    LotRow,
    MasterRow,
    PolicyRow,
    RejectRow,
    Row,
    StockRow,
    TransferKey,
    TransferRow,
)
from flows.domain.windows import Sums, sums_of


class MemoryStore:
    """The tables of one log partition."""

    def __init__(self, partition: int = 0, zone: str = "") -> None:
        """Start empty; `zone` is for warehouses that name none."""
        self.partition = partition
        self.zone = zone
        self.next_offset = 0
        self.clock_at: datetime | None = None
        self.counters = Counters()
        self.movements: dict[Key, list[Row]] = defaultdict(list)
        self.by_event: dict[str, list[Row]] = defaultdict(list)
        self.journal: dict[str, list[Event]] = defaultdict(list)
        self.images_by_key: dict[tuple[str, tuple[str, ...]], list[Event]] = defaultdict(list)
        self.policies_by_sku: dict[str, list[Policy]] = defaultdict(list)
        self.stated: dict[tuple[Key, str], list[Event]] = defaultdict(list)
        self.stock: dict[Key, StockRow] = {}
        self.agenda = Agenda()
        self.known_skus: set[str] = set()
        self.history: list[HistoryRow] = []
        self.cells: dict[Key, dict[tuple[str, str, str], CellRow]] = defaultdict(dict)
        self.lots: dict[Key, dict[str, LotRow]] = defaultdict(dict)
        self.lines = {"orders": LineTable(), "purchases": LineTable()}
        self.transfers: dict[tuple[str, str, str, str], TransferRow] = {}
        self.anchors: dict[Key, dict[str, CountRow]] = defaultdict(dict)
        self.cancels: list[CancelRow] = []
        self.registers: dict[str, dict[tuple[str, str, str, str], PolicyRow]] = defaultdict(dict)
        self.winners: dict[str, dict[Any, Any]] = {"items": {}, "warehouses": {}, "bins": {}}
        self.rejects: list[RejectRow] = []
        self.ticks: list[tuple[datetime, int]] = []
        self.runs: dict[int, IdRun] = {}
        self.device_rows: dict[str, DeviceRow] = {}
        self.day_rows: dict[Key, dict[int, Day]] = defaultdict(dict)
        self.turnover: dict[tuple[str, str, int], list[int]] = {}
        self.demand: dict[tuple[str, str, int], int] = {}
        self.device_blocks: dict[BlockKey, int] = {}
        self.told = AlertTables()

    def apply(self, changes: Changes) -> None:
        """Take a batch over."""
        self.next_offset, self.clock_at = changes.next_offset, changes.clock_at
        self.counters = copy(changes.counters)
        for row in changes.movements:
            self.movements[Key(row.warehouse, row.sku)].append(row)
            self.by_event[row.event_id].append(row)
        for entry in changes.journal:
            self._keep(entry.event)
        self._apply_stock(changes)
        self.history.extend(changes.history)
        self._apply_cells(changes)
        for lot in changes.lots:
            lots = self.lots[Key(lot.warehouse, lot.sku)]
            lots[lot.lot] = lot
            if lot.empty:
                del lots[lot.lot]
        self.lines["orders"].apply(changes.orders)
        self.lines["purchases"].apply(changes.purchases)
        for key, transfer in changes.transfers.items():
            self._apply_transfer(key, transfer)
        for count in changes.counts:
            self.anchors[Key(count.warehouse, count.sku)][count.event_id] = count
        self.cancels.extend(changes.cancels)
        for scope, register in changes.policies.items():
            known = self.registers[register.sku].get(scope)
            if known is None or register.forced or register.order > known.order:
                self.registers[register.sku][scope] = register
        _images(self.winners["items"], changes.items)
        _images(self.winners["warehouses"], changes.warehouses)
        _images(self.winners["bins"], changes.bins)
        self.rejects.extend(changes.rejects)
        self.ticks.extend(changes.ticks)
        for number in changes.dropped_runs:
            self.runs.pop(number, None)
        self.runs.update((run.run, run) for run in changes.runs)
        self.device_rows.update((row.device, row) for row in changes.devices)
        self._apply_days(changes)
        self._apply_blocks(changes)
        self.told.apply(changes)

    def _keep(self, event: Event) -> None:
        self.journal[event.event_id].append(event)
        self.images_by_key[type_of(event), image_key(event)].append(event)
        if isinstance(event, Policy):
            self.policies_by_sku[event.sku or ""].append(event)
        if isinstance(event, Stocktake | Movement):
            self.stated[Key(event.warehouse, event.sku), event.lot or ""].append(event)

    def _apply_days(self, changes: Changes) -> None:
        for (warehouse, sku, number), day in changes.days.items():
            if day is None:
                self.day_rows[Key(warehouse, sku)].pop(number, None)
            else:
                self.day_rows[Key(warehouse, sku)][number] = day
        for key, summands in changes.turnover.items():
            known = self.turnover.setdefault(key, [0] * len(summands))
            known[:] = map(add, known, summands)
            if not any(known):
                del self.turnover[key]
        for key, issues in changes.demand.items():
            if issues:
                self.demand[key] = issues
            else:
                self.demand.pop(key, None)

    def _apply_stock(self, changes: Changes) -> None:
        for row in changes.stock:
            key = Key(row.warehouse, row.sku)
            self.agenda.move(key, self.stock.get(key), row)
            self.stock[key] = row
            self.known_skus.add(row.sku)

    def _apply_cells(self, changes: Changes) -> None:
        for row in changes.cells:
            cells = self.cells[Key(row.warehouse, row.sku)]
            if row.quantity:
                cells[row.lot, row.bin, row.status] = row
            else:
                cells.pop((row.lot, row.bin, row.status), None)

    def _apply_blocks(self, changes: Changes) -> None:
        for block, bits in changes.blocks.items():
            if bits:
                self.device_blocks[block] = bits
            else:
                self.device_blocks.pop(block, None)

    def _apply_transfer(self, key: tuple[str, str, str, str], row: TransferRow) -> None:
        known = self.transfers.setdefault(key, TransferRow(*key))
        known.shipped += row.shipped
        known.received += row.received
        known.lost += row.lost
        if row.exact:
            known.due_at = known.shipped_at = known.received_at = None
        known.due_at = max(filter(None, (known.due_at, row.due_at)), default=None)
        known.shipped_at = min(filter(None, (known.shipped_at, row.shipped_at)), default=None)
        known.received_at = max(filter(None, (known.received_at, row.received_at)), default=None)
        if not (known.shipped or known.received or known.lost):
            del self.transfers[key]

    def start(self) -> Start:
        """See Recall."""
        return Start(
            self.next_offset,
            self.clock_at,
            copy(self.counters),
            list(self.winners["warehouses"].values()),
            list(self.policies([""])),
            list(self.cancels),
            [self.runs[number] for number in sorted(self.runs)],
            sorted({key.warehouse for key in self.stock}),
            [event for event in self.winners["bins"].values() if isinstance(event, Bin)],
            self.told.open_of_bins(),
        )

    def accounts(self, keys: Collection[Key]) -> AccountRows:
        """See Recall."""
        known = [key for key in keys if key in self.stock]
        wanted = set(known)
        return AccountRows(
            [self.stock[key] for key in known],
            [row for key in known for row in self.cells[key].values()],
            [copy(row) for key in known for row in self.lots[key].values()],
            self.lines["purchases"].open_of(known),
            [
                copy(row)
                for key, row in self.transfers.items()
                if row.outstanding and Key(key[3], key[1]) in wanted
            ],
            [(key, days[max(days)]) for key in known if (days := self.day_rows.get(key))],
            self.told.open_of(known),
            self.told.standing_of(known),
        )

    def orders(self, table: str, keys: Collection[tuple[str, str]]) -> Iterable[LineRow]:
        """See Recall."""
        return self.lines[table].of(keys)

    def arriving(self, keys: Collection[TransferKey]) -> Iterable[TransferRow]:
        """See Recall."""
        return [copy(self.transfers[key]) for key in keys if key in self.transfers]

    def items(self, skus: Collection[str]) -> Iterable[Item]:
        """See Recall."""
        images = (self.images_by_key.get(("item", (sku,)), ()) for sku in skus)
        return [event for events in images for event in events if isinstance(event, Item)]

    def policies(self, skus: Collection[str]) -> Iterable[Policy]:
        """See Recall."""
        return [event for sku in skus for event in self.policies_by_sku.get(sku, ())]

    def devices(self, names: Collection[str]) -> Iterable[DeviceRow]:
        """See Recall."""
        known = self.device_rows
        return [copy(known[name]) for name in names if name in known]

    def blocks(self, keys: Collection[BlockKey]) -> dict[BlockKey, int]:
        """See Recall."""
        known = self.device_blocks
        return {key: known[key] for key in keys if key in known}

    def counts(self, key: Key) -> list[CountRow]:
        """See Recall."""
        return [row for row in self.anchors[key].values() if not row.cancelled]

    def rows(self, key: Key, since: datetime) -> list[Row]:
        """See Recall."""
        return [row for row in self.movements.get(key, ()) if row.at >= since]

    def receipts(self, key: Key, order_id: str) -> list[Row]:
        """See Recall."""
        rows = self.movements.get(key, ())
        return [row for row in rows if row.type == "inbound" and row.facts.order_id == order_id]

    def find(self, event_id: str, at: datetime) -> tuple[list[Row], list[Event]]:
        """See Recall."""
        rows = [row for row in self.by_event.get(event_id, ()) if row.at == at]
        return rows, list(self.journal.get(event_id, ()))

    def count_rows(self, key: Key, at: datetime, event_id: str) -> list[Row]:
        """See Recall."""
        rows = self.by_event.get(event_id, ())
        return [row for row in rows if row.at == at and (row.warehouse, row.sku) == key]

    def images(self, kind: str, key: tuple[str, ...]) -> list[Event]:
        """See Recall."""
        return list(self.images_by_key.get((kind, key), ()))

    def statements(self, key: Key, lot: str) -> list[Row | Event]:
        """See Recall."""
        rows = (row for row in self.movements.get(key, ()) if row.lot == lot)
        return [*rows, *self.stated.get((key, lot), ())]

    def shipments(self, document: str, sku: str) -> tuple[list[Row], list[Event]]:
        """See Recall."""
        rows = [
            row
            for key, legs in self.movements.items()
            for row in legs
            if key.sku == sku and (row.facts.document or "") == document
        ]
        entries = (event for events in self.journal.values() for event in events)
        moved = (event for event in entries if isinstance(event, Movement) and event.sku == sku)
        return rows, [event for event in moved if (event.document or "") == document]

    def keys(self, warehouse: str, category: str, sku: str) -> list[Key]:
        """See Recall."""
        return [
            key
            for key in sorted(self.stock)
            if warehouse in ("", key.warehouse)
            and sku in ("", key.sku)
            and (not category or self._was_of(key.sku, category))
        ]

    def holders(self, skus: Collection[str]) -> list[Key]:
        """See Recall."""
        if self.known_skus.isdisjoint(skus):
            return []
        wanted = set(skus)
        return [key for key in sorted(self.stock) if key.sku in wanted]

    def days(self, keys: Collection[Key]) -> dict[Key, list[Day]]:
        """See Recall."""
        known = ((key, self.day_rows.get(key)) for key in keys)
        return {key: [days[n] for n in sorted(days)] for key, days in known if days}

    def ledger(self, since: Mapping[Key, datetime]) -> Mapping[Key, Sequence[Posted]]:
        """See Recall."""
        return {
            key: [row for row in self.movements.get(key, ()) if row.at >= start]
            for key, start in since.items()
        }

    def moved_days(self, warehouse: str, first: int, last: int) -> Iterable[tuple[str, int, Sums]]:
        """See Recall."""
        return [
            (key.sku, number, sums_of(day))
            for key, days in self.day_rows.items()
            if key.warehouse == warehouse
            for number, day in days.items()
            if first <= number <= last
        ]

    def due(self, clock: datetime) -> list[Key]:
        """See Recall."""
        return self.agenda.until(clock)

    def idle(self, warehouse: str, first: int, last: int) -> list[Key]:
        """See Recall."""
        return sorted(
            key
            for key, row in self.stock.items()
            if key.warehouse == warehouse
            and row.on_hand > 0
            and first <= (row.issued_on or row.first_on or 0) <= last
        )

    def bin_stock(self, keys: Collection[tuple[str, str]]) -> Iterable[tuple[str, str, str, int]]:
        """See Recall."""
        return self.told.bin_stock(keys)

    def owner(self, name: str) -> tuple[str, str, str] | None:
        """See Recall."""
        return self.told.owner(name)

    def _was_of(self, sku: str, category: str) -> bool:
        images = self.images_by_key.get(("item", (sku,)), ())
        return any(isinstance(image, Item) and image.category == category for image in images)

    def tables(self) -> dict[str, Any]:
        """Return the tables by name, keyed as in the database."""
        return {
            "movements": [row for rows in self.movements.values() for row in rows],
            "stock": {tuple(key): row for key, row in self.stock.items()},
            "stock_bins": {
                (*key, *cell): row
                for key, cells in self.cells.items()
                for cell, row in cells.items()
            },
            "lot_dates": {
                (*key, row.lot): row for key, rows in self.lots.items() for row in rows.values()
            },
            "orders": self.lines["orders"].rows(),
            "purchases": self.lines["purchases"].rows(),
            "transfers": self.transfers,
            "items": self.winners["items"],
            "warehouses": self.winners["warehouses"],
            "bins": self.winners["bins"],
            "policies": {k: row for rows in self.registers.values() for k, row in rows.items()},
            "rejects": self.rejects,
            "devices": self.device_rows,
            "stock_daily": {
                (*key, number): day
                for key, days in self.day_rows.items()
                for number, day in days.items()
            },
            "turnover_daily": self.turnover,
            "demand_daily": self.demand,
            "device_blocks": self.device_blocks,
        }


def _images(known: dict[Any, Any], rows: dict[Any, MasterRow]) -> None:
    for key, row in rows.items():
        if row.deleted:
            known.pop(key, None)
        elif key not in known or row.forced or order_of(row.event) > order_of(known[key]):
            known[key] = row.event
