"""Standard input: one scan a line, answered on standard output by one JSON object a line.

Enters: lines. Leaves: an answer for each, in order, after the scan is on disk: what was answered
is kept, what was not answered may be sent again (give scans an `event_id`, so that a repeat is
known). Reads the descriptor itself: a thread inside Python's own reader cannot be ended.
"""

from __future__ import annotations

import os
import select
import threading
from functools import partial
from typing import TYPE_CHECKING

from connectors.edge import entries
from connectors.edge.ledger import Full
from connectors.edge.scan import CANONICAL, Kept, Refusal, new_id
from connectors.trouble import Trouble

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from connectors.edge.desk import Desk

    _Job = Callable[[sqlite3.Connection], list[Kept]]
    _Outcome = Refusal | tuple[_Job, Future[list[Kept]]]

LONGEST = 2_000_000
"""Bytes of a line that is held: a longer one is refused by its beginning."""


class Pipe:
    """Reads one descriptor to its end in a thread of its own."""

    def __init__(
        self, descriptor: int, desk: Desk, answer: Callable[[dict[str, object]], None]
    ) -> None:
        """Read nothing yet; `answer` is given one object a line."""
        self._descriptor, self._desk, self._answer = descriptor, desk, answer
        self._stop = threading.Event()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pipe", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the line that is being kept."""
        self._stop.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            for lines in self._lines():
                # All are queued before the first is waited for: they share a transaction.
                for outcome in [self._queue(line.strip()) for line in lines if line.strip()]:
                    self._finish(outcome)
        except Trouble:
            pass  # the ledger is closed: what was not answered was not kept
        finally:
            self.ended.set()

    def _queue(self, line: bytes) -> _Outcome:
        try:
            scan = self._desk.read(line, CANONICAL, new_id())
        except Refusal as refusal:
            return refusal
        job = partial(entries.put, scans=[scan], say=self._desk.say)
        return job, self._desk.ledger.submit(job)

    def _finish(self, outcome: _Outcome) -> None:
        try:
            if isinstance(outcome, Refusal):
                raise outcome
            kept = self._result(*outcome)
        except Refusal as refusal:
            self._desk.ledger.do(partial(entries.add_refused, count=1))
            self._answer({"error": refusal.told(self._desk.lang)})
            return
        if kept:
            self._answer(kept[0]._asdict())
            self._desk.saved(kept)

    def _result(self, job: _Job, done: Future[list[Kept]]) -> list[Kept]:
        """Return what was kept; with a full disk wait, and so make the sender wait."""
        while not self._stop.is_set():
            try:
                return done.result()
            except Full:
                self._stop.wait(1.0)
                done = self._desk.ledger.submit(job)
        return []

    def _lines(self) -> Iterator[list[bytes]]:
        rest = b""
        while not self._stop.is_set():
            ready, _, _ = select.select([self._descriptor], [], [], 0.2)
            if not ready:
                continue
            data = os.read(self._descriptor, 65_536)
            if not data:
                if rest:
                    yield [rest]
                return
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > LONGEST:
                rest = rest[:LONGEST]
            yield lines
