"""What one partition knows: accounts, orders, master data, the clock; loaded as batches need it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from flows.domain.accounts import Account, Accounts, transfer_key
from flows.domain.calendar import local_date
from flows.domain.changes import Changes
from flows.domain.events import Item, Policy, Warehouse
from flows.domain.figures import FIRST_TICK, figures_of
from flows.domain.master import Limits, Policies, registers
from flows.domain.orders import OrderBook
from flows.domain.prices import NONE, Images
from flows.domain.purchases import PurchaseBook
from flows.domain.recall import Recall, Start
from flows.domain.rows import (
    CountRow,
    Key,
    LineRow,
    PolicyRow,
    StockRow,
    TransferKey,
    TransferRow,
)
from flows.domain.weights import Weights

SLICE = 10_000
"""Accounts that are loaded at once, in the order of their keys as the tables are: what is read is
let go before more is."""


class State:
    """The state of one partition between and during batches."""

    def __init__(
        self,
        recall: Recall,
        start: Start,
        owns: Callable[[str], bool],
        *,
        zone: str,
        accounts: int,
        effective: Callable[[str], bool],
    ) -> None:
        """Take the partition's state at its checkpoint; `effective` knows what is cancelled."""
        self._recall = recall
        self._zone = zone
        self._accounts = Accounts(accounts)
        self._warehouses = {event.warehouse: event for event in start.warehouses}
        self._items: dict[str, Images] = {}
        self._effective = effective
        self._policies = Policies(self._registers(start.policies))
        self._frozen: dict[str, timedelta] = {}
        self._touched: dict[tuple[str, str], Account] = {}
        self._fleeting: set[str] = set()
        self._leaving: set[str] = set()
        self._owns = owns
        self.home: set[str] = set()
        self._homes = set(start.homes)
        self.clock = start.clock_at
        self.rezoned: set[str] = set()
        """Warehouses to which the batch gave another time zone."""
        self.today: dict[str, int] = {}
        """The local day up to which each warehouse's windows are."""
        if start.clock_at is not None:
            for name in start.homes:
                self.today[name] = local_date(start.clock_at, self.zone(name)).toordinal()
        self.stirred: dict[tuple[str, str], Account] = {}
        """Accounts that the present event has moved."""
        self.explained: list[tuple[Account, CountRow, int]] = []
        """Counts behind which the present event has posted, and how much."""
        self.ticked = False
        """Whether the batch has moved the clock on."""
        self.weights = Weights(
            recall,
            start.bins,
            {row.key: row for row in start.episodes},
            lambda sku: self.images(sku).last,
            lambda skus: self._learn(set(skus), ""),
            lambda field, warehouse: self.policy(field, Key(warehouse, "")),
        )
        self.changes = Changes()
        self.orders = OrderBook(self._reserve)
        self.purchases = PurchaseBook(self._expect, self._lead)

    def owns(self, warehouse: str) -> bool:
        """Tell whether a warehouse is on this partition; once it is, it stays."""
        if warehouse in self.home:
            return True
        if not self._owns(warehouse):
            return False
        self.home.add(warehouse)
        return True

    def begin(self) -> Changes:
        """Start a batch."""
        self.changes = Changes()
        self.orders.written, self.purchases.written = {}, {}
        self._touched = {}
        self.ticked = False
        return self.changes

    def end(self) -> None:
        """Let go of what has not been needed for long.

        A SKU without an account stays for one more batch: until then the last batch that brought
        its item or a policy of it may still be on its way to the tables.
        """
        self._fleeting.update(account.key.sku for account in self._accounts.evict())
        self.orders.evict()
        self.purchases.evict()
        for sku in self._leaving - self._fleeting:
            if not self._accounts.holders(sku):
                self._items.pop(sku, None)
                self._policies.forget(sku, self._warehouses)
        self._leaving, self._fleeting = self._fleeting, set()

    def load(
        self,
        accounts: Collection[tuple[str, str]],
        skus: Collection[str],
        orders: Collection[tuple[str, str]],
        purchases: Collection[tuple[str, str]],
        switched: str = "",
    ) -> None:
        """Bring what a batch names into memory, in one query each.

        `switched` is an item's image that a cancel has just switched: the days are still booked by
        how it was.
        """
        self._open_orders(self.orders, "orders", orders)
        self._open_orders(self.purchases, "purchases", purchases)
        holders = self._recall.holders(skus) if skus else []
        self._open(self._accounts.missing([*accounts, *holders]), skus, switched)
        self._fleeting.update(skus)

    def order(self, book: OrderBook, warehouse: str, order_id: str) -> OrderBook:
        """Return `book` with that order in memory."""
        table = "orders" if book is self.orders else "purchases"
        self._open_orders(book, table, [(warehouse, order_id)])
        return book

    def account(self, key: tuple[str, str], at: datetime) -> Account:
        """Return an account that an event of time `at` concerns; it is shown with this batch."""
        account = self._touched.get(key)
        if account is None:
            account = self._touch(key)
        else:
            self.stirred[key] = account
        if account.updated_at is None or at > account.updated_at:
            account.updated_at = at
        return account

    def arriving(self, account: Account, key: TransferKey) -> TransferRow:
        """Return a transfer to an account, as a whole."""
        if account.arriving is None or key not in account.arriving:
            self.load_transfers([key])
        assert account.arriving is not None  # noqa: S101 it was loaded just now
        return account.arriving[key]

    def load_transfers(self, keys: Iterable[TransferKey]) -> None:
        """Bring transfers into memory; the accounts that they go to are there."""
        missing = []
        for key in keys:
            account = self._accounts[key.destination, key.sku]
            if account.arriving is None:
                account.arriving = {}
            if key not in account.arriving:
                account.arriving[key] = TransferRow(*key)
                if account.updated_at is not None:  # one that nobody knew has none
                    missing.append(key)
        if missing:
            for row in self._recall.arriving(missing):
                account = self._accounts[row.destination, row.sku]
                assert account.arriving is not None  # noqa: S101 it was set above
                account.arriving[transfer_key(row)] = row

    def touched(self) -> Iterable[Account]:
        """Return the accounts that this batch changes, those that its ticks make due included."""
        return self._touched.values()

    def tick(self, at: datetime) -> None:
        """Move the clock on; what time alone changes becomes due."""
        if self.clock is None or at > self.clock:
            self.clock = at
            self.ticked = True
            self.touch_all(self._recall.due(at))

    def figures(self, account: Account) -> StockRow:
        """Return the account's row of table stock."""
        key = account.key
        images = self.images(key.sku)
        self.limits(account)
        zone, today = self.zone(key.warehouse), self.today.get(key.warehouse)
        return figures_of(account, images, self.clock, zone, today)

    def limits(self, account: Account) -> Limits:
        """Return the thresholds that hold for an account."""
        if account.limits is None:
            key = account.key
            category = self.images(key.sku).category
            account.limits = self._policies.limits(key.warehouse, category, key.sku)
        return account.limits

    def policy(self, field: str, key: Key) -> Decimal:
        """Return a policy's value for a (warehouse, sku); it has a default."""
        category = self.images(key.sku).category
        value = self._policies.value(field, key.warehouse, category, key.sku)
        assert value is not None  # noqa: S101 those that are asked for have a default
        return value

    def local_day(self, warehouse: str) -> date:
        """Return the warehouse's day by the clock."""
        return local_date(self.clock or FIRST_TICK, self.zone(warehouse))

    def warehouses(self) -> set[str]:
        """Return the partition's warehouses that hold accounts."""
        return self._homes | self.home

    def known(self, key: tuple[str, str]) -> Account:
        """Return an account that is in memory."""
        return self._accounts[key]

    def zone(self, warehouse: str) -> str:
        """Return the warehouse's time zone."""
        known = self._warehouses.get(warehouse)
        return self._zone if known is None else known.timezone or self._zone

    def frozen_after(self, warehouse: str) -> timedelta:
        """Return how old a movement may be."""
        days = self._frozen.get(warehouse)
        if days is None:
            value = self._policies.value("frozen_after_days", warehouse, "", "") or Decimal(0)
            days = self._frozen[warehouse] = timedelta(days=float(value))
        return days

    @property
    def shortest_horizon(self) -> timedelta:
        """No movement that is younger than this is too late anywhere."""
        return timedelta(days=float(self._policies.shortest_horizon))

    def policies_changed(self, event: Policy) -> None:
        """Re-evaluate the accounts in a policy's scope, no others."""
        self._frozen.clear()
        if event.sku:
            self._restate(event.sku)
            for key in [key for key in self.stirred if event.warehouse not in {None, key[0]}]:
                del self.stirred[key]
            return
        self.touch_all(self._recall.keys(event.warehouse or "", event.category or "", ""))
        self._stir(event.warehouse or "", event.category or "")

    def _stir(self, warehouse: str, category: str) -> None:
        """Have exactly the accounts of a scope judged, those that the batch opened included."""
        for key, account in self._touched.items():
            account.limits = account.calm = None
            images = self.images(key[1])
            if warehouse in {"", key[0]} and category in {"", images.category}:
                self.stirred[key] = account
            else:
                self.stirred.pop(key, None)

    def set_images(self, sku: str, images: Images) -> None:
        """Set an item's images and re-evaluate the accounts that hold it."""
        before = self.images(sku).last
        self._items[sku] = images
        holders = [self._accounts[key] for key in self._accounts.holders(sku)]
        self.weights.item_changed(before, images.last, holders)
        self._restate(sku)

    def images(self, sku: str) -> Images:
        """Return the images of an item of this batch."""
        return self._items.get(sku, NONE)

    def warehouse(self, name: str) -> Warehouse | None:
        """Return the winning image of a warehouse."""
        return self._warehouses.get(name)

    def set_warehouse(self, name: str, image: Warehouse | None) -> None:
        """Set a warehouse's image; another time zone re-evaluates what it holds."""
        before = self.zone(name)
        if image is None:
            self._warehouses.pop(name, None)
        else:
            self._warehouses[name] = image
        if self.zone(name) != before:
            self.rezoned.add(name)
            self.touch_all(self._recall.keys(name, "", ""))
            self._stir(name, "")

    @property
    def policies(self) -> Policies:
        """The policies' registers."""
        return self._policies

    def _restate(self, sku: str) -> None:
        for key in self._accounts.holders(sku):
            self._accounts[key].limits = self._accounts[key].calm = None
            if self._accounts[key].updated_at is not None:  # not only opened for a later refusal
                self._touch(key)

    def touch_all(self, keys: Collection[tuple[str, str]]) -> None:
        """Have accounts shown with this batch."""
        self._open(self._accounts.missing(keys), ())
        for key in keys:
            self._touch(key)

    def _touch(self, key: tuple[str, str]) -> Account:
        account = self._touched.get(key)
        if account is None:
            if key not in self._accounts:
                self.load([key], (), (), ())
            account = self._touched[key] = self._accounts[key]
            account.dirty, account.moves = set(), []
        self.stirred[key] = account
        return account

    def _open(self, missing: Collection[Key], skus: Collection[str], switched: str = "") -> None:
        """Load accounts, and the items and SKU policies of theirs and of `skus`."""
        ordered = sorted(missing)
        for first in range(0, len(ordered), SLICE):
            keys = ordered[first : first + SLICE]
            self._accounts.open(keys, self._recall.accounts(keys))
        self._learn({key[1] for key in missing} | set(skus), switched)
        for key in missing:
            self._accounts[key].images = self.images(key.sku)

    def _learn(self, skus: set[str], switched: str) -> None:
        """Load items and SKU policies that are not in memory."""
        unknown = skus - self._items.keys()
        if not unknown:
            return
        known: dict[str, list[Item]] = {sku: [] for sku in unknown}
        for item in self._recall.items(unknown):
            if self._effective(item.event_id) != (item.event_id == switched):
                known[item.sku].append(item)
        self._items.update((sku, Images(items) if items else NONE) for sku, items in known.items())
        for row in self._registers(self._recall.policies(unknown)):
            self._policies.put(row)

    def _registers(self, events: Iterable[Policy]) -> Iterator[PolicyRow]:
        """Yield what policies write that are not undone."""
        for event in events:
            if self._effective(event.event_id):
                yield from registers(event)

    def _open_orders(self, book: OrderBook, table: str, keys: Collection[tuple[str, str]]) -> None:
        missing = book.missing(keys)
        if not missing:
            return
        rows = list(self._recall.orders(table, missing))
        book.open(missing, rows)
        accounts = [Key(row.warehouse, row.sku) for row in rows]
        self._open(self._accounts.missing(accounts), ())

    def _reserve(self, row: LineRow, difference: int) -> None:
        if difference:
            self._touch(Key(row.warehouse, row.sku)).reserved += difference

    def _expect(self, row: LineRow, _difference: int) -> None:
        account = self._touch(Key(row.warehouse, row.sku))
        account.calm = None
        line = (row.order_id, row.line_id)
        if row.outstanding:
            account.purchases[line] = row
        else:
            account.purchases.pop(line, None)

    def _lead(self, row: LineRow, before: int | None, now: int | None) -> None:
        account = self._touch(Key(row.warehouse, row.sku))
        account.calm = None
        for seconds, sign in ((before, -1), (now, 1)):
            if seconds is not None:
                account.lead_count += sign
                account.lead_seconds += sign * seconds
                account.lead_squares += sign * seconds * seconds
