"""A process under measurement: started in a stage's environment, watched, ended with us.

Enters: a command, a stage, a meter. Leaves: when it began, when it made its first Kafka client
(its imports are over), when it ended. Fails with Trouble that gives the process's own last line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, TYPE_CHECKING, Self

from connectors.trouble import Trouble
from flows.bench.meter import kafka_started
from flows.commands.run import PROCESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.bench.meter import Meter
    from flows.bench.stage import Stage

LIMIT = (sys.executable, "-m", "flows.bench.limit")
_GRACE = 10.0


UNRULED = "flows.bench.unruled"


def flow(name: str, *, drain: bool, module: str = "flows.cli") -> list[str]:
    """Return the command line of a flow that ends when this process is gone."""
    command = [sys.executable, "-m", module, "flow", name, "--parent", str(os.getpid())]
    return [*command, "--drain"] if drain else command


def stock(*, drain: bool, module: str = "flows.cli") -> list[list[str]]:
    """Return the command lines of the stock flow's processes, as `waterline run` starts them."""
    shares = [f"{number}/{PROCESSES}" for number in range(1, PROCESSES + 1)]
    return [[*flow("stock", drain=drain, module=module), "--share", share] for share in shares]


class Child:
    """A context: the process runs from its beginning, and is stopped at its end."""

    def __init__(self, command: Sequence[str], stage: Stage, meter: Meter) -> None:
        """Start nothing yet."""
        self._command, self._stage, self._meter = command, stage, meter
        self.ready_at: float | None = None
        self.ended_at: float | None = None

    def __enter__(self) -> Self:
        """Start the process, in a session of its own so that Ctrl-C reaches only us."""
        self._log: IO[bytes] = tempfile.TemporaryFile()
        self.began_at = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=self._stage.environment(),
            start_new_session=True,
        )
        self._meter.watch(self._process.pid)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process if it still runs."""
        try:
            self.stop()
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._log.close()

    def look(self) -> bool:
        """Return whether the process runs; raise Trouble when it failed."""
        pid = self._process.pid
        if self.ended_at is not None:
            return False
        if self.ready_at is None and kafka_started(pid):
            self.ready_at = time.monotonic()
        # A process that is not waited for yet still tells its CPU seconds.
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            return True
        self.ended_at = time.monotonic()
        self._meter.sample()
        code = self._process.wait()
        if code not in {0, -signal.SIGTERM}:
            raise Trouble(f"a process of the bench ended with exit code {code}: {self._last()}")
        return False

    def stop(self) -> None:
        """Ask the process to end, and wait for it a while."""
        if self.ended_at is not None or self._process.poll() is not None:
            return
        self._meter.sample()
        self._process.terminate()
        end = time.monotonic() + _GRACE
        while time.monotonic() < end and self.look():
            time.sleep(0.02)

    def _last(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("waterline: ") if lines else "it said nothing"
