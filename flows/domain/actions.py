"""Actions: what is proposed against an alert's cause, decided by a person or a policy, and sent.

Enters: needs of accounts, decisions and proposals. Leaves: a row for each change of an action's
state, in the batch's changes. An action stands until its reason has gone, whatever was decided:
while it stands no other of its key is proposed. Pure.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from flows.domain.accounts import Account
from flows.domain.alerts import Cause, id_of
from flows.domain.changes import Changes
from flows.domain.episodes import ActionRow, EpisodeRow
from flows.domain.events import Decision, Move, Proposal
from flows.domain.fixed import fixed
from flows.domain.master import ALWAYS, Limits
from flows.domain.rejects import Reject

WEEK_DAYS = 7
UNIT = 10_000
REPLENISHMENT = ("replenishment", "", "")
UNDERWAY = frozenset({"approved", "sent"})
_FROM = {
    "approve": ("proposed",),
    "reject": ("proposed",),
    "withdraw": ("proposed", "rejected", "failed"),
    "sent": ("approved",),
    "failed": ("approved",),
}
_TO = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"}


def move_key(event: Proposal | Move) -> tuple[str, str, str]:
    """Return the key of the action that suggests a move, or that a move carries out."""
    return ("rebalance", event.lot or "", f"{event.from_bin} → {event.to_bin}")


def replenishment(limits: Limits, projected: int, reorder: int, mean: float | None) -> int:
    """Return how much to order, in 1/10000 units.

    max(reorder_qty, max_stock − projected), rounded up to the multiple; where neither is set, up to
    the reorder point and a week's demand. At least one unit.
    """
    if limits.reorder_qty or limits.max_stock is not None:
        wanted = max(limits.reorder_qty, (limits.max_stock or 0) - projected)
    else:
        wanted = reorder - projected + int((mean or 0.0) * WEEK_DAYS)
    wanted = max(wanted, UNIT)
    step = limits.order_multiple
    return -(-wanted // step) * step if step else -(-wanted // UNIT) * UNIT


class Actions:
    """Writes what becomes of actions into a batch's changes."""

    def __init__(self) -> None:
        """`begin` gives the changes to write to."""
        self._changes = Changes()

    def begin(self, changes: Changes) -> None:
        """Write to these changes from now on."""
        self._changes = changes

    def propose(
        self,
        account: Account,
        key: tuple[str, str, str],
        cause: Cause,
        *,
        quantity: int | None,
        value: Decimal | None,
        auto_value: Decimal,
        payload: dict[str, Any],
        rule: str | None = None,
        alert_id: str | None = None,
        events: tuple[str, ...] = (),
    ) -> None:
        """Propose an action, approved at once up to `auto_value`."""
        if key in (account.actions or {}):
            return
        kind, lot, subject = key
        auto = auto_value > 0 and (auto_value >= ALWAYS or _within(value, auto_value))
        row = ActionRow(
            id_of(kind, *account.key, lot, subject, cause.event_id),
            kind,
            *account.key,
            lot,
            subject,
            "approved" if auto else "proposed",
            standing=True,
            approval="auto" if auto else "manual",
            quantity=quantity,
            value=value,
            payload=payload,
            rule=rule,
            alert_id=alert_id,
            events=events or (cause.event_id,),
            proposed_at=cause.decided_at,
            offset=cause.offset,
        )
        if auto:
            row.decided_at, row.decided_by, row.channel = cause.decided_at, "policy", "auto"
        self._write(account, row)

    def cured(self, account: Account, key: tuple[str, str, str], cause: Cause) -> None:
        """Let an action end whose reason has gone."""
        known = (account.actions or {}).get(key)
        if known is None:
            return
        row = replace(known, standing=False)
        if known.state == "proposed":
            row.state, row.finished_at = "withdrawn", cause.decided_at
        elif known.state in UNDERWAY:
            row.state, row.finished_at = "done", cause.decided_at
            if row.kind == "clearance":
                row.payload = {**row.payload, "command": "unmark"}
        self._write(account, row)

    def follow(
        self, account: Account, known: ActionRow, quantity: int, value: Decimal | None
    ) -> None:
        """Let a proposal ask for another quantity."""
        self._write(account, replace(known, quantity=quantity, value=value))

    def decide(
        self, account: Account, action_id: str, event: Decision, cause: Cause
    ) -> Reject | None:
        """Take a decision; return why it cannot be taken."""
        known = next(
            (x for x in (account.actions or {}).values() if x.action_id == action_id), None
        )
        if known is None or known.state not in _FROM[event.decision]:
            # What the relay says of an action that has come to its end meanwhile is no news.
            return None if event.decision in {"sent", "failed"} else decided(event, known)
        row = replace(known)
        if event.decision in {"sent", "failed"}:
            self._told(row, event)
        elif event.decision != "withdraw" or known.state == "proposed":
            self._decided(row, event, cause)
        if event.decision == "withdraw":
            # Nobody suggests it any more; what the stock asks for ends by itself.
            row.standing = row.kind != "rebalance"
        self._write(account, row)
        return None

    @staticmethod
    def _decided(row: ActionRow, event: Decision, cause: Cause) -> None:
        """Note who decided what."""
        row.state = _TO[event.decision]
        row.decided_at, row.channel = event.occurred_at, event.channel
        row.decided_by = event.decided_by or event.operator
        row.reason = event.reason
        if event.quantity is not None:
            row.value = _scaled(row.value, row.quantity, fixed(event.quantity))
            row.quantity = fixed(event.quantity)
        if row.state == "withdrawn":
            row.finished_at = cause.decided_at

    @staticmethod
    def _told(row: ActionRow, event: Decision) -> None:
        """Note what the relay says."""
        row.state = event.decision
        if event.decision == "sent":
            row.sent_at = event.occurred_at
        else:
            row.finished_at, row.reason = event.occurred_at, event.reason

    def _write(self, account: Account, row: ActionRow) -> None:
        actions = account.actions = account.actions or {}
        known = actions.get(row.key)
        if row.standing:
            actions[row.key] = row
        else:
            actions.pop(row.key, None)
        self._changes.actions[row.action_id] = row
        if known is None or known.state != row.state:
            self._changes.steps.append(row)


