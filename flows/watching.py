"""The watched rules, once a minute beside the clock flow: lag, devices, and now and then zones.

Enters: the committed tables. Leaves: episodes of lag_high, device_silent, sequence_gap, zone_full
and zone_idle with their messages, a line in the log for each transition. Each part is one
transaction; a part that fails is tried again in a minute, the others go on. Of several watchers
one is at work at a time. Lag and devices go by the wall clock, zones by the clock of the log.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from connectors.queries import QUERIES, text
from connectors.session import DEAD_PEER
from flows.domain import watched
from flows.domain.episodes import EpisodeKey
from flows.domain.watched import Sighting, Silence, ended
from flows.minutely import Minutely
from flows.store.watched import note, open_episodes
from flows.telling import alert_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.domain.accounts import Episodes
    from flows.domain.changes import Changes
    from flows.settings import Settings

Row = dict[str, Any]
DEVICES, ZONES = ("device_silent", "sequence_gap"), ("zone_full", "zone_idle")
ZONES_EVERY = timedelta(minutes=10)
"""All stock is added up for them."""
MISSED_FOR = timedelta(seconds=50)
"""Rounds are a minute apart, give or take: a number missing in two of them is missing."""
OPTIONS = (
    "-c search_path=inventory,screen,public -c jit=off -c statement_timeout=10000"
    " -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000"
)
_WAREHOUSES = "SELECT warehouse FROM local_days ORDER BY warehouse"
_LOCK = 0x57415443
_LOG = logging.getLogger("waterline.watching")


def connect(dsn: str) -> psycopg.Connection[Row]:
    """Open a connection on which rounds are made."""
    return psycopg.connect(
        dsn,
        autocommit=True,
        options=OPTIONS,
        application_name="waterline watching",
        row_factory=dict_row,
        **DEAD_PEER,
    )


class Watcher:
    """Makes rounds; remembers how far devices had counted, and when zones were looked at."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._numbers: tuple[datetime, dict[str, int]] | None = None
        self._zones_at: datetime | None = None

    def round(
        self,
        connection: psycopg.Connection[Row],
        failed: Callable[[Exception, str], None],
        at: datetime | None = None,
    ) -> None:
        """Look at everything that is due, now or as of a time."""
        at = at or connection.execute("SELECT clock_timestamp() AS at").fetchall()[0]["at"]
        parts = [("lag", self._lag), ("devices", self._devices)]
        if self._zones_at is None or at - self._zones_at >= ZONES_EVERY:
            self._zones_at = at
            parts += [("zones", self._zones)]
        for name, part in parts:
            try:
                part(connection, at)
            except psycopg.Error as error:
                if connection.closed:
                    raise
                failed(error, f"{name} not watched")

    def _lag(self, connection: psycopg.Connection[Row], at: datetime) -> None:
        with connection.transaction():
            if _alone(connection, "lag"):
                episodes = open_episodes(connection, ("lag_high",))
                tell(note(connection, episodes, lags(connection, episodes, at), at), _LOG)

    def _devices(self, connection: psycopg.Connection[Row], at: datetime) -> None:
        with connection.transaction():
            if not _alone(connection, "devices"):
                return
            episodes = open_episodes(connection, DEVICES)
            known = [key.subject for key in episodes]
            rows = _ask(connection, "watched_devices", devices=known, at=at)
            seen = [*silences(rows, episodes, at), *self._gaps(connection, rows, episodes, at)]
            tell(note(connection, episodes, seen, at), _LOG)

    def _gaps(
        self, connection: psycopg.Connection[Row], rows: list[Row], episodes: Episodes, at: datetime
    ) -> list[Sighting]:
        """Return what is missing now of the numbers up to those of the last round."""
        before = self._numbers
        if before is not None and at - before[0] < MISSED_FOR:
            return []
        numbers = {row["device"]: row["last_seq"] for row in rows if row["last_seq"] is not None}
        self._numbers = (at, numbers)
        return [] if before is None else gaps(connection, rows, before[1], episodes, at)

    def _zones(self, connection: psycopg.Connection[Row], at: datetime) -> None:
        for row in connection.execute(_WAREHOUSES).fetchall():
            with connection.transaction():
                if not _alone(connection, "zones"):
                    return
                episodes = open_episodes(connection, ZONES, row["warehouse"])
                seen = zones(connection, row["warehouse"], episodes, at)
                tell(note(connection, episodes, seen, at), _LOG)


def lags(connection: psycopg.Connection[Row], episodes: Episodes, at: datetime) -> list[Sighting]:
    """Return how late live events were lately; of a warehouse without any, nothing."""
    seen = []
    for row in _ask(connection, "watched_lag", at=at):
        key = EpisodeKey("lag_high", row["warehouse"])
        severity = watched.lag_high(row["p95"], row["threshold"], _known(episodes, key))
        observed = {name: round(row[name], 3) for name in ("p50", "p95", "p99", "events")}
        seen.append(Sighting(key, severity, at, row["threshold"], observed))
    return seen


