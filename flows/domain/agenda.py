"""Which accounts time alone will change next, in the order of time.

Enters: an account's row before and after a batch. Leaves: the accounts that are due at a time; to
ask costs what is due, however many accounts there are, and takes nothing away.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from datetime import datetime

from flows.domain.rows import Key, StockRow


class Agenda:
    """Accounts by the time at which they are due."""

    def __init__(self) -> None:
        """Begin with none."""
        self._at: dict[datetime, set[Key]] = {}
        self._times: list[datetime] = []
        """Those that have accounts, sorted."""

    def move(self, key: Key, before: StockRow | None, after: StockRow) -> None:
        """Note when an account is due now."""
        was, now = _due_at(before), _due_at(after)
        if was == now:
            return
        if was is not None:
            keys = self._at[was]
            keys.remove(key)
            if not keys:
                del self._at[was]
                del self._times[bisect_left(self._times, was)]
        if now is not None:
            if now not in self._at:
                self._at[now] = set()
                insort(self._times, now)
            self._at[now].add(key)

    def until(self, clock: datetime) -> list[Key]:
        """Return the accounts that are due at or before `clock`, in the order of their keys."""
        times = self._times[: bisect_right(self._times, clock)]
        return sorted(key for at in times for key in self._at[at])


def _due_at(row: StockRow | None) -> datetime | None:
    if row is None:
        return None
    return min((at for at in (row.next_change_at, row.review_at) if at is not None), default=None)