def _within(value: Decimal | None, limit: Decimal) -> bool:
    return value is not None and value <= limit


def _scaled(value: Decimal | None, quantity: int | None, wanted: int) -> Decimal | None:
    if value is None or not quantity:
        return value
    return (value / quantity * wanted).normalize()


def decided(event: Decision, known: ActionRow | None) -> Reject:
    """Return why an action cannot be decided on: nobody knows it, or it is no longer open."""
    name = event.action_id or event.alert_id or ""
    if known is None:
        return unknown(event, name)
    return Reject(
        "already_decided",
        "action_id",
        f"action {name!r} is {known.state}"
        f"{_by(known.decided_by, known.decided_at)}: {event.decision} has no effect",
        event.event_id,
    )


def unknown(event: Decision, name: str) -> Reject:
    """Return that no open action or alert has that id."""
    field = "action_id" if event.action_id else "alert_id"
    word = "action" if event.action_id else "alert"
    return Reject(
        "unknown_action",
        field,
        f"no open {word} of warehouse {event.warehouse!r} has the id {name!r}",
        event.event_id,
    )


def acknowledged(event: Decision, known: EpisodeRow) -> Reject:
    """Return that somebody has taken an alert on before."""
    return Reject(
        "already_decided",
        "alert_id",
        f"alert {known.alert_id!r} is acknowledged"
        f"{_by(known.acknowledged_by, known.acknowledged_at)}: {event.decision} has no effect",
        event.event_id,
    )


def _by(who: str | None, at: datetime | None) -> str:
    return "" if at is None else f" since {at.isoformat()}" + (f" by {who}" if who else "")
