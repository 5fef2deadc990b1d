"""CPU seconds and memory of processes on this machine, out of /proc.

Enters: pids of flows, one pid of a PostgreSQL backend, the broker's pid. Leaves: CPU seconds by
`flow`, `database`, `broker` (None: that server is not on this machine) and the peak resident
memory of the flows. Backends come and go, hence a sample every 0.2 s: what one uses after its
last sample is not counted. `others` is what the rest of the machine used: our figures are only
worth something when it is small. Of the database server, the backends of our own database count and
the shared writers (checkpointer, WAL, background), not those of other databases.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PROC = Path("/proc")
EVERY = 0.2
SHARED = ("checkpointer", "walwriter", "background writer", "io worker")
_TICK = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM, _BEGAN = 1, 11, 12, 19  # of the fields after the name


def stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/pid/stat after the name; None when the process is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def peak_mib(pid: int) -> float:
    """Return the peak resident memory of a process in MiB; 0 when it is gone."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def kafka_started(pid: int) -> bool:
    """Return whether a process has made its first Kafka client: it is past its imports."""
    for task in (PROC / str(pid) / "task").glob("*/comm"):
        try:
            if task.read_text().startswith("rdk:"):
                return True
        except OSError:
            continue
    return False


def _busy_seconds() -> float:
    """Return the CPU seconds that all processes of the machine have used."""
    user, nice, system, _idle, _waiting, irq, softirq = (
        int(value) for value in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + softirq) / _TICK


@dataclass
class _Used:
    """The CPU seconds of one process: at the first sample (0 if it began later), at the last."""

    first: float
    last: float


@dataclass
class Meter:
    """Samples while it is entered."""

    database: str
    backend: int | None
    broker: int | None
    looking_on: frozenset[int] = frozenset()
    others: float = 0.0
    _flows: list[int] = field(default_factory=list)
    _used: dict[str, dict[tuple[int, str], _Used]] = field(default_factory=dict)
    _peaks: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Begin."""
        self._lock, self._own = threading.Lock(), time.process_time()
        self._stop = threading.Event()
        self._postmaster = _postmaster(self.backend)
        self._began_at, self._busy = time.monotonic(), _busy_seconds()
        self.sample(first=True)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
        self.sample()
        capacity = (time.monotonic() - self._began_at) * (os.cpu_count() or 1)
        ours = (
            sum(value or 0.0 for value in self.cpu_s().values()) + time.process_time() - self._own
        )
        self.others = round(max(_busy_seconds() - self._busy - ours, 0.0) / capacity, 3)

    def watch(self, pid: int) -> None:
        """Count a flow's process from its beginning."""
        with self._lock:
            self._flows.append(pid)

    def sample(self, *, first: bool = False) -> None:
        """Look at every process once."""
        with self._lock:
            for pid in self._flows:
                self._note("flow", pid, first=False)
                self._peaks[pid] = max(self._peaks.get(pid, 0.0), peak_mib(pid))
            for pid in self._backends():
                self._note("database", pid, first=first)
            if self.broker is not None:
                self._note("broker", self.broker, first=first)

    def cpu_s(self) -> dict[str, float | None]:
        """Return CPU seconds since the beginning."""
        here = {
            "flow": True,
            "database": self._postmaster is not None,
            "broker": self.broker is not None,
        }
        sums = {
            name: sum(used.last - used.first for used in self._used.get(name, {}).values())
            for name in here
        }
        return {name: round(sums[name], 2) if there else None for name, there in here.items()}

    def since(self, before: dict[str, float | None]) -> dict[str, float | None]:
        """Return CPU seconds since `cpu_s` gave `before`."""
        return {
            name: None if now is None else round(now - (before[name] or 0.0), 2)
            for name, now in self.cpu_s().items()
        }

    def rss_mib(self) -> float:
        """Return the largest peak of the flows' processes."""
        return round(max(self._peaks.values(), default=0.0), 1)

    def _work(self) -> None:
        while not self._stop.wait(EVERY):
            self.sample()

    def _note(self, kind: str, pid: int, *, first: bool) -> None:
        fields = stat(pid)
        if fields is None:
            return
        seconds = (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICK
        # A pid may be given again: the time at which the process began makes it one of a kind.
        known = self._used.setdefault(kind, {})
        used = known.setdefault((pid, fields[_BEGAN]), _Used(seconds if first else 0.0, seconds))
        used.last = seconds

    def _backends(self) -> list[int]:
        if self._postmaster is None:
            return []
        return [
            pid
            for pid in _children(self._postmaster)
            if pid not in self.looking_on and self._ours(_title(pid))
        ]

    def _ours(self, title: str) -> bool:
        return self.database in title or any(word in title for word in SHARED)


def _postmaster(backend: int | None) -> int | None:
    """Return the server's main process, when that backend is a process of this machine."""
    if backend is None or "postgres" not in _title(backend):
        return None
    fields = stat(backend)
    return None if fields is None else int(fields[_PARENT])


def _children(parent: int) -> list[int]:
    try:
        text = (PROC / str(parent) / "task" / str(parent) / "children").read_text()
        return [int(pid) for pid in text.split()]
    except OSError:
        return []


def _title(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_text(errors="replace")
    except OSError:
        return ""
