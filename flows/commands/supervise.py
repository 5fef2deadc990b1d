"""The supervisor: keeps flows running as child processes and stops them when told.

Enters: children, some of them members of one group (a cluster). Leaves: an exit code. A child that
dies is started again after 0.25, 0.5, 1 … 30 s; one that ends with 0, was asked to end (SIGTERM),
or stopped on purpose (exit code 3) is not. Of a group all end when one does, and all start again.
SIGTERM and SIGINT end the children within 5 s: asked first, killed after `GRACE`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from connectors.trouble import STOPPED
from flows.settings import environment_of_children

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

GRACE = 4.0
"""Seconds from SIGTERM to SIGKILL: a frozen database must not keep us; what is killed was not
committed, and is read again."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
SETTLED, STEADY = 5.0, 60.0
"""A child that lived this long starts its pauses, or the count of its failures, from the beginning:
one that is killed now and then is back at once, one that dies as it starts is not a busy loop."""
PATIENCE = 1.0
"""Seconds for which the rest of a group may end by themselves when one has died."""


@dataclass
class Child:
    """One process: how to start it, whether it runs, how it ended, and how often.

    `state` is new, running, waiting (to be started again), ended, stopped (on purpose) or given_up.
    """

    name: str
    command: Sequence[str]
    pid_file: Path
    log: Path | None = None
    group: str | None = None
    process: subprocess.Popen[bytes] | None = None
    ended: int | None = None
    state: str = "new"
    up_since: datetime | None = None
    restarts: int = 0
    last_exit_code: int | None = None
    last_exit_at: datetime | None = None
    echo: threading.Thread | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        process = self.process
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the process, in a session of its own so that Ctrl-C reaches only us."""
        self.restarts += self.up_since is not None
        self.ended, self.state, self.up_since = None, "running", datetime.now(UTC)
        out: int | BinaryIO = self.log.open("ab") if self.log else subprocess.PIPE
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment_of_children(),
            start_new_session=True,
        )
        if not isinstance(out, int):
            out.close()
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.write_text(f"{self.process.pid}\n")
        if self.process.stdout is not None:
            self.echo = threading.Thread(
                target=_echo, args=(self.name, self.process.stdout), daemon=True
            )
            self.echo.start()

    def stop(self) -> None:
        """Ask the process to end, and kill it when it has not after the grace."""
        if self.process is None:
            return
        self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._gone(code)
        self.state = "ended"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if there is a process."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def look(self) -> int | None:
        """Return the exit code when the process has just ended."""
        code = self.process.poll() if self.process else None
        if code is not None:
            self._gone(code)
        return code

    def _gone(self, code: int) -> None:
        self.process = None
        self.ended = self.last_exit_code = code
        self.last_exit_at = datetime.now(UTC)
        self.pid_file.unlink(missing_ok=True)
        if self.echo is not None:
            self.echo.join(0.5)


def _echo(name: str, lines: BinaryIO) -> None:
    for line in lines:
        sys.stdout.write(f"{name} | {line.decode('utf-8', 'replace').rstrip()}\n")
        sys.stdout.flush()
    lines.close()


def _cause(first: Child, members: Sequence[Child]) -> Child:
    """Return whose end was the cause: one killed by a signal, where others ended because of it."""
    killed = (one for one in (first, *members) if (one.ended or 0) < 0)
    return next((one for one in killed if one.ended != -signal.SIGTERM), first)


@dataclass
class _Unit:
    """What lives and dies together: one child, or the members of a group."""

    members: list[Child]
    failures: int = 0
    quick: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    first: Child | None = None
    """The member that has just ended first, while the others are on their way."""
    since: float = 0.0
    asked: bool = False

    @property
    def alive(self) -> list[Child]:
        return [child for child in self.members if child.process is not None]

    @property
    def over(self) -> bool:
        return not self.alive and not self.due_at


class Supervisor:
    """Runs children until they have ended or it is asked to stop."""

    def __init__(
        self,
        tell: Callable[[str, Child, float], None],
        most_failures: int = 0,
        changed: Callable[[], None] = lambda: None,
        renew: Callable[[Sequence[Child]], None] = lambda _: None,
    ) -> None:
        """`tell(what, child, pause)` reports; after `most_failures` in a row it gives up.

        `changed` is called after each start and end; `renew` before a group is started, for what
        its members must agree upon anew, such as free ports.
        """
        self.tell, self.changed, self.renew = tell, changed, renew
        self.most_failures = most_failures
        self.stopping = threading.Event()
        self._units: dict[int, _Unit] = {}

    def obey_signals(self) -> None:
        """Stop at SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())

    def run(self, children: Sequence[Child], until: Sequence[Child] | None = None) -> int:
        """Run `children` until all of `until` have ended; the others are left running.

        Returns the worst exit code of those that ended, or 0 when asked to stop.
        """
        wanted = children if until is None else until
        units = self._grouped(children)
        for unit in units:
            if not unit.alive:
                self._start(unit)
        while not self.stopping.is_set():
            for unit in units:
                self._tend(unit)
            if all(self._units[id(child)].over for child in wanted):
                return max(abs(child.ended or 0) for child in wanted)
            self.stopping.wait(0.05)
        self.stop(children)
        return 0

    def stop(self, children: Sequence[Child]) -> None:
        """End the children, all at the same time."""
        threads = [threading.Thread(target=child.stop) for child in children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.changed()

    def _grouped(self, children: Sequence[Child]) -> list[_Unit]:
        """Return the units of `children`, those of an earlier `run` as they are."""
        groups: dict[object, _Unit] = {}
        for child in children:
            unit = self._units.get(id(child)) or groups.get(child.group or id(child))
            if unit is None:
                unit = _Unit([])
            groups[child.group or id(child)] = self._units[id(child)] = unit
            if child not in unit.members:
                unit.members.append(child)
        return list({id(unit): unit for unit in groups.values()}.values())

    def _start(self, unit: _Unit) -> None:
        unit.due_at, unit.started_at = 0.0, time.monotonic()
        unit.first, unit.asked = None, False
        if unit.members[0].group:
            self.renew(unit.members)
        for child in unit.members:
            child.start()
        self.changed()

    def _tend(self, unit: _Unit) -> None:
        now = time.monotonic()
        if unit.due_at and now >= unit.due_at:
            self._start(unit)
        for child in unit.members:
            if child.look() is not None and unit.first is None:
                unit.first, unit.since = child, now
        if unit.first is None:
            return
        if not unit.alive:
            self._after(unit, _cause(unit.first, unit.members))
            unit.first = None
            self.changed()
        elif unit.first.ended != 0:  # the rest of a drained group ends by itself
            self._hurry(unit, now - unit.since)

    def _hurry(self, unit: _Unit, seconds: float) -> None:
        """End what is left of a group whose first member died `seconds` ago."""
        if seconds > PATIENCE + GRACE / 2:
            for child in unit.alive:
                child.signal(signal.SIGKILL)
        elif seconds > PATIENCE and not unit.asked:
            unit.asked = True
            for child in unit.alive:
                child.signal(signal.SIGTERM)

    def _after(self, unit: _Unit, first: Child) -> None:
        codes = {child.ended for child in unit.members}
        if codes <= {0, -signal.SIGTERM}:
            for child in unit.members:
                child.ended = 0
            self._over(unit, "ended")
        elif STOPPED in codes:
            self._over(unit, "stopped")
        else:
            self._again(unit, first)

    def _over(self, unit: _Unit, state: str) -> None:
        for child in unit.members:
            child.state = state
            self.tell(state, child, 0)

    def _again(self, unit: _Unit, first: Child) -> None:
        lived = time.monotonic() - unit.started_at
        unit.failures = 1 if lived > STEADY else unit.failures + 1
        unit.quick = 1 if lived > SETTLED else unit.quick + 1
        if self.most_failures and unit.failures >= self.most_failures:
            self._over(unit, "given_up")
            return
        pause = min(SHORTEST_PAUSE * 2.0 ** min(unit.quick - 1, 10), LONGEST_PAUSE)
        unit.due_at = time.monotonic() + pause
        for child in unit.members:
            child.state = "waiting"
        self.tell("again" if len(unit.members) == 1 else "group_again", first, pause)
