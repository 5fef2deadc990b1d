"""The edge as a whole: doors, ledger and forwarder, put together and taken apart in order.

Enters: a plan. Leaves: nothing; runs until told to stop, or, where a pipe is the only door, until
that has ended and all is acknowledged. What was answered is on disk whatever ends this process.
May fail with `Trouble` at the start: the store, the folder or the port cannot be had.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from connectors.edge import entries, report
from connectors.edge.desk import Desk
from connectors.edge.folder import Folder
from connectors.edge.forward import Forwarder
from connectors.edge.ledger import Full, Ledger
from connectors.edge.listener import Counter, listen
from connectors.edge.pipe import Pipe
from connectors.edge.scan import Read, Say
from connectors.http import Listening

PRUNE_EVERY_S = 60.0
PRUNED = 5000


@dataclass(frozen=True)
class Plan:
    """What an edge is to do; `read` and `say` are the caller's, who knows what scans mean."""

    store: Path
    name: str
    brokers: str
    read: Read
    say: Say
    prefix: str = ""
    lang: str = "en"
    listen: tuple[str, int] | None = None
    token: str | None = None
    folder: Path | None = None
    pipe: int | None = None
    drain_rate: float = 200.0
    keep_days: float = 14.0
    max_mb: int | None = None


class Station:
    """One running edge."""

    def __init__(
        self,
        plan: Plan,
        tell: Callable[[str], None],
        answer: Callable[[Mapping[str, object]], None],
    ) -> None:
        """Open everything; `tell` gets sentences, `answer` one object a line of the pipe."""
        self._plan, self._tell = plan, tell
        self._stop = threading.Event()
        self._ledger = Ledger(plan.store, plan.say, plan.lang, plan.max_mb)
        self._doors: list[Folder | Listening | Pipe] = []
        self._pipe: Pipe | None = None
        self._forward = Forwarder(
            self._ledger, plan.brokers, plan.prefix, drain_rate=plan.drain_rate, tell=self._said
        )
        try:
            self._open(answer)
        except BaseException:
            self._close()
            raise

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until `stopping()`, or until the pipe, as the only door, has nothing left."""
        try:
            for door in self._doors:
                door.start()
            self._forward.start()
            self._housekeeping(stopping)
        finally:
            self._close()

    def _open(self, answer: Callable[[Mapping[str, object]], None]) -> None:
        plan = self._plan
        desk = Desk(self._ledger, plan.read, plan.say, self._forward.saved, plan.lang)
        self._fact("name", plan.name)
        self._fact("state", "starting")
        if plan.listen is not None:
            listener = listen(*plan.listen, Counter(desk, self._status, plan.token))
            self._doors.append(listener)
            self._said("edge.listens", address=listener.address)
        if plan.folder is not None:
            self._doors.append(Folder(plan.folder, plan.name, desk))
            self._said("edge.watches", folder=plan.folder)
        if plan.pipe is not None:
            self._pipe = Pipe(plan.pipe, desk, answer)
            self._doors.append(self._pipe)
        addresses = [door.address for door in self._doors if isinstance(door, Listening)]
        self._fact("listen", ", ".join(addresses))

    def _fact(self, fact: str, value: str) -> None:
        """Write what `status` shows; a full disk must not keep the edge from sending."""
        try:
            self._ledger.do(partial(entries.set_facts, facts={fact: value}))
        except Full as error:
            self._said("edge.no_room", why=error)

    def _housekeeping(self, stopping: Callable[[], bool]) -> None:
        waited = PRUNE_EVERY_S
        while not stopping() and not self._done():
            if waited >= PRUNE_EVERY_S:
                waited = 0.0 if self._prune() < PRUNED else waited
            self._stop.wait(0.2)
            waited += 0.2

    def _prune(self) -> int:
        try:
            return self._ledger.do(partial(entries.prune, keep_days=self._plan.keep_days))
        except Full:
            return 0

    def _done(self) -> bool:
        """Return whether the pipe is the only door and has ended, and nothing waits."""
        if self._pipe is None or len(self._doors) > 1 or not self._pipe.ended.is_set():
            return False
        return not self._ledger.do(entries.count_waiting)

    def _status(self) -> dict[str, Any]:
        return report.status(self._plan.store, self._plan.say, self._plan.lang)

    def _said(self, sentence: str, **values: object) -> None:
        self._tell(self._plan.say(sentence, **values)[self._plan.lang])

    def _close(self) -> None:
        for door in self._doors:
            door.close()
        self._forward.close()
        self._ledger.close()
