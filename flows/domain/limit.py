"""When too much is refused, something is wrong with all of it: stop rather than divert all.

Judged over the last `window` messages, and only once so many were seen. Pure: the caller stops.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class RejectLimit:
    """Counts messages and remembers where the rejected ones were, exactly, batch or no batch."""

    def __init__(self, window: int = 10_000, share: float = 0.05) -> None:
        """Allow up to `share` of `window` messages to be rejected."""
        self._window = window
        self._most = window * share
        self._seen = 0
        self._rejected: deque[int] = deque()

    def passed_by(self, count: int, rejected: Sequence[int] = ()) -> int | None:
        """Count a batch of `count` messages, those at positions `rejected` refused.

        Returns the position in the batch at which the limit was passed, else None. The answer
        does not depend on how the stream is cut into batches.
        """
        start, self._seen = self._seen, self._seen + count
        full = self._window - 1  # the first message at which a whole window has been seen
        for position in rejected:
            at = start + position
            if start <= full < at and self._too_many():
                return full - start
            self._rejected.append(at)
            while self._rejected[0] <= at - self._window:
                self._rejected.popleft()
            if at >= full and self._too_many():
                return position
        if start <= full < self._seen and self._too_many():
            return full - start
        return None

    def _too_many(self) -> bool:
        return len(self._rejected) > self._most
