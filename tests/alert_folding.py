"""A log read by the model of alerts and by the real fold: what each says became of what.

Enters: canonical events in the order of the log; a decision may name its alert or action by
`named` instead of an id that only the fold knows. Leaves: transitions and steps in the model's
shape. The one place that knows the names of the fold's alerts.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from flows.domain import ledger as fold
from flows.domain.decode.canonical import encode
from flows.domain.events import Decision, Event
from flows.domain.memory import MemoryStore
from tests.builders import BASE
from tests.folding import ZONE, read
from tests.reference_actions import ActionKey, Step
from tests.reference_alerts import Alerts, Told, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flows.domain.episodes import ActionRow, EpisodeRow

    Message = tuple[int, datetime, Event]

BROKER_TIME = BASE + timedelta(days=200)
"""Later than every event of such a log."""


class Engine:
    """The fold of one partition over a store in memory."""

    def __init__(self, accounts: int = 1000) -> None:
        """Begin with an empty store; `accounts` stay in memory."""
        self.store = MemoryStore(partition=0)
        self._room = accounts
        self.steps: list[Step] = []
        self.restart()

    def restart(self) -> None:
        """Go on as a new process does: with nothing but the store."""
        room = self._room
        own = lambda _: True  # noqa: E731
        self._ledger = fold.Ledger(0, recall=self.store, zone=ZONE, owns=own, accounts=room)

    def fold(self, batch: list[Message]) -> None:
        """Fold one batch as a flow does, and commit it."""
        for part in fold.cut(batch):
            changes = self._ledger.fold(part)
            self.store.apply(changes)
            self.steps += [Step(part[-1][0], about(row), row.state) for row in changes.steps]

    def open_alerts(self) -> list[EpisodeRow]:
        """Return the episodes that are not resolved, by key."""
        rows = self.store.told.episodes.items()
        return [row for _, row in sorted(rows) if row.state != "resolved"]

    def actions(self) -> list[ActionRow]:
        """Return all actions, by key and age."""
        rows = self.store.told.actions.values()
        return sorted(rows, key=lambda row: (about(row), row.proposed_at, row.action_id))

    @property
    def told(self) -> list[Told]:
        """All transitions so far."""
        return [
            Told(row.offset, row.episode.key, row.transition, row.episode.severity)
            for row in self.store.told.alerts
        ]


class Both:
    """The model and the fold, reading the same log one message at a time."""

    def __init__(self) -> None:
        """Begin with an empty log."""
        self.model, self.engine = Alerts(), Engine()
        self.sides = (self.model, self.engine)
        self.log: list[Message] = []
        self._names: dict[str, str] = {}
        """What the model calls an alert or an action of the fold."""

    def read(self, event: Event) -> None:
        """Let both read the next message; decisions name what they are about as the fold does."""
        event = read(event)
        offset = len(self.log)
        self.log.append((offset, BROKER_TIME, event))
        self.engine.fold(self.log[-1:])
        tables = self.engine.store.told
        for row in tables.alerts:
            key = row.episode.key
            if row.offset == offset and row.transition == "opened":
                self._names[row.episode.alert_id] = name_of(offset, key)
        for name, action in tables.actions.items():
            self._names.setdefault(name, name_of(offset, about(action)))
        if isinstance(event, Decision):
            event = msgspec.structs.replace(
                event,
                alert_id=event.alert_id and self._names.get(event.alert_id, "?"),
                action_id=event.action_id and self._names.get(event.action_id, "?"),
            )
        self.model.read(offset, event)


class Named(NamedTuple):
    """A decision still to be addressed: to the open alert of a rule, or the action of a kind."""

    name: str
    fields: dict[str, Any]

    def of(self, engine: Engine) -> Event:
        """Return the decision about the one that is open now."""
        for row in engine.open_alerts():
            if row.key.rule == self.name:
                return _decision(row.key.warehouse, alert_id=row.alert_id, **self.fields)
        for action in engine.actions():
            if action.kind == self.name and action.standing:
                return _decision(action.warehouse, action_id=action.action_id, **self.fields)
        raise AssertionError(f"nothing open of {self.name}")


class Picked(NamedTuple):
    """A decision about any alert or action that there is, by number."""

    number: int
    decision: str
    at: datetime

    def of(self, engine: Engine) -> Event | None:
        """Return the decision, None when there is nothing to decide on."""
        if self.decision in {"acknowledge", "resolve"}:
            rows = engine.open_alerts()
            if not rows:
                return None
            row = rows[self.number % len(rows)]
            where, about = row.key.warehouse, {"alert_id": row.alert_id}
        else:
            actions = engine.actions()
            if self.decision == "withdraw":
                actions = [row for row in actions if row.kind == "rebalance"]
            if not actions:
                return None
            action = actions[self.number % len(actions)]
            where, about = action.warehouse, {"action_id": action.action_id}
        return _decision(where, decision=self.decision, occurred_at=self.at, **about)


_numbers = count(1)


def _decision(warehouse: str, **fields: Any) -> Decision:
    fields = {"event_id": f"d{next(_numbers)}", "occurred_at": BASE, **fields}
    return Decision(warehouse=warehouse, **fields)


def named(name: str, decision: str, **fields: Any) -> Named:
    """Return a decision about what is open of a rule or a kind of action."""
    return Named(name, {"decision": decision, "decided_by": "ann", **fields})


def messages(drawn: Iterable[Event | Picked], engine: Engine) -> Iterator[Message]:
    """Fold a drawn log, one message at a time; yield it with its decisions addressed."""
    offset = 0
    for event in drawn:
        known = event.of(engine) if isinstance(event, Picked) else event
        if known is not None:
            message = (offset, BROKER_TIME, read(known))
            engine.fold([message])
            yield message
            offset += 1


def shown(log: Iterable[Message]) -> str:
    """Return a log as people can read it, for the sentence of a failure."""
    return "\n" + "\n".join(f"{offset} {encode(event).decode()}" for offset, _, event in log)


def about(row: ActionRow) -> ActionKey:
    """Return what an action of the fold is about, as the model has it."""
    return ActionKey(row.kind, row.warehouse, row.sku, row.lot, row.subject)


def by_key(told: Iterable[Told | Step]) -> dict[Any, list[Any]]:
    """Return what became of each key; what lies between different keys has no order."""
    found = defaultdict(list)
    for one in told:
        found[one.key].append(tuple(part for part in one if part is not one.key))
    return dict(found)
