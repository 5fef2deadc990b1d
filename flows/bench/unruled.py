"""The stock flow without rules: what it costs to fold and to write when nothing is judged.

Run as a process: `python -m flows.bench.unruled flow stock …`, otherwise as `waterline flow`. The
watch is replaced in this process only; Waterline itself has no such switch.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flows import cli
from flows.domain import ledger

if TYPE_CHECKING:
    from flows.domain.state import State


class Unruled:
    """Stands where `flows.domain.watch.Watch` does, and judges nothing."""

    def __init__(self, state: State, _recall: object) -> None:
        """`state` notes what moves, whoever looks at it."""
        self._state = state

    def begin(self, _changes: object, **_: object) -> None:
        """Start a batch."""
        self._state.weights.begin(new_limits=False)

    def look(self, *_: object, **__: object) -> None:
        """Let go of what was noted."""
        self._state.stirred.clear()

    def _nothing(self, *_: object) -> None:
        """Do nothing."""

    counted = undone = redone = decide = proposed = close = tick = _nothing


if __name__ == "__main__":
    vars(ledger)["Watch"] = Unruled
    sys.exit(cli.main())
