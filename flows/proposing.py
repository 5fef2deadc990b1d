"""What should be moved, as proposals on the log; what should be no longer, withdrawn.

Enters: tables `rebalancing` and `actions`. Leaves: `proposal` and `decision` events on
inventory.events, acknowledged. Until they are folded the next call sends them again: within the
hour the same events, which are repeats downstream; later ones for whose key an action stands
propose nothing. May fail with psycopg's errors, or with Trouble when the broker does not answer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connectors.queries import QUERIES, Queries
from flows.appending import put
from flows.domain.alerts import id_of
from flows.domain.decode import canonical
from flows.domain.events import Decision, Proposal

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.queries import Row
    from flows.settings import Settings

MOST = 50
"""Moves of a warehouse that wait for people or are under way."""
_NUMBERS = (
    "kind", "issues", "from_zone", "from_occupancy", "from_afterwards", "from_distance",
    "to_zone", "to_occupancy", "to_afterwards", "to_distance", "reason_en", "reason_zh",
)  # fmt: skip


def propose(
    settings: Settings, at: datetime | None = None, stopping: Callable[[], bool] = lambda: False
) -> tuple[int, int]:
    """Propose what is new and withdraw what is gone; return how many of each."""
    hour = (at or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    with Queries(QUERIES, settings.need_dsn()) as database:
        gone = [_withdrawal(row, hour) for row in database.rows("rebalancing_gone")]
        new = [_proposal(row, hour) for row in database.rows("rebalancing_new", most=MOST)]
    if gone or new:
        put(settings, [*gone, *new], stopping)
    return len(new), len(gone)


def _proposal(row: Row, hour: datetime) -> Proposal:
    numbers = {name: None if row[name] is None else _text(row[name]) for name in _NUMBERS}
    event = Proposal(
        event_id="-",
        occurred_at=hour,
        warehouse=row["warehouse"],
        sku=row["sku"],
        lot=row["lot"] or None,
        quantity=row["quantity"],
        from_bin=row["from_bin"],
        to_bin=row["to_bin"],
        numbers={**numbers, "cautions": ", ".join(row["cautions"]) or None},
    )
    # Other numbers are another event: one id with two contents would be refused as a conflict.
    return replace(event, event_id=id_of("proposal", canonical.encode(event).decode()))


def _withdrawal(row: Row, hour: datetime) -> Decision:
    return Decision(
        event_id=f"{row['action_id']}-withdrawn-{hour:%Y%m%dT%H}",
        occurred_at=hour,
        warehouse=row["warehouse"],
        action_id=row["action_id"],
        decision="withdraw",
        decided_by="rebalancing",
        channel="auto",
    )


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
