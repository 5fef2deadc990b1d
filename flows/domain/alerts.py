"""Episodes: what a rule's verdict makes of the episode of its key, and what that writes.

Enters: verdicts with the event that caused them. Leaves: transitions and where each episode stands,
in the batch's changes. Pure; rows that were handed on are never changed, they are replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from flows.domain.accounts import Episodes
from flows.domain.changes import Changes
from flows.domain.episodes import AlertRow, EpisodeKey, EpisodeRow
from flows.domain.rules import RANK, RULES, Severity

REMINDER = timedelta(days=1)
MOST_EVENTS = 50
"""Event ids that an episode keeps; how many there were is in its numbers."""


class Cause(Struct, frozen=True):
    """The event that something is decided by, its place in the log, and the time of deciding."""

    event_id: str
    at: datetime
    offset: int
    clock: datetime | None = None

    @property
    def decided_at(self) -> datetime:
        """The event's time, or the clock's if that is later."""
        return self.at if self.clock is None else max(self.at, self.clock)


class Facts(Struct):
    """What a record tells: the threshold, the numbers, the events behind it."""

    threshold: Decimal | None = None
    observed: dict[str, Any] = {}
    events: tuple[str, ...] = ()


def id_of(name: str, *parts: str) -> str:
    """Return the id of an alert or an action: the same in every fold of the same log."""
    print_ = blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()
    return f"{name}-{print_}"


class Alerts:
    """Writes transitions of episodes into a batch's changes."""

    def __init__(self) -> None:
        """`begin` gives the changes to write to."""
        self._changes = Changes()

    def begin(self, changes: Changes) -> None:
        """Write to these changes from now on."""
        self._changes = changes

    def set(
        self,
        episodes: Episodes,
        key: EpisodeKey,
        severity: Severity | None,
        cause: Cause,
        facts: Callable[[], Facts],
    ) -> EpisodeRow | None:
        """Bring the episode of a key to a severity, None being resolved; return it if it changed.

        `episodes` holds what is not resolved of the keys' owner.
        """
        known = episodes.get(key)
        if known is None:
            return None if severity is None else self._open(episodes, key, severity, cause, facts())
        if severity is None:
            return self.resolve(episodes, known, cause, facts())
        if severity == known.severity:
            return None
        worse = RANK[severity] > RANK[known.severity]
        told = facts()
        row = replace(
            known,
            severity=severity,
            state="open" if worse else known.state,
            seen_at=cause.decided_at,
            threshold=told.threshold,
            observed=told.observed,
            events=merged(known.events, (*told.events, cause.event_id)),
        )
        return self._write("escalated" if worse else "eased", row, cause, episodes)

    def resolve(
        self,
        episodes: Episodes,
        known: EpisodeRow,
        cause: Cause,
        facts: Facts | None = None,
        *,
        actor: str | None = None,
        note: str | None = None,
    ) -> EpisodeRow:
        """End an episode."""
        row = replace(
            known,
            state="resolved",
            seen_at=cause.decided_at,
            resolved_at=cause.decided_at,
            next_reminder_at=None,
            observed=known.observed if facts is None else facts.observed,
            events=merged(known.events, (cause.event_id,)),
        )
        return self._write("resolved", row, cause, episodes, actor=actor, note=note)

    def acknowledge(
        self,
        episodes: Episodes,
        known: EpisodeRow,
        cause: Cause,
        actor: str | None,
        note: str | None,
    ) -> EpisodeRow:
        """Note that a person has taken an episode on: no more reminders."""
        row = replace(
            known,
            state="acknowledged",
            acknowledged_at=cause.at,
            acknowledged_by=actor,
            next_reminder_at=None,
        )
        return self._write("acknowledged", row, cause, episodes, actor=actor, note=note)

    def remind(self, episodes: Episodes, cause: Cause) -> None:
        """Say again what has been open for a day."""
        at = cause.decided_at
        for known in [row for row in episodes.values() if _due(row, cause)]:
            row = replace(known, seen_at=at, next_reminder_at=at + REMINDER)
            self._write("reminded", row, cause, episodes)

    def amend(
        self, episodes: Episodes, known: EpisodeRow, observed: dict[str, Any], cause: Cause
    ) -> None:
        """Give an episode other numbers and one more event, which is no transition."""
        events = merged(known.events, (cause.event_id,))
        self._keep(episodes, replace(known, observed=observed, events=events))

    def drop(self, episodes: Episodes, known: EpisodeRow, event_id: str, times: int) -> None:
        """Take an event out of an episode, which is no transition."""
        events = tuple(name for name in known.events if name != event_id)
        observed = {**known.observed, "times": times}
        self._keep(episodes, replace(known, observed=observed, events=events))

    def _keep(self, episodes: Episodes, row: EpisodeRow) -> None:
        episodes[row.key] = row
        self._changes.episodes[row.key] = row

    def _open(
        self, episodes: Episodes, key: EpisodeKey, severity: Severity, cause: Cause, told: Facts
    ) -> EpisodeRow:
        at = cause.decided_at
        row = EpisodeRow(
            key,
            id_of(key.rule, *key, cause.event_id),
            RULES[key.rule].version,
            severity,
            "open",
            cause.at,
            at,
            None,
            told.threshold,
            told.observed,
            merged(told.events, (cause.event_id,)),
            cause.offset,
            next_reminder_at=None if severity == "info" else at + REMINDER,
        )
        return self._write("opened", row, cause, episodes)

    def _write(
        self,
        transition: str,
        row: EpisodeRow,
        cause: Cause,
        episodes: Episodes,
        *,
        actor: str | None = None,
        note: str | None = None,
    ) -> EpisodeRow:
        if row.state == "resolved":
            episodes.pop(row.key, None)
        else:
            if row.state == "open" and row.next_reminder_at is None and row.severity != "info":
                row.next_reminder_at = cause.decided_at + REMINDER
            episodes[row.key] = row
        self._changes.episodes[row.key] = row
        self._changes.alerts.append(AlertRow(transition, cause.at, row, cause.offset, actor, note))
        return row


def merged(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Return event ids without repeats, at most the first and the latest of `MOST_EVENTS`."""
    ids = list(dict.fromkeys((*known, *more)))
    if len(ids) > MOST_EVENTS:
        ids = [ids[0], *ids[-(MOST_EVENTS - 1) :]]
    return tuple(ids)


def _due(row: EpisodeRow, cause: Cause) -> bool:
    at = row.next_reminder_at
    return row.state == "open" and at is not None and at <= cause.decided_at
