"""A watched folder: each file of JSON lines is taken whole, exactly once, whatever is killed.

Enters: `*.jsonl` files that nobody has changed for 2 s and no process holds open to write. A
file is known by its name and the SHA-256 of its content; how many of its lines are kept is
written in the transaction that keeps them. Leaves: the file in `done/`; its bad lines, with
their reasons, in `refused/`. A store or a folder that fails is tried again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.edge import entries
from connectors.edge.ledger import Full
from connectors.edge.scan import CANONICAL, Refusal, Scan
from connectors.kafka import Nuisance
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.edge.desk import Desk

QUIET_S = 2.0
EVERY_S = 0.5
PIECE = 200
"""Lines of one transaction."""
_LOG = logging.getLogger("waterline.edge")
_Stat = tuple[int, int, int]
_Line = tuple[int, bytes]


class Folder:
    """Watches one folder in a thread of its own."""

    def __init__(self, path: Path, name: str, desk: Desk) -> None:
        """Make the folders; `name` is the edge's, part of the ids of lines without one."""
        self._path, self._name, self._desk = path, name, desk
        self._watched: dict[str, tuple[_Stat, float]] = {}
        self._stop = threading.Event()
        self._nuisance = Nuisance(_LOG)
        try:
            for folder in (path, path / "done", path / "refused"):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Trouble(f"--folder: {path}: {error.strerror or error}") from error
        self._thread = threading.Thread(target=self._run, name="folder", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the piece that is being kept."""
        self._stop.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.look()
            except (OSError, Full, Trouble) as error:
                self._nuisance(f"folder {self._path}: {error}; trying again")
            except Exception:  # noqa: BLE001 - a file that fails must not end the watch
                _LOG.exception("folder %s: trying again", self._path)

    def look(self) -> None:
        """Take every file that is ready."""
        found = sorted(self._path.glob("*.jsonl"))
        for gone in self._watched.keys() - {file.name for file in found}:
            del self._watched[gone]
        for file in found:
            if self._stop.is_set():
                return
            if file.is_file() and self._quiet(file) and not _written_to(file):
                self._take(file)

    def _quiet(self, file: Path) -> bool:
        """Return whether nobody has written to the file for a while."""
        stat = file.stat()
        now, state = time.monotonic(), (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        before = self._watched.get(file.name)
        if before is None or before[0] != state:
            old = time.time() - stat.st_mtime >= QUIET_S  # moved here after it was written
            self._watched[file.name] = (state, now - QUIET_S if old else now)
            return False  # one more look: a clock that jumped must not tear a file
        return now - before[1] >= QUIET_S

    def _take(self, file: Path) -> None:
        sha = _sum(file)
        taken, finished = self._desk.ledger.do(
            partial(entries.lines_taken, name=file.name, sha=sha)
        )
        if finished:
            _LOG.warning("%s has the name and content of a file taken before: left out", file.name)
        kept = refused = 0
        for last, piece in _pieces(file, 0 if finished else taken, skip=finished):
            if self._stop.is_set():
                return
            more, bad = self._keep(file.name, sha, last, piece)
            kept, refused = kept + more, refused + bad
        if self._finish(file, sha, finished=finished):
            _LOG.info("%s: %d scans kept, %d lines refused", file.name, kept, refused)

    def _keep(self, name: str, sha: bytes, last: int, piece: list[_Line]) -> tuple[int, int]:
        scans: list[tuple[int, Scan]] = []
        refusals: list[tuple[int, dict[str, object]]] = []
        for line, raw in piece:
            try:
                own = f"{self._name[:40]}-{sha.hex()[:24]}-{line}"
                scans.append((line, self._desk.read(raw, CANONICAL, own)))
            except Refusal as refusal:
                text = raw[:2000].decode("utf-8", "replace")
                refusals.append((line, {**refusal.told(self._desk.lang), "text": text}))
        job = partial(
            entries.put_lines, name=name, sha=sha, lines=last, scans=scans, refusals=refusals,
            say=self._desk.say, lang=self._desk.lang,
        )  # fmt: skip
        kept, refused = self._desk.ledger.do(job)
        self._desk.saved(kept)
        return len(kept), refused

    def _finish(self, file: Path, sha: bytes, *, finished: bool) -> bool:
        """Put the file and what was refused of it away; False when it was written to meanwhile."""
        if _sum(file) != sha:
            _LOG.warning("%s was written to while it was read: it is read again", file.name)
            self._watched.pop(file.name, None)
            return False
        told = self._desk.ledger.do(partial(entries.refused_lines, name=file.name, sha=sha))
        if told:
            _write(self._path / "refused" / _own(file, sha), "\n".join(told) + "\n")
        target = self._path / "done" / file.name
        file.rename(self._path / "done" / _own(file, sha) if target.exists() else target)
        if not finished:
            self._desk.ledger.do(partial(entries.finish_file, name=file.name, sha=sha))
        return True


def _written_to(file: Path) -> bool:
    """Return whether a process of this machine has the file open to write.

    The kernel grants a read lease only on a file that nobody writes to. Where it knows no leases
    (other systems, network drives) the quiet time alone decides.
    """
    with file.open("rb") as data:
        try:
            fcntl.fcntl(data, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        fcntl.fcntl(data, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _own(file: Path, sha: bytes) -> str:
    return f"{file.stem}.{sha.hex()[:8]}.jsonl"


def _write(path: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.rename(path)


def _sum(file: Path) -> bytes:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").digest()


def _pieces(file: Path, taken: int, *, skip: bool) -> Iterator[tuple[int, list[_Line]]]:
    """Return (number of the last line, numbered lines that are not empty) after `taken` lines."""
    if skip:
        return
    piece: list[_Line] = []
    number = taken
    with file.open("rb") as data:
        for number, raw in enumerate(data, 1):
            line = raw.strip()
            if number <= taken or not line:
                continue
            piece.append((number, line))
            if len(piece) == PIECE:
                yield number, piece
                piece = []
    if piece:
        yield number, piece
