"""The invariants, checked all the time: what is looked at in a minute, and what drift gives.

Enters: the tables. Leaves: a row of `invariants` each, an alert episode `invariant_drift` of each
that does not hold, a WARNING in the log. Small tables are checked whole, large ones
in slices, as many as the budget of a round allows: first what is known to be wrong, then what has
moved since the last round, then the next keys in order, so that all had their turn after some
rounds. What differs is looked at twice before it counts. An episode ends when everything was
looked at since it was last seen, and nothing differed. May fail with psycopg's errors.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from psycopg import errors

from connectors.checks import Checks, Finding
from connectors.queries import QUERIES
from flows.domain.episodes import EpisodeKey
from flows.domain.watched import Sighting
from flows.minutely import Minutely
from flows.store.watched import note, open_episodes
from flows.watching import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connectors.checks import Row
    from flows.domain.accounts import Episodes
    from flows.domain.episodes import EpisodeRow
    from flows.domain.rules import Severity
    from flows.settings import Settings

RULE = "invariant_drift"
FIRST, MOST = 64, 4096
QUICK, SLOW = 0.1, 0.4
"""Keys of a slice to begin with and at most; seconds after which the next is larger or smaller."""
STATEMENT_S = 10
EVERY_S = 30
"""A round is left out when another process made one so many seconds ago."""
OVERLAP = timedelta(seconds=30)
_LOG = logging.getLogger("waterline.checks")

_NEXT_SKUS = """
SELECT DISTINCT sku FROM inventory.stock
WHERE sku > coalesce(%(after)s, '') ORDER BY sku LIMIT %(most)s
"""
_NEXT_WAREHOUSES = """
SELECT warehouse FROM inventory.partitions
WHERE warehouse > coalesce(%(after)s, '') ORDER BY warehouse LIMIT %(most)s
"""
_MOVED_SKUS = """
SELECT DISTINCT sku FROM (
    SELECT sku FROM inventory.stock_history WHERE at > %(since)s ORDER BY at DESC LIMIT 20000
) AS h ORDER BY sku
"""
_NEXT_DOCUMENTS = """
SELECT DISTINCT document FROM inventory.transfers
WHERE document > coalesce(%(after)s, '') ORDER BY document LIMIT %(most)s
"""


class Invariant(Struct, frozen=True):
    """One of them; `following` finds its next keys where it is checked in slices."""

    name: str
    sentence: str
    key: str = ""
    following: str = ""
    moved: str = ""
    seconds: float = 0.0
    first: int = FIRST


INVARIANTS = (
    Invariant(
        "on_hand_bins", "invariant.on_hand_bins", "warehouse", _NEXT_WAREHOUSES, "", 0.4, first=1
    ),
    Invariant(
        "on_hand_movements", "invariant.on_hand_movements", "sku", _NEXT_SKUS, _MOVED_SKUS, 0.6
    ),
    Invariant("reserved", "invariant.reserved"),
    Invariant("incoming", "invariant.incoming"),
    Invariant("in_transit", "invariant.in_transit"),
    # Transfers without a document have no index to be found by: only a whole check sees them.
    Invariant("transfers", "invariant.transfers", "document", _NEXT_DOCUMENTS, "", 0.2),
    Invariant("log", "invariant.log"),
)
SENTENCES = {one.name: one.sentence for one in INVARIANTS}


def check(
    settings: Settings, progress: Callable[[str, int, int], None] = lambda *_: None
) -> list[Finding]:
    """Look at everything now, and write nothing; `progress(name, done, total)`."""
    findings = []
    with Checks(settings.need_dsn(), QUERIES, seconds=0) as checks:
        for number, one in enumerate(INVARIANTS):
            progress(one.name, number, len(INVARIANTS))
            findings.append(_whole(checks, one))
    progress("", len(INVARIANTS), len(INVARIANTS))
    return findings


def round_of(
    checks: Checks, *, every: float = EVERY_S, stopping: Callable[[], bool] = lambda: False
) -> list[Finding]:
    """Look at what a minute allows and write it down; nothing when another checker is at work."""
    with checks.only_one() as alone:
        last = checks.last(SENTENCES) if alone else {}
        now = checks.now()
        newest = max((row["at"] for row in last.values()), default=None)
        if not alone or (newest and now - newest < timedelta(seconds=every)):
            return []
        episodes = open_episodes(checks.connection, (RULE,))
        findings = []
        for one in INVARIANTS:
            if stopping():
                return []
            if one.following:
                episode = episodes.get(EpisodeKey(RULE, "", subject=one.name))
                before = (last.get(one.name), episode)
                findings.append(_Slices(checks, one, *before, stopping).look(now))
            else:
                findings.append(_whole(checks, one))
        with checks.saving(findings) as connection:
            changes = note(connection, episodes, sighted(findings, episodes), now)
    tell(changes, _LOG)
    return findings


def sighted(findings: Sequence[Finding], episodes: Episodes) -> list[Sighting]:
    """Return what differs, and what has been looked at as a whole since and does not any more."""
    seen = []
    for one in findings:
        key = EpisodeKey(RULE, "", subject=one.name)
        assert one.looked_at is not None  # noqa: S101 - who found something has looked
        known = episodes.get(key)
        mended = known is not None and one.whole_since and one.whole_since > known.seen_at
        if one.wrong or mended:
            severity: Severity | None = "critical" if one.wrong else None
            observed = {
                "invariant": one.name,
                "checked": one.checked,
                "wrong": one.wrong,
                "drift": str(one.drift),
                "worst": one.worst,
            }
            seen.append(Sighting(key, severity, one.looked_at, Decimal(0), observed))
    return seen


def _twice(checks: Checks, name: str, only: list[str] | None) -> Finding:
    """Look; when something differs, look again: that counts."""
    found = checks.look(name, only)
    if not found.wrong:
        return found
    again = checks.look(name, only)
    again.duration_ms += found.duration_ms
    return again


def _whole(checks: Checks, one: Invariant) -> Finding:
    found = _twice(checks, one.name, None)
    found.whole_since = found.looked_at
    return found


class _Slices:
    """One round of an invariant that is checked in slices."""

    def __init__(
        self,
        checks: Checks,
        one: Invariant,
        last: Row | None,
        episode: EpisodeRow | None,
        stopping: Callable[[], bool],
    ) -> None:
        """Go on where the last round ended, with what the episode says is wrong first."""
        self._checks, self._one, self._stopping = checks, one, stopping
        self._last: Row = last or dict.fromkeys(("at", "upto", "began_at", "whole_since"))
        worst = [] if episode is None else episode.observed.get("worst", [])
        self._wrong = sorted({pair[one.key] for pair in worst if pair.get(one.key)})
        self._size = one.first
        self._done: set[str] = set()
        self._missed = False
        self._found = Finding(one.name)

    def look(self, now: datetime) -> Finding:
        """Return what was found; `upto`, `began_at` and `whole_since` tell how far it is."""
        one, found, last = self._one, self._found, self._last
        began = monotonic()
        self._pieces(self._wrong, None)
        if one.moved:
            since = (last["at"] or now - timedelta(minutes=1)) - OVERLAP
            self._pieces(self._checks.keys(one.moved, since=since), began + one.seconds / 2)
        found.upto, found.whole_since = last["upto"], last["whole_since"]
        found.began_at = last["began_at"] if found.upto is not None else now
        self._missed = False
        while True:
            keys = self._checks.keys(one.following, after=found.upto, most=self._size)
            if not keys:
                found.upto = None
                found.whole_since = found.began_at or found.whole_since
                break
            self._pieces(keys, None)
            found.upto = keys[-1]
            if self._missed:
                found.began_at = None  # this pass will not have been whole
            if monotonic() - began > one.seconds:
                break
        found.looked_at = found.looked_at or now
        return found

    def _pieces(self, keys: list[str], until: float | None) -> None:
        keys = [key for key in keys if key not in self._done]
        while keys and (until is None or monotonic() < until):
            piece, keys = keys[: self._size], keys[self._size :]
            began = monotonic()
            try:
                self._found.add(_twice(self._checks, self._one.name, piece))
            except errors.QueryCanceled:
                if self._stopping():
                    raise
                self._smaller(piece)
                keys = [*piece, *keys] if len(piece) > 1 else keys
                continue
            self._done.update(piece)
            took = monotonic() - began
            if took < QUICK:
                self._size = min(self._size * 2, MOST)
            elif took > SLOW:
                self._size = max(self._size // 2, 1)

    def _smaller(self, piece: list[str]) -> None:
        """Take fewer keys at once; one key that takes too long is said and left out."""
        self._size = max(len(piece) // 4, 1)
        if len(piece) == 1:
            self._missed = True
            _LOG.warning(
                "%s: %s %s takes longer than %s s to check: left out; `waterline check` does it",
                self._one.name, self._one.key, piece[0], STATEMENT_S,
            )  # fmt: skip


class MinuteChecks(Minutely):
    """Runs rounds in a thread of its own: a slow check never delays a tick."""

    def __init__(self, settings: Settings, stopping: Callable[[], bool]) -> None:
        """Start waiting for `wake`; without it a round is made after ninety seconds."""
        self._dsn = settings.need_dsn()
        super().__init__("checks", "invariants not checked", stopping, _LOG)

    def round(self) -> None:
        """Make a round."""
        with (
            Checks(self._dsn, QUERIES, STATEMENT_S) as checks,
            self.cancelling(checks.connection),
        ):
            round_of(checks, stopping=self.ended)


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as one JSON document's values."""
    names = ("name", "checked", "wrong", "drift", "duration_ms", "worst")
    return [{name: getattr(one, name) for name in names} for one in findings]
