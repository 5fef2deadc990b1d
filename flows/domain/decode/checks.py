"""What the structs of `events` cannot say: ranges, vocabularies, bins by type, times in UTC.

`check(event)` takes an event as msgspec built it, puts it into normal form in place (UTC, four
fraction digits, words of `state`) and raises `Refused` for the first thing that is wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import msgspec

from flows.domain import events as ev
from flows.domain.decode.quantities import amount, natural, number, positive
from flows.domain.decode.refusal import CONTROL, Refused, missing, nul, shown

if TYPE_CHECKING:
    from collections.abc import Callable

STATUSES = ("sellable", "hold", "damaged", "returned")
SCOPES = ("lot", "bin", "sku")
DIRECTIONS = ("customer", "supplier")
SIGNS = ("gain", "loss")
DECISIONS = ("approve", "reject", "withdraw", "sent", "failed")
ANSWERS = ("acknowledge", "resolve")
FIRST_YEAR, LAST_YEAR = 1970, 2200

_OPEN = """open placed new confirmed allocated picking partial partially_shipped backordered
 reopened released processing paid pending"""
_HELD = "held hold on_hold paused suspended"
_CLOSED = """closed cancelled canceled shipped completed complete done delivered deleted void
 received rejected"""
STATES: dict[str, str] = {
    word: state
    for state, words in (("open", _OPEN), ("held", _HELD), ("closed", _CLOSED))
    for word in words.split()
}


def check(event: ev.Event) -> None:
    """Put `event` into normal form; raise `Refused` for the first wrong field."""
    at = event.occurred_at
    if at.tzinfo is not UTC:
        event.occurred_at = at = utc(at, "occurred_at")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise out_of_years(at, "occurred_at")
    if event.recorded_at is not None:
        event.recorded_at = utc(event.recorded_at, "recorded_at")
    if event.sent_at is not None:
        event.sent_at = utc(event.sent_at, "sent_at")
    _CHECKS[type(event)](event)


def check_texts(event: ev.Event) -> None:
    """Refuse control characters in any text: a database holds no NUL, COPY marks NULL with one."""
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if isinstance(value, str) and CONTROL.search(value):
            raise nul(name, value)
        if isinstance(value, list | ev.Source):
            parts = value if isinstance(value, list) else [value]
            for place, part in enumerate(parts):
                _check_part(part, f"{name}[{place}]" if part is not value else name)


def _check_part(part: msgspec.Struct, path: str) -> None:
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if isinstance(value, str) and CONTROL.search(value):
            raise nul(f"{path}.{name}", value)


def utc(at: datetime, field: str) -> datetime:
    """Return the instant in UTC, or refuse one at the ends of the calendar."""
    if at.tzinfo is UTC:
        return at
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Refused(
            "bad_time", field, f"`{field}` is outside the calendar in UTC: {shown(at)}."
        ) from None


def out_of_years(at: datetime, field: str) -> Refused:
    """Return the refusal of an instant outside 1970 to 2200."""
    years = f"{FIRST_YEAR} to {LAST_YEAR}"
    return Refused("bad_time", field, f"`{field}` must lie in {years}, but it is {shown(at)}.")


def state_of(word: str, field: str) -> str:
    """Return open, held or closed for an order system's word."""
    state = STATES.get(word)
    if state is None:
        state = STATES.get(word.strip().lower().replace(" ", "_").replace("-", "_"))
    if state is None:
        raise Refused(
            "bad_value", field, f"`{field}` must be a known order state, but it is {shown(word)}."
        )
    return state


def _one_of(value: str | None, field: str, words: tuple[str, ...]) -> None:
    if value is not None and value not in words:
        must = ", ".join(words)
        raise Refused(
            "bad_value", field, f"`{field}` must be one of {must}, but it is {shown(value)}."
        )


def _differ(first: str, second: str, value: str) -> Refused:
    return Refused(
        "bad_value", first, f"`{first}` must differ from `{second}`, but both are {shown(value)}."
    )


def _movement(event: ev.Movement) -> None:
    event.quantity = positive(event.quantity, "quantity")
    if event.unit_cost is not None:
        _amounts(event, ("unit_cost",))
    if event.status is not None:
        _one_of(event.status, "status", STATUSES)
    if event.due_at is not None:
        event.due_at = utc(event.due_at, "due_at")


def _transfer(event: ev.TransferOut | ev.TransferIn) -> None:
    _movement(event)
    if event.counterpart is None:
        raise missing("counterpart")
    if event.counterpart == event.warehouse:
        raise _differ("counterpart", "warehouse", event.warehouse)


def _move(event: ev.Move) -> None:
    _movement(event)
    if event.from_bin is None or event.to_bin is None:
        raise missing("from_bin" if event.from_bin is None else "to_bin")
    if event.from_bin == event.to_bin:
        raise _differ("to_bin", "from_bin", event.to_bin)


def _return(event: ev.Return) -> None:
    _movement(event)
    _one_of(event.direction, "direction", DIRECTIONS)


def _status(event: ev.StatusChange) -> None:
    _movement(event)
    _one_of(event.from_status, "from_status", STATUSES)
    if event.from_status == (event.status or STATUSES[0]):
        raise _differ("from_status", "status", event.from_status)


def _adjustment(event: ev.Adjustment) -> None:
    _movement(event)
    _one_of(event.direction, "direction", SIGNS)


