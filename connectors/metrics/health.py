"""Whether all is well, by one rule that a probe can act upon.

Enters: processes, samples. Leaves: reasons why not, none when all is well. Healthy: every process
runs (or has ended because it was asked to), database and broker answered the last look, and no
partition that has messages waiting went `STALL` seconds without a commit. Ready: healthy, and each
process of the stock flow owns partitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connectors.metrics.figures import Place
    from connectors.metrics.processes import Process
    from connectors.queries import Row

STALL = 30.0


@dataclass(frozen=True)
class Reason:
    """Why something is not well: a code and what the sentence for it needs."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


def unhealthy(
    processes: Iterable[Process],
    problems: Mapping[str, str | None],
    stuck: Mapping[Place, float],
) -> list[Reason]:
    """Return why it is not healthy; `problems` are those of `database` and `broker`."""
    reasons = [
        Reason(
            "process",
            {"name": one.name, "state": one.state, "code": _code(one)},
        )
        for one in processes
        if one.state not in {"running", "ended"}
    ]
    reasons += [Reason(who, {"why": why}) for who, why in problems.items() if why is not None]
    reasons += [
        Reason("stalled", {"topic": topic, "partition": partition, "seconds": round(seconds)})
        for (topic, partition), seconds in sorted(stuck.items())
        if seconds > STALL
    ]
    return reasons


def unready(processes: Iterable[Process], log: Sequence[Row]) -> list[Reason]:
    """Return which processes of the stock flow do not own partitions yet."""
    owners = {(row["owner"] or "").rpartition(":")[2] for row in log}
    return [
        Reason("unclaimed", {"name": one.name})
        for one in processes
        if one.name.partition("-")[0] == "stock"
        and one.state == "running"
        and str(one.pid) not in owners
    ]


def _code(process: Process) -> str:
    return "–" if process.last_exit_code is None else str(process.last_exit_code)
