"""Alerts and actions as rows: what a fold hands to the store, and what the store hands back.

Quantities of actions are ints in 1/10000 units, those in `observed` and `payload` exact decimals in
the base unit. Times are aware UTC and those of events; empty text is "" in keys, None elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct


class EpisodeKey(NamedTuple):
    """What an alert is about; "" where that does not apply."""

    rule: str
    warehouse: str
    sku: str = ""
    lot: str = ""
    bin: str = ""
    subject: str = ""


class EpisodeRow(Struct):
    """The last episode of a key (table alert_state); `observed` holds what JSON can."""

    key: EpisodeKey
    alert_id: str
    version: int
    severity: str
    state: str
    opened_at: datetime
    seen_at: datetime
    resolved_at: datetime | None
    threshold: Decimal | None
    observed: dict[str, Any]
    events: tuple[str, ...]
    offset: int
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    next_reminder_at: datetime | None = None


class AlertRow(Struct):
    """A transition of an episode (table alerts), as the episode stood then."""

    transition: str
    at: datetime
    episode: EpisodeRow
    offset: int
    actor: str | None = None
    note: str | None = None


class ActionRow(Struct):
    """A proposed action and what became of it (table actions)."""

    action_id: str
    kind: str
    warehouse: str
    sku: str
    lot: str
    subject: str
    state: str
    standing: bool
    approval: str
    quantity: int | None
    value: Decimal | None
    payload: dict[str, Any]
    rule: str | None
    alert_id: str | None
    events: tuple[str, ...]
    proposed_at: datetime
    offset: int
    decided_at: datetime | None = None
    decided_by: str | None = None
    channel: str | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about within its account: kind, lot, subject."""
        return (self.kind, self.lot, self.subject)