def _stocktake(event: ev.Stocktake) -> None:
    _one_of(event.scope, "scope", SCOPES)
    _one_of(event.status, "status", STATUSES)
    if event.lines is not None and event.quantity is not None:
        raise Refused("bad_value", "lines", "`lines` and `quantity` exclude each other.")
    if event.quantity is not None:
        event.quantity = natural(event.quantity, "quantity")
    elif not event.lines:
        raise missing("quantity" if event.lines is None else "lines")
    for place, line in enumerate(event.lines or ()):
        line.quantity = natural(line.quantity, f"lines[{place}].quantity")
        _one_of(line.status, f"lines[{place}].status", STATUSES)
    if event.scope == "bin":
        _counted_bin(event)


def _counted_bin(event: ev.Stocktake) -> None:
    """Put the one bin that the count covers into `to_bin`."""
    named = [line.bin for line in event.lines or ()]
    if event.to_bin is None and named and named.count(named[0]) == len(named):
        event.to_bin = named[0]
    if event.to_bin is None:
        raise missing("to_bin")
    for place, name in enumerate(named):
        if name not in (None, event.to_bin):
            field = f"lines[{place}].bin"
            must = f"the counted bin {shown(event.to_bin)}"
            raise Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(name)}.")


def _line(event: ev.Line) -> None:
    event.ordered = natural(event.ordered, "ordered")
    if event.shipped is not None:
        event.shipped = natural(event.shipped, "shipped")
    if event.cancelled is not None:
        event.cancelled = natural(event.cancelled, "cancelled")
    if event.state is not None:
        event.state = state_of(event.state, "state")
    if event.due_at is not None:
        event.due_at = utc(event.due_at, "due_at")


def _purchase(event: ev.PurchaseLine) -> None:
    _line(event)
    if event.received is None:
        return
    received = natural(event.received, "received")
    if event.shipped not in (None, received):
        both = f"they are {received} and {event.shipped}"
        raise Refused(
            "bad_value", "received", f"`received` and `shipped` must be equal, but {both}."
        )
    event.shipped, event.received = received, None


def _cancel(event: ev.Cancel) -> None:
    if event.cancels == event.event_id:
        raise _differ("cancels", "event_id", event.event_id)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _warehouse(event: ev.Warehouse) -> None:
    zone = event.timezone
    if zone is not None and zone not in _zones():
        raise Refused(
            "bad_value",
            "timezone",
            f"`timezone` must be an IANA name such as Asia/Shanghai, but it is {shown(zone)}.",
        )


def _amounts(event: ev.Event, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None and value is not msgspec.UNSET:
            setattr(event, name, amount(value, name))


def _item(event: ev.Item) -> None:
    _amounts(event, ("unit_cost", "unit_volume", "unit_weight"))


def _bin(event: ev.Bin) -> None:
    _amounts(event, ("max_volume", "max_weight"))
    if event.max_quantity is not None:
        event.max_quantity = natural(event.max_quantity, "max_quantity")
    for name in ("x", "y"):
        if (value := getattr(event, name)) is not None:
            setattr(event, name, number(value, name))


DAY_FIELDS = tuple(name for name in ev.POLICY_FIELDS if name.endswith("_days"))
QUANTITY_FIELDS = ("safety_stock", "reorder_qty", "order_multiple", "max_stock")
MOST_DAYS = 36_500


def _policy(event: ev.Policy) -> None:
    _amounts(event, ev.POLICY_FIELDS)
    for name in DAY_FIELDS:
        days = getattr(event, name)
        if days is not None and days is not msgspec.UNSET and days > MOST_DAYS:
            raise _share(name, f"at most {MOST_DAYS} days", days)
    for name in QUANTITY_FIELDS:
        if (value := getattr(event, name)) is not None and value is not msgspec.UNSET:
            setattr(event, name, natural(value, name))
    level = event.service_level
    if level is not None and level is not msgspec.UNSET and not 0 < level < 1:
        raise _share("service_level", "between 0 and 1, both excluded", level)
    for name in ("red_below", "carrying_rate", "shrinkage_tolerance"):
        share = getattr(event, name)
        if share is not None and share is not msgspec.UNSET and share > 1:
            raise _share(name, "from 0 to 1", share)


def _share(field: str, must: str, value: Any) -> Refused:
    return Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(value)}.")


def _decision(event: ev.Decision) -> None:
    if (event.action_id is None) == (event.alert_id is None):
        raise Refused(
            "bad_value",
            "action_id",
            "A decision names either `action_id` or `alert_id`, "
            f"but it names {'none' if event.action_id is None else 'both'}.",
        )
    _one_of(event.decision, "decision", DECISIONS if event.action_id else ANSWERS)
    if event.quantity is not None:
        event.quantity = positive(event.quantity, "quantity")


def _proposal(event: ev.Proposal) -> None:
    event.quantity = positive(event.quantity, "quantity")
    if event.from_bin == event.to_bin:
        raise _differ("to_bin", "from_bin", event.to_bin)


def _nothing(_: ev.Event) -> None:
    return


_CHECKS: dict[type[ev.Event], Callable[[Any], None]] = {
    ev.Inbound: _movement,
    ev.Outbound: _movement,
    ev.TransferOut: _transfer,
    ev.TransferIn: _transfer,
    ev.Move: _move,
    ev.Return: _return,
    ev.Scrap: _movement,
    ev.StatusChange: _status,
    ev.Adjustment: _adjustment,
    ev.Stocktake: _stocktake,
    ev.OrderLine: _line,
    ev.PurchaseLine: _purchase,
    ev.Cancel: _cancel,
    ev.Warehouse: _warehouse,
    ev.Item: _item,
    ev.Bin: _bin,
    ev.Policy: _policy,
    ev.Observation: _nothing,
    ev.Decision: _decision,
    ev.Proposal: _proposal,
    ev.Tick: _nothing,
}
