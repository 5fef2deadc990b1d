"""Where an event belongs in the log: the one rule for intake, the clock and `send`.

A warehouse's events are on its partition. What concerns more than one partition is on each of
them: a transfer that leaves is on its warehouse's and its counterpart's; a cancel (it may name
anything), a tick and a global item or policy are on all.
"""

from __future__ import annotations

from typing import Final

from flows.domain.events import Cancel, Event, Item, Policy, Tick, TransferOut

ALL: Final[tuple[str, ...]] = ()
"""Instead of warehouses: every partition of the log."""

_EVERYWHERE = (Cancel, Tick, Item)


def targets(event: Event) -> tuple[str, ...]:
    """Return the warehouses on whose partitions the event belongs, or ALL."""
    kind = type(event)
    if kind is TransferOut:
        return _both(event)
    if kind in _EVERYWHERE:
        return ALL
    if kind is Policy:
        return (event.warehouse,) if event.warehouse else ALL  # type: ignore[attr-defined]
    return (event.warehouse,)  # type: ignore[attr-defined]


def key(event: Event) -> bytes | None:
    """Return the message key: the warehouse, None of a global event."""
    warehouse: str | None = getattr(event, "warehouse", None)
    return warehouse.encode() if warehouse else None


def _both(event: Event) -> tuple[str, ...]:
    assert isinstance(event, TransferOut)  # noqa: S101 - for the type checker
    if event.counterpart and event.counterpart != event.warehouse:
        return (event.warehouse, event.counterpart)
    return (event.warehouse,)
