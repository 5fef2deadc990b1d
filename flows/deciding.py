"""Decisions of people: put on the log, and looked after until the fold has taken them up.

Enters: decisions about actions or alerts. Leaves: each as one event on the partition of its
warehouse, acknowledged by the broker, and per decision whether it was folded and, if so, whether it
was refused and why. A decision that is not folded in time is on the log all the same: it takes
effect when the stock flow runs. May fail with Trouble: no broker, a decision that is none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from connectors.kafka import LOG
from connectors.trouble import Trouble
from connectors.watermarks import ends
from flows import appending
from flows.domain.decode import canonical
from flows.domain.events import Decision
from flows.domain.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from connectors.queries import Queries
    from flows.settings import Settings

CHANNEL = "cli"
PATIENCE = 10.0
"""Seconds for which the fold is waited for: it takes well under one when it runs."""
LOOK = 0.1
# The database's clock writes when something was refused, ours says since when to look.
CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class Subject:
    """What is decided on: `kind` is action or alert."""

    kind: str
    id: str
    warehouse: str
    name: str
    """Kind of the action, or rule of the alert."""


@dataclass(frozen=True)
class Answer:
    """What became of a decision: `taken`, `refused` (`why` tells), or it `waits` on the log."""

    subject: Subject
    event_id: str
    result: str
    why: str | None = None


def decision(
    subject: Subject,
    word: str,
    who: str,
    reason: str | None = None,
    quantity: Decimal | None = None,
    *,
    channel: str = CHANNEL,
) -> Decision:
    """Return the event; Trouble says which of its fields cannot be."""
    event = Decision(
        event_id=f"decision-{uuid4().hex}",
        occurred_at=datetime.now(UTC),
        warehouse=subject.warehouse,
        action_id=subject.id if subject.kind == "action" else None,
        alert_id=subject.id if subject.kind == "alert" else None,
        decision=word,
        quantity=quantity,
        decided_by=who,
        channel=channel,
        reason=reason,
    )
    verdict = canonical.decode(canonical.encode(event))[0]
    if isinstance(verdict, Reject):
        raise Trouble(verdict.message, exit_code=2)
    return event


def decide(
    settings: Settings,
    database: Queries,
    events: Sequence[tuple[Subject, Decision]],
    patience: float,
) -> list[Answer]:
    """Put the decisions on the log, wait, and return what became of each."""
    if not events:
        return []
    since = datetime.now(UTC) - CLOCKS_DIFFER
    places, upto = _put(settings, [event for _, event in events])
    folded = _folded(database, upto, patience)
    ids = [event.event_id for _, event in events]
    rows = database.rows("decisions_refused", since=since, events=ids)
    refused = {row["event_id"]: row["message"] for row in rows}
    answers = []
    for subject, event in events:
        name, why = event.event_id, refused.get(event.event_id)
        done = "refused" if why else "taken" if places[subject.warehouse] in folded else "waits"
        answers.append(Answer(subject, name, done, why))
    return answers


def _put(settings: Settings, events: Sequence[Decision]) -> tuple[dict[str, int], dict[int, int]]:
    """Send them; return warehouse → partition, and up to where each partition must be folded."""
    places = appending.put(settings, events)
    topic = settings.topic_prefix + LOG
    last = ends(settings.need_brokers(), [topic])
    return places, {partition: last[topic, partition] for partition in set(places.values())}


def _folded(database: Queries, upto: Mapping[int, int], patience: float) -> set[int]:
    """Wait until the partitions are folded so far; return those that are."""
    deadline = time.monotonic() + patience
    while True:
        rows = database.rows("decisions_folded", partitions=list(upto))
        done = {
            row["log_partition"] for row in rows if row["next_offset"] >= upto[row["log_partition"]]
        }
        if len(done) == len(upto) or time.monotonic() >= deadline:
            return done
        time.sleep(LOOK)
