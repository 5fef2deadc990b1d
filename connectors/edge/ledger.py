"""The edge's store: one SQLite file, one process, many writers in one transaction.

Enters: jobs, which are functions of a connection. Leaves: their results, after the transaction
that held them is on disk (WAL, synchronous=FULL). Jobs that wait at the same time share a
transaction: one fsync serves all. A job that raises leaves nothing behind. May fail with
`Trouble` (no store, somebody else's file, another process owns it); a full disk is `Full`.
"""

from __future__ import annotations

import fcntl
import os
import queue
import sqlite3
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.edge.scan import Say

T = TypeVar("T")
VERSION = 1
TOGETHER = 256
"""Jobs of one transaction, at most."""

SCHEMA = """
CREATE TABLE scans (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL, device TEXT, seq INTEGER, saved_at INTEGER NOT NULL, sent_at INTEGER
);
CREATE UNIQUE INDEX scans_device_seq ON scans (device, seq) WHERE device IS NOT NULL;
CREATE TABLE waiting (
    number INTEGER PRIMARY KEY, saved_at INTEGER NOT NULL, key BLOB NOT NULL, format TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE devices (device TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    name TEXT, sha BLOB, lines INTEGER NOT NULL, done_at INTEGER, PRIMARY KEY (name, sha)
) WITHOUT ROWID;
CREATE TABLE refused (
    name TEXT, sha BLOB, line INTEGER, told TEXT NOT NULL, PRIMARY KEY (name, sha, line)
) WITHOUT ROWID;
CREATE TABLE facts (fact TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""


class Full(Exception):  # noqa: N818 - the disk's state, told to the sender as such
    """There is no room for more; nothing of the job was kept."""


_Job = tuple["Callable[[sqlite3.Connection], Any]", "Future[Any]"]


class Ledger:
    """The only writer of a store; `do` may be called from any thread."""

    def __init__(self, path: Path, say: Say, lang: str = "en", max_mb: int | None = None) -> None:
        """Open or make the store and take its lock."""
        self._path, self._say, self._lang = path, say, lang
        self._lock = self._own()
        try:
            self._db = self._open(max_mb)
        except BaseException:
            os.close(self._lock)
            raise
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returns once it is durable; raise what it raises, or Full."""
        return self.submit(job).result()

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue a job; the future has its result once it is durable."""
        done: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise Trouble(self._told("edge.closed"))
            self._jobs.put((job, done))
        return done

    def close(self) -> None:
        """Finish what is queued, then let go of the file."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._db.close()
        os.close(self._lock)

    def _told(self, sentence: str, **values: object) -> str:
        return self._say(sentence, **values)[self._lang]

    def _own(self) -> int:
        """Take the store's lock; the kernel gives it back however this process ends."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(lock_of(self._path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Trouble(f"{self._path}: {error.strerror or error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.read(lock, 20).decode("ascii", "replace").strip() or "?"
            os.close(lock)
            raise Trouble(self._told("edge.owned", store=self._path, pid=pid)) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock

    def _open(self, max_mb: int | None) -> sqlite3.Connection:
        try:
            made = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.close(made)
            db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            prepare(db, max_mb)
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise Trouble(self._told("edge.no_store", store=self._path, why=error)) from error
        if version not in (0, VERSION):
            db.close()
            why = f"version {version}"
            raise Trouble(self._told("edge.no_store", store=self._path, why=why))
        return db

    def _run(self) -> None:
        open_ = True
        while open_:
            jobs, open_ = self._next()
            if jobs and not self._together(jobs):
                for job in jobs:  # one of them failed the transaction: each on its own
                    self._together([job], alone=True)

    def _next(self) -> tuple[list[_Job], bool]:
        """Wait for a job; return it with those that came meanwhile, and whether more may come."""
        first = self._jobs.get()
        if first is None:
            return [], False
        jobs = [first]
        with suppress(queue.Empty):
            while len(jobs) < TOGETHER:
                job = self._jobs.get_nowait()
                if job is None:
                    return jobs, False
                jobs.append(job)
        return jobs, True

    def _together(self, jobs: list[_Job], *, alone: bool = False) -> bool:
        """Run jobs in one transaction and tell their results; False: nothing was done or told."""
        outcomes: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job, done in jobs:
                outcomes.append((done, *self._guarded(job)))
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - this thread must outlive whatever a job met
            with suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            if alone:
                jobs[0][1].set_exception(_full(error))
            return alone
        for done, result, failure in outcomes:
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)
        return True

    def _guarded(self, job: Callable[[sqlite3.Connection], Any]) -> tuple[Any, Exception | None]:
        """Run one job so that, when it raises, the others' work stays."""
        self._db.execute("SAVEPOINT job")
        try:
            result = job(self._db)
        except sqlite3.Error:
            raise
        except Exception as failure:  # noqa: BLE001 - it belongs to who gave the job
            self._db.execute("ROLLBACK TO job")
            self._db.execute("RELEASE job")
            return None, failure
        self._db.execute("RELEASE job")
        return result, None


def prepare(db: sqlite3.Connection, max_mb: int | None = None) -> None:
    """Set what durability and small memory need; `max_mb` is the most that the file may hold."""
    db.execute("PRAGMA busy_timeout=5000")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA journal_size_limit=8388608")
    db.execute("PRAGMA cache_size=-4096")
    if max_mb is not None:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={max(1, max_mb * 1_048_576 // size)}")


def lock_of(path: Path) -> Path:
    """Return the file whose lock says that a process owns the store."""
    return path.with_name(f"{path.name}.lock")


def running(path: Path) -> bool:
    """Return whether a process owns the store now."""
    try:
        lock = os.open(lock_of(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _full(error: Exception) -> Exception:
    """Return Full for a disk or a store without room, else the error itself."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    roomless = code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
    return Full(str(error)) if roomless else error
