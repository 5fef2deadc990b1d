"""What is done to the store, each function a job of the ledger: one transaction, all or nothing.

Enters: a connection inside a transaction, scans, numbers. Leaves: rows. `put` gives each scan its
number of the device in the transaction that keeps it: no number is used twice or left out,
whenever the process dies. May fail with `Refusal` (409) where an id or a number is taken.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connectors.edge.scan import LARGEST_SEQ, Kept, Refusal, Scan, Waiting, milliseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from connectors.edge.scan import Say

DAY_MS = 86_400_000
COLUMNS = "number, key, format, body"


def put(db: sqlite3.Connection, scans: Sequence[Scan], say: Say) -> list[Kept]:
    """Keep all scans of a request, or none: Refusal names the first that cannot be kept."""
    kept = []
    for place, scan in enumerate(scans, 1):
        try:
            kept.append(_put(db, scan, say))
        except Refusal as refusal:
            refusal.place = place if len(scans) > 1 else 0
            raise
    return kept


def _put(db: sqlite3.Connection, scan: Scan, say: Say) -> Kept:
    found = db.execute(
        "SELECT number, content, device, seq FROM scans WHERE event_id = ?", [scan.event_id]
    ).fetchone()
    if found is not None:
        if found[1] != scan.content:
            texts = say("edge.conflict", event_id=scan.event_id, number=found[0])
            raise Refusal(409, "conflict", "event_id", texts)
        return Kept(found[0], scan.event_id, found[2], found[3], repeat=True)
    seq = None if scan.device is None else _number(db, scan, scan.device, say)
    now = milliseconds()
    number = db.execute(
        "INSERT INTO scans (event_id, content, device, seq, saved_at) VALUES (?, ?, ?, ?, ?)",
        [scan.event_id, scan.content, scan.device, seq, now],
    ).lastrowid
    assert number is not None  # noqa: S101 - an INSERT into a rowid table has one
    db.execute(
        "INSERT INTO waiting (number, saved_at, key, format, body) VALUES (?, ?, ?, ?, ?)",
        [number, now, scan.key, scan.format, scan.body(seq)],
    )
    return Kept(number, scan.event_id, scan.device, seq, repeat=False)


def _number(db: sqlite3.Connection, scan: Scan, device: str, say: Say) -> int:
    """Return the scan's own number, or the next one of its device."""
    row = db.execute("SELECT last FROM devices WHERE device = ?", [device]).fetchone()
    last = row[0] if row else 0
    seq = last + 1 if scan.seq is None else scan.seq
    if seq > LARGEST_SEQ:
        texts = say("edge.seq_spent", device=device)
        raise Refusal(409, "conflict", "device_seq", texts)
    if seq <= last:
        other = db.execute(
            "SELECT event_id FROM scans WHERE device = ? AND seq = ?", [device, seq]
        ).fetchone()
        if other is not None:
            texts = say("edge.seq_taken", device=device, seq=seq, event_id=other[0])
            raise Refusal(409, "conflict", "device_seq", texts)
    db.execute(
        "INSERT INTO devices VALUES (?, ?)"
        " ON CONFLICT (device) DO UPDATE SET last = max(last, excluded.last)",
        [device, seq],
    )
    return seq


