"""The end of a batch: what it moved becomes days, windows, demand, layers and cost of each account.

Rows that come after everything an account knows go on with its last day. Whatever reaches back (a
late event, a cancel, another cost or category of the item, another time zone) has the days since
then worked out again from the ledger, by the same function; only what differs is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from flows.domain.accounts import Account
from flows.domain.calendar import local_date
from flows.domain.days import Day, advance, begin_of, bounds, measure
from flows.domain.layers import carried_on, layers_of
from flows.domain.prices import BEGINNING, Images
from flows.domain.recall import Recall
from flows.domain.rows import Key
from flows.domain.state import State
from flows.domain.windows import (
    EVER,
    LENGTHS,
    Sums,
    Windows,
    changed_ranges,
    sums_of,
    windows_of,
)

Change = tuple[Day | None, Day | None]
"""A day as it was and as it is now."""
STEP = 30
"""Days that are asked for at once when a year of them comes into the windows."""


class Daybook:
    """Keeps the days of one partition's accounts."""

    def __init__(self, state: State, recall: Recall) -> None:
        """`recall` answers for what is no longer in memory."""
        self._state = state
        self._recall = recall

    def close(self) -> None:
        """Work out what the batch changed; accounts that this concerns are touched afterwards."""
        self._keep_rezoned()
        self._pass_midnights()
        state = self._state
        again: dict[Key, datetime] = {}
        for account in state.touched():
            images = state.images(account.key.sku)
            first = min([row.at for row in account.moves]) if account.moves else None
            if state.clock is not None and not state.ticked:
                self._keep_basis(account, first)
            since = self._reaches_back(account, images, first)
            if since is not None:
                again[account.key] = since
                continue
            if account.moves:
                self._go_on(account, images)
            self._settle(account, images)
        if again:
            self._work_out_again(again)
        for key in again:
            self._settle(state.known(key), state.images(key.sku))
        state.rezoned.clear()

    def _settle(self, account: Account, images: Images) -> None:
        """Close an account's books on this batch."""
        account.images = images
        account.moves = None
        account.booked_to = account.moved_to
        if account.arriving:
            account.forget_arrived(self._state.changes.transfers)

    def _keep_rezoned(self) -> None:
        """Remember the demand as the days of the old time zone gave it."""
        state = self._state
        for account in state.touched() if state.rezoned and not state.ticked else ():
            today = state.today.get(account.key.warehouse)
            if today is not None and account.key.warehouse in state.rezoned:
                account.keep_basis(today)

    def _pass_midnights(self) -> None:
        """Move the windows on where the clock has passed a local midnight."""
        state = self._state
        if state.clock is None:
            return
        rolled: dict[str, tuple[int | None, int]] = {}
        for warehouse in state.warehouses():
            today = local_date(state.clock, state.zone(warehouse)).toordinal()
            before = state.today.get(warehouse)
            state.today[warehouse] = today
            if today != before and warehouse not in state.rezoned:
                rolled[warehouse] = (before, today)
        if not rolled:
            return
        moved = {key: days for w, span in rolled.items() for key, days in self._moved(w, *span)}
        state.touch_all(moved)
        for warehouse, (before, today) in rolled.items() if state.ticked else ():
            state.touch_all(list(self._idle(warehouse, before, today)))
        for account in state.touched():
            span = rolled.get(account.key.warehouse)
            days = moved.get(account.key, ())
            if span is not None and (days or account.windows is not None):
                windows = account.windows or Windows()
                windows.roll(days, *span)
                account.windows_changed(windows)

    def _idle(self, warehouse: str, before: int | None, today: int) -> Iterable[Key]:
        """Return the accounts whose stock may have become dead with these midnights."""
        for days in sorted(self._state.policies.idle_days):
            first = EVER if before is None else before - days + 1
            yield from self._recall.idle(warehouse, first, today - days)

    def _moved(
        self, warehouse: str, before: int | None, today: int
    ) -> Iterable[tuple[Key, list[tuple[int, Sums]]]]:
        """Return, by account, the days that close or drop out; note the demand of the former."""
        found: dict[Key, list[tuple[int, Sums]]] = defaultdict(list)
        demand = self._state.changes.demand
        for first, last in changed_ranges(before, today):
            # older days than a year are few: the first tick is seldom that late
            step = STEP if first > EVER else last
            for start in range(first, last + 1, step):
                end = min(start + step - 1, last)
                for sku, day, sums in self._recall.moved_days(warehouse, start, end):
                    found[Key(warehouse, sku)].append((day, sums))
                    if sums.issues and (before is None or day >= before):
                        demand[warehouse, sku, day] = sums.issues
        return found.items()

    def _keep_basis(self, account: Account, first: datetime | None) -> None:
        """Remember the demand as it was, where a closed day's is about to be another."""
        warehouse = account.key.warehouse
        today = self._state.today.get(warehouse)
        if today is None or account.basis is not None:
            return
        if first is not None and first < begin_of(today, self._state.zone(warehouse)):
            account.keep_basis(today)

    def _reaches_back(
        self, account: Account, images: Images, first: datetime | None
    ) -> datetime | None:
        """Return from when on the account's days are to be worked out again, if at all.

        `first` is the time of the earliest of its moves.
        """
        since: datetime | None = None
        booked_to = account.booked_to
        if first is not None and booked_to is not None and first <= booked_to:
            since = first
        if account.day is None:  # nothing is left of what it booked, or that was before days
            return BEGINNING if account.moves and booked_to is not None else since
        if self._state.rezoned and account.key.warehouse in self._state.rezoned:
            return BEGINNING
        if images is not account.images:
            if images.category != account.images.category:
                return BEGINNING
            other = images.differ_since(account.images)
            if other is not None and (booked_to is None or other <= booked_to):
                since = other if since is None else min(since, other)
        return since

    def _go_on(self, account: Account, images: Images) -> None:
        before = account.day
        zone = self._state.zone(account.key.warehouse)
        days = advance(before, account.moves or (), zone, images.cost)
        if not days:
            return
        changes: list[Change] = [(None, day) for day in days]
        if before is not None and days[0].day == before.day:
            changes[0] = (before, days[0])
        self._add(account, images.category, changes)
        account.layers = carried_on(account.layers, before, days)
        account.day = days[-1]
        if account.first_on is None:
            account.first_on = days[0].day
        for day in days:
            if day.outbound > 0:
                account.issued_on = day.day

    def _work_out_again(self, again: dict[Key, datetime]) -> None:
        """Replace the days from the local day of each time on."""
        state = self._state
        state.changes.reached_back = True
        known = self._recall.days(again)
        starts: dict[Key, datetime] = {}
        kept: dict[Key, list[Day]] = {}
        for key, since in again.items():
            kept[key] = []
            starts[key] = BEGINNING
            if since is not BEGINNING:
                zone = state.zone(key.warehouse)
                first = local_date(since, zone).toordinal()
                starts[key] = begin_of(first, zone)
                kept[key] = [day for day in known.get(key, ()) if day.day < first]
        ledger = self._recall.ledger(starts)
        for key in again:
            account = state.known(key)
            rows = [*ledger.get(key, ()), *(account.moves or ())]
            base = kept[key][-1] if kept[key] else None
            price = state.images(key.sku).cost
            days = kept[key] + advance(base, rows, state.zone(key.warehouse), price)
            self._replace(account, known.get(key, ()), days)

    def _replace(self, account: Account, old: Sequence[Day], new: list[Day]) -> None:
        key = account.key
        rezoned = key.warehouse in self._state.rezoned
        zone = self._state.zone(key.warehouse)
        for day in old:
            measure(day, *bounds(day.day, zone))
        was, now = ({day.day: day for day in days} for days in (old, new))
        changes = [(was.get(n), now.get(n)) for n in sorted({*was, *now})]
        differing = [(a, b) for a, b in changes if rezoned or a != b]
        today = self._state.today.get(key.warehouse)
        self._put(account, differing)
        category = self._state.images(key.sku).category
        if category == account.images.category:
            self._sum_up(key, category, differing)
        else:
            self._sum_up(key, account.images.category, [(day, None) for day in old])
            self._sum_up(key, category, [(None, day) for day in new])
        if today is not None:
            for before, after in differing:
                self._demand(key, today, before, after)
            account.windows_changed(windows_of(new, today))
        account.layers = layers_of(new)
        account.day = new[-1] if new else None
        account.first_on = new[0].day if new else None
        account.issued_on = max((day.day for day in new if day.outbound > 0), default=None)

    def _add(self, account: Account, category: str, changes: Sequence[Change]) -> None:
        """Book days that go on: tables, sums of the category, windows, demand."""
        key = account.key
        self._put(account, changes)
        self._sum_up(key, category, changes)
        today = self._state.today.get(key.warehouse)
        if today is None:
            return
        for before, after in changes:
            assert after is not None  # noqa: S101 days that go on never vanish
            age = today - after.day
            if age > 0:
                self._demand(key, today, before, after)
                if age < LENGTHS[-1]:
                    windows = account.windows or Windows()
                    windows.add(_minus(sums_of(after), sums_of(before)), age)
                    account.windows_changed(windows)

    def _put(self, account: Account, changes: Iterable[Change]) -> None:
        rows = self._state.changes.days
        key = account.key
        for before, after in changes:
            day = after or before
            assert day is not None  # noqa: S101 a change has at least one side
            rows[key.warehouse, key.sku, day.day] = after

    def _demand(self, key: Key, today: int, before: Day | None, after: Day | None) -> None:
        """Note the demand of a closed day; 0 takes its row away."""
        day = after or before
        assert day is not None  # noqa: S101 a change has at least one side
        issues = after.issues if after is not None and after.day < today else 0
        if issues or before is not None:
            self._state.changes.demand[key.warehouse, key.sku, day.day] = issues

    def _sum_up(self, key: Key, category: str, changes: Iterable[Change]) -> None:
        """Add what days became more or less to the sums of their category."""
        sums = self._state.changes.turnover
        for before, after in changes:
            day = after or before
            assert day is not None  # noqa: S101 a change has at least one side
            place = (key.warehouse, category, day.day)
            row = sums.get(place)
            if row is None:
                row = sums[place] = [0] * 6
            if after is not None:
                row[0] += after.issues
                row[1] += after.issue_cost
                row[2] += after.inbound - after.outbound + after.other
                row[3] += after.moment
                row[4] += after.value_net
                row[5] += after.value_moment
            if before is not None:
                row[0] -= before.issues
                row[1] -= before.issue_cost
                row[2] -= before.inbound - before.outbound + before.other
                row[3] -= before.moment
                row[4] -= before.value_net
                row[5] -= before.value_moment


def _minus(one: Sums, other: Sums) -> Sums:
    return Sums(one.net - other.net, one.moment - other.moment, one.issues - other.issues)
