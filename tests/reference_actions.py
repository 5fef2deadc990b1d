"""The slow, obvious model of actions, a part of `reference_alerts.py`.

Enters: the model of alerts after an event was judged, with the transitions of it. Leaves: `steps`,
every change of the state of an action, and `standing`, those whose reason has not gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from flows.domain import events as ev

if TYPE_CHECKING:
    from tests.reference_alerts import Alerts, Told
    from tests.reference_touches import Place
    from tests.reference_views import View

BEGUN = {"near_expiry": "clearance", "transfer_late": "expedite"}

OPEN_TO = {
    "proposed": {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"},
    "approved": {"sent": "sent", "failed": "failed"},
}
"""The decisions that a state is open to, and what they make of it."""


class ActionKey(NamedTuple):
    """What an action is about."""

    kind: str
    warehouse: str
    sku: str
    lot: str = ""
    subject: str = ""


class Step(NamedTuple):
    """An action that came into a state, by which message."""

    offset: int
    key: ActionKey
    state: str


@dataclass
class Action:
    """An action whose reason has not gone."""

    offset: int
    state: str
    quantity: Decimal


@dataclass
class Actions:
    """All actions of a log."""

    standing: dict[ActionKey, Action] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    proposed: dict[str, ActionKey] = field(default_factory=dict)
    """What each action was about, by its name."""

    def read(self, world: Alerts, event: ev.Event, told: list[Told]) -> None:
        """Propose, decide and end what an event and the alerts that it raised ask for."""
        for alert in told:
            if alert.key.rule in BEGUN:
                self._follow(world, alert)
        self._replenish(world, follow=isinstance(event, ev.Tick))
        if isinstance(event, ev.Proposal) and event.event_id in world.view.effective:
            route = f"{event.from_bin} → {event.to_bin}"
            key = ActionKey("rebalance", event.warehouse, event.sku, event.lot or "", route)
            self._propose(world, key, event.quantity)
        elif isinstance(event, ev.Move) and event.event_id in world.view.effective:
            route = f"{event.from_bin} → {event.to_bin}"
            key = ActionKey("rebalance", event.warehouse, event.sku, event.lot or "", route)
            self._end(world, key)

    def _follow(self, world: Alerts, alert: Told) -> None:
        """Let an action begin and end with its alert."""
        _, warehouse, sku, lot, _, subject = alert.key
        key = ActionKey(BEGUN[alert.key.rule], warehouse, sku, lot, subject)
        if alert.transition == "opened":
            coming = [
                row["shipped"] - row["received"] - row["lost"]
                for (name, moved, _, to), row in world.view.model.transfers.items()
                if (name, moved, to) == (subject, sku, warehouse)
            ]
            of_lot = world.view.lot(warehouse, sku, lot)
            expedite = key.kind == "expedite"
            self._propose(world, key, sum(coming, Decimal(0)) if expedite else of_lot)
        elif alert.transition == "resolved":
            self._end(world, key)

    def _replenish(self, world: Alerts, *, follow: bool) -> None:
        """Propose an order for every account at its reorder point; end those that are above."""
        for pair in world.view.pairs:
            if ("account", *pair) in world.stale:
                continue
            now, key = world.view.figures(pair), ActionKey("replenishment", *pair)
            if now.reorder is None or now.projected > now.reorder:
                self._end(world, key)
                continue
            needed = need(world.view, pair)
            known = self.standing.get(key)
            if known is None:
                self._propose(world, key, needed)
            elif follow and known.state == "proposed":
                far = abs(needed - known.quantity) * 10 >= known.quantity
                known.quantity = needed if far else known.quantity

    def _propose(self, world: Alerts, key: ActionKey, quantity: Decimal) -> None:
        """Propose an action if none of its key stands; approve it if its value allows that."""
        if key in self.standing:
            return
        limit = world.view.policy(f"auto_{key.kind}_value", key.warehouse, key.sku)
        cost = world.view.unit_cost(key.sku)
        allowed = limit is None or (limit > 0 and cost is not None and quantity * cost <= limit)
        state = "approved" if allowed else "proposed"
        self.standing[key] = Action(world.offset, state, quantity)
        self.steps.append(Step(world.offset, key, state))
        self.proposed[name_of(world.offset, key)] = key

    def _end(self, world: Alerts, key: ActionKey) -> None:
        """The reason of an action has gone."""
        known = self.standing.pop(key, None)
        if known is not None and known.state == "proposed":
            self.steps.append(Step(world.offset, key, "withdrawn"))
        elif known is not None and known.state in {"approved", "sent"}:
            self.steps.append(Step(world.offset, key, "done"))

    def decide(self, world: Alerts, event: ev.Decision) -> set[Place]:
        """Take a decision that is open; return the account about which something was heard."""
        key = self.proposed.get(event.action_id or "")
        if key is None:
            return set()
        known = self.standing.get(key)
        if known is not None and name_of(known.offset, key) == event.action_id:
            state = OPEN_TO.get(known.state, {}).get(event.decision)
            if state is not None:
                self._become(world, key, known, state, event.quantity)
                return {("account", key.warehouse, key.sku)}
        told = event.decision in {"sent", "failed"}
        return {("account", key.warehouse, key.sku)} if told else set()

    def _become(
        self, world: Alerts, key: ActionKey, known: Action, state: str, quantity: Decimal | None
    ) -> None:
        """Bring an action into the state that was decided."""
        known.state = state
        if state == "approved" and key.kind == "replenishment":
            known.quantity = quantity or need(world.view, (key.warehouse, key.sku))
        self.steps.append(Step(world.offset, key, state))
        if state == "withdrawn":
            del self.standing[key]


def need(view: View, pair: tuple[str, str]) -> Decimal:
    """Return how much to order: as the policy says, or up to seven days above the reorder point."""
    now = view.figures(pair)
    fixed, most, multiple = (
        view.policy(name, *pair) for name in ("reorder_qty", "max_stock", "order_multiple")
    )
    room = None if most is None else most - now.projected
    sizes = [Fraction(size) for size in (fixed, room) if size is not None]
    demand = view.demands.get(pair)
    if fixed is None and most is None:
        week = 7 * demand.per_day if demand else 0
        sizes = [(now.reorder or 0) + week - Fraction(now.projected)]
    size = max(*sizes, Fraction(1))
    exact = Decimal(ceil(size * 10_000)) / 10_000
    if not multiple:
        return exact
    return (exact / multiple).to_integral_value(ROUND_CEILING) * multiple


def name_of(offset: int, key: tuple[str, ...]) -> str:
    """Return the model's name of an alert or an action: its key, and the message that began it."""
    return f"{offset} {' '.join(key)}"
