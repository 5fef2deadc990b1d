"""The slow, obvious model of lead times, a part of `reference.py`.

Enters: the rows of `line_rows`, with the effective images and scans they were made of. Leaves: the
same rows with when they were ordered and received, and the seconds between, where they tell.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from flows.domain import events as ev

    Row = dict[str, Any]

ZERO = Decimal(0)


def timed(rows: dict[Any, Row], images: list[ev.Line], scans: list[ev.Movement]) -> dict[Any, Row]:
    """Return purchase lines with `ordered_at`, `received_at` and `lead`."""
    return {key: {**row, **_times(key, row, images, scans)} for key, row in rows.items()}


def _times(key: Any, row: Row, images: list[ev.Line], scans: list[ev.Movement]) -> Row:
    """Return the times of one line."""
    mine = [
        image
        for image in images
        if (image.warehouse, image.order_id, image.line_id or "", image.sku) == key
    ]
    ordered_at = min(image.occurred_at for image in mine)
    received_at = _received_at(key, row, mine, scans)
    wanted = row["ordered"] - row["cancelled"]
    lead = None
    if received_at is not None and row["shipped"] >= wanted > 0:
        seconds = int((received_at - ordered_at).total_seconds())
        lead = seconds if seconds > 0 else None
    return {"ordered_at": ordered_at, "received_at": received_at, "lead": lead}


def _received_at(
    key: Any, row: Row, images: list[ev.Line], scans: list[ev.Movement]
) -> datetime | None:
    """Return the last scan when scans tell of as much as the images, else the first full report."""
    if row["shipped"] == 0:
        return None
    if row["scanned"] < row["reported"]:
        most = max(_reported(image) for image in images)
        return min(image.occurred_at for image in images if _reported(image) == most)
    house, order_id, line_id, sku = key
    of_order = [
        scan
        for scan in scans
        if (scan.warehouse, scan.order_id, scan.sku) == (house, order_id, sku)
    ]
    return max(
        scan.occurred_at
        for scan in of_order
        if (scan.line_id and scan.line_id == line_id) or (not scan.line_id and row["shared"])
    )


def _reported(image: Any) -> Decimal:
    """Return what an image says was received."""
    received = getattr(image, "received", None)
    return (image.shipped if received is None else received) or ZERO


def sums(lines: dict[Any, Row], warehouse: str, sku: str) -> Row:
    """Return count, Σ and Σ of squares of the lead times of a SKU."""
    leads = [
        row["lead"]
        for (house, _, _, named), row in lines.items()
        if (house, named) == (warehouse, sku) and row["lead"] is not None
    ]
    return {
        "lead_count": len(leads),
        "lead_seconds": sum(leads),
        "lead_squares": sum(lead * lead for lead in leads),
    }
