"""What `waterline status` tells: services, processes, partitions, lag, invariants; and problems.

Enters: the settings, supervisors' records, two looks at the database a second apart. Leaves: one
document, whole or with `problems` where a server is away: status is for the hour when things are
broken, so whatever does not answer within two seconds is told as such.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from connectors.kafka import INTAKE, LOG
from connectors.metrics.figures import SECONDS, Broker
from connectors.queries import QUERIES, Queries, Row
from connectors.trouble import Trouble, one_line
from flows.commands import checks
from flows.commands.record import records
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.settings import Settings

APART = 1.0
"""Seconds between the two looks that give a rate."""
Place = tuple[str, int]
_KEYS = {"log": "log_partition", "intake": "partition"}
_LATER = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn,
          psycopg.errors.InsufficientPrivilege)  # fmt: skip


def standing(settings: Settings) -> dict[str, Any]:
    """Return processes, supervisors, log, intake, lag, invariants and problems."""
    written = records(settings)
    processes = [
        {**one, "supervisor": document["supervisor"]}
        for document in written
        for one in document["processes"]
    ]
    problems: list[str] = []
    last = _ends(settings, problems)
    looks = _looks(settings, problems)
    names = {str(one["pid"]): one["name"] for one in processes if one["pid"]}
    found: dict[str, Any] = {"supervisors": _supervisors(written), "processes": processes}
    for side, topics in (("log", [LOG]), ("intake", INTAKE)):
        full = [settings.topic_prefix + topic for topic in topics]
        own = None if last is None else {p: end for p, end in last.items() if p[0] in full}
        found[side] = _partitions(looks, own, side, settings.topic_prefix)
    for row in found["log"]:
        row["process"] = names.get((row.get("owner") or "").rpartition(":")[2])
    newest = looks[-1] if looks else {}
    return {
        **found,
        "lag": newest.get("lag", []),
        "invariants": newest.get("invariants", []),
        "problems": problems,
    }


def _supervisors(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("supervisor", "flows", "started_at", "metrics")
    return [{name: document[name] for name in names} for document in written]


def _ends(settings: Settings, problems: list[str]) -> dict[Place, int] | None:
    say = words(settings.lang)
    if settings.brokers is None:
        problems.append(say("settings.no_brokers"))
        return None
    topics = [settings.topic_prefix + name for name in (*INTAKE, LOG)]
    try:
        return Broker(settings.brokers, topics).read()
    except Trouble as trouble:
        problems.append(say("health.broker", why=trouble))
        return None


def _looks(settings: Settings, problems: list[str]) -> list[dict[str, Any]]:
    """Return what was seen at each of two looks; fewer when the database is away."""
    say = words(settings.lang)
    if settings.dsn is None:
        problems.append(say("settings.no_database"))
        return []
    seen: list[dict[str, Any]] = []
    try:
        dsn = make_conninfo(
            settings.dsn, application_name="waterline status", connect_timeout=SECONDS
        )
        with Queries(QUERIES, dsn, SECONDS) as database:
            seen.append(_look(database))
            if seen[0]["log"] or seen[0]["intake"]:
                time.sleep(APART)
                seen.append(_look(database))
    except psycopg.Error as error:
        problems.append(say("health.database", why=one_line(error)))
    return seen


def _look(database: Queries) -> dict[str, Any]:
    return {
        "at": time.monotonic(),
        "log": _rows(database, "progress"),
        "intake": _rows(database, "intake_progress"),
        "lag": _rows(database, "lag"),
        "invariants": _invariants(database),
    }


def _rows(database: Queries, name: str) -> list[Row]:
    try:
        return database.rows(name)
    except _LATER:  # a database that is not migrated yet has nothing to tell
        return []


def _invariants(database: Queries) -> list[Row]:
    try:
        return checks.last_round(database)
    except _LATER:
        return []


def _partitions(
    looks: list[dict[str, Any]], last: Mapping[Place, int] | None, side: str, prefix: str
) -> list[Row]:
    """Return a row for each partition that a topic or the database has."""
    key = _KEYS[side]
    before, rows = ({_place(row, key, prefix): row for row in look[side]} for look in _two(looks))
    seconds = looks[-1]["at"] - looks[0]["at"] if len(looks) > 1 else 0.0
    made = []
    for place in sorted({*rows, *(last or {})}):
        row = {"topic": place[0], key: place[1], **rows.get(place, {})}
        row["topic"] = place[0]
        offset = row.setdefault("next_offset", 0 if looks else None)
        end = None if last is None else last.get(place)
        row["end"] = end
        row["behind"] = None if end is None or offset is None else max(end - offset, 0)
        row["rate"] = _rate(before.get(place), row, seconds)
        made.append(row)
    return made


def _two(looks: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    nothing: dict[str, Any] = {"log": [], "intake": []}
    return (looks[0], looks[-1]) if looks else (nothing, nothing)


def _rate(before: Row | None, row: Row, seconds: float) -> float | None:
    """Return messages a second between the two looks."""
    if before is None or not seconds:
        return None
    return round(float(row["next_offset"] - before["next_offset"]) / seconds, 1)


def _place(row: Row, key: str, prefix: str) -> Place:
    # The stock flow may keep the topic's name with or without this installation's prefix.
    topic = row["topic"]
    return (topic if topic.startswith(prefix) else prefix + topic), row[key]