def silences(rows: list[Row], episodes: Episodes, at: datetime) -> list[Sighting]:
    """Return how long devices have been silent."""
    seen = []
    for row in rows:
        heard = Silence(*(row[name] for name in Silence._fields))
        key = EpisodeKey("device_silent", row["warehouse"], subject=row["device"])
        severity = watched.device_silent(heard, row["threshold"], at, _known(episodes, key))
        observed = {
            "device": row["device"],
            "last_seen_at": heard.last_seen_at.isoformat(),
            "minutes": int((at - heard.last_seen_at).total_seconds() // 60),
        }
        seen.append(Sighting(key, severity, at, row["threshold"], observed))
    return [*seen, *ended(episodes, ("device_silent",), seen, at)]


def gaps(
    connection: psycopg.Connection[Row],
    rows: list[Row],
    before: dict[str, int],
    episodes: Episodes,
    at: datetime,
) -> list[Sighting]:
    """Return which numbers are missing of devices, up to those that had come a round `before`."""
    keys = {
        row["device"]: EpisodeKey("sequence_gap", row["warehouse"], subject=row["device"])
        for row in rows
    }
    rows = [row for row in rows if row["device"] in before or keys[row["device"]] in episodes]
    doubtful = [row for row in rows if not row["whole"]]
    devices = [row["device"] for row in doubtful]
    upto = [before.get(row["device"], row["last_seq"]) for row in doubtful]
    found = _ask(connection, "watched_gaps", devices=devices, upto=upto) if devices else []
    missing = {row["device"]: (row["missing"], row["holes"]) for row in found}
    seen = []
    for row in rows:
        count, holes = missing.get(row["device"], (0, []))
        key = keys[row["device"]]
        severity = watched.sequence_gap(count, _known(episodes, key))
        observed = {
            "device": row["device"],
            "missing": count,
            "holes": holes,
            "last_seq": row["last_seq"],
        }
        seen.append(Sighting(key, severity, at, None, observed))
    return [*seen, *ended(episodes, ("sequence_gap",), seen, at)]


def zones(
    connection: psycopg.Connection[Row], warehouse: str, episodes: Episodes, at: datetime
) -> list[Sighting]:
    """Return how full the zones of a warehouse are; one without bins or limits is none."""
    seen = []
    for row in _ask(connection, "watched_zones", warehouse=warehouse):
        full = EpisodeKey("zone_full", warehouse, subject=row["zone"])
        idle = EpisodeKey("zone_idle", warehouse, subject=row["zone"])
        occupancy, most, hours = row["occupancy"], row["most"], row["hours"]
        observed = {name: row[name] for name in ("zone", "occupancy", "bins", "free_bins")}
        limits = row["full_percent"], row["idle_percent"]
        verdicts = (
            watched.zone_full(occupancy, limits[0], _known(episodes, full)),
            watched.zone_idle(occupancy, most, hours, limits[1], _known(episodes, idle)),
        )
        for key, severity, limit in zip((full, idle), verdicts, limits, strict=True):
            seen.append(Sighting(key, severity, row["clock_at"], limit, observed))
    return [*seen, *ended(episodes, ZONES, seen, at)]


def tell(changes: Changes, log: logging.Logger) -> None:
    """Log every transition."""
    for row in changes.alerts:
        log.warning("%s", alert_sentence(row, "en"))


def _known(episodes: Episodes, key: EpisodeKey) -> str | None:
    row = episodes.get(key)
    return None if row is None else row.severity


def _alone(connection: psycopg.Connection[Row], part: str) -> bool:
    """Keep other watchers from a part until the transaction ends; return whether none is at it."""
    statement = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s)) AS got"
    return bool(connection.execute(statement, (_LOCK, part)).fetchall()[0]["got"])


def _ask(connection: psycopg.Connection[Row], name: str, **values: Any) -> list[Row]:
    return connection.execute(text(QUERIES, name), values).fetchall()


class Watching(Minutely):
    """Makes rounds in a thread of its own: a slow look never delays a tick."""

    def __init__(self, settings: Settings, stopping: Callable[[], bool]) -> None:
        """Start waiting for `wake`; without it a round is made after ninety seconds."""
        self._dsn = settings.need_dsn()
        self._watcher = Watcher()
        super().__init__("watching", "alerts not watched", stopping, _LOG)

    def round(self) -> None:
        """Make a round."""
        with connect(self._dsn) as connection, self.cancelling(connection):
            self._watcher.round(connection, self.failed)
