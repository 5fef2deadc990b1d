"""What an edge holds and what has arrived, read from its store while another process writes.

Enters: the path of a store; for a proof, the numbers that the centre has seen. Leaves: figures
and ranges of numbers. Nothing is changed. May fail with `Trouble`: no store, no database.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from connectors.edge.ledger import VERSION, running
from connectors.edge.scan import milliseconds, rfc3339
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from connectors.edge.scan import Say

Pairs = list[tuple[int, int]]
"""Ascending (first, last) numbers, both included."""

_ISLANDS = """
SELECT device, min(seq), max(seq) FROM (
    SELECT device, seq, seq - row_number() OVER (PARTITION BY device ORDER BY seq) AS island
    FROM scans WHERE device IS NOT NULL
) GROUP BY device, island ORDER BY device, min(seq)
"""

_UNSENT = """
SELECT device, seq FROM waiting JOIN scans USING (number)
WHERE device IS NOT NULL ORDER BY device, seq
"""


@dataclass
class Device:
    """One device: the numbers that the store knows, and those that the broker lacks."""

    name: str
    kept: Pairs = field(default_factory=list)
    unsent: Pairs = field(default_factory=list)

    @property
    def holes(self) -> Pairs:
        """Numbers between the first and the last that were never given to the edge."""
        return [
            (one[1] + 1, other[0] - 1) for one, other in zip(self.kept, self.kept[1:], strict=False)
        ]


def devices(db: sqlite3.Connection) -> dict[str, Device]:
    """Return the devices of a store by name."""
    found: dict[str, Device] = {}
    for name, first, last in db.execute(_ISLANDS):
        found.setdefault(name, Device(name)).kept.append((first, last))
    for name, seq in db.execute(_UNSENT):
        unsent = found[name].unsent
        if unsent and unsent[-1][1] == seq - 1:
            unsent[-1] = (unsent[-1][0], seq)
        else:
            unsent.append((seq, seq))
    return found


def look(path: Path, say: Say, lang: str) -> sqlite3.Connection:
    """Open a store to read it."""
    if not path.is_file():
        raise Trouble(say("edge.no_such_store", store=path)[lang])
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        db.execute("PRAGMA busy_timeout=5000")
        version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise Trouble(say("edge.no_store", store=path, why=error)[lang]) from error
    if version != VERSION:
        db.close()
        raise Trouble(say("edge.no_store", store=path, why=f"version {version}")[lang])
    return db


def status(path: Path, say: Say, lang: str) -> dict[str, Any]:
    """Return what waits, what was sent, the state of the process, and each device's numbers."""
    with closing(look(path, say, lang)) as db:
        db.execute("BEGIN")  # one moment for all figures
        facts = dict(db.execute("SELECT fact, value FROM facts"))
        waiting, oldest = db.execute("SELECT count(*), min(saved_at) FROM waiting").fetchone()
        sent, sent_at = db.execute("SELECT count(sent_at), max(sent_at) FROM scans").fetchone()
        known = devices(db)
    alive = running(path)
    since = facts.get("since")
    return {
        "name": facts.get("name", ""),
        "store": str(path),
        "running": alive,
        "listen": facts.get("listen") if alive else None,
        "state": facts.get("state", "starting") if alive else "stopped",
        "since": rfc3339(since) if since and alive else None,
        "waiting": waiting,
        "oldest_waiting_seconds": round((milliseconds() - oldest) / 1000, 1) if waiting else 0,
        "sent": sent,
        "last_sent_at": rfc3339(sent_at) if sent_at else None,
        "refused": facts.get("refused", 0),
        "devices": [
            {
                "device": one.name,
                "last": one.kept[-1][1],
                "kept": size(one.kept),
                "sent": size(one.kept) - size(one.unsent),
                "holes": one.holes,
            }
            for one in known.values()
        ],
    }


def size(pairs: Pairs) -> int:
    """Return how many numbers there are."""
    return sum(last - first + 1 for first, last in pairs)


def without(pairs: Pairs, others: Pairs) -> Pairs:
    """Return the numbers of `pairs` that are not in `others`; both ascending."""
    left: Pairs = []
    for first, last in pairs:
        at = first
        for start, end in others:
            if end < at:
                continue
            if start > last:
                break
            if start > at:
                left.append((at, start - 1))
            at = end + 1
        if at <= last:
            left.append((at, last))
    return left


@dataclass(frozen=True)
class Proof:
    """Of one device: how many numbers the edge keeps, how many arrived, which are missing."""

    device: str
    kept: int
    arrived: int
    missing: Pairs


def prove(path: Path, seen: dict[str, Pairs] | None, say: Say, lang: str) -> list[Proof]:
    """Compare each device's numbers with those the centre has `seen`; None: with the broker's."""
    with closing(look(path, say, lang)) as db:
        db.execute("BEGIN")
        known = devices(db)
    proofs = []
    for one in known.values():
        missing = one.unsent if seen is None else without(one.kept, seen.get(one.name, []))
        kept = size(one.kept)
        proofs.append(Proof(one.name, kept, kept - size(missing), missing))
    return proofs


def foreign(path: Path, say: Say, lang: str) -> tuple[int, int]:
    """Return (kept, acknowledged) of messages that have no number."""
    with closing(look(path, say, lang)) as db:
        query = "SELECT count(*), count(sent_at) FROM scans WHERE device IS NULL"
        return cast("tuple[int, int]", db.execute(query).fetchone())


def seen_by_centre(dsn: str, names: list[str]) -> dict[str, Pairs]:
    """Return the numbers of these devices that have arrived in the central database."""
    from psycopg.types.multirange import Multirange  # noqa: PLC0415 - the edge itself needs none

    from connectors.queries import connect  # noqa: PLC0415 - the same

    found: dict[str, Pairs] = {}
    with connect(dsn) as database:
        query = "select device, seen from inventory.devices where device = any(%s)"
        for row in database.execute(query, [names]):
            seen = row["seen"]
            if isinstance(seen, Multirange):
                bounds = [(int(one.lower or 0), int(one.upper or 0) - 1) for one in seen]
                found[row["device"]] = bounds
    return found
