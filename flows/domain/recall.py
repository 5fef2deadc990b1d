"""What the fold may ask its store: the state of one log partition as committed so far.

The fold is pure; the store that answers is handed in. An answer must include every batch that was
folded before the current one, committed or in flight: the fold adds what the current batch did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from flows.domain.days import Day, Posted
from flows.domain.episodes import ActionRow, EpisodeRow
from flows.domain.events import Bin, Event, Item, Policy, Warehouse
from flows.domain.rows import (
    BlockKey,
    CancelRow,
    CellRow,
    Counters,
    CountRow,
    DeviceRow,
    IdRun,
    Key,
    LineRow,
    LotRow,
    Row,
    StockRow,
    TransferKey,
    TransferRow,
)
from flows.domain.windows import Sums


class Start(Struct):
    """What a partition's owner knows before the first batch."""

    next_offset: int = 0
    clock_at: datetime | None = None
    counters: Counters = field(default_factory=Counters)
    warehouses: list[Warehouse] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    """Those without a SKU, undone ones too."""
    cancels: list[CancelRow] = field(default_factory=list)
    runs: list[IdRun] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)
    """The warehouses of the partition that hold accounts."""
    bins: list[Bin] = field(default_factory=list)
    """The winning images of the partition's bins."""
    episodes: list[EpisodeRow] = field(default_factory=list)
    """Those of bins that are not resolved."""


class AccountRows(Struct):
    """Everything stored of some accounts, in any order."""

    stock: list[StockRow] = field(default_factory=list)
    cells: list[CellRow] = field(default_factory=list)
    lots: list[LotRow] = field(default_factory=list)
    purchases: list[LineRow] = field(default_factory=list)
    transfers: list[TransferRow] = field(default_factory=list)
    days: list[tuple[Key, Day]] = field(default_factory=list)
    """The last day of each account."""
    episodes: list[EpisodeRow] = field(default_factory=list)
    """Those that are not resolved."""
    actions: list[ActionRow] = field(default_factory=list)
    """Those that stand."""


class Recall(Protocol):
    """The questions, each answered in one round trip."""

    def start(self) -> Start:
        """Return the partition's checkpoint, its warehouses, the policies without a SKU, ids."""

    def accounts(self, keys: Collection[Key]) -> AccountRows:
        """Return stock, cells, lots, open purchase lines, last days of these accounts.

        Of transfers to them, those of which something is on its way; their open episodes and
        standing actions.
        """

    def arriving(self, keys: Collection[TransferKey]) -> Iterable[TransferRow]:
        """Return the transfers of these keys, whole."""

    def orders(self, table: str, keys: Collection[tuple[str, str]]) -> Iterable[LineRow]:
        """Return all lines of these (warehouse, order_id) of `orders` or `purchases`."""

    def items(self, skus: Collection[str]) -> Iterable[Item]:
        """Return the images of these SKUs that this partition has seen, cancelled ones too."""

    def policies(self, skus: Collection[str]) -> Iterable[Policy]:
        """Return the policies of these SKUs that this partition has seen, cancelled ones too."""

    def devices(self, names: Collection[str]) -> Iterable[DeviceRow]:
        """Return what is known of these devices; the caller may change the rows."""

    def blocks(self, keys: Collection[BlockKey]) -> dict[BlockKey, int]:
        """Return the bits of these blocks of numbers, of those that are not empty."""

    def counts(self, key: Key) -> list[CountRow]:
        """Return the counts of an account that are not cancelled."""

    def rows(self, key: Key, since: datetime) -> list[Row]:
        """Return the ledger of an account from `since` on, in any order."""

    def receipts(self, key: Key, order_id: str) -> list[Row]:
        """Return the inbound legs of an account that name a purchase."""

    def find(self, event_id: str, at: datetime) -> tuple[list[Row], list[Event]]:
        """Return what this partition wrote of an event: its legs and its journal entries."""

    def count_rows(self, key: Key, at: datetime, event_id: str) -> list[Row]:
        """Return the variance rows of a count."""

    def images(self, kind: str, key: tuple[str, ...]) -> list[Event]:
        """Return the journal's images of one line, item, bin, warehouse or policy scope."""

    def statements(self, key: Key, lot: str) -> list[Row | Event]:
        """Return the legs and counts that state dates of a lot or received it."""

    def shipments(self, document: str, sku: str) -> tuple[list[Row], list[Event]]:
        """Return the legs and journal entries of a transfer of one SKU ("" is no document)."""

    def keys(self, warehouse: str, category: str, sku: str) -> list[Key]:
        """Return the accounts in a scope, perhaps more of other categories; "" is any."""

    def holders(self, skus: Collection[str]) -> list[Key]:
        """Return the partition's accounts of these SKUs."""

    def days(self, keys: Collection[Key]) -> dict[Key, list[Day]]:
        """Return all days of these accounts, in order."""

    def ledger(self, since: Mapping[Key, datetime]) -> Mapping[Key, Sequence[Posted]]:
        """Return the rows of these accounts from a time on, each its own, in any order."""

    def moved_days(self, warehouse: str, first: int, last: int) -> Iterable[tuple[str, int, Sums]]:
        """Return (sku, day, sums) of the days of a warehouse from `first` to `last`."""

    def due(self, clock: datetime) -> list[Key]:
        """Return the accounts whose `next_change_at` or `review_at` is at or before `clock`."""

    def idle(self, warehouse: str, first: int, last: int) -> list[Key]:
        """Return accounts with stock whose last issue was on these days.

        Where nothing was ever issued, the day of the first movement counts.
        """

    def bin_stock(self, keys: Collection[tuple[str, str]]) -> Iterable[tuple[str, str, str, int]]:
        """Return (warehouse, bin, sku, quantity) of what lies in these bins."""

    def owner(self, name: str) -> tuple[str, str, str] | None:
        """Return (warehouse, sku, bin) of an alert or an action by its id."""
