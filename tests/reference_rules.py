"""The conditions of the alert rules in the slow model: how severe is a key, now that it is judged.

Enters: a view of everything, a key, and the severity of its open episode. Leaves: the severity that
holds now, None when nothing is open. One function a rule, as the table in SEMANTICS.md says it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from flows.domain.episodes import EpisodeKey
from tests.reference import ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.reference_views import View

WARNING, CRITICAL, INFO = "warning", "critical", "info"
RANK = {None: 0, INFO: 1, WARNING: 2, CRITICAL: 3}
STICK = Decimal("0.60")


class Dates(NamedTuple):
    """What follows from whole days, as the last tick left it."""

    stock_out_on: date | None
    idle_days: int | None


def severe(critical: bool) -> str:  # noqa: FBT001 a severity for a condition
    """Return the severity of a rule with two of them."""
    return CRITICAL if critical else WARNING


def stock_out(view: View, key: EpisodeKey, known: str | None) -> str | None:
    """Nothing is available; until more than a tenth of the safety stock is."""
    now = view.figures((key.warehouse, key.sku))
    limit = now.safety / 10 if known else 0
    return CRITICAL if now.lives and now.available <= limit else None


def below_safety(view: View, key: EpisodeKey, known: str | None) -> str | None:
    """Less is available than the share of a safety stock that there is; until it is whole."""
    now = view.figures((key.warehouse, key.sku))
    red_below = view.policy("red_below", key.warehouse, key.sku)
    limit = now.safety * (1 if known else 1 - Fraction(red_below))
    if now.safety <= 0 or now.available >= limit:
        return None
    half = now.safety * (Fraction(STICK) if known == CRITICAL else Fraction(1, 2))
    return severe(now.available < half)


def overstock(view: View, key: EpisodeKey, known: str | None) -> str | None:
    """More is there than may be; until it is 5 % below."""
    most = view.policy("max_stock", key.warehouse, key.sku)
    on_hand = view.figures((key.warehouse, key.sku)).on_hand
    if most is None or on_hand <= (most * Decimal("0.95") if known else most):
        return None
    return severe(on_hand > most * (Decimal("1.9") if known == CRITICAL else 2))


def negative_stock(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """The book says that less than nothing is there."""
    on_hand = view.figures((key.warehouse, key.sku)).on_hand
    return severe(on_hand <= -10) if on_hand < 0 else None


def near_expiry(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """A lot that there is has few days left."""
    left = view.days_to_expiry(key.warehouse, key.sku, key.lot)
    days = view.policy("near_expiry_days", key.warehouse, key.sku) or ZERO
    if left is None or not 0 <= left <= days or view.lot(*key[1:4]) <= 0:
        return None
    return severe(3 * left <= days)


def expired(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """A lot that there is has passed its date."""
    left = view.days_to_expiry(key.warehouse, key.sku, key.lot)
    return CRITICAL if left is not None and left < 0 and view.lot(*key[1:4]) > 0 else None


def transfer_late(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """Something on its way should have come."""
    dues = view.on_the_way(key.warehouse, key.sku, key.subject)
    clock = view.model.clock
    if not dues or clock is None:
        return None
    grace = view.policy("transfer_grace_minutes", key.warehouse, key.sku)
    late = clock - min(dues) - timedelta(minutes=float(grace or 0))
    return severe(late > timedelta(days=1)) if late > timedelta(0) else None


def bin_overweight(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """A bin bears more than it may."""
    over = view.overweight(key.warehouse, key.bin)
    if over is None or over <= 0:
        return None
    if over >= (view.policy("overweight_critical_kg", key.warehouse) or 0):
        return CRITICAL
    return WARNING if over > (view.policy("overweight_warning_kg", key.warehouse) or 0) else None


def predicted_stock_out(view: View, key: EpisodeKey, known: str | None, dates: Dates) -> str | None:
    """What is available will be gone within the horizon; until a day after it."""
    now, today = view.figures((key.warehouse, key.sku)), view.today(key.warehouse)
    if today is None or dates.stock_out_on is None or (now.available <= 0 and not known):
        return None
    left = (dates.stock_out_on - today).days
    horizon = view.policy("stock_out_horizon_days", key.warehouse, key.sku) or ZERO
    return severe(left <= 2) if left <= horizon + (1 if known else 0) else None


def dead_stock(view: View, key: EpisodeKey, known: str | None, dates: Dates) -> str | None:  # noqa: ARG001
    """Stock of which nothing has gone out for long."""
    on_hand = view.figures((key.warehouse, key.sku)).on_hand
    most = view.policy("dead_stock_days", key.warehouse, key.sku)
    idle = dates.idle_days
    return INFO if on_hand > 0 and most and idle is not None and idle >= most else None


def outbound_mismatch(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """Goods were shipped that the order does not have, or another quantity at its close."""
    lines = view.lines(key.warehouse, key.subject)
    scanned = view.scanned.get((key.warehouse, key.subject, key.sku), ZERO)
    mine = [row for row in lines if row["sku"] == key.sku]
    if not lines or not mine:
        return CRITICAL if lines and scanned > 0 else None
    spare = scanned - sum(row["scanned"] for row in mine)
    shipped = sum(row["shipped"] for row in mine) + spare
    wanted = sum(max(row["ordered"] - row["cancelled"], 0) for row in mine)
    closed = all(row["state"] == "closed" for row in mine)
    # what was closed before anything was shipped was called off
    return WARNING if closed and shipped > 0 and shipped != wanted else None


def shrinkage(view: View, key: EpisodeKey, known: str | None) -> str | None:  # noqa: ARG001
    """A count found less than the book said."""
    missing, book = view.missing.get((*key[1:5], key.subject), (ZERO, ZERO))
    tolerance = view.policy("shrinkage_tolerance", key.warehouse, key.sku) or ZERO
    if missing <= 0 or missing <= book * tolerance:
        return None
    return severe(missing * 10 >= book)


STATES: dict[str, Callable[[View, EpisodeKey, str | None], str | None]] = {
    rule.__name__: rule
    for rule in (
        *(stock_out, below_safety, overstock, negative_stock),
        *(near_expiry, expired, transfer_late, bin_overweight),
    )
}
"""Judged with every event that is not old."""
DAILY = {rule.__name__: rule for rule in (predicted_stock_out, dead_stock)}
"""Judged with ticks alone."""
FINDINGS = {rule.__name__: rule for rule in (outbound_mismatch, shrinkage)}
"""About events, and judged by what the tables say."""


def state_keys(view: View) -> Iterator[EpisodeKey]:
    """Yield the keys of every rule about a state that the view could raise."""
    for rule in ("stock_out", "below_safety", "overstock", "negative_stock", *DAILY):
        yield from (EpisodeKey(rule, *pair) for pair in view.pairs)
    for lot in sorted({cell[:3] for cell in view.cells}):
        yield EpisodeKey("near_expiry", *lot)
        yield EpisodeKey("expired", *lot)
    for document, sku, to in sorted({(name, sku, to) for name, sku, _, to in view.model.transfers}):
        yield EpisodeKey("transfer_late", to, sku, subject=document)
    bins = {(cell[0], cell[3]) for cell in view.cells if cell[3]}
    for warehouse, name in sorted(bins):
        yield EpisodeKey("bin_overweight", warehouse, bin=name)
