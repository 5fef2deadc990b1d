"""`waterline run` in tests: a supervisor in a process of its own, and a gate before the database.

Enters: settings of a test, options. Leaves: a running supervisor, its record, what it answers.
"""

from __future__ import annotations

import http.client
import json
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.dataflow.running import ROOT, environ, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.settings import Settings


class Run:
    """A supervisor and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], settings: Settings, log: Path) -> None:
        """Keep what was started."""
        self.process, self.settings, self.log = process, settings, log

    @property
    def record(self) -> dict[str, Any] | None:
        """What it has written down."""
        files = list((self.settings.home / "run").glob(f"*run-{self.process.pid}.json"))
        with suppress(ValueError, FileNotFoundError):
            return json.loads(files[0].read_bytes()) if files else None
        return None

    def pids(self) -> dict[str, int]:
        """Return name → pid of what runs."""
        record = self.record or {"processes": []}
        return {one["name"]: one["pid"] for one in record["processes"] if one["pid"]}

    def restarts(self) -> dict[str, int]:
        """Return name → how often it was started again."""
        return {one["name"]: one["restarts"] for one in (self.record or {})["processes"]}

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Return status and body of a path."""
        host, _, port = self.record["metrics"].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def end(self, seconds: float = 10) -> int:
        """Ask it to end and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def supervised(settings: Settings, *words: str, metrics: str = "127.0.0.1:0") -> Iterator[Run]:
    """Run `waterline run …` until the end of the block."""
    settings.home.mkdir(parents=True, exist_ok=True)
    log = settings.home / "supervisor.log"
    env = {**environ(settings), "WATERLINE_METRICS": metrics}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "run", *words],
            cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    run = Run(process, settings, log)
    with process:
        try:
            wait_for(lambda: run.pids() or process.poll() is not None)
            yield run
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(15)


class Gate:
    """Stands before a server: lets everything through, or nothing, or refuses."""

    def __init__(self, dsn: str) -> None:
        """Open; `dsn` is the server's, `self.dsn` leads through the gate."""
        known = conninfo_to_dict(dsn)
        self._to = (known["host"], int(known.get("port", 5432)))
        self._open, self._closed = threading.Event(), False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.open()
        self.dsn = make_conninfo(dsn, host="127.0.0.1", port=self.port)

    def open(self) -> None:
        """Let everything through."""
        self._open.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def freeze(self) -> None:
        """Let nothing through, but keep connections: a frozen server."""
        self._open.clear()

    def shut(self) -> None:
        """Cut what is connected and refuse what comes: a stopped server."""
        if self._listener is not None:
            # close() alone would leave the accepting thread, and with it the port, in the kernel.
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for pair in self._pairs:
            for one in pair:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._to)
                self._pairs.append((near, far))
                threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        with near, far, suppress(OSError, ValueError):
            while True:
                for one in select.select([near, far], [], [])[0]:
                    self._open.wait()
                    data = one.recv(65536)
                    if not data:
                        return
                    other[one].sendall(data)
