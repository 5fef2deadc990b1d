"""What people and other systems must be told: rows of outbox, in the transaction of the batch.

Enters: transitions of alerts and steps of actions, each with its sentences. Leaves: one message
each; from six of the same name, warehouse and transition (or state) in a batch on, one with all of
them inside, in parts that a broker takes. The id of a message is made of what it tells, so that
the same log gives the same ids; one that is there already is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
from msgspec import Raw, Struct, json

from connectors.timescale import array
from flows.domain.episodes import ActionRow, AlertRow
from flows.domain.fixed import decimal
from flows.domain.rules import ACTION_ROLES, RANK, RULES
from flows.store.arrays import columns
from flows.telling import group_sentence

ALONE = 5
"""So many of a kind in a batch are told one by one."""
MOST, MOST_BYTES = 500, 750_000
"""Entries and bytes of a message; a broker takes a megabyte."""
CHANNEL = "waterline_outbox"
_INSERT = """
INSERT INTO inventory.outbox
    (message_id, topic, warehouse, name, severity, roles, occurred_at, about, body)
SELECT n.message_id, n.topic, n.warehouse, n.name, n.severity, n.roles::text[], n.occurred_at,
    n.about::text[], n.body
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[], %s::text[], %s::jsonb[]) WITH ORDINALITY AS n (message_id, topic, warehouse,
    name, severity, roles, occurred_at, about, body, number)
ORDER BY n.number
ON CONFLICT (message_id) DO NOTHING
"""
_encode = json.Encoder(decimal_format="number").encode
Row = tuple[Any, ...]


class Told(Struct, frozen=True):
    """One transition or step: what it is about, its sentences and itself as JSON."""

    message_id: str
    about: str
    name: str
    warehouse: str
    change: str
    severity: str
    at: datetime
    row: AlertRow | ActionRow
    text_en: str
    text_zh: str
    facts: bytes
    entry: bytes

    @property
    def group(self) -> tuple[str, str, str]:
        """What is told together: name, warehouse and what changed."""
        return (self.name, self.warehouse, self.change)


class Part(Struct, frozen=True):
    """What one message tells: one entry, or a part of a group."""

    entries: Sequence[Told]
    number: int = 1
    parts: int = 1

    @property
    def grouped(self) -> bool:
        """Whether it is (a part of) a list."""
        return len(self.entries) > 1 or self.parts > 1


def alert(row: AlertRow, message_id: str, observed: bytes, en: str, zh: str) -> Told:
    """Return a transition as it is told."""
    episode = row.episode
    rule, warehouse, sku, lot, bin_, subject = episode.key
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
    return Told(message_id, episode.alert_id, rule, warehouse, row.transition, episode.severity,
                row.at, row, en, zh, observed, _encode(entry))  # fmt: skip


def action(row: ActionRow, message_id: str, payload: bytes, en: str, zh: str) -> Told:
    """Return a step of an action as it is told."""
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
    at = row.finished_at or row.sent_at or row.decided_at or row.proposed_at
    return Told(message_id, row.action_id, row.kind, row.warehouse, row.state, "info",
                at, row, en, zh, payload, _encode(entry))  # fmt: skip


def of_alerts(told: Iterable[Told]) -> Iterator[Row]:
    """Return the messages of transitions."""
    for part in _messages(told):
        rule = RULES[part.entries[0].name]
        change = {"transition": part.entries[0].change, "runbook": rule.runbook}
        yield _row("alert", {"rule": rule.name, **change, "roles": rule.roles}, part)


def of_actions(told: Iterable[Told]) -> Iterator[Row]:
    """Return the messages of steps."""
    for part in _messages(told):
        first = part.entries[0]
        about = {"kind": first.name, "state": first.change, "roles": ACTION_ROLES[first.name]}
        yield _row("action", about, part)


def _messages(told: Iterable[Told]) -> Iterator[Part]:
    """Return what each message tells.

    A group stands where its first entry stood, so that changes of one thing stay in their order.
    """
    groups: dict[tuple[str, str, str], list[Told]] = {}
    order = []
    for one in told:
        members = groups.setdefault(one.group, [])
        members.append(one)
        order.append((one, members))
    for one, members in order:
        if len(members) <= ALONE:
            yield Part([one])
        elif one is members[0]:
            parts = list(_parts(members))
            for number, part in enumerate(parts, 1):
                yield Part(part, number, len(parts))


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


def _row(topic: str, about: dict[str, Any], part: Part) -> Row:
    first, number, parts = part.entries[0], part.number, part.parts
    rows = [one.row for one in part.entries]
    if part.grouped:
        message_id = f"{first.message_id}-{number}of{parts}"
        en, zh = (group_sentence(rows, (number, parts), lang) for lang in ("en", "zh-CN"))
    else:
        message_id, en, zh = first.message_id, first.text_en, first.text_zh
    severity = max((one.severity for one in part.entries), key=lambda name: RANK[name])
    body = {
        "schema": f"inventory.{topic}/1",
        "id": message_id,
        "warehouse": first.warehouse,
        **about,
        "severity": severity,
        "occurred_at": first.at,
        "count": len(rows),
        "part": number,
        "parts": parts,
        "text_en": en,
        "text_zh": zh,
        f"{topic}s": [Raw(one.entry) for one in part.entries],
    }
    ids = array([one.about for one in part.entries])
    return (message_id, f"inventory.{topic}s", first.warehouse, first.name, severity,
            array(about["roles"]), first.at, ids, _encode(body).decode())  # fmt: skip


def write(cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
    """Write messages and wake the relay, which hears of them when they are committed."""
    if rows:
        cursor.execute(_INSERT, columns(rows))
        cursor.execute(f"NOTIFY {CHANNEL}")
