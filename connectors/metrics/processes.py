"""What one supervised process is and what it costs: from its supervisor and from /proc.

Enters: a process number. Leaves: resident bytes and CPU seconds, or None when it has just ended.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """A child of a supervisor; `state` is running, waiting, ended, stopped or given_up."""

    name: str
    state: str
    pid: int | None
    up_since: datetime | None
    restarts: int
    last_exit_code: int | None
    last_exit_at: datetime | None
    log: str | None = None


def cost(pid: int | None) -> tuple[int, float] | None:
    """Return (resident bytes, CPU seconds) of a process."""
    if pid is None:
        return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    fields = stat.rpartition(")")[2].split()
    return pages * _PAGE, (int(fields[11]) + int(fields[12])) / _TICKS