def mark_sent(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Record that the broker has acknowledged these; their bodies are no longer needed."""
    now = milliseconds()
    db.executemany("DELETE FROM waiting WHERE number = ?", [(number,) for number in numbers])
    db.executemany(
        "UPDATE scans SET sent_at = ? WHERE number = ?", [(now, number) for number in numbers]
    )


def oldest(db: sqlite3.Connection, after: int, limit: int) -> list[Waiting]:
    """Return what waits, in the order of arrival, after a number."""
    query = f"SELECT {COLUMNS} FROM waiting WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608
    return [Waiting(*row) for row in db.execute(query, [after, limit])]


def these(db: sqlite3.Connection, numbers: Sequence[int]) -> list[Waiting]:
    """Return those of the numbers that still wait."""
    marks = ", ".join("?" * len(numbers))
    query = f"SELECT {COLUMNS} FROM waiting WHERE number IN ({marks})"  # noqa: S608 - marks only
    return [Waiting(*row) for row in db.execute(query, list(numbers))]


def count_waiting(db: sqlite3.Connection) -> int:
    """Return how many wait."""
    return int(db.execute("SELECT count(*) FROM waiting").fetchone()[0])


def prune(db: sqlite3.Connection, keep_days: float, limit: int = 5000) -> int:
    """Forget what arrived longer ago than `keep_days`, some at a time; return how many."""
    before = milliseconds() - int(keep_days * DAY_MS)
    db.execute("DELETE FROM files WHERE done_at < ?", [before])
    # Numbers ascend with time: the first row that is too young, or waits, ends the search.
    stop = db.execute(
        "SELECT min(number) FROM scans WHERE number <="
        " (SELECT coalesce(min(number), 0) + ? FROM scans) AND (sent_at IS NULL OR sent_at >= ?)",
        [limit, before],
    ).fetchone()[0]
    if stop is None:
        stop = db.execute("SELECT coalesce(min(number), 0) + ? FROM scans", [limit]).fetchone()[0]
    return db.execute("DELETE FROM scans WHERE number < ?", [stop]).rowcount


def set_facts(db: sqlite3.Connection, facts: Mapping[str, str | int]) -> None:
    """Write what `status` shows of the running process."""
    db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(facts.items()))


def add_refused(db: sqlite3.Connection, count: int) -> None:
    """Count refused scans: nothing else is kept of them."""
    db.execute(
        "INSERT INTO facts VALUES ('refused', ?)"
        " ON CONFLICT (fact) DO UPDATE SET value = value + excluded.value",
        [count],
    )


def lines_taken(db: sqlite3.Connection, name: str, sha: bytes) -> tuple[int, bool]:
    """Return how many lines of a file are in the store, and whether it was finished."""
    row = db.execute(
        "SELECT lines, done_at FROM files WHERE name = ? AND sha = ?", [name, sha]
    ).fetchone()
    return (row[0], row[1] is not None) if row else (0, False)


def put_lines(
    db: sqlite3.Connection,
    name: str,
    sha: bytes,
    *,
    lines: int,
    scans: Iterable[tuple[int, Scan]],
    refusals: Iterable[tuple[int, dict[str, object]]],
    say: Say,
    lang: str,
) -> tuple[list[Kept], int]:
    """Keep a piece of a file and how far it was read; return what was kept, how many refused."""
    kept, refused = [], list(refusals)
    for line, scan in scans:
        try:
            kept.append(_put(db, scan, say))
        except Refusal as refusal:
            refused.append((line, refusal.told(lang)))
    for line, told in refused:
        text = json.dumps({"line": line, **told}, ensure_ascii=False)
        db.execute("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)", [name, sha, line, text])
    if refused:
        add_refused(db, len(refused))
    db.execute(
        "INSERT OR REPLACE INTO files (name, sha, lines) VALUES (?, ?, ?)", [name, sha, lines]
    )
    return kept, len(refused)


def refused_lines(db: sqlite3.Connection, name: str, sha: bytes) -> list[str]:
    """Return what was refused of a file, a JSON object each, in order."""
    query = "SELECT told FROM refused WHERE name = ? AND sha = ? ORDER BY line"
    return [row[0] for row in db.execute(query, [name, sha])]


def finish_file(db: sqlite3.Connection, name: str, sha: bytes) -> None:
    """Record that a file lies in `done/` and its refused lines in `refused/`."""
    place = [name, sha]
    db.execute("DELETE FROM refused WHERE name = ? AND sha = ?", place)
    db.execute("UPDATE files SET done_at = ? WHERE name = ? AND sha = ?", [milliseconds(), *place])
