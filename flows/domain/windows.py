"""The windows of one (warehouse, sku): sums over the closed days of the last 7, 30, 90, 365.

Each day adds to every window that it is in, so a late event changes a window by what it changes of
its day, and at local midnight only days that come in or drop out have to be looked at. Today is
not in the sums: what happened of it is in its own `Day`. Days are ordinals (date.toordinal).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flows.domain.days import Day
from flows.domain.rows import WindowRow

LENGTHS = (7, 30, 90, 365)
"""Local days of the windows, the last being today."""
DEMAND_DAYS = 28
"""Closed days that the demand is worked out from."""
EVER = 1
"""Before every day that there can be."""


class Sums(NamedTuple):
    """What a day adds to a window."""

    net: int
    moment: int
    issues: int


NOTHING = Sums(0, 0, 0)


def sums_of(day: Day | None) -> Sums:
    """Return what a day adds."""
    if day is None:
        return NOTHING
    return Sums(day.closing - day.opening, day.moment, day.issues)


class Windows:
    """The sums of one account, each a list by window; `demand` is by day, yesterday last."""

    __slots__ = ("demand", "issues", "moment", "net")

    def __init__(self) -> None:
        """Begin with nothing in any window."""
        self.net = [0] * len(LENGTHS)
        self.moment = [0] * len(LENGTHS)
        self.issues = [0] * len(LENGTHS)
        self.demand = [0] * DEMAND_DAYS

    def add(self, sums: Sums, age: int) -> None:
        """Let a day that was `age` days ago (1: yesterday) add to the windows that it is in."""
        for window, length in enumerate(LENGTHS):
            if age < length:
                self.net[window] += sums.net
                self.moment[window] += sums.moment
                self.issues[window] += sums.issues
        if age <= DEMAND_DAYS:
            self.demand[-age] += sums.issues

    def roll(self, days: Iterable[tuple[int, Sums]], before: int | None, today: int) -> None:
        """Move on from one day to a later one; `days` are those that come in or drop out."""
        passed = DEMAND_DAYS if before is None else min(today - before, DEMAND_DAYS)
        self.demand = self.demand[passed:] + [0] * passed
        for day, sums in days:
            age = today - day
            for window, length in enumerate(LENGTHS):
                was = before is not None and 0 < before - day < length
                sign = (0 < age < length) - was
                if sign:
                    self.net[window] += sign * sums.net
                    self.moment[window] += sign * sums.moment
                    self.issues[window] += sign * sums.issues
            if 0 < age <= passed:
                self.demand[-age] += sums.issues

    def row(self) -> WindowRow | None:
        """Return the sums as a row, None when no closed day of a year adds anything."""
        row = WindowRow(tuple(self.net), tuple(self.moment), tuple(self.issues), tuple(self.demand))
        return row if any(map(any, row)) else None


def taken_up(row: WindowRow) -> Windows:
    """Return the windows that a row tells of."""
    windows = Windows()
    windows.net, windows.moment = list(row.net), list(row.moment)
    windows.issues, windows.demand = list(row.issues), list(row.demand)
    return windows


def windows_of(days: Iterable[Day], today: int) -> Windows:
    """Return the windows as they stand on a local day, from all days."""
    windows = Windows()
    for day in days:
        age = today - day.day
        if 0 < age < LENGTHS[-1]:
            windows.add(sums_of(day), age)
    return windows


def changed_ranges(before: int | None, today: int) -> list[tuple[int, int]]:
    """Return the days (first, last) that are closed, or drop out of a window, by then."""
    if before is None:
        oldest = today - LENGTHS[-1] + 1
        return [(EVER, oldest - 1), (oldest, today - 1)]
    ranges = [(before, today - 1)]
    ranges += [(before - n + 1, min(today - n, before - 1)) for n in LENGTHS]
    return _merged((first, last) for first, last in ranges if first <= last)


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
