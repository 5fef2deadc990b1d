"""A broker and a database of a test's own, to be killed, frozen and started again.

Enters: an empty folder. Leaves: two servers on ports that nobody else prefers, so that a server
that is away for a moment finds its port free. Killing is SIGKILL, freezing is SIGSTOP.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from deploy.local import ports, processes
from deploy.local import stack as local
from deploy.local.account import data_root, service_account
from deploy.local.state import KAFKA, POSTGRES, State, save

PROC = Path("/proc")
DATABASE, BROKER = POSTGRES, KAFKA
FOLDER = "waterline-faults-{}-"


class Servers:
    """The two servers of one folder, which is deleted at the end."""

    def __init__(self, services=(DATABASE, BROKER)) -> None:
        """Start nothing yet."""
        self.services = services
        self.home = Path(tempfile.mkdtemp(prefix=FOLDER.format(first_process())))
        self.home.chmod(0o755)  # the servers run as another user
        root = data_root(self.home, service_account())
        given = []
        for _ in range(3):
            given.append(ports.choose((), given))
        database, broker, controller = given
        self._state = State(
            str(root), postgres_port=database, kafka_port=broker, controller_port=controller
        )
        save(self.home, self._state)

    def data(self, service) -> Path:
        """Return the folder of a server's data."""
        return self._state.data(service)

    def log(self, service) -> str:
        """Return what a server has logged."""
        return (self.home / "logs" / f"{service}.log").read_text(errors="replace")

    def up(self, *services):
        """Start what does not run; return where everything is."""
        return local.up(self.home, lambda _: None, services=services or self.services)

    def pids(self, service) -> list[int]:
        """Return the process of a server and all below it."""
        mark = f"-D{self.data(service)}"
        if service == BROKER:
            mark = f"-Dwaterline.kafka={self.data(service)}"
        first = processes.find(mark)
        return [] if first is None else [first, *below(first)]

    def kill(self, service, *, first_only: bool = False) -> None:
        """SIGKILL a server, with all its processes or the first alone; wait until all are gone.

        Orphans of a killed postmaster end by themselves; a new one must not start before.
        """
        pids = self.pids(service)
        for pid in pids[:1] if first_only else pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while any(alive(pid) for pid in pids):
            assert time.monotonic() < deadline, f"{service} does not end"
            time.sleep(0.02)
        with suppress(ChildProcessError, IndexError):
            os.waitpid(pids[0], 0)

    def freeze(self, service) -> list[int]:
        """SIGSTOP all processes of a server; return them."""
        pids = self.pids(service)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return pids

    def thaw(self, pids) -> None:
        """SIGCONT them."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        """Stop both and delete the folder."""
        for service in self.services:
            self.thaw(self.pids(service))
        local.down(self.home, lambda _: None, purge=True)
        shutil.rmtree(self.home, ignore_errors=True)


def first_process() -> int:
    """Return the process that a person started: this one, or the one that hands out tests."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def remove_left() -> None:
    """Remove what processes that were ended in the middle of a test could not."""
    for home in Path(tempfile.gettempdir()).glob(FOLDER.format(os.getpid()) + "*"):
        local.down(home, lambda _: None, purge=True)
        shutil.rmtree(home, ignore_errors=True)


def below(pid: int) -> list[int]:
    """Return the children of a process, and theirs."""
    children = [one for one in everyone() if parent(one) == pid]
    return children + [deep for one in children for deep in below(one)]


def everyone() -> list[int]:
    """Return the numbers of all processes."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def parent(pid: int) -> int | None:
    """Return the parent of a process; None when it is gone."""
    found = state_of(pid)
    return None if found is None else found[1]


def alive(pid: int) -> bool:
    """Return whether a process is there and more than a zombie."""
    found = state_of(pid)
    return found is not None and found[0] not in "ZX"


def state_of(pid: int) -> tuple[str, int] | None:
    """Return a process's state and its parent."""
    try:
        letter, above = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return letter, int(above)
