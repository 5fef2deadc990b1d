"""When a message that could not be delivered is tried again, and when its receiver is left alone.

Pure: numbers in, seconds out. Exponential backoff with full jitter, so that messages that failed
together do not come back together; a circuit for each receiver, so that one that is down is asked
now and then with one message instead of with all.
"""

from __future__ import annotations

FAILURES = 5
"""Failures in a row that open a circuit."""
_MOST_DOUBLINGS = 40


def pause(attempt: int, share: float, first: float, longest: float) -> float:
    """Return seconds until the try after `attempt` (1, 2 …); `share`, 0 to 1, is the jitter."""
    return share * min(longest, first * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS))


def circuit(failures: int, first: float, longest: float) -> float | None:
    """Return for how many seconds nothing is sent after so many failures in a row, if so."""
    if failures < FAILURES:
        return None
    return min(longest, first * 2.0 ** min(failures - FAILURES, _MOST_DOUBLINGS))
