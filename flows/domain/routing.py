"""Where an event belongs in the log: the one rule for intake, the clock and `send`.

A warehouse's events are on its partition. What concerns more than one partition is on each of
them: a transfer that leaves is on its warehouse's and its counterpart's; a cancel (it may name
anything), a tick and a global item or policy are on all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import json

from flows.domain.events import Cancel, Event, Item, Policy, Tick, TransferOut

HOMES: Final = "homes"
"""The header of a transfer's copy: a JSON list of warehouses that live on its partition."""

ALL: Final[tuple[str, ...]] = ()
"""Instead of warehouses: every partition of the log."""

NOWHERE: Final = ""
"""Instead of a warehouse: an observation of no place known is on the first partition."""

_NAMES = json.Decoder(list[str])
EVERYWHERE: Final[frozenset[type]] = frozenset({Cancel, Tick, Item})
"""Kinds that are always on every partition of the log."""


def targets(event: Event) -> tuple[str, ...]:
    """Return the warehouses on whose partitions the event belongs, or ALL."""
    kind = type(event)
    if kind is TransferOut:
        return _both(event)
    if kind in EVERYWHERE:
        return ALL
    warehouse: str | None = event.warehouse  # type: ignore[attr-defined]
    if kind is Policy and not warehouse:
        return ALL
    return (warehouse or NOWHERE,)


def placed(
    event: Event, of: Callable[[str], int], count: int
) -> list[tuple[int, dict[str, bytes] | None]]:
    """Return (partition, headers) of every copy of an event on a log of `count` partitions.

    `of` gives a warehouse's partition. A transfer says in its header for which warehouses a copy
    is where it is, so that the log alone tells where each warehouse lives.
    """
    names = targets(event)
    if names is ALL:
        return [(partition, None) for partition in range(count)]
    if not names[0]:
        return [(0, None)]
    if len(names) == 1:
        return [(of(names[0]), None)]
    homes: dict[int, list[str]] = {}
    for name in names:
        homes.setdefault(of(name), []).append(name)
    return [(partition, {HOMES: json.encode(here)}) for partition, here in homes.items()]


def homes_of(event: Event, header: bytes | None) -> list[str]:
    """Return the warehouses of which an event on a partition proves that they live there."""
    if isinstance(event, TransferOut) and header is not None:
        try:
            return _NAMES.decode(header)
        except ValueError:
            return [event.warehouse]
    if isinstance(event, Cancel):
        return []
    warehouse: str | None = getattr(event, "warehouse", None)
    return [] if warehouse is None else [warehouse]


def key(event: Event) -> bytes | None:
    """Return the message key: the warehouse, None of a global event."""
    warehouse: str | None = getattr(event, "warehouse", None)
    return warehouse.encode() if warehouse else None


class FirstPlaces:
    """Where the latest ids were laid first: the same id must not hide on another partition.

    An id that comes a second time, for a warehouse of another partition, goes where the first one
    is: there it is known, and refused as the conflict that it is.
    """

    def __init__(self, most: int = 200_000) -> None:
        """Remember at least the last `most` ids, and at most twice as many."""
        self._most = most
        self._new: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def keep(
        self, event_id: str, places: list[tuple[int, dict[str, bytes] | None]]
    ) -> list[tuple[int, dict[str, bytes] | None]]:
        """Return the places where the event belongs, given where it would go by its warehouse."""
        first = places[0][0]
        known = self._new.get(event_id)
        if known is None:
            known = self._old.get(event_id, first)
            if len(self._new) >= self._most:
                self._old, self._new = self._new, {}
            self._new[event_id] = known
        return places if known == first else [(known, None)]


def _both(event: Event) -> tuple[str, ...]:
    assert isinstance(event, TransferOut)  # noqa: S101 - for the type checker
    if event.counterpart and event.counterpart != event.warehouse:
        return (event.warehouse, event.counterpart)
    return (event.warehouse,)
