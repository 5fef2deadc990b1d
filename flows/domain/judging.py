"""What the rules say of one (warehouse, sku): its severities, its numbers, and how long they hold.

Enters: an account, its thresholds and the clock of the log. Leaves: verdicts by key. Pure, and a
function of the state alone: to judge again what has not changed gives the same. SEMANTICS.md has
the conditions in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from flows.domain.accounts import Account
from flows.domain.alerts import Facts
from flows.domain.calendar import midnight, zone
from flows.domain.episodes import EpisodeKey
from flows.domain.fixed import number, worth
from flows.domain.levels import red_line
from flows.domain.master import Limits
from flows.domain.rows import TransferKey, TransferRow
from flows.domain.rules import Band, Severity, judge

LATE_CRITICAL = timedelta(days=1)
SOON_DAYS = 2
"""A stock-out predicted within so many days is critical."""
YEAR_DAYS = 365
TEN = 100_000
"""Ten base units."""
_NEGATIVE = Band(0, 0, 1 - TEN, 1 - TEN)
Bounds = tuple[int, int, int, int]
"""Available and on_hand, each from low to below high, between which verdicts stay."""


class Numbers(NamedTuple):
    """What the rules go by, in 1/10000 units; thresholds with demand as of the last tick."""

    available: int
    projected: int
    incoming: int
    safety: int | None
    reorder: int | None
    limits: Limits
    mean: float | None
    """Demand per day."""


class Judged(NamedTuple):
    """A key's severity, None for nothing wrong, and the threshold it was judged by."""

    severity: Severity | None
    threshold: Decimal | None
    observed: dict[str, Any]
    events: tuple[str, ...] = ()

    def facts(self) -> Facts:
        """Return what a record tells."""
        return Facts(self.threshold, self.observed, self.events)


