"""When a purchase line was ordered and received, and how long that took.

Enters: images and scans of one line, in any order and as often as they like. Leaves: `Times`, each
field of which is a smallest or largest of a set, so that a new event is only compared with it;
what a cancel takes out is worked out again from what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from flows.domain.events import Line
from flows.domain.fixed import fixed

SECOND = timedelta(seconds=1)


class Times(Struct, frozen=True, gc=False):
    """The times of one (purchase line, SKU)."""

    ordered_at: datetime | None = None
    """The earliest of the images that name the SKU."""
    received_at: datetime | None = None
    lead: int | None = None
    """Whole seconds from the order to the last receipt, once the line is complete."""
    scanned_at: datetime | None = None
    """The latest of the scans that name the line."""
    most: int | None = None
    """The largest received quantity that any of the images reports."""
    most_at: datetime | None = None
    """The earliest of the images that report it."""


UNKNOWN = Times()


def noted(times: Times, image: Line) -> Times:
    """Return the times with an image more; the same object when it says nothing new."""
    at, reported = image.occurred_at, fixed(image.shipped)
    if times.ordered_at is None or at < times.ordered_at:
        times = replace(times, ordered_at=at)
    if times.most is None or times.most_at is None or reported > times.most:
        return replace(times, most=reported, most_at=at)
    if reported == times.most and at < times.most_at:
        return replace(times, most_at=at)
    return times


def restated(times: Times, images: Iterable[Line]) -> Times:
    """Return the times with these images and no others; the scans' stay."""
    times = Times(received_at=times.received_at, lead=times.lead, scanned_at=times.scanned_at)
    for image in images:
        times = noted(times, image)
    return times


def lead(times: Times, wanted: int, fulfilled: int) -> int | None:
    """Return the lead time of a line in whole seconds, None while it is not complete.

    A line that was received before anybody had heard of its order (an old one, told whole) does
    not say how long it took.
    """
    if not 0 < wanted <= fulfilled or times.ordered_at is None or times.received_at is None:
        return None
    seconds = (times.received_at - times.ordered_at) // SECOND
    return seconds if seconds > 0 else None
