"""The slow, obvious model of order and purchase lines, a part of `reference.py`.

Enters: effective images and scans, in any order. Leaves: one row per line, with what was shipped.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.domain import events as ev

    Row = dict[str, Any]

ZERO = Decimal(0)
HELD = {"held", "hold", "on_hold", "paused", "suspended"}
CLOSED = (
    "closed cancelled canceled shipped completed complete done delivered deleted void received "
    "rejected"
)
STATES = {
    None: "open",
    **dict.fromkeys(HELD, "held"),
    **dict.fromkeys(CLOSED.split(), "closed"),
}
NAMES = ("warehouse", "order_id", "line_id", "sku")


def line_rows(images: Iterable[ev.Line], scans: list[ev.Movement]) -> dict[Any, Row]:
    """Return the winning image of each line with what the scans say was shipped of it."""
    best = {}
    for image in sorted(images, key=_rank):
        best[image.warehouse, image.order_id, image.line_id or ""] = image
    rows = sorted((_line_row(image) for image in best.values()), key=lambda row: row["line_id"])
    named = [scan for scan in scans if scan.order_id]
    for scan in named:
        _scan(rows, scan)
    for scan in named:
        if not scan.line_id:
            _share(rows, scan)
    return {tuple(row[name] for name in NAMES): _shipped(row) for row in rows}


def _rank(image: ev.Line) -> tuple[Any, ...]:
    """Return what decides which image wins: the version, then the time, then the id."""
    version = -1 if image.version is None else image.version
    return (version, image.occurred_at, image.event_id)


def _line_row(image: ev.Line) -> Row:
    """Return what one image says of its line."""
    reported = getattr(image, "received", None)
    return {
        "warehouse": image.warehouse,
        "order_id": image.order_id,
        "line_id": image.line_id or "",
        "sku": image.sku,
        "ordered": image.ordered,
        "reported": (image.shipped if reported is None else reported) or ZERO,
        "scanned": ZERO,
        "shared": ZERO,
        "cancelled": image.cancelled or ZERO,
        "state": STATES.get(image.state, "open"),
        "version": image.version,
        "due_at": image.due_at,
        "occurred_at": image.occurred_at,
        "event_id": image.event_id,
    }


def _of_order(rows: list[Row], event: Any) -> list[Row]:
    """Return the rows of the order and SKU that a scan names, by line."""
    names = ("warehouse", "order_id", "sku")
    return [row for row in rows if all(row[name] == getattr(event, name) for name in names)]


def _scan(rows: list[Row], event: Any) -> None:
    """Add a scan to the line that it names."""
    for row in _of_order(rows, event):
        if event.line_id and row["line_id"] == event.line_id:
            row["scanned"] += event.quantity


def _share(rows: list[Row], event: Any) -> None:
    """Share a scan that names no line over the order's lines, each up to what it needs.

    Needs are counted against scans, not against what the order system reports: a report of the
    same goods must not free the scan for another line. What nobody needs stays at line ''.
    """
    left = event.quantity
    for row in _of_order(rows, event):
        part = min(left, max(row["ordered"] - row["cancelled"] - row["scanned"], ZERO))
        row["scanned"] += part
        row["shared"] += part
        left -= part
    for row in _of_order(rows, event):
        if not row["line_id"]:
            row["scanned"] += left
            row["shared"] += left


def _shipped(row: Row) -> Row:
    """Return the row with the larger of what was reported and scanned."""
    return {**row, "shipped": max(row["reported"], row["scanned"])}


def owed(lines: dict[Any, Row], warehouse: str, sku: str) -> Decimal:
    """Return what open lines of a SKU still lack."""
    return sum(
        (
            max(row["ordered"] - row["shipped"] - row["cancelled"], ZERO)
            for (house, _, _, named), row in lines.items()
            if (house, named) == (warehouse, sku) and row["state"] == "open"
        ),
        ZERO,
    )
