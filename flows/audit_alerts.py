"""The rows of alerts and actions that a fold expects, for the audit."""

from __future__ import annotations

from flows.audit_values import Expected, Values, plain
from flows.domain.episodes import ActionRow, EpisodeRow
from flows.domain.fixed import decimal
from flows.domain.memory import MemoryStore

STATE_KEY = ["rule", "warehouse", "sku", "lot", "bin", "subject"]
STATE = [
    "alert_id", "version", "severity", "state", "opened_at", "seen_at", "resolved_at", "threshold",
    "observed", "events", "log_offset", "acknowledged_at", "acknowledged_by", "next_reminder_at",
]  # fmt: skip
TRANSITION_KEY = ["log_partition", "log_offset", "alert_id", "transition"]
TRANSITION = [
    "occurred_at", *STATE_KEY, "severity", "state", "threshold", "observed", "events", "actor",
    "note",
]  # fmt: skip
ACTION = [
    "kind", "warehouse", "sku", "lot", "subject", "state", "standing", "approval", "quantity",
    "value", "payload", "rule", "alert_id", "events", "proposed_at", "decided_at", "decided_by",
    "channel", "reason", "sent_at", "finished_at", "log_offset",
]  # fmt: skip
FOLDED = " WHERE log_partition IS NOT NULL"
"""Who watches from outside writes without a place in the log."""


def reviews(stores: list[MemoryStore]) -> Expected:
    """Yield when each account is to be judged again."""
    for store in stores:
        for key, row in store.stock.items():
            yield tuple(key), (row.review_at, row.basis)


def episodes(stores: list[MemoryStore]) -> Expected:
    """Yield the last episode of each key."""
    for store in stores:
        for key, row in store.told.episodes.items():
            yield tuple(key), _episode(row)


def _episode(r: EpisodeRow) -> Values:
    return (
        r.alert_id, r.version, r.severity, r.state, r.opened_at, r.seen_at, r.resolved_at,
        plain(r.threshold), plain(r.observed), r.events, r.offset, r.acknowledged_at,
        r.acknowledged_by, r.next_reminder_at,
    )  # fmt: skip


def transitions(stores: list[MemoryStore]) -> Expected:
    """Yield every transition."""
    for store in stores:
        for row in store.told.alerts:
            r = row.episode
            yield (
                (store.partition, row.offset, r.alert_id, row.transition),
                (
                    row.at, *r.key, r.severity, r.state, plain(r.threshold), plain(r.observed),
                    r.events, row.actor, row.note,
                ),
            )  # fmt: skip


def actions(stores: list[MemoryStore]) -> Expected:
    """Yield every action."""
    for store in stores:
        for name, row in store.told.actions.items():
            yield (name,), _action(row)


def _action(r: ActionRow) -> Values:
    return (
        r.kind, r.warehouse, r.sku, r.lot, r.subject, r.state, r.standing, r.approval,
        None if r.quantity is None else decimal(r.quantity), plain(r.value), plain(r.payload),
        r.rule, r.alert_id, r.events, r.proposed_at, r.decided_at, r.decided_by, r.channel,
        r.reason, r.sent_at, r.finished_at, r.offset,
    )  # fmt: skip
