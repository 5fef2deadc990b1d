"""The watch over one partition: what an event or a tick means for the rules.

Enters: events that have just taken effect, and the end of a batch. Leaves: transitions of episodes
and actions in the batch's changes, and with each account when it must be judged again. What is
decided is a function of the log, however it was cut: an account is judged when an event moves its
sums out of the bounds that keep every verdict (`Calm`), and to judge it once more changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from msgspec import UNSET

from flows.domain import findings, judging
from flows.domain.account_watch import AccountWatch
from flows.domain.accounts import Account, Episodes
from flows.domain.actions import Actions, acknowledged, move_key, unknown
from flows.domain.alerts import Alerts, Cause
from flows.domain.changes import Changes
from flows.domain.episodes import EpisodeKey, EpisodeRow
from flows.domain.events import (
    Bin,
    Cancel,
    Decision,
    Event,
    Item,
    Move,
    Movement,
    OrderLine,
    Outbound,
    Policy,
    Proposal,
    Stocktake,
    Tick,
    Warehouse,
)
from flows.domain.figures import FIRST_TICK
from flows.domain.fixed import fixed, worth
from flows.domain.judging import Judged
from flows.domain.movements import LEGS
from flows.domain.recall import Recall
from flows.domain.rejects import Reject
from flows.domain.rows import CountRow, Key, StockRow
from flows.domain.rules import RULES
from flows.domain.state import State

PAST = timedelta(minutes=5)
"""How long before the clock an event is of the past: it corrects tables and wakes nobody."""
FOUND_LATE = timedelta(days=1)
"""How long before the clock an event was that is still told of."""
NEVER_PAST = (Cancel, Item, Bin, Policy, Warehouse, Decision, Proposal)
ANY_STEP = 1 << 62
_WATCHED = frozenset(rule.name for rule in RULES.values() if rule.watched)


class Watch:
    """Judges the accounts, orders and bins of one partition."""

    def __init__(self, state: State, recall: Recall) -> None:
        """`recall` finds whose alert or action an id is."""
        self._state, self._recall = state, recall
        self._alerts, self._actions = Alerts(), Actions()
        self._accounts = AccountWatch(state, self._alerts, self._actions)
        self._changes = Changes()

    def begin(self, changes: Changes, *, new_limits: bool) -> None:
        """Start a batch; with `new_limits` it may give bins limits that had none."""
        self._changes = changes
        self._alerts.begin(changes)
        self._actions.begin(changes)
        self._state.weights.begin(new_limits=new_limits)

    def look(self, event: Event, offset: int, *, stands: bool = True) -> None:
        """Judge what an event that has just taken effect moved; it `stands` if nothing undid it."""
        state = self._state
        stirred = state.stirred
        kind = type(event)
        if kind is Tick:  # what it changed is judged when its batch's days are closed
            stirred.clear()
            return
        # What is found of the event comes first: a bin that it empties is then its finding's.
        stirred = dict(stirred)
        self._look_at(event, offset, stands=stands)
        clock = state.clock
        past = clock is not None and event.occurred_at < clock - PAST and kind not in NEVER_PAST
        if past:
            self._accounts.unjudged.update(account.key for account in stirred.values())
        else:
            for account in stirred.values():
                if not account.is_calm():
                    self._accounts.judge(account, self._cause(event, offset))
        state.stirred.clear()
        if past:
            state.weights.wait()
        elif state.weights.stirred:
            state.weights.judge(self._alerts, self._cause(event, offset))

    def _look_at(self, event: Event, offset: int, *, stands: bool) -> None:
        """Look for what is wrong with an event itself, and for what it explains."""
        if self._state.explained:
            self._explain(event, offset)
        if type(event) in LEGS and stands:
            self._find(event, offset)  # type: ignore[arg-type]
        elif isinstance(event, OrderLine) and stands:
            self._order(event.warehouse, event.order_id, self._cause(event, offset), event)
        elif isinstance(event, Policy) and _of_bins(event):
            self._state.weights.policies_changed(event.warehouse or "")

    def counted(
        self, event: Stocktake, found: tuple[CountRow, int], by: Event, offset: int
    ) -> None:
        """Judge what a count found, with what should have been there, now that it stands `by`."""
        if self._too_old(event):
            return
        account = self._state.known(Key(event.warehouse, event.sku))
        tolerance = self._state.policy("shrinkage_tolerance", account.key)
        cost = self._accounts.cost(account)
        key, judged = findings.shrinkage(account, *found, tolerance, cost)
        self._set(account, key, judged, self._cause(by, offset))

    def undone(self, event: Event, by: Event, offset: int) -> None:
        """End findings about an event that was taken back, and look at its order again."""
        warehouse: str | None = getattr(event, "warehouse", None)
        if warehouse not in self._state.home:
            return
        cause = self._cause(by, offset)
        if isinstance(event, Movement | Stocktake):
            account = self._state.known(Key(event.warehouse, event.sku))
            for row in list((account.episodes or {}).values()):
                if event.event_id in row.events and findings.is_about(row.key, event):
                    self._without(account, row, event, cause)
        if isinstance(event, Outbound | OrderLine) and event.order_id is not None:
            self._order(event.warehouse, event.order_id, cause, event)

    def redone(self, event: Event, by: Event, offset: int) -> None:
        """Look for what is wrong with an event that takes effect again."""
        if isinstance(event, Movement):
            self._find(event, offset, by)
        elif isinstance(event, OrderLine):
            self._order(event.warehouse, event.order_id, self._cause(by, offset), event)

    def decide(self, event: Decision, offset: int) -> Reject | None:
        """Take a decision on an action or an alert; return why it cannot be taken."""
        name = event.action_id or event.alert_id or ""
        if event.alert_id and name.rpartition("-")[0] in _WATCHED:
            return None  # who watches from outside reads it in the journal
        owner = self._owner(name)
        if owner is None or owner[0] != event.warehouse:
            return unknown(event, name)
        warehouse, sku, _ = owner
        cause = self._cause(event, offset)
        if not sku:
            return self._answer(event, self._state.weights.episodes, cause)
        key = Key(warehouse, sku)
        self._state.touch_all([key])
        account = self._state.known(key)
        if event.alert_id:
            return self._answer(event, account.episodes or {}, cause)
        if event.decision == "approve" and event.quantity is None:
            self._accounts.follow(account, ANY_STEP)
        return self._actions.decide(account, name, event, cause)

    def proposed(self, event: Proposal, offset: int) -> None:
        """Propose a move that something outside the fold suggests."""
        account = self._state.account((event.warehouse, event.sku), event.occurred_at)
        quantity = fixed(event.quantity)
        bins = {"from_bin": event.from_bin, "to_bin": event.to_bin}
        self._actions.propose(
            account,
            move_key(event),
            self._cause(event, offset),
            quantity=quantity,
            value=worth(quantity, self._accounts.cost(account)),
            auto_value=self._state.policy("auto_rebalance_value", account.key),
            payload={**self._accounts.names(account), **(event.numbers or {}), **bins},
        )

    def close(self, account: Account, row: StockRow, tick: Cause | None) -> None:
        """Judge an account at the end of a batch that ends with a tick, else say when to."""
        if tick is not None:
            self._accounts.at_tick(account, row, tick)
        row.basis = account.basis
        if tick is None and self._accounts.waits(account, row):
            row.review_at = FIRST_TICK
            return
        if not (account.lots or account.arriving or account.episodes):
            return  # nothing that time alone changes
        state = self._state
        zone, limits = state.zone(account.key.warehouse), state.limits(account)
        row.review_at = judging.next_review(account, state.clock, zone, limits)

    def tick(self, cause: Cause) -> None:
        """Judge at a tick what belongs to no account."""
        self._state.weights.judge(self._alerts, cause, ticked=True)

    def _cause(self, event: Event, offset: int) -> Cause:
        return Cause(event.event_id, event.occurred_at, offset, self._state.clock)

    def _too_old(self, event: Event) -> bool:
        clock = self._state.clock
        return clock is not None and event.occurred_at < clock - FOUND_LATE

    def _find(self, event: Movement, offset: int, by: Event | None = None) -> None:
        """Look for what is wrong with a movement itself."""
        if event.warehouse not in self._state.home:
            return
        kind = type(event)
        if kind is Outbound and event.order_id is not None:
            cause = self._cause(by or event, offset)
            self._order(event.warehouse, event.order_id, cause, event)
        elif isinstance(event, Move):
            account = self._state.known(Key(event.warehouse, event.sku))
            if account.actions:
                self._actions.cured(account, move_key(event), self._cause(by or event, offset))
        item = self._state.images(event.sku).last
        if item is not None and (item.high_value or findings.unexplained(event)):
            self._found(event, item, self._cause(by or event, offset))

    def _found(self, event: Movement, item: Item, cause: Cause) -> None:
        """Open or go on with what is found of a movement."""
        account = self._state.known((event.warehouse, event.sku))
        limit = self._state.limits(account).unexplained_value
        for key, judged in findings.of_movement(event, account, item, limit):
            known = (account.episodes or {}).get(key)
            if known is not None and known.observed.get("times"):
                self._again(account, known, judged, cause)
            elif not self._too_old(event):
                if known is not None:  # a bin that held too little: now there is an event behind it
                    told = {**known.observed, **judged.observed}
                    self._alerts.amend(account.episodes or {}, known, told, cause)
                self._set(account, key, judged, cause)

    def _again(self, account: Account, known: EpisodeRow, judged: Judged, cause: Cause) -> None:
        """Note that what was found happened once more."""
        told = findings.again(known.observed, judged)
        self._alerts.amend(account.episodes or {}, known, told, cause)

    def _order(self, warehouse: str, order_id: str, cause: Cause, event: Event) -> None:
        """Look at the SKUs of an order whose shipments an event may have put right or wrong.

        Those are its own, the one of whose line it took the place, and all that are not on the
        order when that becomes known, or is no longer.
        """
        state = self._state
        order = state.order(state.orders, warehouse, order_id).lines_of(warehouse, order_id)
        own: str = event.sku  # type: ignore[attr-defined]
        skus = {own}
        if isinstance(event, OrderLine):
            skus |= state.orders.relined
            if state.orders.turned:
                skus |= {row.sku for row in order.lines.values() if row.event_id is None}
        for sku in sorted(skus):
            judged = findings.mismatched(order, sku)
            if sku != own:
                state.touch_all([Key(warehouse, sku)])
            account = state.known(Key(warehouse, sku))
            key = EpisodeKey("outbound_mismatch", warehouse, sku, subject=order_id)
            if key in (account.episodes or {}) or not (
                judged.severity is None or self._too_old(event)
            ):
                self._set(account, key, judged, cause)

    def _set(self, account: Account, key: EpisodeKey, judged: Judged, cause: Cause) -> None:
        facts = self._accounts.named(account, judged.facts())
        self._accounts.set(account, key, judged.severity, cause, facts)

    def _without(self, account: Account, row: EpisodeRow, event: Event, cause: Cause) -> None:
        """Take an event out of a finding; without any event left it ends."""
        if row.key.rule == "outbound_mismatch":
            return
        episodes = account.episodes or {}
        times = (row.observed.get("times") or 1) - 1
        if times > 0:
            self._alerts.drop(episodes, row, event.event_id, times)
        elif row.key in dict(judging.emptied_bins(account)):
            self._alerts.drop(episodes, row, event.event_id, 0)
        else:
            self._alerts.resolve(episodes, row, cause)

    def _explain(self, event: Event, offset: int) -> None:
        """Judge again counts behind which the event has changed what should have been there."""
        posted, self._state.explained = self._state.explained, []
        sums: dict[tuple[Key, str], int] = defaultdict(int)
        for account, count, quantity in posted:  # an event undone at once explains nothing
            sums[account.key, count.event_id] += quantity
        for (key, count_id), quantity in sums.items():
            account = self._state.known(key)
            for row in list((account.episodes or {}).values()):
                if row.key.rule == "shrinkage" and row.key.subject == count_id:
                    self._explained(account, row, quantity, self._cause(event, offset))

    def _explained(self, account: Account, row: EpisodeRow, quantity: int, cause: Cause) -> None:
        told = row.observed
        tolerance = self._state.policy("shrinkage_tolerance", account.key)
        judged = findings.missing(
            fixed(Decimal(told["expected"])) + quantity,
            fixed(Decimal(told["counted"])),
            tolerance,
            self._accounts.cost(account),
            told,
        )
        if judged.severity == row.severity:
            self._alerts.amend(account.episodes or {}, row, judged.observed, cause)
        else:
            self._set(account, row.key, judged, cause)

    def _owner(self, name: str) -> tuple[str, str, str] | None:
        """Return (warehouse, sku, bin) of an alert or an action by its id."""
        action = self._changes.actions.get(name)
        if action is not None:
            return action.warehouse, action.sku, ""
        for key, row in self._changes.episodes.items():
            if row.alert_id == name:
                return key.warehouse, key.sku, key.bin
        return self._recall.owner(name)

    def _answer(self, event: Decision, episodes: Episodes, cause: Cause) -> Reject | None:
        """Take what a person says of an alert."""
        row = next((x for x in episodes.values() if x.alert_id == event.alert_id), None)
        if row is None:
            return unknown(event, event.alert_id or "")
        who = event.decided_by or event.operator
        if event.decision == "resolve" and RULES[row.key.rule].finding and not self._lasts(row):
            self._alerts.resolve(episodes, row, cause, actor=who, note=event.reason)
        elif row.state == "acknowledged":
            return acknowledged(event, row)
        else:
            self._alerts.acknowledge(episodes, row, cause, who, event.reason)
        return None

    def _lasts(self, row: EpisodeRow) -> bool:
        """Tell whether a bin of a finding still holds less than nothing: nobody can settle that."""
        if row.key.rule != "unexplained_move":
            return False
        account = self._state.known(Key(row.key.warehouse, row.key.sku))
        return row.key in dict(judging.emptied_bins(account))


def _of_bins(event: Policy) -> bool:
    """Tell whether a policy sets what bins are judged by: those of a SKU or a category do not."""
    limits = (event.overweight_warning_kg, event.overweight_critical_kg)
    return not (event.sku or event.category) and any(limit is not UNSET for limit in limits)
