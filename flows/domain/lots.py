"""The dates of a lot: when it expires, when it was made, when it first came in.

Each date is a register of its own: the statement with the highest effective order wins, whichever
movement or count made it. The first receipt is the earliest one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flows.domain.events import Event, Movement, Stocktake
from flows.domain.master import order_of
from flows.domain.movements import RECEIPTS
from flows.domain.rows import LotRow, Order, Row


def note(
    row: LotRow, order: Order, expires_on: date | None, produced_on: date | None, *, receipt: bool
) -> bool:
    """Take a statement into a lot's row; tell whether anything changed."""
    changed = False
    if expires_on is not None and (row.expires_by is None or order > row.expires_by):
        row.expires_on, row.expires_by, changed = expires_on, order, True
    if produced_on is not None and (row.produced_by is None or order > row.produced_by):
        row.produced_on, row.produced_by, changed = produced_on, order, True
    if receipt and (row.received_at is None or order.at < row.received_at):
        row.received_at, changed = order.at, True
    return changed


def restate(row: LotRow, statements: Iterable[Row | Event]) -> None:
    """Work a lot's row out again from all statements that are in effect."""
    row.expires_on = row.expires_by = row.produced_on = row.produced_by = row.received_at = None
    for statement in statements:
        if isinstance(statement, Row):
            facts = statement.facts
            receipt = statement.type in RECEIPTS and statement.quantity > 0
            note(row, statement.order, facts.expires_on, facts.produced_on, receipt=receipt)
        elif isinstance(statement, Movement | Stocktake):
            note(
                row,
                order_of(statement),
                statement.expires_on,
                statement.produced_on,
                receipt=False,
            )
