"""The supervisor: keeps flows running as child processes and stops them when told.

Enters: names of flows. Leaves: an exit code. A child that dies is started again after 1, 2, 4 …
30 s; one that ends with 0, was asked to end (SIGTERM), or stopped on purpose (exit code 3) is not.
Unit of parallelism: one process per flow. SIGTERM and SIGINT end the children within 5 s.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from connectors.trouble import STOPPED
from flows.settings import environment_of_children

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

GRACE = 5.0
LONGEST_PAUSE = 30.0
STEADY = 60.0
"""A child that lived this long starts its pauses from the beginning."""


@dataclass
class Child:
    """One flow: how to start it, whether it runs, and how it ended."""

    name: str
    command: Sequence[str]
    pid_file: Path
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    ended: int | None = None
    failures: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    echo: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process, in a session of its own so that Ctrl-C reaches only us."""
        self.ended, self.started_at = None, time.monotonic()
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
            self.echo = threading.Thread(target=_echo, args=(self.name, self.process.stdout))
            self.echo.start()

    def stop(self) -> None:
        """Ask the process to end, and kill it when it has not after 5 s."""
        if self.process is None or self.process.poll() is not None:
            self.process = None
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._gone(code)

    def look(self) -> int | None:
        """Return the exit code when the process has just ended."""
        code = self.process.poll() if self.process else None
        if code is not None:
            self._gone(code)
        return code

    def _gone(self, code: int) -> None:
        self.process = None
        self.ended = code
        self.pid_file.unlink(missing_ok=True)
        if self.echo is not None:
            self.echo.join(GRACE)


def _echo(name: str, lines: BinaryIO) -> None:
    for line in lines:
        sys.stdout.write(f"{name} | {line.decode('utf-8', 'replace').rstrip()}\n")
        sys.stdout.flush()
    lines.close()


class Supervisor:
    """Runs children until they have ended or it is asked to stop."""

    def __init__(self, tell: Callable[[str, Child, float], None], most_failures: int = 0) -> None:
        """`tell(what, child, pause)` reports; after `most_failures` in a row it gives up."""
        self.tell = tell
        self.most_failures = most_failures
        self.stopping = threading.Event()

    def obey_signals(self) -> None:
        """Stop at SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())

    def run(self, children: Sequence[Child], until: Sequence[Child] | None = None) -> int:
        """Run `children` until all of `until` have ended; the others are left running.

        Returns the worst exit code of those that ended, or 0 when asked to stop.
        """
        wanted = children if until is None else until
        for child in children:
            if child.process is None:
                child.start()
        while not self.stopping.is_set():
            for child in children:
                self._tend(child)
            if all(self._done(child) for child in wanted):
                return max(abs(child.ended or 0) for child in wanted)
            self.stopping.wait(0.1)
        self.stop(children)
        return 0

    def stop(self, children: Sequence[Child]) -> None:
        """End the children, all at the same time."""
        threads = [threading.Thread(target=child.stop) for child in children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _done(self, child: Child) -> bool:
        return child.process is None and not child.due_at

    def _tend(self, child: Child) -> None:
        if child.process is None and child.due_at and time.monotonic() >= child.due_at:
            child.due_at = 0.0
            child.start()
        code = child.look()
        if code is not None:
            self._after(child, code)

    def _after(self, child: Child, code: int) -> None:
        if code in {0, -signal.SIGTERM}:
            child.ended = 0
            self.tell("ended", child, 0)
        elif code == STOPPED:
            self.tell("stopped", child, 0)
        else:
            steady = time.monotonic() - child.started_at > STEADY
            child.failures = 1 if steady else child.failures + 1
            if self.most_failures and child.failures >= self.most_failures:
                self.tell("given_up", child, 0)
                return
            pause = min(2.0 ** (child.failures - 1), LONGEST_PAUSE)
            child.due_at = time.monotonic() + pause
            self.tell("again", child, pause)