def sums(
    account: Account, numbers: Numbers
) -> tuple[dict[str, tuple[Severity | None, int | None]], Bounds]:
    """Return severity and threshold of each rule on an account's sums, and what keeps them."""
    known = severities(account)
    safety, most = numbers.safety or 0, numbers.limits.max_stock
    gone, short = _bands(safety, numbers.limits.red_share)
    found: dict[str, tuple[Severity | None, int | None]] = {}
    a_low, a_high = 0, 1
    if account.moved_to is not None or numbers.available or account.reserved:
        severity, a_low, a_high = judge(gone, numbers.available, known.get("stock_out"))
        found["stock_out"] = (severity, 0)
        if account.moved_to is None:  # nothing ever moved: until it is no longer asked for
            a_high = min(a_high, 0)
    if safety > 0:
        severity, low, high = judge(short, numbers.available, known.get("below_safety"))
        found["below_safety"] = (severity, short.open)
        a_low, a_high = max(a_low, low), min(a_high, high)
    severity, h_low, h_high = judge(_NEGATIVE, account.on_hand, known.get("negative_stock"))
    found["negative_stock"] = (severity, 0)
    if most is not None:
        band = Band(-most, -(most * 95 // 100), -2 * most, -(most * 19 // 10))
        severity, low, high = judge(band, -account.on_hand, known.get("overstock"))
        found["overstock"] = (severity, most)
        h_low, h_high = max(h_low, 1 - high), min(h_high, 1 - low)
    return found, (a_low, a_high, h_low, h_high)


@lru_cache(maxsize=1024)
def _bands(safety: int, red_share: Decimal) -> tuple[Band, Band]:
    """Return the bands of available stock: nothing left, and less than the safety stock.

    Nothing left is critical at once, and stays so until a margin is there again.
    """
    enough = safety // 10 + 1
    red = red_line(safety, red_share)
    half = min(-(-safety // 2), red)
    ease = max(-(-safety * 6 // 10), half)
    return Band(1, enough, 1, enough), Band(red, safety, half, ease)


def severities(account: Account) -> dict[str, str]:
    """Return the severities of the open episodes of rules on an account as a whole."""
    if not account.episodes:
        return {}
    return {key.rule: row.severity for key, row in account.episodes.items()}


def lots(
    account: Account, today: date, limits: Limits, cost: Decimal | None
) -> Iterator[tuple[EpisodeKey, Judged]]:
    """Yield the lots that are about to expire or have, with what is wrong with them."""
    for lot, row in account.lots.items():
        quantity = account.quantity_of(lot)
        if row.expires_on is None or quantity <= 0:
            continue
        days = (row.expires_on - today).days
        if days > limits.near_expiry_days:
            continue
        soon = 3 * days <= limits.near_expiry_days
        severity: Severity = "critical" if soon else "warning"
        rule = "expired" if days < 0 else "near_expiry"
        threshold = Decimal(0 if days < 0 else limits.near_expiry_days)
        observed = {
            "quantity": number(quantity),
            "expires_on": row.expires_on.isoformat(),
            "days_to_expiry": days,
            "value": worth(quantity, cost),
        }
        stated = () if row.expires_by is None else (row.expires_by.event_id,)
        key = EpisodeKey(rule, *account.key, lot)
        yield key, Judged(severity, threshold, observed, stated)


def transfers(
    account: Account, clock: datetime, grace: timedelta, zone_name: str
) -> Iterator[tuple[EpisodeKey, Judged]]:
    """Yield the documents of which something is late, by what was due first."""
    found: dict[EpisodeKey, tuple[TransferKey, TransferRow]] = {}
    for transfer, row in (account.arriving or {}).items():
        if row.outstanding <= 0 or row.due_at is None or row.due_at + grace >= clock:
            continue
        key = EpisodeKey("transfer_late", *account.key, subject=transfer.document)
        known = found.get(key)
        if known is None or (row.due_at, transfer.source) < (known[1].due_at, known[0].source):
            found[key] = (transfer, row)
    for key, (transfer, row) in found.items():
        assert row.due_at is not None  # noqa: S101 only those that have one were kept
        late = clock - row.due_at - grace
        observed = {
            "document": transfer.document,
            "from": transfer.source,
            "shipped": number(row.shipped),
            "received": number(row.received),
            "lost": number(row.lost),
            "in_transit": number(row.outstanding),
            "due_at": row.due_at.astimezone(zone(zone_name)).isoformat(),
            "minutes_late": int((clock - row.due_at).total_seconds() // 60),
        }
        severity: Severity = "critical" if late > LATE_CRITICAL else "warning"
        yield key, Judged(severity, None, observed)


def emptied_bins(account: Account) -> Iterator[tuple[EpisodeKey, int]]:
    """Yield the named bins that hold less than nothing of a lot, and how much less.

    When the warehouse as a whole holds less than nothing, that is another rule's.
    """
    if not account.below or account.on_hand < 0:
        return
    below: dict[EpisodeKey, int] = {}
    for cell, quantity in account.cells.items():
        if quantity < 0 and cell.bin:
            key = EpisodeKey("unexplained_move", *account.key, cell.lot, cell.bin)
            below[key] = below.get(key, 0) - quantity
    yield from below.items()


def predicted(
    account: Account, out_on: int | None, today: int, available: int, limits: Limits
) -> Severity | None:
    """Return the severity of a predicted stock-out; only what is still there can be foreseen."""
    known = severities(account).get("predicted_stock_out")
    if known is None and available <= 0:
        return None
    last = today + limits.horizon_days + (known is not None)
    if out_on is None or out_on > last:
        return None
    return "critical" if out_on <= today + SOON_DAYS else "warning"


def idle_for(account: Account, today: int) -> int | None:
    """Return for how many days nothing has gone out; since the first movement if never."""
    last = account.issued_on or account.first_on
    return None if last is None else today - last


def next_review(
    account: Account, clock: datetime | None, zone_name: str, limits: Limits
) -> datetime | None:
    """Return when time alone will change a verdict on a lot, a transfer, or ask for a reminder."""
    times: list[datetime] = []
    for lot, row in account.lots.items():
        if row.expires_on is not None and account.quantity_of(lot) > 0:
            times += _turn(row.expires_on, clock, zone_name, limits.near_expiry_days)
    for transfer in (account.arriving or {}).values():
        if transfer.outstanding > 0 and transfer.due_at is not None:
            late = transfer.due_at + limits.grace
            times += [at for at in (late, late + LATE_CRITICAL) if clock is None or at >= clock][:1]
    for episode in (account.episodes or {}).values():
        if episode.state == "open" and episode.next_reminder_at is not None:
            times.append(episode.next_reminder_at)
    return min(times) if times else None


def _turn(expires_on: date, clock: datetime | None, zone_name: str, near: int) -> list[datetime]:
    """Return the next midnight at which a lot comes near its date, nearer, or over it."""
    for days in (near, near // 3, -1):
        turn = expires_on.toordinal() - days
        if 1 <= turn <= date.max.toordinal():
            at = midnight(date.fromordinal(turn), zone_name)
            if clock is None or at > clock:
                return [at]
    return []


def told(account: Account, numbers: Numbers, today: date | None) -> dict[str, Any]:
    """Return the numbers of a record about an account as a whole.

    `stock_out_on` is the day by which what is available is gone at the average demand.
    """
    limits, mean = numbers.limits, numbers.mean
    cover = None
    if mean is not None and mean > 0 and numbers.available >= 0:
        cover = round(Decimal(numbers.available / mean), 2)
    return {
        "on_hand": number(account.on_hand),
        "on_hold": number(account.on_hold),
        "reserved": number(account.reserved),
        "available": number(numbers.available),
        "in_transit": number(account.in_transit),
        "incoming": number(numbers.incoming),
        "projected": number(numbers.projected),
        "safety_stock": _maybe(numbers.safety),
        "reorder_point": _maybe(numbers.reorder),
        "max_stock": _maybe(limits.max_stock),
        "demand_per_day": None if mean is None else _maybe(int(mean)),
        "days_of_cover": cover,
        "stock_out_on": None if cover is None or today is None else _after(today, cover),
    }


def _after(today: date, days: Decimal) -> str | None:
    """Return the day so many days from today, None beyond a year: nobody plans for that."""
    return (today + timedelta(days=int(days))).isoformat() if 0 <= days <= YEAR_DAYS else None


def _maybe(units: int | None) -> int | Decimal | None:
    return None if units is None else number(units)


def day(ordinal: int | None) -> str | None:
    """Return a day as text."""
    return None if ordinal is None else date.fromordinal(ordinal).isoformat()
