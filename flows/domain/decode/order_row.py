"""A row of an order system's line table → `OrderLine`, under whatever names its columns have.

Enters: the row as a dict, the kinds of its columns, where the change stood in the source, and for
a change the row before it. Leaves: an `OrderLine` in normal form, or `Refused` naming the column.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from flows.domain.decode import connect
from flows.domain.decode.checks import FIRST_YEAR, LAST_YEAR, out_of_years, state_of
from flows.domain.decode.connect import PLAIN, Kinds
from flows.domain.decode.quantities import ZERO, natural
from flows.domain.decode.refusal import CONTROL, Refused, missing, nul
from flows.domain.events import OrderLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

UNAVAILABLE = ("__debezium_unavailable_value", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==")
"""What Debezium writes for an unchanged TOAST column, as text and as bytes."""

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "order_id": "order_id order_no order_number order_code so_id so_no sales_order_id",
        "line_id": "line_id line_no line_number order_line_id order_line_no item_no id",
        "warehouse": "warehouse warehouse_code warehouse_id warehouse_no wh_code wh_id wh",
        "sku": "sku sku_code sku_id sku_no item_code item_id item product_code product_id product",
        "ordered": """ordered quantity qty ordered_qty ordered_quantity qty_ordered
            quantity_ordered order_qty order_quantity""",
        "shipped": """shipped shipped_qty qty_shipped shipped_quantity quantity_shipped
            delivered_qty qty_delivered""",
        "cancelled": """cancelled canceled cancelled_qty canceled_qty qty_cancelled qty_canceled
            cancelled_quantity canceled_quantity quantity_cancelled quantity_canceled""",
        "state": "state status line_status line_state order_line_status",
        "due_at": "due_at promised_at due_on due_date promised_date promise_date ship_by",
        "updated_at": """updated_at modified_at last_updated last_updated_at last_modified_at
            update_time gmt_modified changed_at updated_on""",
        "version": "version row_version lock_version line_version",
    }.items()
}
_HOLLOW = frozenset({"", *UNAVAILABLE})
NEEDED = ("order_id", "warehouse", "sku")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CLOCKS = timedelta(minutes=5)
_ID, _TEXT = 100, 200
_SHORT = 20


class Place(NamedTuple):
    """Where a change stood in its source, and when: what orders images and names events."""

    table: str
    version: int | None
    token: str
    at: datetime | None


@lru_cache(maxsize=64)
def layout(columns: tuple[str, ...]) -> dict[str, str]:
    """Return which column holds which field: the first known name wins, in any letter case."""
    plain = {_CAMEL.sub("_", column).lower(): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for name, words in COLUMNS.items():
        for word in words:
            if word in plain:
                found[name] = plain[word]
                break
    return found


@lru_cache(maxsize=4096)
def _plain(value: str | int, column: str) -> Decimal:
    return natural(connect.decimal_of(value, PLAIN, column), column)


class Row:
    """One image of a row; a column that TOAST left out is looked up in the other image."""

    def __init__(self, values: dict[str, Any], kinds: Kinds, other: Any = None) -> None:
        """Take the row's values, its columns' kinds, and the other image if there is one."""
        self.values = values
        self.kinds = kinds
        self.other = other if isinstance(other, dict) else {}
        self.names = layout(tuple(values))

    def raw(self, name: str, *, optional: bool = False) -> Any:
        """Return a field's value, None for an absent, null or empty one."""
        column = self.names.get(name)
        if column is None:
            return None
        value = self.values[column]
        if type(value) is str and value in _HOLLOW:
            if value in UNAVAILABLE:
                value = self._other(column, value)
            if value in UNAVAILABLE and not optional:
                raise _unavailable(column)
            return None if type(value) is str and value in _HOLLOW else value
        return value

    def _other(self, column: str, value: Any) -> Any:
        other = self.other.get(column, value)
        return value if isinstance(other, dict | list) else other

    def text(self, name: str, longest: int = _ID) -> str | None:
        """Return a text field; numbers become their digits."""
        value = self.raw(name)
        if value is None:
            return None
        if type(value) is int and not self.kinds:
            value = str(value)
        if type(value) is str and not self.kinds and len(value) <= longest:
            if CONTROL.search(value):
                raise nul(self.names[name], value)
            return value
        return connect.text_of(value, self._kind(name), self.names[name], longest)

    def needed(self, name: str) -> str:
        """Return a text field that the row must have."""
        value = self.text(name)
        if value is None:
            raise missing(self.names.get(name, name))
        return value

    def quantity(self, name: str) -> Decimal | None:
        """Return a quantity ≥ 0, None if the row does not say."""
        value = self.raw(name)
        if value is None:
            return None
        column = self.names[name]
        short = type(value) is int or (type(value) is str and len(value) < _SHORT)
        if short and not self.kinds:
            return _plain(value, column)
        return natural(connect.decimal_of(value, self._kind(name), column), column)

    def time(self, name: str) -> datetime | None:
        """Return a time in UTC, None if the row does not say."""
        value = self.raw(name, optional=True)
        if value is None:
            return None
        return connect.time_of(value, self._kind(name), self.names[name])

    def version(self) -> int | None:
        """Return the row's own version, None if the table keeps none."""
        value = self.raw("version", optional=True)
        if value is None:
            return None
        return connect.whole_of(value, self._kind("version"), self.names["version"])

    def key(self) -> tuple[Any, ...]:
        """Return what names the line, as it stands in the row."""
        return tuple(self.raw(name) for name in ("warehouse", "order_id", "line_id"))

    def _kind(self, name: str) -> connect.Kind:
        return self.kinds.get(self.names[name], PLAIN) if self.kinds else PLAIN


