"""The watched rules: what was seen in the tables, and what that makes of the open episodes.

Enters: numbers read from outside, the episodes that are not resolved, answers of people. Leaves:
verdicts, and the transitions in the form of a batch's changes. Pure; nothing here is part of the
fold, and no event of the log is behind these episodes. SEMANTICS.md has the conditions in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from flows.domain.accounts import Episodes
from flows.domain.alerts import Alerts, Cause, Facts
from flows.domain.changes import Changes
from flows.domain.episodes import EpisodeKey
from flows.domain.fixed import SCALE, fixed
from flows.domain.rules import LEAST, Band, Severity, judge

POINTS = 5 * SCALE
"""Percentage points by which a zone must be better before it counts as better."""
IDLE_HOURS = 24
MANY_MISSING = 100
LAG_CRITICAL = 10


class Sighting(Struct, frozen=True):
    """What was seen of one key; severity None says that its rule does not hold (any more)."""

    key: EpisodeKey
    severity: Severity | None
    at: datetime
    threshold: Decimal | None = None
    observed: dict[str, Any] = {}

    def facts(self) -> Facts:
        """Return what a record tells."""
        return Facts(self.threshold, self.observed)


class Answer(NamedTuple):
    """A person's decision about an alert."""

    alert_id: str
    event_id: str
    at: datetime
    by: str | None
    note: str | None


class Silence(NamedTuple):
    """When a device was last heard of, and whether that is to be wondered at."""

    last_seen_at: datetime
    work_began_at: datetime
    others: bool
    recent: bool


def settle(
    episodes: Episodes, sightings: Iterable[Sighting], answers: Iterable[Answer], at: datetime
) -> Changes:
    """Return what to write; `episodes` are those that may change, and are changed.

    What was not sighted stands as it stood. An answer comes before what was seen: who has taken
    up a warning has not seen that it became critical.
    """
    alerts, changes = Alerts(), Changes()
    alerts.begin(changes)
    by_id = {row.alert_id: row for row in episodes.values() if row.state == "open"}
    for answer in answers:
        known = by_id.pop(answer.alert_id, None)
        if known is not None:
            cause = Cause(answer.event_id, answer.at, 0)
            alerts.acknowledge(episodes, known, cause, answer.by, answer.note)
    seen = {one.key: one for one in sightings}
    for one in seen.values():
        # The id of an episode is made of the event that opened it: here, of the look.
        cause = Cause(at.isoformat(), one.at, 0)
        changed = alerts.set(episodes, one.key, one.severity, cause, one.facts)
        known = episodes.get(one.key)
        if changed is None and known is not None:
            told = {"threshold": one.threshold, "observed": one.observed}
            row = replace(known, seen_at=one.at, **told)
            episodes[one.key] = changes.episodes[one.key] = row
    alerts.remind(episodes, Cause("", at, 0))
    for row in changes.episodes.values():
        row.events = ()
    for alert in changes.alerts:
        alert.episode.events = ()
    return changes


def ended(
    episodes: Episodes, rules: Iterable[str], sightings: Iterable[Sighting], at: datetime
) -> list[Sighting]:
    """Return what has ended because a look that sees everything did not see it."""
    seen, looked = {one.key for one in sightings}, set(rules)
    return [
        Sighting(key, None, at, row.threshold, row.observed)
        for key, row in episodes.items()
        if key.rule in looked and key not in seen
    ]


def zone_full(occupancy: Decimal, percent: Decimal, known: str | None) -> Severity | None:
    """Return the verdict on a zone that holds so many percent of what it could."""
    limit = fixed(percent)
    band = Band(1 - limit, POINTS - limit)
    return _info(judge(band, -fixed(occupancy), known).severity)


def zone_idle(
    occupancy: Decimal, most: Decimal | None, hours: int, percent: Decimal, known: str | None
) -> Severity | None:
    """Return the verdict on a zone, given the most that it held in its latest `hours`."""
    limit = fixed(percent)
    for_a_day = hours >= IDLE_HOURS and most is not None and fixed(most) <= limit
    if known is None and not for_a_day:
        return None
    return _info(judge(Band(limit + 1, limit + POINTS), fixed(occupancy), known).severity)


def device_silent(
    heard: Silence, minutes: Decimal, at: datetime, known: str | None
) -> Severity | None:
    """Return the verdict on a device that was heard of; the day's silence begins with its work."""
    patience = timedelta(minutes=float(minutes))
    if known is not None:
        return "warning" if at - heard.last_seen_at >= patience else None
    since = max(heard.last_seen_at, heard.work_began_at)
    return "warning" if heard.others and heard.recent and at - since >= patience else None


def sequence_gap(missing: int, known: str | None) -> Severity | None:
    """Return the verdict on so many numbers that have not come."""
    return judge(Band(0, 0, 1 - MANY_MISSING), -missing, known).severity


def lag_high(p95: float, seconds: Decimal, known: str | None) -> Severity | None:
    """Return the verdict on the lag of the last minutes."""
    limit = fixed(seconds)
    band = Band(-limit, -(limit // 2), 1 - LAG_CRITICAL * limit if limit else LEAST)
    return judge(band, -fixed(Decimal(f"{p95:.4f}")), known).severity


def _info(severity: Severity | None) -> Severity | None:
    return None if severity is None else "info"
