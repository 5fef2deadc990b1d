"""What people and other systems must be told: rows of outbox, in the transaction of the batch.

Enters: transitions of alerts and steps of actions, each with its sentences. Leaves: one message
each; from six of the same name, warehouse and transition (or state) in a batch on, one with all of
them inside, in parts that a broker takes. The id of a message is made of what it tells, so that
the same log gives the same ids; one that is there already is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from msgspec import Raw, Struct, json

from flows.domain.episodes import ActionRow, AlertRow
from flows.domain.fixed import decimal
from flows.domain.rules import ACTION_ROLES, RANK, RULES
from flows.telling import action_sentences, alert_sentences, group_sentences

ALONE = 5
"""So many of a kind in a batch are told one by one."""
MOST, MOST_BYTES = 500, 750_000
"""Entries and bytes of a message; a broker takes a megabyte."""
CHANNEL = "waterline_outbox"
_INSERT = """
INSERT INTO inventory.outbox
    (message_id, topic, warehouse, name, severity, roles, occurred_at, about, body)
VALUES (%s, %s, %s, %s, %s, %s::text[], %s, %s::text[], %s::jsonb)
ON CONFLICT (message_id) DO NOTHING
"""
_encode = json.Encoder(decimal_format="number").encode
Message = tuple[Any, ...]


class Told(Struct, frozen=True):
    """One transition or step with its sentences, and itself as JSON."""

    row: AlertRow | ActionRow
    message_id: str
    text_en: str
    text_zh: str
    facts: bytes
    entry: bytes


def alert(row: AlertRow, message_id: str) -> Told:
    """Return a transition as it is told."""
    episode = row.episode
    rule, warehouse, sku, lot, bin_, subject = episode.key
    observed = _encode(episode.observed)
    en, zh = alert_sentences(row)
    entry = {
        "alert_id": episode.alert_id,
        "rule": rule,
        "version": episode.version,
        "severity": episode.severity,
        "state": episode.state,
        "transition": row.transition,
        "warehouse": warehouse,
        "sku": sku,
        "lot": lot,
        "bin": bin_,
        "subject": subject,
        "occurred_at": row.at,
        "threshold": episode.threshold,
        "observed": Raw(observed),
        "events": episode.events,
        "actor": row.actor,
        "note": row.note,
        "message_en": en,
        "message_zh": zh,
    }
    return Told(row, message_id, en, zh, observed, _encode(entry))


def action(row: ActionRow, message_id: str) -> Told:
    """Return a step of an action as it is told."""
    payload = _encode(row.payload)
    en, zh = action_sentences(row)
    entry = {
        "action_id": row.action_id,
        "kind": row.kind,
        "state": row.state,
        "warehouse": row.warehouse,
        "sku": row.sku,
        "lot": row.lot,
        "subject": row.subject,
        "quantity": None if row.quantity is None else decimal(row.quantity),
        "value": row.value,
        "approval": row.approval,
        "payload": Raw(payload),
        "alert_id": row.alert_id,
        "events": row.events,
        "proposed_at": row.proposed_at,
        "decided_at": row.decided_at,
        "decided_by": row.decided_by,
        "channel": row.channel,
        "reason": row.reason,
        "message_en": en,
        "message_zh": zh,
    }
    return Told(row, message_id, en, zh, payload, _encode(entry))


class Head(NamedTuple):
    """What a message says of all its entries."""

    topic: str
    name: str
    warehouse: str
    severity: str
    roles: Sequence[str]
    at: datetime
    about: list[str]
    more: dict[str, str]


def _group(row: AlertRow | ActionRow) -> tuple[str, str, str]:
    """Return what is told together."""
    if isinstance(row, AlertRow):
        return (row.episode.key.rule, row.episode.key.warehouse, row.transition)
    return (row.kind, row.warehouse, row.state)


def _of_alerts(rows: Sequence[AlertRow]) -> Head:
    key, rule = rows[0].episode.key, RULES[rows[0].episode.key.rule]
    severity = max((row.episode.severity for row in rows), key=RANK.__getitem__)
    more = {"rule": key.rule, "transition": rows[0].transition, "runbook": rule.runbook}
    ids = [row.episode.alert_id for row in rows]
    return Head("alert", key.rule, key.warehouse, severity, rule.roles, rows[0].at, ids, more)


def _of_actions(rows: Sequence[ActionRow]) -> Head:
    row = rows[0]
    at = row.finished_at or row.sent_at or row.decided_at or row.proposed_at
    more = {"kind": row.kind, "state": row.state}
    ids = [row.action_id for row in rows]
    return Head("action", row.kind, row.warehouse, "info", ACTION_ROLES[row.kind], at, ids, more)


def messages(told: Iterable[Told]) -> Iterator[Message]:
    """Return the messages that tell it.

    A group stands where its first entry stood, so that changes of one thing stay in their order.
    """
    groups: dict[tuple[str, str, str], list[Told]] = {}
    order = []
    for one in told:
        members = groups.setdefault(_group(one.row), [])
        members.append(one)
        order.append((one, members))
    for one, members in order:
        if len(members) <= ALONE:
            yield _message([one], one.message_id, (1, 1))
        elif one is members[0]:
            parts = list(_parts(members))
            for number, part in enumerate(parts, 1):
                message_id = f"{part[0].message_id}-{number}of{len(parts)}"
                yield _message(part, message_id, (number, len(parts)))


def _parts(members: Sequence[Told]) -> Iterator[Sequence[Told]]:
    part: list[Told] = []
    size = 0
    for one in members:
        if part and (len(part) == MOST or size + len(one.entry) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one.entry)
    yield part


def _message(told: Sequence[Told], message_id: str, part: tuple[int, int]) -> Message:
    rows = [one.row for one in told]
    alerts = [row for row in rows if isinstance(row, AlertRow)]
    actions = [row for row in rows if isinstance(row, ActionRow)]
    head = _of_alerts(alerts) if alerts else _of_actions(actions)
    en, zh = told[0].text_en, told[0].text_zh
    if len(told) > 1:
        en, zh = group_sentences(rows, part)
    body = {
        "schema": f"inventory.{head.topic}/1",
        "id": message_id,
        **head.more,
        "warehouse": head.warehouse,
        "severity": head.severity,
        "roles": head.roles,
        "occurred_at": head.at,
        "count": len(told),
        "part": part[0],
        "parts": part[1],
        "text_en": en,
        "text_zh": zh,
        f"{head.topic}s": [Raw(one.entry) for one in told],
    }
    return (message_id, f"inventory.{head.topic}s", head.warehouse, head.name, head.severity,
            list(head.roles), head.at, head.about, _encode(body).decode())  # fmt: skip


def write(cursor: psycopg.Cursor, rows: Sequence[Message]) -> None:
    """Write messages and wake the relay, which hears of them when they are committed."""
    if rows:
        # Bodies of half a megabyte: one by one costs a third of what one array of them does.
        cursor.executemany(_INSERT, rows)
        cursor.execute(f"NOTIFY {CHANNEL}")