def _unavailable(column: str) -> Refused:
    return Refused(
        "bad_value",
        column,
        f"`{column}` was left out by Debezium (unchanged TOAST value): "
        "set REPLICA IDENTITY FULL on the table.",
    )


def image(row: Row, place: Place) -> OrderLine:
    """Return the line as the row states it."""
    ordered = row.quantity("ordered")
    if ordered is None:
        raise missing(row.names.get("ordered", "ordered"))
    order_id, line_id = row.needed("order_id"), row.text("line_id", _TEXT)
    state = row.text("state")
    version = row.version()
    return OrderLine(
        event_id=_event_id(place, order_id, line_id, row),
        occurred_at=_when(row, place),
        warehouse=row.needed("warehouse"),
        sku=row.needed("sku"),
        order_id=order_id,
        line_id=line_id,
        ordered=ordered,
        shipped=row.quantity("shipped") or ZERO,
        cancelled=row.quantity("cancelled") or ZERO,
        state=state_of(state, row.names["state"]) if state else "open",
        version=place.version if version is None else version,
        due_at=row.time("due_at"),
    )


def closing(row: Row, place: Place) -> OrderLine:
    """Return the line closed, for a row that was deleted or moved to another warehouse."""
    order_id, line_id = row.needed("order_id"), row.text("line_id", _TEXT)
    at = place.at or row.time("updated_at")
    if at is None:
        raise missing("source.ts_ms")
    own = _or(row.version, None)
    return OrderLine(
        event_id=_event_id(place, order_id, line_id, row, ":closed"),
        occurred_at=_within(at, "source.ts_ms"),
        warehouse=row.needed("warehouse"),
        sku=row.needed("sku"),
        order_id=order_id,
        line_id=line_id,
        ordered=_or(lambda: row.quantity("ordered"), None) or ZERO,
        shipped=_or(lambda: row.quantity("shipped"), None) or ZERO,
        cancelled=_or(lambda: row.quantity("cancelled"), None) or ZERO,
        state="closed",
        version=place.version if own is None else own + 1,
    )


def _or(read: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return read()
    except Refused:
        return otherwise


def _when(row: Row, place: Place) -> datetime:
    """Return when the row changed: its own stamp, or the commit if that was clearly earlier.

    A row cannot change after the commit that changed it; a stamp from the future is a local time
    in a column without a time zone.
    """
    own = row.time("updated_at")
    if own is None or (place.at is not None and own > place.at + _CLOCKS):
        own = place.at
    if own is None:
        raise missing("updated_at")
    return _within(own, row.names.get("updated_at", "source.ts_ms"))


def _within(at: datetime, field: str) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise out_of_years(at, field)
    return at


def _event_id(place: Place, order: str, line: str | None, row: Row, end: str = "") -> str:
    """Return an id that the same change has at every delivery, in at most 100 characters.

    Where the source gives no exact position, the row's content is part of the id, so that two
    changes in one millisecond are two events.
    """
    token = place.token or f"{place.version or 0}-{_digest(msgspec.json.encode(row.values))}"
    name = f"oms:{place.table}:{order}:{line or ''}:{token}{end}"
    if len(name) <= _ID:
        return name
    return f"{name[:83]}~{_digest(name.encode())}"


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
