"""Alerts and actions of a batch as SQL, and as rows of the fold again.

Enters: `Changes` and a cursor inside the batch's transaction. Leaves: rows of alerts, alert_state,
alert_times and actions, messages in outbox, and one NOTIFY when there are any. The watcher, which
looks at the tables from outside, writes with partition None. What was decided is written over: a
batch that is tried again leaves the same rows. May fail with psycopg's errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from msgspec import json

from connectors.timescale import NULL, array, copy_rows
from flows.domain.changes import Changes
from flows.domain.episodes import ActionRow, AlertRow, EpisodeKey, EpisodeRow
from flows.domain.fixed import fixed, text
from flows.domain.rules import ACTION_ROLES, RULES
from flows.store import outbox
from flows.store.arrays import columns
from flows.store.statements import COLUMNS, TS, B, J, L, N, Q, T, upserting

EPISODE = (
    "rule, warehouse, sku, lot, bin, subject, alert_id, version, severity, state, opened_at,"
    " seen_at, resolved_at, threshold, observed::text, events, coalesce(log_offset, 0),"
    " acknowledged_at, acknowledged_by, next_reminder_at"
)
"""The columns of alert_state that `episode_of` takes."""
ACTION = (
    "action_id, kind, warehouse, sku, lot, subject, state, standing, approval, quantity, value,"
    " payload::text, rule, alert_id, events, proposed_at, log_offset, decided_at, decided_by,"
    " channel, reason, sent_at, finished_at"
)
"""The columns of actions that `action_of` takes."""

_STATE = upserting(
    "alert_state",
    {
        **dict.fromkeys(("rule", "warehouse", "sku", "lot", "bin", "subject", "alert_id"), T),
        "version": N,
        **dict.fromkeys(("severity", "state"), T),
        **dict.fromkeys(("opened_at", "seen_at", "resolved_at"), TS),
        "threshold": Q,
        "observed": J,
        **dict.fromkeys(("events", "roles"), "text[]"),
        "acknowledged_at": TS,
        "acknowledged_by": T,
        "next_reminder_at": TS,
        "log_partition": N,
        "log_offset": L,
    },
    6,
)
_ACTIONS = (
    upserting(
        "actions",
        {
            **dict.fromkeys(
                ("action_id", "kind", "warehouse", "sku", "lot", "subject", "state"), T
            ),
            "standing": B,
            "approval": T,
            **dict.fromkeys(("quantity", "value"), Q),
            "payload": J,
            **dict.fromkeys(("rule", "alert_id"), T),
            **dict.fromkeys(("events", "roles"), "text[]"),
            **dict.fromkeys(("proposed_at", "decided_at"), TS),
            **dict.fromkeys(("decided_by", "channel", "reason"), T),
            **dict.fromkeys(("sent_at", "finished_at"), TS),
            "log_partition": N,
            "log_offset": L,
        },
        1,
    )
    + ", updated_at = now()"
)
SLICE = 5000
"""Rows of one statement; of more, the database takes in some while the next are made."""
_TIMES_OPENED = """
INSERT INTO inventory.alert_times (alert_id, rule, warehouse, severity, occurred_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
ON CONFLICT (alert_id) DO NOTHING
"""
_TIMES = {
    "acknowledged": """
UPDATE inventory.alert_times SET acknowledged_at = coalesce(acknowledged_at, now())
WHERE alert_id = ANY(%s::text[])
""",
    "resolved": """
UPDATE inventory.alert_times SET resolved_at = coalesce(resolved_at, now())
WHERE alert_id = ANY(%s::text[])
""",
}
_encode = json.Encoder(decimal_format="number").encode
_decode = json.Decoder(dict[str, Any], float_hook=Decimal).decode


def write(cursor: psycopg.Cursor, partition: int | None, changes: Changes) -> None:
    """Write what a batch raises, resolves and proposes, and the messages that tell of it."""
    statements = _statements(cursor, partition, changes)
    if len(changes.alerts) + len(changes.steps) < SLICE:
        for statement in statements:
            statement()
        return
    with ThreadPoolExecutor(1, "alerts") as sender:
        sent = [sender.submit(statement) for statement in statements]
    for one in sent:
        one.result()


def _statements(
    cursor: psycopg.Cursor, partition: int | None, changes: Changes
) -> Iterator[Callable[[], object]]:
    """Return what is to be done with the database, in order; each is made while one is at work."""
    for episodes in _slices(list(changes.episodes.values())):
        values = columns([_episode(row, partition) for row in episodes])
        yield partial(cursor.execute, _STATE, values)
    for actions in _slices(list(changes.actions.values())):
        values = columns([_action(row, partition) for row in actions])
        yield partial(cursor.execute, _ACTIONS, values)
    told = []
    for rows in _slices(changes.alerts):
        new = [outbox.alert(row, _mark(row, partition)) for row in rows]
        told += new
        lines = [_transition(row, one, partition) for row, one in zip(rows, new, strict=True)]
        yield partial(copy_rows, cursor, "alerts", COLUMNS["alerts"], lines)
    yield partial(_times, cursor, changes.alerts)
    yield partial(outbox.write, cursor, list(outbox.messages(told)))
    told = [outbox.action(r, f"{r.action_id}-{r.state}-{r.offset}") for r in changes.steps]
    yield partial(outbox.write, cursor, list(outbox.messages(told)))


def _slices(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[first : first + SLICE] for first in range(0, len(rows), SLICE))


def _mark(row: AlertRow, partition: int | None) -> str:
    """Return the id of a transition: the watcher's have no place in the log, but a time."""
    place = f"{row.at:%Y%m%dT%H%M%S.%f}Z" if partition is None else str(row.offset)
    return f"{row.episode.alert_id}-{row.transition}-{place}"


def _transition(row: AlertRow, told: outbox.Told, partition: int | None) -> tuple[str, ...]:
    episode = row.episode
    key = episode.key
    return (
        row.at.isoformat(),
        episode.alert_id,
        key.rule,
        str(episode.version),
        episode.severity,
        episode.state,
        row.transition,
        *key[1:],
        _ROLES[key.rule],
        NULL if episode.threshold is None else str(episode.threshold),
        told.facts.decode(),
        array(episode.events),
        NULL if row.actor is None else row.actor,
        NULL if row.note is None else row.note,
        told.text_en,
        told.text_zh,
        NULL if partition is None else str(partition),
        NULL if partition is None else str(row.offset),
    )


def _episode(row: EpisodeRow, partition: int | None) -> tuple[Any, ...]:
    return (
        *row.key,
        row.alert_id,
        row.version,
        row.severity,
        row.state,
        row.opened_at,
        row.seen_at,
        row.resolved_at,
        row.threshold,
        _encode(row.observed).decode(),
        array(row.events),
        _ROLES[row.key.rule],
        row.acknowledged_at,
        row.acknowledged_by,
        row.next_reminder_at,
        partition,
        None if partition is None else row.offset,
    )


def _times(cursor: psycopg.Cursor, rows: Iterable[AlertRow]) -> None:
    """Note when each episode was raised, taken up and ended: now, as the batch is committed."""
    opened = []
    ids: dict[str, list[str]] = {name: [] for name in _TIMES}
    for row in rows:
        episode = row.episode
        if row.transition == "opened":
            key = episode.key
            opened.append((episode.alert_id, key.rule, key.warehouse, episode.severity, row.at))
        elif row.transition in ids:
            ids[row.transition].append(episode.alert_id)
    if opened:
        cursor.execute(_TIMES_OPENED, columns(opened))
    for name, statement in _TIMES.items():
        if ids[name]:
            cursor.execute(statement, (array(ids[name]),))


def _action(row: ActionRow, partition: int | None) -> tuple[Any, ...]:
    return (
        row.action_id,
        row.kind,
        row.warehouse,
        row.sku,
        row.lot,
        row.subject,
        row.state,
        row.standing,
        row.approval,
        None if row.quantity is None else text(row.quantity),
        row.value,
        _encode(row.payload).decode(),
        row.rule,
        row.alert_id,
        array(row.events),
        array(ACTION_ROLES[row.kind]),
        row.proposed_at,
        row.decided_at,
        row.decided_by,
        row.channel,
        row.reason,
        row.sent_at,
        row.finished_at,
        partition,
        row.offset,
    )


_ROLES = {name: array(rule.roles) for name, rule in RULES.items()}


def episode_of(values: Sequence[Any]) -> EpisodeRow:
    """Return the last episode of a key from the columns `EPISODE`."""
    row = EpisodeRow(EpisodeKey(*values[:6]), *values[6:])
    row.observed, row.events = _decode(values[14]), tuple(values[15])
    return row


def action_of(values: Sequence[Any]) -> ActionRow:
    """Return an action from the columns `ACTION`."""
    row = ActionRow(*values)
    row.quantity = None if values[9] is None else fixed(values[9])
    row.payload, row.events = _decode(values[11]), tuple(values[14])
    return row
