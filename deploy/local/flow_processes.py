"""Waterline's own processes in the background, as `run/*.pid` names them.

Enters: the folder `.waterline`; each file in `run/` holds the number of one process. Leaves: none
of them running. A number that now belongs to another program is left alone.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local import processes

if TYPE_CHECKING:
    from deploy.local.sentences import Tell

_PATIENCE = 8.0


def running(home: Path) -> dict[str, int]:
    """Return the living processes, name → number."""
    found = {file.stem: _own(file) for file in sorted((home / "run").glob("*.pid"))}
    return {name: pid for name, pid in found.items() if pid is not None}


def stop_processes(home: Path, tell: Tell) -> None:
    """End the processes that `run/*.pid` names and that are Waterline's own, supervisors first."""
    files = sorted((home / "run").glob("*.pid"))
    alive = {file: pid for file in files if (pid := _own(file)) is not None}
    for how, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, 2.0)):
        # A supervisor ends its children; asked twice, a flow would end without committing.
        asked = {file for file, pid in alive.items() if _parent(pid) not in alive.values()}
        for file, pid in alive.items():
            if _own(file) == pid and (file in asked or how is signal.SIGKILL):
                os.kill(pid, how)
        deadline = time.monotonic() + patience
        while any(map(_own, alive)) and time.monotonic() < deadline:
            time.sleep(0.05)
    for file in files:
        if file in alive:
            tell("stop", name=file.stem)
        file.unlink(missing_ok=True)


def _own(file: Path) -> int | None:
    """Return the process that `file` names, if it is alive and one of Waterline's."""
    try:
        pid = int(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
    words = processes.arguments(pid)
    ours = any(Path(word).name == "waterline" or word.startswith("flows.") for word in words)
    return pid if ours else None


def _parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])
