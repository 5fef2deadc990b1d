"""What the fault suite has done: a row a fault, in build/faults.json, build/faults.md and shown.

Enters: rows from tests, in this process or in one that runs tests for it. Leaves: two files and
lines for pytest's summary.
"""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import pytest

LONG = os.environ.get("WATERLINE_FAULTS") == "long"
BUILD = Path(__file__).resolve().parents[2] / "build"
HEAD = ("fault", "points", "under load", "back p50", "back max", "result")


class Tally:
    """Rows, in the order in which faults were made."""

    def __init__(self) -> None:
        """Nothing has been done yet."""
        self.rows: list[dict[str, object]] = []

    def add(self, fault, points=1, *, loaded=None, seconds=(), result="same tables, audit clean"):
        """Note a fault: how often, how often while work was left, seconds until it worked again."""
        times = sorted(round(one, 2) for one in seconds)
        self.rows.append(
            {
                "fault": fault,
                "points": points,
                "under load": points if loaded is None else loaded,
                "back p50": round(statistics.median(times), 2) if times else None,
                "back max": times[-1] if times else None,
                "result": result,
            }
        )

    def lines(self) -> list[str]:
        """Return the table in Markdown."""
        cells = [HEAD, ("---",) * len(HEAD)]
        cells += [tuple(_shown(row[name]) for name in HEAD) for row in self.rows]
        kills = sum(int(str(row["points"])) for row in self.rows if "kill" in str(row["fault"]))
        form = "long" if LONG else "short"
        last = f"{form} form: {kills} kill points; back: seconds from the fault to the next commit"
        return [*("| " + " | ".join(row) + " |" for row in cells), "", last]

    def save(self) -> None:
        """Write both files, when there is anything to write."""
        if not self.rows:
            return
        BUILD.mkdir(exist_ok=True)
        (BUILD / "faults.json").write_text(json.dumps(self.rows, indent=1) + "\n")
        (BUILD / "faults.md").write_text("\n".join(self.lines()) + "\n")


TALLY = Tally()


def _shown(value) -> str:
    if isinstance(value, float):
        return f"{value:.2f} s"
    return "–" if value is None else str(value)


def pytest_sessionfinish(session):
    """Hand the rows to the process that hands out the tests, if there is one."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["faults"] = TALLY.rows


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take the rows of a process that has run tests."""
    TALLY.rows += getattr(node, "workeroutput", {}).get("faults", [])


def pytest_terminal_summary(terminalreporter):
    """Show the table and write it to build/."""
    TALLY.save()
    if TALLY.rows:
        terminalreporter.section("faults")
        for line in TALLY.lines():
            terminalreporter.write_line(line)
