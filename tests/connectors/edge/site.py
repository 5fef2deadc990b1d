"""A warehouse with an edge in tests: the real command as a process, its HTTP door, its store.

Enters: settings of a test, a folder. Leaves: answers, the messages that arrived on `wms.scans`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.kafka import SCANS, ensure_topics
from tests.dataflow.running import ROOT, environ, read

if TYPE_CHECKING:
    from pathlib import Path

    from flows.settings import Settings

NOWHERE = "127.0.0.1:1"
"""A port on which nothing listens: a broker that is away."""


def free_port() -> int:
    """Return a port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scan(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a receipt with an id, as a scanner would send it."""
    return {
        "event_id": f"scan-{number}", "type": "inbound", "warehouse": "SHA", "sku": f"S{number}",
        "quantity": 2, "to_bin": "A1", **fields,
    }  # fmt: skip


class Site:
    """One store and the process that owns it, started and killed as a test wants."""

    def __init__(self, settings: Settings, folder: Path, name: str = "SH-1") -> None:
        """Start nothing yet."""
        self.settings, self.folder, self.name = settings, folder, name
        self.store = folder / f"{name}.db"
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    def environ(self, brokers: str | None = None, **more: str) -> dict[str, str]:
        """Return the process's environment."""
        found = {**environ(self.settings), **more}
        return {**found, "WATERLINE_BROKERS": brokers or found["WATERLINE_BROKERS"]}

    def start(self, *words: str, brokers: str | None = None, wait: bool = True, **more: str):
        """Start the edge; return when it answers."""
        listen = () if "--folder" in words else ("--listen", f"127.0.0.1:{self.port}")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "edge", "--store", str(self.store),
             "--name", self.name, *listen, *words],
            cwd=ROOT, env=self.environ(brokers, **more), stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        if wait and listen:
            self.until(self.healthy)
        return self

    def healthy(self) -> bool:
        """Return whether the edge answers."""
        assert self.process is None or self.process.poll() is None, "the edge has ended"
        with contextlib.suppress(OSError):
            return self.call("GET", "/health")[0] == 200
        return False

    def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Return the status and the JSON of one request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def post(self, value: Any, path: str = "/scans", **headers: str) -> tuple[int, Any]:
        """Send a scan, a list of scans, or bytes."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.call("POST", path, body, **headers)

    def status(self) -> dict[str, Any]:
        """Return what GET /status says."""
        return self.call("GET", "/status")[1]

    def command(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `waterline edge ACTION` on this store."""
        return subprocess.run(
            [sys.executable, "-m", "flows.cli", "edge", *words, "--store", str(self.store)],
            cwd=ROOT, env=self.environ(**more), capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """SIGTERM; return how long the end took. It must be a good one."""
        assert self.process is not None
        since = time.monotonic()
        self.process.terminate()
        assert self.process.wait(10) == 0
        return time.monotonic() - since

    def drained(self) -> bool:
        """Return whether nothing waits."""
        return self.status()["waiting"] == 0

    def arrived(self) -> list[dict[str, Any]]:
        """Return the messages of the topic `wms.scans`, all partitions."""
        ensure_topics(self.settings.brokers, self.settings.topic_prefix)
        return [
            json.loads(message.value())
            for partition in range(4)
            for message in read(self.settings, SCANS, partition)
        ]

    @staticmethod
    def until(what, seconds: float = 30.0) -> None:
        """Wait until `what()` is true."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "took too long"
            time.sleep(0.03)


@contextmanager
def site(settings: Settings, folder: Path, name: str = "SH-1"):
    """Give a site whose process is killed at the end."""
    made = Site(settings, folder, name)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.kill()
