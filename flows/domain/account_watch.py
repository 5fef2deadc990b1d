"""Judging one account: its episodes and actions are brought to what holds now.

Enters: an account whose sums, policies or days have changed, and the event that decides. Leaves:
transitions in the batch's changes, and on the account the bounds inside which it need not be judged
again. To judge what has not changed does nothing, so it does not matter how often.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flows.domain import judging
from flows.domain.accounts import Account, Calm, Episodes
from flows.domain.actions import REPLENISHMENT, Actions, replenishment
from flows.domain.alerts import Alerts, Cause, Facts
from flows.domain.episodes import EpisodeKey, EpisodeRow
from flows.domain.events import Item
from flows.domain.figures import due_inside, incoming, thresholds
from flows.domain.fixed import fixed, number, worth
from flows.domain.judging import Bounds, Numbers
from flows.domain.rows import Key, StockRow
from flows.domain.rules import LEAST, MOST, Severity
from flows.domain.state import State

BY_STATE = frozenset({
    "stock_out", "below_safety", "overstock", "negative_stock", "near_expiry", "expired",
    "transfer_late",
})  # fmt: skip
"""Rules that are judged whenever the account is."""
FOLLOW = 10
"""A proposal follows the need in steps of one in so many."""
_NO_EPISODES: Episodes = {}
_RESPONSES = {"near_expiry": "clearance", "transfer_late": "expedite"}
Verdicts = dict[EpisodeKey, tuple[Severity, Callable[[], Facts]]]


class AccountWatch:
    """Judges accounts of one partition."""

    def __init__(self, state: State, alerts: Alerts, actions: Actions) -> None:
        """Write through `alerts` and `actions`."""
        self._state, self._alerts, self._actions = state, alerts, actions
        self.unjudged: set[Key] = set()
        """Accounts that events of the past have moved."""
        self._said: tuple[Numbers | None, dict[str, Any]] = (None, {})

    def judge(self, account: Account, cause: Cause) -> None:
        """Bring an account to what holds now, all but what follows from days."""
        self.unjudged.discard(account.key)
        numbers = self._numbers(account)
        found, bounds = self._verdicts(account, numbers)
        if found or account.episodes:
            self._apply(account, found, numbers, cause)
        if account.episodes or account.actions:
            self._respond(account, cause)
        low, high = self._replenish(account, numbers, cause)
        account.calm = Calm(*bounds, low, high, numbers.incoming)

    def at_tick(self, account: Account, row: StockRow, cause: Cause) -> None:
        """Judge an account whose days are closed up to the tick."""
        account.basis = None
        self.judge(account, cause)
        for rule, severity in self._by_days(account, row):
            facts = self._facts_by_days(account, rule, row)
            self.set(account, EpisodeKey(rule, *account.key), severity, cause, facts)
        self.follow(account)
        if account.episodes:
            self._alerts.remind(account.episodes, cause)

    def waits(self, account: Account, row: StockRow) -> bool:
        """Tell whether the next tick will find something else than what is open."""
        if account.basis is not None:
            return True
        episodes = account.episodes or _NO_EPISODES
        for rule, severity in self._by_days(account, row):
            known = episodes.get(EpisodeKey(rule, *account.key))
            if severity != (None if known is None else known.severity):
                return True
        if account.actions and self._needed(account, row.projected, row.reorder_point) is not None:
            return True
        if account.calm is not None and account.key not in self.unjudged:
            return False
        numbers = self._numbers(account)
        found, _ = self._verdicts(account, numbers)
        standing = REPLENISHMENT in (account.actions or {})
        return (
            any(
                key not in episodes or (episodes[key].severity != severity and key.rule in BY_STATE)
                for key, (severity, _) in found.items()
            )
            or any(_by_state(row) and key not in found for key, row in episodes.items())
            or _short(numbers) != standing
        )

    def follow(self, account: Account, step: int = FOLLOW) -> None:
        """Let a proposed replenishment ask for what is needed now, if that is far from it."""
        if not account.actions:
            return
        numbers = self._numbers(account)
        needed = self._needed(account, numbers.projected, numbers.reorder, step)
        if needed is not None:
            known = account.actions[REPLENISHMENT]
            self._actions.follow(account, known, needed, worth(needed, self.cost(account)))

    def _needed(
        self, account: Account, projected: int, reorder: int | None, step: int = FOLLOW
    ) -> int | None:
        """Return what a proposal should ask for, if that is far from what it does."""
        known = (account.actions or {}).get(REPLENISHMENT)
        if known is None or known.state != "proposed" or known.quantity is None:
            return None
        if reorder is None or projected > reorder:
            return None
        demand = account.settled_demand(self._state.today.get(account.key.warehouse))
        mean = None if demand is None else demand[0]
        need = replenishment(self._state.limits(account), projected, reorder, mean)
        far = need != known.quantity and abs(need - known.quantity) * step >= known.quantity
        return need if far else None

    def _numbers(self, account: Account) -> Numbers:
        state = self._state
        limits = state.limits(account)
        demand = account.settled_demand(state.today.get(account.key.warehouse))
        safety, reorder = thresholds(account, limits, demand)
        if account.lots:
            account.recount(state.local_day(account.key.warehouse))
        coming = incoming(account, state.clock, limits.incoming_days)[0]
        return Numbers(
            account.on_hand - account.on_hold - account.reserved,
            account.on_hand + account.in_transit + coming - account.reserved,
            coming,
            safety,
            reorder,
            limits,
            None if demand is None else demand[0],
        )

    def _verdicts(self, account: Account, numbers: Numbers) -> tuple[Verdicts, Bounds]:
        """Return what is wrong now, by key, and how long the sums may move without changing it."""
        sums, bounds = judging.sums(account, numbers)
        found: Verdicts = {}
        for rule, (severity, threshold) in sums.items():
            if severity is not None:
                found[EpisodeKey(rule, *account.key)] = (
                    severity,
                    self._facts_of(account, numbers, threshold),
                )
        clock = self._state.clock
        if clock is not None and account.lots:
            today = self._state.local_day(account.key.warehouse)
            for key, judged in judging.lots(account, today, numbers.limits, self.cost(account)):
                found[key] = (judged.severity or "warning", self.named(account, judged.facts()))
        if clock is not None and account.arriving:
            zone = self._state.zone(account.key.warehouse)
            for key, judged in judging.transfers(account, clock, numbers.limits.grace, zone):
                found[key] = (judged.severity or "warning", self.named(account, judged.facts()))
        for key, less in judging.emptied_bins(account):
            facts = Facts(Decimal(0), {"reason": "negative_bin", "quantity": number(less)})
            found[key] = (self._care(account), self.named(account, facts))
        return found, bounds

    def _apply(self, account: Account, found: Verdicts, numbers: Numbers, cause: Cause) -> None:
        episodes = account.episodes or _NO_EPISODES
        for known in [row for row in episodes.values() if _by_state(row)]:
            if known.key not in found:
                self._alerts.resolve(episodes, known, cause, self._ended(account, known, numbers))
        for key, (severity, facts) in found.items():
            if key.rule != "unexplained_move" or key not in episodes:
                self.set(account, key, severity, cause, facts)

    def _respond(self, account: Account, cause: Cause) -> None:
        """Propose what answers an open alert; end what its alert no longer asks for."""
        episodes = account.episodes or {}
        wanted = {}
        for key, row in episodes.items():
            kind = _RESPONSES.get(key.rule)
            if kind is not None:
                wanted[kind, key.lot, key.subject] = row
        for known in list(account.actions or {}):
            if known[0] in {"clearance", "expedite"} and known not in wanted:
                self._actions.cured(account, known, cause)
        for action, row in wanted.items():
            if action in (account.actions or {}):
                continue
            if action[0] == "clearance":
                quantity = account.quantity_of(row.key.lot)
            else:
                quantity = fixed(Decimal(row.observed["in_transit"]))
            self._actions.propose(
                account,
                action,
                cause,
                quantity=quantity,
                value=worth(quantity, self.cost(account)),
                auto_value=self._state.policy(f"auto_{action[0]}_value", account.key),
                payload=_payload(action[0], row.observed, self.cost(account)),
                rule=row.key.rule,
                alert_id=row.alert_id,
                events=row.events,
            )

    def _replenish(self, account: Account, numbers: Numbers, cause: Cause) -> tuple[int, int]:
        """Propose a replenishment or end it; return the bounds of `projected` that keep it."""
        standing = REPLENISHMENT in (account.actions or {})
        reorder = numbers.reorder
        if reorder is None or not _short(numbers):
            if standing:
                self._actions.cured(account, REPLENISHMENT, cause)
            return (LEAST if reorder is None else reorder + 1), MOST
        if not standing:
            need = replenishment(numbers.limits, numbers.projected, reorder, numbers.mean)
            cost = self.cost(account)
            alert = self._shortage(account)
            self._actions.propose(
                account,
                REPLENISHMENT,
                cause,
                quantity=need,
                value=worth(need, cost),
                auto_value=self._state.policy("auto_replenishment_value", account.key),
                payload=self._order(account, numbers, cost),
                rule=None if alert is None else alert[0],
                alert_id=None if alert is None else alert[1],
            )
        return LEAST, reorder + 1

    @staticmethod
    def _shortage(account: Account) -> tuple[str, str] | None:
        """Return rule and id of the alert that a replenishment answers."""
        for rule in ("stock_out", "below_safety", "predicted_stock_out"):
            row = (account.episodes or {}).get(EpisodeKey(rule, *account.key))
            if row is not None:
                return rule, row.alert_id
        return None

    def _order(self, account: Account, numbers: Numbers, cost: Decimal | None) -> dict[str, Any]:
        limits, told = numbers.limits, dict(self._told(account, numbers))
        for name in ("receipts", "receipts_due", "on_hold", "reserved", "days_of_cover",
                     "stock_out_on"):  # fmt: skip
            told.pop(name, None)
        return {
            **told,
            "reorder_qty": number(limits.reorder_qty) or None,
            "order_multiple": number(limits.order_multiple) or None,
            "unit_cost": cost,
        }

    def _by_days(self, account: Account, row: StockRow) -> list[tuple[str, Severity | None]]:
        """Return what the closed days say."""
        today = self._state.today.get(account.key.warehouse)
        if today is None:
            return []
        limits = self._state.limits(account)
        idle = judging.idle_for(account, today)
        dead = idle is not None and idle >= limits.dead_days > 0 and account.on_hand > 0
        if row.stock_out_on is None and not dead and not account.episodes:
            return []
        foreseen = judging.predicted(account, row.stock_out_on, today, row.available, limits)
        return [("predicted_stock_out", foreseen), ("dead_stock", "info" if dead else None)]

    def set(
        self,
        account: Account,
        key: EpisodeKey,
        severity: Severity | None,
        cause: Cause,
        facts: Callable[[], Facts],
    ) -> None:
        """Bring an account's episode to a severity, None being resolved."""
        if account.episodes is None:
            if severity is None:
                return
            account.episodes = {}
        self._alerts.set(account.episodes, key, severity, cause, facts)

    def _facts_by_days(self, account: Account, rule: str, row: StockRow) -> Callable[[], Facts]:
        def facts() -> Facts:
            numbers = self._numbers(account)
            if rule == "dead_stock":
                return self._idle(account, numbers)
            told = dict(self._told(account, numbers))
            told["stock_out_on"] = judging.day(row.stock_out_on)
            told["below_safety_on"] = judging.day(row.below_safety_on)
            return Facts(Decimal(numbers.limits.horizon_days), told)

        return facts

    def _idle(self, account: Account, numbers: Numbers) -> Facts:
        today = self._state.today[account.key.warehouse]
        cost = self.cost(account)
        observed = {
            **self.names(account),
            "on_hand": number(account.on_hand),
            "idle_days": judging.idle_for(account, today),
            "issued_on": judging.day(account.issued_on),
            "value": worth(account.on_hand, cost),
        }
        return Facts(Decimal(numbers.limits.dead_days), observed)

    def _ended(self, account: Account, known: EpisodeRow, numbers: Numbers) -> Facts:
        """Return what a record tells of an episode whose reason has gone."""
        key = known.key
        if key.rule in {"near_expiry", "expired"}:
            left = number(account.quantity_of(key.lot))
            return Facts(None, {**known.observed, "quantity": left})
        if key.rule not in BY_STATE or key.subject:
            return Facts(None, known.observed)
        return Facts(None, self._told(account, numbers))

    def _facts_of(
        self, account: Account, numbers: Numbers, threshold: int | None
    ) -> Callable[[], Facts]:
        def facts() -> Facts:
            limit = None if threshold is None else Decimal(number(threshold))
            return Facts(limit, self._told(account, numbers))

        return facts

    def named(self, account: Account, facts: Facts) -> Callable[[], Facts]:
        """Return facts with what the item is called, put together when they are asked for."""

        def named() -> Facts:
            observed = {**self.names(account), **facts.observed}
            return Facts(facts.threshold, observed, facts.events)

        return named

    def _told(self, account: Account, numbers: Numbers) -> dict[str, Any]:
        """Return what records about an account say; those of one judgement share it."""
        if self._said[0] is numbers:
            return self._said[1]
        state, warehouse = self._state, account.key.warehouse
        today = None if state.clock is None else state.local_day(warehouse)
        observed = {**self.names(account), **judging.told(account, numbers, today)}
        observed["receipts"] = len(account.purchases)
        observed["receipts_due"] = due_inside(account, state.clock, numbers.limits.incoming_days)
        self._said = (numbers, observed)
        return observed

    def names(self, account: Account) -> dict[str, Any]:
        """Return what the item is called."""
        item = self._item(account)
        if item is None:
            return {}
        return {"name": item.name, "name_zh": item.name_zh}

    def _item(self, account: Account) -> Item | None:
        return self._state.images(account.key.sku).last

    def cost(self, account: Account) -> Decimal | None:
        """Return what the item costs, by its latest image."""
        item = self._item(account)
        return None if item is None else item.unit_cost

    def _care(self, account: Account) -> Severity:
        item = self._item(account)
        return "critical" if item is not None and item.high_value else "warning"


def _by_state(row: EpisodeRow) -> bool:
    """Tell whether an episode is about the state: it ends when the state is another."""
    if row.key.rule == "unexplained_move":  # with an event behind it, it is a finding
        return not row.observed.get("times")
    return row.key.rule in BY_STATE


def _short(numbers: Numbers) -> bool:
    return numbers.reorder is not None and numbers.projected <= numbers.reorder


def _payload(kind: str, observed: dict[str, Any], cost: Decimal | None) -> dict[str, Any]:
    """Return what an action's receiver needs to know."""
    names = ["name", "name_zh"]
    names += ["expires_on", "days_to_expiry"] if kind == "clearance" else []
    names += ["document", "from", "due_at", "in_transit"] if kind == "expedite" else []
    payload = {name: observed[name] for name in names if name in observed}
    if kind == "clearance":
        payload |= {"unit_cost": cost, "command": "mark"}
    return payload
